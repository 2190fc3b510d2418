"""Moves as text and back, so that a run can be gone through again as it was: ids and seconds, never what was typed."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bot.asking import EXITS
from bot.events import COMMANDS, Alarmed, Chose, Do, Marked, Open, Unclear, WroteAs
from bot.models import Mark, Moment
from bot.scenarios import play
from bot.scenarios.asking import Table
from bot.scenarios.moves import Again, Asked, Guided, Happened, Opened, Tapped, Why, Wrote
from bot.scenarios.run import Group, Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.events import Event
    from bot.library import Library
    from bot.scenarios.moves import Move
    from bot.scenarios.play import Played
    from bot.scenarios.story import Story

_MOVES: dict[str, type[Any]] = {
    kind.__name__.lower(): kind for kind in (Tapped, Asked, Guided, Wrote, Happened, Again, Opened, Why)
}
_EVENTS: dict[str, type[Any]] = {
    kind.__name__.lower(): kind for kind in (Open, Chose, Marked, Do, Alarmed, Unclear, WroteAs)
}
BEGIN = "begin"
IDS, LISTS = frozenset({"option", "fact", "inject"}), frozenset({"options", "marks", "flows", "near"})
"""What holds an id in a move, and what holds several things in an event."""
INSTEAD = ("", "two_fit", "cannot_say_safe")


def move_out(move: Move | None, group: Group | None) -> str:
    """Write a move, None being the beginning, and what the facilitator had done by then."""
    held: dict[str, Any] = {"move": BEGIN} if move is None else {"move": type(move).__name__.lower(), **asdict(move)}
    if isinstance(move, Guided):
        held["event"] = {"event": type(move.event).__name__.lower(), **asdict(move.event)}
    if group is not None:
        held["group"] = asdict(group)
    return json.dumps(held)


def move_in(text: str) -> tuple[Move | None, Group | None]:
    """Read a move, None being the beginning; raises ValueError when the text is no move."""
    try:
        return _move_in(json.loads(text))
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise ValueError(f"This is no move: {text[:80]}") from error


def _move_in(held: dict[str, Any]) -> tuple[Move | None, Group | None]:
    """Read a move; whatever has another shape raises."""
    given = held.pop("group", None)
    group = _group_in(given) if given else None
    kind = held.pop("move")
    if kind == BEGIN:
        return None, group
    if "event" in held:
        held["event"] = _event_in(held["event"])
    made: Move = _MOVES[kind](**held)
    if type(made.at) is not int or not all(isinstance(value, str) for name, value in held.items() if name in IDS):
        raise TypeError("an id or a time of the wrong kind")
    return made, group


def _group_in(held: dict[str, Any]) -> Group:
    group = Group(held["opened"], tuple(held["sent"]))
    if type(group.opened) is not int or not all(isinstance(one, str) for one in group.sent):
        raise TypeError("a count or an inject of the wrong kind")
    return group


def _event_in(held: dict[str, Any]) -> Event:
    """Read what was said to the live guidance; whatever has another shape than an event raises."""
    kind = held.pop("event")
    held["moment"] = Moment(held.get("moment", Moment.UNKNOWN))
    lists = {name: _frozen(name, value) if isinstance(value, list) else value for name, value in held.items()}
    made: Event = _EVENTS[kind](**lists)
    if not all(isinstance(value, list if name in LISTS else str) for name, value in held.items()):
        raise TypeError("something of the wrong kind")
    known = {"command": (*COMMANDS, "begin", "again"), "writer": EXITS, "instead": INSTEAD}
    if any(held[name] not in words for name, words in known.items() if name in held):
        raise ValueError("a word that nothing knows")
    return made


def _frozen(name: str, value: list[Any]) -> tuple[Any, ...]:
    if name == "marks":
        return tuple((str(prompt), Mark(mark)) for prompt, mark in value)
    return tuple(map(str, value))


def replayed(library: Library, story: Story, moves: Iterable[str]) -> Iterator[tuple[Move | None, Played]]:
    """Go through a run again, move by move: what was said then is said again, word for word."""
    run = Run()
    for text in moves:
        move, group = move_in(text)
        table = Table(library, story, group)
        played = play.begin(table) if move is None else play.step(table, run, move)
        run = played.run
        yield move, played
