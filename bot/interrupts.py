"""What comes before the open step without replacing it: an alarm, a card, the menu, words that were not understood.

Pure, as the engine is. Here such a thing is raised; `dialogue` takes the answer to it and goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.asking import (
    CARDS,
    DANGER_CHECK,
    EMERGENCY,
    EXITS,
    WELCOME_BACK,
    WHICH_FLOW,
    line,
    open_question,
    rephrased,
)
from bot.replay import walk
from bot.signing import is_offered
from bot.state import Interrupt, State

if TYPE_CHECKING:
    from bot.events import Reminder, Reply, Superseded, Unclear
    from bot.library import Library


@dataclass(frozen=True, slots=True)
class Turn:
    """What one event did: the new state, what is said, and what earlier advice it overtakes."""

    state: State
    replies: tuple[Reply, ...] = ()
    superseded: tuple[Superseded, ...] = ()
    reminder: Reminder | None = None


def alarmed(state: State) -> bool:
    """Say whether the 999 card is up: nothing less pushes it aside."""
    return state.interrupt is not None and state.interrupt.about == EMERGENCY


def interrupted(library: Library, state: State, asked: Interrupt) -> Turn:
    """Put something before the open step; an alarm already raised is not pushed aside by anything less.

    The card for a child or a parent comes after the alarm then, and is gone back to when it was there before (H24).
    """
    theirs = set(EXITS.values())
    if state.interrupt is not None and alarmed(state):
        flow = asked.then_open if asked.then_open in library.flows else ""
        beneath = asked.about if asked.about in theirs else state.interrupt.beneath
        asked = replace(state.interrupt, then_open=flow or state.interrupt.then_open, beneath=beneath)
    elif state.interrupt is not None and asked.about == EMERGENCY and state.interrupt.about in theirs:
        asked = replace(asked, beneath=state.interrupt.about)
    held = replace(state, interrupt=asked, alarmed=state.alarmed or asked.about == EMERGENCY)
    return Turn(held, (open_question(library, held),))


def unclear(library: Library, state: State, event: Unclear) -> Turn:
    """Answer words that were not understood: never a guess, always the question again."""
    open_now = {run.route for run in state.runs if not walk(library, run).ended}
    known = tuple(flow for flow in event.flows if flow in library.flows and flow not in open_now)
    flows = tuple(flow for flow in known if is_offered(library, flow))
    if flows and (state.interrupt is None or state.interrupt.about not in CARDS):
        return interrupted(library, replace(state, misses=state.misses + 1), Interrupt(WHICH_FLOW, flows))
    if known and not flows:
        return Turn(state, (line(library, "not_signed"), open_question(library, state)))
    asked = state.interrupt is not None or (state.top is not None and not walk(library, state.top).ended)
    missed = replace(state, misses=state.misses + 1)
    if not asked:
        return Turn(missed, (line(library, "not_understood"), rephrased(library, missed)))
    again = "not_understood_again" if missed.misses > 1 else "not_understood_first"
    return Turn(missed, (line(library, again), rephrased(library, missed)))


def odd(library: Library, state: State) -> Turn:
    """Answer a choice that does not belong here: say so, and ask again."""
    return Turn(state, (line(library, "choose_from_these"), open_question(library, state)))


def welcome_back(library: Library, state: State) -> Turn:
    """Ask somebody who comes back after a long silence whether to carry on."""
    return interrupted(library, state, Interrupt(WELCOME_BACK))


def stopped(library: Library, state: State) -> Turn:
    """End the conversation; what was advised is kept."""
    advised = bool(state.made or state.alarmed)
    return Turn(
        replace(state, interrupt=None, stopped=True), (line(library, "stopped" if advised else "stopped_empty"),)
    )


def fits_resume(library: Library, state: State) -> bool:
    """Say whether the danger check has to be asked again: not while the open step is that very check."""
    visit = walk(library, state.top).open if state.top is not None else None
    return visit is None or visit.path.split("/")[0] != DANGER_CHECK
