"""An urgent correction reaches a conversation that is open (decision 9). Pure.

Only what a lead marked as urgent does that: a line with `corrected` that the content of the conversation does not have. It
is told in place of the answer to a question of a flow, and never at another moment:

* what means danger, what answers a card (999, a child, a parent), the menu or a reminder, and what is said after a long
  silence is done first, on the content that the conversation has; the correction comes with the next question;
* where only words differ, answers stay, what was said in other words is said again, and the same question comes again;
* where more differs (a step, an option, a flow that is gone, an action less) nobody can say what the answers are worth now:
  the flow is begun again from the danger check.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.asking import CARDS, actions_so_far, in_words, line, unfinished
from bot.changes import as_it_was, has_words
from bot.dialogue import go_on, new_state, step
from bot.events import Alarmed, Do, Nudged, Open, Reply, Superseded, WroteAs
from bot.messages import in_messages
from bot.models import AskStep, CloseStep, PromptsStep
from bot.replay import walk
from bot.signing import is_offered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.events import Event
    from bot.interrupts import Turn
    from bot.library import Library
    from bot.models import Line
    from bot.replay import Visit, Walk
    from bot.state import Run, State

Shape = tuple[object, ...]


def can_be_told(was: Library, before: State, event: Event, turn: Turn) -> bool:
    """Say whether a correction may take the place of the turn that an event makes: nothing in it is about danger."""
    if isinstance(event, Alarmed | WroteAs | Nudged) or (isinstance(event, Do) and event.command in {"stop", "danger"}):
        return False
    card = turn.state.interrupt is not None and turn.state.interrupt.about in CARDS
    return before.interrupt is None and unfinished(was, before) and not card


def corrected(
    was: Library, library: Library, before: State, event: Event, corrections: Sequence[Line]
) -> tuple[tuple[Reply, ...], Turn]:
    """Return what is said because of corrections, and the turn that asks again, on the corrected content."""
    told = [line(library, "corrected"), *(line(library, one.id) for one in corrections)]
    if not _same_shape(was, library, before):
        return (*told, line(library, "corrected_begin")), _begun_again(library, before, event)
    state = replace(before, version=library.version)
    changed, gone = _said_otherwise(was, library, before, state)
    if changed:
        told += [line(library, "corrected_advice"), *changed]
    turn = go_on(library, state, state)
    return (*told, line(library, "corrected_asked")), replace(turn, superseded=(*gone, *turn.superseded))


def _begun_again(library: Library, before: State, event: Event) -> Turn:
    """Open the flow anew, or the menu where it is no longer there."""
    fresh, route = replace(new_state(library), made=before.made), before.runs[0].route
    if route in library.flows and is_offered(library, route):
        return step(library, fresh, Open(route, moment=event.moment))
    return step(library, fresh, Do("menu", moment=event.moment))


def _same_shape(was: Library, library: Library, state: State) -> bool:
    """Say whether two contents differ in nothing but words, as far as a conversation has come."""
    runs = (*state.past, *state.runs)
    if not all(run.route in library.routes and is_offered(library, run.route) for run in runs):
        return False
    if any(_shape(walk(was, run)) != _shape(walk(library, run)) for run in runs):
        return False
    return {one.do for one in actions_so_far(was, state)} <= {one.do for one in actions_so_far(library, state)}


def _shape(passed: Walk) -> Shape:
    """Return a run's steps with what may be answered to each, and where it stands."""
    steps = tuple((visit.name, visit.subject, _answers(visit)) for visit in passed.visits)
    return steps, passed.open.name if passed.open is not None else "", passed.ended, passed.closed


def _answers(visit: Visit) -> Shape:
    if isinstance(visit.step, AskStep):
        options = visit.step.options
        return tuple((one.id, one.label, one.emergency, one.open, one.next, one.means) for one in options)
    return tuple(prompt.id for prompt in visit.step.prompts) if isinstance(visit.step, PromptsStep) else ()


def _said_otherwise(
    was: Library, library: Library, before: State, state: State
) -> tuple[tuple[Reply, ...], tuple[Superseded, ...]]:
    """Return all that has other words now than when it was said, and which steps said what no longer stands."""
    said: list[Reply] = []
    gone: list[Superseded] = []
    for run in (*before.past, *before.runs):
        old = _spoken(was, before, walk(was, as_it_was(run)), run)
        new = _spoken(library, state, walk(library, as_it_was(run)), run)
        said += [reply for name, replies in new.items() if replies != old.get(name) for reply in replies]
        gone += [Superseded(name, run.number) for name, replies in old.items() if replies != new.get(name)]
    return tuple(said), tuple(gone)


def _spoken(library: Library, state: State, passed: Walk, run: Run) -> dict[str, tuple[Reply, ...]]:
    """Return what was said in a run, by step: no questions, and no summary, which is said when the run gets there."""
    return {
        visit.name: in_messages(library, reply)
        for visit in passed.visits
        if _is_said(visit, run) and has_words(reply := in_words(library, state, passed, visit))
    }


def _is_said(visit: Visit, run: Run) -> bool:
    carried = visit.path.split("/")[0] in run.carried
    return not visit.is_question and not carried and not isinstance(visit.step, CloseStep)
