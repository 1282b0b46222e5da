"""evc5 probe of a twin that dials in over a socket, at the pace of the wall clock."""

import re
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from evc5.rigs.bench.bench import Bench
from evc5.rigs.probe import session
from evc5.rigs.probe.groups import link
from evc5.rigs.probe.probe import Options, Probe
from evc5.rigs.probe.runner import DONE
from evc5.rigs.probe.units import Served, charge_point
from evc5.rigs.served.listener import Address
from evc5.twin.sheet.behaviour import Behaviour

TWIN = "EVC5-0001"
QUICK = {
    "link.boot", "link.handshake", "link.pings", "link.extra_field", "link.two_at_once", "trigger.Heartbeat",
}  # fmt: skip


def quick(every: Callable[[Behaviour], list[Probe]]) -> Callable[[Behaviour], list[Probe]]:
    return lambda known: [one for one in every(known) if one.name in QUICK]


@pytest.mark.slow
def test_a_few_probes_of_a_twin_on_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a line in memory does not have, a handshake and pings, and what every line has."""
    monkeypatch.setattr(link, "PING_S", 1)
    monkeypatch.setattr(session, "catalogue", quick(session.catalogue))
    served = Served(Address(port=0), identity=TWIN, dials_in_s=60.0, boots_s=20.0)
    with ExitStack() as stack:

        def tell(text: str) -> None:
            if url := re.search(r"ws://\S+:\d+", text):
                stack.enter_context(Bench(csms=url.group(), pace=1.0, start="now", identity=TWIN))

        unit = stack.enter_context(charge_point(served, tmp_path, tell))
        found = session.probe(unit.line, unit.identity, tmp_path, Options())
    assert {one.probe for one in found.findings.values() if one.state == DONE} == QUICK
    assert (found.left, found.gone) == ([], "")
    assert found.facts["link.subprotocols"] == "ocpp1.6"
    assert (found.facts["link.credentials"], found.facts["link.tls"]) == ("none", "none")
    assert found.facts["link.client_certificate"] == "none"
    assert found.facts["effect.WebsocketPingInterval"] == "followed"
    assert found.facts["link.two_at_once"] == "one, two"
    assert found.facts["trigger.Heartbeat.comes"] == "yes"
