"""The local authorisation list as the CSMS made it (3.5.2, 5.15)."""

from typing import Any

from evc5.rigs.checks.reading.call import Call


class LocalList:
    """What SendLocalList put there: idTagInfo by idTag in lower case, for idTags are case-insensitive."""

    def __init__(self) -> None:
        self.entries: dict[str, dict[str, Any]] = {}

    def sent(self, call: Call) -> None:
        """An update counts once it is accepted."""
        if call.reply is None or call.reply["status"] != "Accepted":
            return
        if call.payload["updateType"] == "Full":
            self.entries.clear()
        for entry in call.payload.get("localAuthorizationList", ()):
            tag = entry["idTag"].lower()
            self.entries.pop(tag, None)
            if "idTagInfo" in entry:
                self.entries[tag] = entry["idTagInfo"]

    def accepts(self, tag: str) -> bool:
        return self.entries.get(tag, {}).get("status") == "Accepted"
