"""Units that are nothing like the twin: the probe ends, puts back what it can, and says what it could not."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from fake_units import FEW, KEYS, Dropping, Honest, Liar, Silent, dialling
from hostile_units import HOSTILE, ODD_VALUES, Customer, Talking
from ocpp.exceptions import NotSupportedError
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from websockets.asyncio.client import connect

from evc5.rigs.errors import BenchFault
from evc5.rigs.keeper.journal import Journal
from evc5.rigs.probe.groups.meter_values import contexts, sampled, samples
from evc5.rigs.probe.probe import Options
from evc5.rigs.probe.results.write import write
from evc5.rigs.probe.runner import DONE, GIVEN_UP, NOT_RUN
from evc5.rigs.probe.session import JOURNAL, Probed, probe, restore
from evc5.rigs.probe.units import Served, charge_point
from evc5.rigs.served.listener import Address

pytestmark = pytest.mark.slow

UNTOUCHED = {name: value for name, (value, _) in KEYS.items()}
ONLY = Options(only=("keys", "charging"))
KEYS_ONLY = Options(only=("keys",))


def served(reply_s: float = 5.0, back_within_s: float = 10.0) -> Served:
    return Served(Address(port=0), dials_in_s=20.0, boots_s=0.2, reply_s=reply_s, back_within_s=back_within_s)


def probed(unit: Honest, out: Path, how: Served, options: Options = ONLY) -> Probed:
    with dialling(unit) as tell, charge_point(how, out, tell) as there:
        found = probe(there.line, there.identity, out, options)
    write(found, out, "now", [])
    return found


def test_an_honest_unit_is_as_it_was(tmp_path: Path) -> None:
    unit = Honest()
    found = probed(unit, tmp_path, served())
    assert (found.left, found.gone) == ([], "")
    assert (unit.keys, unit.profiles) == (UNTOUCHED, {})
    assert found.facts["key.HeartbeatInterval.lowest"] == "0: Accepted"
    assert found.facts["charging.max_stack_level"] == "40"
    assert not any(
        payload.get("key") == "com_Endpoint"
        for action, payload in unit.heard
        if action == "ChangeConfiguration"
    )


def test_a_unit_that_answers_nothing_is_left_alone(tmp_path: Path) -> None:
    unit = Silent()
    found = probed(unit, tmp_path, served(reply_s=0.3))
    assert "answered 3 CALLs in a row with nothing" in found.gone
    assert len(unit.heard) <= 12
    assert found.facts == {}
    assert "not seen" in (tmp_path / "sheet.md").read_text()


def test_a_car_that_begins_to_charge_ends_all_that_it_would_notice(tmp_path: Path) -> None:
    unit = Customer()
    found = probed(unit, tmp_path, served())
    assert unit.before is not None
    after = unit.heard[unit.before + 1 :]
    written = {
        (payload["key"], payload["value"]) for action, payload in after if action == "ChangeConfiguration"
    }
    assert {one for one in written if one[0] in KEYS} <= set(UNTOUCHED.items())  # put back at most
    assert "SetChargingProfile" not in {action for action, _ in after}
    assert (unit.keys, unit.profiles, found.left, found.gone) == (UNTOUCHED, {}, [], "")
    states = {name: (one.state, one.why) for name, one in found.findings.items()}
    assert states["charging.levels"] == (
        NOT_RUN,
        "a car charges at connector 1, and this is asked of an idle unit alone",
    )
    assert states["charging.bare"] == (DONE, "")
    assert (GIVEN_UP, "a car charges at connector 1") in states.values()


def test_a_unit_that_lies_is_found_to_keep_nothing(tmp_path: Path) -> None:
    unit = Liar()
    found = probed(unit, tmp_path, served(), KEYS_ONLY)
    assert found.left == []
    assert unit.keys == UNTOUCHED
    assert found.facts["key.HeartbeatInterval.takes[1]"] == "Accepted, kept '900'"


def test_a_unit_that_loses_the_link_at_every_third_call_gets_everything_back(tmp_path: Path) -> None:
    unit = Dropping()
    found = probed(unit, tmp_path, served(), KEYS_ONLY)
    assert (found.left, found.gone) == ([], "")
    assert unit.keys == FEW
    journal = Journal.open(tmp_path / JOURNAL, existing=True)
    assert (journal.owed, journal.ended) == ({}, True)


def test_values_of_wrong_types_break_no_probe(tmp_path: Path) -> None:
    """Whatever it sends where MeterValues belong, while its lists can be written."""
    lists = {"MeterValuesSampledData": "Voltage", "ClockAlignedDataInterval": "0", **FEW}
    unit = Talking(keys=dict(lists))
    found = probed(unit, tmp_path, served(reply_s=1.0, back_within_s=5.0), Options(only=("measurands",)))
    assert (unit.keys, found.left) == (lists, [])
    assert found.facts["measurand.Voltage.phases"] == "none came"


def test_the_parts_of_meter_values_that_are_none_are_passed_over() -> None:
    calls = [{"meterValue": ODD_VALUES}, {"meterValue": "none"}, {}]
    assert samples(calls) == ODD_VALUES[1:]
    assert sampled(calls) == [{"phase": 1, "unit": [], "value": {}}]
    assert contexts(calls) == "none"


def test_what_a_unit_does_not_let_be_put_back_is_said_and_restored_later(tmp_path: Path) -> None:
    class Stubborn(Honest):
        stuck = False

        def on_ChangeConfiguration(self, payload: dict[str, Any]) -> dict[str, Any]:
            mine = payload["key"] == "HeartbeatInterval"
            if mine and self.stuck:
                return {"status": "Rejected"}
            self.stuck |= mine and payload["value"] == "1"
            return super().on_ChangeConfiguration(payload)

    unit = Stubborn()
    found = probed(unit, tmp_path, served(), KEYS_ONLY)
    assert found.left[0] == "key HeartbeatInterval could not be undone"
    assert any("'900'" in line and "'1'" in line for line in found.left)
    journal = Journal.open(tmp_path / JOURNAL, existing=True)
    with dialling(Relieved(unit)) as tell, charge_point(served(), tmp_path, tell) as there:
        assert restore(there.line, journal) == []
    assert unit.keys == UNTOUCHED


@pytest.mark.parametrize("kind", HOSTILE, ids=lambda kind: kind.__name__)
def test_a_unit_that_breaks_the_protocol_is_probed_to_the_end_and_keeps_what_it_had(
    kind: type[Honest], tmp_path: Path
) -> None:
    unit = kind(keys=dict(FEW))
    found = probed(unit, tmp_path, served(reply_s=1.0, back_within_s=5.0), KEYS_ONLY)
    assert unit.keys == FEW
    assert unit.profiles == {}
    assert found.left == []
    assert Journal.open(tmp_path / JOURNAL, existing=True).owed == {}
    assert (tmp_path / "sheet.md").is_file()


class Relieved(Honest):
    """The same unit, once it takes values again."""

    def __init__(self, unit: Honest) -> None:
        super().__init__(unit.keys, unit.profiles)


def test_nobody_dialling_in_is_a_fault_of_the_bench(tmp_path: Path) -> None:
    how = Served(Address(port=0), "CP1", dials_in_s=0.3)
    with pytest.raises(BenchFault, match="CP1 has not dialled"), charge_point(how, tmp_path, lambda _: None):
        pass


class Stock(ChargePoint):
    """The stock library's charge point, with the two messages that every one has."""

    keys: ClassVar[dict[str, str]] = dict(UNTOUCHED)

    @on("GetConfiguration")
    def configuration(self, key: list[str] | None = None, **_: Any) -> call_result.GetConfiguration:
        asked = key or list(self.keys)
        entries = [
            {"key": name, "readonly": KEYS[name][1], "value": self.keys[name]}
            for name in asked
            if name in self.keys
        ]
        return call_result.GetConfiguration(entries, [name for name in asked if name not in self.keys])

    @on("ChangeConfiguration")
    def change(self, key: str, value: str) -> call_result.ChangeConfiguration:
        if key not in self.keys:
            return call_result.ChangeConfiguration("NotSupported")  # type: ignore[arg-type]
        self.keys[key] = value
        return call_result.ChangeConfiguration("Accepted")  # type: ignore[arg-type]

    @on("ClearCache")
    def cache(self) -> call_result.ClearCache:
        raise NotSupportedError


