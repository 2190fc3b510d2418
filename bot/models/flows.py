"""Models of what is in `dialogues/`: flows, blocks, their steps, and the fixed lines.

A step does exactly one thing, named by the key that says it: `say`, `share`, `escalate`, `act`,
`ask`, `prompts`, `remind`, `call` or `close`. Where the meaning is that of Rasa's CALM (flows,
steps, id, next, if, call), so is the name.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from bot.models.base import (
    By,
    Count,
    Day,
    Evidence,
    Flag,
    Id,
    Label,
    Model,
    Moment,
    ReplyKind,
    Short,
    SourceId,
    Text,
    Title,
)

Sources = Annotated[tuple[SourceId, ...], Field(min_length=1)]
FactRef = Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]*/)*[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]
"""`step.option`, or `call_step/step.option` for an answer given inside a called block; an answer to
curiosity prompts is `step.worry`."""


class Conditional(Model):
    """Something shown only where named answers were given."""

    if_: tuple[FactRef, ...] = Field(
        (), alias="if", description="Shown only if one of these answers was given on this path."
    )
    unless: tuple[FactRef, ...] = Field((), description="Left out if one of these answers was given.")
    when: tuple[Moment, ...] = Field((), description="Shown only in these hours; empty means always.")


class BaseStep(Conditional):
    """What every step has."""

    id: Id
    next: Id | None = Field(None, description="The step that follows; left out, the next one in the file; 'end'.")
    covers: tuple[Id, ...] = Field((), description="Topics of the vocabulary that this step deals with.")


class SayStep(BaseStep):
    """Says something that is not in itself an action."""

    say: Text
    sources: Sources


class ShareStep(BaseStep):
    """Says which rule on sharing information applies."""

    share: Text
    sources: Sources


class EscalateStep(BaseStep):
    """Says how to be heard."""

    escalate: Text
    sources: Sources
    ladder: Flag = Field(default=False, description="Also show the ladder of the area, rung by rung.")


class Action(Conditional):
    """One thing to do, with who and by when."""

    do: Id
    who: Id
    by: By
    text: Text
    sources: Sources
    covers: tuple[Id, ...] = ()


class ActStep(BaseStep):
    """A list of things to do."""

    act: Annotated[tuple[Action, ...], Field(min_length=1)]
    intro: Text = "Do this now"


class Option(Model):
    """An answer that can be tapped."""

    id: Id
    label: Label
    short: Short | None = Field(None, description="At most 20 characters; needed when the label is longer.")
    concern: Count = Field(description="How worrying this answer is, among those of its question; 0 is least.")
    next: Id | None = None
    means: tuple[Id, ...] = Field((), description="What this answer establishes (vocabulary: meanings).")
    emergency: Flag = Field(default=False, description="This answer is a 999 emergency.")
    open: Id | None = Field(
        None, description="A flow or block to go through first; the same question is then asked again."
    )
    exception: Text | None = Field(None, description="Why this answer is exempt from promise P2.")
    also: tuple[Text, ...] = Field(
        (),
        description="More words that, typed alone, choose this answer, as phrases of danger.yaml are written; never where "
        "it may mean no danger, no harm or agreement.",
    )


class AskStep(BaseStep):
    """A question with options."""

    ask: Text
    sources: Sources
    options: Annotated[tuple[Option, ...], Field(min_length=2)]
    many: Flag = Field(default=False, description="Several options may be chosen.")
    rephrase: Text | None = Field(None, description="The question in other words, when an answer was not understood.")


class Prompt(Model):
    """A curiosity prompt: a question to find out about, marked known, not known yet or worries me."""

    id: Id
    text: Text
    note: Annotated[Text, Field(max_length=60)] = Field(description="A few words for the closing summary.")
    sources: Sources
    covers: tuple[Id, ...] = ()


class PromptsStep(BaseStep):
    """Curiosity prompts."""

    prompts: Annotated[tuple[Prompt, ...], Field(min_length=1)]
    intro: Text
    sources: Sources


class Offer(Model):
    """A reminder that can be chosen: after so many minutes, or when the next working morning begins."""

    id: Id
    label: Annotated[Text, Field(max_length=24)]
    short: Annotated[Text, Field(max_length=13)]
    minutes: Count | None = None
    next_working_morning: Flag = False
    by: tuple[By, ...] = Field(description="Offered when the soonest action of this path is due by one of these.")


class RemindStep(BaseStep):
    """Offers a reminder to check that one was heard."""

    remind: Text
    sources: Sources
    offers: Annotated[tuple[Offer, ...], Field(min_length=1)]
    decline: Label


class CallStep(BaseStep):
    """Goes through a block and comes back."""

    call: Id
    subject: Id | None = Field(
        None, description="Whom this passage is about, for instance child_a (vocabulary: subjects)."
    )


class CloseStep(BaseStep):
    """Ends the flow with a summary: what to do, what is not known yet, what worries."""

    close: Text
    sources: Sources


MOST_STEPS = 200
"""Of one flow or block: far more than anybody could read."""
KINDS = ("say", "share", "escalate", "act", "ask", "prompts", "remind", "call", "close")


def _kind(value: Any) -> str | None:  # noqa: ANN401 - whatever the file held
    found = (
        [kind for kind in KINDS if kind in value]
        if isinstance(value, dict)
        else [kind for kind in KINDS if hasattr(value, kind)]
    )
    return found[0] if len(found) == 1 else None


Step = Annotated[
    Annotated[SayStep, Tag("say")]
    | Annotated[ShareStep, Tag("share")]
    | Annotated[EscalateStep, Tag("escalate")]
    | Annotated[ActStep, Tag("act")]
    | Annotated[AskStep, Tag("ask")]
    | Annotated[PromptsStep, Tag("prompts")]
    | Annotated[RemindStep, Tag("remind")]
    | Annotated[CallStep, Tag("call")]
    | Annotated[CloseStep, Tag("close")],
    Discriminator(
        _kind,
        custom_error_type="step_kind",
        custom_error_message="A step needs exactly one of: " + ", ".join(KINDS) + ".",
    ),
]


class Route(Model):
    """What flows and blocks have in common: steps, walked from the first."""

    id: Id
    title: Annotated[Text, Field(max_length=60)]
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=MOST_STEPS)]
    means: tuple[Id, ...] = Field((), description="What is so from the first step (vocabulary: meanings).")


class Block(Route):
    """Steps that many flows call and return from."""

    carried: Flag = Field(
        default=False, description="Asked once: a flow opened from an option takes the answers along."
    )
    once: Flag = Field(
        default=False,
        description="Gone through once: a flow opened from an option leaves this to the flow it comes back to.",
    )


class Flow(Route):
    """A guided route for one situation."""

    title: Label
    short: Short
    about: Annotated[Text, Field(max_length=160)]
    # Content that an earlier version kept has none; `thinkchild check` asks for one.
    group: str = Field("", description="The part of the menu it stands in (vocabulary: groups).")
    order: Count = Field(description="Its place in the menu.")
    signpost: Flag = Field(
        default=False, description="Short, and from today's guidance alone: no review behind it taught this."
    )
    restricted: Text | None = Field(
        None, description="Why no lead may read conversations of this flow that concern their own setting."
    )
    exempt: dict[str, Text] = Field(
        default_factory=dict, description="Promises that do not apply, each with the reason."
    )


class Corrected(Model):
    """Who marked a change of the content as urgent, and when."""

    name: Title
    role: Title
    on: Day


class Line(Model):
    """A fixed line that belongs to no flow: a greeting, the 999 card, the limits of this guidance.

    With `corrected` it says what an urgent correction changed: open conversations go over to the content that has it.
    """

    id: Id
    kind: ReplyKind = ReplyKind.SAY
    text: Text
    sources: tuple[SourceId, ...] = ()
    corrected: Corrected | None = None


__all__ = [
    "KINDS",
    "ActStep",
    "Action",
    "AskStep",
    "Block",
    "CallStep",
    "CloseStep",
    "Conditional",
    "EscalateStep",
    "Evidence",
    "FactRef",
    "Flow",
    "Line",
    "Offer",
    "Option",
    "Prompt",
    "PromptsStep",
    "RemindStep",
    "Route",
    "SayStep",
    "ShareStep",
    "Sources",
    "Step",
]
