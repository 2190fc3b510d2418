"""A route as it stands in its file: its steps and those of its blocks, what follows what, and what has conditions.

Pure, and without walking anything: `graph` and `replay` walk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.models import ActStep, AskStep, CallStep
from bot.navigation import END

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.library import Library
    from bot.models import Route, Step
    from bot.models.flows import Conditional


def steps_below(library: Library, route: Route, path: str = "") -> Iterator[tuple[str, Step]]:
    """Yield (call path, step) for every step of a route, called blocks included."""
    for step in route.steps:
        yield path, step
        if isinstance(step, CallStep) and step.call in library.blocks:
            yield from steps_below(library, library.blocks[step.call], f"{path}/{step.id}" if path else step.id)


def conditions(library: Library, route: Route) -> Iterator[tuple[Conditional, str]]:
    """Yield (step or action, call path) for everything on a route that can have conditions."""
    for path, step in steps_below(library, route):
        for item in conditional(step):
            yield item, path


def may_be_hidden(step: Step) -> bool:
    """Say whether a step is shown only on some answers or in some hours."""
    return bool(step.if_ or step.unless or step.when)


def following(route: Route, place: int) -> Iterator[str]:
    """Yield the ids of the steps that may follow a step inside its own route; 'end' where it may leave."""
    step = route.steps[place]
    default = step.next or (route.steps[place + 1].id if place + 1 < len(route.steps) else END)
    if isinstance(step, AskStep):
        for option in step.options:
            if not option.open:
                yield option.next or default
        if not may_be_hidden(step):
            return
    yield default


def calls_of(library: Library, route: Route) -> Iterator[str]:
    """Yield the ids of the blocks that a route calls."""
    for step in route.steps:
        if isinstance(step, CallStep) and step.call in library.blocks:
            yield step.call


def conditional(step: Step) -> tuple[Conditional, ...]:
    """Return what of a step can have conditions: itself, and each of its actions."""
    return (step, *step.act) if isinstance(step, ActStep) else (step,)
