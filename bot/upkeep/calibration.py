"""What the cuts should be: worked out from held-out messages and left-out examples, by rules that stand here.

Both count, because they err on different sides: examples hold many near misses on purpose, and held-out messages are few.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.matching import Cuts
from bot.matching.learned import LIVE, NOT_LIVE
from bot.upkeep.figures import Share
from bot.upkeep.messages import OUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bot.upkeep.trial import Tried

WRONG_HELD_OUT, WRONG_LEFT_OUT = 0.02, 0.06
"""Most messages that may open a wrong flow unasked."""
OUT_OPENED = 0.1
"""Most messages that no flow is for and that may open one."""
LOST = 0.03
"""Most messages that may be answered "I don't know" though the right flow was among the three."""
LIVE_FOUND = 0.97
"""Fewest live emergencies that have to raise the alarm, with the phrases; a lead may ask for another share."""

OPENS = tuple(n / 100 for n in range(30, 100))
CHOICES = tuple(n / 100 for n in range(2, 61))
ALARMS = tuple(n / 100 for n in range(-95, 51))
_SHOWN_EVERY = {"open_at": 5, "choose_at": 4, "alarm_at": 10}


@dataclass(frozen=True, slots=True)
class Row:
    """What one cut would do: each figure by its name."""

    cut: float
    figures: dict[str, Share]
    holds: bool
    """Whether it keeps to the rules above."""


@dataclass(frozen=True, slots=True)
class Worked:
    """One cut as it was worked out, with every other that was looked at."""

    name: str
    rule: str
    now: float
    cut: float
    kept: bool
    """False where no cut keeps to the rule: then it is the one that comes nearest."""
    table: tuple[Row, ...]

    @property
    def row(self) -> Row:
        """What the chosen cut does."""
        return next(row for row in self.table if row.cut == self.cut)

    @property
    def read_off(self) -> str:
        """What the chosen cut does, as the file says it behind the number."""
        return "; ".join(f"{name} {share.value:.1%}" for name, share in self.row.figures.items())


def calibrate(
    held_out: Sequence[Tried], left_out: Sequence[Tried], now: Cuts, live: float = LIVE_FOUND
) -> tuple[Worked, Worked, Worked]:
    """Work out where to open, where to ask, and where to raise the alarm; only the tables look at the cuts of now."""
    opened = _opening(held_out, left_out, now.open_at)
    asked = _choosing(held_out, left_out, now.choose_at, opened.cut)
    return opened, asked, _alarm(held_out, left_out, now.alarm_at, live)


def as_cuts(worked: Sequence[Worked]) -> Cuts:
    """Return the three as cuts."""
    return Cuts(**{one.name: one.cut for one in worked})


def as_text(worked: Sequence[Worked]) -> str:
    """Return the tables for a terminal: every fifth cut, the one of now, and the one that was chosen."""
    lines: list[str] = []
    for one in worked:
        names = list(one.table[0].figures)
        lines += [*([""] if lines else []), f"{one.name}: {one.rule}", " " * 10 + "".join(f"{n:>22}" for n in names)]
        every = _SHOWN_EVERY[one.name]
        for place, row in enumerate(one.table):
            if place % every == 0 or row.cut in {one.now, one.cut}:
                marks = [mark for mark, at in (("now", one.now), ("chosen", one.cut)) if row.cut == at]
                shares = "".join(f"{share.value:22.1%}" for share in row.figures.values())
                lines.append(f"{row.cut:8.2f} {'' if row.holds else '-':1}{shares}  {', '.join(marks)}".rstrip())
        if not one.kept:
            lines.append(
                f"No {one.name} keeps to this; {one.cut:g} comes nearest. More and better examples are needed."
            )
    lines += ["", "A dash: does not keep to the rule."]
    return "\n".join(lines)


def _opening(held: Sequence[Tried], left: Sequence[Tried], now: float) -> Worked:
    """Open as much as can be opened while little is opened wrongly: the lowest cut that keeps to it."""

    def row(cut: float) -> Row:
        figures = {
            "rightly, held out": _share(one.best >= cut and one.right_first for one in _inside(held)),
            "wrongly, held out": _share(one.best >= cut and not one.right_first for one in _inside(held)),
            "no flow's, held out": _share(one.best >= cut for one in _outside(held)),
            "rightly, left out": _share(one.best >= cut and one.right_first for one in _inside(left)),
            "wrongly, left out": _share(one.best >= cut and not one.right_first for one in _inside(left)),
            "no flow's, left out": _share(one.best >= cut for one in _outside(left)),
        }
        holds = (
            figures["wrongly, held out"].value <= WRONG_HELD_OUT
            and figures["wrongly, left out"].value <= WRONG_LEFT_OUT
            and figures["no flow's, held out"].value <= OUT_OPENED
            and figures["no flow's, left out"].value <= OUT_OPENED
        )
        return Row(cut, figures, holds)

    rule = (
        f"opened wrongly at most {WRONG_HELD_OUT:.0%} of held-out messages and {WRONG_LEFT_OUT:.0%} of left-out examples, and at "
        f"most {OUT_OPENED:.0%} of what no flow is for"
    )
    return _worked("open_at", rule, now, OPENS, row, prefer=min, otherwise=max)


def _choosing(held: Sequence[Tried], left: Sequence[Tried], now: float, open_at: float) -> Worked:
    """Say "I don't know" as often as can be, while few messages that were understood are lost by it: the highest cut."""

    def row(cut: float) -> Row:
        figures = {
            "lost, held out": _share(one.best < cut and one.about in one.flows for one in _inside(held)),
            "unknown, held out": _share(one.best < cut for one in _inside(held)),
            "no flow's, held out": _share(one.best < cut for one in _outside(held)),
            "lost, left out": _share(one.best < cut and one.about in one.flows for one in _inside(left)),
            "unknown, left out": _share(one.best < cut for one in _inside(left)),
            "no flow's, left out": _share(one.best < cut for one in _outside(left)),
        }
        return Row(cut, figures, all(figures[f"lost, {which} out"].value <= LOST for which in ("held", "left")))

    rule = f"at most {LOST:.0%} of messages whose flow was among the three are lost; as many as can be of what no flow is for are"
    below = [cut for cut in CHOICES if cut < open_at]
    return _worked("choose_at", rule, now, below, row, prefer=max, otherwise=min)


def _alarm(held: Sequence[Tried], left: Sequence[Tried], now: float, found: float) -> Worked:
    """Find nearly every live emergency, and at that raise as few false alarms as can be: the highest cut."""

    def row(cut: float) -> Row:
        def raised(some: Iterable[Tried]) -> Share:
            return _share(one.by_phrase or one.likeness >= cut for one in some)

        figures = {
            "live, held out": raised(one for one in held if one.about == LIVE),
            "sounds so, held out": raised(one for one in held if one.about == NOT_LIVE),
            "ordinary, held out": raised(_inside(held)),
            "live, left out": raised(one for one in left if one.about == LIVE),
            "sounds so, left out": raised(one for one in left if one.about == NOT_LIVE),
            "ordinary, left out": raised(_inside(left)),
        }
        together = raised(one for one in (*held, *left) if one.about == LIVE)
        return Row(cut, figures, min(together.value, figures["live, held out"].value) >= found)

    rule = (
        f"the alarm, by a phrase or by likeness, for at least {found:.0%} of live emergencies, of those held out and of all "
        "together; then the fewest false ones"
    )
    return _worked("alarm_at", rule, now, ALARMS, row, prefer=max, otherwise=min)


def _worked(
    name: str,
    rule: str,
    now: float,
    cuts: Sequence[float],
    row: Callable[[float], Row],
    *,
    prefer: Callable[[Iterable[float]], float],
    otherwise: Callable[[Iterable[float]], float],
) -> Worked:
    looked_at = {*cuts, now} if cuts[0] <= now <= cuts[-1] else set(cuts)
    table = tuple(map(row, sorted(looked_at)))
    kept = [one.cut for one in table if one.holds and one.cut in cuts]
    return Worked(name, rule, now, prefer(kept) if kept else otherwise(cuts), bool(kept), table)


def _inside(some: Iterable[Tried]) -> Iterable[Tried]:
    return (one for one in some if one.about not in {OUT, LIVE, NOT_LIVE})


def _outside(some: Iterable[Tried]) -> Iterable[Tried]:
    return (one for one in some if one.about == OUT)


def _share(hits: Iterable[bool]) -> Share:
    every = list(hits)
    return Share(sum(every), len(every))
