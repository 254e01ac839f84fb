"""Worker processes without PyTorch, which start fast and end when their parent does."""

import os
import signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread


def start_workers(most: int) -> ProcessPoolExecutor:
    """Return a pool of as many processes as there are cores, or fewer.

    They are started one by one, with the first tasks. Functions that they are sent should be of
    modules that do not import PyTorch, which would take seconds and 200 MB in each.

    Args:
        most: No more processes than this.
    """
    workers = min(most, os.cpu_count() or 1)
    # PyTorch and CUDA have threads, and may hold locks that a forked process would wait for.
    return ProcessPoolExecutor(workers, get_context("spawn"), initializer=_obey_parent)


def _obey_parent() -> None:
    """Leave Ctrl-C to the parent, and end with it, even where it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
