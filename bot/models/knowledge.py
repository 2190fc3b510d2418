"""Models of what is in `knowledge/`: sources, and everything that can be cited or looked up."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from bot.models.base import (
    ActionClass,
    Count,
    Day,
    Evidence,
    Flag,
    Id,
    Label,
    Model,
    Short,
    SourceId,
    Text,
    Title,
)
from bot.models.flows import Sources

MINUTES_OF_A_DAY, LONGEST_QUIET = 24 * 60, 14 * 60
ClockTime = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Document(Model):
    """A published document: a briefing of a review, a statute, a guidance, an area's protocol."""

    id: SourceId
    title: Text
    publisher: Text
    date: Text
    status: Literal["history", "in_force", "superseded", "passed_not_commenced", "local_practice", "practice"]
    replaced_by: Text | None = None
    address: Text | None = None
    note: Text | None = None


class Citable(Model):
    """Something a line can cite: it says a thing, and where that is to be found."""

    id: SourceId
    text: Text
    document: SourceId
    locator: Text
    library_only: Text | None = Field(
        None, description="Why no flow says this: it can be looked up, and is carried by nothing else."
    )


class Point(Citable):
    """One thing a review taught, in our words; our reading of it is kept apart."""

    kind: Literal["indicator", "finding", "recommendation", "resource", "case_fact"]
    our_reading: Text | None = None
    audience: tuple[Id, ...] = ()
    themes: tuple[Id, ...] = ()

    @property
    def evidence(self) -> Evidence:
        """A point is as good as its briefing."""
        return Evidence.BRIEFING


class Fact(Citable):
    """One thing today's framework says."""

    evidence: Evidence
    where: Text | None = None
    note: Text | None = None


class Rule(Fact):
    """A hard rule: what must never be got wrong."""

    title: Title
    rests_on: tuple[SourceId, ...] = ()


class SharingRule(Fact):
    """One of the rules for sharing information."""

    title: Title


class Rung(Model):
    """One stage of escalation."""

    id: Id
    title: Title
    text: Text
    sources: Sources


class Hours(Model):
    """When an office is open, in local time."""

    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...]
    opens: ClockTime
    closes: ClockTime


class Checked(Model):
    """Something local that somebody has to have looked at: when, until when that holds, and how well it was seen."""

    checked_on: Day | None = None
    review_by: Day | None = None
    evidence: Evidence = Evidence.UNVERIFIED

    def is_current(self, day: str) -> bool:
        """Say whether it was checked and has not expired by a day (YYYY-MM-DD); else it is 'check before use'."""
        seen = self.checked_on is not None and self.checked_on <= day and self.evidence is not Evidence.UNVERIFIED
        return seen and self.review_by is not None and day <= self.review_by


class Contact(Checked):
    """How to reach somebody in one area; an empty number is a slot, and `fill_by` says who has to fill it."""

    name: Text
    number: Annotated[str, StringConstraints(pattern=r"^[0-9+][0-9 ]{1,16}[0-9]$")] | None = None
    hours: Hours | None = None
    fill_by: Text | None = None


class LocalItem(Checked):
    """A body or document of an area: the partnership, its thresholds, the way to early help."""

    name: Text
    address: Annotated[Text, Field(max_length=200)] | None = Field(
        None, description="Where it is to be found: a page, never a person's address."
    )


class RungTiming(Checked):
    """How long one rung may take in an area; left empty until somebody has looked."""

    rung: Id
    within: Text | None = None
    working_days: Annotated[Count, Field(ge=0, le=20)] | None = Field(
        None,
        description="The same as a number, 0 for the same day: when nobody has answered by then, the next chase comes.",
    )


class QuietHours(Model):
    """When nothing comes that can wait, in local time; over midnight where the end is before the beginning."""

    begins: ClockTime
    ends: ClockTime

    @model_validator(mode="after")
    def _leaves_a_day(self) -> Self:
        begins, ends = (int(at[:2]) * 60 + int(at[3:]) for at in (self.begins, self.ends))
        if not 0 < (ends - begins) % MINUTES_OF_A_DAY <= LONGEST_QUIET:
            says = "Quiet hours have to end at another time than they begin, and may last fourteen hours at most."
            raise PydanticCustomError("out_of_range", says)
        return self


