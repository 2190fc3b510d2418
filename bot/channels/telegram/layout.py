"""From the object of the JSON contract to Telegram messages and buttons: layout only, no word of advice."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.wire import (
    CAPTIONS,
    CHANGE,
    DANGER,
    MARKS,
    MENU,
    RECEIPT,
    WHY,
    is_exercise,
    mark_buttons,
    question,
    question_place,
    ways_on,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.wire import Json

LONGEST = 4096
"""What Telegram takes, in UTF-16 units."""
ROOM = 256
"""Units left free in each message, so that the notice that it is sent again always fits above it."""
NARROW = 20
"""Two labels of up to this many characters fit side by side on a phone."""
HEADED = frozenset({"act", "close", "cite"})
"""Kinds whose first line is a heading."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: as HTML, the same without, and its buttons."""

    html: str
    plain: str
    keyboard: InlineKeyboardMarkup | None = None


def line_message(text: str, keyboard: InlineKeyboardMarkup | None = None) -> Message:
    """Return a fixed line as a message."""
    return Message(escape(text, quote=False), text, keyboard)


def messages(out: Json, nonce: str, words: Mapping[str, str], *, buttons: bool = True) -> list[Message]:
    """Return the messages of a turn; the last question has the buttons."""
    made: list[Message] = []
    asked = question_place(out)
    place = len(out["replies"]) - 1 if asked is None else asked
    for number, reply in enumerate(out["replies"]):
        parts = _parts(reply, words)
        if number == place and parts and buttons:
            parts[-1] = Message(parts[-1].html, parts[-1].plain, keyboard(out, nonce))
        made += parts
    return made


def question_message(out: Json, nonce: str, words: Mapping[str, str]) -> Message | None:
    """Return the message of a turn that has the buttons, as it was sent."""
    return next((message for message in messages(out, nonce, words) if message.keyboard is not None), None)


def answered_message(out: Json, words: Mapping[str, str], choice: str) -> Message | None:
    """Return the message of a turn that had the buttons, with the choice marked and without them."""
    asked = question_place(out)
    parts = _parts(out["replies"][-1 if asked is None else asked], words) if out["replies"] else []
    return _append(parts[-1], f"✓ {choice}" if choice else "") if parts else None


def again(message: Message, notice: str) -> Message:
    """Return a message that says first that it may have come before.

    All that is made here leaves room for that; a message that somehow does not is better sent bare than not at all.
    """
    html = f"<i>{escape(notice, quote=False)}</i>\n\n{message.html}"
    if units(html) > LONGEST:
        return message
    return Message(html, f"{notice}\n\n{message.plain}", message.keyboard)


# --- the question, and its buttons --------------------------------------------------------------------


def keyboard(out: Json, nonce: str) -> InlineKeyboardMarkup:
    """Return the buttons of a turn: the answers, then the few that work everywhere."""
    asked = question(out)
    rows: list[list[InlineKeyboardButton]] = []
    if asked is not None:
        rows += [[_button(caption, nonce, name) for caption, name in marks] for marks in mark_buttons(asked)]
        rows += _option_rows(asked, nonce)
    return InlineKeyboardMarkup([*rows, [_button(CAPTIONS[name], nonce, name) for name in ways_on(out)]])


def stale_keyboard(nonce: str) -> InlineKeyboardMarkup:
    """Return the buttons of a message that was answered before: its answer can be given again."""
    return InlineKeyboardMarkup([[_button(CAPTIONS[name], nonce, name) for name in (CHANGE, MENU, DANGER)]])


def nudge_message(out: Json, nonce: str) -> Message:
    """Return a reminder as a message: its words and its answers, and nothing that says what it is about."""
    asked = out["replies"][0]
    return line_message(asked["text"], InlineKeyboardMarkup(_option_rows(asked, nonce)))


def spent_keyboard(out: Json, nonce: str) -> InlineKeyboardMarkup:
    """Return the buttons that still work on a message that was left without an answer."""
    last = [RECEIPT, MENU, DANGER] if out.get("closed") else [MENU, DANGER]
    if is_exercise(out):
        last = [name for name in ways_on(out) if name != WHY]
    return InlineKeyboardMarkup([[_button(CAPTIONS[name], nonce, name) for name in last]])


