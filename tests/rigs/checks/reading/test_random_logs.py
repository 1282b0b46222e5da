"""Random conversations in random clothes are read as they were said, and no text at all breaks the reader."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from log_forms import Said

from evc5.rigs.checks.reading.logs.decoding import NO_LOGS
from evc5.rigs.checks.reading.transcripts import Transcript, is_event
from evc5.rigs.errors import BadInput

START = 1709287200.0
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
payloads = st.dictionaries(texts, values, max_size=4)
OF_STATION = ["Heartbeat", "StatusNotification", "MeterValues", "Authorize"]
OF_CSMS = ["Reset", "GetConfiguration", "ChangeAvailability", "TriggerMessage"]


@st.composite
def conversations(draw: st.DrawFn) -> list[Said]:
    """CALLs of both sides, each with its reply; the first of the station, whose reply tells the time."""
    told: list[Said] = []
    t = START
    for k in range(draw(st.integers(4, 14))):
        up = k == 0 or draw(st.booleans())
        action = draw(st.sampled_from(OF_STATION if up else OF_CSMS))
        told.append(Said(t, up, [2, f"{'s' if up else 'c'}{k}", action, draw(payloads)]))
        reply: dict[str, Any] = draw(payloads)
        if up and (k == 0 or draw(st.booleans())):
            reply |= {"currentTime": Said(t, up, []).iso}
        told.append(Said(t + 1.0, not up, [3, f"{'s' if up else 'c'}{k}", reply]))
        t += draw(st.integers(2, 4000))
    return told


@dataclass(frozen=True)
class Clothes:
    """How a line is written: the parts before the frame in an order, its time, its words, its quoting."""

    order: tuple[int, ...]
    clock: str
    hours: float
    words: tuple[str, str]
    level: str
    quoting: str
    tail: str

    def line(self, said: Said) -> str:
        word = self.words[0] if said.up else self.words[1]
        parts = (said.clock(self.clock, self.hours), self.level, "CP77")
        head = " ".join(parts[k] for k in self.order)
        if self.quoting == "json":
            return json.dumps({"msg": f"{head} {word} {said.json}", "x": self.tail})
        body = {
            "plain": said.json,
            "spaced": json.dumps(said.frame),
            "csv": '"' + said.json.replace('"', '""') + '"',
        }
        escaped = 'msg="' + json.dumps(said.json)[1:-1] + '"'
        return f"{head} {word} {body.get(self.quoting, escaped)}{self.tail}"


clothes = st.builds(
    Clothes,
    order=st.permutations([0, 1, 2]).map(tuple),
    clock=st.sampled_from(
        ["%Y-%m-%d %H:%M:%S,%f", "%Y/%m/%d %H:%M:%S.%f", "%d.%m.%Y %H:%M:%S.%f", "%d %b %Y %H:%M:%S.%f"]
    ),
    hours=st.sampled_from([-8.0, -3.5, 0.0, 1.0, 5.5, 12.75]),
    words=st.sampled_from(
        [
            ("recv", "send"),
            ("Received:", "Sending:"),
            ("<-", "->"),
            ("IN", "OUT"),
            ("Empfangen", "Gesendet"),
            ("from charger", "to charger"),
            ("alpha", "beta"),
            ("", ""),
        ]
    ),
    level=st.sampled_from(["INFO", "[debug]", "(MainThread)", "o.r.Handler -", "[1, 2]"]),
    quoting=st.sampled_from(["plain", "spaced", "csv", "escaped", "json"]),
    tail=st.sampled_from(["", " (12 ms)", " [ok]"]),
)
noise = st.sampled_from(
    ["", "nothing here", "[2, 3]", '{"a": [4, "x"]}', "Traceback (most recent call last):"]
)


def read(content: bytes) -> tuple[list[dict[str, Any]], Transcript]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.log"
        path.write_bytes(content)
        transcript = Transcript([path])
        return [json.loads(raw) for _, raw in transcript.records() if not is_event(raw)], transcript


@pytest.mark.slow
@MANY
@given(conversations(), clothes, st.lists(noise, min_size=30, max_size=30), st.sampled_from(["\n", "\r\n"]))
def test_what_was_said_is_read(told: list[Said], how: Clothes, between: list[str], end: str) -> None:
    lines = [line for said, other in zip(told, between, strict=False) for line in (how.line(said), other)]
    found, _ = read(end.join(lines).encode())
    assert [row["frame"] for row in found] == [said.frame for said in told]
    assert [row["dir"] for row in found] == ["up" if said.up else "down" for said in told]
    assert [row["at"] for row in found] == [said.iso for said in told]


@pytest.mark.slow
@MANY
@given(conversations(), st.sampled_from([None, 1, 4]), st.booleans())
def test_a_document_of_records_is_read_however_it_is_laid_out(
    told: list[Said], indent: int | None, wrapped: bool
) -> None:
    records = [{"when": said.iso, "way": "in" if said.up else "out", "raw": said.frame} for said in told]
    document: Any = {"meta": {"n": [2, 1]}, "data": {"rows": records}} if wrapped else records
    found, _ = read(json.dumps(document, indent=indent, ensure_ascii=False).encode())
    assert [(row["frame"], row["dir"], row["at"]) for row in found] == [
        (said.frame, "up" if said.up else "down", said.iso) for said in told
    ]


@pytest.mark.slow
@MANY
@given(st.text(max_size=400) | st.lists(st.sampled_from('[]{}"\\,:234 \nabZ'), max_size=200).map("".join))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    refused_or_read(text.encode("utf-8", "replace"))


@pytest.mark.slow
@MANY
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_in_one_line(content: bytes) -> None:
    refused_or_read(content)


@pytest.mark.slow
@MANY
@given(conversations(), st.data())
def test_a_log_with_a_byte_changed_a_line_lost_or_cut_is_still_read(
    told: list[Said], data: st.DataObject
) -> None:
    content = bytearray(
        "\n".join(f"{said.iso} {'recv' if said.up else 'send'} X: {said.json}" for said in told), "utf-8"
    )
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=3))
    refused_or_read(bytes(content))


REFUSALS = (
    *("holds no OCPP frames", "cannot be unpacked", "is a mail", "holds frames that its logger shortened"),
    *NO_LOGS.values(),
)


def refused_or_read(content: bytes) -> None:
    try:
        found, _ = read(content)
    except BadInput as refusal:
        assert len(str(refusal).splitlines()) == 1
        assert any(why in str(refusal) for why in REFUSALS)
    else:
        assert all(row["dir"] in ("up", "down") for row in found)


@pytest.mark.parametrize("depth", [50, 300, 5000])
def test_a_payload_nested_deep_is_a_frame_or_text(depth: int) -> None:
    frame = '[2,"1","DataTransfer",' + '{"a":' * depth + "1" + "}" * depth + "]"
    found, _ = read(
        f'2024-03-01T10:00:00Z recv {frame}\n2024-03-01T10:00:01Z recv [2,"2","Heartbeat",{{}}]\n'.encode()
    )
    assert [row.get("frame", [0, 0])[1] for row in found][-1] == "2"
    assert len(found) == 2
