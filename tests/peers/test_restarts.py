"""A back office killed in the middle of a lockstep week: nothing is lost, nothing comes twice in vain."""

import json
import threading
from collections import Counter

import pytest
from peer import Peer, available

from evc5.rigs.bench.rig import Rig

pytestmark = pytest.mark.peers
CRASHES = {
    700: "unanswered",
    3000: "unheard",
    6500: "answered",
}  # which request of a transaction, how


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
    return Counter(
        (action, json.dumps({key: value for key, value in payload.items() if key != "transactionId"}))
        for action, payload in rows
        if action == "StartTransaction" or "transactionId" in payload
    )


def surplus(messages):
    """What is there more than once."""
    return messages - Counter(set(messages))


def test_the_run_goes_on_to_its_end(week):
    run, _ = week
    assert run.summary["state"] == "complete" and run.summary["simulated_s"] == 7 * 86_400


def test_every_transaction_message_arrives_once_and_again_only_where_its_reply_was_lost(week):
    run, heard = week
    came = transaction_messages((row["action"], row["payload"]) for row in heard)
    calls = [frame for frame in run.frames() if frame.kind == "CALL" and frame.dir == "up"]
    answered = {frame.id for frame in run.frames() if frame.kind == "CALLRESULT" and frame.dir == "down"}
    sent = transaction_messages((call.action, call.payload) for call in calls)
    lost = transaction_messages((call.action, call.payload) for call in calls if call.id not in answered)
    assert set(came) == set(sent)
    assert surplus(sent) == lost and 2 <= lost.total() <= len(CRASHES)
    assert surplus(came) <= lost and 1 <= surplus(came).total() < lost.total()  # one was never heard


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
    assert {finding["severity"] for finding in told} == {"warning"}
    assert sum(finding["times"] for finding in told) == len(CRASHES)
