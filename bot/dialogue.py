"""The engine: what an event changes, and what is said because of it.

Rules of this file:

* Pure: no clock, no ids of people, no database, no channel, nothing random. `step` gives the same turn for the
  same library, state and event, always.
* State is answers. Whatever can be worked out from them is worked out, by replay, and never stored.
* Odd input gives a reply that says what to do; it never raises.
* Nothing takes an open question away: an alarm, a menu or another flow comes before it and goes back to it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.events import (
    ActionShown,
    Alarmed,
    Chose,
    Do,
    Marked,
    Open,
    OptionShown,
    Reminder,
    Reply,
    Superseded,
    Unclear,
    WroteAs,
)
from bot.models import AskStep, By, CallStep, Mark, Moment, PromptsStep, RemindStep, ReplyKind
from bot.replay import (
    DECLINE,
    DONE,
    Visit,
    Walk,
    actions_of,
    fits,
    say,
    summary_of,
    urgency_of,
    walk,
)
from bot.state import Answer, Interrupt, Run, State

if TYPE_CHECKING:
    from bot.events import Event
    from bot.library import Library
    from bot.models import Urgency

EMERGENCY, WELCOME_BACK, WHO_IS_WRITING = "emergency", "welcome_back", "who_is_writing"
MENU, WHICH_FLOW, WHICH_ANSWER = "menu", "which_flow", "which_answer"
DANGER_CHECK = "danger_check"
DEEPEST = 5
"""Flows opened in the middle of each other; more would lose anybody."""
CARRY_ON, LEAVE, AFRESH = "carry_on", "leave", "afresh"
EXITS = {"child": "for_a_child", "parent": "for_a_parent", "outside_england": "outside_england"}
CARDS = frozenset({EMERGENCY, *EXITS.values()})


@dataclass(frozen=True, slots=True)
class Turn:
    """What one event did: the new state, what is said, and what earlier advice it overtakes."""

    state: State
    replies: tuple[Reply, ...] = ()
    superseded: tuple[Superseded, ...] = ()
    reminder: Reminder | None = None


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
        case Open():
            return _open(library, state, event.flow, event.moment)
        case Alarmed():
            asked = Interrupt(EMERGENCY, then_open=event.flow if event.flow in library.flows else "")
            return _interrupt(library, state, asked)
        case WroteAs():
            return _interrupt(library, state, Interrupt(EXITS[event.writer]))
        case Unclear():
            return _unclear(library, state, event)
        case Chose():
            if state.interrupt is not None or not state.runs:
                return _answer_interrupt(library, state, event)
            return _chose(library, state, event)
        case Marked():
            return _marked(library, state, event)


# --- what is open, and what has been said -------------------------------------------------------------


def line(library: Library, line_id: str, **values: str) -> Reply:
    """Return a fixed line, with the values the engine knows filled in."""
    held = library.lines[line_id]
    return Reply(held.kind, fill(held.text, **values), held.sources, step=line_id)


def fill(text: str, **values: str) -> str:
    """Fill in named values and leave the rest for whoever knows them."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def open_question(library: Library, state: State) -> Reply:
    """Return what is being asked now: an interrupt, the open step, or the menu."""
    if state.interrupt is not None:
        return _interrupt_question(library, state, state.interrupt)
    if state.top is not None:
        passed = walk(library, state.top)
        if passed.open is not None:
            return _said(library, state, passed, passed.open)
    return _interrupt_question(library, state, Interrupt(MENU))


def walks_of(library: Library, state: State) -> tuple[Walk, ...]:
    """Replay every run of the conversation, finished ones first."""
    return tuple(walk(library, run) for run in (*state.past, *state.runs))


def actions_so_far(library: Library, state: State) -> tuple[ActionShown, ...]:
    """Return every action advised on the answers as they now stand, soonest first, each once."""
    places = {by: place for place, by in enumerate(By)}
    advised = [
        action for passed in walks_of(library, state) for visit in passed.visits for action in actions_of(library, visit)
    ]
    soonest: dict[str, ActionShown] = {}
    for action in sorted(advised, key=lambda action: places[action.by]):
        soonest.setdefault(action.do, action)
    return tuple(soonest.values())


