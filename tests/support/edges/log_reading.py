"""Numbers by which a log is read: what its words mean, whose its lines are, what was told before."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edges import Edge
from evc5.rigs.checks.reading.transcripts import Transcript
from evc5.rigs.errors import BadInput

START_S = datetime(2024, 3, 1, 10, tzinfo=UTC).timestamp()
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class ReadEdge(Edge):
    """Broken is a log that is refused, or read as `amiss` says."""

    text: Callable[[Any], str] = str
    amiss: Callable[[Rows], bool] = lambda rows: False
    encoding: str = "utf-8"

    def breaks(self, x: float, directory: Path) -> bool:
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / "a.log"
        path.write_text(self.text(x), encoding=self.encoding)
        try:
            return self.amiss([_row(raw) for _, raw in Transcript([path]).records()])
        except BadInput:
            return True


def _row(raw: bytes) -> dict[str, Any]:
    """A record; a line of the log that is none is told as it stands."""
    try:
        row: dict[str, Any] = json.loads(raw)
    except json.JSONDecodeError:
        return {"text": raw.decode()}
    return row


def read_edge(
    number: str, value: float, text: Callable[[Any], str], amiss: Callable[[Rows], bool], *sides: float
) -> ReadEdge:
    def no_recording(x: float) -> Any:
        raise AssertionError(f"{number} at {x} is read, not judged")

    return ReadEdge(f"reading.logs.{number}", value, "", no_recording, *sides, text=text, amiss=amiss)


# -- lines -------------------------------------------------------------------------------------------


def iso(t_s: float) -> str:
    return datetime.fromtimestamp(START_S + t_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def call(id: object, action: str = "Heartbeat", **payload: Any) -> str:
    return json.dumps([2, str(id), action, payload])


def reply(id: object, **payload: Any) -> str:
    return json.dumps([3, str(id), payload])


def stamped(bodies: Iterable[str], word: str = "rx") -> list[str]:
    return [f"{iso(t_s)} {word} {body}" for t_s, body in enumerate(bodies)]


def joined(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def beats(count: int, first: int = 0) -> list[str]:
    return stamped(map(call, range(first, first + count)))


def is_told_twice(rows: Rows) -> bool:
    told = [json.dumps(row["frame"]) for row in rows if "frame" in row]
    return len(set(told)) < len(told)


def transfer_is_up(rows: Rows) -> bool:
    return next(row["dir"] for row in rows if row["frame"][2] == "DataTransfer") == "up"


def is_nameless(rows: Rows) -> bool:
    return {row["station"] for row in rows} == {""}


def is_undated(rows: Rows) -> bool:
    return not str(rows[0]["at"]).startswith("2024-03-01T10:00")


# -- times -------------------------------------------------------------------------------------------


def a_stamp_ahead_by(x: float) -> str:
    """The frames have no times of their own; the second one's payload tells one far ahead."""
    told = {"connectorId": 1, "errorCode": "NoError", "status": "Available", "timestamp": iso(x)}
    return joined([reply(1, currentTime=iso(0)), call(2, "StatusNotification", **told)])


def went_with_the_first(rows: Rows) -> bool:
    return bool(rows[0]["at"] == rows[1]["at"])


def a_time_so_many_lines_above(x: int) -> str:
    entry = lambda id: [f"at {iso(id)}", *["  more of the packet"] * (x - 1), f"  {call(id)}"]  # noqa: E731
    return joined(line for id in range(3) for line in entry(id))


def a_time_so_far_into_the_line_above(x: int) -> str:
    return joined(line for id in range(3) for line in ("." * x + iso(id), f"  {call(id)}"))


def beside_so_many_fields(x: int) -> str:
    meta = lambda id: {f"field{n}": n for n in range(x)} | {"time": iso(id)}  # noqa: E731
    return joined(json.dumps({"frame": json.loads(call(id)), "meta": meta(id)}) for id in range(3))


def a_time_in_a_field_of(x: int) -> str:
    return joined(json.dumps({"time": iso(id).ljust(x), "frame": json.loads(call(id))}) for id in range(3))