class Area(Model):
    """One area's bodies, contacts, hours and ladder timings."""

    id: Id
    name: Text
    note: Text
    demonstration: Flag = False
    hours: Hours | None = None
    quiet_hours: QuietHours | None = Field(None, description="Empty: from nine in the evening to seven.")
    partnership: LocalItem | None = None
    thresholds: LocalItem | None = None
    early_help: LocalItem | None = None
    procedures: LocalItem | None = None
    contacts: dict[Id, Contact] = Field(default_factory=dict)
    ladder: tuple[RungTiming, ...] = ()

    @property
    def local_items(self) -> dict[str, LocalItem | None]:
        """The bodies and documents of the area, by what they are."""
        return {
            "partnership": self.partnership,
            "thresholds document": self.thresholds,
            "way to early help": self.early_help,
            "procedures": self.procedures,
        }


class ActionWord(Model):
    """An action that flows may advise."""

    id: Id
    says: Text = Field(description="A few words for the closing summary.")
    is_: ActionClass = Field(alias="class")
    reports: Flag = Field(default=False, description="Telling somebody who must answer: a chase is offered.")
    contact: Id | None = None


class ActorWord(Model):
    """Who does something."""

    id: Id
    says: Text
    always: Flag = Field(description="Can be had at any hour.")


class ContactWord(Model):
    """Somebody to reach, and what to do where an area has no number for them."""

    id: Id
    says: Text
    fallback: Text
    out_of_hours: Id | None = Field(None, description="Whom to reach instead when the offices are shut.")
    sources: Sources


class TopicWord(Model):
    """Something a path has to deal with; a step that says it covers this uses one of these words."""

    id: Id
    says: Text
    words: Annotated[tuple[Text, ...], Field(min_length=1)]


class MeaningWord(Model):
    """Something an answer can establish."""

    id: Id
    says: Text


class GroupWord(Model):
    """A part of the menu."""

    id: Id
    says: Label
    short: Short


class SubjectWord(Model):
    """Whom some questions are about: a child by letter, never by name."""

    id: Id
    says: Label


class Signature(Model):
    """One approval: who signed which wording of which flow, and when."""

    flow: Id
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    name: Title
    role: Title
    on: Day


class Vocabulary(Model):
    """The only words that flows may use for actions, people, times and topics."""

    actions: tuple[ActionWord, ...]
    actors: tuple[ActorWord, ...]
    contacts: tuple[ContactWord, ...]
    topics: tuple[TopicWord, ...]
    meanings: tuple[MeaningWord, ...]
    groups: tuple[GroupWord, ...] = ()
    subjects: tuple[SubjectWord, ...] = ()
    by: dict[str, Text]
    urgency: dict[str, Text]
    marks: dict[str, Text]
    evidence: dict[str, Text]
    promises: dict[str, Text]
    label_colours: Annotated[tuple[Id, ...], Field(min_length=8)]
    label_things: Annotated[tuple[Id, ...], Field(min_length=8)]


class DangerPhrase(Model):
    """Words that raise the 999 card wherever they are typed."""

    id: Id
    any: Annotated[tuple[Text, ...], Field(min_length=1)]
    unless: tuple[Text, ...] = ()
    source: SourceId


Share = Annotated[float, Field(strict=True, gt=0, lt=1)]


class Cuts(Model):
    """How sure the matching has to be: to open a flow, to ask which of three, to raise the alarm."""

    open_at: Share
    choose_at: Share
    alarm_at: Annotated[float, Field(strict=True, gt=-1, lt=1)]
    writer_at: Annotated[float, Field(strict=True, gt=-1, le=1)] = 1.0

    @model_validator(mode="after")
    def _asks_before_it_opens(self) -> Self:
        if self.choose_at >= self.open_at:
            says = "'choose_at' has to be below 'open_at': else nobody would ever be asked."
            raise PydanticCustomError("out_of_range", says)
        return self


class CutSets(Model):
    """The cuts of the matching by words alone, and of the matching with sentence vectors."""

    words: Cuts
    vectors: Cuts
