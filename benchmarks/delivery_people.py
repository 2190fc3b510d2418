"""A busy day: people who open, answer, mark, change, ask why, look at receipts and come back, whatever becomes of the bot.

Each of them answers to what they see, by chance from a seed, and notes what they did, so that it can be done again in order
without any disturbance (`delivery_verdict.py`).
"""

from __future__ import annotations

import random
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness import BOT_TOKEN, Event, Person, TelegramWorld, _event_of_call

from bot.chasing import NUDGE

if TYPE_CHECKING:
    from collections.abc import Callable

FLOWS = (
    "new_partner", "mark_on_child", "missed_appointments", "neglect_concern", "child_has_told_me", "domestic_abuse",
    "school_attendance", "young_carer",
)  # fmt: skip
WORDS = (
    "a new partner has moved in", "there is a bruise on a baby", "they missed the clinic again", "he told me his uncle hits him",
    "the house is filthy and there is no food", "hello", "what is parental responsibility", "I don't know what to do",
)  # fmt: skip
ASIDES = ("/why", "/back", "/help", "/menu", "not sure", "no", "yes", "my number is 07700 900123", "/change")
LONGEST = 30
"""Steps after which somebody has had enough of a conversation."""
IMPATIENT = 8.0
"""Seconds after which somebody who hears nothing writes again."""
OK = 200
Did = tuple[str, str]
"""What somebody did: `text` and what they typed, or `press` and what stands behind the button."""


@dataclass
class Somebody:
    """One person: what they did, what they have seen, and what they will do next."""

    person: Person
    chance: random.Random
    did: list[Did] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    shown: Event | None = None
    fresh: bool = False
    steps: int = 0
    since: float = 0.0
    talking: bool = False

    # --- what they see -----------------------------------------------------------------------------------

    def see(self, event: Event) -> None:
        """Look at what the bot did here; buttons of a turn that was not seen before are what to answer next."""
        nonces = {button.data.partition(":")[0] for button in event.buttons if button.data}
        new = {nonce for nonce in nonces - self.seen if not nonce.startswith(NUDGE)}  # reminders have their own part
        if new and event.kind in {"message", "edit"}:
            self.seen |= new
            self.shown, self.fresh = event, True

    # --- what they do -------------------------------------------------------------------------------------

    def act(self, now: float, *, begin: bool) -> None:
        """Do something, if there is something to do; nobody begins another conversation unless `begin`."""
        if not self.talking:
            if begin:
                self._open(now)
            return
        if not self.fresh:
            if now - self.since > IMPATIENT:
                self._type("/resume", now)
            return
        codes = self._codes()
        if "receipt" in codes or self.steps > LONGEST:
            self._end(codes, now)
            return
        self.steps += 1
        self._answer(codes, now)

    def _codes(self) -> dict[str, str]:
        assert self.shown is not None
        return {one.data.partition(":")[2]: one.data for one in self.shown.buttons if one.data}

    def _open(self, now: float) -> None:
        self.talking, self.steps = True, 0
        flow = self.chance.choice(FLOWS)
        opening = (f"/start {flow}", f"/{flow}", self.chance.choice(WORDS), "/start", "/menu")
        self._type(self.chance.choice(opening), now)

    def _end(self, codes: dict[str, str], now: float) -> None:
        """Leave, or look back first."""
        self.talking = False
        if "receipt" in codes and self.chance.random() < 0.4:
            self._press(codes["receipt"], now)
        if "change" in codes and self.chance.random() < 0.3:
            self.talking = True
            self._press(codes["change"], now)
            return
        if self.chance.random() < 0.3:
            self._type(self.chance.choice(("/stop_reminders", "/receipt", "/stop")), now)
        self.shown, self.fresh = None, False

    def _answer(self, codes: dict[str, str], now: float) -> None:
        options = [data for code, data in codes.items() if re.fullmatch(r"o\d+", code)]
        marks = [data for code, data in codes.items() if re.fullmatch(r"m\d+[kuw]", code)]
        dice = self.chance.random()
        if dice < 0.1 or not options:
            self._type(self.chance.choice(ASIDES), now)
        elif dice < 0.15:
            self._type(str(self.chance.randint(1, len(options))), now)
        elif dice < 0.18:  # a burst: both stand in the order in which they were typed
            self._type(str(self.chance.randint(1, len(options))), now)
            self._type(self.chance.choice(("1", "2", "/why")), now)
        elif marks and dice < 0.7:
            self._press(self.chance.choice(marks), now)
        else:
            # The first answer to the danger check is the alarm: it happens, but not to everybody always.
            data = self.chance.choice(options[1:] if len(options) > 1 and self.chance.random() < 0.8 else options)
            self._press(data, now)
            if dice > 0.95:  # a double tap
                self._press(data, now)

    def _type(self, text: str, now: float) -> None:
        self.did.append(("text", text))
        self.fresh, self.since = False, now
        self.person.send(text)

    def _press(self, data: str, now: float) -> None:
        assert self.shown is not None
        self.did.append(("press", data))
        self.fresh, self.since = False, now
        press: dict[str, Any] = {
            "botToken": BOT_TOKEN,
            "from": self.person.user,
            "message": self.shown.raw,
            "data": data,
        }
        self.person.world.post("/sendCallback", press)


class Day:
    """All people of a day in one emulated Telegram."""

    def __init__(self, world: TelegramWorld, people: int, seed: int) -> None:
        self.world = world
        self.people = [
            Somebody(world.person(f"Person {number}"), random.Random(f"{seed}:{number}"))  # noqa: S311 - to be had again
            for number in range(people)
        ]
        self.calls: list[dict[str, Any]] = []
        """All calls of the bot, in their order."""
        self._by_chat = {somebody.person.chat_id: somebody for somebody in self.people}
        self._read = 0

    def live(self, more: Callable[[], bool]) -> None:
        """Let people talk as long as there is `more`, then let each finish what they began."""
        while (begin := more()) or any(somebody.talking for somebody in self.people):
            self.look(0.05)
            now = time.monotonic()
            for somebody in self.people:
                somebody.act(now, begin=begin)
            if not begin:
                self._hurry()

    def _hurry(self) -> None:
        for somebody in self.people:
            somebody.steps = max(somebody.steps, LONGEST)

    def look(self, wait: float) -> None:
        """Show everybody what the bot did since."""
        for call in self.world.get(f"/__h/journal?since={self._read}&wait={wait}", timeout=30.0 + wait):
            self._read = call["n"]
            if call["method"] in {"getUpdates", "getMe", "setMyCommands", "setMyDescription", "deleteWebhook"}:
                continue
            self.calls.append(call)
            event = _event_of_call(call)
            if event is not None and event.chat_id in self._by_chat:
                self._by_chat[event.chat_id].see(event)

    def calls_of(self, chat: int) -> list[dict[str, Any]]:
        """Return what went out to a chat as messages, in its order."""
        seen = {"sendMessage", "editMessageText"}
        return [
            call
            for call in self.calls
            if call["chat_id"] == chat and call["method"] in seen and call["applied"] and call["status"] == OK
        ]

    @property
    def done(self) -> int:
        """How much people have done so far."""
        return sum(len(somebody.did) for somebody in self.people)
