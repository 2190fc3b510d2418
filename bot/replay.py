"""Replay: from the answers of a run to the steps it passed, and from each step to what it says.

Pure. The same run and library always give the same walk and the same words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.events import ActionShown, OptionShown, PromptShown, Reply, RungShown, Summary
from bot.models import (
    BY_URGENCY,
    URGENCY_ORDER,
    ActStep,
    AskStep,
    By,
    CallStep,
    CloseStep,
    EscalateStep,
    Evidence,
    Mark,
    Moment,
    PromptsStep,
    RemindStep,
    ReplyKind,
    SayStep,
    ShareStep,
    Urgency,
)
from bot.navigation import MEANS, QUESTIONS, Position, after, enter, name_of, path_of, shows, start, step_at, subject_of
from bot.signing import is_offered
from bot.state import Answer, Run

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from bot.library import Library
    from bot.models import Step
    from bot.models.knowledge import Checked


DONE = "done"
"""The option that ends curiosity prompts; what was not marked is then not known yet."""
DECLINE = "no_reminder"
WORRIED = "worried"
"""What any curiosity prompt marked as a worry means."""


@dataclass(frozen=True, slots=True, eq=False)
class Visit:
    """One step that was passed or is open, with its answer and the answers given before it."""

    name: str
    path: str
    step: Step
    moment: Moment
    facts: frozenset[str]
    answer: Answer | None = None
    subject: str = ""

    @property
    def is_question(self) -> bool:
        """Whether the step waits for an answer."""
        return isinstance(self.step, QUESTIONS)


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """All that a run passed; `open` is the question it waits at, None when it has ended."""

    run: Run
    visits: tuple[Visit, ...]
    open: Visit | None
    closed: bool
    facts: frozenset[str]

    @property
    def ended(self) -> bool:
        """Whether nothing is left to ask."""
        return self.open is None

    def meanings(self) -> tuple[str, ...]:
        """Return what the answers so far mean."""
        return tuple(sorted(fact.removeprefix(MEANS) for fact in self.facts if fact.startswith(MEANS)))

    def established(self) -> tuple[str, ...]:
        """Return what the answers given in this run itself mean: neither inherited, nor of answers that came along."""
        given = [visit for visit in self.answered() if visit.path.split("/")[0] not in self.run.carried]
        return tuple(
            dict.fromkeys(
                meaning
                for visit in given
                if visit.answer is not None
                for meaning in meanings_of(visit.step, visit.answer.chosen, visit.answer.marks)
            )
        )

    def answered(self) -> tuple[Visit, ...]:
        """Return the questions that were answered, first to last."""
        return tuple(visit for visit in self.visits if visit.answer is not None and visit is not self.open)


def facts_of(step: Step, path: str, chosen: Collection[str], marks: Iterable[tuple[str, Mark]]) -> set[str]:
    """Return the facts that an answer to a step establishes: `path/step.option`, `.worry`, and what it means."""
    prefix = f"{path}/{step.id}." if path else f"{step.id}."
    facts = {prefix + option for option in chosen}
    facts |= {MEANS + meaning for meaning in meanings_of(step, chosen, marks)}
    if any(mark is Mark.WORRY for _, mark in marks):
        facts.add(prefix + Mark.WORRY)
    return facts


def meanings_of(step: Step, chosen: Collection[str], marks: Iterable[tuple[str, Mark]]) -> set[str]:
    """Return what an answer to a step means: what its options say, and that somebody is worried."""
    found = {WORRIED} if any(mark is Mark.WORRY for _, mark in marks) else set()
    if isinstance(step, AskStep):
        found |= {meaning for option in step.options if option.id in chosen for meaning in option.means}
    return found


def next_of(step: Step, chosen: tuple[str, ...]) -> str | None:
    """Return where an answer leads: the option's own `next` before the step's."""
    if isinstance(step, AskStep) and len(chosen) == 1:
        return next((option.next for option in step.options if option.id == chosen[0]), None) or step.next
    return step.next


def fits(step: Step, answer: Answer) -> bool:
    """Say whether an answer still fits the step it was given to (content may have changed since)."""
    if not answer.done:
        return False
    if isinstance(step, AskStep):
        known = {option.id for option in step.options if not option.open}
        return bool(answer.chosen) and set(answer.chosen) <= known and (step.many or len(answer.chosen) == 1)
    if isinstance(step, RemindStep):
        return len(answer.chosen) == 1
    return True


@lru_cache(maxsize=2048)
def walk(library: Library, run: Run) -> Walk:
    """Replay a run's answers from its first step. One turn looks at the same few runs many times, and the next one again: hence the cache."""
    answers = {answer.key: answer for answer in run.answers}
    position: Position | None = start(run.route)
    facts = frozenset(MEANS + meaning for meaning in (*library.routes[run.route].means, *run.means))
    visits: list[Visit] = []
    moment, closed = run.began, False
    while position is not None:
        step, path = step_at(library, position), path_of(library, position)
        left_out = not path and step.id in run.left_out
        if left_out or not shows(step, path, facts, moment):
            position = after(library, position, None)
            continue
        if isinstance(step, CallStep):
            position = enter(library, position)
            continue
        visit = Visit(name_of(library, position), path, step, moment, facts, subject=subject_of(library, position))
        if not visit.is_question:
            visits.append(visit)
            closed = closed or isinstance(step, CloseStep)
            position = after(library, position, None)
            continue
        answer = answers.get((path, step.id, visit.subject, 0))
        if answer is not None and run.reopened == answer.key:
            visit = replace(visit, answer=run.pending or answer)
            visits.append(visit)
            return Walk(run, tuple(visits), visit, closed=False, facts=facts)
        visit = replace(visit, answer=answer)
        visits.append(visit)
        if answer is None or not fits(step, answer) or not _in_time(library, step, answer, visits):
            return Walk(run, tuple(visits), visit, closed=False, facts=facts)
        moment = answer.moment
        facts = facts | facts_of(step, path, answer.chosen, answer.marks)
        position = after(library, position, next_of(step, answer.chosen))
    return Walk(run, tuple(visits), None, closed, facts)


