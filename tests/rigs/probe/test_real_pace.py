"""evc5 probe of a twin that dials in over a socket, at the pace of the wall clock."""

import re
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from places import CERTIFICATES

from evc5.rigs.bench.bench import Bench
from evc5.rigs.probe import session
from evc5.rigs.probe.groups import link
from evc5.rigs.probe.probe import Options, Probe
from evc5.rigs.probe.results.write import write
from evc5.rigs.probe.runner import DONE
from evc5.rigs.probe.units import Served, charge_point
from evc5.rigs.served.listener import Address
from evc5.twin.sheet.behaviour import Behaviour

TWIN = "EVC5-0001"
QUICK = {
    "link.boot", "link.handshake", "link.pings", "link.extra_field", "link.two_at_once", "trigger.Heartbeat",
}  # fmt: skip


def only(every: Callable[[Behaviour], list[Probe]], names: set[str]) -> Callable[[Behaviour], list[Probe]]:
    return lambda known: [one for one in every(known) if one.name in names]


def dials_in(stack: ExitStack, password: str = "") -> Callable[[str], None]:
    """A twin that does so as soon as it hears where to."""

    def tell(text: str) -> None:
        if url := re.search(r"(wss?://)(\S+:\d+)", text):
            to = f"{url[1]}{TWIN}:{password}@{url[2]}" if password else url.group()
            stack.enter_context(Bench(csms=to, pace=1.0, start="now", identity=TWIN))

    return tell


@pytest.mark.slow
def test_a_few_probes_of_a_twin_on_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a line in memory does not have, a handshake and pings, and what every line has."""
    monkeypatch.setattr(link, "PING_S", 1)
    monkeypatch.setattr(session, "catalogue", only(session.catalogue, QUICK))
    served = Served(Address(port=0), identity=TWIN, dials_in_s=60.0, boots_s=20.0)
    with ExitStack() as stack:
        unit = stack.enter_context(charge_point(served, tmp_path, dials_in(stack)))
        found = session.probe(unit.line, unit.identity, tmp_path, Options())
    assert {one.probe for one in found.findings.values() if one.state == DONE} == QUICK
    assert (found.left, found.gone) == ([], "")
    assert found.facts["link.subprotocols"] == "ocpp1.6"
    assert (found.facts["link.credentials"], found.facts["link.tls"]) == ("none", "none")
    assert found.facts["link.client_certificate"] == "none"
    assert found.facts["effect.WebsocketPingInterval"] == "followed"
    assert found.facts["link.two_at_once"] == "one, two"
    assert found.facts["trigger.Heartbeat.comes"] == "yes"


@pytest.mark.slow
def test_a_link_over_tls_is_told_with_its_version_cipher_and_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "csms.pem"))
    monkeypatch.setattr(session, "catalogue", only(session.catalogue, {"link.handshake"}))
    address = Address(port=0, certificate=CERTIFICATES / "csms.pem", key=CERTIFICATES / "csms.key")
    served = Served(address, identity=TWIN, dials_in_s=60.0, boots_s=20.0)
    with ExitStack() as stack:
        unit = stack.enter_context(charge_point(served, tmp_path, dials_in(stack, "none-of-your-business")))
        found = session.probe(unit.line, unit.identity, tmp_path, Options())
        write(found, tmp_path, "now", [])
    version, _, cipher = found.facts["link.tls"].partition(", ")
    assert (version, bool(cipher)) == ("TLSv1.3", True)
    assert found.facts["link.credentials"] == "Basic, its identity as user"
    assert (found.left, found.gone) == ([], "")
    assert f"{version}, {cipher}" in (tmp_path / "sheet.md").read_text()
    told = "".join(path.read_text() for path in tmp_path.glob("*.*") if path.is_file())
    assert "none-of-your-business" not in told
