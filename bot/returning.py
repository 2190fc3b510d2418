"""Somebody who comes back: what an event means then, and whether they are welcomed first. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.asking import EMERGENCY, MENU, WELCOME_BACK, unfinished
from bot.events import Alarmed, Do, Nudged, Open, Unclear, WroteAs

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
    urgent = isinstance(event, Alarmed | WroteAs | Nudged) or (
        isinstance(event, Do) and event.command in {"stop", "danger"}
    )
    return unfinished(library, state) and not urgent and about not in {EMERGENCY, WELCOME_BACK}


def to_be_asked_if_heard(library: Library, state: State, event: Event) -> bool:
    """Say whether typed words that lead nowhere may answer a reminder: where nothing else is open that they could answer."""
    asked = state.interrupt
    nothing_open = not unfinished(library, state) and (asked is None or (asked.about == MENU and not asked.offers))
    return nothing_open and not state.stopped and isinstance(event, Unclear) and not event.flows
