"""Checks of form over the whole content: every id leads somewhere, every step can be reached and left."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from bot.asking import INTERRUPTS
from bot.errors import Problem, near_miss
from bot.models import (
    ActStep,
    AskStep,
    CallStep,
    CloseStep,
    Flow,
    Mark,
    PromptsStep,
    RemindStep,
)
from bot.navigation import END, MEANS, QUESTIONS
from bot.outline import calls_of, following, steps_below

if TYPE_CHECKING:
    from bot.library import Library, Origins
    from bot.models import Route, Step
    from bot.reading import Where

Check = Callable[["Library", "Origins"], Iterable[Problem]]

UNWALKABLE = frozenset(
    {
        "unknown_step",
        "unknown_block",
        "call_cycle",
        "step_cycle",
        "unknown_word",
        "duplicate_step",
        "missing_block",
        "no_way_on",
        "too_long",
    }
)
"""With one of these a flow cannot be walked, so the promises are not looked at yet."""

MOST_STEPS_INSIDE = 1000
FEW = 16
"""So many known words can be listed when none is near."""


def part_of(route: Route) -> str:
    """Return the part of the content that a route belongs to."""
    return "flows" if isinstance(route, Flow) else "blocks"


def routes(library: Library) -> Iterator[Route]:
    """Yield every flow and block."""
    yield from library.content.flows
    yield from library.content.blocks


class Asker:
    """Asks, of one place, whether a word is known; makes the sentence when it is not."""

    def __init__(self, origins: Origins, part: str, record: str) -> None:
        self.origins, self.part, self.record = origins, part, record

    def problem(self, where: Where, code: str, says: str) -> Problem:
        """Make a problem at a place inside the record."""
        return self.origins.problem(self.part, self.record, where, code, says)

    def unknown(self, word: str, known: Collection[str], where: Where, code: str, what: str) -> Iterator[Problem]:
        """Say that a word is not known, and which one was probably meant."""
        if word not in known:
            meant = near_miss(word, known) or (f" There are: {', '.join(sorted(known))}." if len(known) <= FEW else "")
            yield self.problem(where, code, f"'{word}' is not {what}.{meant}")


def ids_are_unique(library: Library, origins: Origins) -> Iterator[Problem]:
    """No id stands twice within a route, a question or a list of prompts; no flow has a block's id."""
    for route in routes(library):
        ask = Asker(origins, part_of(route), route.id)
        if isinstance(route, Flow) and route.id in library.blocks:
            yield ask.problem(("id",), "duplicate_id", f"'{route.id}' is the id of a block too: give the flow another.")
        if route.id in library.groups:
            says = f"'{route.id}' is the id of a part of the menu too: give it another."
            yield ask.problem(("id",), "duplicate_id", says)
        groups: list[tuple[Where, list[str], str]] = [(("steps",), [step.id for step in route.steps], "step")]
        for place, step in enumerate(route.steps):
            if isinstance(step, AskStep):
                groups.append((("steps", place, "options"), [option.id for option in step.options], "option"))
            elif isinstance(step, PromptsStep):
                groups.append((("steps", place, "prompts"), [prompt.id for prompt in step.prompts], "prompt"))
            elif isinstance(step, RemindStep):
                groups.append((("steps", place, "offers"), [offer.id for offer in step.offers], "offer"))
        for where, ids, kind in groups:
            for place, name in enumerate(ids):
                if name in ids[:place]:
                    yield ask.problem(
                        (*where, place, "id"), f"duplicate_{kind}", f"The {kind} '{name}' is here twice: rename one."
                    )


def menu_places_are_right(library: Library, origins: Origins) -> Iterator[Problem]:
    """Each flow has a part of the menu, and a place that no other claims: which came first would depend on names."""
    taken: dict[int, str] = {}
    for flow in sorted(library.content.flows, key=lambda flow: flow.id):
        if flow.order in taken:
            yield origins.problem(
                "flows",
                flow.id,
                ("order",),
                "duplicate_order",
                f"'{taken[flow.order]}' already has place {flow.order} in the menu: give this flow another.",
            )
        taken.setdefault(flow.order, flow.id)
        ask = Asker(origins, "flows", flow.id)
        yield from ask.unknown(
            flow.group, library.groups, ("group",), "unknown_word", "a part of the menu (vocabulary: groups)"
        )


