"""Configuration keys: told, access, type, range, spelling, reading back. Source: OCPP 1.6 5.3, 5.8, 9."""

from collections.abc import Iterator
from functools import partial

from evc5.rigs.keeper import state
from evc5.rigs.keeper.danger import protected
from evc5.rigs.keeper.keeper import NONE_THERE, TAKEN
from evc5.rigs.probe.groups.bisect import edge
from evc5.rigs.probe.probe import DISRUPTIVE, Context, GivenUp, Probe, keep_list, outcome
from evc5.rigs.secrets import hidden, is_secret
from evc5.twin.sheet.behaviour import Behaviour
from evc5.twin.sheet.keys import INT_LIMIT
from evc5.twin.sheet.rows import Key

GROUP = "keys"
VENDORS = 23  # the table of keys whose meaning is not OCPP's: they get no value but their own
NOBODYS = "NoSuchKeyAtAll"
RESET_S = 240.0  # a unit is back after a reset; assumed
# What a key of each type is tried with: of its type, of another, empty, with blanks, in other case.
TRIALS = {
    "Int": ("1", "abc", "1.5", "", " 7 ", "0x10"),
    "Bool": ("true", "false", "TRUE", "1", "abc", "", " true "),
    "CSL": ("", "abc", "Voltage", " Voltage , Voltage ", "Voltage.L1"),
    "String": ("", "abc", "1"),
}


def _told(context: Context) -> None:
    """Every key with its access and, where it is no secret, its value."""
    for entry in state.configuration(context.ask, list(context.known.keys)):
        name = entry["key"]
        context.note(f"key.{name}.told", "yes")
        readonly = {"True": "yes", "False": "no"}.get(str(entry.get("readonly")), "not told")
        context.note(f"key.{name}.readonly", readonly)
        value = entry.get("value")
        if value is None:
            context.note(f"key.{name}.value_told", "no")
        elif not (is_secret(name) or protected(name)):
            context.note(f"key.{name}.value", hidden(name, str(value)))
    if not any(name.endswith(".told") for name in context.facts):
        raise GivenUp("it tells none of its keys")


def _asked(context: Context) -> None:
    """Each key of the published sheet by its name: known or unknown?"""
    names = list(context.known.keys)
    for first in range(0, len(names), state.KEYS_AT_ONCE):
        some = names[first : first + state.KEYS_AT_ONCE]
        payload = context.ask("GetConfiguration", {"key": some}).payload
        if payload is None:
            continue
        unknown = {str(name).lower() for name in payload.get("unknownKey", ())}
        known = {entry["key"].lower() for entry in payload.get("configurationKey", ())}
        for name in some:
            if name.lower() in unknown or name.lower() in known:
                context.note(f"key.{name}.known", "yes" if name.lower() in known else "no")


def _case(context: Context) -> None:
    """Names are matched without regard to case (CiString)."""
    payload = context.ask("GetConfiguration", {"key": ["heartbeatINTERVAL"]}).payload or {}
    context.note("keys.case_matters", "no" if payload.get("configurationKey") else "yes")


def _unknown(context: Context) -> None:
    """A key that nobody has: named as unknown, and not to be changed (7.22: NotSupported)."""
    payload = context.ask("GetConfiguration", {"key": [NOBODYS]}).payload or {}
    context.note("keys.unknown.read", " ".join(map(str, payload.get("unknownKey", ()))) or "not named")
    reply = context.ask("ChangeConfiguration", {"key": NOBODYS, "value": "1"})
    context.note("keys.unknown.written", outcome(reply))


def _too_many(context: Context) -> None:
    """More keys than GetConfigurationMaxKeys: how many are answered, or what refuses them."""
    names = list(context.known.keys)
    most = int(context.keeper.values.get("GetConfigurationMaxKeys", state.KEYS_AT_ONCE))
    if most >= len(names):
        return
    reply = context.ask("GetConfiguration", {"key": names[: most + 5]})
    if reply.payload is None:
        context.note("keys.too_many", outcome(reply))
        if reply.code and reply.code not in NONE_THERE:
            context.note("policy.too_many_keys", "CALLERROR")
        return
    answered = len(reply.payload.get("configurationKey", ())) + len(reply.payload.get("unknownKey", ()))
    context.note("keys.too_many", f"{answered} of {most + 5} answered")
    if answered == most:
        context.note("policy.too_many_keys", "first")


def _same(context: Context) -> None:
    """Each key that strands nobody, written with the value that it has."""
    for name in context.keeper.values:
        if protected(name, context.options.danger) is None:
            context.check()
            lost = context.line.lost
            reply = context.keeper.write_same(name)
            dropped = context.line.lost > lost
            context.note(f"key.{name}.same", "the link was lost" if dropped else outcome(reply))


def _missing(context: Context) -> None:
    """Keys that are told nowhere: refused as not supported when they are written with nothing?"""
    for name in context.known.keys:
        if name not in context.keeper.values and protected(name) is None:
            payload = context.ask("GetConfiguration", {"key": [name]}).payload or {}
            if payload.get("unknownKey"):
                reply = context.ask("ChangeConfiguration", {"key": name, "value": ""})
                context.note(f"key.{name}.written", outcome(reply))


