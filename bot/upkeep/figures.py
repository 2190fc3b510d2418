"""What a trial comes to: shares with the room that chance leaves them, confusions, and every message that went wrong."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.matching.learned import LIVE, NOT_LIVE
from bot.upkeep.messages import OUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.matching import Cuts
    from bot.upkeep.trial import Tried

_NORMAL = 1.959964  # 95 in 100 lie within so many standard deviations

IN_SCOPE = {
    "first": "right flow first",
    "among_three": "right flow among three",
    "opened_rightly": "opened, rightly",
    "opened_wrongly": "opened, wrongly",
    "asked_with_it": "asked, the right one among three",
    "asked_without_it": "asked, the right one missing",
    "unknown": '"I don\'t know"',
}
OUT_OF_SCOPE = {"opened": "opened all the same", "asked": "asked which of three", "unknown": '"I don\'t know"'}
DANGER = {
    "live": "live emergencies: alarm",
    "live_by_phrase": "live emergencies: alarm by a phrase alone",
    "not_live": "only sounds like one: alarm",
    "ordinary": "ordinary messages: alarm",
    "out_of_scope": "out of scope: alarm",
}
WENT_WRONG = {
    "missed": "An emergency that raised no alarm",
    "opened_wrongly": "Another flow was opened",
    "opened_out_of_scope": "A flow was opened, though none is for it",
    "asked_without_it": "Asked, without the right flow among the three",
    "unknown": 'Answered with "I don\'t know"',
    "false_alarm": "An alarm for an ordinary message",
    "false_alarm_sounds_live": "An alarm for a message that only sounds like an emergency",
}
"""What can go wrong, the worst first."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share of one; of nothing it is nothing."""
        return self.hits / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Between what the true share lies, 95 times in 100 (Wilson's interval, good for few messages and for none)."""
        if not self.of:
            return 0.0, 1.0
        n, z2 = self.of, _NORMAL**2
        middle = (self.value + z2 / (2 * n)) / (1 + z2 / n)
        half = _NORMAL / (1 + z2 / n) * math.sqrt(self.value * (1 - self.value) / n + z2 / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:6.1%}  ({low:.1%} to {high:.1%}; {self.hits} of {self.of})"

    def to_json(self) -> dict[str, Any]:
        """Return it as the JSON of `nlu evaluate` has it."""
        low, high = self.interval
        return {
            "share": round(self.value, 4),
            "low": round(low, 4),
            "high": round(high, 4),
            "hits": self.hits,
            "of": self.of,
        }


@dataclass(frozen=True, slots=True)
class Confusion:
    """Messages about one thing that were taken for another; `opened` says how many of them opened it unasked."""

    about: str
    taken_for: str
    opened: int
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wrong:
    """One message that went wrong, and how."""

    how: str
    tried: Tried


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a trial showed; a part is empty where no such messages were tried."""

    messages: int
    kind: str
    cuts: Cuts
    in_scope: dict[str, Share]
    out_of_scope: dict[str, Share]
    danger: dict[str, Share]
    flows: dict[str, dict[str, Share]]
    voices: dict[str, dict[str, Share]]
    confusions: tuple[Confusion, ...]
    wrong: tuple[Wrong, ...]


def report(tried: Sequence[Tried], cuts: Cuts, kind: str = "words") -> Report:
    """Count what was tried; messages about danger count for the alarm alone."""
    about_danger = {LIVE, NOT_LIVE}
    inside = [one for one in tried if one.about not in {OUT, *about_danger}]
    outside = [one for one in tried if one.about == OUT]
    flows, voices = defaultdict(list), defaultdict(list)
    for one in inside:
        flows[one.about].append(one)
        if one.message.voice:
            voices[one.message.voice].append(one)
    return Report(
        messages=len(tried),
        kind=kind,
        cuts=cuts,
        in_scope=_in_scope(inside, cuts) if inside else {},
        out_of_scope={band: _share(one.band(cuts) == band for one in outside) for band in OUT_OF_SCOPE}
        if outside
        else {},
        danger=_danger(tried, inside, outside),
        flows={flow: _in_scope(some, cuts) for flow, some in sorted(flows.items())},
        voices={voice: _in_scope(some, cuts) for voice, some in voices.items()},
        confusions=_confusions([*inside, *outside], cuts),
        wrong=_wrong(tried, cuts),
    )


def _share(hits: Iterable[bool]) -> Share:
    every = list(hits)
    return Share(sum(every), len(every))


def _in_scope(some: Sequence[Tried], cuts: Cuts) -> dict[str, Share]:
    bands = [(one, one.band(cuts)) for one in some]
    return {
        "first": _share(one.right_first for one in some),
        "among_three": _share(one.about in one.flows for one in some),
        "opened_rightly": _share(band == "opened" and one.right_first for one, band in bands),
        "opened_wrongly": _share(band == "opened" and not one.right_first for one, band in bands),
        "asked_with_it": _share(band == "asked" and one.about in one.flows for one, band in bands),
        "asked_without_it": _share(band == "asked" and one.about not in one.flows for one, band in bands),
        "unknown": _share(band == "unknown" for _, band in bands),
    }


def _danger(tried: Sequence[Tried], inside: Sequence[Tried], outside: Sequence[Tried]) -> dict[str, Share]:
    live = [one for one in tried if one.about == LIVE]
    groups = {
        "live": [one.routing.danger for one in live],
        "live_by_phrase": [one.by_phrase for one in live],
        "not_live": [one.routing.danger for one in tried if one.about == NOT_LIVE],
        "ordinary": [one.routing.danger for one in inside],
        "out_of_scope": [one.routing.danger for one in outside],
    }
    return {name: _share(raised) for name, raised in groups.items() if raised}


def _confusions(some: Sequence[Tried], cuts: Cuts) -> tuple[Confusion, ...]:
    """Pair what messages were about with what came first; what was answered "I don't know" about nothing is right."""
    pairs: dict[tuple[str, str], list[Tried]] = defaultdict(list)
    for one in some:
        fine = one.right_first if one.about != OUT else one.band(cuts) == "unknown"
        if one.flows and not fine:
            pairs[one.about, one.flows[0]].append(one)
    made = [
        Confusion(about, other, sum(one.band(cuts) == "opened" for one in held), tuple(o.message.text for o in held))
        for (about, other), held in pairs.items()
    ]
    return tuple(sorted(made, key=lambda pair: (-pair.opened, -len(pair.texts), pair.about, pair.taken_for)))


def _wrong(tried: Sequence[Tried], cuts: Cuts) -> tuple[Wrong, ...]:
    found = [Wrong(how, one) for one in tried for how in _how_wrong(one, one.band(cuts))]
    order = list(WENT_WRONG)
    return tuple(sorted(found, key=lambda wrong: (order.index(wrong.how), wrong.tried.about)))


def _how_wrong(one: Tried, band: str) -> Iterable[str]:
    if one.about == LIVE:
        if not one.routing.danger:
            yield "missed"
        return
    if one.about == NOT_LIVE:
        if one.routing.danger:
            yield "false_alarm_sounds_live"
        return
    if one.about == OUT:
        if band == "opened":
            yield "opened_out_of_scope"
    elif band == "opened" and not one.right_first:
        yield "opened_wrongly"
    elif band == "asked" and one.about not in one.flows:
        yield "asked_without_it"
    elif band == "unknown":
        yield "unknown"
    if one.routing.danger:
        yield "false_alarm"