def steps_lead_somewhere(library: Library, origins: Origins) -> Iterator[Problem]:
    """Every `next`, `call` and `open` names something that is there."""
    for route in routes(library):
        ask = Asker(origins, part_of(route), route.id)
        here = {step.id for step in route.steps} | {END}
        for place, step in enumerate(route.steps):
            at: Where = ("steps", place)
            if step.next:
                yield from ask.unknown(step.next, here, (*at, "next"), "unknown_step", "a step of this flow")
            if isinstance(step, CallStep):
                yield from ask.unknown(step.call, library.blocks, (*at, "call"), "unknown_block", "a block")
                if step.subject:
                    yield from ask.unknown(
                        step.subject, library.subjects, (*at, "subject"), "unknown_word", "a subject of the vocabulary"
                    )
            if not isinstance(step, AskStep):
                continue
            for number, option in enumerate(step.options):
                spot: Where = (*at, "options", number)
                if option.next:
                    yield from ask.unknown(option.next, here, (*spot, "next"), "unknown_step", "a step of this flow")
                if option.open:
                    yield from ask.unknown(
                        option.open, library.routes, (*spot, "open"), "unknown_block", "a flow or a block"
                    )
                if option.open and option.next:
                    yield ask.problem(
                        (*spot, "next"),
                        "open_and_next",
                        "An option that opens something comes back here: leave 'next' out.",
                    )


def words_are_known(library: Library, origins: Origins) -> Iterator[Problem]:
    """Actions, actors, topics and meanings come from the vocabulary; sources exist."""
    for route in routes(library):
        ask = Asker(origins, part_of(route), route.id)
        for number, meaning in enumerate(route.means):
            yield from ask.unknown(
                meaning, library.meanings, ("means", number), "unknown_word", "a meaning of the vocabulary"
            )
        for place, step in enumerate(route.steps):
            for where, sources, topics in _cited(step):
                at = ("steps", place, *where)
                for source in sources:
                    yield from ask.unknown(
                        source, library.sources, (*at, "sources"), "unknown_source", "a source in knowledge/"
                    )
                for topic in topics:
                    yield from ask.unknown(
                        topic, library.topics, (*at, "covers"), "unknown_word", "a topic of the vocabulary"
                    )
            if isinstance(step, ActStep):
                for number, action in enumerate(step.act):
                    at = ("steps", place, "act", number)
                    yield from ask.unknown(
                        action.do, library.actions, (*at, "do"), "unknown_word", "an action of the vocabulary"
                    )
                    yield from ask.unknown(
                        action.who, library.actors, (*at, "who"), "unknown_word", "an actor of the vocabulary"
                    )
            if isinstance(step, AskStep):
                for number, option in enumerate(step.options):
                    for meaning in option.means:
                        at = ("steps", place, "options", number, "means")
                        yield from ask.unknown(
                            meaning, library.meanings, at, "unknown_word", "a meaning of the vocabulary"
                        )


def _cited(step: Step) -> Iterator[tuple[Where, tuple[str, ...], tuple[str, ...]]]:
    """Yield (where, sources, topics) of a step and of what stands in it."""
    yield (), getattr(step, "sources", ()), step.covers
    if isinstance(step, ActStep):
        for number, action in enumerate(step.act):
            yield ("act", number), action.sources, action.covers
    if isinstance(step, PromptsStep):
        for number, prompt in enumerate(step.prompts):
            yield ("prompts", number), prompt.sources, prompt.covers


def conditions_are_answers(library: Library, origins: Origins) -> Iterator[Problem]:
    """Every `if` and `unless` names an answer that can be given on this route."""
    lengths = lengths_of(library)
    for route in routes(library):
        if not 0 < lengths.get(route.id, 0) <= MOST_STEPS_INSIDE:
            continue  # it goes round, or on for ever: that is said, and nothing else can be
        ask = Asker(origins, part_of(route), route.id)
        known: set[str] = {MEANS + meaning for meaning in library.meanings}
        for path, step in steps_below(library, route):
            prefix = f"{path}/{step.id}" if path else step.id
            if isinstance(step, AskStep):
                known.update(f"{prefix}.{option.id}" for option in step.options if not option.open)
            elif isinstance(step, PromptsStep):
                known.add(f"{prefix}.{Mark.WORRY}")
        for place, step in enumerate(route.steps):
            items = [(("steps", place), step)]
            if isinstance(step, ActStep):
                items += [(("steps", place, "act", n), action) for n, action in enumerate(step.act)]  # type: ignore[misc]
            for where, item in items:
                for key, refs in (("if", item.if_), ("unless", item.unless)):
                    for ref in refs:
                        what = "an answer that can be given in this flow"
                        yield from ask.unknown(ref, known, (*where, key), "unknown_answer", what)
            if isinstance(step, QUESTIONS) and step.when:
                yield ask.problem(
                    ("steps", place, "when"),
                    "question_by_hour",
                    "A question may not depend on the hour: use 'when' on what is said.",
                )


