"""The closed words that content, engine and record share, and the base of every content model."""

from __future__ import annotations

from calendar import monthrange
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StrictBool, StrictInt, StringConstraints


class Model(BaseModel):
    """A frozen record of content that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


Id = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=64),
]
"""snake_case, so that the same id works in Rasa, in a deep link and in a file name."""

SourceId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$")]
"""As the knowledge files write them: `oxfordshire-q-31`, `g-17`, `H9`, `golden-3`."""

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True)]
Short = Annotated[str, StringConstraints(min_length=1, max_length=20, strip_whitespace=True)]
Flag = StrictBool
Count = StrictInt
Title = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True)]


def _of_the_calendar(day: str) -> str:
    """Refuse a day that never comes: a review on the 31st of November would never be due."""
    year, month, number = map(int, day.split("-"))
    if not (1 <= month <= 12 and year and 1 <= number <= monthrange(year, month)[1]):  # noqa: PLR2004 - months
        raise ValueError(f"'{day}' is no day of the calendar.")
    return day


Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_of_the_calendar)]


class Urgency(StrEnum):
    """How soon, from a closed list; the order is that of the list."""

    NOW = "now"
    TODAY = "today"
    ONE_WORKING_DAY = "one_working_day"
    FIVE_WORKING_DAYS = "five_working_days"
    NEXT_REVIEW = "next_review"


class By(StrEnum):
    """The anchor an action is due by; only a session turns one into a clock time."""

    NOW = "now"
    BEFORE_CONTACT = "before_contact"
    BEFORE_YOU_GO_OFF_DUTY = "before_you_go_off_duty"
    TODAY = "today"
    ONE_WORKING_DAY = "one_working_day"
    FIVE_WORKING_DAYS = "five_working_days"
    NEXT_REVIEW = "next_review"


URGENCY_ORDER: dict[Urgency, int] = {word: place for place, word in enumerate(reversed(Urgency))}
"""Higher is sooner."""

BY_URGENCY: dict[By, Urgency] = {
    By.NOW: Urgency.NOW,
    # The child may be with the person within the hour: that is now (safety review A3).
    By.BEFORE_CONTACT: Urgency.NOW,
    By.BEFORE_YOU_GO_OFF_DUTY: Urgency.TODAY,
    By.TODAY: Urgency.TODAY,
    By.ONE_WORKING_DAY: Urgency.ONE_WORKING_DAY,
    By.FIVE_WORKING_DAYS: Urgency.FIVE_WORKING_DAYS,
    By.NEXT_REVIEW: Urgency.NEXT_REVIEW,
}


class Moment(StrEnum):
    """Whether the offices are open, as far as the area pack can tell."""

    IN_HOURS = "in_hours"
    OUT_OF_HOURS = "out_of_hours"
    UNKNOWN = "unknown"


class Mark(StrEnum):
    """What a practitioner can say of a curiosity prompt."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    WORRY = "worry"


class Evidence(StrEnum):
    """How well a source was seen: strongest first."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    BRIEFING = "briefing"
    UNVERIFIED = "unverified"


class ActionClass(StrEnum):
    """What an action does, for the promises that are proved over every path."""

    PROTECT = "protect"
    """Brings in 999, police, social care, health, the lead or the LADO (promise P2)."""
    ALERT = "alert"
    """Could warn or probe: tell the family, ask the child, visit (promise P2b)."""
    CONSENT = "consent"
    """Waits for somebody's agreement (promise P6)."""
    RECORD = "record"
    """Writes down (promise P7)."""
    SHARE = "share"
    """Passes information on, or decides not to."""
    OTHER = "other"


class ReplyKind(StrEnum):
    """What kind of thing the assistant says; the closed list of the JSON contract."""

    SAY = "say"
    ASK = "ask"
    PROMPT = "prompt"
    ACT = "act"
    CITE = "cite"
    SHARE = "share"
    ESCALATE = "escalate"
    DANGER = "danger"
    CLOSE = "close"
    ERROR = "error"
