"""Helpers to walk conversations: through the engine, and through a desk. They know no promise."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from bot.dialogue import new_state, step
from bot.events import Chose, Do, Marked, Open
from bot.models import AskStep, By, CallStep, Mark, Moment, PromptsStep, RemindStep
from bot.replay import DECLINE, walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.access import Person
    from bot.dialogue import Turn
    from bot.events import Event, Reply
    from bot.library import Library
    from bot.models import Step
    from bot.session import Desk, Said
    from bot.state import State

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""A Monday in winter: offices are open, and London time is UTC."""


class Clock:
    """A clock that is set by hand."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the time it is set to."""
        return self.now

    def on(self, **passed: float) -> None:
        """Let some time pass."""
        self.now += timedelta(**passed)


# --- through the engine --------------------------------------------------------------------------------


def step_named(library: Library, name: str) -> Step:
    """Find a step by its full name: route, calling steps, step."""
    route, *path = name.split("/")
    for caller in path[:-1]:
        calling = next(s for s in library.routes[route].steps if s.id == caller)
        assert isinstance(calling, CallStep)
        route = calling.call
    return next(s for s in library.routes[route].steps if s.id == path[-1])


def question_of(turn: Turn) -> Reply | None:
    """Return what a turn ends by asking, if it asks."""
    last = turn.replies[-1] if turn.replies else None
    return last if last is not None and last.options else None


def options_of_reply(reply: Reply) -> list[str]:
    """Return the ids of what a question offers."""
    return [option.id for option in reply.options]


def answers_to(library: Library, asked: Reply, moment: Moment = Moment.UNKNOWN) -> list[Event]:
    """Return every real answer to a question of a flow.

    Side trips are left out: they lead back here. Curiosity prompts are all known, all unknown, or one worries;
    of the reminders the first is taken, or none.
    """
    asks = step_named(library, asked.step)
    if isinstance(asks, PromptsStep):
        marks = [{p.id: mark for p in asks.prompts} for mark in (Mark.KNOWN, Mark.UNKNOWN)]
        marks.append({p.id: Mark.KNOWN for p in asks.prompts} | {asks.prompts[-1].id: Mark.WORRY})
        return [Marked(tuple(some.items()), moment=moment) for some in marks]
    if isinstance(asks, RemindStep):
        first = asked.options[0].id
        return [Chose((choice,), moment=moment) for choice in dict.fromkeys((first, DECLINE))]
    assert isinstance(asks, AskStep)
    real = [option for option in asks.options if not option.open]
    single: list[Event] = [Chose((option.id,), moment=moment) for option in real]
    if asks.many:
        single.append(Chose(tuple(option.id for option in real), moment=moment))
    return single


def side_trips(library: Library, asked: Reply) -> list[str]:
    """Return the options of a question that open something and come back."""
    asks = step_named(library, asked.step)
    return [option.id for option in asks.options if option.open] if isinstance(asks, AskStep) else []


def do(library: Library, *events: Event, state: State | None = None) -> Turn:
    """Take some events one after the other and return the last turn."""
    turn = None
    for event in events:
        turn = step(library, state or new_state(library), event)
        state = turn.state
    assert turn is not None
    return turn


def chose(*options: str, moment: Moment = Moment.UNKNOWN) -> list[Event]:
    """Return the events of choosing one option after the other; `done` ends curiosity prompts."""
    return [Chose((option,), moment=moment) for option in options]


def at(library: Library, flow: str, *options: str, moment: Moment = Moment.UNKNOWN) -> Turn:
    """Open a flow and choose one option after the other."""
    return do(library, Open(flow, moment=moment), *chose(*options, moment=moment))


def steps_said(turn: Turn) -> list[str]:
    """Return the names of what a turn said, the route left out."""
    return [reply.step.split("/", 1)[-1] for reply in turn.replies]


def actions_in(turn: Turn) -> dict[str, str]:
    """Return the actions that a turn advised, each with when; of one that is said twice, the sooner time."""
    said = sorted((a for r in turn.replies for a in r.actions), key=lambda action: list(By).index(By(action.by)))
    return {action.do: str(action.by) for action in reversed(said)}