def beside_objects_so_deep(x: int) -> str:
    meta = lambda id: json.loads('{"a":' * x + json.dumps({"time": iso(id)}) + "}" * x)  # noqa: E731
    return joined(json.dumps({"frame": json.loads(call(id)), "meta": meta(id)}) for id in range(3))


def told_in_so_many_steps(x: int) -> str:
    """The newest comes first, and no reply tells which way they run."""
    return joined(reversed(beats(x + 1)))


def runs_on(rows: Rows) -> bool:
    return bool(rows[0]["frame"][1] > rows[-1]["frame"][1])


# -- ways --------------------------------------------------------------------------------------------


def a_word_so_far_before(x: int) -> str:
    line = lambda word, body: f"{word} {'.' * (x - 4)} {body}"  # noqa: E731
    return joined(
        [line("rx", call(1)), line("rx", call(2)), line("tx", call(3, "DataTransfer", vendorId="V"))]
    )


def words_of_which_so_many_lie(x: int) -> str:
    """Of twenty Heartbeats; then the CSMS transfers data."""
    told = [f"{'tx' if id < x else 'rx'} {call(id)}" for id in range(20)]
    return joined([*told, f"tx {call(21, 'DataTransfer', vendorId='V')}"])


def words_of_forty_of_which_so_many_lie(x: int) -> str:
    return joined(f"{'tx' if id < x else 'rx'} {call(id)}" for id in range(40))


def is_read_by_content(rows: Rows) -> bool:
    return bool(rows[0]["dir"] == "up")


def a_field_of_so_many_letters(x: int) -> str:
    row = lambda lane, body: json.dumps({"lane": lane.ljust(x, "e"), "frame": json.loads(body)})  # noqa: E731
    told = [row("lin", call(id)) for id in range(1, 4)]
    reset = row("offic", call(1, "Reset", type="Soft"))
    return joined([*told, reset, row("offic", call(9, "DataTransfer", vendorId="V"))])


def a_field_of_so_many_values(x: int) -> str:
    """One of them is the CSMS's."""
    row = lambda lane, body: json.dumps({"lane": lane, "frame": json.loads(body)})  # noqa: E731
    told = [row(f"line {id}", call(id)) for id in range(1, x)]
    reset = row("office", call(1, "Reset", type="Soft"))
    return joined([*told, reset, row("office", call(9, "DataTransfer", vendorId="V"))])


# -- what is told twice, torn or no frame --------------------------------------------------------------


def so_many_of_twenty_doubled(x: int) -> str:
    told = beats(20 - x)
    return joined(line for at, line in enumerate(told) for _ in range(2 if at < x else 1))


def so_many_in_a_row_again(x: int) -> str:
    told = beats(20)
    return joined([*told, *told[:x], *beats(1, first=99)])


def one_told_again_after(x: int) -> str:
    """By the second of two loggers, which tells all else at once."""
    told = [line for line in beats(40) for _ in range(2)]
    return joined(
        [*told[:20], *beats(1, first=99), *told[20 : 20 + 2 * (x - 1)], *beats(1, first=99), *told[-2:]]
    )


def beside_so_many_others(x: int) -> str:
    told = [f"[{iso(t_s)}] rx: {call(t_s)}" for t_s in range(18)]
    return joined([*told, *["no frame"] * x])


def none_is_told(rows: Rows) -> bool:
    return not any("text" in row for row in rows) and all("frame" in row for row in rows)


def so_many_torn_of(count: int) -> Callable[[int], str]:
    def text(x: int) -> str:
        told = beats(count - x)
        return joined([*told, *(f"{iso(900 + at)} rx {call(100 + at)[:20]}" for at in range(x))])

    return text


def never(rows: Rows) -> bool:
    return False


def a_line_cut_after(x: int) -> str:
    """By a container, which begins the rest anew."""
    name = "central-system-1  | "
    text = name + f"rx {call(1, 'DataTransfer', vendorId='V', data='a' * 9000)}"
    return joined([text[:x], name + text[x:], *(f"{name}rx {call(id)}" for id in range(2, 6))])


