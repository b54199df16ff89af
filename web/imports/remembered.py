"""What was read of a file, kept for the next look at it: each choice in the wizard looks again.

The first lines of a workbook of 100,000 rows take 4 s, for it is opened whole. A file is known by its hash,
so what is kept is never out of date. It is in the reader's language, as the faults of lines are.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import TypeVar

from flask_babel import get_locale

MOST = 16
LARGEST = 1 << 20  # characters
Found = TypeVar("Found")
_kept: OrderedDict[Hashable, object] = OrderedDict()
_lock = Lock()


def recall(key: Hashable, read: Callable[[], Found], measure: Callable[[Found], int]) -> Found:
    """What `read` gives, or gave the last time; what is larger than LARGEST is read each time."""
    whole = (str(get_locale()), key)
    with _lock:
        if whole in _kept:
            _kept.move_to_end(whole)
            return _kept[whole]  # type: ignore[return-value]
    found = read()
    if measure(found) <= LARGEST:
        with _lock:
            _kept[whole] = found
            while len(_kept) > MOST:
                _kept.popitem(last=False)
    return found