def link_keyboard(caption: str, url: str) -> InlineKeyboardMarkup:
    """Return one button that leads elsewhere."""
    return InlineKeyboardMarkup([[InlineKeyboardButton(caption, url=url)]])


def _option_rows(asked: Json, nonce: str) -> list[list[InlineKeyboardButton]]:
    rows: list[list[InlineKeyboardButton]] = []
    wide = True
    for number, option in enumerate(asked["options"]):
        caption = option["label"] if asked["prompts"] else caption_of(option)
        button = _button(caption, nonce, f"o{number}")
        narrow = len(caption) <= NARROW
        if narrow and not wide and len(rows[-1]) == 1:
            rows[-1].append(button)
        else:
            rows.append([button])
        wide = not narrow
    return rows


def caption_of(option: Json) -> str:
    """Return what stands on an option's button: its label, or its short form where that is too long."""
    label, short = str(option["label"]), str(option["short"] or option["label"])
    return label if len(label) <= NARROW else short


def _button(caption: str, nonce: str, name: str) -> InlineKeyboardButton:
    return InlineKeyboardButton(caption, callback_data=f"{nonce}:{name}")


# --- text ----------------------------------------------------------------------------------------------


def units(text: str) -> int:
    """Count a text as Telegram does, in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def leaves_room(html: str) -> bool:
    """Say whether a text goes into one message, also with the notice that it is sent again."""
    return units(html) <= LONGEST - ROOM


def _parts(reply: Json, words: Mapping[str, str]) -> list[Message]:
    """Return one reply as messages, each short enough, tags and signs whole."""
    kind = reply["kind"]
    texts = split(_with_marks(reply, words), lambda part: leaves_room(_dressed(part, "danger", first=True)))
    parts = [Message(_dressed(text, kind, first=number == 0), text) for number, text in enumerate(texts)]
    listed = _long_labels(reply)
    if parts and listed:
        longer = _append(parts[-1], listed)
        if leaves_room(longer.html):
            parts[-1] = longer
        else:
            parts.append(line_message(listed))
    return parts


def _with_marks(reply: Json, words: Mapping[str, str]) -> str:
    """Return the text, with each curiosity prompt's mark beside it."""
    text = str(reply["text"])
    signs = {mark: sign for mark, sign, _ in MARKS.values()}
    for number, prompt in enumerate(reply["prompts"], 1):
        if mark := prompt.get("mark"):
            asked = f"{number}. {prompt['text']}"
            text = text.replace(asked, f"{asked} {signs[mark]} {words[mark]}", 1)
    return text


def _long_labels(reply: Json) -> str:
    """Return the answers in full, where the buttons have room only for short forms of some."""
    options = reply["options"]
    if reply["prompts"] or all(caption_of(option) == option["label"] for option in options):
        return ""
    return "\n".join(f"{number}. {option['label']}" for number, option in enumerate(options, 1))


def _dressed(text: str, kind: str, *, first: bool) -> str:
    if kind == "danger":
        return f"<b>{escape(text, quote=False)}</b>"
    if kind in HEADED and first:
        head, newline, rest = text.partition("\n")
        return f"<b>{escape(head, quote=False)}</b>{newline}{escape(rest, quote=False)}"
    return escape(text, quote=False)


def _append(message: Message, text: str) -> Message:
    """Return a message with a text below it, without buttons."""
    if not text:
        return Message(message.html, message.plain)
    return Message(f"{message.html}\n\n{escape(text, quote=False)}", f"{message.plain}\n\n{text}")


def split(text: str, fits: Callable[[str], bool]) -> list[str]:
    """Cut a text into parts that fit: at the end of a paragraph, else line, else word, else anywhere."""
    parts: list[str] = []
    text = text.strip()
    while text and not fits(text):
        low, high = 1, len(text)
        while low < high:  # the longest beginning that fits
            middle = (low + high + 1) // 2
            low, high = (middle, high) if fits(text[:middle]) else (low, middle - 1)
        at = next((place for mark in ("\n\n", "\n", " ") if (place := text.rfind(mark, 1, low + 1)) > 0), low)
        parts.append(text[:at].rstrip())
        text = text[at:].lstrip()
    return [*parts, text] if text else parts
