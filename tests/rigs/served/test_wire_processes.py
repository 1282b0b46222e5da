"""evc5 csms as a process: the stock ocpp charge point, the twin from another process, two hundred at once."""

import asyncio
import json
import logging
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from heeded import heeded
from local_csms import CERTIFICATES, until
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from places import ROOT
from websockets.asyncio.client import connect

try:
    import resource
except ImportError:  # Windows
    resource = None

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
pytestmark = pytest.mark.slow


@contextmanager
def evc5_csms(*arguments, stdin=subprocess.DEVNULL, **how):
    """Serves on a free port; yields its URL and the process."""
    command = [sys.executable, "-m", "evc5", "csms", "--port", "0", *map(str, arguments)]
    process = subprocess.Popen(
        command, env=ENVIRONMENT, text=True, stdin=stdin,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **how,
    )  # fmt: skip
    try:
        said = process.stderr.readline()
        threading.Thread(target=process.stderr.read, daemon=True).start()  # a full pipe would hold it up
        yield said.split()[-1].removesuffix("/<identity>"), process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(timeout=600.0)  # it judges what it served: of 1,100 stations, beside other work


class Stock(ChargePoint):
    """The stock charge point; answers what our back office asks after a boot."""

    @on("GetConfiguration")
    def on_get_configuration(self, **_):
        keys = {"NumberOfConnectors": "1", "HeartbeatInterval": "3600"}
        read_only = ("NumberOfConnectors",)  # 9.1
        rows = [{"key": key, "readonly": key in read_only, "value": value} for key, value in keys.items()]
        return call_result.GetConfiguration(configuration_key=rows)


@contextmanager
def quiet():
    logger = logging.getLogger("ocpp")
    level = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(level)


async def dialled(url, identity):
    socket = await connect(
        f"{url}/{identity}", subprotocols=["ocpp1.6"], compression=None, proxy=None, ping_interval=None
    )
    station = Stock(identity, socket)
    return station, asyncio.create_task(station.start())


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


async def charge(url):
    """Boot, a short transaction, and goodbye."""
    station, reader = await dialled(url, "STOCK1")
    await station.call(call.BootNotification("Model", "Vendor"))
    for status in ("Available", "Preparing"):
        await station.call(call.StatusNotification(1, "NoError", status, timestamp=now()))
    await station.call(call.StatusNotification(0, "NoError", "Available", timestamp=now()))
    await station.call(call.Authorize("TAG1"))
    started = await station.call(call.StartTransaction(1, "TAG1", 100, now()))
    await station.call(call.StatusNotification(1, "NoError", "Charging", timestamp=now()))
    await asyncio.sleep(1.0)
    stop = call.StopTransaction(200, now(), started.transaction_id, reason="Local", id_tag="TAG1")
    await station.call(stop)
    await station.call(call.StatusNotification(1, "NoError", "Finishing", timestamp=now()))
    reader.cancel()
    await station._connection.close()
    return started


def test_the_stock_charge_point_is_served_and_judged(tmp_path):
    with evc5_csms("--out", tmp_path, "--station", "STOCK1") as (url, process), quiet():
        started = asyncio.run(charge(url))
        process.send_signal(signal.SIGINT)
        assert process.wait(60.0) == 0
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert started.id_tag_info["status"] == "Accepted" and summary["state"] == "complete"
    assert summary["passed"] and [session["kwh"] for session in summary["sessions"]] == [0.1]


def test_the_twin_dials_in_from_another_process_and_both_ends_record_the_same(tmp_path):
    """Its days pass in seconds: to whoever serves it, it is a twin run accelerated, and that is said."""
    with evc5_csms("--out", tmp_path / "served") as (url, process):
        run = [sys.executable, "-m", "evc5", "run", "first-charge", "--quiet", "--csms", url, "--out"]
        assert subprocess.run([*run, tmp_path / "run"], env=ENVIRONMENT, timeout=120).returncode == 0
        process.send_signal(signal.SIGINT)
        assert process.wait(60.0) == 0
    findings = json.loads((tmp_path / "served" / "EVC5-0001" / "summary.json").read_text())["findings"]
    told = [(finding["severity"], finding["requirement"]) for finding in findings]
    assert told == [("warning", "clock.station")] and "run accelerated" in findings[0]["message"]
    assert frames(tmp_path / "run") == frames(tmp_path / "served" / "EVC5-0001")


def frames(directory):
    """The frames' texts; in no order, as frames that cross stand otherwise at the other end."""
    rows = (json.loads(line) for line in (directory / "messages.jsonl").read_text().splitlines())
    return sorted(json.dumps(row["frame"]) for row in rows)


HANDS = """
name = "hands"
start = "NOW"
days = 0.01
[station]
backend = "hardware"
identity = "CP1"
keys = { AuthorizationKey = "sixteen letters!" }
[[sessions]]
vehicle = "vw-id3-58"
soc = 0.5
plug_in = 0.5
unplug = 600.0
tag_after_s = 1.0
"""