def urgency(library: Library, state: State) -> Urgency | None:
    """Return the urgency of the soonest action so far."""
    return urgency_of(actions_so_far(library, state))


def answers_given(library: Library, state: State) -> tuple[tuple[str, str, str], ...]:
    """Return (step, question, answer) for each question answered in the run that is open."""
    if state.top is None:
        return ()
    given = []
    passed = walk(library, state.top)
    for visit in passed.answered():
        if visit.answer is None:
            continue
        reply = say(library, visit, passed.visits[: passed.visits.index(visit)])
        labels = {option.id: option.label for option in reply.options}
        words = library.content.vocabulary.marks
        answer = ", ".join(labels.get(choice, choice) for choice in visit.answer.chosen) or ", ".join(
            words[mark] for _, mark in visit.answer.marks
        )
        given.append((visit.name, reply.text, answer))
    return tuple(given)


def is_closed(library: Library, state: State) -> bool:
    """Say whether the conversation has reached its summary, with nothing asked in between."""
    return state.interrupt is None and len(state.runs) == 1 and walk(library, state.runs[0]).closed


def _said(library: Library, state: State, passed: Walk, visit: Visit) -> Reply:
    """Return what a visit says, with what only the whole conversation knows."""
    before = passed.visits[: passed.visits.index(visit)] if isinstance(visit.step, RemindStep) else ()
    reply = replace(say(library, visit, before), run=passed.run.number)
    if reply.kind is ReplyKind.CLOSE:
        others = tuple(other for other in walks_of(library, state) if other.run.number != passed.run.number)
        actions = actions_so_far(library, state)
        return replace(reply, actions=actions, summary=summary_of((*others, passed)))
    return reply


def _interrupt_question(library: Library, state: State, asked: Interrupt) -> Reply:
    """Return the question of an interrupt; the menu and two others get their options here."""
    if asked.about in library.blocks:
        card = library.blocks[asked.about].steps[0]
        visit = Visit(f"{asked.about}/{card.id}", "", card, _moment(state), frozenset())
        reply = say(library, visit)
        return replace(reply, kind=ReplyKind.DANGER) if asked.about == EMERGENCY else reply
    reply = replace(line(library, asked.about), kind=ReplyKind.ASK)
    if asked.about == WHICH_ANSWER:
        given = [OptionShown(name, _cut(text, 40), _cut(text, 20)) for name, text, _ in answers_given(library, state)]
        return replace(reply, options=tuple(given))
    flows = [library.flows[flow] for flow in asked.offers] if asked.offers else list(library.flows.values())
    options = [OptionShown(flow.id, flow.title, flow.short) for flow in flows]
    if asked.about == WHICH_FLOW:
        none = library.lines["menu_choice"].text
        options.append(OptionShown(MENU, none, none))
    if asked.about == MENU:
        if state.top is not None and not walk(library, state.top).ended:
            title = library.routes[state.top.route].title
            text = fill(library.lines["menu_carry_on"].text, title=title)
            options.insert(0, OptionShown(CARRY_ON, _cut(text, 40), "Carry on"))
        other = library.lines["menu_child_or_parent"].text
        options.append(OptionShown(WHO_IS_WRITING, other, _cut(other, 20)))
    return replace(reply, options=tuple(options))


def _cut(text: str, length: int) -> str:
    """Cut a label at a word; only labels made from longer texts are cut, never advice."""
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def _moment(state: State) -> Moment:
    run = state.top
    if run is None:
        return Moment.UNKNOWN
    return run.answers[-1].moment if run.answers else run.began


# --- going on ------------------------------------------------------------------------------------------


