"""The same conversation for programs: one JSON object per line in and out (decision 21).

In: `{"text"}`, `{"open": flow}`, `{"choose": id or [ids]}`, `{"mark": {id: "known"|"unknown"|"worry"}}`,
`{"do": command}`, `{"do": "change", "step": name}`. Out: exactly one object for each line in; a line that cannot be
taken gets `{"error": sentence}`, and the process goes on. `thinkchild schema chat` prints the schema.
"""

from __future__ import annotations

import json
import uuid
from importlib.resources import files
from typing import IO, TYPE_CHECKING, Any

from bot.errors import StoreError, near_miss, shown
from bot.events import COMMANDS, Chose, Do, Marked, Open
from bot.models import Mark

if TYPE_CHECKING:
    from bot.access import Person
    from bot.events import Event
    from bot.session import Desk

KEYS = ("text", "open", "choose", "mark", "do")
LONGEST_LINE = 1_000_000


class BadLineError(ValueError):
    """A line that cannot be taken; its text is the sentence to answer with."""


def chat_schema() -> dict[str, Any]:
    """Return the JSON Schema of what goes in and comes out."""
    schema: dict[str, Any] = json.loads(files("bot").joinpath("schemas/chat.schema.json").read_text(encoding="utf-8"))
    return schema


def converse(desk: Desk, person: Person, lines: IO[str], out: IO[str], *, flow: str | None = None) -> None:
    """Answer each line with one object, after an opening object; ends with the input."""
    opening: Event = Open(flow) if flow else Do("begin")
    _write(out, _answer(desk, person, opening))
    while line := lines.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE and not line.endswith("\n"):
            while (rest := lines.readline(LONGEST_LINE)) and not rest.endswith("\n"):
                pass
            _write(out, {"error": f"The line is longer than {LONGEST_LINE:,} characters: send less."})
            continue
        if not line.strip():
            _write(out, {"error": "The line is empty: send one JSON object."})
            continue
        try:
            given = read_line(desk, line.removeprefix("\ufeff"))
        except BadLineError as error:
            _write(out, {"error": str(error)})
            continue
        _write(out, _answer(desk, person, given))


def _answer(desk: Desk, person: Person, given: Event | str) -> dict[str, Any]:
    try:
        return desk.handle(person, given, f"json:{uuid.uuid4().hex}").out
    except StoreError as error:
        return {"error": str(error)}


def _write(out: IO[str], answer: dict[str, Any]) -> None:
    out.write(json.dumps(answer, ensure_ascii=False) + "\n")
    out.flush()


def read_line(desk: Desk, line: str) -> Event | str:
    """Turn a line into an event or typed text; raises BadLineError with what to send instead."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadLineError("This is not JSON: send one JSON object a line.") from error
    if not isinstance(data, dict):
        raise BadLineError('This is not a JSON object: send for instance {"text": "..."}.')
    extra = set(data) - {*KEYS, "step"}
    if extra:
        raise BadLineError(
            f"'{shown(min(extra))}' is not a key here; there are: {', '.join(KEYS)}." + near_miss(min(extra), KEYS)
        )
    present = [key for key in KEYS if key in data]
    if len(present) != 1 or ("step" in data and data.get("do") != "change"):
        raise BadLineError(f'Send exactly one of: {", ".join(KEYS)} (\'step\' goes with "do": "change").')
    return _event(desk, present[0], data)


def _event(desk: Desk, key: str, data: dict[str, Any]) -> Event | str:
    value = data[key]
    match key:
        case "text" if isinstance(value, str):
            return value
        case "open" if isinstance(value, str):
            if value not in desk.library.flows:
                raise BadLineError(
                    f"'{shown(value)}' is not a flow; there are: {', '.join(desk.offered)}."
                    + near_miss(value, desk.offered)
                )
            return Open(value)
        case "choose" if isinstance(value, str):
            return Chose((value,))
        case "choose" if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            return Chose(tuple(value))
        case "mark" if isinstance(value, dict) and value:
            try:
                return Marked(tuple((str(prompt), Mark(mark)) for prompt, mark in value.items()))
            except ValueError as error:
                raise BadLineError(f"A mark is one of: {', '.join(Mark)}.") from error
        case "do" if isinstance(value, str) and value in COMMANDS:
            step = data.get("step", "")
            if not isinstance(step, str):
                raise BadLineError("'step' has to be the name of a step.")
            return Do(value, step)
        case "do":
            raise BadLineError(
                f"'{shown(value)}' is not a command; there are: {', '.join(COMMANDS)}."
                + near_miss(str(value), COMMANDS)
            )
        case _:
            raise BadLineError(
                f"'{key}' cannot be {json.dumps(value)[:40]}: see the schema ('thinkchild schema chat')."
            )
