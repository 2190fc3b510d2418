"""The graph of a route: every way through it, without walking each one.

Pure. Ways that lead to the same are merged: the outcomes of a position are remembered for the answers that
later steps still look at, so a route with very many paths is counted and proved in little time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple

from bot.models import (
    BY_URGENCY,
    URGENCY_ORDER,
    ActionClass,
    ActStep,
    AskStep,
    CallStep,
    CloseStep,
    EscalateStep,
    Mark,
    Moment,
    PromptsStep,
    RemindStep,
    ShareStep,
)
from bot.navigation import (
    MEANS,
    QUESTIONS,
    Position,
    absolute,
    after,
    enter,
    name_of,
    path_of,
    shows,
    start,
    step_at,
)
from bot.outline import conditional, conditions, may_be_hidden
from bot.replay import DECLINE, facts_of, next_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.library import Library
    from bot.models import Option, Route, Step

Facts = frozenset[str]


class TooManyWaysError(Exception):
    """A route has more ways that differ than can be proved in reasonable time."""


MOST_PLACES, MOST_OUTCOMES = 60_000, 6_000
"""Positions with the answers that matter there, and outcomes of one position."""


class Feature(NamedTuple):
    """Something that happens on a way: an action with its urgency, a topic covered, a meaning established."""

    kind: str
    what: str
    soon: int = 0
    who: str = ""


class Choice(NamedTuple):
    """One answer at one question."""

    step: str
    chosen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a way adds up to, and how many answers it takes to the first action."""

    features: frozenset[Feature]
    taps: int | None

    def has(self, kind: str, what: str | None = None) -> bool:
        """Say whether something of a kind happens on this way."""
        return any(f.kind == kind and (what is None or f.what == what) for f in self.features)

    def soonest(self, what: str) -> int:
        """Return how soon an action is due at the latest on this way; -1 if it is not advised."""
        return soonest_of(self.features).get(what, -1)


@cache
def soonest_of(features: frozenset[Feature]) -> dict[str, int]:
    """Return how soon each action among some features is due. Outcomes share their features: hence the cache."""
    found: dict[str, int] = {}
    for feature in features:
        if feature.kind == "action" and feature.soon > found.get(feature.what, -1):
            found[feature.what] = feature.soon
    return found


Outcomes = dict[Outcome, tuple[Choice, ...]]
"""Every distinct outcome, with one way that leads to it."""


class Branch(NamedTuple):
    """One answer a question can get, for the graph: what it establishes and where it leads."""

    chosen: tuple[str, ...]
    marks: tuple[tuple[str, Mark], ...]
    concern: int
    means: tuple[str, ...]
    option: Option | None


def branches(step: Step) -> tuple[Branch, ...]:
    """Return every answer that changes where a question leads; side trips lead back and are no answer."""
    if isinstance(step, AskStep):
        real = tuple(option for option in step.options if not option.open)
        single = tuple(Branch((o.id,), (), o.concern, o.means, o) for o in real)
        if not step.many:
            return single
        everything = Branch(tuple(o.id for o in real), (), max(o.concern for o in real), (), None)
        return (*single, everything)
    if isinstance(step, PromptsStep):
        calm = tuple((prompt.id, Mark.UNKNOWN) for prompt in step.prompts)
        worry = tuple((prompt.id, Mark.WORRY) for prompt in step.prompts)
        return (Branch((), calm, 0, (), None), Branch((), worry, 1, (), None))
    if isinstance(step, RemindStep):
        return (Branch((step.offers[0].id,), (), 0, (), None), Branch((DECLINE,), (), 0, (), None))
    return ()


Prior = frozenset[tuple[str, int]]
Sides = tuple[tuple[Branch, Outcomes], ...]
COMPARED = frozenset({ActionClass.PROTECT, ActionClass.ALERT, ActionClass.CONSENT})


def _soon(feature: Feature) -> int:
    return feature.soon


class Comparison(NamedTuple):
    """One question, met after some actions were advised, with what each of its answers leads to."""

    step: str
    prior: dict[str, int]
    branches: Sides