def _go_on(library: Library, before: State, state: State, said: tuple[Reply, ...] = ()) -> Turn:
    """Say what the new answers lead to, leave what has ended, and ask what is open now."""
    replies = [*said]
    overtaken: list[Superseded] = []
    while (run := state.top) is not None:
        passed = walk(library, run)
        old = next((walk(library, _as_it_was(r)) for r in before.runs if r.number == run.number), None)
        spoken = {visit.name: visit for visit in old.visits} if old else {}
        for visit in passed.visits:
            earlier = spoken.get(visit.name)
            same = earlier is not None and (visit.is_question or _words(library, earlier) == _words(library, visit))
            said_before = earlier is None and visit.path.split("/")[0] in run.carried
            if visit is passed.open or said_before or (same and not _is_new_summary(visit, passed)):
                continue
            if not visit.is_question:
                replies.append(_said(library, state, passed, visit))
        overtaken += _overtaken(library, spoken, passed)
        if not passed.ended or (passed.closed and len(state.runs) == 1):
            break
        state = replace(state, runs=state.runs[:-1], past=(*state.past, run))
        if state.top is not None:
            replies.append(line(library, "back_to", title=library.routes[state.top.route].title))
    if not is_closed(library, state):
        replies.append(open_question(library, state))
    return Turn(state, tuple(reply for reply in replies if _has_words(reply)), tuple(overtaken))


def _as_it_was(run: Run) -> Run:
    """A run that is being changed was last walked with its old answer in place."""
    return replace(run, reopened=None)


def _is_new_summary(visit: Visit, passed: Walk) -> bool:
    """The closing summary is said again whenever something before it has changed."""
    return passed.closed and visit is passed.visits[-1]


def _words(library: Library, visit: Visit) -> Reply:
    return say(library, visit)


def _has_words(reply: Reply) -> bool:
    """An act step all of whose actions are hidden on this path says nothing."""
    return reply.kind is not ReplyKind.ACT or bool(reply.actions)


def _overtaken(library: Library, spoken: dict[str, Visit], passed: Walk) -> list[Superseded]:
    """Name the steps whose earlier words no longer stand, once the run is past the changed answer."""
    if passed.run.reopened is not None:
        return []
    now = {visit.name: visit for visit in passed.visits}
    return [
        Superseded(name, passed.run.number)
        for name, visit in spoken.items()
        if name not in now
        or (not visit.is_question and _words(library, visit) != _words(library, now[name]))
        or (visit.is_question and visit.answer and now[name].answer and visit.answer != now[name].answer)
    ]


# --- events --------------------------------------------------------------------------------------------


def _chose(library: Library, state: State, event: Chose) -> Turn:
    """Take the choice of options at the open step."""
    run = state.top
    passed = walk(library, run) if run is not None else None
    if run is None or passed is None or passed.open is None:
        return _odd(library, state)
    visit = passed.open
    reply = _said(library, state, passed, visit)
    offered = {option.id: option for option in reply.options}
    chosen = tuple(dict.fromkeys(event.options))
    if not chosen or not set(chosen) <= set(offered) or (len(chosen) > 1 and not reply.multiple):
        return _odd(library, state)
    answer = Answer(visit.path, visit.step.id, chosen, moment=event.moment)
    if isinstance(visit.step, PromptsStep):
        return _marked(library, state, Marked((), moment=event.moment), done=chosen == (DONE,))
    if isinstance(visit.step, AskStep):
        picked = [option for option in visit.step.options if option.id in chosen]
        if opened := next((option.open for option in picked if option.open), None):
            return _open(library, state, opened, event.moment, carry=True)
        if any(option.emergency for option in picked):
            return _interrupt(library, state, Interrupt(EMERGENCY, answer=answer))
    reminder = None
    if isinstance(visit.step, RemindStep) and chosen != (DECLINE,):
        offered_one = offered[chosen[0]]
        offer = offered_one.offer
        if offer is not None and offered_one.by is not None:
            reminder = Reminder(
                offer.id, visit.name, run.number, offer.minutes, offer.next_working_morning, offered_one.by
            )
    changed = replace(state, runs=(*state.runs[:-1], run.with_answer(answer)), misses=0)
    turn = _go_on(library, state, changed)
    return replace(turn, reminder=reminder)