def _in_time(library: Library, step: Step, answer: Answer, passed: list[Visit]) -> bool:
    """Say whether a reminder chosen earlier is still among those offered: something may be due sooner now."""
    if not isinstance(step, RemindStep) or answer.chosen == (DECLINE,):
        return True
    soonest = soonest_of(action for visit in passed for action in actions_of(library, visit))
    return any(offer.id == answer.chosen[0] and soonest in offer.by for offer in step.offers)


def sourced(library: Library, text: str, sources: tuple[str, ...]) -> str:
    """Add to a line that rests on unverified sources alone that nobody has confirmed it yet."""
    if sources and library.evidence(sources) is Evidence.UNVERIFIED:
        return f"{text} {library.lines['unconfirmed'].text}"
    return text


@lru_cache(maxsize=4096)
def actions_of(library: Library, visit: Visit) -> tuple[ActionShown, ...]:
    """Return what an act step tells to do on this path, in these hours."""
    if not isinstance(visit.step, ActStep):
        return ()
    words = library.content.vocabulary
    return tuple(
        ActionShown(
            do=action.do,
            says=library.actions[action.do].says,
            who=library.actors[action.who].says,
            by=action.by,
            by_text=words.by[action.by],
            text=action.text,
            sources=action.sources,
            contacts=contacts_of(library, action.do, visit.moment),
            unconfirmed=library.evidence(action.sources) is Evidence.UNVERIFIED,
        )
        for action in visit.step.act
        if shows(action, visit.path, visit.facts, visit.moment)
    )


