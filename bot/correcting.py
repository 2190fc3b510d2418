"""A conversation goes over to corrected content in the middle (decision 9). Pure.

Only what a lead marked as urgent does that: a line with `corrected` that the content of the conversation does not have. Its
answers stay. What they led to is worked out anew from the corrected content, whatever of it has other words now is said
again, and what is open is asked again: an answer that was given to the old words is not taken, unless it means danger.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.asking import in_words, line, open_question
from bot.changes import as_it_was, has_words
from bot.dialogue import go_on, step
from bot.events import Alarmed, Chose, Marked, Reply, Superseded
from bot.interrupts import Turn, alarmed
from bot.messages import in_messages
from bot.models import CloseStep
from bot.replay import walk

if TYPE_CHECKING:
    from bot.events import Event
    from bot.library import Library
    from bot.models import Line
    from bot.replay import Visit, Walk
    from bot.state import Run, State


def corrections_since(was: Library, library: Library) -> tuple[Line, ...]:
    """Return the urgent corrections that earlier content does not have."""
    known = {one.id for one in was.content.lines}
    return tuple(one for one in library.content.lines if one.corrected is not None and one.id not in known)


def corrected(
    was: Library, library: Library, before: State, state: State, event: Event
) -> tuple[tuple[Reply, ...], Turn]:
    """Return what is said because of a correction, and the turn that the event then makes on the corrected content.

    `before` is the state on the content that was, `state` the same as `moved` gave it.
    """
    said = [line(library, "corrected"), *(line(library, one.id) for one in corrections_since(was, library))]
    changed, gone = _said_otherwise(was, library, before, state)
    if changed:
        said += [line(library, "corrected_advice"), *changed]
    turn = _turn(was, library, before, state, event)
    return tuple(said), replace(turn, superseded=(*gone, *turn.superseded))


def _turn(was: Library, library: Library, before: State, state: State, event: Event) -> Turn:
    """Take an event, unless it answers words that may be others by now; danger is always heard, and so is what follows it."""
    if not isinstance(event, Chose | Marked) or alarmed(before):
        return step(library, state, event)
    if alarmed(step(was, before, event).state):
        turn = step(library, state, event)
        return turn if alarmed(turn.state) else step(library, state, Alarmed(moment=event.moment))
    asked = (
        go_on(library, state, state)
        if state.interrupt is None and state.top is not None
        else Turn(state, (open_question(library, state),))
    )
    return replace(asked, replies=(line(library, "corrected_asked"), *asked.replies))


def moved(was: Library, library: Library, state: State) -> State:
    """Return a state as it stands in other content: a flow that is gone falls away, and a choice that offers it."""
    asked, withdrawn = state.interrupt, was.flows.keys() - library.flows.keys()
    if asked is not None and withdrawn.intersection((*asked.offers, asked.then_open)):
        asked = replace(asked, then_open="") if alarmed(state) else None
    runs, past = (tuple(run for run in part if run.route in library.routes) for part in (state.runs, state.past))
    return replace(state, version=library.version, runs=runs, past=past, interrupt=asked)


def _said_otherwise(
    was: Library, library: Library, before: State, state: State
) -> tuple[tuple[Reply, ...], tuple[Superseded, ...]]:
    """Return all that has other words now than when it was said, and which steps said what no longer stands."""
    said: list[Reply] = []
    gone: list[Superseded] = []
    now = {run.number: run for run in (*state.past, *state.runs)}
    for run in (*before.past, *before.runs):
        old = _spoken(was, before, walk(was, as_it_was(run)), run)
        new = _spoken(library, state, walk(library, as_it_was(now[run.number])), run) if run.number in now else {}
        said += [reply for name, replies in new.items() if replies != old.get(name) for reply in replies]
        gone += [Superseded(name, run.number) for name, replies in old.items() if replies != new.get(name)]
    return tuple(said), tuple(gone)


def _spoken(library: Library, state: State, passed: Walk, run: Run) -> dict[str, tuple[Reply, ...]]:
    """Return what was said in a run, by step: no questions, and no summary, which is said again anyhow."""
    return {
        visit.name: in_messages(library, reply)
        for visit in passed.visits
        if _is_said(visit, run) and has_words(reply := in_words(library, state, passed, visit))
    }


def _is_said(visit: Visit, run: Run) -> bool:
    carried = visit.path.split("/")[0] in run.carried
    return not visit.is_question and not carried and not isinstance(visit.step, CloseStep)
