"""The library: all content, immutable, indexed by id, with one version.

Loading goes YAML -> models -> library; `bot.checks` then says what is wrong with the whole.
"""

from __future__ import annotations

import copy
import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bot.errors import Problem, SetupError, near_miss
from bot.files import KINDS, FileKind, kind_of
from bot.models import Area, Block, Citable, Content, Document, Evidence, Flow, Line, Model, Route
from bot.models.scenarios import Scenario
from bot.reading import Document as File
from bot.reading import content_files, parse_as, read_yaml, read_yaml_bytes, scenario_files

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bot.models import Step
    from bot.reading import Where

LISTS = ("flows", "blocks", "lines", "documents", "points", "facts", "rules", "rules_for_sharing", "rungs", "areas")
"""Parts of the content that are there even when no file holds any."""

SUBJECTS_WITHOUT_FLOW = frozenset(
    {
        "out_of_scope",
        "danger_live",
        "danger_not_live",
        "writer_child",
        "writer_parent",
        "writer_outside_england",
        "writer_practitioner",
    }
)
"""Subjects of example messages that lead to no flow; those about danger teach the alarm, the last who is writing."""


class Library:
    """Content, found by id. Two libraries with the same version say the same words."""

    def __init__(self, content: Content, version: str | None = None) -> None:
        self.content = content
        self._version = version
        self.flows: dict[str, Flow] = {flow.id: flow for flow in sorted(content.flows, key=lambda f: (f.order, f.id))}
        self.blocks: dict[str, Block] = {block.id: block for block in content.blocks}
        self.routes: dict[str, Route] = {**self.blocks, **self.flows}
        self.lines: dict[str, Line] = {line.id: line for line in content.lines}
        self.areas: dict[str, Area] = {area.id: area for area in content.areas}
        self.actions = {word.id: word for word in content.vocabulary.actions}
        self.actors = {word.id: word for word in content.vocabulary.actors}
        self.contacts = {word.id: word for word in content.vocabulary.contacts}
        self.topics = {word.id: word for word in content.vocabulary.topics}
        self.groups = {word.id: word for word in content.vocabulary.groups}
        self.subjects = {word.id: word for word in content.vocabulary.subjects}
        self.meanings = {word.id: word for word in content.vocabulary.meanings}
        self.places: dict[str, dict[str, int]] = {
            route.id: {step.id: place for place, step in enumerate(route.steps)} for route in self.routes.values()
        }
        # Worked out once; they depend on the content alone, so every area's view of it shares them.
        self._evidence: dict[tuple[str, ...], Evidence] = {}
        self.known_places: dict[tuple[tuple[str, int], ...], tuple[Step, str, str]] = {}
        self._views: dict[tuple[str, str], Library] = {}
        self.area: Area | None = None
        self.day = ""
        self.require_signed = False

    @cached_property
    def documents(self) -> dict[str, Document]:
        """Return the published documents by id."""
        return {document.id: document for document in self.content.documents}

    @cached_property
    def sources(self) -> dict[str, Citable]:
        """Everything a line may cite, by id."""
        content = self.content
        citable: Iterable[Any] = (*content.points, *content.facts, *content.rules, *content.rules_for_sharing)
        return {item.id: item for item in citable}

    @cached_property
    def compiled(self) -> str:
        """The content as canonical JSON: what is stored once per version."""
        return self.content.model_dump_json(by_alias=True, exclude_defaults=True)

    @property
    def version(self) -> str:
        """The content version: the hash of all content."""
        if self._version is None:
            self._version = hashlib.sha256(self.compiled.encode()).hexdigest()
        return self._version

    @classmethod
    def from_compiled(cls, compiled: str, version: str) -> Library:
        """Rebuild a library from its compiled form; raises ValueError when the form is not of that version."""
        if hashlib.sha256(compiled.encode()).hexdigest() != version:
            raise ValueError("The stored content does not match its version.")
        library = cls(Content.model_validate_json(compiled), version)
        library.__dict__["compiled"] = compiled
        return library

    def evidence(self, sources: tuple[str, ...]) -> Evidence:
        """Return the strongest evidence mark among some sources; unverified when there is none."""
        known = self._evidence.get(sources)
        if known is None:
            order = list(Evidence)
            found = [item.evidence for item in map(self.sources.get, sources) if item is not None]  # type: ignore[attr-defined]
            known = self._evidence[sources] = min(found, key=order.index, default=Evidence.UNVERIFIED)
        return known

    @property
    def restricted(self) -> tuple[str, ...]:
        """The flows whose conversations no lead may read where they concern the lead's own setting."""
        return tuple(flow.id for flow in self.flows.values() if flow.restricted)

    def only_signed(self) -> Library:
        """Return this library with only those flows on offer that are signed as they stand."""
        strict = copy.copy(self)
        strict.require_signed, strict._views = True, {}  # noqa: SLF001 - a copy of ourselves
        return strict

    def at(self, area_id: str, day: str) -> Library:
        """Return this library seen from one area on one day (YYYY-MM-DD); raises SetupError for an unknown area."""
        if area_id not in self.areas:
            raise SetupError(
                f"There is no area '{area_id}'; there are: {', '.join(sorted(self.areas))}."
                + near_miss(area_id, self.areas)
            )
        local = self._views.get((area_id, day))
        if local is None:
            local = copy.copy(self)
            local.area, local.day = self.areas[area_id], day
            self._views.clear()  # yesterday's view is of no more use
            self._views[area_id, day] = local
        return local


