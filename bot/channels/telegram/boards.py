"""The facilitators' boards: the last one shown to each is kept right in its place while the group moves.

At most once a second for each, in one attempt that holds nobody up; what Telegram does not take now comes with the next.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.channels.telegram.incoming import CHANNEL
from bot.channels.telegram.layout import messages
from bot.exercises.leading import BUTTONS, board
from bot.exercises.seats import Role
from bot.exercises.speaking import open_mark, out_of
from bot.scenarios.moves import OWN
from bot.wire import question, to_a_lead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.channels.telegram.layout import Message
    from bot.channels.telegram.outgoing import Outgoing
    from bot.exercises.hall import Hall
    from bot.exercises.seats import Exercise, Mail

LOGGER = logging.getLogger(__name__)
LEAST_SECONDS = 1.0
"""Between two changes of one board."""


@dataclass(slots=True)
class Board:
    """A board as it is shown: in which messages, and at which state of its exercise."""

    person: str
    chat: int
    exercise: str
    nonce: str
    places: list[int]
    """The messages it stands in; none after a restart, which knows no numbers: then it is sent afresh."""
    changed: int = -1
    not_before: float = 0.0
    shown: list[Message] = field(default_factory=list)


class Boards:
    """Knows the last board of each facilitator, and keeps it right."""

    def __init__(self, hall: Hall, outgoing: Outgoing) -> None:
        self.hall, self.store, self.outgoing = hall, hall.store, outgoing
        self._boards: dict[str, Board] = {}

    def note(self, mail: Mail, chat: int, places: list[int]) -> None:
        """Note what was sent to a facilitator: a board is the last one from now on; another question takes its place."""
        asked = question(mail.out)
        if asked is None or not to_a_lead(mail.out):
            return
        self._boards.pop(mail.person, None)
        if is_board(asked):
            last = self._made(mail.out | {"replies": mail.out["replies"][-1:]}, mail.nonce)
            known = Board(mail.person, chat, mail.out["exercise"], mail.nonce, places[-len(last) :], shown=last)
            known.not_before = time.monotonic() + LEAST_SECONDS
            self._boards[mail.person] = known

    def drop(self, nonce: str) -> None:
        """Leave a board as it is now: it was answered."""
        self._boards = {person: one for person, one in self._boards.items() if one.nonce != nonce}

    def forget(self, person: str) -> None:
        """Leave somebody's board as it is now."""
        self._boards.pop(person, None)

    def recover(self) -> None:
        """Find the boards of groups that go on, after a start: each is shown afresh once its group moves."""
        for exercise in self.store.exercises():
            if not exercise.is_group or exercise.ended_at is not None:
                continue
            for seat in self.store.seats(exercise.id, Role.LEAD):
                channel, chat = self.store.address(seat.person) or ("", "")
                mail = self.store.last_question(seat.person, exercise.id) if channel == CHANNEL else None
                if mail is not None and not seat.gone and is_board(question(mail.out)):
                    self._boards[seat.person] = Board(
                        seat.person, int(chat), exercise.id, mail.nonce, [], exercise.changed
                    )

    def changed(self, now: float) -> Iterator[Board]:
        """Yield the boards that are no longer right, and may be changed by now."""
        for one in list(self._boards.values()):
            if one.not_before > now:
                continue
            exercise = self.store.exercise(one.exercise)
            if exercise is None or exercise.ended_at is not None:
                self.forget(one.person)
            elif exercise.changed != one.changed:
                yield one

    async def show(self, one: Board) -> None:
        """Make a board right, as far as that can be done now."""
        async with self.outgoing.locks.holding(one.chat):
            exercise = self.store.exercise(one.exercise)
            if exercise is None or self._boards.get(one.person) is not one:
                return
            one.not_before = time.monotonic() + LEAST_SECONDS
            out = self._out(one, exercise)
            if out is None:
                self.forget(one.person)
                return
            made = self._made(out, one.nonce)
            if len(made) != len(one.places):
                _, one.places = await self.outgoing.put_out(one.chat, made, "a board")
            elif not await self._edit(one, made):
                return
            # A tap on it counts for what it shows by now.
            self.store.say_instead(one.nonce, out)
            one.shown, one.changed = made, exercise.changed

    async def _edit(self, one: Board, made: list[Message]) -> bool:
        """Change the messages that differ from what is shown; says whether all of them are right now."""
        for number, (place, message) in enumerate(zip(one.places, made, strict=True)):
            if one.shown[number : number + 1] == [message]:
                continue
            wait = await self.outgoing.sender.edit_once(one.chat, place, message)
            if wait is None:
                self.forget(one.person)
                return False
            if wait:
                one.not_before = time.monotonic() + max(wait, LEAST_SECONDS)
                return False
        return True

    def _out(self, one: Board, exercise: Exercise) -> dict[str, Any] | None:
        """Return a board as channels take it; None when its facilitator sits there no more."""
        seat = self.store.seat_in(exercise.id, one.person, Role.LEAD)
        if seat is None or seat.gone or seat.asking:
            return None
        library, said = self.hall.library, board(self.hall, exercise)
        return out_of(library, (said,), exercise=exercise.id, step=str(seat.role), opened=open_mark(exercise, seat))

    def _made(self, out: dict[str, Any], nonce: str) -> list[Message]:
        return messages(out, nonce, self.outgoing.words)


def is_board(asked: dict[str, Any] | None) -> bool:
    """Say whether a question is a board."""
    return asked is not None and bool(asked["options"]) and asked["options"][0]["id"] == f"{OWN}{BUTTONS[0]}"
