"""What happens to somebody in an exercise: closed and frozen. Moves carry ids, never what was typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.events import Event

OWN = "do:"
"""Before the engine's own options: no id of an author's, and none of a flow's, has a colon."""
BEGIN, DECIDE, GO_ON = "do:begin", "do:decide", "do:go_on"
OPEN_GUIDE, SKIP_GUIDE = "do:open_guide", "do:skip_guide"
KEEP_MINE, KEEP_SHARED, KEEP_NOT, WRITE_NOTHING = "do:keep_mine", "do:keep_shared", "do:keep_not", "do:write_nothing"
REAL, REAL_CHILD, CARRY_ON = "do:real", "do:real_child", "do:carry_on"
DANGER, LEAVE = "do:danger", "do:leave"
PAGE, TABLE, ERASE, ERASE_NOW = "do:page", "do:table", "do:erase", "do:erase_now"


@dataclass(frozen=True, slots=True)
class Tapped:
    """An option of the open question was chosen."""

    option: str
    at: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A question was typed; `fact` is what it brings out, nothing if it brings out nothing."""

    fact: str
    at: int


@dataclass(frozen=True, slots=True)
class Guided:
    """Something was said to the live guidance inside the exercise."""

    event: Event
    at: int


@dataclass(frozen=True, slots=True)
class Wrote:
    """A reflection was written; its words are not here."""

    at: int


@dataclass(frozen=True, slots=True)
class Happened:
    """An inject is due, or the facilitator sent it."""

    inject: str
    at: int


@dataclass(frozen=True, slots=True)
class Again:
    """Say once more where it stands."""

    at: int


@dataclass(frozen=True, slots=True)
class Opened:
    """The facilitator opened a holding point; whoever waits there goes on."""

    at: int


@dataclass(frozen=True, slots=True)
class Why:
    """Show where the last thing said comes from."""

    at: int


Move = Tapped | Asked | Guided | Wrote | Happened | Again | Opened | Why
