"""Exercises gone through again, as text to read or as tests that run: from the moves that were kept, never from words.

# A mark with a ready explanation                   the first line says what it shows
exercise: ready_explanation

& 0                                                 only where it is led: the group, before it begins
> Begin @12                                         what is tapped, by its label, and after how many seconds
Monday, 8.40                                        what must then be said, in this order; spaces do not matter
? noted_before @40                                  a typed question, by the fact that it brought out; - for none
! safe                                              what must not be said
+ {"move": "wrote", "at": 300}                      any other move, as it is kept
& 1 monday.call                                     what the facilitator had done by then: holding points opened, injects sent
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.errors import SetupError, near_miss
from bot.examples import SAMPLE, Exchange, Line, compared
from bot.exercises.speaking import out_of
from bot.scenarios import asking, play
from bot.scenarios.asking import Table
from bot.scenarios.debrief import minutes
from bot.scenarios.moves import Asked, Happened, Tapped
from bot.scenarios.recorded import move_in, replayed
from bot.scenarios.run import Group, Run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.library import Library
    from bot.scenarios.moves import Move
    from bot.scenarios.story import Story

TIMED = re.compile(r"(.*\S)\s+@(\d{1,7})")
SENT = {">": "tapped", "?": "asked", "+": "move", "&": "group"}
SIGNS = frozenset(f"{sign} " for sign in (*SENT, "!"))
NOTHING = "-"


@dataclass(slots=True)
class ExerciseExample:
    """One exercise as it has to go."""

    title: str
    exercise: str
    exchanges: list[Exchange] = field(default_factory=list)


def as_text(library: Library, story: Story, moves: Sequence[str]) -> str:
    """Return a run as it went: what was done, when, and what was said to it."""
    lines = [f"[{library.lines['exercise_mark'].text}] {story.scenario.title}"]
    run = Run()
    for (move, played), text in zip(replayed(library, story, moves), moves, strict=True):
        if move is not None:
            lines.append(f"\n>>> {minutes(move.at)} {_told(Table(library, story, move_in(text)[1]), run, move)}")
        for reply in out_of(library, played.said, exercise="", step="")["replies"]:
            lines.append(f"\n{reply['text']}")
            lines += [f"  - {option['label']}" for option in reply["options"]]
        run = played.run
    return "\n".join(lines) + "\n"


def _told(table: Table, run: Run, move: Move) -> str:
    """Say what a move was, in the words of the story."""
    match move:
        case Tapped():
            return next(
                (one.label for one in asking.question(table, run).options if one.id == move.option), move.option
            )
        case Asked():
            return f"asked in their own words ({move.fact or 'nothing came of it'})"
        case Happened():
            return f"it happened: {move.inject}"
        case _:
            return type(move).__name__.lower()


def as_example(library: Library, story: Story, moves: Sequence[str]) -> str:
    """Return a run as a text that runs as a test and passes as it stands."""
    lines = [f"# {' '.join(story.scenario.title.split())}", f"exercise: {story.id}", ""]
    run, group = Run(), None
    for (move, played), text in zip(replayed(library, story, moves), moves, strict=True):
        now = move_in(text)[1]
        if now is not None and now != group:
            lines.append(" ".join(("&", str(now.opened), *now.sent)))
        group = now
        if move is not None:
            lines.append(_sent(Table(library, story, group), run, move, text))
        for reply in played.said:
            # Of each line as much as shows that it was said: what would read as a sign of ours is left out.
            samples = [_sample(line.strip()) for line in reply.text.splitlines()]
            lines += [one for one in samples if one and not one.startswith("#") and one[:2] not in SIGNS]
        lines.append("")
        run = played.run
    return "\n".join(lines).rstrip() + "\n"


def _sample(line: str) -> str:
    """Return the beginning of a line, in whole words where it has any."""
    return line if len(line) <= SAMPLE else line[:SAMPLE].rsplit(maxsplit=1)[0]


def _sent(table: Table, run: Run, move: Move, text: str) -> str:
    """Write a move so that it is read as the same: by its words where they can mean nothing else, else as it is kept."""
    if isinstance(move, Tapped):
        options = asking.question(table, run).options
        labels = [one.label for one in options if one.id == move.option]
        if len(labels) == 1 and sum(one.label == labels[0] for one in options) == 1:
            line = f"> {labels[0]} @{move.at}"
            if line.splitlines() == [line] and _timed(line[2:]) == (labels[0], move.at):
                return line
    if isinstance(move, Asked) and re.fullmatch(r"\w*", move.fact):
        return f"? {move.fact or NOTHING} @{move.at}"
    held = json.loads(text)
    held.pop("group", None)
    return f"+ {json.dumps(held)}"


def _timed(words: str) -> tuple[str, int]:
    """Take the seconds off a line."""
    found = TIMED.fullmatch(words.strip())
    return (found[1], int(found[2])) if found else (words.strip(), 0)


def parse_example(text: str, name: str) -> ExerciseExample:
    """Read an exercise written as a test; raises SetupError with the line that cannot be read."""
    made = ExerciseExample("", "")
    exchanges = [Exchange(0, "", "opening")]
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        if line.startswith("#"):
            made.title = made.title or line.lstrip("# ").strip()
        elif line.startswith("exercise:") and not made.exercise:
            made.exercise = line.partition(":")[2].strip()
        elif line[:2] in SIGNS - {"! "}:
            if line[0] == "&" and not re.fullmatch(r"& +[0-9]{1,4}( .*)?", line):
                raise SetupError(f"{name}, line {number}: after '&' comes how many holding points were opened.")
            if line[0] == "&" and len(exchanges) == 1 and not exchanges[0].expected:
                exchanges[0].sent = line[2:].strip()  # it is led, and so it begins otherwise
                continue
            exchanges.append(Exchange(number, line[2:].strip(), SENT[line[0]]))
        else:
            kind, words = ("not", line[2:]) if line[:2] == "! " else ("said", line)
            exchanges[-1].expected.append(Line(number, kind, words.strip()))
    if not made.title or not made.exercise:
        raise SetupError(f"{name}: begin with a line '# what it shows' and a line 'exercise: ID'.")
    made.exchanges = exchanges
    return made


def run_example(example: ExerciseExample, library: Library, stories: Mapping[str, Story]) -> list[str]:
    """Go through it and return what was not as it says; empty when all was."""
    story = stories.get(example.exercise)
    if story is None:
        raise SetupError(f"There is no exercise '{example.exercise}' to test.{near_miss(example.exercise, stories)}")
    return list(_run(example, library, story))


def _run(example: ExerciseExample, library: Library, story: Story) -> Iterator[str]:
    run, group = Run(), None
    before: list[Line] = []
    for exchange in example.exchanges:
        if exchange.kind == "group" or (exchange.kind == "opening" and exchange.sent):
            group = _group(exchange)
        if exchange.kind == "group":
            before += exchange.expected
            continue
        table = Table(library, story, group)
        if exchange.kind == "opening":
            played = play.begin(table)
        else:
            move = _move(table, run, exchange)
            if isinstance(move, str):
                yield f"line {exchange.number}: {move}"
                return
            played = play.step(table, run, move)
        run = played.run
        out: dict[str, Any] = out_of(library, played.said, exercise="", step="")
        yield from compared(Exchange(exchange.number, "", "", [*before, *exchange.expected]), out)
        before = []


def _group(exchange: Exchange) -> Group:
    opened, *sent = exchange.sent.split()
    return Group(int(opened), tuple(sent))


def _move(table: Table, run: Run, exchange: Exchange) -> Move | str:
    """Return the move of a line, or why it cannot be made."""
    if exchange.kind == "move":
        try:
            move, _ = move_in(exchange.sent)
        except ValueError:
            return "this is no move as one is kept."
        return move if move is not None else "it has begun already."
    words, at = _timed(exchange.sent)
    if exchange.kind == "asked":
        return Asked("" if words == NOTHING else words, at)
    options = asking.question(table, run).options
    chosen = next((one.id for one in options if one.label == words), None)
    if chosen is None:
        return f"'{words}' is not on offer; there are: {', '.join(one.label for one in options) or 'none'}."
    return Tapped(chosen, at)
