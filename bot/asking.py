"""What is being asked, and what the answers so far add up to: views of a state, from which nothing changes.

Pure, as the engine is. `dialogue` changes states; whoever only wants to look needs this module alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.events import ActionShown, OptionShown, Reply
from bot.models import BY_URGENCY, URGENCY_ORDER, ActionClass, AskStep, By, Moment, PromptsStep, RemindStep, ReplyKind
from bot.replay import Visit, Walk, actions_of, say, summary_of, urgency_of, walk
from bot.signing import is_offered
from bot.state import Interrupt, State

if TYPE_CHECKING:
    from bot.library import Library
    from bot.models import GroupWord, Step, Urgency

EMERGENCY, WELCOME_BACK, WHO_IS_WRITING = "emergency", "welcome_back", "who_is_writing"
WHAT_CHANGED, WERE_YOU_HEARD, WHO_TONIGHT = "what_has_changed", "were_you_heard", "who_tonight"
MENU, WHICH_FLOW, WHICH_ANSWER = "menu", "which_flow", "which_answer"
DANGER_CHECK = "danger_check"
CARRY_ON, LEAVE, AFRESH = "carry_on", "leave", "afresh"
GONE_OVER, NOTHING_NEW = "gone_over", "nothing_new"
HEARD, NOT_YET, STOP_CHASE = "heard", "not_yet", "stop_chase"
SAID_WHO, NOT_SAID = "said_who", "not_said"
EXITS = {"child": "for_a_child", "parent": "for_a_parent", "outside_england": "outside_england"}
CARDS = frozenset({EMERGENCY, *EXITS.values()})
OF_CHANGES = ("new_person", "moved", "new_school", "missed_appointment", "new_mark", "something_else")
"""What may have changed in a case; each opens the flow about it."""
INTERRUPTS = {
    EMERGENCY: {"rung_999", "not_emergency"},
    WELCOME_BACK: {CARRY_ON, AFRESH},
    WHO_IS_WRITING: {"child", "parent", CARRY_ON},
    WHAT_CHANGED: {*OF_CHANGES, NOTHING_NEW, GONE_OVER},
    WERE_YOU_HEARD: {HEARD, NOT_YET, STOP_CHASE},
    WHO_TONIGHT: {SAID_WHO, NOT_SAID},
    **{block: {CARRY_ON, LEAVE} for block in EXITS.values()},
}
"""Blocks that come in between and that no flow calls, and the options the engine understands in each."""


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
        return interrupt_question(library, state, state.interrupt)
    if state.top is not None:
        passed = walk(library, state.top)
        if passed.open is not None:
            return in_words(library, state, passed, passed.open)
    return interrupt_question(library, state, Interrupt(MENU))


def as_it_stood(state: State) -> State:
    """Return the state with the answer that is being changed still in its place: until the new one is in, it counts."""
    return replace(state, runs=tuple(replace(run, reopened=None, pending=None) for run in state.runs))


def walks_of(library: Library, state: State) -> tuple[Walk, ...]:
    """Replay every run of the conversation, finished ones first."""
    return tuple(walk(library, run) for run in (*state.past, *state.runs))


def actions_so_far(library: Library, state: State) -> tuple[ActionShown, ...]:
    """Return every action advised on the answers as they now stand, each once: the soonest first, and of those calls for help.

    Writing it down before going off duty never stands above the call that is due today.
    """
    places = {by: place for place, by in enumerate(By)}

    def first(action: ActionShown) -> tuple[int, bool, int]:
        calls = library.actions[action.do].is_ is ActionClass.PROTECT
        return -URGENCY_ORDER[BY_URGENCY[action.by]], not calls, places[action.by]

    advised = [
        action
        for passed in walks_of(library, as_it_stood(state))
        for visit in passed.visits
        for action in actions_of(library, visit)
    ]
    soonest: dict[str, ActionShown] = {}
    for action in sorted(advised, key=first):
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
    passed = walk(library, replace(state.top, reopened=None, pending=None))
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


def closing_step(library: Library, state: State) -> str:
    """Return the full name of the summary that a closed conversation stands at."""
    return walk(library, state.runs[-1]).visits[-1].name


def unfinished(library: Library, state: State) -> bool:
    """Say whether a question of a flow is still open."""
    return state.top is not None and not state.stopped and not walk(library, state.top).ended


def in_words(library: Library, state: State, passed: Walk, visit: Visit) -> Reply:
    """Return what a visit says, with what only the whole conversation knows."""
    before = passed.visits[: passed.visits.index(visit)] if isinstance(visit.step, RemindStep) else ()
    reply = replace(say(library, visit, before), run=passed.run.number)
    if reply.kind is ReplyKind.CLOSE:
        others = tuple(other for other in walks_of(library, state) if other.run.number != passed.run.number)
        actions = actions_so_far(library, state)
        return replace(reply, actions=actions, summary=summary_of(library, (*others, passed)))
    if isinstance(visit.step, AskStep) and any(option.open in library.flows for option in visit.step.options):
        # What is open already is no side trip: it would begin again, on top of itself.
        opened = {run.route for run in state.runs}
        twice = {option.id for option in visit.step.options if option.open in library.flows and option.open in opened}
        return replace(reply, options=tuple(option for option in reply.options if option.id not in twice))
    return reply


def groups_in_use(library: Library) -> tuple[GroupWord, ...]:
    """Return the parts of the menu that hold a flow on offer, in the order of the vocabulary."""
    return tuple(word for word in library.content.vocabulary.groups if flows_in(library, word.id))


def flows_in(library: Library, group: str) -> tuple[str, ...]:
    """Return the ids of the flows on offer in one part of the menu, in their order."""
    return tuple(f.id for f in library.flows.values() if f.group == group and is_offered(library, f.id))


def interrupt_question(library: Library, state: State, asked: Interrupt) -> Reply:
    """Return the question of an interrupt; the menu and two others get their options here."""
    if asked.about in library.blocks:
        card = library.blocks[asked.about].steps[0]
        visit = Visit(f"{asked.about}/{card.id}", "", card, _moment(state), frozenset())
        reply = say(library, visit)
        if asked.about == WHAT_CHANGED:  # whoever has nothing to go over again is not asked whether they did
            kept = tuple(option for option in reply.options if option.id != GONE_OVER or GONE_OVER in asked.offers)
            return replace(reply, options=kept)
        return replace(reply, kind=ReplyKind.DANGER) if asked.about == EMERGENCY else reply
    reply = replace(line(library, asked.about), kind=ReplyKind.ASK)
    if asked.about == WHICH_ANSWER:
        given = [OptionShown(name, cut(text, 40), cut(text, 20)) for name, text, _ in answers_given(library, state)]
        return replace(reply, options=tuple(given))
    if asked.about == WHICH_FLOW and unfinished(library, state):
        reply = replace(reply, text=library.lines["which_flow_between"].text)
    groups = groups_in_use(library) if asked.about == MENU and not asked.offers else ()
    if groups:
        options = [OptionShown(group.id, group.says, group.short) for group in groups]
    else:
        flows = [library.flows[flow] for flow in asked.offers or library.flows if is_offered(library, flow)]
        options = [OptionShown(flow.id, flow.title, flow.short) for flow in flows]
    if asked.about == WHICH_FLOW or asked.offers:
        none = library.lines["menu_choice"].text
        options.append(OptionShown(MENU, none, none))
    if asked.about == MENU and not asked.offers:
        if state.top is not None and not walk(library, state.top).ended:
            title = library.routes[state.top.route].title
            text = fill(library.lines["menu_carry_on"].text, title=title)
            options.insert(0, OptionShown(CARRY_ON, cut(text, 40), "Carry on"))
        other = library.lines["menu_child_or_parent"].text
        options.append(OptionShown(WHO_IS_WRITING, other, cut(other, 20)))
    return replace(reply, options=tuple(options))


def cut(text: str, length: int) -> str:
    """Cut a label at a word; only labels made from longer texts are cut, never advice."""
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def _moment(state: State) -> Moment:
    run = state.top
    if run is None:
        return Moment.UNKNOWN
    return run.answers[-1].moment if run.answers else run.began


def open_step(library: Library, state: State) -> Step | None:
    """Return the step that is asked, of a card or of what is walked; None at the menu or a choice of ours."""
    if state.interrupt is not None:
        card = library.blocks.get(state.interrupt.about)
        return card.steps[0] if card is not None else None
    visit = walk(library, state.top).open if state.top is not None else None
    return visit.step if visit else None


def rephrased(library: Library, state: State) -> Reply:
    """Return the open question in other words: the content's own, or for marks and reminders those of all flows."""
    question, asked = open_question(library, state), open_step(library, state)
    other = ""
    if isinstance(asked, AskStep):
        other = asked.rephrase or ""
    elif isinstance(asked, PromptsStep | RemindStep):
        other = library.lines["prompts_again" if isinstance(asked, PromptsStep) else "reminder_again"].text
    whose = walk(library, state.top).open if state.top is not None and state.interrupt is None else None
    if other and whose is not None and whose.subject:
        other = f"{library.subjects[whose.subject].says}: {other}"
    return replace(question, text=other) if other else question


