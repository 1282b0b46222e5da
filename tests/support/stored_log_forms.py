"""The conversation of `log_forms` as tools, databases, dashboards and mail programs keep it."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from log_forms import STATION, Form, Said, conversation, lined, table

__all__ = ["PARTED", "STORED", "answered_rows", "numbered_rows", "shortened"]


def way(said: Said) -> str:
    return "in" if said.up else "out"


def websockets_debug(said: Said) -> str:
    """Python prints the frame as a literal of its own: quotes within quotes are escaped twice."""
    sign = "<" if said.up else ">"
    when = said.clock("%Y-%m-%d %H:%M:%S,%f")
    return f"{when} DEBUG websockets.server {sign} TEXT {said.json!r} [{len(said.json)} bytes]"


def python_bytes(said: Said) -> str:
    raw = json.dumps(said.frame, ensure_ascii=False).encode()
    return f"{said.clock('%Y-%m-%d %H:%M:%S,%f')} {STATION} {way(said)} {raw!r}"


def citrine_tslog(said: Said) -> str:
    told = {"0": "Message received from" if said.up else "Message sent to", "1": STATION, "2": said.json}
    return json.dumps({**told, "_meta": {"runtime": "Nodejs", "date": said.iso, "logLevelName": "DEBUG"}})


def tshark(layer: Callable[[Said], dict[str, Any]]) -> Callable[[list[Said]], bytes]:
    def write(told: list[Said]) -> bytes:
        packets = [
            {"_index": "packets", "_source": {"layers": {"frame": {"frame.time_epoch": f"{said.t:.9f}"}}}}
            for said in told
        ]
        for packet, said in zip(packets, told, strict=True):
            source: Any = packet["_source"]
            source["layers"] |= {"websocket": {"websocket.mask": str(int(said.up))}} | layer(said)
        return json.dumps(packets, indent=2).encode()

    return write


def insights(told: Iterable[Said]) -> bytes:
    """CloudWatch: each row a list of its fields."""
    rows = [
        [
            {"field": "@timestamp", "value": said.clock("%Y-%m-%d %H:%M:%S.%f")},
            {"field": "@message", "value": f"chargePoint={STATION} {way(said)} {said.json}"},
        ]
        for said in told
    ]
    return json.dumps({"results": rows, "status": "Complete"}, indent=1).encode()


def mongo(said: Said) -> str:
    row = {"ts": {"$date": said.iso}, "chargePointId": STATION, "direction": way(said), "message": said.frame}
    return json.dumps({"_id": {"$oid": "65f0c0ffee65f0c0ffee0001"}, **row})


def canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: canonical(item) for name, item in value.items()}
    if isinstance(value, list):
        return [canonical(item) for item in value]
    return {"$numberInt": str(value)} if type(value) is int else value


def mongo_canonical(said: Said) -> str:
    at = {"$date": {"$numberLong": str(round(said.t * 1000))}}
    row = {"ts": at, "chargePointId": STATION, "direction": way(said), "message": canonical(said.frame)}
    return json.dumps(row)


def otel(told: Iterable[Said]) -> bytes:
    records = [
        {
            "timeUnixNano": str(round(said.t * 1000) * 1_000_000),
            "body": {"stringValue": f"{way(said)} {said.json}"},
            "attributes": [{"key": "charge_point.id", "value": {"stringValue": STATION}}],
        }
        for said in told
    ]
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).encode()


def kubernetes_parts(said: Said) -> str:
    """The runtime cuts what is long: P goes on, F is the last part."""
    stamp = said.clock("%Y-%m-%dT%H:%M:%S.%f") + "000001Z"
    text = f"station={STATION} {way(said)} {said.json}"
    parts = [text[at : at + 60] for at in range(0, len(text), 60)]
    return "\n".join(
        f"{stamp} stdout {'F' if at == len(parts) - 1 else 'P'} {part}" for at, part in enumerate(parts)
    )


def sql(told: list[Said]) -> bytes:
    rows = [
        f"({number}, 'station={STATION}', '{way(said).upper()}', '{said.json}', '{said.iso}')"
        for number, said in enumerate(told)
    ]
    head = "INSERT INTO messages (id, station, direction, frame, at) VALUES\n"
    return (head + ",\n".join(rows) + ";\n").encode()


def wrapped(said: Said) -> str:
    """A mail program breaks lines wherever they are full, in the midst of a time too."""
    text = f"{said.clock('%Y-%m-%d %H:%M:%S,%f')} station={STATION} {way(said)} {said.json}"
    return "\n".join(text[at : at + 76] for at in range(0, len(text), 76))


def simulator(said: Said) -> str:
    """The word beside the direction names the message, not a station."""
    what = said.action or "CallResult"
    return f"[{said.clock('%H:%M:%S.%f')}] {'SEND' if said.up else 'RECEIVE'} {what} {said.json}"


def headed(told: list[Said]) -> bytes:
    """Its first line looks like the names of a table."""
    return b"OCPP log, station and office\n" + lined(plain_line)(told)


def plain_line(said: Said) -> str:
    return f"{said.iso} station={STATION} {way(said)} {said.json}"


STORED = (
    Form("websockets-debug", lined(websockets_debug), named=False),
    Form("python-bytes", lined(python_bytes), named=False),
    Form("citrine-tslog", lined(citrine_tslog), named=False),
    Form("tshark-lines", tshark(lambda said: {"data-text-lines": {said.json: ""}}), named=False),
    Form(
        "tshark-text",
        tshark(lambda said: {"payload": {"websocket.payload.text": said.json}}),
        named=False,
    ),
    Form("cloudwatch-insights", insights),
    Form("mongo", lined(mongo)),
    Form("mongo-canonical", lined(mongo_canonical)),
    Form("otel", otel),
    Form("kubernetes-parts", lined(kubernetes_parts)),
    Form("sql", sql),
    Form("wrapped", lined(wrapped)),
    Form("headed", headed),
    Form("simulator", lined(simulator), named=False),
)


# -- tables that leave the ids out ---------------------------------------------------------------


def action_of(said: Said, told: list[Said]) -> str:
    return said.action or next(one.action for one in told if one.action and one.frame[1] == said.frame[1])


def numbered_rows(told: list[Said]) -> bytes:
    """Rows of requests and responses, with numbers of their own in the place of message ids."""
    numbers = {id(said): str(number) for number, said in enumerate(told, 1000)}
    row = lambda said: [  # noqa: E731
        numbers[id(said)],
        said.iso,
        STATION,
        action_of(said, told),
        "request" if said.action else "response",
        json.dumps(said.frame[-1]),
    ]
    return table(",", ["id", "created_at", "charger_id", "action", "type", "payload"], row)(told)


def answered_rows(told: list[Said]) -> bytes:
    """One row for a CALL with what was answered."""
    replies = {said.frame[1]: said for said in told if not said.action}
    row = lambda said: [  # noqa: E731
        said.iso,
        STATION,
        way(said),
        said.action,
        json.dumps(said.frame[-1]),
        json.dumps(replies[said.frame[1]].frame[-1]),
    ]
    names = ["created_at", "charger_id", "direction", "action", "request", "response"]
    return table(",", names, row)([said for said in told if said.action])


# -- stations named in a column that no word labels ----------------------------------------------


def of_two(line: Callable[[Said, str], str]) -> bytes:
    """Two stations that take turns, with the same ids."""
    rows = [(said.t + shift, line(said, name)) for name, shift in TWO.items() for said in conversation()]
    return "\n".join(text for _, text in sorted(rows)).encode()


TWO = {"CP-7731": 0.0, "CP-8842": 0.06}
PARTED = {
    "a word": lambda said, name: f"{said.iso} {name} {way(said)} {said.json}",
    "a host": lambda said, name: (
        f"<134>{said.clock('%b %e %H:%M:%S')} {name} ocppd[4]: {way(said)} {said.json}"
    ),
    "a topic": lambda said, name: f"{said.iso} ocpp/{name}/{'up' if said.up else 'down'} {said.json}",
    "a field": lambda said, name: json.dumps({"0": way(said), "1": name, "2": said.json, "time": said.iso}),
    "a line above": lambda said, name: f"- time: {said.iso}\n  who: {name}\n  {way(said)}: '{said.json}'",
}


def shortened(said: Said) -> str:
    """As the websockets library shows what is longer than 75 characters."""
    shown = repr(said.json)
    shown = shown if len(shown) <= 75 else f"{shown[:48]}...{shown[-24:]}"
    return f"{said.clock('%Y-%m-%d %H:%M:%S,%f')} DEBUG < TEXT {shown} [{len(said.json)} bytes]"
