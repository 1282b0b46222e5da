"""Who does the runs: this process, processes of our own, or any executor of `concurrent.futures`."""

import multiprocessing
import os
import signal
import threading
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, as_completed, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import wait as wait_for

from evc5.rigs.bench.cores import cores
from evc5.rigs.errors import BadInput, DataWarning
from evc5.rigs.sweep.task import Row, Task, run_task

A_WORKER = 2  # runs handed out for each: one at work and one at hand
DIED = "the worker process died"
GUARD = 'sweep: its processes cannot start: a script calls sweep() below if __name__ == "__main__":'

Crew = Callable[[Sequence[Task]], Generator[Row]]


def refuse_while_starting() -> None:
    """A script without its guard calls sweep() again in each of its own workers."""
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise BadInput(GUARD)


def chosen(jobs: int | None, executor: Executor | None) -> Crew:
    """Who does the runs, in whatever order; BadInput for what cannot be asked."""
    if executor is not None and jobs is not None:
        raise BadInput(f"jobs must not stand beside executor, which has its own workers, got {jobs}")
    if executor is not None:
        return partial(by_executor, executor)
    jobs = cores() if jobs is None else jobs
    if jobs < 1:
        raise BadInput(f"jobs must be >= 1, got {jobs}")
    return here if jobs == 1 else partial(by_processes, jobs)


def here(tasks: Sequence[Task]) -> Generator[Row]:
    """One after the other, in this process."""
    yield from map(run_task, tasks)


def by_executor(executor: Executor, tasks: Sequence[Task]) -> Generator[Row]:
    """By somebody's executor, in whatever order; what it cannot do is the row's error."""
    futures: dict[Future[Row], Task] = {executor.submit(run_task, task): task for task in tasks}
    try:
        for future in as_completed(futures):
            failure = future.exception()
            told = f"{type(failure).__name__}: {failure}"
            yield future.result() if failure is None else futures[future].row(error=told)
    finally:
        for future in futures:
            future.cancel()


def by_processes(jobs: int, tasks: Sequence[Task]) -> Generator[Row]:
    """By so many processes of our own, in whatever order.

    Which run killed its worker shows by itself: those that were handed out when it died are done again one by
    one, and the culprit dies alone.
    """
    waiting = deque(tasks)
    while waiting:
        suspects: list[Task] = []
        yield from _until_one_dies(min(jobs, len(waiting)), waiting, suspects)
        for task in suspects:
            died: list[Task] = []
            yield from _until_one_dies(1, deque([task]), died)
            yield from (one.row(error=DIED) for one in died)


def _until_one_dies(jobs: int, waiting: deque[Task], suspects: list[Task]) -> Iterator[Row]:
    """Rows as they come; where a worker dies, what was handed out is left in `suspects`."""
    handed_out: dict[Future[Row], Task] = {}
    with _pool(jobs) as pool:
        while waiting or handed_out:
            while waiting and len(handed_out) < A_WORKER * jobs and not suspects:
                try:
                    handed_out[pool.submit(run_task, waiting[0])] = waiting[0]
                except BrokenProcessPool:
                    suspects.append(waiting[0])
                waiting.popleft()
            done, _ = wait(handed_out, return_when=FIRST_COMPLETED)
            for future in done:
                task = handed_out.pop(future)
                if isinstance(future.exception(), BrokenProcessPool):
                    suspects.append(task)
                else:
                    yield future.result()
            if suspects and not handed_out:
                return


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Fresh processes, the same on every system; ended at once where the sweep is."""
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _as_worker)
    try:
        try:
            pool.submit(os.getpid).result()
        except BrokenProcessPool:
            raise BadInput(GUARD) from None
        yield pool
    except BaseException:  # also while the processes are starting
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _as_worker() -> None:
    """Leave Ctrl-C to the parent, and go when it has gone: a queue would keep an orphan waiting for ever.

    What there is to warn of the data the parent has told.
    """
    warnings.simplefilter("ignore", DataWarning)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_die_with, args=[parent.sentinel], daemon=True).start()


def _die_with(sentinel: int) -> None:
    wait_for([sentinel])
    os._exit(1)
