"""A back office killed in the middle of a lockstep week: nothing is lost, nothing comes twice in vain."""

import json
import threading
from collections import Counter

import pytest
from peer import Peer, available

from rigs.rig import Rig

pytestmark = pytest.mark.peers
CRASHES = [700, 3000, 6500]  # with these requests of all: written down, never answered


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    if not available("ocpp-rpc"):
        pytest.skip("npm ci in tests/peers installs it")
    folder = tmp_path_factory.mktemp("restarts")
    with Peer("ocpp-rpc", folder, crashAt=CRASHES, onBoot=[["GetConfiguration", {}]]) as peer:
        reviver = threading.Thread(target=revive, args=(peer,), daemon=True)
        reviver.start()
        run = Rig.load("week").run(out=folder / "run", csms=peer.url)
        reviver.join(1.0)
        assert not reviver.is_alive()
        yield run, peer.heard()


def revive(peer):
    for _ in CRASHES:
        peer.wait(180.0)
        peer.start()


def transaction_messages(rows):
    """How often each was sent or came, but for the number of its transaction."""
    actions = ("StartTransaction", "StopTransaction", "MeterValues")
    return Counter(
        (action, json.dumps({key: value for key, value in payload.items() if key != "transactionId"}))
        for action, payload in rows
        if action in actions
    )


def test_the_run_goes_on_to_its_end(week):
    run, _ = week
    assert run.summary["state"] == "complete" and run.summary["simulated_s"] == 7 * 86_400


def test_every_transaction_message_arrives_once_or_again_where_its_reply_was_lost(week):
    run, heard = week
    came = transaction_messages((row["action"], row["payload"]) for row in heard)
    sent = transaction_messages(
        (frame.action, frame.payload) for frame in run.frames() if frame.kind == "CALL"
    )
    assert set(came) == set(sent)
    assert sum(came.values()) - len(came) <= len(CRASHES) and max(came.values()) <= 2


def test_each_transaction_keeps_its_number(week):
    run, heard = week
    starts = [row for row in heard if row["action"] == "StartTransaction"]
    stops = [row for row in heard if row["action"] == "StopTransaction"]
    assert len({json.dumps(row) for row in starts}) == len(run.transactions)
    assert len(stops) >= len(run.transactions) - 2  # the last ones may still run


def test_the_recording_tells_the_kills_and_the_verdict_holds(week):
    run, _ = week
    lost = run.events.query("event == 'link-down'")
    assert len(lost) == len(CRASHES)
    assert all(detail["kind"] == "lost" for detail in lost["detail"])
    assert len(run.events.query("event == 'link-up'")) == len(CRASHES)
    assert run.passed, run.findings
    told = [finding for finding in run.findings if finding["requirement"] == "connection.kept"]
    assert [finding["severity"] for finding in told] == ["warning"] * len(CRASHES)