@dataclass(slots=True)
class Origins:
    """Where in the files each record was read, so that every problem has a file and a line."""

    places: dict[tuple[str, str], tuple[File, Where]] = field(default_factory=dict)

    def problem(self, part: str, record: str, where: Where, code: str, says: str) -> Problem:
        """Make a problem that points at a place inside a record; a record of no file points at its part."""
        if (part, record) not in self.places:
            return Problem(part, 1, code, says)
        document, base = self.places[part, record]
        return Problem(document.file, document.line((*base, *where)), code, says)


@dataclass(slots=True)
class Loaded:
    """What reading gave: the library if one could be built, where its records lie, and the problems."""

    library: Library | None
    origins: Origins
    problems: list[Problem]


def read_content(root: Path) -> Loaded:
    """Read every file below a content root; mistakes of form are all collected, never raised."""
    origins, problems = Origins(), []
    parts: dict[str, Any] = {part: [] for part in LISTS} | {"vocabulary": [], "nlu": []}
    for path in content_files(root):
        name = path.relative_to(root).as_posix()
        kind = kind_of(name)
        if kind is None:
            problems.append(_misplaced(name))
            continue
        document = read_yaml(path, name)
        record = parse_as(kind.model, document)
        if record is not None:
            _file_under(kind, record, document, path.stem, parts, origins)
        elif (other := _fits(document)) is not None:
            document.refuse((), "misplaced_file", _misfiled(other))
        problems += document.problems
    if not parts["vocabulary"]:
        if not any(problem.file == "knowledge/vocabulary.yaml" for problem in problems):
            problems.append(
                Problem("knowledge/vocabulary.yaml", 1, "missing_file", "The vocabulary is missing: put the file back.")
            )
        return Loaded(None, origins, problems)
    examples = _examples(parts.pop("nlu"), origins, problems)
    content = Content(vocabulary=parts.pop("vocabulary")[0], examples=examples, **parts)
    return Loaded(Library(content), origins, problems)


@dataclass(slots=True)
class Scripts:
    """Exercises as they were read: by id, where they lie, and what is wrong with their form."""

    scenarios: dict[str, Scenario] = field(default_factory=dict)
    origins: Origins = field(default_factory=Origins)
    problems: list[Problem] = field(default_factory=list)


def read_scenarios(root: Path) -> Scripts:
    """Read every exercise below a content root; mistakes of form are all collected, never raised."""
    scripts = Scripts()
    for path in scenario_files(root):
        name = path.relative_to(root).as_posix()
        if kind_of(name) is None:
            scripts.problems.append(_misplaced(name))
            continue
        _add_script(scripts, read_yaml(path, name), path.stem)
    return scripts


def read_scenario(data: bytes, name: str, stem: str | None = None) -> Scripts:
    """Read one exercise from what a file holds, as when somebody sends it; mistakes are collected, never raised.

    Where it lies among the others, `stem` is what its id has to be: only so is it offered.
    """
    scripts = Scripts()
    _add_script(scripts, read_yaml_bytes(data, name), stem)
    return scripts


