"""The colours of our figures, each with a light and a dark form, and the names that pages know marks by."""

# name: (on white, on dark). Series colours are Okabe and Ito's, told apart with any colour vision; a report
# swaps one form for the other by its style sheet, so no two names may share a light form.
THEME = {
    "ink": ("#1c2430", "#e8ebf0"),
    "muted": ("#667080", "#9aa4b2"),
    "rule": ("#c9ced6", "#4a5361"),
    "grid": ("#e9ebee", "#2b323c"),
    "paper": ("#ffffff", "#14181e"),
    "L1": ("#0072b2", "#4aa8e0"),
    "L2": ("#d55e00", "#f08a3c"),
    "L3": ("#009e73", "#35c79c"),
    "offered": ("#aab2bf", "#6b7686"),
    "limit": ("#7a3e9d", "#c08be0"),
    "line": ("#33415c", "#b9c6dd"),
    "connector1": ("#4c5fae", "#8193e6"),
    "connector2": ("#e69f01", "#f2b93b"),
    "error": ("#c01f2e", "#ff6b75"),
    "Available": ("#eef0f3", "#232a33"),
    "Preparing": ("#cfe6f5", "#1f4257"),
    "Charging": ("#a8dcc9", "#14553f"),
    "SuspendedEV": ("#fbeab5", "#5c4a12"),
    "SuspendedEVSE": ("#f8cfae", "#68390f"),
    "Finishing": ("#dcd5ee", "#423862"),
    "Reserved": ("#f3cfe0", "#5d2c46"),
    "Unavailable": ("#b9bfc8", "#47505c"),
    "Faulted": ("#f2b3b6", "#701c23"),
    # what holds the current down: the telemetry's limited_by
    "by-car": ("#dfe3e8", "#2a313b"),
    "by-cable": ("#cdb89f", "#5f4a30"),
    "by-rated": ("#bcd3ea", "#2c4a68"),
    "by-station": ("#86a9d3", "#3f6699"),
    "by-temperature": ("#e98f72", "#9c4226"),
    "by-profile": ("#c5a6db", "#5f3d7d"),
    "by-sharing": ("#93d3c5", "#1f6558"),
    "by-grid": ("#f3d06b", "#7a5f0d"),
    "by-minimum": ("#f0b4d0", "#7a3358"),
    "by-fault": ("#d9707c", "#8f2733"),
}
LIGHT = {name: light for name, (light, _) in THEME.items()}
PHASES = ("L1", "L2", "L3")


def connector_colour(connector: int) -> str:
    """The name of the colour that a connector has in every figure."""
    return "connector1" if connector % 2 else "connector2"


def mark_id(finding: int, connector: int) -> str:
    """What a page's links call the mark of a finding, counted from 0 in the summary, on a connector's day."""
    return f"mark-{finding}-{connector}"
