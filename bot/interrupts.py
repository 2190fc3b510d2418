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
    GONE_OVER,
    HEARD,
    MENU,
    NOT_SAID,
    NOT_YET,
    NOTHING_NEW,
    SAID_WHO,
    WELCOME_BACK,
    WERE_YOU_HEARD,
    WHAT_CHANGED,
    WHICH_FLOW,
    WHO_TONIGHT,
    is_closed,
    line,
    open_question,
    rephrased,
    unfinished,
)
from bot.events import Do, Open
from bot.models import AskStep
from bot.replay import contacts_of, walk
from bot.signing import is_offered
from bot.state import Interrupt, State

if TYPE_CHECKING:
    from bot.events import Chose, Event, Reminder, Reply, Superseded, Unclear
    from bot.library import Library

SOCIAL_CARE = "ring_social_care"
"""The action whose numbers are given to whoever cannot be understood."""
ABOUT_A_CASE = frozenset({WHAT_CHANGED, WERE_YOU_HEARD, WHO_TONIGHT})
"""What is asked about a case that was spoken of before."""
TWICE = 2
"""Failures after which nobody is asked the same thing once more."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one event did: the new state, what is said, and what earlier advice it overtakes."""

    state: State
    replies: tuple[Reply, ...] = ()
    superseded: tuple[Superseded, ...] = ()
    reminder: Reminder | None = None
    chased: tuple[int, str] | None = None
    """Which reminder was answered, and with what: heard, not yet, or no more of them."""


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
    """Answer words that were not understood: never a guess.

    What they may be about is offered, what they nearly were is named. Else the question comes again in other words; and
    after two failures the menu, from which one goes back to it, and a person.
    """
    about = state.interrupt.about if state.interrupt is not None else ""
    open_now = {run.route for run in state.runs if not walk(library, run).ended}
    known = tuple(flow for flow in event.flows if flow in library.flows and flow not in open_now)
    flows = tuple(flow for flow in known if is_offered(library, flow))
    understood = event.instead == "cannot_say_safe"  # what cannot be granted was followed all the same
    missed = state if understood else replace(state, misses=state.misses + 1)
    if flows and about not in CARDS and (about != WHICH_FLOW or missed.misses < TWICE):
        # To offer is no failure; to be asked which is nearest and answer with other words is one.
        return interrupted(library, missed if about == WHICH_FLOW else state, Interrupt(WHICH_FLOW, flows))
    if known and not flows:
        return Turn(state, (line(library, "not_signed"), open_question(library, state)))
    hints = _hints(library, state, event)
    if about in library.blocks:
        # A card stays as it is, whatever is typed: each says itself whom to ring.
        return Turn(missed, (*hints, rephrased(library, missed)))
    begun = about or unfinished(library, state)
    if understood or missed.misses < TWICE:
        said = hints or (line(library, "not_understood_first" if begun else "not_understood"),)
        return Turn(missed, (*said, rephrased(library, missed)))
    said = (line(library, "not_understood_again" if begun else "not_understood"),)
    people = contacts_of(library, SOCIAL_CARE, event.moment)
    said = (*said, line(library, "a_person", answers=" · ".join(people)))
    menu = replace(missed, interrupt=Interrupt(MENU))
    return Turn(menu, (*said, open_question(library, menu)))


def _hints(library: Library, state: State, event: Unclear) -> tuple[Reply, ...]:
    """Say which options the words nearly were, by their numbers; or what better answers the words."""
    options = open_question(library, state).options
    near = [f"“{option.label}” ({place})" for place, option in enumerate(options, 1) if option.id in event.near]
    if event.instead:
        return (line(library, event.instead),)
    return (line(library, "nearly", answers=", ".join(near)),) if near else ()


def odd(library: Library, state: State) -> Turn:
    """Answer a choice that does not belong here: say so, and ask again."""
    return Turn(state, (line(library, "choose_from_these"), open_question(library, state)))


def welcome_back(library: Library, state: State) -> Turn:
    """Ask somebody who comes back after a long silence whether to carry on."""
    return interrupted(library, state, Interrupt(WELCOME_BACK))


def what_changed(library: Library, state: State, *, marked: bool) -> Turn:
    """Ask somebody who came back to a case what has changed; `marked` if earlier advice waits to be gone over again."""
    return interrupted(library, state, Interrupt(WHAT_CHANGED, (GONE_OVER,) if marked else ()))


def about_a_case(library: Library, state: State, asked: Interrupt, event: Chose) -> tuple[Turn, Event | None]:
    """Take an answer about what has changed in a case, or whether somebody was heard.

    Returns the turn so far and the event that goes on from it: a change opens the flow about it, which begins with danger, and a flow
    that was open is resumed, danger first.
    """
    choice = event.options[0]
    if choice in {GONE_OVER, NOTHING_NEW}:
        turn = interrupted(library, state, Interrupt(WHAT_CHANGED if choice == GONE_OVER else MENU))
        return replace(turn, replies=(line(library, choice), *turn.replies)), None
    if asked.about == WHAT_CHANGED:
        asks = library.blocks[WHAT_CHANGED].steps[0]
        options = asks.options if isinstance(asks, AskStep) else ()
        flow = next((option.open for option in options if option.id == choice and option.open), "")
        return Turn(state), Open(flow, moment=event.moment)
    if asked.about == WERE_YOU_HEARD and choice == HEARD:
        return interrupted(library, state, replace(asked, about=WHO_TONIGHT)), None
    chased = (asked.row, {SAID_WHO: HEARD, NOT_SAID: NOT_YET}.get(choice, choice))
    if asked.beneath:
        turn = interrupted(library, state, Interrupt(asked.beneath, asked.offers))
        return replace(turn, chased=chased), None
    if unfinished(library, state):
        return Turn(state, chased=chased), Do("resume", moment=event.moment)
    return Turn(state, () if is_closed(library, state) else (open_question(library, state),), chased=chased), None


def if_heard(library: Library, state: State, row: int) -> Turn:
    """Ask whether a named person heard them; what was asked in between is asked again afterwards."""
    before = state.interrupt
    beneath, offers = "", tuple[str, ...]()
    if before is not None and before.about in {WERE_YOU_HEARD, WHO_TONIGHT}:
        beneath, offers = before.beneath, before.offers
    elif before is not None and before.about in library.blocks:
        beneath, offers = before.about, before.offers
    return interrupted(library, state, Interrupt(WERE_YOU_HEARD, offers, beneath=beneath, row=row))


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
