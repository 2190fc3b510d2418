"""Words that were not understood, kept for a lead to look at: off unless switched on, and never unless allowed.

Rules of this file:

* Until it is allowed, words stand in the memory of this process alone, for a while, and nowhere else.
* Pressing the option allows it, or typing the very words on it: for that one message. Anything else means no.
* It is offered with the menu only: never beside a question about danger, and never where the words raised the alarm, seem
  to be a child's or a parent's, or hold anything that the guard of identifiers knows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.advice_log import queue
from bot.advice_log.queue import Misunderstood
from bot.asking import CARRY_ON, MENU, WHICH_FLOW, line, unfinished
from bot.clock import LONDON
from bot.events import Chose, Do, Open, OptionShown, Unclear
from bot.guard import MAX_CHARS
from bot.matching import Decision

if TYPE_CHECKING:
    from datetime import datetime

    from bot.advice_log import AdviceLog
    from bot.events import Event, Reply
    from bot.library import Library
    from bot.matching import Routing
    from bot.state import State

KEEP_WORDS = "keep_words"
"""The option that allows it."""
REMEMBERED = timedelta(minutes=30)
MOST_PEOPLE = 1000
FEWEST_WORDS = 3
"""Fewer teach nothing."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What somebody typed, while nobody has allowed that it is kept; or, once it is, which row it is."""

    one: Misunderstood
    at: datetime
    offered: bool = False
    kept: bool = False

    @property
    def opened(self) -> str:
        """The flow that these words opened."""
        return self.one.candidates[0] if self.one.decision == Decision.flow else ""


@dataclass(frozen=True, slots=True)
class Happening:
    """One turn, as far as it matters here; `typed` is empty where nothing was, or where it held an identifier."""

    typed: str
    routing: Routing | None
    event: Event
    before: State
    after: State


class Learning:
    """Remembers what people typed for a while, offers to keep it, and keeps it when that is allowed."""

    def __init__(self, log: AdviceLog) -> None:
        self._log = log
        self._heard: dict[str, Heard] = {}

    def allows(self, library: Library, given: Event | str) -> bool:
        """Say whether this allows that words are kept: the option pressed, or its very words typed."""
        if isinstance(given, str):
            return " ".join(given.lower().split()) in {
                library.lines["learn_option"].text.lower(),
                library.lines["learn_option_short"].text.lower(),
            }
        return isinstance(given, Chose) and given.options == (KEEP_WORDS,)

    def keep(self, library: Library, person: str, now: datetime) -> Reply:
        """Keep what somebody was asked about, inside the open transaction; returns what to say."""
        heard = self._of(person, now)
        if heard is None or not heard.offered:
            return line(library, "learn_gone")
        queue.keep(self._log, heard.one)
        self._heard[person] = replace(heard, kept=True)
        return line(library, "learn_kept")

    def after(
        self, library: Library, person: str, turn: Happening, replies: tuple[Reply, ...], now: datetime
    ) -> tuple[Reply, ...]:
        """Look at a turn in the open transaction: what was chosen after all, and whether there is something to offer."""
        heard = self._of(person, now)
        if heard is not None and heard.kept:
            heard = self._chosen(library, heard, turn)
        elif heard is not None and heard.offered:
            heard = None  # it was offered, and something else was done: that means no
        heard = _new(library, turn, now) or heard
        if heard is not None and not heard.offered and _is_time(heard, turn) and replies and replies[-1].options:
            heard = replace(heard, offered=True)
            replies = _with_offer(library, heard, replies)
        self._heard.pop(person, None)
        if heard is not None:
            self._heard[person] = heard
            for other in list(self._heard)[:-MOST_PEOPLE]:
                del self._heard[other]
        return replies

    def _of(self, person: str, now: datetime) -> Heard | None:
        """Return what is remembered of somebody, having forgotten whatever is old."""
        for old in [who for who, heard in self._heard.items() if now - heard.at > REMEMBERED]:
            del self._heard[old]
        return self._heard.get(person)

    def _chosen(self, library: Library, heard: Heard, turn: Happening) -> Heard | None:
        """Note which flow was pressed after all; going on with the one that had been opened takes the row back."""
        if not isinstance(turn.event, Chose | Open) or turn.typed:
            return heard
        options = turn.event.options if isinstance(turn.event, Chose) else (turn.event.flow,)
        if heard.opened and set(options) & {CARRY_ON, heard.opened}:
            queue.forget(self._log, (heard.one.id,))
            return None
        top = turn.after.top
        if turn.after.made > turn.before.made and top is not None and top.route in library.flows:
            queue.note_chosen(self._log, heard.one.id, top.route)
            return None
        return heard


def _new(library: Library, turn: Happening, now: datetime) -> Heard | None:
    """Return what was typed, where it may turn out not to have been understood."""
    text, routing, event = " ".join(turn.typed.split()), turn.routing, turn.event
    text = "".join(letter for letter in text if letter.isprintable())
    if routing is None or routing.danger or len(turn.typed) > MAX_CHARS or len(text.split()) < FEWEST_WORDS:
        return None
    # What is typed beneath a card is about danger, or a child's; and a wish to hear that all is well was understood.
    card = turn.before.interrupt is not None and turn.before.interrupt.about not in {MENU, WHICH_FLOW}
    followed = isinstance(event, Unclear) and event.instead == "cannot_say_safe"
    asked = isinstance(event, Unclear) and not (followed or card or unfinished(library, turn.before))
    flow = library.flows.get(event.flow) if isinstance(event, Open) else None
    named = flow is not None and text.lower() in {flow.id, flow.title.lower(), flow.short.lower()}
    opened = flow is not None and routing.flow == flow.id and not named
    if not (asked and routing.decision is not Decision.flow) and not opened:
        return None
    candidates = tuple(candidate.flow for candidate in routing.candidates)
    one = Misunderstood(
        queue.new_id(),
        now.astimezone(LONDON).date().isoformat(),
        library.version,
        str(routing.decision),
        candidates,
        text,
    )
    return Heard(one, now)


def _is_time(heard: Heard, turn: Happening) -> bool:
    """Say whether it has turned out that somebody was not understood, and the menu is what they are shown."""
    before, after = turn.before.interrupt, turn.after.interrupt
    if heard.one.decision == Decision.unknown:
        return isinstance(turn.event, Unclear) and (after is None or after.about in {MENU, WHICH_FLOW})
    if after is None or after.about != MENU:
        return False
    if heard.one.decision == Decision.choose:
        return (
            turn.event == Chose((MENU,), moment=turn.event.moment) and before is not None and before.about == WHICH_FLOW
        )
    top = turn.after.top
    return isinstance(turn.event, Do) and top is not None and top.route == heard.opened


def _with_offer(library: Library, heard: Heard, replies: tuple[Reply, ...]) -> tuple[Reply, ...]:
    """Put the question before the menu, and its option last in it."""
    if heard.opened:
        offer = line(library, "learn_offer_opened", title=library.flows[heard.opened].title.rstrip("?!."))
    else:
        offer = line(library, "learn_offer")
    option = OptionShown(KEEP_WORDS, library.lines["learn_option"].text, library.lines["learn_option_short"].text)
    menu = replies[-1]
    return (*replies[:-1], offer, replace(menu, options=(*menu.options, option)))
