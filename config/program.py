"""How a process of ours starts another, ends with its parent, and prepares for millions of rows."""

import ctypes
import gc
import signal
import sys

PROGRAM = [sys.executable, "-c", "import motorpool; motorpool.main()"]  # wherever the console script may be
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def end_with_parent() -> None:
    """Be told by the kernel to end when the parent is killed; for `preexec_fn`, from the main thread."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def expect_many_objects() -> None:
    """Of what is there already nothing is garbage: spare the collector looking through it, again and again.

    Reading a million rows takes 45 % less of a core so (docs/benchmarks.md).
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
