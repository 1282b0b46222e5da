"""One conversation in the many forms in which people have their logs, each as its product writes it."""

import bz2
import csv
import gzip
import io
import json
import lzma
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

STATION = "CP001"
HEARTBEATS = {"key": "HeartbeatInterval", "readonly": False, "value": "300"}


@dataclass(frozen=True)
class Said:
    """A frame of the conversation: `t` in epoch seconds, `up` is to the CSMS."""

    t: float
    up: bool
    frame: list[Any]

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.t, UTC)

    @property
    def iso(self) -> str:
        return self.at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{self.at.microsecond // 1000:03d}Z"

    @property
    def action(self) -> str:
        return str(self.frame[2]) if self.frame[0] == 2 else ""

    @property
    def json(self) -> str:
        return json.dumps(self.frame, separators=(",", ":"))

    def clock(self, form: str, hours: float = 0.0) -> str:
        """Its time in a zone so far ahead of UTC; %f is milliseconds here."""
        local = self.at.astimezone(timezone(timedelta(hours=hours)))
        return local.strftime(form.replace("%f", f"{self.at.microsecond // 1000:03d}"))


def conversation(start: float = 1709287200.0) -> list[Said]:
    """A session of a few minutes, with CALLs of both sides and one DataTransfer of each."""
    told: list[Said] = []
    ids = {True: 0, False: 0}

    def call(t: float, action: str, payload: Any, reply: Any, up: bool = True) -> None:
        ids[up] += 1
        id = str(ids[up]) if up else f"csms-{ids[up]}"
        told.append(Said(start + t, up, [2, id, action, payload]))
        told.append(Said(start + t + 0.25, not up, [3, id, reply]))

    def iso(t: float) -> str:
        return datetime.fromtimestamp(start + t, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def status(t: float, connector: int, what: str) -> None:
        told_of = {
            "connectorId": connector,
            "status": what,
            "errorCode": "NoError",
            "info": 'a "quoted" [2, x]',
        }
        call(t, "StatusNotification", told_of, {})

    def values(t: float, wh: int) -> None:
        sampled = [
            {"value": str(wh), "context": "Sample.Periodic", "unit": "Wh"},
            {"value": "16.0", "phase": "L1"},
        ]
        item = {"timestamp": iso(t), "sampledValue": sampled}
        call(t, "MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": [item]}, {})

    boot = {"chargePointVendor": "Maker", "chargePointModel": "Mödel {3}", "firmwareVersion": "1.0.2"}
    accepted = {"status": "Accepted", "currentTime": iso(0), "interval": 300}
    call(0, "BootNotification", boot, accepted)
    status(1, 0, "Available")
    status(2, 1, "Available")
    call(
        3,
        "GetConfiguration",
        {"key": ["HeartbeatInterval"]},
        {"configurationKey": [HEARTBEATS]},
        up=False,
    )
    call(5, "DataTransfer", {"vendorId": "maker", "data": '{"a": [1, 2]}'}, {"status": "Accepted"})
    call(7, "DataTransfer", {"vendorId": "office"}, {"status": "UnknownVendorId"}, up=False)
    status(60, 1, "Preparing")
    start_of = {"connectorId": 1, "idTag": "TAG1", "meterStart": 1000, "timestamp": iso(62)}
    call(62, "StartTransaction", start_of, {"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
    status(64, 1, "Charging")
    values(122, 1100)
    values(182, 1200)
    call(200, "ChangeAvailability", {"connectorId": 0, "type": "Operative"}, {"status": "Accepted"}, up=False)
    call(240, "Heartbeat", {}, {"currentTime": iso(240)})
    stop = {"transactionId": 7, "meterStop": 1300, "timestamp": iso(250), "reason": "Local"}
    call(250, "StopTransaction", stop, {"idTagInfo": {"status": "Accepted"}})
    ids[True] += 1
    told.append(Said(start + 260, True, [2, str(ids[True]), "SelfMade", {}]))
    told.append(Said(start + 260.25, False, [4, str(ids[True]), "NotImplemented", "", {}]))
    return told


Line = Callable[[Said], str]


@dataclass(frozen=True)
class Form:
    """How a log looks: `seconds` is how finely it tells time (None: not), `named`: it tells the station."""

    name: str
    write: Callable[[list[Said]], bytes]
    seconds: float | None = 0.001
    named: bool = True


def lined(line: Line) -> Callable[[list[Said]], bytes]:
    return lambda told: "".join(line(said) + "\n" for said in told).encode()


def words(up: str, down: str) -> Line:
    return lambda said: up if said.up else down


def escaped(text: str) -> str:
    return json.dumps(text)[1:-1]


# -- text logs -----------------------------------------------------------------------------------

at_csms = words("receive message", "send")


def mobilityhouse(said: Said) -> str:
    return f"{said.clock('%Y-%m-%d %H:%M:%S,%f')} INFO:ocpp:{STATION}: {at_csms(said)} {said.json}"


def home_assistant(said: Said) -> str:
    when = said.clock("%Y-%m-%d %H:%M:%S.%f")
    return f"{when} INFO (MainThread) [ocpp] {STATION}: {at_csms(said)} {said.json}"


def evcc(said: Said) -> str:
    word = "recv" if said.up else "send"
    return f"[ocpp  ] TRACE {said.clock('%Y/%m/%d %H:%M:%S')} {word} {STATION}: {said.json}"


def steve(said: Said) -> str:
    who = f"[chargeBoxId={STATION}, sessionId=ea7f8986-0e64-bc9a-8052-35ecee81c321]"
    word = "Received" if said.up else "Sending"
    when = said.clock("%Y-%m-%d %H:%M:%S,%f")
    return f"[INFO ] {when} de.rwth.idsg.steve.ocpp.ws.WebSocketLogger (qtp1-31) - {who} {word}: {said.json}"


def ocpp_go(said: Said) -> str:
    word = "received JSON message from" if said.up else "sent JSON message to"
    message = escaped(f"{word} {STATION}: {said.json}")
    return f'time="{said.clock("%Y-%m-%dT%H:%M:%SZ")}" level=debug msg="{message}" logger=ocppj'


def ocpp_core(said: Said) -> str:
    word = "Received" if said.up else "Send"
    line = f"OCPPMiddleware => {word} message of charge point '{STATION}'"
    return f"{said.clock('%Y-%m-%d %H:%M:%S.%f')} +00:00 [INF] {line}: {said.json}"


def maeve(said: Said) -> str:
    kind = "received from" if said.up else "sending to"
    when = said.clock("%Y/%m/%d %H:%M:%S")
    return f"{when} INFO {kind} charge station chargeStationId={STATION} data={said.json}"


def micro_ocpp(said: Said) -> str:
    return f"[MO] {'Send' if said.up else 'Recv'}: {said.json}"


def serial_monitor(said: Said) -> str:
    return f"{said.clock('%H:%M:%S.%f')} -> [MO] {'Send' if said.up else 'Recv'}: {said.json}"


def esp_monitor(said: Said) -> str:
    return f"{said.clock('%m-%d %H:%M:%S.%f')} D/OCPP: {'>>' if said.up else '<<'} {said.json}"


def wscat(said: Said) -> str:
    return f"{'>' if said.up else '<'} {said.json}"


def bare(said: Said) -> str:
    return said.json


def everest(said: Said) -> str:
    way = "ChargePoint>CentralSystem" if said.up else "CentralSystem>ChargePoint"
    return f"{said.iso}: {way} {said.action or 'Response'}\n{json.dumps(said.frame, indent=4)}\n"


def arrows(said: Said) -> str:
    way = f"{STATION} -> CSMS" if said.up else f"CSMS -> {STATION}"
    return f"{said.iso} | {way} | {said.json}"


def journald(said: Said) -> str:
    word = "incoming" if said.up else "outgoing"
    return f"{said.clock('%b %d %H:%M:%S')} office csms[412]: ws {word} cp={STATION} {said.json}"


def syslog_5424(said: Said) -> str:
    word = "RX" if said.up else "TX"
    return f'<14>1 {said.iso} office csms 412 ID47 [ocpp@0 station="{STATION}"] {word} {said.json}'


def kubernetes(said: Said) -> str:
    stamp = said.clock("%Y-%m-%dT%H:%M:%S.%f") + "123456Z"
    return f"{stamp} stdout F {mobilityhouse(said)}"


def compose(said: Said) -> str:
    return f"csms-1  | {mobilityhouse(said)}"


def log4j(said: Said) -> str:
    word = "<<<" if said.up else ">>>"
    when = said.clock("%d %b %Y %H:%M:%S,%f")
    return f"{when} DEBUG [nioEventLoopGroup-3-1] c.o.OcppHandler - {STATION} {word} {said.json}"


def german(said: Said) -> str:
    word = "Empfangen von" if said.up else "Gesendet an"
    return f"{said.clock('%d.%m.%Y %H:%M:%S')} {word} {STATION}: {said.json}"


def american(said: Said) -> str:
    word = "Inbound" if said.up else "Outbound"
    return f"{said.clock('%m/%d/%Y, %I:%M:%S %p')} {word} station={STATION} {said.json}"


def klog(said: Said) -> str:
    word = "read from" if said.up else "write to"
    return f"I{said.clock('%m%d %H:%M:%S.%f')}000    7 ws.go:88] {word} {STATION}: {said.json}"


def epochs(said: Said) -> str:
    return f"{said.t:.3f} {STATION} {'C2S' if said.up else 'S2C'} {said.json}"


def python_repr(said: Said) -> str:
    return f"{said.clock('%Y-%m-%d %H:%M:%S,%f')} {STATION} {'got' if said.up else 'sent'} {said.frame!r}"


def node_dump(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{name}: {node_dump(item)}" for name, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return "[ " + ", ".join(map(node_dump, value)) + " ]" if value else "[]"
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return str(value)


def node(said: Said) -> str:
    word = "onMessage" if said.up else "sendMessage"
    return f"{said.iso} [{STATION}] {word} {node_dump(said.frame)}"


def ansi(said: Said) -> str:
    return f"\x1b[32m{home_assistant(said)}\x1b[0m"


def html(said: Said) -> str:
    shown = said.json.replace("&", "&amp;").replace('"', "&quot;")
    return (
        f"<tr><td>{said.iso}</td><td>{STATION}</td><td>{'in' if said.up else 'out'}</td><td>{shown}</td></tr>"
    )


def noisy(told: Iterable[Said]) -> bytes:
    lines = ["Starting up, version [2, 3]", "{", '  "not": "a frame"', "}"]
    for said in told:
        lines += [
            home_assistant(said),
            f"{said.clock('%Y-%m-%d %H:%M:%S.%f')} WARNING (MainThread) [x] slow [1, 2]",
        ]
        lines += ["Traceback (most recent call last):", '  File "a.py", line 2, in [3]', ""]
    return "\n".join(lines).encode()


def markdown(told: Iterable[Said]) -> bytes:
    body = "\n".join(map(evcc, told))
    return f"Since the update my charger does this:\n\n```text\n{body}\n```\n\nAny idea?\n".encode()


def wireshark(told: list[Said]) -> bytes:
    lines = []
    for number, said in enumerate(told, 1):
        who = ("10.0.0.5", "10.0.0.9") if said.up else ("10.0.0.9", "10.0.0.5")
        lines += [
            f"Frame {number}: {60 + len(said.json)} bytes on wire",
            f"    Arrival Time: {said.clock('%b %e, %Y %H:%M:%S.%f')}000000 UTC",
            f"Internet Protocol Version 4, Src: {who[0]}, Dst: {who[1]}",
            "WebSocket",
            f"    .... .... 1... .... = Mask: {said.up}",
            "Line-based text data (1 lines)",
            f"    {said.json}",
            "",
        ]
    return "\n".join(lines).encode()


# -- records -------------------------------------------------------------------------------------


def docker(said: Said) -> str:
    row = {"log": mobilityhouse(said) + "\n", "stream": "stderr", "time": said.iso.replace("Z", "000001Z")}
    return json.dumps(row, separators=(",", ":"))


def winston(said: Said) -> str:
    word = "<-" if said.up else "->"
    message = f"{word} {said.json}"
    return json.dumps({"level": "debug", "message": message, "timestamp": said.iso, "cpId": STATION})


def pino(said: Said) -> str:
    row = {"level": 30, "time": round(said.t * 1000), "pid": 1, "chargePointId": STATION}
    return json.dumps({**row, "direction": "in" if said.up else "out", "ocpp": said.frame, "msg": "ocpp"})


def journal_json(said: Said) -> str:
    stamp = str(round(said.t * 1_000_000))
    return json.dumps({"__REALTIME_TIMESTAMP": stamp, "MESSAGE": f"{STATION}: {at_csms(said)} {said.json}"})


def citrine(said: Said) -> str:
    """Parts of a frame as fields of their own."""
    kind, id = said.frame[0], said.frame[1]
    row: dict[str, Any] = {"timestamp": said.iso, "stationId": STATION, "origin": "cs" if said.up else "csms"}
    row |= {"messageTypeId": kind, "correlationId": id}
    row |= {"action": said.action, "payload": said.frame[3]} if kind == 2 else {}
    row |= {"payload": said.frame[2]} if kind == 3 else {}
    row |= {"errorCode": said.frame[2], "errorDescription": "", "payload": {}} if kind == 4 else {}
    return json.dumps(row)


def own(said: Said) -> str:
    way = "up" if said.up else "down"
    return json.dumps({"at": said.iso, "station": STATION, "dir": way, "frame": said.frame})


def twice_escaped(said: Said) -> str:
    inner = json.dumps({"ocpp": said.json, "dir": "RECEIVED" if said.up else "SENT", "station": STATION})
    return json.dumps({"@timestamp": said.iso, "message": f"ws frame {inner}"})


def rows(told: Iterable[Said]) -> list[dict[str, Any]]:
    return [
        {
            "time": said.iso,
            "direction": "IN" if said.up else "OUT",
            "chargePointId": STATION,
            "message": said.frame,
        }
        for said in told
    ]


def json_array(told: Iterable[Said]) -> bytes:
    return json.dumps(rows(told)).encode()


def pretty_array(told: Iterable[Said]) -> bytes:
    return json.dumps(rows(told), indent=2).encode()


def array_of_frames(told: Iterable[Said]) -> bytes:
    return json.dumps([said.frame for said in told], indent=1).encode()


def elastic(told: Iterable[Said]) -> bytes:
    hits = [
        {"_index": "csms", "_source": {"@timestamp": s.iso, "log": {"message": mobilityhouse(s)}}}
        for s in told
    ]
    return json.dumps({"took": 3, "hits": {"total": len(hits), "hits": hits}}, indent=2).encode()


def loki(told: Iterable[Said]) -> bytes:
    values = [
        [str(round(said.t * 1000) * 1_000_000), f"{STATION}: {at_csms(said)} {said.json}"] for said in told
    ]
    stream = {"stream": {"app": "csms"}, "values": values}
    return json.dumps({"status": "success", "data": {"result": [stream]}}).encode()


def cloudwatch(told: Iterable[Said]) -> bytes:
    events = [{"timestamp": round(s.t * 1000), "message": f"{STATION}: {at_csms(s)} {s.json}"} for s in told]
    return json.dumps({"events": events, "nextForwardToken": "f/1"}, indent=4).encode()


def har(told: Iterable[Said]) -> bytes:
    messages = [
        {"type": "send" if said.up else "receive", "time": said.t, "opcode": 1, "data": said.json}
        for said in told
    ]
    entry = {"request": {"url": f"wss://office.example/ocpp/{STATION}"}, "_webSocketMessages": messages}
    return json.dumps({"log": {"version": "1.2", "entries": [entry]}}, indent=2).encode()


def table(sign: str, names: list[str], row: Callable[[Said], list[str]]) -> Callable[[list[Said]], bytes]:
    def write(told: list[Said]) -> bytes:
        file = io.StringIO()
        writer = csv.writer(file, delimiter=sign, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(row(said) for said in told)
        return file.getvalue().encode()

    return write


def kibana_row(said: Said) -> list[str]:
    return [said.clock("%b %e, %Y @ %H:%M:%S.%f"), STATION, mobilityhouse(said)]


def monta_row(said: Said) -> list[str]:
    return [
        said.iso,
        "ChargePoint" if said.up else "CSMS",
        said.action,
        json.dumps(said.frame, indent=1),
        STATION,
    ]


def split_row(said: Said) -> list[str]:
    kind = {2: "CALL", 3: "CALLRESULT", 4: "CALLERROR"}[said.frame[0]]
    payload = json.dumps(said.frame[-1])
    code = str(said.frame[2]) if said.frame[0] == 4 else ""
    where = "from CP" if said.up else "to CP"
    return [
        said.clock("%Y-%m-%d"),
        said.clock("%H:%M:%S"),
        STATION,
        where,
        kind,
        said.frame[1],
        said.action,
        code,
        payload,
    ]


SPLIT = [
    "Date",
    "Time",
    "Charge Point ID",
    "Direction",
    "Message Type",
    "Unique ID",
    "Action",
    "Error Code",
    "Payload",
]


def newest_first(line: Line) -> Callable[[list[Said]], bytes]:
    return lambda told: lined(line)(told[::-1])


def packed(pack: Callable[[bytes], bytes], line: Line) -> Callable[[list[Said]], bytes]:
    return lambda told: pack(lined(line)(told))


def in_code(code: str, line: Line) -> Callable[[list[Said]], bytes]:
    return lambda told: lined(line)(told).decode().encode(code)


FORMS = (
    Form("mobilityhouse", lined(mobilityhouse)),
    Form("home-assistant", lined(home_assistant)),
    Form("evcc", lined(evcc), 1.0),
    Form("steve", lined(steve)),
    Form("ocpp-go", lined(ocpp_go), 1.0),
    Form("ocpp-core", lined(ocpp_core)),
    Form("maeve", lined(maeve), 1.0),
    Form("micro-ocpp", lined(micro_ocpp), None, named=False),
    Form("serial-monitor", lined(serial_monitor), named=False),
    Form("esp-monitor", lined(esp_monitor), named=False),
    Form("wscat", lined(wscat), None, named=False),
    Form("bare", lined(bare), None, named=False),
    Form("everest", lined(everest), named=False),
    Form("arrows", lined(arrows)),
    Form("journald", lined(journald), 1.0),
    Form("syslog-5424", lined(syslog_5424)),
    Form("kubernetes", lined(kubernetes)),
    Form("compose", lined(compose)),
    Form("log4j", lined(log4j)),
    Form("german", lined(german), 1.0),
    Form("american", lined(american), 1.0),
    Form("klog", lined(klog)),
    Form("epochs", lined(epochs), named=False),
    Form("python-repr", lined(python_repr), named=False),
    Form("node", lined(node)),
    Form("ansi", lined(ansi)),
    Form("html", lined(html), named=False),
    Form("noisy", noisy),
    Form("markdown", markdown, 1.0),
    Form("wireshark", wireshark, named=False),
    Form("docker", lined(docker)),
    Form("winston", lined(winston)),
    Form("pino", lined(pino)),
    Form("journal-json", lined(journal_json)),
    Form("citrine", lined(citrine)),
    Form("own", lined(own)),
    Form("twice-escaped", lined(twice_escaped)),
    Form("json-array", json_array),
    Form("pretty-array", pretty_array),
    Form("array-of-frames", array_of_frames, None, named=False),
    Form("elastic", elastic),
    Form("loki", loki),
    Form("cloudwatch", cloudwatch),
    Form("har", har, named=False),
    Form("kibana-csv", table(",", ["@timestamp", "host", "message"], kibana_row)),
    Form("monta-csv", table(";", ["Created at", "Sender", "Action", "Payload", "Charge point"], monta_row)),
    Form("split-tsv", table("\t", SPLIT, split_row), 1.0),
    Form("steve-newest-first", newest_first(steve)),
    Form("bare-newest-first", newest_first(bare), None, named=False),
    Form("steve-gz", packed(gzip.compress, steve)),
    Form("steve-bz2", packed(bz2.compress, steve)),
    Form("steve-xz", packed(lzma.compress, steve)),
    Form("steve-utf-16", in_code("utf-16", steve)),
    Form("steve-utf-16-without-mark", in_code("utf-16-le", steve)),
    Form("steve-utf-8-with-mark", in_code("utf-8-sig", steve)),
    Form("steve-cp1252", in_code("cp1252", steve)),
    Form("steve-crlf", lambda told: lined(steve)(told).replace(b"\n", b"\r\n")),
    Form("steve-twice", lambda told: lined(steve)(told) * 2),
    Form("bare-twice", lambda told: lined(bare)(told) * 2, None, named=False),
    Form("by-two-loggers", lined(lambda said: f"{mobilityhouse(said)}\n{winston(said)}")),
)