def greeting(library: Library, state: State) -> Reply:
    """Return the first thing said: 999, what this is, and the menu."""
    greeting = line(library, "greeting")
    options = interrupt_question(library, state, Interrupt(MENU)).options
    return replace(greeting, kind=ReplyKind.ASK, options=options)


def why(library: Library, state: State) -> Reply:
    """Cite the sources of what was said last: since the last answer, in the run one has just come back from as well."""
    question = open_question(library, state)
    sources = list(question.sources)
    if state.interrupt is None and state.top is not None:
        back = [walk(library, run) for run in state.past if run.number in state.came_back]
        said = [reply for passed in back for reply in _since_the_last_answer(library, state, passed)]
        passed = walk(library, state.top)
        there = _since_the_last_answer(library, state, passed)
        if back:
            # What was said before the trip was cited before it; what it brought to light here is new.
            brought = {meaning for one in back for meaning in one.established()}
            means = tuple(meaning for meaning in state.top.means if meaning not in brought)
            before = walk(library, replace(state.top, means=means))
            spoken = set(_since_the_last_answer(library, state, before))
            there = [reply for reply in there if reply not in spoken or reply == question]
        sources = [source for reply in (*said, *there) for source in reply.sources] or sources
    if not sources:
        return line(library, "why_nothing")
    heading = library.lines["why_heading"].text
    return Reply(ReplyKind.CITE, heading, tuple(dict.fromkeys(sources)), step="why")


def _since_the_last_answer(library: Library, state: State, passed: Walk) -> list[Reply]:
    visits = list(passed.visits)
    last = max((i for i, v in enumerate(visits) if v.answer is not None and v is not passed.open), default=-1)
    return [in_words(library, state, passed, visit) for visit in visits[last + 1 :]]
