"""Which file holds what: the shape of every content file, by the folder it lies in."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from bot.models import (
    Area,
    Block,
    CutSets,
    DangerPhrase,
    Document,
    Fact,
    Flow,
    Line,
    Model,
    Point,
    Rule,
    Rung,
    SharingRule,
    Signature,
    Vocabulary,
)
from bot.models.base import Id, Text
from bot.models.scenarios import Scenario


class DocumentsFile(Model):
    """Published documents."""

    documents: tuple[Document, ...]


class PointsFile(Model):
    """Learning points of one briefing."""

    points: tuple[Point, ...]


class FactsFile(Model):
    """Facts of today's framework."""

    facts: tuple[Fact, ...]


class RulesFile(Model):
    """Hard rules."""

    rules: tuple[Rule, ...]


class SharingFile(Model):
    """Rules for sharing information."""

    rules_for_sharing: tuple[SharingRule, ...]


class LadderFile(Model):
    """Rungs of escalation, lowest first."""

    rungs: tuple[Rung, ...]


class LinesFile(Model):
    """Fixed lines that belong to no flow."""

    lines: tuple[Line, ...]


class SignaturesFile(Model):
    """Which wording of which flow was approved, by whom: written by `thinkchild sign`."""

    signatures: tuple[Signature, ...]


class DangerFile(Model):
    """Words that raise the 999 card."""

    danger_phrases: tuple[DangerPhrase, ...]
    not_live: tuple[Text, ...] = ()
    happening_now: tuple[Text, ...] = ()


class WritersFile(Model):
    """Words by which a child, a parent or somebody outside England is recognised as the writer."""

    writers: dict[Id, tuple[Text, ...]]


class ShorthandFile(Model):
    """Abbreviations and what they stand for."""

    shorthand: dict[Text, Text]


class AlikeFile(Model):
    """Groups of words that mean much the same."""

    alike: dict[Id, Text]


class CutsFile(Model):
    """How sure the matching has to be before it acts on typed words."""

    cuts: CutSets


class AnswersFile(Model):
    """Words by which a typed answer is recognised, and small talk."""

    answers: dict[Id, tuple[Text, ...]]


class Intent(Model):
    """Example messages for one flow, in the training format of Rasa 3.1."""

    intent: Id
    examples: Text


class NluFile(Model):
    """Example messages, in the training format of Rasa 3.1."""

    version: Literal["3.1"]
    nlu: Annotated[tuple[Intent, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of content file: where it lies, its model, and the part of the content it adds to."""

    name: str
    pattern: str
    model: type[BaseModel]
    part: str = ""
    """The file is one record of this part of the content, and its id is the file's name; else it is a set of lists."""

    @property
    def reads_as(self) -> str:
        """What such a file is, in words."""
        return f"{'an' if self.name[0] in 'aeiou' else 'a'} {self.name}" if self.part else self.name


KINDS: tuple[FileKind, ...] = (
    FileKind("flow", "dialogues/flows/*.yaml", Flow, "flows"),
    FileKind("block", "dialogues/blocks/*.yaml", Block, "blocks"),
    FileKind("lines", "dialogues/lines.yaml", LinesFile),
    FileKind("corrections", "dialogues/corrections.yaml", LinesFile),
    FileKind("exercise_lines", "dialogues/exercise_lines.yaml", LinesFile),
    FileKind("scenario", "dialogues/scenarios/*.yaml", Scenario, "scenarios"),
    FileKind("nlu", "dialogues/nlu/*.yaml", NluFile),
    FileKind("vocabulary", "knowledge/vocabulary.yaml", Vocabulary, "vocabulary"),
    FileKind("documents", "knowledge/sources/*.yaml", DocumentsFile),
    FileKind("points", "knowledge/points/*.yaml", PointsFile),
    FileKind("facts", "knowledge/guidance/*.yaml", FactsFile),
    FileKind("rules", "knowledge/rules/*.yaml", RulesFile),
    FileKind("sharing", "knowledge/sharing/*.yaml", SharingFile),
    FileKind("ladder", "knowledge/escalation/*.yaml", LadderFile),
    FileKind("area", "knowledge/areas/*.yaml", Area, "areas"),
    FileKind("signatures", "knowledge/signatures.yaml", SignaturesFile),
    FileKind("danger", "knowledge/phrases/danger.yaml", DangerFile),
    FileKind("writers", "knowledge/phrases/writer.yaml", WritersFile),
    FileKind("shorthand", "knowledge/phrases/shorthand.yaml", ShorthandFile),
    FileKind("alike", "knowledge/phrases/alike.yaml", AlikeFile),
    FileKind("cuts", "knowledge/phrases/cuts.yaml", CutsFile),
    FileKind("answers", "knowledge/phrases/answers.yaml", AnswersFile),
)


def kind_of(name: str) -> FileKind | None:
    """Return the kind of a content file from its path below the content root, if it has one."""
    return next(
        (kind for kind in KINDS if fnmatch(name, kind.pattern) and name.count("/") == kind.pattern.count("/")), None
    )


def schemas() -> dict[str, dict[str, Any]]:
    """Generate the JSON Schema of each kind of file, for editors that complete and check."""
    made = {}
    for kind in KINDS:
        schema = kind.model.model_json_schema(by_alias=True)
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        schema["title"] = f"Thinkchild {kind.name} ({kind.pattern})"
        made[kind.name] = schema
    return made
