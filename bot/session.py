"""Where the engine meets the world: clock, ids, the identifier guard, the words people type, and the record.

`Desk.handle` is the only way in. It is idempotent: the same key gives the same answer, once recorded. Everything a
turn changes is kept in one transaction, and only then is anything sent.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot import cases, chasing
from bot.access import Action, may
from bot.advice_log.rows import TurnRow
from bot.asking import fill, is_closed, line, open_question, unfinished
from bot.at_hand import AtHand, Matter
from bot.clock import clock_time, due_of, moment, quiet_of, read, shown, stamp
from bot.correcting import can_be_told, corrected
from bot.dialogue import Turn, new_state, step, welcome_back
from bot.door import Door
from bot.errors import SetupError, ThinkchildError
from bot.events import Chose, Do, Nudged, Reply
from bot.guard import identifiers
from bot.interrupts import what_changed
from bot.learning import Happening, Learning
from bot.models import ReplyKind
from bot.returning import as_resumption, to_be_welcomed
from bot.shelf import Shelf
from bot.signing import is_offered, standing_of_all
from bot.state import State
from bot.transcript import CASE_AGAIN, is_first_answer, reply_out, timed, told, turn_out, urgency_word
from bot.wording import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.access import Person
    from bot.advice_log.log import AdviceLog
    from bot.events import Event
    from bot.library import Library
    from bot.matching import Adviser, Routing, Suggestion
    from bot.wire import Pressed

SILENCE = timedelta(hours=12)
"""After this long the person is asked whether to carry on or start afresh (decision 1)."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a turn said, as it was kept: `out` is the object of the JSON contract."""

    outbox: int
    nonce: str
    out: dict[str, Any]
    guarded: bool = False
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """The second matcher was asked, and this is what it suggested, if anything."""

    suggestion: Suggestion | None


@dataclass(slots=True)
class _Sitting:
    """One turn in the making: whose session, in which state, with which content."""

    session: str
    receipt: str
    label: str
    turns: int
    state: State
    library: Library


