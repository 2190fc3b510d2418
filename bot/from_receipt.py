"""From a receipt to an example conversation: what was answered, and how each reply began.

What was typed is kept nowhere, so the flow it led to is opened, and words that meant danger become the button that says
the same. Lines that hold a label, a receipt or a time are taken up only as far as they are always the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.asking import EXITS, WELCOME_BACK, WERE_YOU_HEARD, WHAT_CHANGED, WHICH_FLOW, WHO_TONIGHT
from bot.clock import moment, read
from bot.examples import LEFT, SENT
from bot.models import CallStep, Moment, PromptsStep
from bot.transcript import CASE_AGAIN, CHANGING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.advice_log import Receipt
    from bot.advice_log.records import Said, TurnRecord
    from bot.library import Library

SAMPLE = 90
"""Characters of each reply that an example holds on to."""
HOURS = {Moment.IN_HOURS: "day", Moment.OUT_OF_HOURS: "night", Moment.UNKNOWN: "unknown"}
OF_THE_SESSION = re.compile(r"\{(?:label|receipt|time)\}")
CAME_BACK = (f"{WELCOME_BACK}/", f"{WERE_YOU_HEARD}/", f"{WHO_TONIGHT}/")
"""What somebody is asked who comes back after a long silence, or from a reminder."""
MEANINGLESS = "hmm"
"""Stands for words that were not understood."""
ANSWERS_TO_TYPING = (
    "not_understood",
    "not_understood_first",
    "not_understood_again",
    "a_person",
    "which_flow",
    "nearly",
)
NOT_AGAIN = frozenset(
    {
        *(
            "guarded",
            "versions_differ",
            "reminder_due",
            "label_known",
            "case_more",
            "case_reassess",
            *ANSWERS_TO_TYPING,
        ),
        *("two_fit", "cannot_say_safe", "hello", "thanks", "asked_as_well", "unsure_is_999"),
    }
)
"""Lines that answer what was typed or when it was: an example has neither."""
SAID_INSTEAD = {"reminder_set": "reminder_alarm", "reminder_set_more": "reminder_alarm"}
"""An example is held where nobody can be reminded."""
COMMANDS = {"danger": "999", "begin": "start"}


def written(receipt: Receipt, library: Library) -> str:
    """Return a receipt as an example, to be looked over."""
    turns = list(receipt.turns)
    area = library.areas.get(receipt.area)
    hours = HOURS[moment(area, read(turns[0].at if turns else receipt.began_at))]
    lines = [f"# From receipt {receipt.receipt}: say here what it shows", f"area: {receipt.area}", f"hours: {hours}"]
    opening = turns[0].event if turns else ""
    if opening == "open":
        lines.append(f"flow: {_flow(library, turns[0].given)}")
    asked = ""
    for place, turn in enumerate(turns):
        if turn.event == "nudged" or any(said.step.startswith(CAME_BACK) for said in turn.said):
            lines += ["", "# here somebody came back later; an example goes on at once, so it ends"]
            break
        if turn.content_version != receipt.content_version:
            lines += ["", "# here the guidance was put right in the middle; an example has one version, so it ends"]
            break
        lines.append("")
        if place or not (opening == "open" or (turn.event, turn.given) == ("do", "begin")):
            sent = list(_sent(library, turns, place, asked))
            lines += sent
            if not any(line[:1] in SENT for line in sent):
                continue
        lines += [sample for said in turn.said if (sample := _sample(library, said))]
        asked = next((said.step for said in reversed(turn.said) if said.kind == "prompt"), asked)
    return "\n".join(lines) + "\n"


def _flow(library: Library, title: str) -> str:
    return next((flow.id for flow in library.flows.values() if flow.title == title), title)


def _sent(library: Library, turns: list[TurnRecord], place: int, asked: str) -> Iterator[str]:
    """Write one answer as it would be sent again; only a comment where that would change nothing."""
    turn = turns[place]
    match turn.event:
        case "open":
            yield f"+ {_flow(library, turn.given)}"
        case "marked":
            yield f"* {' '.join(_marks(library, turn.given, asked))}"
        case "do" if turn.given == CASE_AGAIN:
            yield "# somebody came back to an earlier case here; an example has none"
        case "chose" if any(said.step.startswith(f"{WHAT_CHANGED}/") for said in turns[place - 1].said):
            opened = any(said.step == "opening" for said in turn.said)
            yield f"+ {turn.flow}" if opened else "# nothing was opened here"
        case "do" if turn.given == "again":
            yield "# something was asked or looked up here"
        case "do" if turn.given.startswith(CHANGING):
            yield "> change"
            yield f"> {turn.given.removeprefix(CHANGING)}"
        case "do":
            yield f"> {COMMANDS.get(turn.given, turn.given)}"
        case "alarmed":
            yield "# words that mean danger were typed here; they are not kept, and the button says the same"
            yield "> 999"
            if flow := _opened_after(turns[place + 1 :]):
                yield f"+ {flow}"
        case "wroteas":
            yield from _exit(library, turn)
        case "unclear":
            yield "# words were typed here that are not kept: write some that mean the same"
            yield f"> {MEANINGLESS}"
        case _ if _offered_flows(turns[place - 1]):
            flow = _flow(library, turn.given)
            yield f"+ {flow}" if flow in library.flows else "# none of the situations that were offered here"
        case _ if turn.given == "something not offered":
            yield "# a button was pressed here that no longer belonged to anything"
        case _:
            yield f"> {turn.given}"


def _offered_flows(turn: TurnRecord) -> bool:
    """Say whether a turn asked which situation is meant: what was typed is not kept, so it is not asked again."""
    return any(said.step == WHICH_FLOW for said in turn.said)


def _marks(library: Library, given: str, asked: str) -> Iterator[str]:
    """Write the marks of a turn in the order of the prompts."""
    route, *path = asked.split("/")
    step = None
    for name in path:
        step = next((one for one in library.routes[route].steps if one.id == name), None)
        route = step.call if isinstance(step, CallStep) else route
    words = {word: mark for mark, word in library.content.vocabulary.marks.items()}
    for prompt in step.prompts if isinstance(step, PromptsStep) else ():
        found = re.search(re.escape(prompt.text) + r" \[([^\]]+)\]", given)
        yield words.get(found[1], LEFT) if found else LEFT


def _opened_after(later: list[TurnRecord]) -> str:
    """Return the flow that opened once the alarm was answered: what the words were otherwise about."""
    answer = next((turn for turn in later if turn.event == "chose"), None)
    return answer.flow if answer and any(said.step == "opening" for said in answer.said) else ""


def _exit(library: Library, turn: TurnRecord) -> Iterator[str]:
    """Write the way through the menu to the card that somebody's words led to."""
    cards = {card: writer for writer, card in EXITS.items()}
    about = next((said.step.split("/")[0] for said in turn.said if said.step.split("/")[0] in cards), "")
    asks = library.blocks["who_is_writing"].steps[0]
    label = next((o.label for o in getattr(asks, "options", ()) if o.id == cards.get(about)), None)
    if label is None:
        yield "# words were typed here that are not kept: write some that mean the same"
        yield f"> {MEANINGLESS}"
        return
    yield "# words of a child or a parent were typed here; they are not kept, and the menu leads to the same"
    yield "> menu"
    yield f"> {library.lines['menu_child_or_parent'].text}"
    yield f"> {label}"


def _sample(library: Library, said: Said) -> str:
    """Return the beginning of what was said; nothing where it would not be said again."""
    step = SAID_INSTEAD.get(said.step, said.step)
    if not said.words or step in NOT_AGAIN:
        return ""
    line = library.lines.get(step)
    if line is not None and (step != said.step or OF_THE_SESSION.search(line.text)):
        return _cut(max(re.split(r"\{\w+\}", line.text), key=len))
    return _cut(said.words.strip().split("\n", 1)[0])


def _cut(words: str) -> str:
    plain = " ".join(words.split())
    text = plain if len(plain) <= SAMPLE else plain[:SAMPLE].rsplit(" ", 1)[0]
    return text[2:] if text[:2] in {"! ", "= ", *(f"{sign} " for sign in SENT)} else text.lstrip("# ")
