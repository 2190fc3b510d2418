"""One update at a time: what somebody did becomes an event for the desk, and what the desk says goes out.

Rules of this file:

* The desk is asked first, and answers for good; only then is anything sent. Whatever Telegram does after
  that changes nothing about the conversation.
* What may fail without harm (a button coming up again, a mark on an old message) goes beside the answer,
  never before it.
* Nothing that people wrote is logged.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from telegram.error import BadRequest, Forbidden, TelegramError

from bot.access import About, Action, Role, may
from bot.asking import STOP_CHASE
from bot.channels.telegram.exercising import is_way_in
from bot.channels.telegram.incoming import CHANNEL, EXERCISE, Kind
from bot.channels.telegram.layout import (
    answered_message,
    line_message,
    link_keyboard,
    messages,
    spent_keyboard,
    stale_keyboard,
)
from bot.channels.telegram.oversight import Oversight
from bot.clock import clock_time
from bot.discreet import where
from bot.door import Refusal, Welcome
from bot.errors import StoreError, ThinkchildError
from bot.events import Do, Marked, Nudged
from bot.exercises.heard import FOR_LIVE, Heard
from bot.exercises.hearing import is_word
from bot.pages import receipt_page
from bot.wire import (
    BEGIN,
    DANGER,
    RECEIPT,
    REFUSED,
    STALE,
    command_of,
    is_of_open_session,
    meaning,
    own_turn,
    resolve,
    same_prompts,
)

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from bot.access import Person
    from bot.channels.telegram.exercising import Exercising
    from bot.channels.telegram.incoming import Incoming
    from bot.channels.telegram.layout import Message
    from bot.channels.telegram.outgoing import Outgoing
    from bot.channels.telegram.tries import Tries
    from bot.events import Event
    from bot.session import Desk, Said
    from bot.wire import Pressed

LOGGER = logging.getLogger(__name__)
STOP_REMINDERS = "stop_reminders"
LATE = timedelta(minutes=15)
"""After this long an answer says what it answers."""
TO_PRIVATE = "Open a private chat"


class Channel:
    """Joins the desk to one Telegram bot."""

    def __init__(
        self, desk: Desk, outgoing: Outgoing, username: str, tries: Tries, exercises: Exercising | None = None
    ) -> None:
        self.desk, self.outgoing, self.username, self.exercises = desk, outgoing, username, exercises
        self.tries = tries
        self.log, self.sender = desk.log, outgoing.sender
        self.oversight = Oversight(desk, self.sender, username)
        self._showing: dict[int, tuple[int, str]] = {}
        """Chat -> (message, nonce) of curiosity prompts that are being marked in place."""

    async def take(self, incoming: Incoming) -> None:
        """Do all that an update asks for; never raises. What stays in the inbox is tried at next start."""
        try:
            async with self.tries.trying(incoming.key) as may_be_tried:
                if not may_be_tried:
                    await self._give_up(incoming)
                    return
                await self._dispatch(incoming)
        except StoreError as error:
            LOGGER.error("The record could not be used, so a turn was not kept.")  # noqa: TRY400 - no words of it
            await self._apologise(incoming, str(error))
        except ThinkchildError as error:
            await self._apologise(incoming, str(error))
        except (BadRequest, Forbidden):
            self._forget(incoming)
        except TelegramError as error:
            LOGGER.warning("A line could not be sent (%s); it is sent after the next start.", type(error).__name__)
            self.tries.survived(incoming.key)
        except Exception as error:  # noqa: BLE001 - one bad update must not stop the others
            LOGGER.error("A turn failed: %s.", where(error))  # noqa: TRY400 - its text may repeat what was typed
            await self._apologise(incoming, self.desk.line_text("failed"))

    async def _dispatch(self, incoming: Incoming) -> None:
        if incoming.kind is Kind.GROUP:
            await self._refuse_group(incoming)
            return
        person = self.desk.person(incoming.user)
        met = self._meet(incoming, person)
        if met is Refusal.TOO_FAST:
            await self._turn_away(incoming, met)
            return
        if incoming.kind is Kind.EDIT:
            await self._edited(incoming, person, met)
            return
        heard = await self._practise(incoming, person, met)
        if heard is not Heard.ELSEWHERE and heard not in FOR_LIVE:
            return
        if isinstance(met, Refusal):
            await self._turn_away(incoming, met)
            return
        if met is not None:
            person = await self._welcome(incoming, met)
        elif await self.oversight.take(incoming, person):
            self._forget(incoming)
            return
        if self.log.address(person.id) != str(incoming.chat):
            self.log.remember_address(person.id, CHANNEL, str(incoming.chat))
        if met is not None:
            await self._live(incoming, person, Do(BEGIN))
        elif heard in FOR_LIVE:
            await self._live(incoming, person, Do("danger" if heard is Heard.REAL else "menu"))
        elif self.exercises is None and incoming.kind is Kind.TEXT and is_way_in(incoming.text):
            await self._say_line(incoming, self.desk.line_text("failed"))
        elif incoming.kind in (Kind.MEDIA, Kind.FILE):
            await self._say_line(incoming, self.desk.line_text("media_refused"))
        elif incoming.kind is Kind.PRESS:
            await self._press(incoming, person)
        else:
            await self._text(incoming, person)

    def _meet(self, incoming: Incoming, person: Person) -> Refusal | Welcome | None:
        """Ask the door; somebody let in who presses 999 is never told to wait."""
        alarm = incoming.kind is Kind.PRESS and incoming.text.endswith(f":{DANGER}")
        if alarm and may(person, Action.CONVERSE):
            return None
        return self.desk.door.meet(person, incoming.text if incoming.kind is Kind.TEXT else "")

    async def _practise(self, incoming: Incoming, person: Person, met: Refusal | Welcome | None) -> Heard:
        """Let exercises take what is theirs; from a stranger only what belongs to one that they have the code of."""
        if self.exercises is None or isinstance(met, Welcome):
            return Heard.ELSEWHERE
        if isinstance(met, Refusal) and not self.exercises.is_guest(incoming):
            return Heard.ELSEWHERE
        self.exercises.know(incoming.user, trainer=may(person, Action.LEAD_EXERCISES))
        return await self.exercises.take(incoming)

    async def _edited(self, incoming: Incoming, person: Person, met: Refusal | Welcome | None) -> None:
        """Answer a change to a message only where it means danger: the conversation has gone on from what was sent first."""
        if isinstance(met, Refusal):
            await self._turn_away(incoming, met)
        elif is_word(incoming.text, "danger") or self.desk.parsed(incoming.text)["danger"]:
            await self._live(incoming, person, meaning(incoming.text, self.desk.library.flows))
        else:
            await self._say_line(incoming, self.desk.line_text("edited_unread"))

    async def _welcome(self, incoming: Incoming, met: Welcome) -> Person:
        """Say that somebody is in, and to a lead or an admin what they may do; returns who they are from now on."""
        person = self.desk.person(incoming.user)
        for line_id in (met, *(f"let_in_{role}" for role in (Role.LEAD, Role.ADMIN) if role in person.roles)):
            await self.sender.send(incoming.chat, line_message(self.desk.line_text(line_id)))
        return person

    async def _ended_reminders(self, incoming: Incoming) -> bool:
        """End the reminders of somebody who is let in no more, if they ask for it: they come until then."""
        person = self.desk.person(incoming.user)
        if incoming.kind is Kind.PRESS:
            pressed = self.desk.pressed_nudge(incoming.text, person)
            event = None if pressed is None or isinstance(pressed, str) else pressed.event
            asked = isinstance(event, Nudged) and event.choice == STOP_CHASE
        else:
            asked = incoming.kind is Kind.TEXT and (command_of(incoming.text) or ("",))[0] == STOP_REMINDERS
        if not asked or not any(self.log.reminders(person=person.id, status=status) for status in (None, "sent")):
            return False
        up = [self.sender.answer_press(incoming.query)] if incoming.query else []
        await _together(self._say_line(incoming, self.desk.stop_reminders(person)), *up)
        return True

    async def _turn_away(self, incoming: Incoming, refusal: Refusal) -> None:
        """Say why nothing more is said; a press comes up again beside it."""
        if refusal is Refusal.NOT_ENROLLED and await self._ended_reminders(incoming):
            return
        up = [self.sender.answer_press(incoming.query)] if incoming.query else []
        await _together(self.sender.send(incoming.chat, line_message(self.desk.line_text(refusal))), *up)
        self._forget(incoming)

    # --- what people do ---------------------------------------------------------------------------------

    async def _text(self, incoming: Incoming, person: Person) -> None:
        """Answer what was typed: a command, or words."""
        name, _, rest = command_of(incoming.text) or ("", "", "")
        if name == STOP_REMINDERS and not rest:
            await self._say_line(incoming, self.desk.stop_reminders(person))
            return
        if name == RECEIPT and not rest:
            current = self.log.current(person.id)
            await self._receipt(
                incoming, person, current.receipt if current else "", current.session if current else ""
            )
            return
        await self._live(incoming, person, meaning(incoming.text, self.desk.library.flows))

    async def _live(self, incoming: Incoming, person: Person, given: Event | str) -> None:
        """Let live guidance answer."""
        said = await self._turn(incoming, person, given)
        up = [self.sender.answer_press(incoming.query)] if incoming.query else []
        if said is None:
            await asyncio.gather(*up)
            return
        if not said.guarded:
            await _together(self._deliver(incoming, said), *up)
            return
        self.log.leave_no_trace()
        await _together(self._deliver(incoming, said), self.sender.delete(incoming.chat, incoming.message))

    async def _press(self, incoming: Incoming, person: Person) -> None:
        """Answer a pressed button."""
        if incoming.text.endswith(f":{RECEIPT}"):
            await self._press_receipt(incoming, person)
            return
        place, nonce = self._showing.get(incoming.chat, (0, ""))
        pressed = self.desk.pressed_nudge(incoming.text, person)
        if pressed is None:
            pressed = resolve(self.log, incoming.text, person, nonce if place == incoming.message else None)
        if isinstance(pressed, str):
            await _together(self._refuse_press(incoming, pressed), *self._show_stale(incoming, person, pressed))
            return
        said = await self._turn(incoming, person, pressed.event)
        up = self.sender.answer_press(incoming.query)
        if said is None:
            await up
            return
        if isinstance(pressed.event, Marked) and same_prompts(pressed.out, said.out):
            await _together(self._deliver(incoming, said, in_place=incoming.message), up)
            self._showing[incoming.chat] = (incoming.message, said.nonce)
            return
        await _together(self._deliver(incoming, said), up, self._show_choice(incoming, pressed))

    async def _turn(self, incoming: Incoming, person: Person, given: Event | str) -> Said | None:
        """Let the desk take the turn; None when it had been taken before: that was sent, or waits to be."""
        # Another server is asked before anybody waits for the record.
        asked = self.desk.ask_ahead(person, given, incoming.key)
        said = await self.outgoing.together(lambda: self.desk.handle(person, given, incoming.key, asked))
        self._showing.pop(incoming.chat, None)
        if said.repeated:
            self._forget(incoming)
            return None
        return said

    async def _deliver(self, incoming: Incoming, said: Said, *, in_place: int | None = None) -> None:
        made = [*self._lateness(incoming), *messages(said.out, said.nonce, self.outgoing.words)]
        await self.outgoing.deliver(incoming.chat, said.outbox, made, in_place=in_place)

    def _lateness(self, incoming: Incoming) -> list[Message]:
        """Say before an answer that was held up how old the words are that it answers: much may have changed."""
        now = self.desk.clock()
        if not incoming.sent or now - datetime.fromtimestamp(incoming.sent, UTC) < LATE:
            return []
        wrote = clock_time(datetime.fromtimestamp(incoming.sent, UTC), now)
        return [line_message(self.desk.line_text("late_answer", time=wrote))]

    def _show_stale(self, incoming: Incoming, person: Person, refusal: str) -> list[Coroutine[Any, Any, None]]:
        """Show on a message that was answered before how to give that answer again, if it can be."""
        nonce = incoming.text.partition(":")[0]
        if refusal != STALE or own_turn(self.log, nonce, person) is None or not is_of_open_session(self.log, nonce):
            return []
        return [self.sender.change_buttons(incoming.chat, incoming.message, stale_keyboard(nonce))]

    async def _show_choice(self, incoming: Incoming, pressed: Pressed) -> None:
        """Show on the pressed message what was chosen; one left unanswered keeps only what still works."""
        if not pressed.out:
            return
        if isinstance(pressed.event, Do):
            keyboard = spent_keyboard(pressed.out, pressed.nonce)
            await self.sender.change_buttons(incoming.chat, incoming.message, keyboard)
            return
        message = answered_message(pressed.out, self.outgoing.words, pressed.choice)
        if message is not None:
            await self.sender.mark_choice(incoming.chat, incoming.message, message)

    # --- receipts ---------------------------------------------------------------------------------------

    async def _press_receipt(self, incoming: Incoming, person: Person) -> None:
        own = own_turn(self.log, incoming.text.partition(":")[0], person)
        if own is None:
            await self._refuse_press(incoming, REFUSED)
            return
        session, out = own
        receipt = self._receipt(incoming, person, out["receipt"] or "", session)
        await _together(receipt, self.sender.answer_press(incoming.query))

    async def _receipt(self, incoming: Incoming, person: Person, code: str, session: str) -> None:
        """Send a receipt as a page, to its owner."""
        owner = self.log.owner(session)
        allowed = owner is not None and may(person, Action.READ_RECEIPT, about=About(owner))
        advised = allowed and self.log.session_state(session) is not None
        page = receipt_page(self.log, code) if advised else None
        if page is None:
            await self._say_line(incoming, self.desk.line_text("receipt_none"))
            return
        caption = self.desk.line_text("receipt_caption", receipt=code)
        await self.sender.document(incoming.chat, f"receipt-{code}.html", page.encode(), caption)
        self._forget(incoming)

    # --- refusals and lines -----------------------------------------------------------------------------

    async def _refuse_press(self, incoming: Incoming, line_id: str) -> None:
        await self.sender.answer_press(incoming.query, self.desk.line_text(line_id))
        self._forget(incoming)

    async def _refuse_group(self, incoming: Incoming) -> None:
        """Send somebody who began where others can read it to the private chat."""
        if incoming.query:
            await self._refuse_press(incoming, "group_refused")
            return
        name, _, rest = command_of(incoming.text) or ("", "", "")
        known = {*self.desk.library.flows, EXERCISE}
        payload = next((one for one in (name, rest) if one in known), BEGIN)
        link = link_keyboard(TO_PRIVATE, f"https://t.me/{self.username}?start={payload}")
        await self.sender.send(incoming.chat, line_message(self.desk.line_text("group_refused"), link))
        self._forget(incoming)

    async def _say_line(self, incoming: Incoming, text: str) -> None:
        """Send a line that belongs to no turn."""
        await self.sender.send(incoming.chat, line_message(text))
        self._forget(incoming)

    async def _give_up(self, incoming: Incoming) -> None:
        """Say that something could not be handled: the process died of it, again and again."""
        up = [self.sender.answer_press(incoming.query)] if incoming.query else []
        await _together(self._say_line(incoming, self.desk.line_text("given_up")), *up)

    async def _apologise(self, incoming: Incoming, text: str) -> None:
        """Say in one sentence that something failed. It was not done, so it must not be done later either."""
        self._forget(incoming)
        beside = [self.sender.answer_press(incoming.query)] if incoming.query else []
        try:
            await _together(self.sender.send(incoming.chat, line_message(text)), *beside)
        except TelegramError as error:
            LOGGER.warning("Not even that could be sent (%s).", type(error).__name__)

    def _forget(self, incoming: Incoming) -> None:
        """Take something out of the inbox that needs no turn, or no further one."""
        try:
            self.log.forget_received(incoming.key)
        except StoreError:
            LOGGER.error("The inbox could not be tidied.")  # noqa: TRY400 - it was said where it happened


async def _together(answer: Coroutine[Any, Any, object], *beside: Coroutine[Any, Any, None]) -> None:
    """Send the answer, and beside it what may fail without harm and must not hold it up."""
    await asyncio.gather(answer, *beside)
