"""What a pressed button means, and whether it still means anything.

A button names a turn by its nonce. It works for the person whose turn that is, while nothing has been said
since; the ways to 999 and to the menu work always, for anybody.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.channels.telegram.layout import BACK, CHANGE, DANGER, MARKS, MENU, WHY, question
from bot.events import Chose, Do, Mark, Marked

if TYPE_CHECKING:
    from bot.access import Person
    from bot.advice_log import AdviceLog
    from bot.channels.telegram.layout import Json
    from bot.events import Event

DATA = re.compile(r"([\w-]{1,40}):(?:o(\d{1,3})|m(\d{1,3})([kuw])|([a-z]{1,12}))", re.ASCII)
ALWAYS = {DANGER: Do("danger"), MENU: Do("menu")}
WHILE_LATEST = {BACK: Do("back"), WHY: Do("why"), CHANGE: Do("change")}
REFUSED, STALE = "refused", "already_answered"
"""The lines that say why a button does nothing."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button that may be pressed: its turn, what the message said, and what the button means."""

    nonce: str
    out: Json
    event: Event
    choice: str = ""
    """What to write under the message: the answer that was given."""


def own_turn(log: AdviceLog, nonce: str, person: Person) -> tuple[str, Json] | None:
    """Return (session, what was said) of the turn of a button, if it is this person's and was not erased."""
    kept = log.pressed(nonce)
    if kept is None or log.owner(kept[0]) != person.id:
        return None
    out: Json = json.loads(kept[2])
    return (kept[0], out) if out.get("replies") else None


def is_latest(log: AdviceLog, nonce: str) -> bool:
    """Say whether nothing has been said to its owner since the turn of a button."""
    kept = log.pressed(nonce)
    owner = log.owner(kept[0]) if kept is not None else None
    current = log.current(owner) if owner is not None else None
    return kept is not None and current is not None and (current.session, current.turns) == kept[:2]


def resolve(log: AdviceLog, data: str, person: Person, showing: str | None) -> Pressed | str:
    """Return what a button means, or the id of the line that says why it does nothing.

    `showing` is the nonce of the curiosity prompts that the pressed message shows by now. Quick taps still
    carry the nonce from before the last mark: it is the same message with the same prompts, so they count.
    """
    found = DATA.fullmatch(data)
    if found is None:
        return REFUSED
    nonce, option, prompt, letter, name = found.groups()
    own = own_turn(log, nonce, person)
    if name in ALWAYS:
        return Pressed(nonce, own[1] if own else {}, ALWAYS[name])
    if own is None or (name and name not in WHILE_LATEST):
        return REFUSED
    if not is_latest(log, nonce):
        newer = own_turn(log, showing, person) if showing and not name else None
        if showing is None or newer is None or not is_latest(log, showing):
            return STALE
        nonce, own = showing, newer
    if name:
        return Pressed(nonce, own[1], WHILE_LATEST[name])
    return _answer(nonce, own[1], option, prompt, letter)


def _answer(nonce: str, out: Json, option: str | None, prompt: str | None, letter: str) -> Pressed | str:
    """Return the answer that a button gives to the question of its turn."""
    asked = question(out)
    if asked is None:
        return REFUSED
    if option is not None and int(option) < len(asked["options"]):
        chosen = asked["options"][int(option)]
        return Pressed(nonce, out, Chose((chosen["id"],)), chosen["label"])
    if prompt is not None and int(prompt) < len(asked["prompts"]):
        mark, marked = Mark(MARKS[letter][0]), asked["prompts"][int(prompt)]["id"]
        return Pressed(nonce, _with_mark(out, asked, marked, mark), Marked(((marked, mark),)))
    return REFUSED


def _with_mark(out: Json, asked: Json, marked: str, mark: Mark) -> Json:
    """Return what a turn said, with a mark that was given since."""
    prompts = [{**prompt, "mark": str(mark)} if prompt["id"] == marked else prompt for prompt in asked["prompts"]]
    return {
        **out,
        "replies": [{**reply, "prompts": prompts} if reply is asked else reply for reply in out["replies"]],
    }


def same_prompts(before: Json, after: Json) -> bool:
    """Say whether a turn asks the same curiosity prompts again, and nothing after them."""
    asked = question(after)
    if asked is None or not asked["prompts"]:
        return False
    return bool(before["step"] == after["step"] and after["replies"][-1] is asked)
