"""Buttons of exercises: which mail they belong to, what they mean, and what is then shown on the pressed message."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.channels.telegram.exercise_lines import Lines
from bot.channels.telegram.incoming import CHANNEL
from bot.channels.telegram.layout import answered_message, spent_keyboard
from bot.errors import StoreError
from bot.events import Chose, Do, Marked
from bot.exercises.heard import FOR_LIVE, Heard
from bot.exercises.pages import group_csv, group_page, own_page
from bot.exercises.seats import Role
from bot.scenarios import moves
from bot.wire import DANGER, DATA, LEAVE, REFUSED, STALE, WHY, answer_of, question, same_prompts, to_a_lead

if TYPE_CHECKING:
    from bot.channels.telegram.exercise_post import Post
    from bot.channels.telegram.incoming import Incoming
    from bot.exercises.hall import Hall
    from bot.exercises.seats import Mail
    from bot.session import Desk
    from bot.wire import Pressed

NONCE = 16
"""Characters of a nonce of exercises; those of live guidance have fewer."""


class Presses(Lines):
    """Takes pressed buttons."""

    def __init__(self, hall: Hall, post: Post, desk: Desk) -> None:
        super().__init__(hall, post, desk)
        self._showing: dict[int, tuple[int, str]] = {}
        """Chat -> (message, nonce) of curiosity prompts that are being marked in place."""

    def unmarked(self, chat: int) -> None:
        """Forget which prompts were being marked in a chat: something else was said."""
        self._showing.pop(chat, None)

    async def press(self, incoming: Incoming, person: str, *, sits: bool) -> Heard:
        """Take what stands behind a pressed button."""
        found = DATA.fullmatch(incoming.text)
        if found is None:
            return Heard.ELSEWHERE
        nonce, name = found[1], found[5]
        if len(nonce) != NONCE:
            return await self._press_live(incoming, person, name) if sits else Heard.ELSEWHERE
        if name == DANGER:
            if not sits:
                return Heard.REAL
            heard = self.hall.handle(person, Do("danger"), incoming.key)
            return await self._pressed(incoming, person, heard, None)
        place, newer = self._showing.get(incoming.chat, (0, ""))
        mail = self.store.posted(newer if place == incoming.message and not name else nonce)
        if mail is None or mail.person != person:
            return await self.refuse(incoming, REFUSED)
        if name == WHY:
            heard = self.hall.press_event(person, mail.nonce, Do("why"), incoming.key)
            return await self._pressed(incoming, person, heard, None, mail)
        if name:
            heard = self.hall.press(person, mail.nonce, moves.LEAVE, incoming.key) if name == LEAVE else Heard.REFUSED
            return await self._pressed(incoming, person, heard, None, mail)
        pressed = answer_of(mail.nonce, mail.out, found[2], found[3], found[4])
        if isinstance(pressed, str):
            return await self.refuse(incoming, pressed)
        return await self._answer(incoming, person, mail, pressed)

    async def _answer(self, incoming: Incoming, person: str, mail: Mail, pressed: Pressed) -> Heard:
        """Take a pressed answer."""
        event = pressed.event
        if isinstance(event, Chose) and len(event.options) == 1:
            option = event.options[0]
            if option in (moves.PAGE, moves.TABLE):
                return await self._document(incoming, mail, option)
            try:
                self.store.reach(person, CHANNEL, str(incoming.chat))
                heard = self.hall.press(person, mail.nonce, option, incoming.key)
            except StoreError:
                if option == moves.REAL:
                    return Heard.REAL
                raise
        else:
            heard = self.hall.press_event(person, mail.nonce, event, incoming.key)
        return await self._pressed(incoming, person, heard, pressed, mail)

    async def _press_live(self, incoming: Incoming, person: str, name: str | None) -> Heard:
        """Take a button of live guidance from somebody in an exercise: its 999 is real; the rest waits until they leave."""
        if name != DANGER:
            return await self.refuse(incoming, "exercise_live_first")
        return await self._pressed(incoming, person, self.hall.handle(person, "real", incoming.key), None)

    async def _pressed(
        self, incoming: Incoming, person: str, heard: Heard, pressed: Pressed | None, mail: Mail | None = None
    ) -> Heard:
        """Show what a press led to: what is said, and on the pressed message what was chosen."""
        if heard in FOR_LIVE:
            await self.post.deliver(person, incoming.chat)
            return heard
        if heard in (Heard.STALE, Heard.REFUSED):
            return await self.refuse(incoming, STALE if heard is Heard.STALE else REFUSED)
        self.post.done(incoming.key)
        self._showing.pop(incoming.chat, None)
        if pressed is not None:
            await self.post.counted()
        said = self.store.waiting(person)
        up = self.sender.answer_press(incoming.query)
        if _marks_on(pressed, said):
            await asyncio.gather(self.post.deliver(person, incoming.chat, in_place=incoming.message), up)
            self._showing[incoming.chat] = (incoming.message, said[0].nonce)
            return heard
        marks = [self._mark(incoming, mail, pressed, said)] if mail is not None and heard is Heard.TAKEN else []
        await asyncio.gather(self.post.deliver(person, incoming.chat), up, *marks)
        return heard

    async def _mark(self, incoming: Incoming, mail: Mail, pressed: Pressed | None, said: list[Mail]) -> None:
        """Show on the pressed message what was chosen; a facilitator's keeps its buttons until others have come."""
        if to_a_lead(mail.out) and not any(question(one.out) for one in said):
            return
        self.post.boards.drop(mail.nonce)
        if pressed is None:
            keyboard = spent_keyboard(mail.out, mail.nonce)
            await self.sender.change_buttons(incoming.chat, incoming.message, keyboard)
            return
        message = answered_message(pressed.out, self.post.outgoing.words, pressed.choice)
        if message is not None:
            await self.sender.mark_choice(incoming.chat, incoming.message, message)

    async def _document(self, incoming: Incoming, mail: Mail, option: str) -> Heard:
        """Send a debrief as a page or a table, to whom it was offered; also when the exercise is over."""
        exercise = str(mail.out["exercise"])
        role = Role.LEAD if to_a_lead(mail.out) else Role.TRAINEE
        seat = self.store.seat_in(exercise, mail.person, role)
        if seat is None:
            return await self.refuse(incoming, STALE)
        if role is Role.TRAINEE:
            text = own_page(self.hall.library, self.store, seat.id)
        else:
            text = (group_csv if option == moves.TABLE else group_page)(self.hall.library, self.store, exercise)
        name = f"debrief-{exercise[:8]}.{'csv' if option == moves.TABLE else 'html'}"
        held = self.store.exercise(exercise)
        caption = self.marked(held.story.scenario.title if held is not None else "")
        sent = self.sender.document(incoming.chat, name, text.encode(), caption)
        await asyncio.gather(sent, self.sender.answer_press(incoming.query))
        self.forget(incoming)
        return Heard.TAKEN


def _marks_on(pressed: Pressed | None, said: list[Mail]) -> bool:
    """Say whether a mark led to nothing but the same prompts, which can be shown in their place."""
    marked = pressed is not None and isinstance(pressed.event, Marked) and len(said) == 1
    return marked and pressed is not None and same_prompts(pressed.out, said[0].out)
