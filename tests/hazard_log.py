"""Reads `HAZARDS.md`: what may go wrong, how bad that is, what is done against it, and which test proves it.

The file is written for people; its form is fixed so that nothing in it can be forgotten: `test_hazards.py` tries each rule.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SEVERITIES = ("minor", "significant", "considerable", "major", "catastrophic")
LIKELIHOODS = ("very low", "low", "medium", "high", "very high")
KINDS = ("design", "content", "operation")
HOLDERS = ("operator", "lead", "practitioner", "maintainers")
FIELDS = ("Harm", "Causes", "Before", "Controls", "After", "Remains", "Held by")
"""What each hazard says, in this order."""
REASON_WORDS = 6
"""So many words at least say why something has no test."""
NO_TEST = "no test:"

_HEADING = re.compile(r"### (HZ-\d\d) (.+)")
_FIELD = re.compile(r"\*\*([A-Z][a-z ]+):\*\*(.*)")
_RISK = re.compile(r"([a-z]+), ([a-z ]+) = ([1-5])")
_TEST = re.compile(r"`(tests/[\w/]+\.py::\w+(?:\[[^`]+\])?)`")


@dataclass(frozen=True, slots=True)
class Risk:
    """How bad and how likely something is, and what the table makes of both."""

    severity: str
    likelihood: str
    number: int

    def __str__(self) -> str:
        return f"{self.severity}, {self.likelihood} = {self.number}"


@dataclass(slots=True)
class Control:
    """One thing that is done against a hazard, with the tests that prove it, or why none does."""

    kind: str
    says: str
    tests: list[str] = field(default_factory=list)
    no_test: str = ""


@dataclass(slots=True)
class Hazard:
    """One way in which somebody could come to harm."""

    id: str
    title: str
    line: int
    fields: dict[str, str] = field(default_factory=dict)
    controls: list[Control] = field(default_factory=list)
    before: Risk | None = None
    after: Risk | None = None

    @property
    def tests(self) -> list[str]:
        """Every test that is named, once."""
        return list(dict.fromkeys(test for control in self.controls for test in control.tests))

    @property
    def row(self) -> str:
        """The row of this hazard in the table at the head of the file."""
        before, after = (risk.number if risk else 0 for risk in (self.before, self.after))
        return f"| {self.id} | {self.title} | {before} | {after} | {self.fields.get('Held by', '')} |"


def parse(text: str) -> tuple[list[Hazard], list[str]]:
    """Return the hazards of a log, and a sentence for each thing that is not in the form."""
    hazards: list[Hazard] = []
    problems: list[str] = []
    now = ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            now = ""
            if found := _HEADING.fullmatch(line):
                hazards.append(Hazard(found[1], found[2], number))
                now = "?"
            elif line.startswith("###"):
                problems.append(f"line {number}: a heading of a hazard is '### HZ-01 What happens'")
        elif now and (found := _FIELD.match(line)):
            now = found[1]
            if now in hazards[-1].fields:
                problems.append(f"{hazards[-1].id}: '{now}' stands there twice (line {number})")
            hazards[-1].fields[now] = found[2].strip()
        elif now and line.strip():
            if now == "?":
                problems.append(f"{hazards[-1].id}: line {number} belongs to no field")
            else:
                hazards[-1].fields[now] = f"{hazards[-1].fields[now]}\n{line}".strip("\n")
    for hazard in hazards:
        problems += _whole(hazard)
    problems += _in_order(hazards)
    problems += _rated(hazards, matrix_of(text))
    return hazards, problems


def _whole(hazard: Hazard) -> list[str]:
    """Take a hazard's controls and risks out of its fields; say what is missing."""
    said = [f"{hazard.id}: '{name}' is missing or empty" for name in FIELDS if not hazard.fields.get(name)]
    said += [f"{hazard.id}: there is no field '{name}'" for name in hazard.fields if name not in FIELDS]
    if not said and tuple(hazard.fields) != FIELDS:
        said.append(f"{hazard.id}: the fields stand in the order {', '.join(FIELDS)}")
    for line in hazard.fields.get("Controls", "").splitlines():
        said += _control(hazard, line)
    for control in hazard.controls:
        if not control.tests and not control.no_test:
            said.append(f"{hazard.id}: no test proves '{control.says[:60]}': name one, or write '{NO_TEST} why'")
    if not hazard.controls:
        said.append(f"{hazard.id}: nothing is done against it: a control is '- design: what is done'")
    for who in (one.strip() for one in hazard.fields.get("Held by", "").split(",")):
        if who not in HOLDERS:
            said.append(f"{hazard.id}: '{who}' can't hold what remains; there are {', '.join(HOLDERS)}")
    return said