def _add_script(scripts: Scripts, document: File, stem: str | None = None) -> None:
    """Add what one file holds, unless it is no exercise or its id is taken; `stem` is what its id has to be."""
    record = parse_as(Scenario, document)
    if record is not None:
        if stem is not None and record.id != stem:
            document.refuse(
                ("id",), "id_not_file_name", f"The id is '{record.id}' but the file is '{stem}.yaml': make them one."
            )
        parts: dict[str, Any] = {}
        _add("scenarios", (), record, document, parts, scripts.origins)
        scripts.scenarios |= {scenario.id: scenario for scenario in parts.get("scenarios", ())}
    elif stem is not None and (other := _fits(document)) is not None:
        document.refuse((), "misplaced_file", _misfiled(other))
    scripts.problems += document.problems


def _fits(document: File) -> FileKind | None:
    """Return the kind of file that something is, though it lies where files of another kind belong."""
    if not document.data or any(problem.code == "not_yaml" for problem in document.problems):
        return None
    return next((kind for kind in KINDS if parse_as(kind.model, File(document.file, document.data)) is not None), None)


def _misfiled(other: FileKind) -> str:
    return f"This reads as {other.reads_as}: move it to {other.pattern}, or correct what is named below."


def _misplaced(name: str) -> Problem:
    if name.endswith(".yml"):
        says = f"Content files end in .yaml: rename it to {name.rpartition('/')[2].removesuffix('.yml')}.yaml."
        return Problem(name, 1, "misplaced_file", says)
    places = ", ".join(sorted({kind.pattern for kind in KINDS}))
    return Problem(name, 1, "misplaced_file", f"No content is read from here: move the file to one of {places}.")


def _file_under(
    kind: FileKind,
    record: Any,  # noqa: ANN401 - a record of any kind of file
    document: File,
    stem: str,
    parts: dict[str, Any],
    origins: Origins,
) -> None:
    """Add what one file holds to the parts of the content, remembering where it came from."""
    if kind.name == "nlu":
        parts["nlu"].append((record, document))
        return
    if kind.name == "vocabulary":
        parts["vocabulary"].append(record)
        origins.places["vocabulary", "vocabulary"] = (document, ())
        return
    if kind.part:
        if record.id != stem:
            document.refuse(
                ("id",), "id_not_file_name", f"The id is '{record.id}' but the file is '{stem}.yaml': make them one."
            )
        _add(kind.part, (), record, document, parts, origins)
        return
    for part in type(record).model_fields:
        held = getattr(record, part)
        if isinstance(held, dict):
            parts.setdefault(part, {}).update(held)
            continue
        if isinstance(held, Model):
            parts[part] = held
            continue
        for place, item in enumerate(held):
            if not hasattr(item, "id"):
                origins.places.setdefault((part, part), (document, (part,)))
                parts.setdefault(part, []).append(item)
            else:
                _add(part, (part, place), item, document, parts, origins)


def _add(part: str, base: Where, item: Any, document: File, parts: dict[str, Any], origins: Origins) -> None:  # noqa: ANN401
    """Add one record, unless its id is taken."""
    if (part, item.id) in origins.places:
        first, first_base = origins.places[part, item.id]
        document.refuse(
            (*base, "id"),
            "duplicate_id",
            f"'{item.id}' is already the id of {first.file}:{first.line(first_base)}: give this one another.",
        )
        return
    origins.places[part, item.id] = (document, base)
    parts.setdefault(part, []).append(item)


def _examples(files: list[tuple[Any, File]], origins: Origins, problems: list[Problem]) -> dict[str, tuple[str, ...]]:
    """Join the example messages of all training files, by intent."""
    joined: dict[str, list[str]] = {}
    for record, document in files:
        for place, intent in enumerate(record.nlu):
            origins.places.setdefault(("examples", intent.intent), (document, ("nlu", place, "intent")))
            for line in intent.examples.splitlines():
                if line.startswith("- ") and line[2:].strip():
                    joined.setdefault(intent.intent, []).append(line[2:].strip())
                elif line.strip():
                    problems.append(
                        Problem(
                            document.file,
                            document.line(("nlu", place, "examples")),
                            "example_form",
                            f"Each example is a line that begins with '- '; this is not: {line.strip()[:40]!r}.",
                        )
                    )
    return {intent: tuple(lines) for intent, lines in sorted(joined.items())}
