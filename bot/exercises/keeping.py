"""What is erased when: an exercise goes whole, with everybody's part in it, and leaves no trace in its file.

Thirty days after it ended, or began, unless told otherwise; at its facilitator's word at once. No record is kept of it:
an exercise is no evidence.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.clock import stamp
from bot.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.exercises.store import ExerciseStore

KEPT_DAYS = 30
DAYS = "THINKCHILD_EXERCISE_DAYS"


def days_kept(environ: Mapping[str, str]) -> int:
    """Return for how many days exercises are kept; raises SetupError for what is no number of days."""
    wanted = environ.get(DAYS, "").strip() or str(KEPT_DAYS)
    if not wanted.isascii() or not wanted.isdecimal() or not 0 < int(wanted) <= 3650:  # noqa: PLR2004 - ten years
        raise SetupError(f"{DAYS} is for how many days exercises are kept: set it to 30, for instance.")
    return int(wanted)


def erase(store: ExerciseStore, exercise: str) -> None:
    """Erase an exercise and everything in it; what it held is overwritten."""
    with store.transaction():
        store.remove(exercise)
    store.leave_no_trace()


def tidy(store: ExerciseStore, now: datetime, days: int) -> int:
    """Erase what is older than so many days, and addresses that nobody needs any more; returns how many exercises went."""
    before = stamp(now - timedelta(days=days))
    old = [one.id for one in store.exercises() if (one.ended_at or one.began_at) < before]
    with store.transaction():
        for exercise in old:
            store.remove(exercise)
        store.forget_visitors(stamp(now - timedelta(days=1)))
    if old:
        store.leave_no_trace()
    return len(old)