def _control(hazard: Hazard, line: str) -> list[str]:
    """Take one line of the controls: a control, the tests of the last one, or why it has none."""
    kind, _, says = line.removeprefix("- ").partition(": ")
    if line.startswith("- ") and kind in KINDS and says.strip():
        hazard.controls.append(Control(kind, says.strip()))
        return []
    if not line.startswith("  - ") or not hazard.controls:
        return [f"{hazard.id}: '{line.strip()[:60]}' is no control ({', '.join(KINDS)}) and no test of one"]
    below, last = line.removeprefix("  - ").strip(), hazard.controls[-1]
    if below.startswith(NO_TEST):
        last.no_test = below.removeprefix(NO_TEST).strip()
        enough = len(last.no_test.split()) >= REASON_WORDS
        return [] if enough else [f"{hazard.id}: '{below}' does not say why there is no test"]
    named = _TEST.findall(below)
    last.tests += named
    left = _TEST.sub("", below).strip(" ,")
    return [f"{hazard.id}: '{left[:80]}' is no test: write `tests/test_x.py::test_y`"] if left or not named else []


def _in_order(hazards: list[Hazard]) -> list[str]:
    expected = [f"HZ-{number:02}" for number in range(1, len(hazards) + 1)]
    return [
        f"{hazard.id} stands where {wanted} is due: ids count on from HZ-01, each once"
        for hazard, wanted in zip(hazards, expected, strict=True)
        if hazard.id != wanted
    ]


def _rated(hazards: list[Hazard], matrix: dict[tuple[str, str], int]) -> list[str]:
    said = [] if len(matrix) == len(SEVERITIES) * len(LIKELIHOODS) else ["the table of risks is not whole"]
    for hazard in hazards:
        risks = []
        for name in ("Before", "After"):
            found = _RISK.fullmatch(hazard.fields.get(name, ""))
            if found is None or found[1] not in SEVERITIES or found[2] not in LIKELIHOODS:
                said.append(f"{hazard.id}: '{name}' is 'severity, likelihood = number', in the words of the scale")
                continue
            risks.append(risk := Risk(found[1], found[2], int(found[3])))
            meant = matrix.get((risk.severity, risk.likelihood), 0)
            if meant != risk.number:
                said.append(f"{hazard.id}: {risk} under '{name}', but by the table it is {meant}")
        if len(risks) == len(("Before", "After")):
            hazard.before, hazard.after = risks
            if hazard.after.number > hazard.before.number:
                said.append(f"{hazard.id}: the controls make it worse ({hazard.before}; then {hazard.after})")
    return said


def matrix_of(text: str) -> dict[tuple[str, str], int]:
    """Return (severity, likelihood) -> number, as the table at the head of the file has it."""
    found: dict[tuple[str, str], int] = {}
    heads: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("| ") else []
        if tuple(cells[1:]) == SEVERITIES:
            heads = cells[1:]
        elif heads and cells and cells[0] in LIKELIHOODS and all(cell.isdigit() for cell in cells[1:]):
            found |= {(severity, cells[0]): int(cell) for severity, cell in zip(heads, cells[1:], strict=False)}
    return found


def missing(hazards: list[Hazard], root: Path) -> list[str]:
    """Return a sentence for each named test that is not there; `root` is the folder that holds `tests/`."""
    said = []
    for hazard in hazards:
        for test in hazard.tests:
            file, name = test.partition("[")[0].split("::", 1)
            if name not in tests_in(root / file):
                said.append(f"{hazard.id}: there is no test {test}; name the one that proves the control now")
    return said


@cache
def tests_in(file: Path) -> frozenset[str]:
    """Return the names of the tests of a file that are no method; none where there is no file."""
    if not file.is_file():
        return frozenset()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, kinds) and node.name.startswith("test_"))
