"""What a flow asks of a practitioner, in figures: its steps, paths, taps to the first thing to do and to the end, reading age.

Pure. Taps are counted over all paths, each option on its own; prompts that are marked one by one count as one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.checks.words import texts_of
from bot.graph import Graph, branches
from bot.models import ActStep, AskStep, CallStep
from bot.navigation import QUESTIONS, after, path_of, shows, start, step_at
from bot.outline import steps_below
from bot.readability import reading_age
from bot.replay import next_of

if TYPE_CHECKING:
    from bot.library import Library
    from bot.models import Flow
    from bot.navigation import Position

Facts = frozenset[str]
Taps = Counter[int]


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one flow."""

    flow: str
    own_steps: int
    paths: int
    to_first: int
    to_end: int
    reading_age: float


def figures_of(library: Library, flow: Flow) -> Figures:
    """Return the figures of a flow, begun by itself in unknown hours; taps are medians over its paths."""
    graph = Graph(library, flow)
    first, end = _Counting(library, graph, stop=True).taps(), _Counting(library, graph, stop=False).taps()
    own = sum(1 for step in flow.steps if not isinstance(step, CallStep))
    said = " ".join(words for _, step in steps_below(library, flow) for _, words in texts_of(step))
    return Figures(flow.id, own, sum(end.values()), median(first), median(end), reading_age(said))


def median(taps: Taps) -> int:
    """Return the middle of a count of taps; the lower one of two."""
    half, seen = (sum(taps.values()) + 1) // 2, 0
    for number in sorted(taps):
        seen += taps[number]
        if seen >= half:
            return number
    return 0


class _Counting:
    """Counts paths by how many answers they take: to the end, or (`stop`) to the first thing to do."""

    def __init__(self, library: Library, graph: Graph, *, stop: bool) -> None:
        self.library, self.graph, self.stop = library, graph, stop
        self._known: dict[tuple[Position, Facts], Taps] = {}

    def taps(self) -> Taps:
        """Return how many paths take how many taps."""
        return self._from(start(self.graph.route.id), self.graph.first_facts())

    def _from(self, position: Position | None, facts: Facts) -> Taps:
        position = self.graph.settle(position, facts)
        if position is None:
            return Counter({0: 1})
        facts &= self.graph.wanted_from(position)
        if (position, facts) in self._known:
            return self._known[position, facts]
        step, path = step_at(self.library, position), path_of(self.library, position)
        found: Taps = Counter()
        if isinstance(step, QUESTIONS):
            for branch in branches(step):
                if self.stop and isinstance(step, AskStep) and branch.option is not None and branch.option.emergency:
                    found[1] += 1  # the 999 card is the first thing to do
                    continue
                onward = after(self.library, position, next_of(step, branch.chosen))
                later = self._from(onward, self.graph.facts_after(step, path, facts, branch))
                for number, paths in later.items():
                    found[number + 1] += paths
        elif (
            self.stop
            and isinstance(step, ActStep)
            and any(shows(action, path, facts, self.graph.moment) for action in step.act)
        ):
            found[0] = 1
        else:
            found = self._from(after(self.library, position, None), facts)
        self._known[position, facts] = found
        return found