class Desk:
    """Takes what people send, on one channel, and returns what to say."""

    def __init__(
        self,
        log: AdviceLog,
        library: Library,
        *,
        area: str = "england",
        channel: str = "terminal",
        can_remind: bool = False,
        require_signed: bool = False,
        nlu: Adviser | None = None,
        learn: bool = False,
        door: Door | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        library.at(area, "")  # an unknown area is said at once, not at the first message
        if require_signed:
            library = library.only_signed()
            if not any(is_offered(library, flow) for flow in library.flows):
                raise SetupError(
                    "No flow is signed as it now stands, so there is nothing to offer: sign one with 'thinkchild sign FLOW "
                    "--name ... --role ...', or leave --require-signed out."
                )
        self.log, self.library, self.area, self.channel = log, library, area, channel
        self.can_remind, self.require_signed = can_remind, require_signed
        self.clock, self.door = clock, door or Door(log)
        self._learning = Learning(log) if learn else None
        self._nlu = nlu
        self.shelf = Shelf(log, library, require_signed=require_signed)
        self.at_hand = AtHand(log, self.shelf, can_remind=can_remind)

    @property
    def offered(self) -> tuple[str, ...]:
        """The ids of the flows that may be opened here."""
        return tuple(flow for flow in self.library.flows if is_offered(self.library, flow))

    def person(self, outside_id: str) -> Person:
        """Return somebody of this channel as a pseudonym, with what they may do here."""
        return self.door.person(self.log.person(self.channel, outside_id))

    def handle(self, person: Person, given: Event | str, key: str, asked: Asked | None = None) -> Said:
        """Take one event or typed message and return what to say; the same key gives the same answer.

        Raises StoreError when the turn could not be kept: then nothing of it was.
        """
        if not may(person, Action.CONVERSE):
            raise ThinkchildError("You have no access here: ask whoever runs this assistant.")
        advice = (
            asked or self.ask_ahead(person, given, key)
        ).suggestion  # asked of another server before anybody waits for the record
        with self.log.transaction():
            kept = self.log.kept(key)
            if kept is not None:
                return Said(kept.outbox, kept.nonce, json.loads(kept.said), repeated=True)
            now = self.clock()
            if label := self.at_hand.case_begun(person.id, given, now, SILENCE):
                return self._again(person, label, key, now)
            given = self.at_hand.back_from_a_reminder(person.id, given)
            begins = isinstance(given, Do) and given.command == "begin"
            sitting, stale = self._sitting(person, now, begins=begins)
            return self._turn(person, sitting, given, key, now, stale=stale, advice=advice)

    def stop_reminders(self, person: Person) -> str:
        """Stop every reminder somebody is waiting for; returns the line to say."""
        with self.log.transaction():
            any_at_all = chasing.stop(self.log, person.id, self.clock())
        return self.line_text("reminder_off" if any_at_all else "reminder_none")

    def nudge(self) -> dict[str, Any]:
        """Return what a reminder says on a locked screen, and its answers: neither tells anybody anything."""
        return chasing.nudge_out(self.library)

    def pressed_nudge(self, data: str, person: Person) -> Pressed | str | None:
        """Return what a button of a reminder means, or the line that says why it does nothing; None for any other button."""
        return chasing.pressed(self.log, self.library, data, person)

    def nudged(self, reminders: Sequence[int], status: str) -> None:
        """Note what became of reminders that were due, and set what follows them; a second time changes nothing."""
        with self.log.transaction():
            chasing.note_sent(self.log, self.shelf, reminders, status, self.clock())

    def line_text(self, line_id: str, **values: str) -> str:
        """Return a fixed line of the current content."""
        return fill(self.library.lines[line_id].text, **values)

    def question(self, person: Person) -> dict[str, Any] | None:
        """Return what somebody is being asked now, without a turn; None if they have no session."""
        current = self.log.current(person.id)
        if current is None or self.area not in self.shelf.version(current.content_version).areas:
            return None
        library = self.shelf.version(current.content_version).at(self.area, self.clock().date().isoformat())
        state = State.from_json(json.loads(current.state)["state"])
        question = timed(open_question(library, state), self.clock(), quiet_of(library.area))
        return reply_out(library, question, plain(library, question))

    # --- one turn ---------------------------------------------------------------------------------------

    def _sitting(self, person: Person, now: datetime, *, begins: bool) -> tuple[_Sitting, bool]:
        """Return the session to go on with, or a new one; and whether it had long been silent."""
        current = self.log.current(person.id)
        if current is not None and not current.stopped:
            library = self.shelf.version(current.content_version)
            state = State.from_json(json.loads(current.state)["state"])
            silent = now - read(current.last_at) > SILENCE
            over = begins and is_closed(library, state)  # what is finished stays so: a new start is a new case
            over = over or not any(is_offered(library, flow) for flow in library.flows)  # what it offers was withdrawn
            goes_on = (not silent and not over) or unfinished(library, state) or state.interrupt is not None
            if goes_on and self.area in library.areas:  # content from before this area had a pack cannot speak for it
                return _Sitting(current.session, current.receipt, current.label, current.turns, state, library), silent
        return self._new_sitting(person, now), False

    def _new_sitting(self, person: Person, now: datetime, label: str = "") -> _Sitting:
        label = label or self._new_label(person)
        session, receipt = self.log.begin_session(
            person.id,
            label=label,
            channel=self.channel,
            area=self.area,
            content_version=self.library.version,
            at=stamp(now),
            setting=person.setting,
        )
        return _Sitting(session, receipt, label, 0, new_state(self.library), self.library)

    def _turn(
        self,
        person: Person,
        sitting: _Sitting,
        given: Event | str,
        key: str,
        now: datetime,
        *,
        stale: bool,
        advice: Suggestion | None = None,
    ) -> Said:
        """Work out a turn and keep it, inside the open transaction."""
        library = sitting.library.at(self.area, now.date().isoformat())
        hour = moment(library.area, now)
        state, before = sitting.state, sitting.state
        routing: Routing | None = None
        notes: tuple[Reply, ...] = ()
        if self._learning is not None and self._learning.allows(library, given):
            given, notes = Do("again"), (self._learning.keep(library, person.id, now),)
        found = identifiers(given) if isinstance(given, str) else ()
        if isinstance(given, str):
            from bot.understanding import understand  # noqa: PLC0415 - loaded only when words are typed

            typed = understand(library, state, given, self.shelf.matcher(library), self.shelf.finder(library), advice)
            event, routing, extra = typed.event, typed.routing, typed.said
            if meant := self.at_hand.meant(person.id, library, state, event, given):
                (event, extra), found = meant, () if meant[1] else found
        else:
            event, extra = given, ()
        if self.at_hand.settled_already(person.id, event):
            event, extra = Do("again"), (line(library, "reminder_over"),)
        event = replace(as_resumption(library, state, event), moment=hour)
        answer = told(library, state, event)
        turn = _taken(library, state, event, stale=stale)
        if not stale and not extra and can_be_told(library, before, event, turn):
            library, told_first, turn = self._put_right(library, before, event, turn)
            notes = (*notes, *told_first)
        matter = Matter(person.id, sitting.session, sitting.label, before)
        turn, about = self.at_hand.about(matter, library, turn, now)
        replies = (*extra, *self._told_of_the_update(library, event), *about, *turn.replies)
        notes = (*notes, line(library, "guarded")) if found else notes
        first = 1 if replies and replies[0].kind is ReplyKind.DANGER else 0  # nothing comes before 999
        replies = (*replies[:first], *notes, *replies[first:])
        if is_first_answer(before, turn.state):
            replies = (line(library, "label_offer"), *replies)
        if turn.reminder is not None:
            due_at = due_of(turn.reminder, now, quiet_of(library.area))
            alarm = line(library, "reminder_alarm", time=clock_time(due_at, now))
            replies = (chasing.set_lines(library, turn.reminder, now) if self.can_remind else alarm, *replies)
        if any(reply.kind is ReplyKind.CLOSE for reply in turn.replies) and is_closed(library, turn.state):
            replies = (*replies, line(library, "limits", draft=standing_of_all(library, turn.state)))
        if self._learning is not None:
            clean = given if isinstance(given, str) and not found else ""
            happening = Happening(clean, routing, event, before, turn.state)
            replies = self._learning.after(library, person.id, happening, replies, now)
        afresh = turn.state.stopped and isinstance(event, Chose) and event.options == ("afresh",)
        kept_key = f"{key}-stop" if afresh else key
        said = self._keep(sitting, library, turn, replies, kept_key, event, answer, routing, now)
        self.at_hand.keep(matter, library, turn, said[1], now)
        if afresh:
            # The greeting is the answer to this; what was stopped needs no message of its own.
            self.log.note_delivery(said[0], "merged", stamp(now))
            fresh = self._new_sitting(person, now)
            return self._turn(person, fresh, Do("begin"), key, now, stale=False)
        return Said(said[0], said[2], said[3], guarded=bool(found))

    def _put_right(
        self, was: Library, before: State, event: Event, turn: Turn
    ) -> tuple[Library, tuple[Reply, ...], Turn]:
        """Let an urgent correction take a turn's place, if there is one that this conversation does not have."""
        corrections = self.shelf.corrections_since(was)
        if not corrections:
            return was, (), turn
        library = self.library.at(self.area, was.day)
        return library, *corrected(was, library, before, event, corrections)

    def _keep(
        self,
        sitting: _Sitting,
        library: Library,
        turn: Turn,
        replies: tuple[Reply, ...],
        key: str,
        event: Event,
        answer: str,
        routing: Routing | None,
        now: datetime,
    ) -> tuple[int, int, str, dict[str, Any]]:
        """Add the turn to the record; returns (outbox, turn, nonce, the object of the contract)."""
        values = {"label": sitting.label, "receipt": sitting.receipt, "time": shown(now)}
        quiet = quiet_of(library.area)
        spoken = [timed(replace(reply, text=fill(reply.text, **values)), now, quiet) for reply in replies]
        texts = [plain(library, reply) for reply in spoken]
        said = list(zip(spoken, texts, strict=True))
        decision = str(routing.decision) if routing is not None else None
        ids = {"session": sitting.session, "receipt": sitting.receipt}
        out = turn_out(library, turn.state, said, **ids, decision=decision)
        nonce = secrets.token_urlsafe(9)
        row = TurnRow(
            key=key,
            event=type(event).__name__.lower(),
            flow=out["flow"] or "",
            step=out["step"] or "",
            decision=out["decision"] or "",
            matcher=routing.matcher if routing is not None else "",
            urgency=out["urgency"] or "",
            closed=out["closed"],
            stopped=turn.state.stopped,
            content_version=library.version,
            state=json.dumps({"given": answer, "state": turn.state.to_json()}),
            replies=[
                (reply.kind, reply.step, reply.run, reply.sources, urgency_word(reply), text) for reply, text in said
            ],
            superseded=[(gone.step, gone.run) for gone in turn.superseded],
            said=json.dumps(out, ensure_ascii=False),
            nonce=nonce,
            at=stamp(now),
        )
        number = sitting.turns + 1
        turn_id, outbox = self.log.add_turn(sitting.session, number, row)
        return outbox, turn_id, nonce, out

    # --- what was meant ---------------------------------------------------------------------------------

    def ask_ahead(self, person: Person, given: Event | str, key: str) -> Asked:
        """Ask the second matcher, if there is one: for whoever takes several turns under one lock, and must not wait in it."""
        return Asked(self._advice(person, given, key))

    def _advice(self, person: Person, given: Event | str, key: str) -> Suggestion | None:
        """Ask the second matcher, if there is one, about words that begin a situation; nothing else is sent to it."""
        if self._nlu is None or not isinstance(given, str) or identifiers(given) or self.log.kept(key) is not None:
            return None
        if self._learning is not None and self._learning.allows(self.library, given):
            return None
        if self.at_hand.label_of(person.id, given):
            return None
        from bot.understanding import is_a_situation  # noqa: PLC0415 - loaded only when words are typed

        current = self.log.current(person.id)
        library = self.shelf.version(current.content_version) if current is not None else self.library
        state = State.from_json(json.loads(current.state)["state"]) if current is not None else new_state(library)
        begins = is_a_situation(library, state, given, self.shelf.matcher(library), self.shelf.finder(library))
        return self._nlu.ask(given) if begins else None

    def _again(self, person: Person, label: str, key: str, now: datetime) -> Said:
        """Begin a new session under a label used before: what was advised, and what has changed since."""
        since = self.at_hand.put_right_since(person.id, label)
        sitting = self._new_sitting(person, now, label)
        library = sitting.library.at(self.area, now.date().isoformat())
        earlier = cases.earlier_under(self.log, self.shelf, person.id, label)
        turn = what_changed(library, sitting.state, marked=any(one.since for one in earlier))
        first, *rest = cases.repeated(library, label, earlier)  # which begins with 999
        replies = (first, *since, *rest, *turn.replies)
        said = self._keep(sitting, library, turn, replies, key, Do("begin"), CASE_AGAIN, None, now)
        return Said(said[0], said[2], said[3])

    def _told_of_the_update(self, library: Library, event: Event) -> tuple[Reply, ...]:
        """Say, to somebody who comes back, that the guidance has changed meanwhile."""
        back = isinstance(event, Nudged) or (isinstance(event, Do) and event.command in {"resume", "begin"})
        if not back or library.version == self.library.version:
            return ()
        return (line(self.library, "versions_differ"),)

    # --- helpers ----------------------------------------------------------------------------------------

    def parsed(self, text: str) -> dict[str, Any]:
        """Say where a message would lead, in the format of Rasa's `/model/parse`; no turn is made of it."""
        from bot.routing import parsed  # noqa: PLC0415 - loaded only when words are typed

        return parsed(self.shelf.matcher(self.library), text)

    def prepare(self) -> None:
        """Learn from the examples now, so that nobody's first words wait for it."""
        self.shelf.matcher(self.library).prepare()
        self.shelf.finder(self.library).prepare()

    def _new_label(self, person: Person) -> str:
        """Return a two-word label that this person has not used yet."""
        words, used = self.library.content.vocabulary, self.log.labels_of(person.id)
        while True:
            label = f"{secrets.choice(words.label_colours)} {secrets.choice(words.label_things)}"
            if label not in used or len(used) >= len(words.label_colours) * len(words.label_things):
                return label


def _taken(library: Library, state: State, event: Event, *, stale: bool) -> Turn:
    """Let the engine take an event; whoever was silent for long is asked first whether to carry on."""
    if stale and to_be_welcomed(library, state, event):
        return welcome_back(library, state)
    return step(library, state, event)