def _marked(library: Library, state: State, event: Marked, *, done: bool = False) -> Turn:
    """Add marks to the open curiosity prompts; they are done when each has one, or the writer says so."""
    run = state.top
    passed = walk(library, run) if run is not None and state.interrupt is None else None
    if run is None or passed is None or passed.open is None or not isinstance(passed.open.step, PromptsStep):
        return _odd(library, state)
    visit = passed.open
    known = [prompt.id for prompt in passed.open.step.prompts]
    if not all(prompt in known for prompt, _ in event.marks):
        return _odd(library, state)
    marks = {**(dict(visit.answer.marks) if visit.answer else {}), **dict(event.marks)}
    if done:
        marks = {prompt: marks.get(prompt, Mark.UNKNOWN) for prompt in known}
    ordered = tuple((prompt, marks[prompt]) for prompt in known if prompt in marks)
    again = run.reopened is not None and not set(known) <= {prompt for prompt, _ in event.marks}
    complete = done or (len(ordered) == len(known) and not again)
    answer = Answer(visit.path, visit.step.id, marks=ordered, done=complete, moment=event.moment)
    kept = run.with_answer(answer)
    if not complete and run.reopened is not None:
        kept = replace(kept, reopened=run.reopened)
    changed = replace(state, runs=(*state.runs[:-1], kept), misses=0)
    return _go_on(library, state, changed)


def _open(library: Library, state: State, route: str, moment: Moment, *, carry: bool = False) -> Turn:
    """Open a flow (or, from an option, a block); what is open now waits beneath it."""
    if route not in (library.routes if carry else library.flows):
        return _unclear(library, state, Unclear(moment=moment))
    if len(state.runs) >= DEEPEST:
        cleared = replace(state, interrupt=None)
        return Turn(cleared, (line(library, "too_deep"), open_question(library, cleared)))
    before = state
    answers: tuple[Answer, ...] = ()
    if carry and state.top is not None:
        answers = _carried(library, walk(library, state.top), route)
    runs, past = state.runs, state.past
    if runs and len(runs) == 1 and walk(library, runs[0]).ended:
        runs, past = (), (*past, *runs)
    means = tuple(dict.fromkeys(meaning for below in runs for meaning in walk(library, below).meanings()))
    carried = tuple(dict.fromkeys(answer.path.split("/")[0] for answer in answers))
    run = Run(state.made + 1, route, moment, answers, means=means, carried=carried)
    opened = replace(
        state, runs=(*runs, run), past=past, made=run.number, interrupt=None, misses=0
    )
    said: tuple[Reply, ...] = ()
    if route in library.flows:
        draft = library.lines["draft"].text
        said = (line(library, "opening", title=library.flows[route].title, draft=draft),)
    return _go_on(library, before, opened, said)


def _carried(library: Library, passed: Walk, route: str) -> tuple[Answer, ...]:
    """Return the answers to blocks that are asked once, moved to where the new route calls them."""
    calls = {s.call: s.id for s in library.routes[passed.run.route].steps if isinstance(s, CallStep)}
    answers: list[Answer] = []
    for caller in library.routes[route].steps:
        if not isinstance(caller, CallStep) or not library.blocks[caller.call].carried or caller.call not in calls:
            continue
        old = calls[caller.call]
        answers += [
            replace(visit.answer, path=caller.id + visit.answer.path[len(old) :])
            for visit in passed.answered()
            if visit.answer is not None and visit.answer.path.split("/")[0] == old
        ]
    return tuple(answers)


def _interrupt(library: Library, state: State, asked: Interrupt) -> Turn:
    """Put something before the open step; an alarm already raised is not pushed aside by anything less."""
    if state.interrupt is not None and state.interrupt.about == EMERGENCY:
        asked = replace(state.interrupt, then_open=asked.then_open or state.interrupt.then_open)
    interrupted = replace(state, interrupt=asked)
    return Turn(interrupted, (open_question(library, interrupted),))


