"""What happens to a conversation (events) and what is said in it (replies): closed and frozen.

Events carry ids, never what a person typed; replies carry words that a person wrote, with their sources.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from bot.models import By, Mark, Moment, ReplyKind, Urgency

if TYPE_CHECKING:
    from bot.models import Offer

Command = Literal["back", "menu", "why", "stop", "help", "danger", "resume", "change", "begin", "again"]
COMMANDS: tuple[Command, ...] = ("back", "menu", "why", "stop", "help", "danger", "resume", "change")
"""What a person may ask for; `begin` (greet) and `again` (ask the open question once more) are the session's own."""


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened, and whether offices were open when it did."""

    moment: Moment = field(default=Moment.UNKNOWN, kw_only=True)


@dataclass(frozen=True, slots=True)
class Open(Happened):
    """A flow was asked for: from the menu, a deep link, or words that clearly mean it."""

    flow: str


@dataclass(frozen=True, slots=True)
class Chose(Happened):
    """Options of the open question were chosen."""

    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Marked(Happened):
    """Curiosity prompts were marked."""

    marks: tuple[tuple[str, Mark], ...]


@dataclass(frozen=True, slots=True)
class Do(Happened):
    """A command that works at every step; `step` names the answer to change."""

    command: Command
    step: str = ""


@dataclass(frozen=True, slots=True)
class Alarmed(Happened):
    """Typed words mean danger; `flow` is what they were otherwise about."""

    flow: str = ""


@dataclass(frozen=True, slots=True)
class Unclear(Happened):
    """Typed words did not answer the question.

    `flows` are the situations they may be about, `near` the options they nearly are; `instead` is a fixed line
    that answers them better than "I did not follow that".
    """

    flows: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    instead: Literal["", "two_fit", "cannot_say_safe"] = ""


@dataclass(frozen=True, slots=True)
class WroteAs(Happened):
    """The writer seems to be a child, a parent, or outside England."""

    writer: Literal["child", "parent", "outside_england"]


@dataclass(frozen=True, slots=True)
class Nudged(Happened):
    """Somebody comes back from a reminder: to be asked whether they were heard, or with the answer already.

    `row` says which reminder it was; to the engine it is a number and nothing else.
    """

    row: int
    choice: str = ""


Event = Open | Chose | Marked | Do | Alarmed | Unclear | WroteAs | Nudged


@dataclass(frozen=True, slots=True)
class OptionShown:
    """An option as offered; `short` fits a narrow button."""

    id: str
    label: str
    short: str
    offer: Offer | None = None
    by: By | None = None
    """When the soonest action is due: a reminder has to come before that."""


@dataclass(frozen=True, slots=True)
class PromptShown:
    """A curiosity prompt as offered, with the mark it has so far."""

    id: str
    text: str
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class ActionShown:
    """Something to do, with who, by when, and how to reach them."""

    do: str
    says: str
    who: str
    by: By
    by_text: str
    text: str
    sources: tuple[str, ...]
    contacts: tuple[str, ...] = ()
    unconfirmed: bool = False
    """It rests on unverified sources alone."""


@dataclass(frozen=True, slots=True)
class RungShown:
    """One rung of the ladder as it stands in an area."""

    title: str
    text: str
    within: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What the end of a flow adds up to."""

    unknown: tuple[str, ...]
    worries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """One thing said: words, where they come from, and what may be answered."""

    kind: ReplyKind
    text: str
    sources: tuple[str, ...] = ()
    step: str = ""
    run: int = 0
    options: tuple[OptionShown, ...] = ()
    prompts: tuple[PromptShown, ...] = ()
    multiple: bool = False
    actions: tuple[ActionShown, ...] = ()
    rungs: tuple[RungShown, ...] = ()
    summary: Summary | None = None
    footnote: str = ""
    """What the sign * beside some actions means."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder that was chosen; the session turns it into a clock time."""

    offer: str
    step: str
    run: int
    minutes: int | None
    next_working_morning: bool
    by: By


@dataclass(frozen=True, slots=True)
class Superseded:
    """Advice that a changed answer has overtaken."""

    step: str
    run: int


__all__ = [
    "COMMANDS",
    "ActionShown",
    "Alarmed",
    "Chose",
    "Command",
    "Do",
    "Event",
    "Happened",
    "Mark",
    "Marked",
    "Moment",
    "Nudged",
    "Open",
    "OptionShown",
    "PromptShown",
    "Reminder",
    "Reply",
    "RungShown",
    "Summary",
    "Superseded",
    "Unclear",
    "Urgency",
    "WroteAs",
]