def _cyclic_calls(library: Library, route: Route, above: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the chain of blocks that comes back to itself, if one does."""
    for called in dict.fromkeys(calls_of(library, route)):
        if called == route.id or called in above:
            return (*above, route.id, called)
        deeper = _cyclic_calls(library, library.blocks[called], (*above, route.id))
        if deeper:
            return deeper
    return ()


def nothing_goes_round(library: Library, origins: Origins) -> Iterator[Problem]:
    """No block calls itself, however far round, and no step leads back to an earlier one."""
    for route in routes(library):
        ask = Asker(origins, part_of(route), route.id)
        chain = _cyclic_calls(library, route)
        if chain:
            yield ask.problem(
                (), "call_cycle", f"Blocks call each other in a circle: {' -> '.join(chain)}. Take one call out."
            )
        places = {step.id: place for place, step in enumerate(route.steps)}
        done: set[int] = set()
        for begin in range(len(route.steps)):
            yield from _cycle_from(route, begin, places, done, ask)


def _cycle_from(route: Route, begin: int, places: dict[str, int], done: set[int], ask: Asker) -> Iterator[Problem]:
    """Walk depth first without recursion, so that a very long flow cannot exhaust the stack."""
    if begin in done:
        return
    trail: list[tuple[int, Iterator[str]]] = [(begin, following(route, begin))]
    on_trail = {begin}
    while trail:
        place, ahead = trail[-1]
        name = next(ahead, None)
        if name is None:
            trail.pop()
            on_trail.discard(place)
            done.add(place)
            continue
        target = places.get(name)
        if target is None or target in done:
            continue
        if target in on_trail:
            yield ask.problem(
                ("steps", place),
                "step_cycle",
                f"The step '{route.steps[place].id}' leads back to '{name}', so the flow could go round for ever.",
            )
            continue
        trail.append((target, following(route, target)))
        on_trail.add(target)


def every_question_leads_on(library: Library, origins: Origins) -> Iterator[Problem]:
    """A question whose every option opens something and comes back could never be answered."""
    for route in routes(library):
        for place, step in enumerate(route.steps):
            if isinstance(step, AskStep) and all(option.open for option in step.options):
                says = f"Every option of '{step.id}' opens something and comes back: give one that goes on."
                yield origins.problem(part_of(route), route.id, ("steps", place, "ask"), "no_way_on", says)


def lengths_of(library: Library) -> dict[str, int]:
    """Return how many steps each route has with its blocks inside it; nothing when blocks call in a circle."""
    if any(_cyclic_calls(library, route) for route in routes(library)):
        return {}
    lengths: dict[str, int] = {}

    def length(route: Route) -> int:
        if route.id not in lengths:
            called = sum(length(library.blocks[block]) for block in calls_of(library, route))
            lengths[route.id] = len(route.steps) + called
        return lengths[route.id]

    for route in routes(library):
        length(route)
    return lengths


def nothing_is_endless(library: Library, origins: Origins) -> Iterator[Problem]:
    """With its blocks inside it, no route has more steps than anybody could walk."""
    lengths = lengths_of(library)
    for route in routes(library):
        if (length := lengths.get(route.id, 0)) > MOST_STEPS_INSIDE:
            says = f"With the blocks it calls, '{route.id}' has {length:,} steps: at most {MOST_STEPS_INSIDE:,}."
            yield origins.problem(part_of(route), route.id, ("steps",), "too_long", says)


def every_step_is_reached(library: Library, origins: Origins) -> Iterator[Problem]:
    """Walking from the first step reaches every step, and every flow ends in its closing summary."""
    blocks = {step.call for r in routes(library) for step in r.steps if isinstance(step, CallStep)}
    opened = {o.open for r in routes(library) for s in r.steps if isinstance(s, AskStep) for o in s.options}
    for route in routes(library):
        ask = Asker(origins, part_of(route), route.id)
        places = {step.id: place for place, step in enumerate(route.steps)}
        reached, ahead = {0}, [0]
        while ahead:
            for name in following(route, ahead.pop()):
                target = places.get(name)
                if target is not None and target not in reached:
                    reached.add(target)
                    ahead.append(target)
        for place, step in enumerate(route.steps):
            at: Where = ("steps", place)
            if place not in reached:
                yield ask.problem(
                    at, "unreachable", f"No answer leads to the step '{step.id}': lead to it, or remove it."
                )
            elif isinstance(route, Flow) and END in set(following(route, place)) and not isinstance(step, CloseStep):
                yield ask.problem(
                    at,
                    "dead_end",
                    f"The flow can end at '{step.id}' without its closing summary: lead to a 'close' step.",
                )
            if isinstance(step, CloseStep) and (
                step.next not in {None, END} or (place + 1 < len(route.steps) and not step.next)
            ):
                yield ask.problem(at, "after_close", "Nothing may follow the closing summary: put it last.")
        if route.id in library.blocks and route.id not in blocks | opened | set(INTERRUPTS):
            yield ask.problem(
                (), "unused_block", f"No flow calls or opens the block '{route.id}': call it, or remove the file."
            )


CHECKS: tuple[Check, ...] = (
    ids_are_unique,
    menu_places_are_right,
    steps_lead_somewhere,
    words_are_known,
    conditions_are_answers,
    nothing_goes_round,
    every_question_leads_on,
    nothing_is_endless,
    every_step_is_reached,
)
