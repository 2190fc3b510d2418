"""When to open a flow, when to ask which of three, when to say "I don't know", and when to raise the alarm.

The cuts were read off five-fold cross-validation over the examples (`python benchmarks/words.py`), which holds many near
misses on purpose, and then held against messages nobody learned from (`tests/test_understood.py`, with floors).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHARPNESS = 10.0
"""Turns scores into shares of one."""
OPEN_AT = 0.9
"""Left-out examples: 35 in 100 open rightly, 5.6 wrongly. Held-out messages: 51, and 0.8."""
CHOOSE_AT = 0.15
"""Left-out examples: the best flow of 6 in 100 stays below. Of held-out messages no flow is for, 89 in 100 do."""
ALARM_AT = -0.57
"""With the phrases, left-out examples: 93 in 100 live emergencies (97 where two hands had taught), 12 in 100 ordinary
messages. Held-out messages: 98 and 14."""
PART_COUNTS_LESS = 0.4
"""A sentence by itself is easily like an emergency: it has to be so much more like one than a whole message."""

_PART_WORDS = 40
_MOST_PARTS = 40


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
