"""Rows of exercises as they are read: frozen, with the story and the run taken out of their text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bot.scenarios.run import Group, Run

if TYPE_CHECKING:
    from bot.scenarios.story import Story


GONE_FOR_REAL = 2


class Role(StrEnum):
    """What somebody is to an exercise."""

    TRAINEE = "trainee"
    LEAD = "lead"


@dataclass(frozen=True, slots=True)
class Exercise:
    """One held exercise: alone, or with a group."""

    id: str
    story: Story
    kind: str
    join_code: str
    lead_code: str
    opened: int
    held: bool
    sent: tuple[str, ...]
    changed: int
    """Rises with everything that changes the group's picture."""
    began_at: str
    ended_at: str | None

    @property
    def is_group(self) -> bool:
        """Whether a facilitator leads it."""
        return self.kind == "group"

    @property
    def group(self) -> Group | None:
        """What its facilitator has done, for the engine; None for somebody alone."""
        return Group(self.opened, self.sent) if self.is_group else None


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody's place in an exercise."""

    id: str
    exercise: str
    role: Role
    person: str
    name: str | None
    run: Run | None
    asking: str
    """What is asked before anything else: "real", or nothing."""
    began_at: str
    last_at: str
    gone: int
    """Left: for a while, or for something real."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One thing said to somebody that still has to be shown, as the object that channels take."""

    id: int
    person: str
    nonce: str
    out: dict[str, Any]


def run_of(text: str) -> Run | None:
    """Read a run from its row; None for a facilitator, or before a trainee has a name."""
    return Run.from_json(text) if text else None


def sent_of(text: str) -> tuple[str, ...]:
    """Read which injects were sent."""
    return tuple(json.loads(text))
