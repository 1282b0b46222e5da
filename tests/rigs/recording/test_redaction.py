"""Credentials are in no recording and on no terminal: by key, in URLs, by value where they come again."""

import json
import time
from base64 import b64decode, b64encode

import pytest
from local_csms import websocket_server

from evc5 import BadInput, Bench, Rig
from evc5.rigs.command.cli import main
from evc5.rigs.command.password import with_password
from evc5.rigs.recording.writing.redaction import Redactor, redacted
from evc5.rigs.rigfile.file import RigFile

KEY = "sesame/für ALLE 01"
SMALL = {"name": "small", "start": "2024-03-01T16:00:00Z", "days": 0.01}


def changed(key, value):
    return json.dumps([2, "c", "ChangeConfiguration", {"key": key, "value": value}])


@pytest.mark.parametrize(
    "text",
    [
        changed("AuthorizationKey", KEY),
        changed("authorizationkey ", KEY),
        changed("com_Endpoint", f"wss://me:{KEY.replace(' ', '').replace('/', '')}@host/ocpp/#OSN#"),
        changed("com_Endpoint", "me:sesame01@host/ocpp"),
        changed("gsm_APN", f"internet,user,{KEY}"),
        changed("gsm_Options", "noSmsChk=0,password=sesame01,AutoApn=1"),
        changed("wifi_Passphrase", KEY),
        '[2,"c","ChangeConfiguration",{"Key":"AuthorizationKey","Value":"sesame01"}]',
        '[2,"c","ChangeConfiguration",{"key":"AuthorizationKey","value":{"is":["sesame01"]}}]',
        '[2,"c","ChangeConfiguration",["AuthorizationKey","sesame01"]]',
        '[2,"c","ChangeConfiguration","AuthorizationKey","sesame01"]',
        '[2,"c","ChangeConfiguration",{"AuthorizationKey":"sesame01"}]',
        '[2,"c","ChangeConfiguration",{"key":"AuthorizationKey","value":"sesame01"',
        '[2,"c","ChangeConfiguration",{"key":"AuthorizationKey","value":' + "[" * 300 + '"sesame01"',
        changed("AuthorizationKey", "deep").replace('"deep"', "[" * 60 + '"sesame01"' + "]" * 60),
        '[2,"c","GetDiagnostics",{"location":"ftp://me:sesame01@host/x"}]',
        json.dumps([2, "c", "DataTransfer", {"vendorId": "v", "data": "see https://u:sesame01@h/ or h"}]),
        json.dumps([2, "c", "DataTransfer", {"vendorId": "v", "data": json.dumps({"password": "sesame01"})}]),
        r'[2,"c","DataTransfer",{"vendorId":"v","data":"https:\/\/u:sesame01@h/"}]',
        r'[2,"c","DataTransfer",{"vendorId":"v","data":"https:\/\/u:sesame01@h/"',
        '[3,"c",{"configurationKey":[{"key":"AuthorizationKey","readonly":false,"value":"sesame01"}]}]',
        "AuthorizationKey sesame01",
        *(changed(key, "sesame01") for key in ("Authorisation_Key", "api-key", "sim_pin", "GSM_PUK")),
        *(changed("gsm_Options", f"{name}=sesame01") for name in ("pin", "Wifi Key", "access_token")),
        *(changed("gsm_SMS", f"{before}sesame01") for before in ("", "+3160000000,")),
        *(changed("note", text) for text in ("pwd -> sesame01", "password => 'sesame01'", "PASS: sesame01")),
        changed("note", '<password>sesame01</password><AuthorizationKey value="sesame01"/>'),
        changed("note", "-----BEGIN RSA PRIVATE KEY-----\nsesame01\n-----END RSA PRIVATE KEY-----"),
        changed("note", "Authorization: Bearer sesame01"),
        *(
            json.dumps([2, "c", "GetDiagnostics", {"location": f"https://host/x?se=2&{name}=sesame01"}])
            for name in ("sig", "X-Amz-Signature", "token", "key", "pass")
        ),
        changed("api_key", "sesame01")[:-3],
    ],
)  # fmt: skip
def test_a_secret_is_written_in_zeros_wherever_it_stands(text):
    assert "sesame" in text and "sesame" not in redacted(text)


