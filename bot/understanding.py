"""From typed words to an event: danger first, then commands, the open question, and last a flow.

Pure. What was typed goes no further than this: an event carries ids alone. Nothing typed is ever taken for consent,
or for "there is no danger", unless it is those very words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from bot.answers import PLEADS, Choice, Reading, answers_of
from bot.asking import DANGER_CHECK, EMERGENCY, EXITS, MENU, WHICH_FLOW, line, open_question, open_step, unfinished
from bot.events import Alarmed, Chose, Do, Marked, Open, Reply, Unclear, WroteAs
from bot.guard import without_identifiers
from bot.matching import BUILTIN, Advised, Decision, Writer
from bot.matching.matcher import LEARNED_RULE
from bot.matching.options import choose_option
from bot.models import AskStep, Mark, ReplyKind

if TYPE_CHECKING:
    from bot.answers import Answers
    from bot.events import Command, Event
    from bot.library import Library
    from bot.matching import Matcher, Routing, Suggestion
    from bot.state import State

SEARCH = "search"
"""The command that looks words up; it changes nothing."""
LONGEST_MESSAGE = 4000
"""Characters; what is longer is looked through for danger, and then a shorter message is asked for."""
LONGEST_SLIP = 5
"""Words: a longer "no, but ..." may be about another situation, and is then asked about."""
FEW = 3
"""Words of a plain yes or no."""
LIKELY = 0.35
"""In the middle of a flow, words are about another situation only where one that is found is so likely; questions too."""
WORDS_FOR: dict[str, Command] = {
    "back": "back",
    "menu": "menu",
    "why": "why",
    "why?": "why",
    "stop": "stop",
    "help": "help",
    "?": "help",
    "999": "danger",
    "danger": "danger",
    "change": "change",
    "resume": "resume",
    "start": "begin",
}
"""Typed words that are commands, caught before the open question is looked at."""
CARDS_WITHOUT_TALK = frozenset({EMERGENCY, *EXITS.values()})
"""Nothing but an answer, or a person, is talked of there."""
_ONE_MARK = re.compile(r"\s*(?:(\d{1,2})\s*[:.)-]?\s+)?(.{1,40}?)[\s.!]*")


class Finder(Protocol):
    """Looks up what we know."""

    def find(self, words: str) -> tuple[str, ...]:
        """Return the ids of the sources that fit some words best."""

    def surely(self, question: str) -> tuple[str, ...]:
        """Return the ids of the sources that a question is surely about; nothing in case of doubt."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What typed words mean: an event, where they would lead as a first message, and what to say besides."""

    event: Event
    routing: Routing | None = None
    said: tuple[Reply, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is open while somebody types: the question, its options as they may be typed, and what it belongs to."""

    question: Reply
    choices: tuple[Choice, ...]
    about: str
    """The card, the menu or the choice in between; empty at a step of a flow."""
    step: bool
    """A step or a card with a question of its own, not the menu or a choice of flows."""
    busy: bool
    """A flow is open, whatever is asked in between."""

    @property
    def danger(self) -> str:
        """The words of the danger check, where it is what is asked."""
        return self.question.text if DANGER_CHECK in self.question.step.split("/") else ""


def understand(
    library: Library, state: State, text: str, matcher: Matcher, finder: Finder, advice: Suggestion | None = None
) -> Understood:
    """Turn typed words into an event; `finder` looks up what we know.

    `advice` is what a second matcher said of them, where one was asked.
    """
    answers, asked = answers_of(library), _asked(library, state)
    typed = text.strip().lower().removeprefix("/")
    command = WORDS_FOR.get(typed)
    if command == "danger":
        return Understood(Do("danger"))
    very_words = answers.very_words(text, asked.choices)
    routing = matcher.route(text) if advice is None else Advised(matcher, lambda _: advice).route(text)
    learned = routing.danger_rule == LEARNED_RULE
    # Words that an author wrote for an answer are no alarm by likeness alone; at the 999 card they say that somebody rang.
    other_words = answers.in_other_words(text, asked.choices) if learned or asked.about == EMERGENCY else ""
    theirs = routing.writer in {Writer.child, Writer.parent}
    alarm = routing.danger and not (typed.isdecimal() or very_words or other_words)
    denied = asked.danger and answers.denies_its_words(text, asked.danger)
    if alarm and asked.step and (denied or answers.is_calm(text, learned=learned)):
        alarm = False
        routing = replace(routing, danger=False, danger_rule=None, decision=Decision.unknown)
    if alarm and not theirs:
        # A child or a parent gets a card of their own, which begins with 999 (hard rule H24).
        return Understood(Alarmed("" if asked.busy else routing.flow or ""), routing)
    if command is not None:
        return Understood(Do(command))
    if alarm:
        # Whatever they meant to ask for: a child or a parent who writes of danger gets their own card.
        return Understood(WroteAs(routing.writer.value), routing)  # type: ignore[arg-type] # a practitioner was ruled out
    if typed == SEARCH or typed.startswith(f"{SEARCH} "):
        return Understood(Do("again"), routing, _looked_up(library, finder.find(typed.removeprefix(SEARCH))))
    if len(text) <= LONGEST_MESSAGE and (
        said := _answer(library, text, asked, answers, very_words or other_words, routing)
    ):
        return said
    if routing.writer is not Writer.practitioner:
        return Understood(WroteAs(routing.writer.value), routing)  # type: ignore[arg-type] # a practitioner was ruled out
    if len(text) > LONGEST_MESSAGE:
        return Understood(Unclear(), routing, (line(library, "too_long"),))
    cited = next((source for source in library.sources if source.lower() == typed), None)
    if cited is not None:
        return Understood(Do("again"), routing, (_cited(library, "why_heading", (cited,), "why"),))
    return _otherwise(library, state, text, asked, answers, routing, finder)


def is_a_situation(library: Library, state: State, text: str, matcher: Matcher, finder: Finder) -> bool:
    """Say whether typed words are read as the beginning of a situation.

    No alarm, even one that is not raised here; no command, no answer or nearly one, no wish to hear that all is well; no search and
    no question that we surely know about; and nothing at the 999 card or at a card for a child, a parent or somebody abroad.
    """
    asked = _asked(library, state)
    options = [(choice.id, choice.label, choice.short) for choice in asked.choices]
    if asked.about in CARDS_WITHOUT_TALK or choose_option(text, options) is not None or matcher.route(text).danger:
        return False
    if asked.step and answers_of(library).read(text, asked.choices).attempt:
        return False
    meant = understand(library, state, text, matcher, finder)
    if isinstance(meant.event, Unclear) and (meant.event.near or meant.event.instead):
        return False
    return isinstance(meant.event, Open | Unclear) and meant.routing is not None and not meant.said


def _asked(library: Library, state: State) -> _Asked:
    """Return what is open, with each option's concern in view: an answer that may mean no harm is never guessed at."""
    question, step = open_question(library, state), open_step(library, state)
    about = state.interrupt.about if state.interrupt is not None else "" if unfinished(library, state) else MENU
    known = {option.id: option for option in step.options} if isinstance(step, AskStep) else {}
    concerns = {option.concern for option in known.values()}
    choices = tuple(
        Choice(
            option.id,
            option.label,
            option.short,
            guarded=max(concerns, default=0) > 0 and option.id in known and known[option.id].concern == 0,
            also=known[option.id].also if option.id in known else (),
        )
        for option in question.options
    )
    return _Asked(question, choices, about, step is not None, unfinished(library, state))


def _answer(
    library: Library, text: str, asked: _Asked, answers: Answers, chosen: str, routing: Routing
) -> Understood | None:
    """Read words that are surely an answer to what is open: its very words, a number, several of them, or a mark."""
    if chosen and chosen in library.flows and not asked.busy:
        return Understood(Open(chosen), replace(routing, decision=Decision.flow, flow=chosen, matcher=BUILTIN))
    if chosen:
        return Understood(Chose((chosen,)))
    words = answers.words(text)
    if asked.question.multiple:
        several = [answers.very_words(part, asked.choices) for part in re.split(r"[,;&/]|\band\b", text)]
        if len(several) > 1 and all(several):
            return Understood(Chose(tuple(dict.fromkeys(several))))
    if asked.question.prompts and (marked := _mark(library, text, asked.question)):
        return Understood(marked)
    if asked.about in EXITS.values():
        reading = answers.read(text, asked.choices)
        return Understood(Chose((reading.chosen,))) if reading.chosen else None
    flows = [option.id for option in asked.question.options if option.id in library.flows]
    if asked.about == WHICH_FLOW and len(flows) == 1 and answers.begins("agrees", words) and len(words) <= FEW:
        return Understood(Chose((flows[0],)))
    if asked.about == WHICH_FLOW and (
        (answers.begins("denies", words) and len(words) <= FEW) or answers.is_calm(text, learned=False)
    ):
        return Understood(Chose((MENU,)))
    if asked.step:
        return None
    begun = choose_option(text, [(choice.id, choice.label, choice.short) for choice in asked.choices])
    if begun is None:
        return None
    if begun in library.flows and not asked.busy:
        return Understood(Open(begun), replace(routing, decision=Decision.flow, flow=begun, matcher=BUILTIN))
    return Understood(Chose((begun,)))


def _mark(library: Library, text: str, question: Reply) -> Marked | None:
    """Read "2 worries me", or "worries me" where one prompt alone has no mark yet."""
    said = _ONE_MARK.fullmatch(text)
    shown = library.content.vocabulary.marks
    mark = next((m for m in Mark if said and said[2].lower() in {str(m), shown[m].lower()}), None)
    if said is None or mark is None:
        return None
    left = [prompt.id for prompt in question.prompts if prompt.mark is None]
    if said[1] is None:
        return Marked(((left[0], mark),)) if len(left) == 1 else None
    place = int(said[1])
    return Marked(((question.prompts[place - 1].id, mark),)) if 1 <= place <= len(question.prompts) else None


def _otherwise(
    library: Library, state: State, text: str, asked: _Asked, answers: Answers, routing: Routing, finder: Finder
) -> Understood:
    """Read words that are not the very words of an answer: small talk, an answer in other words, a question, a situation."""
    aside = answers.aside(text) if asked.about not in CARDS_WITHOUT_TALK else ""
    if aside == PLEADS:
        return Understood(Unclear(instead="cannot_say_safe"), routing)
    if aside:
        return Understood(Do("again"), routing, (line(library, aside),))
    reading = Reading()
    if asked.step and not asked.question.prompts:
        reading = answers.read(text, asked.choices)
        if asked.about == EMERGENCY:
            return _at_the_alarm(library, text, answers, reading, routing)
    if reading.chosen:
        besides: tuple[Reply, ...] = ()
        if reading.asked:
            besides = _known(library, finder, reading.asked) or (line(library, "asked_as_well"),)
        return Understood(Chose((reading.chosen,)), said=besides)
    if asked.danger and answers.denies_its_words(text, asked.danger):
        reading = Reading(near=tuple(choice.id for choice in asked.choices if choice.guarded), attempt=True)
    unclear = Unclear(near=reading.near, instead="two_fit" if reading.both else "")
    if answers.is_question(text) and (routing.decision is not Decision.flow or asked.busy):
        known = _known(library, finder, text)
        if known:
            return Understood(Do("again"), routing, known)
    slip = reading.attempt and (routing.decision is not Decision.flow or len(answers.words(text)) <= LONGEST_SLIP)
    if slip:
        return Understood(unclear, routing)
    faint = routing.decision is Decision.choose and routing.candidates[0].score < LIKELY
    if asked.busy and (faint or not any(map(str.isalpha, text)) or _says_who_alone(text)):
        return Understood(unclear, routing)
    return _as_situation(state, routing, unclear, busy=asked.busy)


def _says_who_alone(text: str) -> bool:
    """Say whether a name, a birthday or the like is nearly all that was typed: that is about no other situation."""
    rest = without_identifiers(text)
    return rest != text and sum(any(map(str.isalpha, word)) for word in rest.split()) < FEW


def _at_the_alarm(library: Library, text: str, answers: Answers, reading: Reading, routing: Routing) -> Understood:
    """Read words typed at the 999 card: a plain yes has rung; not being sure means ringing (decision 5 of the project)."""
    words = answers.words(text)
    if reading.chosen and answers.says("agrees", words):
        return Understood(Chose((reading.chosen,)))
    if answers.begins("unsure", words):
        return Understood(Do("again"), routing, (line(library, "unsure_is_999"),))
    if answers.aside(text) == PLEADS:
        return Understood(Unclear(instead="cannot_say_safe"), routing)
    # "No" may say that nobody has rung yet: it is not even nearly the other answer.
    near = () if reading.chosen or answers.begins("denies", words) else reading.near
    return Understood(Unclear(near=near), routing)


def _as_situation(state: State, routing: Routing, unclear: Unclear, *, busy: bool) -> Understood:
    """Read words that answer nothing as the beginning of a situation, as far as they clearly are."""
    found: tuple[str, ...] = ()
    if routing.decision is Decision.flow and routing.flow is not None:
        if not busy:
            return Understood(Open(routing.flow), routing)
        found = (routing.flow,)  # in the middle of something a new flow is offered, never opened over somebody's head
    elif routing.decision is Decision.choose:
        found = tuple(candidate.flow for candidate in routing.candidates)
    if busy and found and any(run.route == found[0] for run in state.runs):
        return Understood(unclear, routing)  # more about what is open already: an answer that was not followed
    return Understood(replace(unclear, flows=found), routing)


def _known(library: Library, finder: Finder, question: str) -> tuple[Reply, ...]:
    """Show what we surely know about a question."""
    sources = finder.surely(question)
    return (_cited(library, "search_found", sources, SEARCH),) if sources else ()


def _looked_up(library: Library, sources: tuple[str, ...]) -> tuple[Reply, ...]:
    """Show what was found; a source's id, typed, shows all of it."""
    if not sources:
        return (line(library, "search_nothing"),)
    return (_cited(library, "search_found", sources, SEARCH),)


def _cited(library: Library, heading: str, sources: tuple[str, ...], step: str) -> Reply:
    return Reply(ReplyKind.CITE, library.lines[heading].text, sources, step=step)
