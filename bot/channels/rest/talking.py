"""One message of one sender: what it means to the desk, and what the desk says as items of Rasa's REST channel."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.access import Action, Person, may
from bot.door import Refusal
from bot.events import Do
from bot.wire import (
    BEGIN,
    CAPTIONS,
    RECEIPT,
    chosen_by_number,
    is_press,
    mark_buttons,
    marked_by_word,
    meaning,
    question,
    question_place,
    resolve,
    ways_on,
)

if TYPE_CHECKING:
    from bot.events import Event
    from bot.session import Desk, Said
    from bot.wire import Json

BEGINS = ("start", "restart", "greet", "session_start", "hello")
"""Commands of Rasa's own, and of its examples: whoever sends one wants to begin, or to carry on."""
_ENTITIES = re.compile(r"(/[\w-]{1,64})\s*\{.*\}", re.ASCII | re.DOTALL)
CONTRACT = ("session", "flow", "step", "decision", "urgency", "receipt", "closed", "content_version")


@dataclass(frozen=True, slots=True)
class Sent:
    """What one sender sent; `id` is the caller's own name for this message, and empty if it has none."""

    sender: str
    text: str
    id: str = ""


class Talking:
    """Answers the messages of one channel. Everything here happens in the one thread of the counter."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def answer(self, sent: Sent) -> list[Json]:
        """Take one message and return the items to send; the same message again gets the same items.

        Raises StoreError when the turn could not be kept: then nothing of it was.
        """
        person = self.desk.person(sent.sender)
        key = self._key(person, sent.id)
        if may(person, Action.CONVERSE) and self.desk.log.kept(key) is not None:
            # By now its button, or its number, may mean something else.
            return self._items(self.desk.handle(person, Do("again"), key), "")
        met = self.desk.door.meet(person, sent.text)
        if isinstance(met, Refusal):
            return [{"text": self.desk.line_text(met)}]
        if met is not None:
            return self._items(self.desk.handle(self.desk.person(sent.sender), Do(BEGIN), f"{key}-{met}"), met)
        given, prefix = self._meant(person, sent.text)
        return self._items(self.desk.handle(person, given, f"{key}-{prefix}" if prefix else key), prefix)

    def sorry(self) -> list[Json]:
        """Return what is said when the turn could not be kept."""
        return [{"text": self.desk.line_text("failed")}]

    def _key(self, person: Person, given: str) -> str:
        """Return the key of a turn; it holds nobody's name for anything, and two people's ids never meet."""
        if not given:
            return f"{self.desk.channel}:{uuid.uuid4().hex}"
        named = f"{person.id}\0{given}".encode("utf-8", "surrogatepass")
        return f"{self.desk.channel}:{hashlib.sha256(named).hexdigest()[:32]}"

    def _meant(self, person: Person, text: str) -> tuple[Event | str, str]:
        """Return what a message means, and the id of the line to say before the answer, if one is due."""
        typed = text.strip()
        asked = self.desk.question(person)
        if is_press(typed):
            pressed = resolve(self.desk.log, typed, person)
            if not isinstance(pressed, str):
                return pressed.event, ""
            return Do("again") if asked else Do(BEGIN), pressed
        if not typed:
            return Do("again") if asked else Do(BEGIN), ""
        with_entities = _ENTITIES.fullmatch(typed)
        meant = meaning(with_entities[1] if with_entities else text, self.desk.library.flows, BEGINS)
        if isinstance(meant, str) and asked is not None:
            return chosen_by_number(asked, typed) or marked_by_word(asked, typed) or text, ""
        return meant, ""

    def _items(self, said: Said, prefix: str) -> list[Json]:
        if not said.out.get("replies"):  # it was said, and has been erased since
            return [{"text": self.desk.line_text("refused")}]
        before: list[Json] = [{"text": self.desk.line_text(prefix)}] if prefix else []
        return [*before, *items(said.out, said.nonce)]


def items(out: Json, nonce: str) -> list[Json]:
    """Return a turn as items: one a reply, buttons on what is asked, and last what has no place in them."""
    place = question_place(out)
    place = len(out["replies"]) - 1 if place is None else place
    made: list[Json] = []
    for number, reply in enumerate(out["replies"]):
        item: Json = {"text": reply["text"]}
        if number == place:
            item["buttons"] = _buttons(out, nonce)
        made.append(item)
    rest = [{key: value for key, value in reply.items() if key != "text"} for reply in out["replies"]]
    return [*made, {"custom": {**{key: out[key] for key in CONTRACT}, "nonce": nonce, "replies": rest}}]


def _buttons(out: Json, nonce: str) -> list[Json]:
    """Return the buttons of a turn: marks, answers, then the few that work everywhere."""
    asked = question(out)
    made: list[Json] = []

    def add(title: str, name: str) -> None:
        made.append({"title": title, "payload": f"{nonce}:{name}"})

    if asked is not None:
        for marks in mark_buttons(asked):
            for caption, name in marks:
                add(caption, name)
        for number, option in enumerate(asked["options"]):
            add(option["label"], f"o{number}")
    for name in ways_on(out):
        if name != RECEIPT:  # a page to keep, which this format has no place for; its code is in `custom`
            add(CAPTIONS[name], name)
    return made