@pytest.mark.parametrize(
    "text",
    [
        '[2, "c1", "GetConfiguration", {"key": ["AuthorizationKey", "HeartbeatInterval"]}]',
        '[3,"c1",{"unknownKey":["AuthorizationKey","x"]}]',
        '[2,"c","ChangeConfiguration",{"key":"HeartbeatInterval","value":"300"}]',
        '[2,"c","GetDiagnostics",{"location":"ftp://host/a@b:c"}]',
        '[2,"c","DataTransfer",{"vendorId":"v","data":"a:b@c"}]',
        '[2,"c","DataTransfer",{"vendorId":"v","data":"Basic charging costs more"}]',
        '[2,"c","DataTransfer",{"vendorId":"v","data":"bearer certificates, bypass: 7, http://h/?key=firmware"}]',
        '[2,"c","ChangeConfiguration",{"key":"WebSocketPingInterval","value":"20"}]',
        '[2,"c","DataTransfer",{"vendorId":"v","data":"idToken=04AABBCCDD11"}]',
    ],
)
def test_what_is_no_secret_stays_to_the_byte(text):
    assert redacted(text) == text


def test_what_basic_authentication_sends_is_hidden():
    for text in ("Authorization: Basic Q1AxOnNlc2FtZTAx", changed("note", "basic Q1AxOnNlc2FtZTAx=")):
        assert "Q1AxOnNl" in text and "Q1AxOnNl" not in redacted(text)


def test_a_secret_that_is_called_like_one_is_hidden_again_and_the_name_of_one_is_not():
    redactor = Redactor()
    for value in ("topsecret", "Password1", "AuthorizationKey"):
        redactor.frame(changed("AuthorizationKey", value))
    assert (
        redactor.text("topsecret, Password1: no AuthorizationKey")
        == "000000000, 000000000: no AuthorizationKey"
    )


@pytest.mark.parametrize("user", ["", "A", "AB", "EVC5-0001"])
def test_a_secret_that_was_seen_is_hidden_in_base64_too(user):
    redactor = Redactor()
    redactor.learn("Sesame-Password1")
    coded = b64encode(f"{user}:Sesame-Password1 and more".encode()).decode()
    shown = redactor.text(f"got {coded}").removeprefix("got ")
    assert b"Password" not in b64decode(shown) and b"and more" in b64decode(shown)


@pytest.mark.parametrize("again", ["{}", "got '{}' here"])
def test_a_secret_that_was_seen_is_hidden_wherever_it_comes_again(again):
    redactor = Redactor()
    redactor.frame(changed("AuthorizationKey", KEY))
    for text in (
        json.dumps([4, "c", "InternalError", again.format(KEY), {}]),
        json.dumps([4, "c", "InternalError", again.format(KEY), {}], ensure_ascii=False),
        again.format("sesame%2Ff%C3%BCr%20ALLE%2001"),
    ):
        assert "sesame" not in redactor.frame(text) + redactor.text(text)
    assert redactor.tree({"why": [again.format(KEY)]}) == {"why": [again.format("0" * len(KEY))]}


def test_a_short_secret_is_hidden_in_its_place_and_no_number_like_it_elsewhere():
    redactor = Redactor(["1234"])
    assert redactor.frame('[3,"1234",{}]') == '[3,"1234",{}]'
    assert '"value":"0000"' in redactor.frame('[2,"1234","X",{"key":"gsm_SimPin","value":"1234"}]')


def test_a_stranger_with_ever_new_secrets_costs_no_more_and_more_time_and_the_own_ones_stay_hidden():
    redactor = Redactor(["first-sesame-0123"])
    began = time.process_time()
    for number in range(300):  # some 0.1 s; one pattern made of all of them took 14 s
        assert "sesame" not in redactor.frame(changed("note", f"password=sesame{number:09}"))
    assert time.process_time() - began < 3
    assert "sesame" not in redactor.text("first-sesame-0123, sesame000000299")


def test_a_secret_of_a_hundred_thousand_characters_is_hidden_in_its_place():
    redactor = Redactor()
    assert "sesame" not in redactor.frame(changed("AuthorizationKey", "sesame" * 20_000))


def everything(directory):
    return b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())


def test_no_file_of_a_bench_holds_what_it_was_given_to_keep(tmp_path):
    keys = {"AuthorizationKey": "first-sesame-0123", "gsm_APN": "apn,me,third-sesame"}
    keys["com_Endpoint"] = "ws://u:forth-sesame@h/#OSN#"
    with Bench(out=tmp_path / "run", keys=keys) as bench:
        bench.call("GetConfiguration", {})
        bench.call("ChangeConfiguration", {"key": "AuthorizationKey", "value": "other-sesame-0123"})
        bench.call("DataTransfer", {"vendorId": "v", "data": "other-sesame-0123 or http://a:fifth-sesame@b/"})
        bench.csms.reply("DataTransfer", {"status": "Accepted", "data": "first-sesame-0123"})
        bench.assembly.event("operator", note="the key is first-sesame-0123")
        bench.send_text(
            '[2,"x","ChangeConfiguration",{"key":"AuthorizationKey","value":{"a":"sixth-sesame"}}]'
        )
        bench.advance(10)
        bench.run_so_far()
    assert b"sesame" not in everything(tmp_path / "run")


