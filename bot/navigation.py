"""How a route is walked: the one place that knows which step follows which.

The engine walks with the answers somebody gave; the graph walks with every answer there could be. Both
use these functions, so what is proved of the graph is what happens in a conversation.

A position is the stack of calls: the steps that called a block, then the step itself. Facts are the
answers given on the way, written `call_step/step.option`, and what they mean, written `means.harm_suspected`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.models import AskStep, CallStep, PromptsStep, RemindStep

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.library import Library
    from bot.models import Moment, Step
    from bot.models.flows import Conditional

Position = tuple[tuple[str, int], ...]
"""(route, place of the step) for each call, outermost first."""

QUESTIONS = (AskStep, PromptsStep, RemindStep)
END = "end"
MEANS = "means."
"""A fact that begins so is a meaning established by an answer, here or in the flow this one was opened from."""


def start(route: str) -> Position:
    """Return the first position of a route."""
    return ((route, 0),)


def _place(library: Library, position: Position) -> tuple[Step, str, str]:
    """Return (step, call path, full name) of a position, worked out once."""
    known = library.known_places.get(position)
    if known is None:
        steps = [library.routes[route].steps[place] for route, place in position]
        ids = [step.id for step in steps]
        known = library.known_places[position] = (steps[-1], "/".join(ids[:-1]), "/".join((position[0][0], *ids)))
    return known


def step_at(library: Library, position: Position) -> Step:
    """Return the step at a position."""
    return _place(library, position)[0]


def path_of(library: Library, position: Position) -> str:
    """Return the call path of a position: the calling steps, joined by '/'; empty at the top."""
    return _place(library, position)[1]


def subject_of(library: Library, position: Position) -> str:
    """Return whom a position is about: the subject of the innermost call that names one; empty for nobody in particular."""
    for route, place in reversed(position[:-1]):
        step = library.routes[route].steps[place]
        if isinstance(step, CallStep) and step.subject:
            return step.subject
    return ""


def name_of(library: Library, position: Position) -> str:
    """Return a step's full name: flow, calling steps, step."""
    return _place(library, position)[2]


def enter(library: Library, position: Position) -> Position:
    """Go into the block that the call step at this position calls."""
    step = step_at(library, position)
    if not isinstance(step, CallStep):
        raise TypeError(f"{name_of(library, position)} calls nothing")
    return (*position, (step.call, 0))


def after(library: Library, position: Position, next_id: str | None) -> Position | None:
    """Return the position after this one, leaving finished blocks; None when the route has ended."""
    while position:
        route, place = position[-1]
        steps = library.routes[route].steps
        if next_id is None:
            next_id = steps[place].next
        if next_id is None and place + 1 < len(steps):
            return (*position[:-1], (route, place + 1))
        if next_id is not None and next_id != END:
            return (*position[:-1], (route, library.places[route][next_id]))
        position, next_id = position[:-1], None
    return None


def holds(item: Conditional, path: str, facts: Collection[str]) -> bool:
    """Say whether an item's `if` and `unless` let it show, given the answers on this path."""
    if not item.if_ and not item.unless:
        return True
    if item.if_ and not any(absolute(ref, path) in facts for ref in item.if_):
        return False
    return not any(absolute(ref, path) in facts for ref in item.unless)


def absolute(ref: str, path: str) -> str:
    """Return the fact that a condition inside a call path names; what is meant holds for the whole conversation."""
    return ref if not path or ref.startswith(MEANS) else f"{path}/{ref}"


def shows(item: Conditional, path: str, facts: Collection[str], moment: Moment) -> bool:
    """Say whether an item is shown: its conditions hold and these are its hours."""
    return (not item.when or moment in item.when) and holds(item, path, facts)