def is_torn(rows: Rows) -> bool:
    return any("text" in row for row in rows)


def names_above_so_many_lines(x: int) -> str:
    """The first line looks like the names of a table."""
    return joined(["OCPP log, station and office", *["nothing yet"] * (x - 1), *beats(4)])


def so_deep_in_a_record(x: int) -> str:
    return '{"a":' * x + call(1) + "}" * x + "\n"


def a_dump_so_deep(x: int) -> str:
    inner = "{ a: " * x + "1" + " }" * x
    return f"rx [ 2, 'b', 'DataTransfer', {inner} ]\n"


def zeros_of_so_many_bytes(x: float) -> str:
    """Characters of two bytes, as many of them with a zero; no mark tells so."""
    begin, end = f'{iso(0)} rx [2,"1","DataTransfer",{{"vendorId":"V","data":"', '"}]\n'
    latin = len(begin + end)
    return begin + "\u4e2d" * (round(latin / (2 * x)) - latin) + end


def is_garbled(rows: Rows) -> bool:
    return not str(rows[0]["frame"][3]["data"]).startswith("\u4e2d")


def goes_on_behind(x: int) -> str:
    """A frame over two lines, which begin alike."""
    whole = call(1, "DataTransfer", vendorId="V", data="abcdef")
    return joined([f"{'x' * x}{whole[:-5]}", f"{'x' * x}{whole[-5:]}"])


def a_first_line_of(x: int) -> str:
    """Of a frame over two."""
    begin = '[2,"1","DataTransfer",{"vendorId":"V","data":"'
    return joined([begin.ljust(x, "a"), 'b"}]'])


# -- stations ----------------------------------------------------------------------------------------

TWO = ("CP-7731", "CP-8842")


def talks(count: int) -> list[tuple[str, str]]:
    """So many CALLs, each with its reply, of two stations in turn, under their names."""
    actions = ("Heartbeat", "Heartbeat", "Authorize", "Authorize")
    return [
        (TWO[id % 2], body)
        for id in range(count)
        for body in (call(id, actions[id % 4]), reply(id, currentTime=iso(id)))
    ]


def in_a_line_so_far_above(x: int) -> str:
    entry = lambda name, body: [name, *["..."] * (x - 1), body]  # noqa: E731
    return joined(line for name, body in talks(12) for line in entry(name, body))


def as_word(x: int) -> str:
    return joined(f"{'a ' * x}{name} {body}" for name, body in talks(12))


def missing_in_so_many_of_forty(x: int) -> str:
    return joined(f"{name if at >= x else 'nobody'} {body}" for at, (name, body) in enumerate(talks(20)))


def with_so_many_replies_under_the_other(x: int) -> str:
    other = dict(zip(TWO, reversed(TWO), strict=True))
    wrong = lambda at: at % 2 and at < 2 * x  # noqa: E731
    return joined(
        f"{other[name] if wrong(at) else name} {body}" for at, (name, body) in enumerate(talks(100))
    )


def in_so_many_talks(x: int) -> str:
    return joined(f"{name} {body}" for name, body in talks(x))


def of_which_so_many_are_answered_under_another(x: int) -> str:
    """Forty; the second station never calls, and is in half of the replies of the last ones."""
    told = talks(40)
    return joined(
        f"[{TWO[0] if at % 2 == 0 or at >= 2 * x else TWO[1]}] {body}" for at, (_, body) in enumerate(told)
    )


def names_two(rows: Rows) -> bool:
    return len({row["station"] for row in rows}) > 1


def taking_turns(x: int) -> str:
    """So many times the other one goes on."""
    bodies = [body for _, body in talks(20)]
    return joined(f"{TWO[at // 2 * (x + 1) // 20 % 2]} {body}" for at, body in enumerate(bodies))


def named_in_letters(x: int) -> str:
    return joined(json.dumps({"station": "C" * x, "frame": json.loads(call(id))}) for id in range(3))


