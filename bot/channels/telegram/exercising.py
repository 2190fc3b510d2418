"""Exercises on Telegram: whoever sits in one is heard by the hall, before anything of live guidance; so are the ways in.

What the hall says is in the post (`exercise_post`). Nothing of an exercise is given to the desk, except that something is real.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from bot.channels.telegram.exercise_lines import Lines
from bot.channels.telegram.exercise_presses import Presses
from bot.channels.telegram.incoming import CHANNEL, EXERCISE, JOIN, LARGEST, LEAD, Kind
from bot.clock import stamp
from bot.errors import SetupError, StoreError
from bot.exercises import lobby
from bot.exercises.codes import code_of
from bot.exercises.heard import FOR_LIVE, Heard
from bot.exercises.hearing import is_word
from bot.exercises.sent import read_exercise
from bot.wire import (
    DANGER,
    LEAVE,
    command_of,
    meaning,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.channels.telegram.exercise_post import Post
    from bot.channels.telegram.incoming import Incoming
    from bot.exercises.hall import Hall
    from bot.session import Desk

LOGGER = logging.getLogger(__name__)
START = "start"


def is_way_in(text: str) -> bool:
    """Say whether a text asks for exercises, also where there are none."""
    name, _, rest = command_of(text) or ("", "", "")
    return name in (EXERCISE, JOIN, LEAD) or (name == START and _is_link(rest))


def _is_link(payload: str) -> bool:
    return payload == EXERCISE or payload.startswith((f"{JOIN}_", f"{EXERCISE}_"))


class Exercising(Lines):
    """Joins the hall to one Telegram bot."""

    def __init__(self, hall: Hall, post: Post, desk: Desk, username: str) -> None:
        super().__init__(hall, post, desk)
        self.presses = Presses(hall, post, desk)
        self.hall.invite = lambda code: f"https://t.me/{username}?start={JOIN}_{code.replace('-', '')}"

    async def take(self, incoming: Incoming) -> Heard:
        """Take what belongs to exercises; ELSEWHERE is for live guidance, and so is REAL, at once: as danger.

        A file of exercises that fails stops no live guidance: then nobody sits in any.
        """
        person = self.hall.person(incoming.user)
        try:
            sits = self.hall.place(person) is not None or self.store.is_known(incoming.key)
        except StoreError:
            LOGGER.error("The exercises could not be read; live guidance goes on without them.")  # noqa: TRY400
            return Heard.ELSEWHERE
        try:
            if incoming.kind is Kind.PRESS:
                return await self.presses.press(incoming, person, sits=sits)
            if incoming.kind is Kind.FILE:
                return await self._file(incoming, person)
            if incoming.kind is Kind.MEDIA:
                return await self.say(incoming, "media_refused") if sits else Heard.ELSEWHERE
            return await self._text(incoming, person, sits=sits)
        except SetupError as error:
            await self.send(incoming, self.marked(str(error)))
            return Heard.TAKEN
        except StoreError:
            if _is_danger(incoming):
                return Heard.REAL
            raise

    def is_guest(self, incoming: Incoming) -> bool:
        """Say whether somebody who is not let in here sits in an exercise, or holds its code: that is theirs all the same."""
        try:
            sits = self.hall.place(self.hall.person(incoming.user)) is not None
        except StoreError:
            return False
        name, _, rest = command_of(incoming.text) or ("", "", "")
        return sits or (incoming.kind is Kind.TEXT and (name == JOIN or rest.startswith(f"{JOIN}_")))

    def know(self, user: str, *, trainer: bool) -> None:
        """Note, in memory alone, whether somebody may start exercises because of what they are here."""
        self.hall.know(self.hall.person(user), trainer=trainer)

    # --- what is typed ----------------------------------------------------------------------------------

    async def _text(self, incoming: Incoming, person: str, *, sits: bool) -> Heard:
        name, _, rest = command_of(incoming.text) or ("", "", "")
        enter = self._entering(person, name, rest.strip())
        if enter is not None:
            self.store.reach(person, CHANNEL, str(incoming.chat))
            heard = self._once(person, incoming.key, enter)
        elif sits:
            heard = self.hall.handle(person, meaning(incoming.text, self.desk.library.flows), incoming.key)
        elif name == LEAVE:
            return await self.say(incoming, "exercise_left")
        else:
            return Heard.REAL if name == "real" else Heard.ELSEWHERE
        self.presses.unmarked(incoming.chat)
        if heard is Heard.ELSEWHERE:
            return heard
        if heard not in FOR_LIVE:
            self.forget(incoming)
        if heard is Heard.GUARDED:
            self.desk.log.leave_no_trace()
            await asyncio.gather(
                self.post.deliver(person, incoming.chat), self.sender.delete(incoming.chat, incoming.message)
            )
        else:
            await self.post.deliver(person, incoming.chat)
        self.post.wake()
        return heard

    def _entering(self, person: str, name: str, rest: str) -> Callable[[], object] | None:
        """Return what a command of the lobby does, inside an open transaction; None when it is none."""
        if name == START and _is_link(rest) and rest not in self.desk.library.flows:
            name, _, rest = rest.partition("_")
        if name in (JOIN, LEAD):
            first, _, after = rest.partition(" ")
            code, called = (rest, "") if code_of(rest) or not code_of(first) else (first, after.strip())
            if not code:
                return lambda: lobby.post(self.hall, person, self.hall.line("exercise_code_unknown"))
            return lambda: lobby.join(self.hall, person, code, called)
        if name != EXERCISE:
            return None
        first, _, scenario = rest.partition(" ")
        if not rest:
            return lambda: lobby.offer(self.hall, person)
        if first == START and scenario:
            return lambda: self._start(person, scenario.strip())
        return lambda: lobby.offer_story(self.hall, person, lobby.story_of(self.hall, rest))

    def _start(self, person: str, scenario: str) -> None:
        story = lobby.story_of(self.hall, scenario)
        if self.hall.may_lead(person):
            lobby.start(self.hall, person, story)
        else:
            lobby.post(self.hall, person, self.hall.line("exercise_not_a_trainer", answers=self.hall.number_of(person)))

    def _once(self, person: str, key: str, enter: Callable[[], object]) -> Heard:
        """Do something of the lobby, once: whoever has a place afterwards has it for that key."""
        with self.store.transaction():
            if self.store.is_known(key):
                return Heard.REPEATED
            enter()
            place = self.hall.place(person)
            if place is not None:
                self.store.add_move(place.seat.id, "", key, stamp(self.hall.clock()))
        return Heard.TAKEN

    # --- files ------------------------------------------------------------------------------------------

    async def _file(self, incoming: Incoming, person: str) -> Heard:
        """Take an exercise that a trainer sent: say what is wrong with it, or what it is and the two ways to do it."""
        data = await self.sender.fetch(incoming.text, LARGEST) if incoming.text else None
        if data is None:
            return await self.say(incoming, "exercise_files_only")
        read = await asyncio.to_thread(read_exercise, self.hall.library, data)  # holds nobody else up
        if read.story is None:
            return await self.say(incoming, "exercise_file_refused", answers=read.says)
        story = read.story
        self.store.reach(person, CHANNEL, str(incoming.chat))
        with self.store.transaction():
            self.store.add_script(story)
            taken = self.hall.line("exercise_file_taken", title=story.scenario.title, count=read.says)
            lobby.post(self.hall, person, taken)
            lobby.offer_story(self.hall, person, story)
        self.forget(incoming)
        await self.post.deliver(person, incoming.chat)
        return Heard.TAKEN


def _is_danger(incoming: Incoming) -> bool:
    """Say whether something must not wait for a file that can't be written."""
    if incoming.kind is Kind.PRESS:
        return incoming.text.endswith(f":{DANGER}")
    return incoming.kind is Kind.TEXT and (is_word(incoming.text, "real") or is_word(incoming.text, "danger"))
