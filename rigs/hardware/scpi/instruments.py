"""Loads, sources and analysers that are told in SCPI. Only here is pyvisa known."""

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from evc5.rigs.errors import BenchFault
from evc5.rigs.hardware.believed import believed
from evc5.rigs.hardware.roles import Known, Reading, Three
from evc5.rigs.hardware.scpi.dialects import Dialect

SET_V = 230.0  # by which a load that is told watts makes them of amps
OVERFLOW = 9.9e37  # IEEE 488.2's words for not a number and out of range begin here
NUMBER = re.compile(r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")


class Session:
    """One instrument; it is opened, and set up, when it is first spoken to, and again after it was lost."""

    def __init__(self, url: str, dialect: Dialect, timeout_s: float) -> None:
        self._url = url
        self._dialect = dialect
        self._timeout_ms = timeout_s * 1e3
        self._instrument: Any = None

    def tell(self, lines: Sequence[str], **values: float) -> None:
        """Say these lines, and see that the instrument has no complaint."""
        for line in lines:
            self._write(line.format(**values))
        if self._dialect.error:
            said = self.ask(self._dialect.error)
            if said.lstrip("+").partition(",")[0].strip() != "0":
                raise BenchFault(f"{self._url}: {said.strip()[:100]}")

    def _write(self, line: str) -> None:
        self._done(lambda one: one.write(line), line)

    def ask(self, line: str) -> str:
        return str(self._done(lambda one: one.query(line), line))

    def close(self) -> None:
        one = self._instrument
        self._instrument = None
        if one is not None:
            with suppress(Exception):  # whatever it says: it is let go of
                one.close()

    def _done(self, do: Any, line: str) -> Any:
        try:
            if self._instrument is None:
                self._open()
            return do(self._instrument)
        except Exception as error:  # pyvisa-py lets through whatever its sockets, parsers and RPC raise
            self.close()
            raise BenchFault(f"{self._url} does not take {line!r}: {type(error).__name__}") from None

    def _open(self) -> None:
        import pyvisa

        manager = pyvisa.ResourceManager("@py")
        self._instrument = manager.open_resource(self._url, read_termination="\n", write_termination="\n")
        self._instrument.timeout = self._timeout_ms
        for line in self._dialect.setup:
            self._instrument.write(line)


class Instrument:
    """What all of them can do."""

    def __init__(self, session: Session, dialect: Dialect) -> None:
        self._session = session
        self._dialect = dialect

    def identify(self) -> str:
        """Maker, model, serial number and firmware as it tells them (IEEE 488.2, 10.14)."""
        return self._session.ask("*IDN?").strip()

    def close(self) -> None:
        self._session.close()


class ScpiLoad(Instrument):
    """An AC load."""

    def draw(self, amps: Three) -> None:
        told = {f"l{n}_a": one for n, one in enumerate(amps, 1)}
        told |= {f"l{n}_w": one * SET_V for n, one in enumerate(amps, 1)}
        self._session.tell(self._dialect.draw, **told)

    def off(self) -> None:
        self._session.tell(self._dialect.off)


class ScpiSource(Instrument):
    """An AC source in front of the charger."""

    def on(self) -> None:
        self._session.tell(self._dialect.on)

    def off(self) -> None:
        self._session.tell(self._dialect.off)

    def voltage(self, volts: Three) -> None:
        same = len(set(volts)) == 1
        if not (same or any("{l2_v" in line for line in self._dialect.voltage)):
            asked = ", ".join(f"{one:g}" for one in volts)
            raise BenchFault(
                f"a source of {self._dialect.name} gives each phase the same, asked for {asked} V"
            )
        self._session.tell(self._dialect.voltage, **{f"l{n}_v": one for n, one in enumerate(volts, 1)})

    def frequency(self, hz: float) -> None:
        self._session.tell(self._dialect.frequency, hz=hz)


class ScpiAnalyser(Instrument):
    """A power analyser as the reference meter."""

    def read(self) -> Reading:
        texts = self._session.ask(self._dialect.read).split(",")
        names = self._dialect.tells
        if len(texts) < len(names):
            raise BenchFault(
                f"an analyser of {self._dialect.name} tells {len(texts)} of {len(names)} numbers"
            )
        told = {name: number(text) for name, text in zip(names, texts, strict=False)}

        def phases(quantity: str, unit: str) -> Known:
            l1, l2, l3 = (told.get(f"{quantity}{n}_{unit}") for n in (1, 2, 3))
            return (l1, l2, l3)

        u_v, i_a, p_w = phases("u", "v"), phases("i", "a"), phases("p", "w")
        reading = Reading(u_v, i_a, p_w, told.get("total_w"), told.get("hz"), told.get("energy_wh"))
        return believed(reading, f"the units of {self._dialect.name}")


def number(text: str) -> float | None:
    """A number, with or without its unit; None for NAN, INF and what is out of range."""
    found = NUMBER.match(text.strip())
    value = float(found.group()) if found else None
    return None if value is None or abs(value) >= OVERFLOW else value
