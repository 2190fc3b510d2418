"""The live guidance inside an exercise: the same engine, the same words; nobody's number, no reminder, no record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot import dialogue
from bot.asking import fill, is_closed, line, open_question
from bot.events import Do, Open
from bot.state import State

if TYPE_CHECKING:
    from bot.events import Event, OptionShown, Reply
    from bot.library import Library

NOBODYS = {"label": "...", "receipt": "...", "time": "..."}
"""What stands where a conversation would have its own."""


def opened(library: Library, flow: str) -> tuple[str, tuple[Reply, ...]]:
    """Open a flow; returns its state as text, and what it says."""
    state, said, _ = step(library, dialogue.new_state(library).to_json(), Open(flow))
    return state, said


def step(library: Library, kept: str, event: Event) -> tuple[str, tuple[Reply, ...], bool]:
    """Let something happen in the guidance; returns its state, what it says, and whether it has come to its end."""
    turn = dialogue.step(library, State.from_json(kept), event)
    # Whoever stops it in earnest is told where their advice is kept; of this, nothing is.
    said = () if turn.state.stopped else tuple(map(_as_exercise, turn.replies))
    if turn.reminder is not None:
        said = (line(library, "exercise_no_reminder"), *said)
    return turn.state.to_json(), said, is_closed(library, turn.state) or turn.state.stopped


def question(library: Library, kept: str, way_back: OptionShown) -> Reply:
    """Return what the guidance asks, with the way back to the exercise."""
    asked = _as_exercise(open_question(library, State.from_json(kept)))
    return replace(asked, options=(*asked.options, way_back))


def with_way_back(said: tuple[Reply, ...], asked: Reply) -> tuple[Reply, ...]:
    """Return what was said, its last question being the one with the way back."""
    places = [place for place, reply in enumerate(said) if reply.options]
    if not places:
        return (*said, asked)
    return (*said[: places[-1]], asked, *said[places[-1] + 1 :])


def again(library: Library, kept: str) -> tuple[Reply, ...]:
    """Return what the guidance asks, once more."""
    return step(library, kept, Do("again"))[1]


def _as_exercise(reply: Reply) -> Reply:
    """Leave out whom one could really ring, and fill in what only a conversation has."""
    actions = tuple(replace(action, contacts=()) for action in reply.actions)
    return replace(reply, text=fill(reply.text, **NOBODYS), actions=actions)
