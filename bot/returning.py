"""Somebody who comes back: what an event means then, and whether they are welcomed first. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.asking import EMERGENCY, WELCOME_BACK, unfinished
from bot.events import Alarmed, Do, Open, WroteAs

if TYPE_CHECKING:
    from bot.events import Event
    from bot.library import Library
    from bot.state import State


def as_resumption(library: Library, state: State, event: Event) -> Event:
    """Read 'start' and a second opening of the same flow as carrying on, when something is still open."""
    if not unfinished(library, state):
        return event
    if isinstance(event, Do) and event.command == "begin":
        return Do("resume")
    if isinstance(event, Open) and any(run.route == event.flow for run in state.runs):
        return Do("resume")
    return event


def to_be_welcomed(library: Library, state: State, event: Event) -> bool:
    """Say whether somebody who comes back is first asked whether to carry on: unless it is about danger, or over."""
    about = state.interrupt.about if state.interrupt is not None else ""
    urgent = isinstance(event, Alarmed | WroteAs) or (isinstance(event, Do) and event.command in {"stop", "danger"})
    return unfinished(library, state) and not urgent and about not in {EMERGENCY, WELCOME_BACK}
