"""How a process of ours starts another: the program to call, and an end with its parent."""

import ctypes
import signal
import sys

PROGRAM = [sys.executable, "-c", "import motorpool; motorpool.main()"]  # wherever the console script may be
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def end_with_parent() -> None:
    """Be told by the kernel to end when the parent is killed; for `preexec_fn`, from the main thread."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
