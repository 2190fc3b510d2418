"""Models of exercises: what a trainer may write in `dialogues/scenarios/`.

A scenario is a row of scenes. In each, something is told; facts come out only for whoever asks; then something has to be
decided, and the group stops to talk it over. The order inside a scene is always the same, so that a trainer need not
programme it: narrative, questions, decisions, the live guidance, holding point, reflection.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from bot.models.base import Count, Flag, Id, Model, SourceId, Text

END = "end"
"""As the `next` of a scene or an option: the exercise is over."""

Said = Annotated[Text, Field(max_length=600)]
Told = Annotated[Text, Field(max_length=900)]
Line = Annotated[Text, Field(max_length=60)]
Button = Annotated[Text, Field(max_length=20)]
Sources = Annotated[tuple[SourceId, ...], Field(min_length=1)]
Minutes = Annotated[Count, Field(ge=1, le=240)]
OptionRef = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$")]
"""`decision.option`, or `decision` alone for whatever was decided there."""


class Quality(StrEnum):
    """How good a decision was, in the author's judgement: never a score of the person."""

    BETTER = "better"
    PARTLY = "partly"
    WORSE = "worse"


class Objective(Model):
    """What the exercise is for: a learning point, a fact or a rule, and what to do differently tomorrow."""

    point: SourceId
    take_back: Said = Field(description="One thing to take back to practice, shown to whoever missed this point.")


class Character(Model):
    """Somebody in the story. Every name is invented."""

    id: Id
    name: Annotated[Text, Field(max_length=30)]
    who: Annotated[Text, Field(max_length=160)]


class SceneFact(Model):
    """Something that comes out only when it is asked about: by a tapped prompt, by words, or by either."""

    id: Id
    text: Said = Field(description="What the trainee is told on asking.")
    prompt: Line | None = Field(
        None, description="The question on the button; left out, only typed words bring the fact out."
    )
    short: Button | None = Field(None, description="At most 20 characters; needed when the prompt is longer.")
    asks: tuple[Text, ...] = Field((), description="Questions that bring it out when typed, in several wordings.")
    needs: tuple[Id, ...] = Field((), description="Facts that have to be known before anybody could ask this.")
    sources: Sources


class SceneOption(Model):
    """One way to decide."""

    id: Id
    label: Line
    short: Button | None = Field(None, description="At most 20 characters; needed when the label is longer.")
    quality: Quality = Field(description="better, partly or worse.")
    says: Said = Field(
        description="What is said to whoever decided so, in the author's own words: kind, and about the child."
    )
    sources: Sources
    next: Id | None = Field(None, description="The scene that follows this one, whatever the scene's own 'next' says.")
    needs: tuple[Id, ...] = Field((), description="Facts that have to be known for this to come to mind.")


class Decision(Model):
    """Something to decide."""

    id: Id
    ask: Said
    options: Annotated[tuple[SceneOption, ...], Field(min_length=2, max_length=8)]


class Inject(Model):
    """Something that happens: after a decision, after some minutes in the scene, or when the facilitator says."""

    id: Id
    text: Said
    sources: tuple[SourceId, ...] = ()
    after: OptionRef | None = Field(None, description="decision.option, or the decision alone for any of its options.")
    minutes: Minutes | None = Field(None, description="So many minutes after the scene began.")


class Hold(Model):
    """A holding point: the group stops and talks until the facilitator goes on."""

    discuss: Said
    listen_for: tuple[Said, ...] = Field((), description="What the facilitator listens for; only they see it.")
    minutes: Minutes | None = Field(None, description="How long the talk may take; part of the plan in the pack.")
    before_deciding: Flag = Field(default=False, description="Stop before the decisions of the scene, not after them.")


class Scene(Model):
    """One scene."""

    id: Id
    title: Annotated[Text, Field(max_length=60)]
    minutes: Minutes = Field(description="How long the scene takes, its talk included.")
    narrative: Told
    facts: Annotated[tuple[SceneFact, ...], Field(max_length=12)] = ()
    questions: Annotated[Count, Field(ge=1, le=12)] | None = Field(
        None, description="How many questions there is time for; left out, as many as anybody likes."
    )
    decisions: Annotated[tuple[Decision, ...], Field(max_length=6)] = ()
    injects: Annotated[tuple[Inject, ...], Field(max_length=6)] = ()
    live: Id | None = Field(
        None, description="A flow to go through here, as the real guidance; nothing of it is recorded."
    )
    hold: Hold | None = None
    reflect: Said | None = Field(
        None, description="A question to oneself; the answer is kept only if the trainee agrees."
    )
    next: Id | None = Field(None, description="The scene that follows; left out, the next one in the file; 'end'.")


class Scenario(Model):
    """An exercise that a trainer wrote."""

    id: Id
    title: Annotated[Text, Field(max_length=60)]
    about: Annotated[Text, Field(max_length=300)]
    audience: Annotated[Text, Field(max_length=160)]
    minutes: Minutes
    warning: Said = Field(description="What in it may be hard to read, and that anybody may stop.")
    objectives: Annotated[tuple[Objective, ...], Field(min_length=1, max_length=12)]
    cast: Annotated[tuple[Character, ...], Field(min_length=1, max_length=16)]
    scenes: Annotated[tuple[Scene, ...], Field(min_length=1, max_length=30)]
    closing: Said = Field(description="What is said at the end, before the debrief.")


__all__ = [
    "END",
    "Character",
    "Decision",
    "Hold",
    "Inject",
    "Objective",
    "Quality",
    "Scenario",
    "Scene",
    "SceneFact",
    "SceneOption",
]