class Graph:
    """All ways through one route, in the hours of one moment."""

    def __init__(
        self, library: Library, route: Route, moment: Moment = Moment.UNKNOWN, means: tuple[str, ...] = ()
    ) -> None:
        """Make the graph; `means` is what was established in the flow that this one is opened from."""
        self.library = library
        self.means = (*route.means, *means)
        self.route = route
        self.moment = moment
        self.visited: set[str] = set()
        self._known: dict[tuple[Position, Facts], Outcomes] = {}
        self._sides: dict[tuple[Position, Facts], Sides] = {}
        self._wanted: dict[Position, Facts] = {}
        self._counts: dict[tuple[Position, Facts], int] = {}

    @cached_property
    def looked_at(self) -> dict[str, str]:
        """Every answer that some condition on the route looks at, with the one that stands for it.

        Answers that are always looked at together ("any of these worries") say the same, whichever was given: one of
        them stands for all.
        """
        places: dict[str, list[tuple[int, bool]]] = {}
        for number, (item, path) in enumerate(conditions(self.library, self.route)):
            for wanted, refs in ((True, item.if_), (False, item.unless)):
                for ref in refs:
                    places.setdefault(absolute(ref, path), []).append((number, wanted))
        standing: dict[tuple[tuple[int, bool], ...], str] = {}
        return {ref: standing.setdefault(tuple(where), ref) for ref, where in places.items()}

    def wanted_from(self, position: Position | None) -> Facts:
        """Return the answers that some condition from a position on still looks at; the rest may be forgotten."""
        if position is None:
            return frozenset()
        if position not in self._wanted:
            step, path = step_at(self.library, position), path_of(self.library, position)
            here = {
                self.looked_at[absolute(ref, path)] for item in conditional(step) for ref in (*item.if_, *item.unless)
            }
            onward: set[Position | None] = set()
            if isinstance(step, CallStep):
                onward = {enter(self.library, position)}
            elif isinstance(step, QUESTIONS):
                onward = {after(self.library, position, next_of(step, b.chosen)) for b in branches(step)}
            if not onward or may_be_hidden(step):
                onward.add(after(self.library, position, None))
            self._wanted[position] = frozenset(here).union(*map(self.wanted_from, onward))
        return self._wanted[position]

    @cached_property
    def outcomes(self) -> Outcomes:
        """Return every distinct outcome of the route."""
        base = frozenset(Feature("means", meaning) for meaning in self.means)
        ways = self._from(start(self.route.id), self.first_facts())
        return {Outcome(outcome.features | base, outcome.taps): way for outcome, way in ways.items()}

    def count(self) -> int:
        """Count the distinct paths, each option on its own."""
        return self._count(start(self.route.id), self.first_facts())

    def first_facts(self) -> Facts:
        """Return what is established before the first step, as far as some condition looks at it."""
        return self._known_of(MEANS + meaning for meaning in self.means)

    def _known_of(self, facts: Iterable[str]) -> Facts:
        return frozenset(self.looked_at[fact] for fact in facts if fact in self.looked_at)

    def settle(self, position: Position | None, facts: Facts) -> Position | None:
        """Pass over hidden steps and into calls, to the next step that says or asks something."""
        while position is not None:
            step = step_at(self.library, position)
            if not shows(step, path_of(self.library, position), facts, self.moment):
                position = after(self.library, position, None)
            elif isinstance(step, CallStep):
                self.visited.add(name_of(self.library, position))
                position = enter(self.library, position)
            else:
                return position
        return None

    def _count(self, position: Position | None, facts: Facts) -> int:
        position = self.settle(position, facts)
        if position is None:
            return 1
        facts &= self.wanted_from(position)
        key = (position, facts)
        if key not in self._counts:
            step, path = step_at(self.library, position), path_of(self.library, position)
            if isinstance(step, QUESTIONS):
                self._counts[key] = sum(
                    self._count(
                        after(self.library, position, next_of(step, b.chosen)), self.facts_after(step, path, facts, b)
                    )
                    for b in branches(step)
                )
            else:
                self._counts[key] = self._count(after(self.library, position, None), facts)
        return self._counts[key]

    def facts_after(self, step: Step, path: str, facts: Facts, branch: Branch) -> Facts:
        """Return the facts after an answer, as far as some condition looks at them."""
        return facts | self._known_of(facts_of(step, path, branch.chosen, branch.marks))

    def _from(self, position: Position | None, facts: Facts) -> Outcomes:
        """Return the outcomes from a position on."""
        position = self.settle(position, facts)
        if position is None:
            return {Outcome(frozenset(), None): ()}
        facts &= self.wanted_from(position)
        key = (position, facts)
        if key in self._known:
            return self._known[key]
        step, path = step_at(self.library, position), path_of(self.library, position)
        name = name_of(self.library, position)
        self.visited.add(name)
        here = frozenset(self._features(step, path, facts))
        ways: Outcomes = {}
        if isinstance(step, QUESTIONS):
            sides = []
            for branch in branches(step):
                onward = self._from(*self._onward(position, step, path, facts, branch))
                meant = self._meaning(branch, onward)
                sides.append((branch, meant))
                first = Choice(name, branch.chosen or ((Mark.WORRY,) if branch.concern else (Mark.UNKNOWN,)))
                for outcome, way in meant.items():
                    taps = None if outcome.taps is None else outcome.taps + 1
                    ways.setdefault(Outcome(outcome.features | here, taps), (first, *way))
            self._sides[key] = tuple(sides)
        else:
            acts = any(feature.kind == "action" for feature in here)
            for outcome, way in self._from(after(self.library, position, None), facts).items():
                ways.setdefault(Outcome(outcome.features | here, 0 if acts else outcome.taps), way)
        if len(ways) > MOST_OUTCOMES or len(self._known) > MOST_PLACES:
            raise TooManyWaysError
        self._known[key] = ways
        return ways

    def _onward(
        self, position: Position, step: Step, path: str, facts: Facts, branch: Branch
    ) -> tuple[Position | None, Facts]:
        return (
            after(self.library, position, next_of(step, branch.chosen)),
            self.facts_after(step, path, facts, branch),
        )

    @cached_property
    def compared(self) -> tuple[Comparison, ...]:
        """Return every question in every state of what was advised before it, with what each answer leads to."""
        assert self.outcomes is not None  # working them out finds what each answer leads to
        found: list[Comparison] = []
        seen: set[tuple[Position, Facts, Prior]] = set()
        waiting: list[tuple[Position | None, Facts, Prior]] = [(start(self.route.id), self.first_facts(), frozenset())]
        while waiting:
            position, facts, prior = waiting.pop()
            position = self.settle(position, facts)
            if position is None:
                continue
            facts &= self.wanted_from(position)
            if (position, facts, prior) in seen:
                continue
            seen.add((position, facts, prior))
            if len(seen) > MOST_PLACES:
                raise TooManyWaysError
            step, path = step_at(self.library, position), path_of(self.library, position)
            if isinstance(step, QUESTIONS):
                sides = self._sides[position, facts]
                found.append(Comparison(name_of(self.library, position), dict(prior), sides))
                waiting += [(*self._onward(position, step, path, facts, branch), prior) for branch, _ in sides]
            else:
                told = {
                    f.what: f.soon for f in sorted(self._features(step, path, facts), key=_soon) if self._compares(f)
                }
                prior = frozenset(
                    {**dict(prior), **{k: max(v, dict(prior).get(k, v)) for k, v in told.items()}}.items()
                )
                waiting.append((after(self.library, position, None), facts, prior))
        return tuple(found)

    def _compares(self, feature: Feature) -> bool:
        """Say whether a feature is an action whose urgency answers are compared by (promises P2 and P2b)."""
        return feature.kind == "action" and self.library.actions[feature.what].is_ in COMPARED

    @staticmethod
    def _meaning(branch: Branch, onward: Outcomes) -> Outcomes:
        """Add what an answer itself establishes; a 999 answer is answered by the card at once."""
        added = {Feature("means", meaning) for meaning in branch.means}
        emergency = branch.option is not None and branch.option.emergency
        if emergency:
            added.add(Feature("emergency", "card"))
        if not added:
            return onward
        return {Outcome(o.features | added, 0 if emergency else o.taps): way for o, way in onward.items()}

    def _features(self, step: Step, path: str, facts: Facts) -> Iterator[Feature]:
        """Say what happens at a step."""
        for topic in step.covers:
            yield Feature("topic", topic)
        if isinstance(step, ActStep):
            for action in step.act:
                if shows(action, path, facts, self.moment):
                    soon = URGENCY_ORDER[BY_URGENCY[action.by]]
                    yield Feature("action", action.do, soon, action.who)
                    for topic in action.covers:
                        yield Feature("topic", topic)
        elif isinstance(step, PromptsStep):
            for prompt in step.prompts:
                for topic in prompt.covers:
                    yield Feature("topic", topic)
        elif isinstance(step, ShareStep):
            yield Feature("share", step.id)
        elif isinstance(step, RemindStep):
            yield Feature("remind", step.id)
        elif isinstance(step, EscalateStep):
            yield Feature("ladder" if step.ladder else "escalate", step.id)
        elif isinstance(step, CloseStep):
            yield Feature("close", step.id)


def graphs_of(library: Library, route: Route) -> tuple[Graph, ...]:
    """Return the graphs of a route at each hour, begun fresh and opened from a flow in which harm is suspected.

    Where nothing on the route depends on the hour, or on what was meant before, one of a kind will do.
    """
    items = [item for item, _ in conditions(library, route)]
    hours = tuple(Moment) if any(item.when for item in items) else (Moment.UNKNOWN,)
    meant = any(ref.startswith(MEANS) for item in items for ref in (*item.if_, *item.unless))
    begun: tuple[tuple[str, ...], ...] = ((), ("harm_suspected",)) if meant else ((),)
    return tuple(Graph(library, route, moment, means) for moment in hours for means in begun)