EDGES = (
    replace(
        read_edge("decoding.ZEROS_PART", 0.2, zeros_of_so_many_bytes, is_garbled, 0.21, 0.19),
        encoding="utf-16-le",
    ),
    read_edge("directions.LONGEST_WORD", 40, a_field_of_so_many_letters, transfer_is_up, 40, 41),
    read_edge("entries.LONGEST_FRAME", 1 << 20, a_first_line_of, is_torn, 1 << 20, (1 << 20) + 1),
    read_edge("entries.TOO_SHORT", 3, goes_on_behind, is_torn, 3, 4),
    read_edge("records.DEEPEST_BESIDE", 4, beside_objects_so_deep, is_undated, 3, 4),
    read_edge("records.MOST_BESIDE", 40, beside_so_many_fields, is_undated, 39, 40),
    read_edge("entries.LONGEST_HELD", 400, a_time_so_far_into_the_line_above, is_undated, 376, 395),
    read_edge("survey.LEAST_IN_ORDER", 3, told_in_so_many_steps, runs_on, 3, 2),
    read_edge("survey.OTHERWISE", 0.1, of_which_so_many_are_answered_under_another, names_two, 5, 4),
    read_edge("log.STAMP_AHEAD_S", 86_400.0, a_stamp_ahead_by, went_with_the_first, 86_399, 86_401),
    read_edge("entries.MOST_HELD", 60, a_time_so_many_lines_above, is_undated, 60, 61),
    read_edge("records.LONGEST_FIELD", 200, a_time_in_a_field_of, is_undated, 200, 201),
    read_edge("directions.NEAR_CHARACTERS", 160, a_word_so_far_before, transfer_is_up, 160, 161),
    read_edge("directions.PURE", 0.9, words_of_which_so_many_lie, transfer_is_up, 2, 3),
    read_edge("directions.SURE", 0.95, words_of_forty_of_which_so_many_lie, is_read_by_content, 2, 3),
    read_edge("directions.MOST_VALUES", 8, a_field_of_so_many_values, transfer_is_up, 8, 9),
    read_edge("survey.DOUBLED", 0.4, so_many_of_twenty_doubled, is_told_twice, 8, 7),
    read_edge("survey.DENSE", 0.9, beside_so_many_others, none_is_told, 2, 3),
    read_edge("repeats.SAME_IN_A_ROW", 4, so_many_in_a_row_again, is_told_twice, 4, 3),
    read_edge("repeats.NEAR_FRAMES", 12, one_told_again_after, is_told_twice, 12, 13),
    read_edge("shortened.LEAST_SHORTENED", 2, so_many_torn_of(20), never, 1, 2),
    read_edge("shortened.SHORTENED_PART", 0.02, so_many_torn_of(200), never, 3, 4),
    read_edge("entries.CUT_BYTES", 4000, a_line_cut_after, is_torn, 4000, 3999),
    read_edge("entries.SAMPLED", 100, names_above_so_many_lines, never, 100, 101),
    read_edge("records.DEEPEST", 40, so_deep_in_a_record, never, 40, 41),
    read_edge("loose.DEEPEST_LOOSE", 100, a_dump_so_deep, is_torn, 98, 101),
    read_edge("columns.MOST_ABOVE", 6, in_a_line_so_far_above, is_nameless, 6, 7),
    read_edge("columns.MOST_TOKENS", 24, as_word, is_nameless, 23, 24),
    read_edge("columns.COVERED_PART", 0.95, missing_in_so_many_of_forty, is_nameless, 2, 3),
    read_edge("columns.PAIRED_PART", 0.98, with_so_many_replies_under_the_other, is_nameless, 2, 3),
    read_edge("columns.LEAST_REPLIES", 8, in_so_many_talks, is_nameless, 8, 7),
    read_edge("columns.TURNS", 3, taking_turns, is_nameless, 6, 5),
    read_edge("stations.LONGEST_IDENTITY", 48, named_in_letters, is_nameless, 48, 49),
)