def contacts_of(library: Library, do: str, moment: Moment) -> tuple[str, ...]:
    """Return how to reach whom an action names, in this area and these hours; says so where nothing is set."""
    word = library.contacts.get(library.actions[do].contact or "")
    if word is None:
        return ()
    wanted = [word]
    if word.out_of_hours:
        shut = library.contacts[word.out_of_hours]
        # What is advised at ten to five is read at ten past: the number for later is always there.
        wanted = {Moment.IN_HOURS: [word, shut], Moment.OUT_OF_HOURS: [shut], Moment.UNKNOWN: [word, shut]}[moment]
    lines = []
    for contact_word in wanted:
        contact = library.area.contacts.get(contact_word.id) if library.area else None
        if contact is None or contact.number is None:
            lines.append(contact_word.fallback)
            continue
        lines.append(f"{contact.name}: {contact.number}{_how_sure(library, contact)}")
    return tuple(lines)


def _how_sure(library: Library, item: Checked) -> str:
    """Return what has to be said of something local: that it is invented, or to be checked before it is used."""
    if library.area is not None and library.area.demonstration:
        return f" ({library.lines['invented_number'].text})"
    return "" if item.is_current(library.day) else f" ({library.lines['check_before_use'].text})"


def local_items_of(library: Library) -> str:
    """Return the area's own bodies and documents in one line, empty where the pack has none."""
    if library.area is None:
        return ""
    known = [(what, item) for what, item in library.area.local_items.items() if item is not None]
    said = [
        f"{what}: {item.name}{f', {item.address}' if item.address else ''}{_how_sure(library, item)}"
        for what, item in known
    ]
    return f"{library.area.name}: {' · '.join(said)}" if said else ""


def rungs_of(library: Library) -> tuple[RungShown, ...]:
    """Return the ladder with the timings of the area, where it has any."""
    timings = library.area.ladder if library.area else ()
    within = {t.rung: f"{t.within}{_how_sure(library, t)}" for t in timings if t.within}
    return tuple(RungShown(rung.title, rung.text, within.get(rung.id, "")) for rung in library.content.rungs)


@lru_cache(maxsize=4096)
def say(library: Library, visit: Visit, before: tuple[Visit, ...] = ()) -> Reply:
    """Turn a step into what it says. `before` are the steps already passed, for a reminder's choices."""
    reply = _said(library, visit, before)
    return replace(reply, text=f"{_whose(library, visit)}{reply.text}") if visit.subject else reply


def _whose(library: Library, visit: Visit) -> str:
    """Return the label of the child that a step is about, as the words before its own."""
    return f"{library.subjects[visit.subject].says}: " if visit.subject else ""


