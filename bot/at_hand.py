"""What the desk needs to know of somebody's cases and reminders to make a turn, and what it keeps of them.

All of it reads and writes the record, inside the desk's own transaction; what is said is `cases` and `chasing`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot import cases, chasing
from bot.advice_log.marks import sessions_under
from bot.asking import GONE_OVER, WERE_YOU_HEARD, WHAT_CHANGED, line, unfinished
from bot.clock import read, stamp
from bot.events import Do, Nudged
from bot.interrupts import alarmed, if_heard
from bot.returning import to_be_asked_if_heard
from bot.state import State

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from bot.advice_log.log import AdviceLog
    from bot.events import Event, Reply
    from bot.interrupts import Turn
    from bot.library import Library
    from bot.shelf import Shelf


COMING_BACK = frozenset({"resume", "begin"})
"""What people say who open a chat again."""


@dataclass(frozen=True, slots=True)
class Matter:
    """Whose turn it is, in which session under which label, and the state before it."""

    person: str
    session: str
    label: str
    before: State


class AtHand:
    """Earlier cases and open reminders, as they matter to the turn that is being made."""

    def __init__(self, log: AdviceLog, shelf: Shelf, *, can_remind: bool) -> None:
        self.log, self.shelf, self.can_remind = log, shelf, can_remind

    # --- what was meant ---------------------------------------------------------------------------------

    def label_of(self, person: str, given: Event | str) -> str:
        """Return which of their own labels somebody typed; words of danger are never taken for a slip of one.

        A label alone may be like words of danger by chance, so likeness does not count here, only phrases do.
        """
        if not isinstance(given, str):
            return ""
        label = cases.own_label(self.log, person, given, self.shelf.library.content.vocabulary)
        if not label or given.strip().lower() == label:
            return label
        from bot.matching.matcher import LEARNED_RULE  # noqa: PLC0415 - loaded only when words are typed

        routing = self.shelf.matcher(self.shelf.library).route(given)
        return "" if routing.danger and routing.danger_rule != LEARNED_RULE else label

    def case_begun(self, person: str, given: Event | str, now: datetime, silence: timedelta) -> str:
        """Return the label of the earlier case that typed words begin again, or nothing.

        Not in the middle of a flow, unless that was long ago: then the label is answered, and the flow goes on. Nothing pushes 999
        aside.
        """
        label = self.label_of(person, given)
        current = self.log.current(person) if label else None
        if current is None or current.stopped:
            return label
        library = self.shelf.version(current.content_version)
        state = State.from_json(json.loads(current.state)["state"])
        asked_now = state.interrupt is not None and state.interrupt.about == WHAT_CHANGED and current.label == label
        busy = unfinished(library, state) and now - read(current.last_at) <= silence
        return "" if alarmed(state) or busy or asked_now else label

    def put_right_since(self, person: str, label: str) -> tuple[Reply, ...]:
        """Return what was put right since somebody was advised under a label: it comes before any of that is repeated."""
        states = map(self.log.session_state, sessions_under(self.log, person, label))
        return self.shelf.put_right_since(*(one.content_version for one in states if one is not None))

    def back_from_a_reminder(self, person: str, given: Event | str) -> Event | str:
        """Read coming back as coming from the reminder that was sent, if there is one."""
        if not isinstance(given, Do) or given.command not in COMING_BACK:
            return given
        one = chasing.waiting_for(self.log, person)
        return given if one is None else Nudged(one.id)

    def meant(
        self, person: str, library: Library, state: State, event: Event, given: str
    ) -> tuple[Event, tuple[Reply, ...]] | None:
        """Return what typed words are where they name a case, or may answer a reminder; None where they are neither."""
        if label := self.label_of(person, given):
            earlier = cases.earlier_under(self.log, self.shelf, person, label)
            since = self.put_right_since(person, label)
            return Do("again"), (*since, *cases.in_the_middle(library, label, earlier))
        back = isinstance(event, Do) and event.command in COMING_BACK
        if (back or to_be_asked_if_heard(library, state, event)) and (one := chasing.waiting_for(self.log, person)):
            return Nudged(one.id), ()
        return None

    def settled_already(self, person: str, event: Event) -> bool:
        """Say whether somebody answers a reminder that was answered, or asked again, since."""
        return isinstance(event, Nudged) and chasing.waiting_for(self.log, person, event.row) is None

    # --- what is said -----------------------------------------------------------------------------------

    def about(self, matter: Matter, library: Library, turn: Turn, now: datetime) -> tuple[Turn, tuple[Reply, ...]]:
        """Return the turn, and what it has to say about earlier advice and about being heard, before all else it says."""
        before, after = matter.before.interrupt, turn.state.interrupt
        if turn.chased is not None:
            told = chasing.answer_lines(self.log, self.shelf, library, turn.chased, matter.person, now)
            known = before is not None and before.row == turn.chased[0]
            about = chasing.asked_about(self.log, self.shelf, library, turn.chased[0], answered=True)
            return self._the_next_one(matter.person, library, turn), (*(() if known else about), *told)
        if after is not None and after.row and (before is None or before.row != after.row):
            answered = after.about != WERE_YOU_HEARD
            return turn, chasing.asked_about(self.log, self.shelf, library, after.row, answered=answered)
        if cases.changes_in(matter.before, turn.state) and self._earlier(matter):
            return turn, (line(library, "case_reassess", label=matter.label),)
        return turn, ()

    def _the_next_one(self, person: str, library: Library, turn: Turn) -> Turn:
        """Ask about another case at once, where somebody was reminded of several and nothing else is open."""
        others = chasing.others_asked(self.log, person, turn.chased[0]) if turn.chased else []
        if not others or turn.state.interrupt is not None or unfinished(library, turn.state):
            return turn
        asks = if_heard(library, turn.state, others[0].id)
        about = chasing.asked_about(self.log, self.shelf, library, others[0].id)
        return replace(turn, state=asks.state, replies=(*about, *asks.replies))

    # --- what is kept -----------------------------------------------------------------------------------

    def keep(self, matter: Matter, library: Library, turn: Turn, turn_id: int, now: datetime) -> None:
        """Keep what a turn means for earlier advice and for reminders, inside the open transaction."""
        if turn.superseded:
            chasing.give_way(self.log, matter.session, {gone.step for gone in turn.superseded}, now)
        if turn.reminder is not None and self.can_remind:
            chasing.keep(self.log, library, matter.session, turn.reminder, turn_id, now)
        if turn.chased is not None:
            chasing.settle(self.log, self.shelf, turn.chased, matter.person, turn_id, now)
        if changes := cases.changes_in(matter.before, turn.state):
            cases.mark_for_reassessment(self.log, self._earlier(matter), changes, turn_id, stamp(now))
        if any(reply.step == GONE_OVER for reply in turn.replies):
            cases.mark_as_reviewed(self.log, self._earlier(matter), turn_id, stamp(now))

    def _earlier(self, matter: Matter) -> tuple[cases.Earlier, ...]:
        """Return what was advised under the label of a session before it."""
        return cases.earlier_under(self.log, self.shelf, matter.person, matter.label, but=matter.session)
