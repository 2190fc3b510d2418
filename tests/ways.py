"""Helpers for the hard rules: what happens on every way through a flow, and the content with something taken out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.checks.words import texts_of
from bot.graph import Graph, branches, graphs_of
from bot.library import Library
from bot.models import ActStep, By
from bot.models.base import BY_URGENCY, URGENCY_ORDER
from bot.navigation import QUESTIONS, after, path_of, shows, start, step_at
from bot.replay import next_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from bot.models import Flow, Route, Step
    from bot.navigation import Position

Facts = frozenset[str]
Happenings = frozenset[str]


@dataclass(frozen=True, slots=True)
class Need:
    """What has to happen, or may not, on every way on which something else does.

    Happenings are written: `answer which.hidden` (inside a block `call/step.option`), `means harm_suspected`,
    `do ring_police now` (or sooner; a fourth word is who), `says a pattern`. Any one of several is enough.
    """

    rule: str
    flows: tuple[str, ...]
    given: tuple[str, ...]
    must: tuple[str, ...]
    unless: tuple[str, ...] = ()
    never: bool = False

    def __str__(self) -> str:
        return f"{self.rule}: given {' or '.join(self.given) or 'any way'}, {'never ' * self.never}{' or '.join(self.must)}"

    @property
    def looked_for(self) -> tuple[str, ...]:
        """Every happening that matters here."""
        return (*self.given, *self.must, *self.unless)

    def kept(self, way: Happenings) -> bool:
        """Say whether a way keeps to this."""
        if (self.given and not way & set(self.given)) or way & set(self.unless):
            return True
        return bool(way & set(self.must)) is not self.never


class Ways:
    """Every way through a flow, as the set of those happenings that are looked for."""

    def __init__(self, graph: Graph, looked_for: Iterable[str]) -> None:
        self.graph, self.library = graph, graph.library
        self.known: dict[tuple[Position, Facts], frozenset[Happenings]] = {}
        split = [(event, *event.split(" ", 1)) for event in looked_for]
        self.answers = {rest: event for event, kind, rest in split if kind == "answer"}
        self.means = {rest: event for event, kind, rest in split if kind == "means"}
        self.dos = [(event, rest.split()) for event, kind, rest in split if kind == "do"]
        self.says = [(event, re.compile(rest, re.IGNORECASE)) for event, kind, rest in split if kind == "says"]
        assert len(split) == sum(map(len, (self.answers, self.means, self.dos, self.says))), split

    def all(self) -> frozenset[Happenings]:
        """Return the happenings of every way; what another flow established before counts as its business."""
        begun = {self.means[m] for m in self.graph.route.means if m in self.means}
        return frozenset(way | begun for way in self._from(start(self.graph.route.id), self.graph.first_facts()))

    def _from(self, position: Position | None, facts: Facts) -> frozenset[Happenings]:
        position = self.graph.settle(position, facts)
        if position is None:
            return frozenset({frozenset()})
        facts &= self.graph.wanted_from(position)
        if (position, facts) not in self.known:
            step, path = step_at(self.library, position), path_of(self.library, position)
            here = frozenset(self._at(step, path, facts))
            ways: set[Happenings] = set()
            if isinstance(step, QUESTIONS):
                for branch in branches(step):
                    given = {f"{path}/{step.id}.{o}" if path else f"{step.id}.{o}" for o in branch.chosen}
                    said = {self.answers[answer] for answer in given & self.answers.keys()}
                    said |= {self.means[meaning] for meaning in branch.means if meaning in self.means}
                    onward = self._from(
                        after(self.library, position, next_of(step, branch.chosen)),
                        self.graph.facts_after(step, path, facts, branch),
                    )
                    ways |= {way | here | said for way in onward}
            else:
                ways = {way | here for way in self._from(after(self.library, position, None), facts)}
            self.known[position, facts] = frozenset(ways)
        return self.known[position, facts]

    def _at(self, step: Step, path: str, facts: Facts) -> Iterator[str]:
        """Yield what is said and told at a step, as far as it is looked for."""
        if isinstance(step, ActStep):
            shown = [action for action in step.act if shows(action, path, facts, self.graph.moment)]
            said = [step.intro, *(action.text for action in shown)]
            for event, (do, *rest) in self.dos:
                for action in shown:
                    soon = URGENCY_ORDER[BY_URGENCY[action.by]]
                    if (
                        action.do == do
                        and (not rest or soon >= URGENCY_ORDER[BY_URGENCY[By(rest[0])]])
                        and action.who in (*rest[1:], action.who)[:1]
                    ):
                        yield event
        else:
            said = [words for _, words in texts_of(step)]
        if self.says:
            words = " ".join(" ".join(said).split())
            yield from (event for event, pattern in self.says if pattern.search(words))


def complaints(library: Library, needs: Iterable[Need], flows: Iterable[Flow] | None = None) -> list[str]:
    """Return a sentence for each need that some way through some flow does not meet."""
    found = []
    needs = list(needs)
    for flow in library.content.flows if flows is None else flows:
        mine = [need for need in needs if not need.flows or flow.id in need.flows]
        if not mine:
            continue
        ways: set[Happenings] = set()
        looked_for = dict.fromkeys(event for need in mine for event in need.looked_for)
        for graph in graphs_of(library, flow):
            ways |= Ways(graph, looked_for).all()
        happened = frozenset().union(*ways)
        for need in mine:
            wrong = [way for way in ways if not need.kept(way)]
            if wrong:
                found.append(f"{flow.id}: {need} (so on {len(wrong)} of {len(ways)} ways that differ)")
            if need.flows and not need.never and need.given and not happened & set(need.given):
                found.append(f"{flow.id}: {need}: nothing there means that any more")
    return found


def warned_first(library: Library, flow: Flow, warns: Collection[str], call: str) -> bool:
    """Say whether some way through a flow warns before a call that it makes later."""
    for graph in graphs_of(library, flow):
        seen: set[tuple[Position, Facts, bool]] = set()
        ahead: list[tuple[Position | None, Facts, bool]] = [(start(flow.id), graph.first_facts(), False)]
        while ahead:
            position, facts, warned = ahead.pop()
            position = graph.settle(position, facts)
            if position is None or (position, facts := facts & graph.wanted_from(position), warned) in seen:
                continue
            seen.add((position, facts, warned))
            step, path = step_at(library, position), path_of(library, position)
            rung = False
            for action in step.act if isinstance(step, ActStep) else ():
                if shows(action, path, facts, graph.moment) and not rung:
                    if action.do == call and warned:
                        return True
                    rung = action.do == call
                    warned = warned or action.do in warns
            if rung:
                continue
            if isinstance(step, QUESTIONS):
                ahead += [
                    (after(library, position, next_of(step, b.chosen)), graph.facts_after(step, path, facts, b), warned)
                    for b in branches(step)
                ]
            else:
                ahead.append((after(library, position, None), facts, warned))
    return False


# --- the content with something taken out ----------------------------------------------------------------

SAID = frozenset({"say", "share", "escalate", "text", "intro", "ask", "rephrase", "label", "short", "close", "remind"})


def rewritten(
    library: Library, change: Callable[[str], str], do: Mapping[str, str] | None = None, lost: Collection[str] = ()
) -> Library:
    """Return a library with every line changed, some actions made others, some meanings lost: one mistake everywhere."""

    def altered(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: (change(item) or "Words.")
                if key in SAID and isinstance(item, str)
                else (do or {}).get(item, item)
                if key == "do"
                else tuple(meaning for meaning in item if meaning not in lost)
                if key == "means"
                else altered(item)
                for key, item in value.items()
            }
        return [altered(item) for item in value] if isinstance(value, list | tuple) else value

    def remade(route: Route) -> Any:
        return type(route).model_validate(altered(route.model_dump(by_alias=True, exclude_unset=True)))

    content = library.content
    return Library(
        content.model_copy(
            update={"flows": tuple(map(remade, content.flows)), "blocks": tuple(map(remade, content.blocks))}
        )
    )


def without(patterns: Iterable[str]) -> Callable[[str], str]:
    """Return a change that takes out whatever fits one of some patterns."""
    compiled = [re.compile(pattern, re.IGNORECASE) for pattern in patterns]

    def change(words: str) -> str:
        words = " ".join(words.split())
        for pattern in compiled:
            while pattern.search(words):
                words = pattern.sub(" ... ", words)
        return words

    return change
