"""Threads that give way: long computations beside work that somebody waits for."""

import os
import platform
import sys
from contextlib import suppress
from struct import Struct
from typing import Final

THREADS_GIVE_WAY: Final = sys.platform == "linux"
"""Whether threads have a priority of their own here."""
NICENESS: Final = 12
"""Added to that of a thread: a busy event loop beside one gets fifteen times its share.

Enough for others to keep most of their pace, and little enough for a crowd to be hashed within its patience.
"""

_LONGEST_TURN: Final = 100_000_000  # nanoseconds
# the C library has no name for sched_setattr(2) before glibc 2.41
_SCHED_SETATTR: Final = {"x86_64": 314, "aarch64": 274}
_ATTRIBUTES: Final = Struct("=IIQiIQQQ")  # size, policy, flags, nice, priority, runtime, deadline, period


def give_way() -> None:
    """Lower the priority of this thread, so that it fills what others leave of busy processors.

    A sandbox may forbid it, and another system not know it; then it competes like everything else.
    """
    if not THREADS_GIVE_WAY:
        return
    with suppress(OSError):
        os.nice(NICENESS)
    _take_long_turns()


def _take_long_turns() -> None:
    """Ask for turns of the greatest length (Linux 6.12 and later; before, it changes nothing).

    A thread of shorter turns that has something to do interrupts one of longer turns at once; niceness alone
    lets it wait until a turn of a few milliseconds is over.
    """
    number = _SCHED_SETATTR.get(platform.machine())
    if number is None:
        return
    import ctypes  # noqa: PLC0415  no import of the package pays for it

    nice = os.getpriority(os.PRIO_PROCESS, 0)  # of this thread
    wanted = _ATTRIBUTES.pack(_ATTRIBUTES.size, 0, 0, nice, 0, _LONGEST_TURN, 0, 0)
    ctypes.CDLL(None).syscall(number, 0, wanted, 0)
