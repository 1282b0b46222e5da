"""The local list, where there is none: OCPP 1.6 has no way to read one that would have to be put back."""

from dataclasses import dataclass

from evc5.rigs.keeper.journal import Undo
from evc5.rigs.keeper.state import Payload
from evc5.rigs.probe.probe import DISRUPTIVE, Context, GivenUp, Probe, outcome

GROUP = "list"
EMPTIED = Undo(
    "local list",
    "SendLocalList",
    {"listVersion": 1_000, "updateType": "Full", "localAuthorizationList": []},
)
MOST = 60  # SendLocalListMaxLength of the published sheet


@dataclass(frozen=True, slots=True)
class Update:
    """One SendLocalList, in the order in which they are sent."""

    name: str
    version: int
    kind: str
    tags: tuple[str, ...] | None  # None: no list at all


def _tags(count: int) -> tuple[str, ...]:
    return tuple(f"PROBE-{number:03}" for number in range(count))


UPDATES = (
    Update("full_1", 1, "Full", _tags(1)),
    Update("differential", 2, "Differential", ("PROBE-MORE",)),
    Update("older_version", 1, "Differential", ("PROBE-OLDER",)),
    Update("same_tag_twice", 3, "Full", ("PROBE-000", "PROBE-000")),
    Update(f"full_{MOST}", 4, "Full", _tags(MOST)),
    Update(f"full_{MOST + 1}", 5, "Full", _tags(MOST + 1)),
    Update("version_0", 0, "Full", _tags(1)),
    Update("no_list", 6, "Full", None),
)


def _wire(update: Update) -> Payload:
    request: Payload = {"listVersion": update.version, "updateType": update.kind}
    if update.tags is not None:
        info = {"status": "Accepted"}
        request["localAuthorizationList"] = [{"idTag": tag, "idTagInfo": info} for tag in update.tags]
    return request


def _version(context: Context) -> str:
    payload = context.ask("GetLocalListVersion").payload or {}
    return str(payload.get("listVersion", "not told"))


def _list(context: Context) -> None:
    """Each update's status and the version then; at the end the empty list that there was."""
    version = _version(context)
    context.note("list.version", version)
    if version != "0":
        raise GivenUp(f"its list has version {version}: it could not be put back")
    for update in UPDATES:
        status = outcome(context.keeper.change(EMPTIED, "SendLocalList", _wire(update)))
        context.note(f"list.{update.name}", f"{status}, then version {_version(context)}")
    if not context.keeper.undo(EMPTIED.what):
        return
    version = _version(context)
    context.note("list.emptied", f"version {version}")
    if version.isdigit():
        context.note("policy.empty_list_version", "zero" if version == "0" else "sent")


def probes() -> list[Probe]:
    return [
        Probe(
            "list.updates",
            GROUP,
            "which updates of the local list does it take, and which version has it then?",
            _list,
            needs=DISRUPTIVE,
            disturbs="fills the local list of a unit that has none; its version may stay",
            restores="an empty list",
        )
    ]
