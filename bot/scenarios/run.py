"""Where one person is in an exercise: what was found and decided, in order. Frozen, numbered, without names or words.

It round-trips through JSON. Times are seconds since the run began, given with each event: the engine has no clock.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

FORMAT = 1


class Stage(StrEnum):
    """What somebody is doing; inside a scene always in this order."""

    OPENING = "opening"
    ASKING = "asking"
    STOP_FIRST = "stop_first"
    """A holding point before deciding."""
    DECIDING = "deciding"
    LIVE = "live"
    STOP = "stop"
    REFLECTING = "reflecting"
    GOING_ON = "going_on"
    """A scene in which nothing is to be done but to read it."""
    OVER = "over"


STOPS = frozenset({Stage.OPENING, Stage.STOP_FIRST, Stage.STOP})
"""Where a group waits for its facilitator."""


@dataclass(frozen=True, slots=True)
class Found:
    """A fact that came out, by a tap or by words, after so many seconds."""

    scene: str
    fact: str
    typed: bool
    at: int


@dataclass(frozen=True, slots=True)
class Decided:
    """An option that was chosen, after so many seconds."""

    scene: str
    decision: str
    option: str
    at: int


@dataclass(frozen=True, slots=True)
class Group:
    """What the facilitator has done so far: holding points opened, things that happened. Nobody's name."""

    opened: int = 0
    sent: tuple[str, ...] = ()
    """Injects, as `scene.inject`."""


@dataclass(frozen=True, slots=True)
class Run:
    """One person's way through an exercise so far."""

    stage: Stage = Stage.OPENING
    scene: str = ""
    entered: int = 0
    """When the scene was entered, in seconds."""
    scenes: tuple[str, ...] = ()
    found: tuple[Found, ...] = ()
    decided: tuple[Decided, ...] = ()
    injected: tuple[str, ...] = ()
    stops: int = 0
    """Holding points passed; the opening is the first."""
    guide: str = ""
    """The state of the live guidance that is gone through inside the exercise, as its own JSON."""
    guided_by: str = ""
    """The version of the content that this guidance began with; with another, it begins again."""
    wrote: bool = False
    """A reflection was written, and it is still to be said whether it may be kept."""

    def knows(self, *facts: str) -> bool:
        """Say whether all of some facts have come out, in this scene or before."""
        known = {one.fact for one in self.found}
        return known.issuperset(facts)

    def chosen(self, scene: str) -> tuple[str, ...]:
        """Return what was decided in a scene, as `decision.option`."""
        return tuple(f"{one.decision}.{one.option}" for one in self.decided if one.scene == scene)

    def to_json(self) -> str:
        """Write the run as text."""
        return json.dumps({"format": FORMAT, **asdict(self)}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Run:
        """Read a run; raises ValueError when the text is not one of this format."""
        data: Any = json.loads(text)
        if not isinstance(data, dict) or data.pop("format", None) != FORMAT:
            raise ValueError("This run was kept by another version of the program.")
        try:
            return cls(
                **{
                    **data,
                    "stage": Stage(data["stage"]),
                    "scenes": tuple(data["scenes"]),
                    "found": tuple(Found(**one) for one in data["found"]),
                    "decided": tuple(Decided(**one) for one in data["decided"]),
                    "injected": tuple(data["injected"]),
                }
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"This is no run: {text[:80]}") from error