def test_the_stock_library_is_probed_and_left_as_it_was(tmp_path: Path) -> None:
    over = threading.Event()
    with _stock(over) as tell, charge_point(served(), tmp_path, tell) as there:
        found = probe(there.line, there.identity, tmp_path, Options(only=("keys", "messages", "charging")))
    write(found, tmp_path, "now", [])
    assert (found.left, found.gone) == ([], "")
    assert "a profile of ours would stay" in found.findings["charging.levels"].why
    assert Stock.keys == UNTOUCHED


class _stock:
    """Dials in when it hears the address."""

    def __init__(self, over: threading.Event) -> None:
        self._over = over
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Callable[[str], None]:
        return self.tell

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join(10.0)

    def tell(self, text: str) -> None:
        if "charge points may dial " in text:
            url = text.partition("charge points may dial ")[2].replace("<identity>", "STOCK1")
            self._thread = threading.Thread(target=lambda: asyncio.run(self._live(url)), daemon=True)
            self._thread.start()

    async def _live(self, url: str) -> None:
        async with connect(url, subprotocols=["ocpp1.6"]) as socket:  # type: ignore[list-item]
            unit = Stock("STOCK1", socket)
            running = asyncio.create_task(unit.start())
            await unit.call(call.BootNotification("Unit", "Stock"))
            while not self._over.is_set():
                await asyncio.sleep(0.05)
            running.cancel()


def test_what_a_unit_keeps_to_itself_is_in_no_file_but_the_journal_that_puts_it_back(tmp_path: Path) -> None:
    told = {
        "com_Endpoint": "me:sesame01@host/ocpp",
        "gsm_APN": "internet,user,sesame02",
        "firmwareUrl": "ftp://a:sesame03@host/x",
        "note": "pin=1,password=sesame04",
        "AuthorizationKey": "sesame05-0123456789",
    }
    probed(Honest(keys=UNTOUCHED | told), tmp_path, served(), KEYS_ONLY)
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != JOURNAL]
    assert len(written) > 3
    assert [path.name for path in written if b"sesame" in path.read_bytes()] == []
    first = (tmp_path / JOURNAL).read_bytes().partition(b"\n")[0]
    assert b"sesame" not in first, "what it was before stands there as a digest"
