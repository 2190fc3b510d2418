"""Helpers for exercises: a hall on a file of its own, people in it, and what each of them heard."""

from __future__ import annotations

import itertools
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from bot.exercises import lobby
from bot.exercises.hall import Hall
from bot.exercises.store import ExerciseStore
from bot.exercises.writing import new_scenario
from bot.kept import KeptWeights
from bot.models.scenarios import Scenario
from bot.scenarios.story import Story
from bot.wire import question

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from walking import Clock

    from bot.events import Event
    from bot.exercises.heard import Heard
    from bot.exercises.lobby import Started
    from bot.exercises.seats import Mail
    from bot.library import Library

MARK = "[EXERCISE, not real]"
PRACTICE = "practice"


def practice(**changes: Any) -> Story:
    """Return the small exercise that `exercise new` writes; `changes` replace keys of its first scene."""
    data = yaml.safe_load(new_scenario(PRACTICE, "Practice"))
    data["scenes"][0].update(changes)
    return Story(Scenario.model_validate(data))


class Visitor:
    """Somebody in the hall, and all they heard."""

    def __init__(self, hall: Hall, outside_id: str, keys: itertools.count[int]) -> None:
        self.hall, self.id, self._keys = hall, hall.person(outside_id), keys
        self.mail: list[Mail] = []

    def heard(self) -> str:
        """Return what came since the last look, as text with its options."""
        new = self.hall.collect(self.id)
        self.mail += new
        self.hall.delivered([one.id for one in new])
        lines = []
        for one in new:
            for reply in one.out["replies"]:
                lines += [reply["text"], *(f"<{option['label']}>" for option in reply["options"])]
        return "\n".join(lines)

    def types(self, given: Event | str, key: str | None = None) -> str:
        """Type something and return what is said to it."""
        self.last = self.hall.handle(self.id, given, key or f"typed:{next(self._keys)}")
        return self.heard()

    def taps(self, label: str, *, on: Mail | None = None) -> str:
        """Tap a button of the last question, or of an older one, by its label; returns what is said to it."""
        mail = on or self.question_mail()
        asked = question(mail.out)
        assert asked is not None
        option = next(one["id"] for one in asked["options"] if one["label"] == label)
        self.last = self.hall.press(self.id, mail.nonce, option, f"tap:{next(self._keys)}")
        return self.heard()

    def question_mail(self) -> Mail:
        """Return the last thing said that can be answered."""
        self.heard()
        return next(mail for mail in reversed(self.mail) if question(mail.out) is not None)

    def everything(self) -> list[str]:
        """Return every text ever said to them."""
        self.heard()
        return [reply["text"] for mail in self.mail for reply in mail.out["replies"]]

    def plays(self, story: Story, *, afresh: bool = False) -> str:
        """Begin an exercise alone."""
        with self.hall.store.transaction():
            lobby.play(self.hall, self.id, story, afresh=afresh)
        return self.heard()

    def starts(self, story: Story) -> Started:
        """Start an exercise for a group."""
        with self.hall.store.transaction():
            started = lobby.start(self.hall, self.id, story)
        self.heard()
        return started

    def joins(self, code: str, name: str = "") -> str:
        """Take a code."""
        with self.hall.store.transaction():
            self.refused = lobby.join(self.hall, self.id, code, name)
        return self.heard()

    last: Heard | None = None
    refused = ""


class House:
    """A hall, whoever is in it, and the file on the disk."""

    def __init__(self, path: Path, content: Library, clock: Clock, story: Story | None = None, **given: Any) -> None:
        self.path, self.content, self.clock, self.given = path, content, clock, given
        self.story = story or practice()
        self.keys = itertools.count()
        self.open()

    def open(self) -> None:
        """Open the file, as a process does when it starts."""
        self.store = ExerciseStore.open(self.path)
        stories = {self.story.id: self.story}
        self.hall = Hall(self.store, self.content, stories, keeper=KeptWeights(), clock=self.clock, **self.given)

    def restart(self, *visitors: Visitor) -> None:
        """Close and open again; people stay who they are."""
        self.store.close()
        self.open()
        for visitor in visitors:
            visitor.hall = self.hall

    def somebody(self, name: str) -> Visitor:
        """Return somebody."""
        return Visitor(self.hall, name, self.keys)

    def group(self, *names: str) -> tuple[Visitor, list[Visitor], Started]:
        """Return a facilitator and a group that has joined, in the first scene."""
        lead = self.somebody("lead")
        started = lead.starts(self.story)
        people = [self.somebody(name) for name in names]
        for person, name in zip(people, names, strict=True):
            person.joins(started.join_code, name)
        lead.types("next")
        for person in people:
            person.heard()
        return lead, people, started

    def on_disk(self) -> bytes:
        """Return every byte that is kept."""
        self.store.leave_no_trace()
        return b"".join(path.read_bytes() for path in self.path.parent.iterdir())

    def rows(self, table: str) -> int:
        """Count the rows of a table."""
        with sqlite3.connect(self.path) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@pytest.fixture
def house(tmp_path: Path, content: Library, clock: Clock) -> Iterator[Callable[..., House]]:
    """Return a way to open a hall with one exercise."""
    opened: list[House] = []

    def begin(story: Story | None = None, **given: object) -> House:
        made = House(tmp_path / "t.exercises.db", content, clock, story, **given)
        opened.append(made)
        return made

    yield begin
    for made in opened:
        made.store.close()
