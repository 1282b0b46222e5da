"""AuthorizationKey: a changed one is what the next connection uses, though the URL came with a password."""

import base64

from evc5.twin.line.endpoint import Endpoint, without_password

URL = "ws://user:old@csms.example:9000/ocpp"


def password(endpoint: Endpoint) -> bytes:
    header = endpoint.authorization()
    assert header is not None
    return base64.b64decode(header.removeprefix("Basic "))


def test_a_url_can_lose_its_password_and_keep_its_user() -> None:
    assert without_password(URL) == "ws://user@csms.example:9000/ocpp"
    assert without_password("ws://csms.example/ocpp") == "ws://csms.example/ocpp"


def test_the_key_counts_once_the_url_has_no_password() -> None:
    assert password(Endpoint(URL, "CP1", lambda: "new")) == b"user:old"
    assert password(Endpoint(without_password(URL), "CP1", lambda: "new")) == b"user:new"