def test_ctrl_c_in_the_middle_of_a_rig_on_hardware_leaves_a_complete_run_directory(tmp_path):
    hands = HANDS.replace("NOW", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    (tmp_path / "hands.toml").write_text(hands)
    (tmp_path / "twin.toml").write_text(hands.replace('backend = "hardware"', ""))
    pem, key = (str(CERTIFICATES / name) for name in ("csms.pem", "csms.key"))
    served = ("--tls-cert", pem, "--tls-key", key, tmp_path / "hands.toml", "--out", tmp_path / "served")
    run = [sys.executable, "-m", "evc5", "run", str(tmp_path / "twin.toml"), "--quiet", "--pace", "1"]
    with evc5_csms(*served, stdin=subprocess.PIPE) as (url, process):
        assert url.startswith("wss://")
        dials = [*run, "--csms", url, "--ca-file", pem, "--out", str(tmp_path / "twin")]
        twin = subprocess.Popen(dials, env=ENVIRONMENT)
        process.stdin.write("the blue car\n\n")  # plugged in, and the card shown
        process.stdin.flush()
        until(lambda: '"plug-in"' in read(tmp_path / "served" / "events.jsonl"))
        until(lambda: '"StartTransaction"' in read(tmp_path / "served" / "messages.jsonl"))
        process.send_signal(signal.SIGINT)
        assert process.wait(60.0) == 130
        twin.send_signal(signal.SIGINT)
        assert twin.wait(60.0) == 130
    summary = json.loads((tmp_path / "served" / "summary.json").read_text())
    assert summary["state"] == "interrupted" and summary["passed"], summary["findings"]
    assert (tmp_path / "served" / "report.html").exists()
    assert '"note":"the blue car"' in read(tmp_path / "served" / "events.jsonl")
    kept = [path for path in (*tmp_path.glob("served/**/*"), *tmp_path.glob("twin/**/*")) if path.is_file()]
    assert kept and not any(b"sixteen letters" in path.read_bytes() for path in kept)


def read(path):
    return path.read_text() if path.exists() else ""


STATIONS, SECONDS = 200, 60


async def crowd(url, pid):
    """Each sends a message a second; the seconds of each reply, and memory after a third and at the end."""
    dialled_in = await asyncio.gather(*(dialled(url, f"CP{n:03}") for n in range(STATIONS)))
    taken = []

    async def one(station, n):
        await asyncio.sleep(n / STATIONS)  # not all at once
        await station.call(call.BootNotification("Model", "Vendor"))
        for k in range(SECONDS):
            due = began + 2.0 + n / STATIONS + k
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            asked = time.monotonic()
            reply = await station.call(call.Heartbeat(), suppress=False)
            taken.append(time.monotonic() - asked)
            assert reply.current_time

    async def weigh():
        await asyncio.sleep(SECONDS / 3)
        return resident_mb(pid)

    began = time.monotonic()
    weighing = asyncio.create_task(weigh())
    await asyncio.gather(*(one(station, n) for n, (station, _) in enumerate(dialled_in)))
    memory_mb = await weighing, resident_mb(pid)
    for station, reader in dialled_in:
        reader.cancel()
        await station._connection.close()
    return taken, *memory_mb


def resident_mb(pid):
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) / 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="measures memory by /proc")
def test_two_hundred_charge_points_each_with_a_message_a_second(tmp_path):
    with evc5_csms("--out", tmp_path) as (url, process), quiet():
        taken, early_mb, memory_mb = asyncio.run(crowd(url, process.pid))
        process.send_signal(signal.SIGINT)
        process.wait(120.0)
    print(f"slowest {max(taken):.3f} s, median {statistics.median(taken):.4f} s")
    print(f"memory {early_mb:.0f} to {memory_mb:.0f} MB")
    assert len(taken) == STATIONS * SECONDS
    percentiles = statistics.quantiles(taken, n=100)
    assert percentiles[-1] < 1.0 and max(taken) < 10.0, percentiles  # one may meet a machine that pauses
    assert memory_mb < 400 and memory_mb - early_mb < 30
    heartbeats = sum(
        (tmp_path / f"CP{n:03}" / "messages.jsonl").read_text().count('"Heartbeat"') for n in range(200)
    )
    assert heartbeats == STATIONS * SECONDS


def limit_descriptors():
    """As `ulimit -n 1024`, in the child before it becomes the back office."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))


async def dial(url, identities):
    """All at once on the line, each with an answer; how many descriptors the back office then holds."""
    stations = await asyncio.gather(*(dialled(url, identity) for identity in identities))
    replies = await asyncio.gather(*(station.call(call.Heartbeat()) for station, _ in stations))
    for station, reader in stations:
        reader.cancel()
        await station._connection.close()
    return replies


@pytest.mark.skipif(resource is None, reason="the system knows no limit of descriptors")
def test_five_hundred_charge_points_at_once_and_six_hundred_more_after_them_within_1024_descriptors(tmp_path):
    with evc5_csms("--out", tmp_path, preexec_fn=limit_descriptors) as (url, _), quiet():
        for batch in range(3):
            replies = asyncio.run(dial(url, [f"CP{batch}-{n}" for n in range(500 if not batch else 300)]))
            assert all(reply.current_time for reply in replies)
    assert len(list(tmp_path.iterdir())) == 1100


@pytest.mark.parametrize("number", heeded(signal.SIGTERM, signal.SIGHUP, signal.SIGINT))
def test_any_signal_to_end_leaves_complete_recordings(tmp_path, number):
    with evc5_csms("--out", tmp_path, "--station", "CP1") as (url, process), quiet():
        asyncio.run(dial(url, ["CP1"]))
        process.send_signal(number)
        assert process.wait(60.0) == 0
    assert json.loads((tmp_path / "summary.json").read_text())["state"] == "complete"


def test_a_killed_back_office_loses_nothing_that_is_older_than_a_second(tmp_path):
    with evc5_csms("--out", tmp_path, "--station", "CP1") as (url, process), quiet():
        asyncio.run(dial(url, ["CP1"]))
        time.sleep(2.0)
        process.kill()
    rows = [json.loads(line)["frame"] for line in (tmp_path / "messages.jsonl").read_text().splitlines()]
    assert [row[0] for row in rows] == [2, 3]
