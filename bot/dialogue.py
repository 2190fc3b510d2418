"""The engine: what an event changes, and what is said because of it.

Rules of this file:

* Pure: no clock, no ids of people, no database, no channel, nothing random. `step` gives the same turn for the
  same library, state and event, always.
* State is answers. Whatever can be worked out from them is worked out, by replay, and never stored.
* Odd input gives a reply that says what to do; it never raises.
* Nothing takes an open question away: an alarm, a menu or another flow comes before it and goes back to it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.asking import (
    AFRESH,
    CARRY_ON,
    DANGER_CHECK,
    EMERGENCY,
    EXITS,
    LEAVE,
    MENU,
    WELCOME_BACK,
    WHICH_ANSWER,
    WHICH_FLOW,
    WHO_IS_WRITING,
    flows_in,
    greeting,
    in_words,
    is_closed,
    line,
    open_question,
    unfinished,
    why,
)
from bot.changes import as_it_was, has_words, is_new_summary, overtaken, withdrawn
from bot.events import Alarmed, Chose, Do, Marked, Nudged, Open, Reminder, Reply, Superseded, Unclear, WroteAs
from bot.interrupts import (
    ABOUT_A_CASE,
    Turn,
    about_a_case,
    alarmed,
    fits_resume,
    if_heard,
    interrupted,
    odd,
    stopped,
    unclear,
    welcome_back,
)
from bot.messages import in_messages
from bot.models import AskStep, Mark, PromptsStep, RemindStep
from bot.replay import DECLINE, DONE, answered_with_emergency, carried, left_to, say, walk
from bot.signing import is_offered, standing
from bot.state import Answer, Interrupt, Run, State

if TYPE_CHECKING:
    from bot.events import Event
    from bot.library import Library
    from bot.models import Moment

DEEPEST = 5
"""Flows opened in the middle of each other; more would lose anybody."""


def new_state(library: Library) -> State:
    """Return the state before anything has happened."""
    return State(library.version)


def step(library: Library, state: State, event: Event) -> Turn:
    """Take one event and return the turn it makes."""
    if state.stopped:
        state = new_state(library)
    match event:
        case Do():
            return _do(library, state, event)
        case Open() if alarmed(state):
            return interrupted(library, state, Interrupt(EMERGENCY, then_open=event.flow))
        case Open():
            return _open(library, state, event.flow, event.moment)
        case Alarmed():
            asked = Interrupt(EMERGENCY, then_open=event.flow if event.flow in library.flows else "")
            return interrupted(library, state, asked)
        case WroteAs():
            return interrupted(library, state, Interrupt(EXITS[event.writer]))
        case Unclear():
            return unclear(library, state, event)
        case Chose() if state.interrupt is not None and state.interrupt.about in ABOUT_A_CASE:
            return _of_a_case(library, state, event)
        case Chose():
            if state.interrupt is not None or not unfinished(library, state):
                return _answer_interrupt(library, state, event)
            return _chose(library, state, event)
        case Marked():
            return _marked(library, state, event)
        case Nudged():
            asks = if_heard(library, state, event.row)
            if not event.choice or alarmed(state):
                return asks
            return _of_a_case(library, asks.state, Chose((event.choice,), moment=event.moment))


# --- going on ------------------------------------------------------------------------------------------


def go_on(library: Library, before: State, state: State, said: tuple[Reply, ...] = ()) -> Turn:
    """Say what the new answers lead to, leave what has ended, and ask what is open now."""
    replies = [*said]
    gone: list[Superseded] = []
    if state.runs != before.runs:
        state = replace(state, came_back=())
    while (run := state.top) is not None:
        passed = walk(library, run)
        old = next((walk(library, as_it_was(r)) for r in before.runs if r.number == run.number), None)
        spoken = {visit.name: visit for visit in old.visits} if old else {}
        for visit in passed.visits:
            earlier = spoken.get(visit.name)
            same = earlier is not None and (visit.is_question or say(library, earlier) == say(library, visit))
            said_before = old is None and visit.path.split("/")[0] in run.carried
            if visit is passed.open or said_before or (same and not is_new_summary(visit, passed)):
                continue
            if not visit.is_question:
                replies += in_messages(library, in_words(library, state, passed, visit))
        gone += overtaken(library, spoken, passed)
        if not passed.ended or (passed.closed and len(state.runs) == 1):
            break
        means = passed.established()
        beneath = tuple(replace(below, means=tuple(sorted({*below.means, *means}))) for below in state.runs[:-1])
        state = replace(state, runs=beneath, past=(*state.past, run), came_back=(*state.came_back, run.number))
        if state.top is not None:
            replies.append(line(library, "back_to", title=library.routes[state.top.route].title.rstrip("?!.")))
    if not is_closed(library, state):
        replies.append(open_question(library, state))
    return Turn(state, tuple(reply for reply in replies if has_words(reply)), tuple(gone))


# --- events --------------------------------------------------------------------------------------------


def _chose(library: Library, state: State, event: Chose) -> Turn:
    """Take the choice of options at the open step."""
    run = state.top
    passed = walk(library, run) if run is not None else None
    if run is None or passed is None or passed.open is None:
        return odd(library, state)
    visit = passed.open
    reply = in_words(library, state, passed, visit)
    offered = {option.id: option for option in reply.options}
    chosen = tuple(dict.fromkeys(event.options))
    if not chosen or not set(chosen) <= set(offered) or (len(chosen) > 1 and not reply.multiple):
        return odd(library, state)
    answer = Answer(visit.path, visit.step.id, chosen, moment=event.moment, subject=visit.subject)
    if isinstance(visit.step, PromptsStep):
        return _marked(library, state, Marked((), moment=event.moment), done=chosen == (DONE,))
    if isinstance(visit.step, AskStep):
        picked = [option for option in visit.step.options if option.id in chosen]
        if opened := next((option.open for option in picked if option.open), None):
            return _open(library, state, opened, event.moment, carry=True)
        if any(option.emergency for option in picked):
            return interrupted(library, state, Interrupt(EMERGENCY, answer=answer))
    reminder = None
    if isinstance(visit.step, RemindStep) and chosen != (DECLINE,):
        offered_one = offered[chosen[0]]
        offer = offered_one.offer
        if offer is not None and offered_one.by is not None:
            reminder = Reminder(
                offer.id, visit.name, run.number, offer.minutes, offer.next_working_morning, offered_one.by
            )
    changed = replace(state, runs=(*state.runs[:-1], run.with_answer(answer)), misses=0)
    turn = go_on(library, state, changed, withdrawn(library, state, changed) if run.reopened else ())
    return replace(turn, reminder=reminder)


def _marked(library: Library, state: State, event: Marked, *, done: bool = False) -> Turn:
    """Add marks to the open curiosity prompts; they are done when each has one, or the writer says so."""
    run = state.top
    passed = walk(library, run) if run is not None and state.interrupt is None else None
    if run is None or passed is None or passed.open is None or not isinstance(passed.open.step, PromptsStep):
        return odd(library, state)
    visit = passed.open
    known = [prompt.id for prompt in passed.open.step.prompts]
    if not all(prompt in known for prompt, _ in event.marks):
        return odd(library, state)
    marks = {**(dict(visit.answer.marks) if visit.answer else {}), **dict(event.marks)}
    if done:
        marks = {prompt: marks.get(prompt, Mark.UNKNOWN) for prompt in known}
    ordered = tuple((prompt, marks[prompt]) for prompt in known if prompt in marks)
    again = run.reopened is not None and not set(known) <= {prompt for prompt, _ in event.marks}
    complete = done or (len(ordered) == len(known) and not again)
    answer = Answer(visit.path, visit.step.id, marks=ordered, done=complete, moment=event.moment, subject=visit.subject)
    # While an answer is being changed, the old one stays in its place until the new one is complete.
    kept = run.with_answer(answer) if complete or run.reopened is None else replace(run, pending=answer)
    changed = replace(state, runs=(*state.runs[:-1], kept), misses=0)
    return go_on(library, state, changed, withdrawn(library, state, changed) if run.reopened and complete else ())


def _open(library: Library, state: State, route: str, moment: Moment, *, carry: bool = False) -> Turn:
    """Open a flow (or, from an option, a block); what is open now waits beneath it."""
    if route not in (library.routes if carry else library.flows):
        return unclear(library, state, Unclear(moment=moment))
    if not is_offered(library, route):
        cleared = replace(state, interrupt=None)
        return Turn(cleared, (line(library, "not_signed"), open_question(library, cleared)))
    if len(state.runs) >= DEEPEST:
        cleared = replace(state, interrupt=None)
        return Turn(cleared, (line(library, "too_deep"), open_question(library, cleared)))
    before = state
    answers: tuple[Answer, ...] = ()
    left: tuple[str, ...] = ()
    if carry and state.top is not None:
        answers = carried(library, walk(library, state.top), route)
        left = left_to(library, state.runs, route)
    runs, past = state.runs, state.past
    if runs and len(runs) == 1 and walk(library, runs[0]).ended:
        runs, past = (), (*past, *runs)
    means = tuple(dict.fromkeys(meaning for below in runs for meaning in walk(library, below).meanings()))
    calls = tuple(dict.fromkeys(answer.path.split("/")[0] for answer in answers))
    run = Run(state.made + 1, route, moment, answers, means=means, carried=calls, left_out=left)
    opened = replace(state, runs=(*runs, run), past=past, made=run.number, interrupt=None, misses=0)
    said: tuple[Reply, ...] = ()
    if route in library.flows:
        draft = standing(library, library.flows[route])
        if library.flows[route].signpost:
            draft = f"{draft} {library.lines['signpost'].text}"
        said = (line(library, "opening", title=library.flows[route].title.rstrip("?!."), draft=draft),)
        if before.made and not runs:
            said = (*said, line(library, "another_child"))
    return go_on(library, before, opened, said)


def _answer_interrupt(library: Library, state: State, event: Chose) -> Turn:
    """Take the answer to an alarm, an exit, the menu or a choice between flows."""
    asked = state.interrupt or Interrupt(MENU)
    offered = {option.id for option in open_question(library, state).options}
    if asked.about == MENU:
        offered |= set(library.flows)  # whoever names one need not go through its part of the menu
    if len(event.options) != 1 or event.options[0] not in offered:
        return odd(library, state)
    choice, cleared = event.options[0], replace(state, interrupt=None, misses=0)
    if asked.about == EMERGENCY:
        return _after_alarm(library, cleared, asked, event, rung=choice == "rung_999")
    if choice == CARRY_ON and asked.about == WELCOME_BACK:
        return _do(library, cleared, Do("resume", moment=event.moment))
    none_of_them = choice == MENU and asked.about == WHICH_FLOW and unfinished(library, cleared)
    if choice == CARRY_ON or none_of_them:
        return go_on(library, cleared, cleared)
    if choice == LEAVE:
        return Turn(replace(cleared, stopped=True), (line(library, f"left_{asked.about}"),))
    if choice == AFRESH:
        return stopped(library, cleared)
    if choice == MENU:
        return interrupted(library, cleared, Interrupt(MENU))
    if asked.about == MENU and choice in library.groups:
        return interrupted(library, cleared, Interrupt(MENU, flows_in(library, choice)))
    if choice == WHO_IS_WRITING:
        return interrupted(library, cleared, Interrupt(WHO_IS_WRITING))
    if asked.about == WHO_IS_WRITING:
        return interrupted(library, cleared, Interrupt(EXITS[choice]))
    if asked.about == WHICH_ANSWER:
        return _change(library, cleared, choice)
    if unfinished(library, cleared) and any(run.route == choice for run in cleared.runs):
        return _resume(library, cleared, event.moment)  # it is open already: carry on with it
    return _open(library, cleared, choice, event.moment)


def _of_a_case(library: Library, state: State, event: Chose) -> Turn:
    """Take the answer about what has changed in a case, or whether somebody was heard."""
    asked = state.interrupt
    offered = {option.id for option in open_question(library, state).options}
    if asked is None or len(event.options) != 1 or event.options[0] not in offered:
        return odd(library, state)
    turn, then = about_a_case(library, replace(state, interrupt=None, misses=0), asked, event)
    return turn if then is None else replace(step(library, turn.state, then), chased=turn.chased)


def _after_alarm(library: Library, state: State, asked: Interrupt, event: Chose, *, rung: bool) -> Turn:
    """Go on after the 999 card: with the answer that raised it only if 999 was rung."""
    alone = rung and state.top is None and not asked.then_open and not asked.beneath
    said = (line(library, "after_999_alone" if alone else "after_999" if rung else "after_not_emergency"),)
    if rung and asked.answer is not None and state.top is not None:
        answer = replace(asked.answer, moment=event.moment)
        changed = replace(state, runs=(*state.runs[:-1], state.top.with_answer(answer)))
        return go_on(library, state, changed, said)
    waits = asked.beneath or asked.then_open
    if rung and not waits and state.top is not None and unfinished(library, state):
        # Typed, or pressed: what the danger check's own yes establishes and advises holds here as well.
        answered = answered_with_emergency(library, state.top, event.moment)
        if answered is not state.top:
            return go_on(library, state, replace(state, runs=(*state.runs[:-1], answered)), said)
        called = answered_with_emergency(library, Run(state.made + 1, DANGER_CHECK, event.moment), event.moment)
        return go_on(library, state, replace(state, runs=(*state.runs, called), made=called.number), said)
    if asked.beneath:
        back = interrupted(library, state, Interrupt(asked.beneath))
        return replace(back, replies=(*said, *back.replies))
    if asked.then_open:
        turn = _open(library, state, asked.then_open, event.moment)
        if rung and turn.state.top is not None:
            answered = answered_with_emergency(library, turn.state.top, event.moment)
            opened = replace(turn.state, runs=(*turn.state.runs[:-1], answered))
            opening = tuple(reply for reply in turn.replies if reply.step == "opening")
            return go_on(library, state, opened, (*said, *opening))
        return replace(turn, replies=(*said, *turn.replies))
    return go_on(library, state, state, said)


# --- commands ------------------------------------------------------------------------------------------


def _do(library: Library, state: State, event: Do) -> Turn:
    """Carry out a command; each works at every step."""
    match event.command:
        case "again":
            return Turn(state, (open_question(library, state),))
        case "danger":
            return interrupted(library, state, Interrupt(EMERGENCY))
        case "stop":
            return stopped(library, state)
        case "why":
            return Turn(state, (why(library, state), open_question(library, state)))
        case "help":
            return Turn(state, (line(library, "help"), open_question(library, state)))
        case _ if alarmed(state):
            return Turn(state, (open_question(library, state),))
        case "begin" if not unfinished(library, state):
            cleared = replace(state, interrupt=None)
            return Turn(cleared, (greeting(library, cleared),))
        case "menu":
            return interrupted(library, state, Interrupt(MENU))
        case "back":
            return _back(library, state)
        case "change":
            return _change(library, state, event.step)
        case "resume" | "begin":
            return _resume(library, state, event.moment)


def _back(library: Library, state: State) -> Turn:
    """Ask the last question again; where there is none, leave what was opened last."""
    if state.interrupt is not None:
        cleared = replace(state, interrupt=None)
        return Turn(cleared, (open_question(library, cleared),))
    if state.top is None:
        return Turn(state, (line(library, "nothing_before"), open_question(library, state)))
    top = state.top
    answered = [visit for visit in walk(library, top).answered() if visit.path.split("/")[0] not in top.carried]
    if answered:
        return _change(library, state, answered[-1].name)
    if state.top.route == DANGER_CHECK:
        return Turn(state, (line(library, "nothing_before"), open_question(library, state)))
    left = replace(state, runs=state.runs[:-1])
    return Turn(left, (open_question(library, left),))


def _change(library: Library, state: State, name: str) -> Turn:
    """Ask one answered question again; what came after is kept until the new answer is in."""
    run = state.top
    answered = walk(library, as_it_was(run)).answered() if run is not None else ()
    if run is None or not answered:
        return Turn(state, (line(library, "nothing_to_change"), open_question(library, state)))
    if not name:
        return interrupted(library, state, Interrupt(WHICH_ANSWER))
    visit = next((visit for visit in answered if visit.name == name or visit.name.endswith(f"/{name}")), None)
    if visit is None or visit.answer is None:
        turn = interrupted(library, state, Interrupt(WHICH_ANSWER))
        return replace(turn, replies=(line(library, "choose_from_these"), *turn.replies))
    reopened = replace(run, reopened=visit.answer.key)
    changed = replace(state, runs=(*state.runs[:-1], reopened), interrupt=None)
    return Turn(changed, (line(library, "changing"), open_question(library, changed)))


def _resume(library: Library, state: State, moment: Moment) -> Turn:
    """Carry on after a break: danger first, once more, then the open step (promise P1)."""
    top = state.top
    if top is None or walk(library, top).ended:
        cleared = replace(state, interrupt=None)
        return Turn(cleared, (open_question(library, cleared),))
    if top.route == DANGER_CHECK or not fits_resume(library, state):
        cleared = replace(state, interrupt=None)
        return Turn(cleared, (line(library, "resumed"), open_question(library, cleared)))
    run = Run(state.made + 1, DANGER_CHECK, moment)
    resumed = replace(state, runs=(*state.runs, run), made=run.number, interrupt=None, misses=0)
    return Turn(resumed, (line(library, "resumed"), open_question(library, resumed)))


__all__ = ["Turn", "alarmed", "fits_resume", "new_state", "step", "welcome_back"]
