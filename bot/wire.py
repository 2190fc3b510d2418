"""What comes over a wire in short: a pressed button, a /command, answers by number; and what it means.

A button names a turn by its nonce. It works for the person whose turn that is, while nothing has been said
since; the ways to 999 and to the menu work always, for anybody, and "change" as long as the session is open. Every channel with buttons shares these codes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.events import COMMANDS, Chose, Do, Mark, Marked, Open

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from bot.access import Person
    from bot.advice_log import AdviceLog
    from bot.events import Command, Event

Json = dict[str, Any]
MARKS = {"k": ("known", "✓", "known"), "u": ("unknown", "?", "not yet"), "w": ("worry", "!", "worries")}
"""Letter on the wire -> mark, sign, caption."""
BACK, WHY, MENU, DANGER, CHANGE, RECEIPT = "back", "why", "menu", "danger", "change", "receipt"
LEAVE = "leave"
CAPTIONS = {
    BACK: "Back",
    WHY: "Why?",
    MENU: "Menu",
    DANGER: "999",
    CHANGE: "Change",
    RECEIPT: "Receipt",
    LEAVE: "Leave",
}
DATA = re.compile(r"([\w-]{1,40}):(?:o(\d{1,3}(?:,\d{1,3})*)|m(\d{1,3})([kuw])|([a-z]{1,12}))", re.ASCII)
_NONCE = 12
"""Characters of a nonce, as the session makes them."""
ALWAYS = {DANGER: Do("danger"), MENU: Do("menu")}
WHILE_LATEST = {BACK: Do("back"), WHY: Do("why"), CHANGE: Do("change")}
REFUSED, STALE = "refused", "already_answered"
"""The lines that say why a button does nothing."""
BEGIN: Command = "begin"
COMMAND = re.compile(r"/([\w-]{1,64})(?:@(\w+))?(?:\s+(.*))?", re.ASCII | re.DOTALL)
COMMAND_EVENTS = {str(command): Do(command) for command in COMMANDS}
_LINK = re.compile(r"[\w-]{1,64}", re.ASCII)
MARK_WORDS = {
    **dict.fromkeys(("k", "known", "know", "i know", "yes"), Mark.KNOWN),
    **dict.fromkeys(
        ("n", "not known", "not known yet", "unknown", "don't know", "dont know", "dunno", "idk", "no idea", "?"),
        Mark.UNKNOWN,
    ),
    **dict.fromkeys(("w", "worry", "worries", "worries me", "it worries me", "worried", "!"), Mark.WORRY),
}
_BY_ITSELF = frozenset(
    {"k", "known", "n", "not known", "not known yet", "unknown", "w", "worry", "worries me", "worries"}
)
"""Words that mark a prompt also where no number stands before them: they can hardly mean anything else."""
_MARKED = re.compile(r"(\d{1,2})\s*[.:)=-]?\s*(\D+?)")


# --- what is asked, and its buttons -------------------------------------------------------------------


def question_place(out: Json) -> int | None:
    """Return the place of the last reply that can be answered."""
    places = [place for place, reply in enumerate(out.get("replies", ())) if reply["options"]]
    return places[-1] if places else None


def question(out: Json) -> Json | None:
    """Return the last reply that can be answered."""
    place = question_place(out)
    return None if place is None else out["replies"][place]


def mark_buttons(asked: Json) -> Iterator[list[tuple[str, str]]]:
    """Yield, for each curiosity prompt, its three buttons as (caption, name)."""
    for number, _ in enumerate(asked["prompts"]):
        yield [(f"{number + 1} {sign} {caption}", f"m{number}{letter}") for letter, (_, sign, caption) in MARKS.items()]


def ways_on(out: Json) -> list[str]:
    """Return the names of the few buttons that work everywhere."""
    if is_exercise(out):
        return _ways_in_exercise(out)
    if out["closed"]:
        return [CHANGE, RECEIPT, MENU, DANGER]
    return [BACK, WHY, MENU, DANGER] if question(out) is not None else [MENU, DANGER]


def is_exercise(out: Json) -> bool:
    """Say whether something was said in an exercise, or about them, and not in live guidance."""
    return "exercise" in out


def to_a_lead(out: Json) -> bool:
    """Say whether something was said to a facilitator, or to somebody who has no name in an exercise yet."""
    return str(out["open"]).startswith("lead:")


def _ways_in_exercise(out: Json) -> list[str]:
    if not out["exercise"] or out["open"].startswith("over:"):
        return [DANGER]
    ways = [DANGER, LEAVE]
    return ways if to_a_lead(out) or question(out) is None else [WHY, *ways]


# --- a pressed button ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button that may be pressed: its turn, what the message said, and what the button means."""

    nonce: str
    out: Json
    event: Event
    choice: str = ""
    """What to write under the message: the answer that was given."""


def is_press(text: str) -> bool:
    """Say whether a text is what stands behind a button, where both come the same way: "school:absent" is words."""
    found = DATA.fullmatch(text)
    return found is not None and len(found[1]) == _NONCE and (found[5] is None or found[5] in CAPTIONS)