BRAND = """
name = "brand"
inherits = "ocpp16"
[table.17.AuthorizationKey]
default = "first-sesame-0123"
[table.23.com_Endpoint]
default = "wss://me:other-sesame@host/"
"""


def test_what_a_behaviour_brings_along_is_hidden_from_the_first_frame_on(tmp_path):
    (tmp_path / "brand.toml").write_text(BRAND)
    with Bench(out=tmp_path / "run", behaviour=str(tmp_path / "brand.toml")) as bench:
        bench.call("DataTransfer", {"vendorId": "v", "data": "first-sesame-0123 and other-sesame"})
        bench.assembly.event("operator", note="first-sesame-0123")
    assert b"sesame" not in everything(tmp_path / "run")


def test_what_was_set_in_an_earlier_life_is_hidden_from_the_first_frame_on(tmp_path):
    memory = str(tmp_path / "memory")
    with Bench(memory=memory) as bench:
        bench.call("ChangeConfiguration", {"key": "AuthorizationKey", "value": "other-sesame-0123"})
    with Bench(out=tmp_path / "run", memory=memory) as bench:
        bench.call("DataTransfer", {"vendorId": "v", "data": "other-sesame-0123"})
    assert b"sesame" not in everything(tmp_path / "run")


@pytest.mark.slow
def test_a_recording_with_a_hidden_endpoint_replays_alike(tmp_path):
    rig = Rig(RigFile.parse({**SMALL, "station": {"keys": {"com_Endpoint": "ws://u:sesame-01@h/#OSN#"}}}))
    rig.run(out=tmp_path / "run")
    again = rig.run(out=tmp_path / "again", replay=tmp_path / "run")
    assert again.summary["replay"]["difference"] is None


@pytest.mark.parametrize(
    "station",
    [
        {"keys": {"AuthorizationKey": "sesame" * 20}},
        {"keys": {"AuthorizationKey": ["sesame01", {}]}},
        {"keys": {"com_Endpoint": "ws://u:sesame01@ /x y"}},
    ],
)
def test_a_refused_rig_file_does_not_repeat_its_secrets(station):
    with pytest.raises(BadInput) as raised:
        RigFile.parse({**SMALL, "station": station})
    assert "sesame" not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["http://me:sesame01@h/", "ws://me:sesame01@h:99999999/", "ws://me:sesame01@"]
)
def test_a_refused_url_does_not_repeat_its_password(url, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["run", "first-charge", "--csms", url]) == 2
    assert "sesame" not in "".join(capsys.readouterr())


# --- --csms with a password that no list of processes shows ---


def test_the_password_comes_from_the_environment_or_a_file(tmp_path, monkeypatch):
    (tmp_path / "secret").write_text("sesame@01\r\n")
    assert with_password("ws://h/x", tmp_path / "secret") == "ws://:sesame%4001@h/x"
    assert with_password("ws://me@h:9000/x", tmp_path / "secret") == "ws://me:sesame%4001@h:9000/x"
    assert with_password("ws://me@h/x", None) == "ws://me@h/x"
    monkeypatch.setenv("EVC5_CSMS_PASSWORD", "other")
    assert with_password("ws://me@h/x", None) == "ws://me:other@h/x"
    assert with_password(None, None) is None


@pytest.mark.parametrize(
    ("url", "content", "said"),
    [
        (None, "x", "must come with --csms"),
        ("ws://h/", "", "must not be empty"),
        ("ws://a:b@h/", "x", "has a password already"),
        ("ws://h/", None, "No such file"),
    ],
)
def test_a_password_that_cannot_be_used_is_refused(tmp_path, url, content, said):
    if content is not None:
        (tmp_path / "secret").write_text(content)
    with pytest.raises(BadInput, match=said):
        with_password(url, tmp_path / "secret")


@pytest.mark.slow
def test_the_twin_dials_in_with_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVC5_CSMS_PASSWORD", "sesame-0123456789")
    (tmp_path / "small.toml").write_text('name = "small"\nstart = 2024-03-01T16:00:00Z\ndays = 0.001\n')
    seen = []

    def refuse(connection, request):
        seen.append(request.headers.get("Authorization"))
        return connection.respond(401, "no\n")

    with websocket_server(lambda ws: None, process_request=refuse) as url:
        assert main(["run", "small.toml", "--csms", url]) == 2
    assert seen == ["Basic RVZDNS0wMDAxOnNlc2FtZS0wMTIzNDU2Nzg5"]  # EVC5-0001:sesame-0123456789
    assert "sesame" not in "".join(capsys.readouterr())
