"""All content as one value: what a library is made of, and what is stored once per version."""

from __future__ import annotations

from pydantic import Field

from bot.models.base import Id, Model, Text
from bot.models.flows import Block, Flow, Line
from bot.models.knowledge import (
    Area,
    CutSets,
    DangerPhrase,
    Document,
    Fact,
    Point,
    Rule,
    Rung,
    SharingRule,
    Signature,
    Vocabulary,
)


class Content(Model):
    """Everything that the YAML files say, in the order of their names."""

    vocabulary: Vocabulary
    flows: tuple[Flow, ...]
    blocks: tuple[Block, ...]
    lines: tuple[Line, ...]
    documents: tuple[Document, ...]
    points: tuple[Point, ...]
    facts: tuple[Fact, ...]
    rules: tuple[Rule, ...]
    rules_for_sharing: tuple[SharingRule, ...]
    rungs: tuple[Rung, ...]
    areas: tuple[Area, ...]
    signatures: tuple[Signature, ...] = ()
    danger_phrases: tuple[DangerPhrase, ...] = ()
    not_live: tuple[Text, ...] = ()
    happening_now: tuple[Text, ...] = ()
    writers: dict[Id, tuple[Text, ...]] = Field(default_factory=dict)
    shorthand: dict[Text, Text] = Field(default_factory=dict)
    alike: dict[Id, Text] = Field(default_factory=dict)
    cuts: CutSets | None = None
    """None in what was kept before cuts were content."""
    answers: dict[Id, tuple[Text, ...]] = Field(default_factory=dict)
    examples: dict[Id, tuple[Text, ...]] = Field(default_factory=dict)