def _answer_interrupt(library: Library, state: State, event: Chose) -> Turn:
    """Take the answer to an alarm, an exit, the menu or a choice between flows."""
    asked = state.interrupt or Interrupt(MENU)
    offered = {option.id for option in open_question(library, state).options}
    if len(event.options) != 1 or event.options[0] not in offered:
        return _odd(library, state)
    choice, cleared = event.options[0], replace(state, interrupt=None, misses=0)
    if asked.about == EMERGENCY:
        return _after_alarm(library, cleared, asked, event, rung=choice == "rung_999")
    if choice == CARRY_ON and asked.about == WELCOME_BACK:
        return _do(library, cleared, Do("resume", moment=event.moment))
    if choice == CARRY_ON:
        return _go_on(library, cleared, cleared)
    if choice in {LEAVE, AFRESH}:
        return _stop(library, cleared)
    if choice == MENU:
        return _interrupt(library, cleared, Interrupt(MENU))
    if choice == WHO_IS_WRITING:
        return _interrupt(library, cleared, Interrupt(WHO_IS_WRITING))
    if asked.about == WHO_IS_WRITING:
        return _interrupt(library, cleared, Interrupt(EXITS[choice]))
    if asked.about == WHICH_ANSWER:
        return _change(library, cleared, choice)
    return _open(library, cleared, choice, event.moment)


def _after_alarm(library: Library, state: State, asked: Interrupt, event: Chose, *, rung: bool) -> Turn:
    """Go on after the 999 card: with the answer that raised it only if 999 was rung."""
    said = (line(library, "after_999" if rung else "after_not_emergency"),)
    if rung and asked.answer is not None and state.top is not None:
        answer = replace(asked.answer, moment=event.moment)
        changed = replace(state, runs=(*state.runs[:-1], state.top.with_answer(answer)))
        return _go_on(library, state, changed, said)
    if asked.then_open:
        turn = _open(library, state, asked.then_open, event.moment)
        if rung and turn.state.top is not None:
            answered = _emergency_answer(library, turn.state.top, event.moment)
            opened = replace(turn.state, runs=(*turn.state.runs[:-1], answered))
            opening = tuple(reply for reply in turn.replies if reply.step == "opening")
            return _go_on(library, state, opened, (*said, *opening))
        return replace(turn, replies=(*said, *turn.replies))
    return _go_on(library, state, state, said)


def _emergency_answer(library: Library, run: Run, moment: Moment) -> Run:
    """Answer a new run's danger check for somebody who has just rung 999: it would be asked in vain."""
    visit = walk(library, run).open
    if visit is None or not isinstance(visit.step, AskStep):
        return run
    option = next((option for option in visit.step.options if option.emergency), None)
    return run if option is None else run.with_answer(Answer(visit.path, visit.step.id, (option.id,), moment=moment))


def _unclear(library: Library, state: State, event: Unclear) -> Turn:
    """Answer words that were not understood: never a guess, always the question again."""
    flows = tuple(flow for flow in event.flows if flow in library.flows)
    if flows and (state.interrupt is None or state.interrupt.about not in CARDS):
        return _interrupt(library, replace(state, misses=state.misses + 1), Interrupt(WHICH_FLOW, flows))
    asked = state.interrupt is not None or (state.top is not None and not walk(library, state.top).ended)
    missed = replace(state, misses=state.misses + 1)
    if not asked or missed.misses > 1:
        return Turn(missed, (line(library, "not_understood"), _rephrased(library, missed)))
    return Turn(missed, (line(library, "not_understood_first"), _rephrased(library, missed)))


def _rephrased(library: Library, state: State) -> Reply:
    """Return the open question in other words, where the content has them."""
    question = open_question(library, state)
    asked: object = None
    if state.interrupt is not None and state.interrupt.about in library.blocks:
        asked = library.blocks[state.interrupt.about].steps[0]
    elif state.interrupt is None and state.top is not None:
        visit = walk(library, state.top).open
        asked = visit.step if visit else None
    if isinstance(asked, AskStep) and asked.rephrase:
        return replace(question, text=asked.rephrase)
    return question


def _odd(library: Library, state: State) -> Turn:
    """Answer a choice that does not belong here: say so, and ask again."""
    return Turn(state, (line(library, "choose_from_these"), open_question(library, state)))


def welcome_back(library: Library, state: State) -> Turn:
    """Ask somebody who comes back after a long silence whether to carry on."""
    return _interrupt(library, state, Interrupt(WELCOME_BACK))


def unfinished(library: Library, state: State) -> bool:
    """Say whether a question of a flow is still open."""
    return state.top is not None and not state.stopped and not walk(library, state.top).ended


