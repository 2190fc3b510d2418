"""When to open a flow, when to ask which of three, when to say "I don't know", and when to raise the alarm.

The cuts are content (`knowledge/phrases/cuts.yaml`), which says what they were read off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHARPNESS = 10.0
"""Turns scores into shares of one."""
PART_COUNTS_LESS = 0.4
"""A sentence by itself is easily like an emergency: it has to be so much more like one than a whole message."""

MOST_PART_WORDS = 48
"""Words in the parts that are looked at closely: those whose words are most like a live emergency."""
_PART_WORDS = 40
_MOST_PARTS = 40


@dataclass(frozen=True, slots=True)
class Cuts:
    """From which share on a flow is opened, or asked about; from which likeness the alarm is raised, or a writer told."""

    open_at: float
    choose_at: float
    alarm_at: float
    writer_at: float = 1.0


EARLIER = Cuts(open_at=0.9, choose_at=0.15, alarm_at=-0.57)
"""What held before the cuts were content: for content kept in a record since then, and for a matcher that is given none."""


def shares(scores: Mapping[str, float]) -> dict[str, float]:
    """Give each label its share of one."""
    best = max(scores.values(), default=0.0)
    if best <= -1.0:
        return {}
    raised = {label: math.exp(SHARPNESS * (score - best)) for label, score in scores.items()}
    whole = math.fsum(raised.values())
    return {label: part / whole for label, part in raised.items()}


def parts(sentences: Sequence[Sequence[str]]) -> list[list[str]]:
    """Cut a message into parts that are looked at one by one: a cry for help must not drown in what stands around it."""
    if len(sentences) == 1 and len(sentences[0]) <= _PART_WORDS:
        return []  # the whole message is the only part
    cut = [list(words[i : i + _PART_WORDS]) for words in sentences for i in range(0, len(words), _PART_WORDS)]
    if len(cut) <= _MOST_PARTS:
        return cut
    joined = [word for words in sentences for word in words]
    return [joined[i : i + _PART_WORDS] for i in range(0, len(joined), _PART_WORDS)][:_MOST_PARTS]
