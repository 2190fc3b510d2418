"""Every distinct path of a flow to what it advises, as a table that a safeguarding lead can read and sign.

Pure. Paths that advise the same are one row: a question whose answers all lead to the same advice is left out, and
answers that lead to the same are joined. Each row says how many paths it stands for, so that none is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from bot.graph import branches, graphs_of
from bot.models import ActStep, AskStep, By, CallStep, Moment, RemindStep
from bot.models.base import BY_URGENCY, URGENCY_ORDER
from bot.navigation import QUESTIONS, after, enter, name_of, path_of, shows, start, step_at
from bot.replay import next_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.graph import Branch, Graph
    from bot.library import Library
    from bot.models import Flow, Step, Urgency
    from bot.navigation import Position

Facts = frozenset[str]
CARD = "999 card"


class Told(NamedTuple):
    """One thing a path tells to do."""

    do: str
    who: str
    by: By
    text: str


class Answered(NamedTuple):
    """One question of a row, with the answers that lead on along it."""

    step: str
    question: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Some paths that advise the same: by which answers, what, how soon, and how many paths they are."""

    begun: str
    answers: tuple[Answered, ...]
    told: tuple[Told, ...]
    paths: int

    @property
    def urgency(self) -> Urgency | None:
        """The urgency of the soonest thing there is to do."""
        return max((BY_URGENCY[told.by] for told in self.told), key=URGENCY_ORDER.__getitem__, default=None)


class _Node(NamedTuple):
    """What is told from a place on, and what the next question that matters leads to (nodes by number)."""

    told: tuple[Told, ...]
    step: str
    question: str
    ways: tuple[tuple[tuple[int, ...], tuple[str, ...], int], ...]


class _Table:
    """The rows of one graph."""

    def __init__(self, library: Library, graph: Graph) -> None:
        self.library, self.graph = library, graph
        self.nodes: dict[_Node, int] = {}
        self.by_number: list[_Node] = []
        self._known: dict[tuple[Position | None, Facts], int] = {}

    def rows(self, begun: str) -> list[Row]:
        """Return the rows, in the order of the questions and their answers."""
        found: list[Row] = []
        self._collect(self._node(start(self.graph.route.id), self.graph.first_facts()), (), (), {}, begun, found)
        return found

    def _collect(
        self,
        number: int,
        answered: tuple[Answered, ...],
        told: tuple[Told, ...],
        chosen: Mapping[str, frozenset[int]],
        begun: str,
        found: list[Row],
    ) -> None:
        node = self.by_number[number]
        told = tuple(dict.fromkeys((*told, *node.told)))
        if not node.ways:
            found.append(
                Row(
                    begun, answered, told, self._count(start(self.graph.route.id), self.graph.first_facts(), chosen, {})
                )
            )
            return
        for places, labels, onward in node.ways:
            here = (*answered, Answered(node.step, node.question, labels))
            self._collect(onward, here, told, {**chosen, node.step: frozenset(places)}, begun, found)

    def _settle(self, position: Position | None, facts: Facts) -> tuple[tuple[Told, ...], Position | None]:
        """Pass over what asks nothing; return what is told on the way, and the next question."""
        told: list[Told] = []
        while position is not None:
            step, path = step_at(self.library, position), path_of(self.library, position)
            if not shows(step, path, facts, self.graph.moment):
                position = after(self.library, position, None)
            elif isinstance(step, CallStep):
                position = enter(self.library, position)
            elif isinstance(step, QUESTIONS):
                break
            else:
                if isinstance(step, ActStep):
                    told += [
                        Told(action.do, action.who, action.by, action.text)
                        for action in step.act
                        if shows(action, path, facts, self.graph.moment)
                    ]
                position = after(self.library, position, None)
        return tuple(told), position

    def _onward(self, position: Position, facts: Facts, branch: Branch) -> tuple[Position | None, Facts]:
        step, path = step_at(self.library, position), path_of(self.library, position)
        return after(self.library, position, next_of(step, branch.chosen)), self.graph.facts_after(
            step, path, facts, branch
        )

    def _node(self, position: Position | None, facts: Facts) -> int:
        """Return the number of the node for what follows from here; alike ones have one number."""
        if (position, facts) in self._known:
            return self._known[position, facts]
        told, asked = self._settle(position, facts)
        if asked is None:
            return self._remember(position, facts, _Node(told, "", "", ()))
        step = step_at(self.library, asked)
        ways: dict[int, tuple[list[int], list[str]]] = {}
        for place, branch in enumerate(branches(step)):
            number = self._node(*self._onward(asked, facts, branch))
            if branch.option is not None and branch.option.emergency:
                number = self._number(self._with_card(self.by_number[number]))
            places, labels = ways.setdefault(number, ([], []))
            places.append(place)
            labels.append(label_of(self.library, step, branch))
        if len(ways) == 1:
            rest = self.by_number[next(iter(ways))]
            return self._remember(position, facts, rest._replace(told=tuple(dict.fromkeys((*told, *rest.told)))))
        name = name_of(self.library, asked)
        node = _Node(
            told,
            name,
            question_of(step),
            tuple((tuple(places), tuple(labels), number) for number, (places, labels) in ways.items()),
        )
        return self._remember(position, facts, node)

    @staticmethod
    def _with_card(node: _Node) -> _Node:
        return node._replace(told=(Told(CARD, "you", By.NOW, "The 999 card comes first."), *node.told))

    def _remember(self, position: Position | None, facts: Facts, node: _Node) -> int:
        number = self._known[position, facts] = self._number(node)
        return number

    def _number(self, node: _Node) -> int:
        if node not in self.nodes:
            self.nodes[node] = len(self.by_number)
            self.by_number.append(node)
        return self.nodes[node]

    def _count(
        self,
        position: Position | None,
        facts: Facts,
        chosen: Mapping[str, frozenset[int]],
        known: dict[tuple[Position, Facts], int],
    ) -> int:
        """Count the paths on which the questions of a row get one of its answers."""
        _, asked = self._settle(position, facts)
        if asked is None:
            return 1
        if (asked, facts) not in known:
            wanted = chosen.get(name_of(self.library, asked))
            known[asked, facts] = sum(
                self._count(*self._onward(asked, facts, branch), chosen, known)
                for place, branch in enumerate(branches(step_at(self.library, asked)))
                if wanted is None or place in wanted
            )
        return known[asked, facts]


def question_of(step: Step) -> str:
    """Return the words of a question."""
    if isinstance(step, AskStep):
        return step.ask
    return step.remind if isinstance(step, RemindStep) else step.intro  # type: ignore[union-attr] # prompts are left


def label_of(library: Library, step: Step, branch: Branch) -> str:
    """Return the words of an answer."""
    if isinstance(step, AskStep):
        labels = {option.id: option.label for option in step.options}
        return " + ".join(labels[option] for option in branch.chosen)
    if isinstance(step, RemindStep):
        return step.decline if branch.chosen == ("no_reminder",) else "A reminder"
    return library.lines["some_worry" if branch.concern else "no_worry"].text


def rows_of(library: Library, flow: Flow) -> list[Row]:
    """Return the table of a flow: begun by itself, and opened from a flow in which harm is suspected."""
    found: list[Row] = []
    for graph in graphs_of(library, flow):
        begun = "opened where harm is suspected" if graph.means != flow.means else "begun by itself"
        if graph.moment is not Moment.UNKNOWN or len({g.moment for g in graphs_of(library, flow)}) > 1:
            begun += f", {graph.moment.replace('_', ' ')}"
        found += _Table(library, graph).rows(begun)
    return found
