"""Scripts of diagnostics and firmware: delivered and not, there, none, and not there."""

from evc5.rigs.bench.bench import Bench
from evc5.rigs.selftest.verbs import ask, begin, end, serve, take_files
from evc5.twin.services.firmware import image


def files(bench: Bench) -> None:
    """Diagnostics asked for, delivered and not; firmware that is there, is none, and is not there."""
    bench.advance(30.0)
    for takes in (False, True):
        take_files(bench, takes)
        bench.advance(2.0)  # an upload that begins within a second of the change may have met either server
        ask(bench, "GetDiagnostics", {"location": "ftp://server/in"})
        bench.advance(120.0)
    serve(bench, "ftp://server/bad", b"nothing of the kind", None)
    serve(bench, "ftp://server/cut", image("V32R31")[:-1], None)
    serve(bench, "ftp://server/new", image("V32R31"), "V32R31")
    begin(bench, 1)
    _update(bench, "missing", 400.0)
    _update(bench, "bad", 120.0)  # it waits for the transaction's end
    end(bench, 1)
    bench.advance(200.0)
    _update(bench, "cut", 200.0)
    begin(bench, 1)
    _update(bench, "new", 120.0)
    end(bench, 1)
    bench.advance(700.0)
    begin(bench, 1)
    bench.advance(120.0)
    end(bench, 1)


def _update(bench: Bench, name: str, wait_s: float) -> None:
    date = bench.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    wanted = {"location": f"ftp://server/{name}", "retrieveDate": date, "retries": 1}
    ask(bench, "UpdateFirmware", wanted)
    bench.advance(wait_s)
