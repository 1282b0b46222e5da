"""The keys that say where the station dials in, and with what credentials, acting on a real socket."""

import base64
from contextlib import contextmanager

import orjson
import pytest
from local_csms import CERTIFICATES, server_tls, until, websocket_server
from websockets.frames import Opcode

from evc5.rigs.bench.bench import Bench

KEY = "sixteen letters!"
ACCEPTED = {
    "BootNotification": {"status": "Accepted", "interval": 3600, "currentTime": "2024-01-01T00:00:00Z"},
    "StatusNotification": {},
}


class Office:
    """A back office that notes who dials in, and has something to ask after the first boot."""

    def __init__(self, *asks):
        self.dialled, self.replies = [], []
        self._asks = list(asks)

    def note(self, connection, request):
        credentials = request.headers.get("Authorization", "").removeprefix("Basic ")
        self.dialled.append((request.path, base64.b64decode(credentials).decode()))

    def __call__(self, ws):
        for text in ws:
            frame = orjson.loads(text)
            if frame[0] == 3:
                self.replies.append(frame[2])
            else:
                ws.send(orjson.dumps([3, frame[1], ACCEPTED.get(frame[2], {})]).decode())
                if frame[2] == "BootNotification":
                    for number, (action, payload) in enumerate(self._asks):
                        ws.send(orjson.dumps([2, f"q{number}", action, payload]).decode())
                    self._asks.clear()


@contextmanager
def server(office, tls=None):
    with websocket_server(office, process_request=office.note, tls=tls) as url:
        yield url


def change(key, value):
    return "ChangeConfiguration", {"key": key, "value": value}


READ = ("GetConfiguration", {"key": ["com_Endpoint", "AuthorizationKey"]})
RESET = ("Reset", {"type": "Soft"})


@pytest.mark.parametrize("secure", [False, True], ids=["profile 1", "profile 2"])
def test_com_endpoint_takes_the_station_to_another_back_office_at_its_next_boot(secure):
    """The sheet's SecurityProfile: basic authentication over ws or, profile 2, wss, by the URL alone."""
    new = Office(READ)
    with server(new, server_tls() if secure else None) as there:
        old = Office(change("AuthorizationKey", KEY), change("com_Endpoint", f"{there}/a/#OSN#"), RESET)
        with server(old) as here, Bench(csms=here, identity="CP1", ca_file=CERTIFICATES / "csms.pem") as one:
            one.advance(60)
            until(lambda: new.replies)
            assert one.assembly.station.agent.online
    assert old.dialled == [("/CP1", "")] and new.dialled == [("/a/CP1", f"CP1:{KEY}")]
    told = {entry["key"]: entry.get("value", "hidden") for entry in new.replies[0]["configurationKey"]}
    assert told == {"com_Endpoint": f"{there}/a/#OSN#", "AuthorizationKey": "hidden"}


NOWHERE = (
    "ws://[x",
    "ws://x:99999/",
    "ws://a..b/x",
    f"ws://{'a' * 64}/x",
    "ws://h#OSN#",
    "ws://u:p@[x/",
    "é..x",
)


def test_a_com_endpoint_that_nothing_can_dial_is_rejected_and_the_station_stays():
    office = Office(*(change("com_Endpoint", url) for url in NOWHERE), RESET)
    with server(office) as here, Bench(csms=here, identity="CP1") as one:
        one.advance(300)
        until(lambda: len(office.dialled) == 2)
        assert one.assembly.station.agent.online
    assert office.replies == [{"status": "Rejected"}] * len(NOWHERE) + [{"status": "Accepted"}]


def test_a_firmware_that_takes_any_com_endpoint_goes_on_where_it_was(tmp_path):
    row = '[table.23]\ncom_Endpoint = { pattern = ".*" }\n'
    (tmp_path / "lax.toml").write_text(f'inherits = "evc5-v32r30"\n{row}')
    office = Office(*(change("com_Endpoint", url) for url in NOWHERE), RESET)
    lax = str(tmp_path / "lax.toml")
    with server(office) as here, Bench(csms=here, identity="CP1", behaviour=lax) as one:
        one.advance(300)
        until(lambda: len(office.dialled) == 2)
        assert one.assembly.station.agent.online


def test_websocket_ping_interval_takes_effect_when_it_is_written():
    pings = []

    class Counting(Office):
        def __call__(self, ws):
            process = ws.process_event

            def spy(event):
                pings.append(getattr(event, "opcode", None) == Opcode.PING)
                process(event)

            ws.process_event = spy
            super().__call__(ws)

    with server(Counting(change("WebsocketPingInterval", "100"))) as url, Bench(csms=url) as one:
        one.advance(1050)
        until(lambda: sum(pings) >= 10)
        one.assembly.station.configuration.change("WebsocketPingInterval", "0")
        one.advance(1000)
    assert sum(pings) == 10


def test_another_identity_dials_in_with_the_credentials_that_the_url_gave():
    office = Office(change("com_OCPCID", "CP2"), RESET)
    with server(office) as url, Bench(csms=url.replace("//", "//me:sesame@"), identity="CP1") as one:
        one.advance(60)
        until(lambda: len(office.dialled) == 2)
    assert office.dialled == [("/CP1", "me:sesame"), ("/CP2", "me:sesame")]


def test_the_station_tells_where_it_dials_in_without_the_credentials():
    office = Office(READ)
    with server(office) as url, Bench(csms=url.replace("//", "//me:sesame@"), identity="CP1") as one:
        one.advance(5)
        until(lambda: office.replies)
    assert office.replies[0]["configurationKey"][0]["value"] == f"{url}/#OSN#"