def finish(library: Library, state: State, *, until: Callable[[Turn], bool], calm: bool = True) -> Turn:
    """Answer question after question, the least worrying way or the most, until something is so."""
    for _ in range(60):
        turn = step(library, state, Do("again"))
        asked = question_of(turn)
        assert asked is not None
        turn = step(library, state, least(library, asked) if calm else most(library, asked))
        state = turn.state
        if until(turn):
            return turn
    raise AssertionError("this conversation does not end")


def least(library: Library, asked: Reply) -> Event:
    """Return the least worrying answer."""
    return _by_concern(library, asked)[0]


def most(library: Library, asked: Reply) -> Event:
    """Return the most worrying answer that is no emergency."""
    return _by_concern(library, asked)[-1]


def _by_concern(library: Library, asked: Reply) -> list[Event]:
    asks = step_named(library, asked.step)
    if not isinstance(asks, AskStep):
        return answers_to(library, asked)
    real = sorted((o for o in asks.options if not o.open and not o.emergency), key=lambda o: o.concern)
    return [Chose((option.id,)) for option in real]


def looked_at(library: Library, state: State) -> frozenset[str]:
    """Return those facts of the open run that any condition of any content looks at."""
    if state.top is None:
        return frozenset()
    return frozenset(fact for fact in walk(library, state.top).facts if _is_looked_at(library, fact))


@cache
def _is_looked_at(library: Library, fact: str) -> bool:
    return any(fact == ref or fact.endswith(f"/{ref}") for ref in _conditions(library))


@cache
def _conditions(library: Library) -> frozenset[str]:
    return frozenset(
        ref
        for route in library.routes.values()
        for part in route.steps
        for item in (part, *getattr(part, "act", ()))
        for ref in (*item.if_, *item.unless)
    )


# --- through a desk ------------------------------------------------------------------------------------

KEYS = itertools.count()


@dataclass
class Talk:
    """Somebody talking to a desk; each thing said gets a key of its own."""

    desk: Desk
    person: Person

    def say(self, given: Event | str, key: str | None = None) -> Said:
        """Send an event or typed words."""
        return self.desk.handle(self.person, given, key or f"key {next(KEYS)}")

    def go(self, flow: str, *options: str) -> Said:
        """Open a flow and choose one option after the other."""
        said = self.say(Open(flow))
        return self.choose(*options) if options else said

    def choose(self, *options: str) -> Said:
        """Choose one option after the other."""
        for option in options:
            said = self.say(Chose((option,)))
        return said

    def to_the_end(self, said: Said) -> Said:
        """Answer everything, the least worrying way, until the conversation is closed."""
        for _ in range(60):
            if said.out["closed"]:
                return said
            said = self.to_the_next(said)
        raise AssertionError("this conversation does not end")

    def to_the_next(self, said: Said) -> Said:
        """Answer the open question the least worrying way."""
        asks = step_named(self.desk.library, said.out["step"])
        if not isinstance(asks, AskStep):
            return self.choose(offered(said)[-1])
        real = [option for option in asks.options if not option.open and not option.emergency]
        return self.choose(min(real, key=lambda option: option.concern).id)


def texts(said: Said) -> str:
    """Return everything that was said, as one text."""
    return "\n".join(reply["text"] for reply in said.out["replies"])


def offered(said: Said) -> list[str]:
    """Return the ids of the options last offered."""
    return [option["id"] for option in said.out["replies"][-1]["options"]]


def kinds(said: Said) -> list[str]:
    """Return the kinds of everything that was said."""
    return [reply["kind"] for reply in said.out["replies"]]


def actions_said(said: Said) -> dict[str, str]:
    """Return the actions that were advised, each with when."""
    return {action["do"]: action["by"]["anchor"] for reply in said.out["replies"] for action in reply["actions"]}


def all_of(said: Said) -> dict[str, Any]:
    """Return the whole object that was said."""
    return said.out