# --- commands ------------------------------------------------------------------------------------------


def _do(library: Library, state: State, event: Do) -> Turn:
    """Carry out a command; each works at every step."""
    alarm = state.interrupt is not None and state.interrupt.about == EMERGENCY
    match event.command:
        case "begin":
            return Turn(state, (_greeting(library, state),))
        case "again":
            return Turn(state, (open_question(library, state),))
        case "danger":
            return _interrupt(library, state, Interrupt(EMERGENCY))
        case "stop":
            return _stop(library, state)
        case "why":
            return Turn(state, (_why(library, state), open_question(library, state)))
        case "help":
            return Turn(state, (line(library, "help"), open_question(library, state)))
        case _ if alarm:
            return Turn(state, (open_question(library, state),))
        case "menu":
            return _interrupt(library, state, Interrupt(MENU))
        case "back":
            return _back(library, state)
        case "change":
            return _change(library, state, event.step)
        case "resume":
            return _resume(library, state, event.moment)


def _greeting(library: Library, state: State) -> Reply:
    """Return the first thing said: 999, what this is, and the menu."""
    greeting = line(library, "greeting")
    options = _interrupt_question(library, state, Interrupt(MENU)).options
    return replace(greeting, kind=ReplyKind.ASK, options=options)


def _stop(library: Library, state: State) -> Turn:
    advised = bool(state.runs or state.past)
    return Turn(replace(state, interrupt=None, stopped=True), (line(library, "stopped" if advised else "stopped_empty"),))


def _back(library: Library, state: State) -> Turn:
    """Ask the last question again; where there is none, leave what was opened last."""
    if state.interrupt is not None:
        cleared = replace(state, interrupt=None)
        return Turn(cleared, (open_question(library, cleared),))
    if state.top is None:
        return Turn(state, (line(library, "nothing_before"), open_question(library, state)))
    answered = walk(library, state.top).answered()
    if answered:
        return _change(library, state, answered[-1].name)
    if state.top.route == DANGER_CHECK:
        return Turn(state, (line(library, "nothing_before"), open_question(library, state)))
    left = replace(state, runs=state.runs[:-1])
    return Turn(left, (open_question(library, left),))


def _change(library: Library, state: State, name: str) -> Turn:
    """Ask one answered question again; what came after is kept until the new answer is in."""
    run = state.top
    answered = walk(library, _as_it_was(run)).answered() if run is not None else ()
    if run is None or not answered:
        return Turn(state, (line(library, "nothing_to_change"), open_question(library, state)))
    if not name:
        return _interrupt(library, state, Interrupt(WHICH_ANSWER))
    visit = next((visit for visit in answered if visit.name == name or visit.name.endswith(f"/{name}")), None)
    if visit is None or visit.answer is None:
        return Turn(state, (line(library, "choose_from_these"), *_interrupt(library, state, Interrupt(WHICH_ANSWER)).replies))
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


def fits_resume(library: Library, state: State) -> bool:
    """Say whether the danger check has to be asked again: not while the open step is that very check."""
    visit = walk(library, state.top).open if state.top is not None else None
    return visit is None or not visit.path.split("/")[0] == DANGER_CHECK


def _why(library: Library, state: State) -> Reply:
    """Cite the sources of the last thing said."""
    question = open_question(library, state)
    sources = list(question.sources)
    if state.interrupt is None and state.top is not None:
        passed = walk(library, state.top)
        visits = list(passed.visits)
        last = max((i for i, v in enumerate(visits) if v.answer is not None and v is not passed.open), default=-1)
        said = [_said(library, state, passed, visit) for visit in visits[last + 1 :]]
        sources = [source for reply in said for source in reply.sources] or sources
    if not sources:
        return line(library, "why_nothing")
    heading = library.lines["why_heading"].text
    return Reply(ReplyKind.CITE, heading, tuple(dict.fromkeys(sources)), step="why")


__all__ = [
    "Turn", "actions_so_far", "answers_given", "fits", "is_closed", "line", "new_state", "open_question",
    "step", "unfinished", "urgency", "welcome_back",
]