def _trial(row: Key, context: Context) -> None:
    """Values of its type and of others, then the edges of its range; read back where they are taken."""
    name = _spelling(context, row.wire)
    if name is None or protected(name, context.options.danger):
        return
    same = outcome(context.keeper.write_same(name))
    if same not in TAKEN:
        if same == "Rejected" and row.support == "hardcoded" and _says_writable(context, name):
            context.note("policy.hardcoded_write", same)
        return
    keep_list(context, name)
    for value in TRIALS[row.type]:
        context.note(f"key.{name}.takes[{value}]", _try(context, name, value))
    if row.type == "Int":
        _range(context, name)
    if row.support == "hardcoded":
        _hardcoded(context, name, row.type)


def _says_writable(context: Context, name: str) -> bool:
    """Does GetConfiguration tell that it may be written?"""
    return context.found.get(f"key.{name}.readonly") == "no"


def _spelling(context: Context, name: str) -> str | None:
    """The key as the unit spells it."""
    return next((own for own in context.keeper.values if own.lower() == name.lower()), None)


def _try(context: Context, name: str, value: str) -> str:
    """The answer, and what is kept where it is not what was sent."""
    context.check()
    lost = context.line.lost
    answer = outcome(context.keeper.write(name, value))
    if context.line.lost > lost:
        raise GivenUp(f"the link was lost at {value!r}")
    if answer not in TAKEN:
        return answer
    kept = state.value_of(context.ask, name)
    return answer if kept == value else f"{answer}, kept {kept!r}"


def _range(context: Context, name: str) -> None:
    """The lowest and the highest whole number that is taken, and what is kept of them."""
    begin = context.keeper.values[name]
    if not begin.lstrip("-").isdigit():
        return

    def takes(value: int) -> bool:
        context.check()
        return outcome(context.keeper.write(name, str(value))) in TAKEN

    for word, far in (("lowest", -INT_LIMIT - 1), ("highest", INT_LIMIT)):
        found = far if takes(far) else edge(int(begin), far, takes)
        context.note(f"key.{name}.{word}", f"{found}: {_try(context, name, str(found))}")


def _hardcoded(context: Context, name: str, type_: str) -> None:
    """Policy hardcoded_write: what another value gets where none is kept; lists are refused for items too."""
    value = "2" if context.keeper.values[name] == "1" else "1"
    answer = _try(context, name, value if context.keeper.values[name] else "Voltage")
    kept = answer.partition(",")[0]
    if (kept == "Rejected" and type_ == "Int") or (kept in TAKEN and answer != kept):
        context.note("policy.hardcoded_write", kept)


def _kept_over_reset(context: Context) -> None:
    """A value that was set, after a soft reset: still there?"""
    old = context.keeper.values.get("MeterValueSampleInterval")
    if old is None or outcome(context.keeper.write("MeterValueSampleInterval", "61")) not in TAKEN:
        return
    mark = context.line.mark()
    reply = context.ask("Reset", {"type": "Soft"})
    context.note("message.Reset", outcome(reply))
    if context.line.call_within(mark, "BootNotification", RESET_S) is None:
        context.note("reset.Soft", "no boot within 240 s")
        return
    context.note("reset.Soft", "boots")
    context.line.wait(10.0)
    value = state.value_of(context.ask, "MeterValueSampleInterval")
    context.note("reset.keeps_keys", "yes" if value == "61" else "no")


def _rows(known: Behaviour) -> Iterator[Key]:
    """The keys of OCPP's own that may be written."""
    for row in known.keys.values():
        if row.table != VENDORS and row.access == "RW" and protected(row.wire) is None:
            yield row


def probes(known: Behaviour) -> list[Probe]:
    back = "the value it had"
    trials = [
        Probe(
            f"keys.{row.wire}",
            GROUP,
            f"which values does {row.wire} take, and what does it keep of them?",
            partial(_trial, row),
            decides="by the answer, and by reading back",
            disturbs=f"{row.wire}, for a moment",
            restores=back,
        )
        for row in _rows(known)
    ]
    return [
        Probe("keys.told", GROUP, "which keys does it tell, with which access and value?", _told),
        Probe("keys.asked", GROUP, "which keys of the published sheet does it know by name?", _asked),
        Probe("keys.case", GROUP, "are names matched without regard to case?", _case),
        Probe("keys.unknown", GROUP, "what does it say of a key that nobody has?", _unknown),
        Probe("keys.too_many", GROUP, "what does it say to more keys than it answers at once?", _too_many),
        Probe(
            "keys.same",
            GROUP,
            "does a key take the value that it has?",
            _same,
            disturbs="writes each key that strands nobody",
            restores=back,
        ),
        Probe("keys.missing", GROUP, "what does it say to writing a key that it does not have?", _missing),
        *trials,
        Probe(
            "keys.kept_over_reset",
            GROUP,
            "is what was set still there after a soft reset?",
            _kept_over_reset,
            needs=DISRUPTIVE,
            disturbs="restarts the unit",
            restores=back,
        ),
    ]