def own_turn(log: AdviceLog, nonce: str, person: Person) -> tuple[str, Json] | None:
    """Return (session, what was said) of the turn of a button, if it is this person's and was not erased."""
    kept = log.pressed(nonce)
    if kept is None or log.owner(kept[0]) != person.id:
        return None
    out: Json = json.loads(kept[2])
    return (kept[0], out) if out.get("replies") else None


def is_of_open_session(log: AdviceLog, nonce: str) -> bool:
    """Say whether the turn of a button belongs to its owner's latest session, in which its answer can still be changed."""
    kept = log.pressed(nonce)
    owner = log.owner(kept[0]) if kept is not None else None
    current = log.current(owner) if owner is not None else None
    return kept is not None and current is not None and current.session == kept[0] and not current.stopped


def resolve(log: AdviceLog, data: str, person: Person, showing: str | None = None) -> Pressed | str:
    """Return what a button means, or the id of the line that says why it does nothing.

    "Change" on an older message asks the question of that message again. `showing` is the nonce of the curiosity prompts that the pressed message shows by now. Quick taps still
    carry the nonce from before the last mark: it is the same message with the same prompts, so they count.
    """
    found = DATA.fullmatch(data)
    if found is None:
        return REFUSED
    nonce, chosen, prompt, letter, name = found.groups()
    own = own_turn(log, nonce, person)
    if name in ALWAYS:
        return Pressed(nonce, own[1] if own else {}, ALWAYS[name])
    if own is None or (name and name not in WHILE_LATEST):
        return REFUSED
    if not log.is_latest(nonce):
        if name == CHANGE and is_of_open_session(log, nonce):
            return Pressed(nonce, own[1], Do("change", str(own[1]["step"] or "")))
        newer = own_turn(log, showing, person) if showing and not name else None
        if showing is None or newer is None or not log.is_latest(showing):
            return STALE
        nonce, own = showing, newer
    if name:
        return Pressed(nonce, own[1], WHILE_LATEST[name])
    return answer_of(nonce, own[1], chosen, prompt, letter)


def answer_of(nonce: str, out: Json, chosen: str | None, prompt: str | None, letter: str) -> Pressed | str:
    """Return the answer that a button gives to the question of its turn."""
    asked = question(out)
    if asked is None:
        return REFUSED
    if chosen is not None:
        places = [int(number) for number in chosen.split(",")]
        if max(places) >= len(asked["options"]) or (len(places) > 1 and not asked["multiple"]):
            return REFUSED
        options = [asked["options"][place] for place in places]
        labels = ", ".join(option["label"] for option in options)
        return Pressed(nonce, out, Chose(tuple(option["id"] for option in options)), labels)
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


# --- what is typed ------------------------------------------------------------------------------------


def command_of(text: str) -> tuple[str, str, str] | None:
    """Return (command, whom it is for, the rest) of a text that begins with a command."""
    found = COMMAND.fullmatch(text.strip())
    # People write /stop-reminders as readily as /stop_reminders.
    return (found[1].lower().replace("-", "_"), found[2] or "", found[3] or "") if found else None


def meaning(text: str, flows: Collection[str], begins: Collection[str] = ("start",)) -> Event | str:
    """Return the event that a /command stands for; else the words, for the desk to read.

    `begins` are the commands that begin a conversation; behind one the id of a flow may stand, as in a link.
    """
    name, _, rest = command_of(text) or ("", "", "")
    if name in begins and (not rest or _LINK.fullmatch(rest)):
        return Open(rest) if rest in flows else Do(BEGIN)
    if rest:
        return text  # words behind a command may be the point of it, so all of it is read
    if name in flows:
        return Open(name)
    return COMMAND_EVENTS.get(name, text)


def chosen_by_number(asked: Json, typed: str) -> Chose | None:
    """Read the number of an option, or several where several may be chosen."""
    options = asked.get("options", [])
    parts = typed.replace(",", " ").split()
    if not parts or (len(parts) > 1 and not asked.get("multiple")):
        return None
    if not all(part.isdecimal() and 0 < int(part) <= len(options) for part in parts):
        return None
    return Chose(tuple(options[int(part) - 1]["id"] for part in parts))


def marked_by_word(asked: Json, typed: str) -> Marked | None:
    """Read marks of curiosity prompts: "1 worry, 3 known", or one word for each that has none yet, in order."""
    prompts = asked.get("prompts", [])
    parts = [part for part in re.split(r"[,;\n]+", typed.strip().lower()) if part.strip()]
    found = [_MARKED.fullmatch(part.strip()) for part in parts]
    if prompts and found and all(found):
        named = [(int(one[1]), one[2].strip()) for one in found if one is not None]
        if all(0 < number <= len(prompts) and word in MARK_WORDS for number, word in named):
            return Marked(tuple((prompts[number - 1]["id"], MARK_WORDS[word]) for number, word in named))
    words = [part.strip() for part in parts] if len(parts) > 1 else typed.strip().lower().split()
    waiting = [prompt["id"] for prompt in prompts if "mark" not in prompt]
    if waiting and len(words) == len(waiting) and _BY_ITSELF.issuperset(words):
        return Marked(tuple((prompt, MARK_WORDS[word]) for prompt, word in zip(waiting, words, strict=True)))
    return None
