"""The other end of a SCPI device: whatever its dialect would tell it, it understands."""

import re
from collections.abc import Callable, Mapping, Sequence

from evc5.rigs.errors import BadInput
from evc5.rigs.hardware.roles import Three
from evc5.rigs.hardware.scpi.dialects import Dialect
from evc5.rigs.hardware.scpi.instruments import SET_V
from evc5.rigs.standin.line_server import LineServer
from evc5.rigs.standin.plug import Plug, Power
from evc5.rigs.standin.shown import Told

FIELD = re.compile(r"\{(\w+)(?::[^}]*)?\}")
NUMBER = r"([-+0-9.eE]+)"
RESOURCE = re.compile(r"TCPIP\d*::([^:]+)::(\d+)::SOCKET", re.IGNORECASE)
GOOD, UNKNOWN = '0,"No error"', '-113,"Undefined header"'  # SCPI-99, 21.8

Values = Mapping[str, float]


class Instrument:
    """`verbs` do what the dialect's verb of that name asks for; `reads` are what a reading shows."""

    def __init__(
        self, dialect: Dialect, verbs: Mapping[str, Callable[[Values], None]], reads: Callable[[], Told]
    ) -> None:
        self._dialect = dialect
        self._verbs = verbs
        self._reads = reads
        self._patterns = [
            (name, pattern, fields)
            for name in verbs
            for pattern, fields in map(_pattern, getattr(dialect, name))
        ]
        self._told: dict[str, float] = {}
        self._error = GOOD

    def hear(self, line: str) -> str | None:
        """Its answer to one line, None where there is none."""
        if line == "*IDN?":
            return f"EVC5,stand-in for {self._dialect.name},0,1"
        if self._dialect.error and line == self._dialect.error:
            said, self._error = self._error, GOOD
            return said
        if line == self._dialect.read:
            return ",".join(_number(self._reads().get(name)) for name in self._dialect.tells)
        self._obey(line)
        return None

    def _obey(self, line: str) -> None:
        for name, pattern, fields in self._patterns:
            if (found := pattern.fullmatch(line)) is not None:
                self._told |= {key: float(value) for key, value in zip(fields, found.groups(), strict=True)}
                if line == getattr(self._dialect, name)[-1] or fields:
                    self._do(name)
                return
        if line not in self._dialect.setup:
            self._error = UNKNOWN

    def _do(self, name: str) -> None:
        try:
            self._verbs[name](self._told)
        except (BadInput, KeyError) as error:
            self._error = f'-222,"{error}"'  # data out of range


def load(dialect: Dialect, plug: Plug) -> Instrument:
    def draw(told: Values) -> None:
        if {f"l{n}_{unit}" for n in (1, 2, 3) for unit in "aw"} & told.keys():
            plug.draw(_amps(told))

    return Instrument(dialect, {"draw": draw, "off": lambda _: plug.off()}, dict)


def source(dialect: Dialect, power: Power) -> Instrument:
    on_off = {"on": lambda _: power.set("supply", True), "off": lambda _: power.set("supply", False)}

    def voltage(told: Values) -> None:
        l1, l2, l3 = (told.get(f"l{n}_v", told["l1_v"]) for n in (1, 2, 3))
        power.feed((l1, l2, l3))

    fed = {"voltage": voltage, "frequency": lambda told: power.feed(hz=told["hz"])}
    return Instrument(dialect, {**on_off, **fed}, dict)


def analyser(dialect: Dialect, plug: Plug) -> Instrument:
    return Instrument(dialect, {}, plug.reference)


class ScpiServer(LineServer):
    """One instrument at a VISA address of a raw socket."""

    def __init__(self, resource: str, instrument: Instrument) -> None:
        found = RESOURCE.fullmatch(resource)
        if found is None:
            raise BadInput(f"url must be TCPIP0::host::port::SOCKET to be served, got {resource!r}")

        def answer(raw: bytes) -> bytes | None:
            said = instrument.hear(raw.decode("ascii", "replace").strip())
            return None if said is None else said.encode()

        super().__init__(found[1], int(found[2]), answer)


def _amps(told: Values) -> Three:
    l1, l2, l3 = (told.get(f"l{n}_a", told.get(f"l{n}_w", 0.0) / SET_V) for n in (1, 2, 3))
    return (round(l1, 3), round(l2, 3), round(l3, 3))


def _pattern(template: str) -> tuple[re.Pattern[str], Sequence[str]]:
    """What a line of a dialect looks like once its numbers are in it, and whose they are."""
    names = FIELD.findall(template)
    pieces = FIELD.split(template)[::2]
    return re.compile(NUMBER.join(re.escape(piece) for piece in pieces)), names


def _number(value: float | None) -> str:
    return "NAN" if value is None else f"{value:.6E}"