def _said(library: Library, visit: Visit, before: tuple[Visit, ...]) -> Reply:
    step, name = visit.step, visit.name
    match step:
        case SayStep():
            return Reply(ReplyKind.SAY, sourced(library, step.say, step.sources), step.sources, name)
        case ShareStep():
            return Reply(ReplyKind.SHARE, sourced(library, step.share, step.sources), step.sources, name)
        case EscalateStep():
            rungs = rungs_of(library) if step.ladder else ()
            sources = step.sources + tuple(s for r in library.content.rungs for s in r.sources if step.ladder)
            text = sourced(library, step.escalate, step.sources)
            local = local_items_of(library) if step.ladder else ""
            return Reply(ReplyKind.ESCALATE, text, tuple(dict.fromkeys(sources)), name, rungs=rungs, footnote=local)
        case ActStep():
            actions = actions_of(library, visit)
            sources = tuple(dict.fromkeys(source for action in actions for source in action.sources))
            footnote = library.lines["unconfirmed_some"].text if any(a.unconfirmed for a in actions) else ""
            return Reply(ReplyKind.ACT, step.intro, sources, name, actions=actions, footnote=footnote)
        case AskStep():
            options = tuple(
                OptionShown(o.id, o.label, o.short or o.label)
                for o in step.options
                if not o.open or is_offered(library, o.open)
            )
            return Reply(ReplyKind.ASK, step.ask, step.sources, name, options=options, multiple=step.many)
        case PromptsStep():
            marks = dict(visit.answer.marks) if visit.answer else {}
            prompts = tuple(PromptShown(p.id, p.text, marks.get(p.id)) for p in step.prompts)
            done = OptionShown(DONE, library.lines["prompts_done"].text, library.lines["prompts_done_short"].text)
            sources = tuple(dict.fromkeys((*step.sources, *(s for p in step.prompts for s in p.sources))))
            return Reply(ReplyKind.PROMPT, step.intro, sources, name, prompts=prompts, options=(done,))
        case RemindStep():
            soonest = soonest_of(action for passed in before for action in actions_of(library, passed))
            offers = tuple(
                OptionShown(offer.id, offer.label, offer.short, offer, soonest)
                for offer in step.offers
                if soonest in offer.by
            )
            decline = OptionShown(DECLINE, step.decline, step.decline)
            return Reply(ReplyKind.ASK, step.remind, step.sources, name, options=(*offers, decline))
        case CloseStep():
            return Reply(ReplyKind.CLOSE, step.close, step.sources, name)
        case CallStep():  # pragma: no cover - a walk enters calls, it never stands on one
            raise TypeError(f"{name} says nothing")


def soonest_of(actions: Iterable[ActionShown]) -> By | None:
    """Return the anchor of the action due first; the order is that of the closed list."""
    order = list(By)
    return min((action.by for action in actions), key=order.index, default=None)


def urgency_of(actions: Iterable[ActionShown]) -> Urgency | None:
    """Return how soon the soonest action is due."""
    return max((BY_URGENCY[action.by] for action in actions), key=URGENCY_ORDER.__getitem__, default=None)


def summary_of(library: Library, walks: Iterable[Walk]) -> Summary:
    """Return what is still not known, and what worries, over some walks."""
    unknown: list[str] = []
    worries: list[str] = []
    for passed in walks:
        for visit in passed.answered():
            if isinstance(visit.step, PromptsStep) and visit.answer is not None:
                marks = dict(visit.answer.marks)
                for prompt in visit.step.prompts:
                    mark = marks.get(prompt.id, Mark.UNKNOWN)
                    if mark is not Mark.KNOWN:
                        (worries if mark is Mark.WORRY else unknown).append(_whose(library, visit) + prompt.note)
    return Summary(tuple(dict.fromkeys(unknown)), tuple(dict.fromkeys(worries)))


def carried(library: Library, passed: Walk, route: str) -> tuple[Answer, ...]:
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


def left_to(library: Library, beneath: Iterable[Run], route: str) -> tuple[str, ...]:
    """Return the steps that a flow opened from an option leaves to those beneath it, which go through them as well.

    Only what a flow beneath goes through on every path is left to it; the summary comes once, at its end.
    """
    if route not in library.flows:
        return ()
    theirs = {
        step.call
        for run in beneath
        for step in library.routes[run.route].steps
        if isinstance(step, CallStep)
        and library.blocks[step.call].once
        and step.id not in run.left_out
        and not (step.if_ or step.unless or step.when)
    }
    ends = any(run.route in library.flows for run in beneath)
    return tuple(
        step.id
        for step in library.routes[route].steps
        if (isinstance(step, CallStep) and step.call in theirs) or (ends and isinstance(step, CloseStep))
    )


def answered_with_emergency(library: Library, run: Run, moment: Moment) -> Run:
    """Answer a new run's danger check for somebody who has just rung 999: it would be asked in vain."""
    visit = walk(library, run).open
    if visit is None or not isinstance(visit.step, AskStep):
        return run
    option = next((option for option in visit.step.options if option.emergency), None)
    return run if option is None else run.with_answer(Answer(visit.path, visit.step.id, (option.id,), moment=moment))
