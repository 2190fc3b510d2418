"""From typed words to an event: danger first, then commands, the open question, and last a flow.

Pure. What was typed goes no further than this: an event carries ids alone. Nothing typed is ever taken for consent,
or for "there is no danger", unless it is those very words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.asking import line, open_question, unfinished
from bot.events import Alarmed, Chose, Do, Open, Reply, Unclear, WroteAs
from bot.matching import BUILTIN, Advised, Decision, Writer, choose_option
from bot.models import ReplyKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.events import Command, Event
    from bot.library import Library
    from bot.matching import Matcher, Routing, Suggestion
    from bot.state import State

SEARCH = "search"
"""The command that looks words up; it changes nothing."""
LONGEST_MESSAGE = 4000
"""Characters; what is longer is looked through for danger, and then a shorter message is asked for."""
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


@dataclass(frozen=True, slots=True)
class Understood:
    """What typed words mean: an event, where they would lead as a first message, and what to say besides."""

    event: Event
    routing: Routing | None = None
    said: tuple[Reply, ...] = ()


def understand(
    library: Library,
    state: State,
    text: str,
    matcher: Matcher,
    find: Callable[[str], tuple[str, ...]] = lambda _: (),
    advice: Suggestion | None = None,
) -> Understood:
    """Turn typed words into an event; `find` looks up what we know about some words, best first.

    `advice` is what a second matcher said of them, where one was asked.
    """
    options = _options(library, state)
    typed = text.strip().lower().removeprefix("/")
    command = WORDS_FOR.get(typed)
    if command == "danger":
        return Understood(Do("danger"))
    exact = typed.isdecimal() or any(typed == form.lower() for option in options for form in option)
    busy = unfinished(library, state)
    routing = matcher.route(text) if advice is None else Advised(matcher, lambda _: advice).route(text)
    theirs = routing.writer in {Writer.child, Writer.parent}
    if routing.danger and not exact and not theirs:
        # A child or a parent gets a card of their own, which begins with 999 (hard rule H24).
        return Understood(Alarmed("" if busy else routing.flow or ""), routing)
    if command is not None:
        return Understood(Do(command))
    if routing.danger and theirs and not exact:
        # Whatever they meant to ask for: a child or a parent who writes of danger gets their own card.
        return Understood(WroteAs(routing.writer.value), routing)  # type: ignore[arg-type] # a practitioner was ruled out
    if typed == SEARCH or typed.startswith(f"{SEARCH} "):
        return Understood(Do("again"), routing, _looked_up(library, find(typed.removeprefix(SEARCH))))
    chosen = choose_option(text, options) if options and len(text) <= LONGEST_MESSAGE else None
    if chosen in library.flows and chosen is not None and not busy:
        return Understood(Open(chosen), replace(routing, decision=Decision.flow, flow=chosen, matcher=BUILTIN))
    if chosen is not None:
        return Understood(Chose((chosen,)))
    if routing.writer is not Writer.practitioner:
        return Understood(WroteAs(routing.writer.value), routing)  # type: ignore[arg-type] # a practitioner was ruled out
    cited = next((source for source in library.sources if source.lower() == typed), None)
    if cited is not None:
        heading = library.lines["why_heading"].text
        return Understood(Do("again"), routing, (Reply(ReplyKind.CITE, heading, (cited,), step="why"),))
    return _as_situation(library, text, routing, busy=busy)


def _options(library: Library, state: State) -> list[tuple[str, str, str]]:
    """Return (id, label, short form) of what may be chosen now."""
    return [(option.id, option.label, option.short) for option in open_question(library, state).options]


def is_a_situation(library: Library, state: State, text: str, matcher: Matcher) -> bool:
    """Say whether typed words are read as the beginning of a situation: no alarm, no command, no answer, no search."""
    if choose_option(text, _options(library, state)) is not None:
        return False
    meant = understand(library, state, text, matcher)
    return isinstance(meant.event, Open | Unclear) and meant.routing is not None and not meant.said


def _looked_up(library: Library, sources: tuple[str, ...]) -> tuple[Reply, ...]:
    """Show what was found; a source's id, typed, shows all of it."""
    if not sources:
        return (line(library, "search_nothing"),)
    return (Reply(ReplyKind.CITE, library.lines["search_found"].text, sources, step=SEARCH),)


def _as_situation(library: Library, text: str, routing: Routing, *, busy: bool) -> Understood:
    """Read words that answer nothing as the beginning of a situation, as far as they clearly are."""
    if len(text) > LONGEST_MESSAGE:
        return Understood(Unclear(), routing, (line(library, "too_long"),))
    if routing.decision is Decision.flow and routing.flow is not None:
        # In the middle of something a new flow is offered, never opened over somebody's head.
        return Understood(Unclear((routing.flow,)) if busy else Open(routing.flow), routing)
    if routing.decision is Decision.choose and not busy:
        return Understood(Unclear(tuple(candidate.flow for candidate in routing.candidates)), routing)
    return Understood(Unclear(), routing)
