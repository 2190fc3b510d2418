"""The graph of a route against brute force: every way walked one by one, nothing forgotten and nothing merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from content import shipped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.graph import Graph, branches
from bot.library import Library
from bot.models import Block, By, Flow, Moment
from bot.models.base import BY_URGENCY, URGENCY_ORDER
from bot.navigation import END, MEANS, QUESTIONS, after, enter, path_of, shows, start, step_at
from bot.replay import facts_of, next_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.navigation import Position

DO = ("tell_lead", "ring_social_care", "write_down")
SOURCES = ["H2"]


def every_way(library: Library, graph: Graph) -> Iterator[tuple[frozenset[tuple[object, ...]], int | None]]:
    """Yield what each way adds up to, walking with every answer remembered as the engine does."""
    facts = frozenset(MEANS + meaning for meaning in graph.means)
    stack: list[tuple[Position | None, frozenset[str], frozenset[tuple[object, ...]], int, int | None]]
    stack = [(start(graph.route.id), facts, frozenset(("means", m, 0, "") for m in graph.means), 0, None)]
    while stack:
        position, facts, seen, taps, first = stack.pop()
        if position is None:
            yield seen, first
            continue
        step, path = step_at(library, position), path_of(library, position)
        if not shows(step, path, facts, graph.moment):
            stack.append((after(library, position, None), facts, seen, taps, first))
        elif hasattr(step, "call"):
            stack.append((enter(library, position), facts, seen, taps, first))
        elif isinstance(step, QUESTIONS):
            for branch in branches(step):
                card = branch.option is not None and branch.option.emergency
                more = {("means", meaning, 0, "") for meaning in branch.means}
                more |= {("emergency", "card", 0, "")} if card else set()
                more |= {("remind", step.id, 0, "")} if hasattr(step, "remind") else set()
                found = facts | facts_of(step, path, branch.chosen, branch.marks)
                stack.append(
                    (
                        after(library, position, next_of(step, branch.chosen)),
                        frozenset(found),
                        seen | more,
                        taps + 1,
                        taps + 1 if first is None and card else first,
                    )
                )
        else:
            told = [action for action in getattr(step, "act", ()) if shows(action, path, facts, graph.moment)]
            more = {("action", a.do, URGENCY_ORDER[BY_URGENCY[a.by]], a.who) for a in told}
            more |= {("close", step.id, 0, "")} if hasattr(step, "close") else set()
            stack.append(
                (after(library, position, None), facts, seen | more, taps, taps if told and first is None else first)
            )


def compare(library: Library, graph: Graph) -> None:
    """Hold the graph against every way: as many, and the very same outcomes."""
    ways = list(every_way(library, graph))
    assert graph.count() == len(ways)
    merged = {(frozenset(map(tuple, outcome.features)), outcome.taps) for outcome in graph.outcomes}
    assert merged == set(ways)


# --- made-up routes ------------------------------------------------------------------------------------


@st.composite
def _item(draw: st.DrawFn, refs: list[str]) -> dict[str, object]:
    """Make the conditions of a step or an action from the answers there are so far."""
    found: dict[str, object] = {}
    if refs and draw(st.booleans()):
        found["if"] = draw(st.lists(st.sampled_from(refs), min_size=1, max_size=3, unique=True))
    if refs and draw(st.integers(0, 3)) == 0:
        found["unless"] = draw(st.lists(st.sampled_from(refs), min_size=1, max_size=2, unique=True))
    if draw(st.integers(0, 7)) == 0:
        found["when"] = [draw(st.sampled_from([str(moment) for moment in Moment]))]
    return found


@st.composite
def _steps(draw: st.DrawFn, names: str, refs: list[str], blocks: tuple[str, ...], last: str) -> list[dict[str, object]]:
    """Make a few steps that lead forward; `refs` grows by the answers they can give."""
    count = draw(st.integers(2, 5))
    made: list[dict[str, object]] = []
    for place in range(count):
        name = f"{names}{place}"
        later = [f"{names}{further}" for further in range(place + 1, count)] + [last]
        step: dict[str, object] = {"id": name, **draw(_item(refs))}
        kind = draw(st.sampled_from(["ask", "ask", "act", "prompts", *(["call"] if blocks else [])]))
        if kind == "ask":
            options = []
            for number in range(draw(st.integers(2, 3))):
                option: dict[str, object] = {"id": f"o{number}", "label": f"{name} {number}", "concern": number}
                if draw(st.booleans()):
                    option["next"] = draw(st.sampled_from(later))
                if draw(st.integers(0, 3)) == 0:
                    option["means"] = ["harm_suspected"]
                if draw(st.integers(0, 7)) == 0:
                    option["emergency"] = True
                options.append(option)
                refs.append(f"{name}.o{number}")
            step |= {"ask": name, "sources": SOURCES, "options": options, "many": draw(st.integers(0, 5)) == 0}
        elif kind == "prompts":
            prompt = {"id": "p", "text": "A prompt", "note": "a note", "sources": SOURCES}
            step |= {"intro": name, "sources": SOURCES, "prompts": [prompt]}
            refs.append(f"{name}.worry")
        elif kind == "call":
            step["call"] = draw(st.sampled_from(blocks))
            refs.append(f"{name}/{step['call']}_0.o0")
        else:
            acts = draw(st.lists(st.tuples(st.sampled_from(DO), st.sampled_from(list(By))), min_size=1, max_size=2))
            step["act"] = [
                {"do": do, "who": "you", "by": str(by), "text": do, "sources": SOURCES, **draw(_item(refs))}
                for do, by in acts
            ]
        if draw(st.integers(0, 4)) == 0:
            step["next"] = draw(st.sampled_from(later))
        made.append(step)
    return made


@st.composite
def libraries(draw: st.DrawFn) -> tuple[Library, str]:
    """Make a route that calls blocks, with conditions on whatever was answered before it."""
    refs = ["means.harm_suspected"]
    inner = draw(_steps("inner_", [*refs], (), END))
    outer = draw(_steps("outer_", [*refs], ("inner",), END))
    steps = draw(_steps("s", refs, ("inner", "outer"), "last"))
    steps.append({"id": "last", "close": "So far", "sources": SOURCES})
    content = shipped().content
    blocks = tuple(
        Block.model_validate({"id": name, "title": name, "steps": held})
        for name, held in (("inner", inner), ("outer", outer))
    )
    flow = Flow.model_validate(
        {"id": "made", "title": "Made up", "short": "Made", "about": "x", "group": "x", "order": 1, "steps": steps}
    )
    return Library(content.model_copy(update={"flows": (flow,), "blocks": blocks})), "made"


def _size(library: Library, graph: Graph, most: int) -> bool:
    """Say whether the ways are few enough to walk one by one."""
    return sum(1 for _, _ in zip(range(most + 1), every_way(library, graph), strict=False)) <= most


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(made=libraries(), moment=st.sampled_from(list(Moment)), harm=st.booleans())
def test_forgetting_and_merging_changes_no_outcome_and_no_count(
    made: tuple[Library, str], moment: Moment, harm: bool
) -> None:
    """Conditions in any place, on answers inside blocks called more than once, in any hours: nothing is lost."""
    library, name = made
    graph = Graph(library, library.flows[name], moment, ("harm_suspected",) if harm else ())
    if _size(library, graph, 4000):
        compare(library, graph)


@pytest.mark.parametrize("moment", list(Moment))
@pytest.mark.parametrize("means", [(), ("harm_suspected",)], ids=["fresh", "harm suspected"])
@pytest.mark.parametrize("name", ["fgm", "images_of_children", "information_sharing", "new_partner"])
def test_a_shipped_flow_has_the_ways_that_walking_finds(
    content: Library, name: str, means: tuple[str, ...], moment: Moment
) -> None:
    """The same on real content, as far as it can be walked one way at a time."""
    graph = Graph(content, content.flows[name], moment, means)
    if not _size(content, graph, 20_000):
        pytest.skip(f"{name} has too many ways to walk one by one")
    plain = {
        (frozenset(f for f in map(tuple, outcome.features) if f[0] in {"action", "means", "emergency"}), outcome.taps)
        for outcome in graph.outcomes
    }
    ways = list(every_way(content, graph))
    assert graph.count() == len(ways)
    assert plain == {
        (frozenset(f for f in seen if f[0] in {"action", "means", "emergency"}), taps) for seen, taps in ways
    }


def test_an_answer_that_is_looked_at_much_later_is_not_forgotten(content: Library) -> None:
    """The answer to the first question still decides the last action, past a question that nothing looks at."""
    ask = {"sources": SOURCES, "options": [{"id": o, "label": o, "concern": n} for n, o in enumerate(("no", "yes"))]}
    act = {"do": "ring_social_care", "who": "you", "by": "today", "text": "Ring.", "sources": SOURCES}
    steps = [
        {"id": "first", "ask": "First?", **ask},
        {"id": "between", "ask": "Between?", **ask},
        {"id": "last", "act": [{**act, "if": ["first.yes"]}, {**act, "do": "tell_lead"}]},
        {"id": "close", "close": "So far", "sources": SOURCES},
    ]
    flow = Flow.model_validate(
        {"id": "made", "title": "Made", "short": "Made", "about": "x", "group": "x", "order": 1, "steps": steps}
    )
    library = Library(content.content.model_copy(update={"flows": (flow,)}))
    graph = Graph(library, flow)
    compare(library, graph)
    assert {outcome.has("action", "ring_social_care") for outcome in graph.outcomes} == {True, False}
    assert graph.count() == 4
    assert len(graph._counts) == 6, "one place each, two where the first answer still matters"


def test_the_way_past_a_hidden_question_is_remembered_too(content: Library) -> None:
    """Every answer of a question jumps over a step; where the question is hidden, that step is come to after all."""
    options = [{"id": o, "label": o, "concern": n} for n, o in enumerate(("no", "yes"))]
    jump = [{**option, "next": "close"} for option in options]
    act = {"do": "ring_social_care", "who": "you", "by": "today", "text": "Ring.", "sources": SOURCES}
    steps = [
        {"id": "first", "ask": "First?", "sources": SOURCES, "options": options},
        {"id": "gate", "ask": "Gate?", "sources": SOURCES, "options": options},
        {"id": "maybe", "ask": "Maybe?", "sources": SOURCES, "options": jump, "if": ["gate.yes"]},
        {"id": "over", "act": [{**act, "if": ["first.yes"]}, {**act, "do": "tell_lead"}]},
        {"id": "close", "close": "So far", "sources": SOURCES},
    ]
    flow = Flow.model_validate(
        {"id": "made", "title": "Made", "short": "Made", "about": "x", "group": "x", "order": 1, "steps": steps}
    )
    compare(library := Library(content.content.model_copy(update={"flows": (flow,)})), Graph(library, flow))
