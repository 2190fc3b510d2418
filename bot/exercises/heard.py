"""What became of something that came in: a closed list, which channels act on."""

from __future__ import annotations

from enum import StrEnum


class Heard(StrEnum):
    """What became of something that came in; what is said to it is in the post."""

    TAKEN = "taken"
    REPEATED = "repeated"
    GUARDED = "guarded"
    """Taken, and it may hold something that identifies somebody: delete it where that can be done."""
    ELSEWHERE = "elsewhere"
    """Whoever sent it is in no exercise: it is for live guidance."""
    REAL = "real"
    """The exercise was left because something is real: live guidance has to answer at once."""
    REAL_CHILD = "real_child"
    """The exercise was left for a real child, who is in no danger: live guidance has to begin."""
    STALE = "already_answered"
    REFUSED = "refused"


FOR_LIVE = frozenset({Heard.REAL, Heard.REAL_CHILD})
"""What live guidance answers, and nobody else."""
