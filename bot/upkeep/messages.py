"""The messages that are measured with: held-out sets in a file, and the examples themselves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import ContentError, Problem, SetupError, near_miss
from bot.matching.learned import LIVE, NOT_LIVE
from bot.models.held_out import HeldOut
from bot.reading import parse_as, read_yaml

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from bot.library import Library

OUT = "out_of_scope"
VOICES = "voices"
_DANGER = {"live": LIVE, "not_live": NOT_LIVE}
_HELD_OUT = ("messages_dev.yaml", "danger_dev.yaml")


@dataclass(frozen=True, slots=True)
class Message:
    """A message, what it is about (a flow, or one of the subjects without a flow), and in whose voice."""

    text: str
    about: str
    voice: str = ""


def shipped_sets() -> tuple[Path, Path] | None:
    """Return the held-out messages, and those about danger, of a source checkout; an installed package has none."""
    folder = Path(__file__).resolve().parents[2] / "tests" / "data"
    messages, danger = (folder / name for name in _HELD_OUT)
    return (messages, danger) if messages.is_file() and danger.is_file() else None


def held_out(path: Path, library: Library) -> tuple[Message, ...]:
    """Read held-out messages by flow; where the file names voices, each flow has one message in each, in that order.

    Raises ContentError with every mistake of the file.
    """
    lists, problems = _read(path)
    voices = lists.pop(VOICES, ())
    problems += _unknown(path, lists, {*library.flows, OUT})
    for flow, texts in lists.items():
        if voices and flow != OUT and len(texts) != len(voices):
            says = f"'{flow}' has {len(texts)} messages, but there are {len(voices)} voices: write one in each, in their order."
            problems.append(Problem(str(path), 1, "held_out", says))
    if not any(flow in library.flows for flow in lists):
        problems.append(Problem(str(path), 1, "held_out", "No flow has messages here: list some under a flow's id."))
    if problems:
        raise ContentError(problems)
    return tuple(
        Message(text, flow, voices[place] if voices and flow != OUT else "")
        for flow, texts in lists.items()
        for place, text in enumerate(texts)
    )


def held_out_danger(path: Path) -> tuple[Message, ...]:
    """Read live emergencies and messages that only sound like one; raises ContentError with every mistake of the file."""
    lists, problems = _read(path)
    problems += _unknown(path, lists, _DANGER)
    problems += [
        Problem(str(path), 1, "held_out", f"There are no messages under '{name}': list some.")
        for name in _DANGER
        if not lists.get(name)
    ]
    if problems:
        raise ContentError(problems)
    return tuple(Message(text, about) for name, about in _DANGER.items() for text in lists[name])


def examples_of(library: Library) -> Iterator[Message]:
    """Yield every example message of the content."""
    for about, texts in library.content.examples.items():
        yield from (Message(text, about) for text in texts)


def _read(path: Path) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    if not path.is_file():
        raise SetupError(f"There is no file {path}: name one with lists of messages by flow.")
    document = read_yaml(path, str(path))
    read = parse_as(HeldOut, document)
    if read is None or document.problems:
        raise ContentError(document.problems)
    return dict(read.root), []


def _unknown(path: Path, lists: dict[str, tuple[str, ...]], known: Collection[str]) -> list[Problem]:
    return [
        Problem(
            str(path), 1, "held_out", f"'{name}' is none of the lists that may stand here." + near_miss(name, known)
        )
        for name in lists
        if name not in known
    ]
