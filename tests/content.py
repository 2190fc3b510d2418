"""Helpers for tests of content: a copy to spoil, a small flow that is sound, and quick checking."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from bot import library as libraries
from bot.checks import check_content, check_everything, promises, scenarios, words
from bot.checks.codes import CODES
from bot.library import Library, read_content
from bot.models.content import Content
from bot.models.knowledge import Signature
from bot.reading import MAX_BYTES, Document, content_root, parse_as, read_yaml
from bot.signing import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from bot.advice_log import AdviceLog
    from bot.checks.promises import Promise, Proof
    from bot.errors import Problem
    from bot.reading import M

KNOWN_BUGS: dict[str, str] = {}
"""Cases that do not yet pass, each with what goes wrong; one that passes again fails here until it is taken out."""

HANGING: dict[str, str] = {}
"""Cases that would not even end."""

BAD_CONTENT = Path(__file__).parent / "bad_content"
PLACE = "dialogues/flows/bad.yaml"

SMALL = """\
id: bad
title: A small flow
short: Small
about: What this is about.
order: 9
group: work
steps:
  - {id: danger_check, call: danger_check}
  - id: first
    intro: Do this now
    act:
      - {do: tell_lead, who: you, by: today, text: Tell your safeguarding lead., sources: [H2]}
  - {id: men_known, call: men_known}
  - {id: brothers_and_sisters, call: brothers_and_sisters}
  - {id: recording, call: recording}
  - {id: tonight, call: tonight}
  - {id: being_heard, call: being_heard}
  - {id: close, close: So far, sources: [H25]}
"""
"""The least flow that keeps every promise; a test spoils one thing in it."""

SCRIPT_PLACE = "dialogues/scenarios/bad.yaml"

SMALL_SCRIPT = """\
id: bad
title: A small exercise
about: What this is about.
audience: Nursery staff.
minutes: 20
warning: Anybody may stop.
objectives:
  - {point: H9, take_back: Ask what a child can do alone.}
cast:
  - {id: ida, name: Ida, who: A baby.}
scenes:
  - id: morning
    title: The morning
    minutes: 10
    narrative: You see a mark.
    facts:
      - {id: mark, prompt: "What do I see?", text: A blue mark., sources: [g-18]}
      - {id: moves, prompt: "Can she crawl?", text: She cannot., sources: [H9]}
    decisions:
      - id: first
        ask: What do you do?
        options:
          - {id: tell, label: Tell the lead, quality: better, says: Now somebody knows., sources: [H2]}
          - {id: wait, label: Wait and see, quality: worse, says: She goes home at four., sources: [H2]}
  - id: evening
    title: The evening
    minutes: 10
    narrative: It is late.
closing: That was all.
"""
"""A small exercise that is sound; the bad files each spoil one thing in it."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One file of `bad_content/`: where it is put, and what has to be said of it."""

    name: str
    text: str
    into: str
    added: bool
    code: str
    says: tuple[str, ...]
    line: int
    others: bool

    def put_into(self, root: Path) -> int:
        """Put the file into a copy of the content; return the line where the problem has to be."""
        path = root / self.into
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text(encoding="utf-8") if self.added else ""
        path.write_text(before + self.text, encoding="utf-8")
        return before.count("\n") + self.line


@cache
def mistakes() -> tuple[Mistake, ...]:
    """Read every file of `bad_content/`; its first comments say what is expected."""
    return tuple(_mistake(path) for path in sorted(BAD_CONTENT.glob("*.yaml")))


def _mistake(path: Path) -> Mistake:
    text = path.read_text(encoding="utf-8")
    said: dict[str, list[str]] = {}
    for line in text.splitlines():
        key, colon, value = line.removeprefix("# ").partition(": ")
        if not line.startswith("# ") or not colon:
            break
        said.setdefault(key, []).append(value)
    unknown = said.keys() - {"into", "added to", "code", "says", "line", "others"}
    assert not unknown, f"{path.name}: a first line says {unknown}"
    (into,) = said.get("into", []) + said.get("added to", [])
    (code,), (line,) = said["code"], said["line"]
    return Mistake(
        path.stem, text, into, "added to" in said, code, tuple(said["says"]), int(line), said.get("others") == ["yes"]
    )


def cases(names: Iterable[str], values: Mapping[str, object] | None = None) -> list[Any]:
    """Make the cases of a test, marking those that are known to fail."""
    made = []
    for name in names:
        marks: tuple[pytest.MarkDecorator, ...] = ()
        if name in HANGING:
            marks = (pytest.mark.xfail(run=False, reason=HANGING[name]),)
        elif name in KNOWN_BUGS:
            marks = (pytest.mark.xfail(strict=True, reason=KNOWN_BUGS[name]),)
        made.append(pytest.param(values[name] if values else name, id=name, marks=marks))
    return made


def known(name: str) -> pytest.MarkDecorator:
    """Mark a whole test that is known to fail; for one that is not, say nothing."""
    if name in KNOWN_BUGS:
        return pytest.mark.xfail(strict=False, reason=KNOWN_BUGS[name])
    return pytest.mark.filterwarnings("error")


def shipped_text(name: str) -> str:
    """Return the text of a shipped content file."""
    return (content_root() / name).read_text(encoding="utf-8")


def copy_shipped(root: Path) -> None:
    """Copy the shipped content to a folder."""
    for part in ("dialogues", "knowledge"):
        shutil.copytree(content_root() / part, root / part)


@contextmanager
def changed(root: Path, files: Iterable[str]) -> Iterator[None]:
    """Give a copy of the content for a test to change some files in, and put them back afterwards."""
    kept = {name: path.read_bytes() if (path := root / name).exists() else None for name in files}
    try:
        yield
    finally:
        for name, data in kept.items():
            if data is None:
                (root / name).unlink(missing_ok=True)
                if (root / name).parent.exists() and not any((root / name).parent.iterdir()):
                    (root / name).parent.rmdir()
            else:
                (root / name).write_bytes(data)


def edited(text: str, edits: Mapping[str, str]) -> str:
    """Replace each text once; what is to be replaced has to be there, or the test tests nothing."""
    for old, new in edits.items():
        assert old in text, f"the text to change is no longer there: {old!r}"
        text = text.replace(old, new, 1)
    return text


@cache
def shipped() -> Library:
    """Return the library of the shipped content, read but not checked."""
    library = read_content(content_root()).library
    assert library is not None
    return library


def _changed_only(promise: Promise) -> Promise:
    def prove(proof: Proof) -> Iterable[Problem]:
        here, there = proof.library, shipped()
        same = there.flows.get(proof.flow.id) == proof.flow and here.content.vocabulary == there.content.vocabulary
        same = same and all(here.blocks.get(name) == block for name, block in there.blocks.items())
        return () if same else promise(proof)

    return prove


@contextmanager
def what_is_shipped_is_known() -> Iterator[None]:
    """Prove, read and weigh only what differs from the shipped content, which test_content.py does once for all.

    Nothing is left out: a file is read afresh if a byte of it differs, and a text is weighed once.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(promises, "PROMISES", tuple(map(_changed_only, promises.PROMISES)))
        patch.setattr(libraries, "read_yaml", _read_once)
        patch.setattr(libraries, "parse_as", _parse_once)
        patch.setattr(words, "reading_age", _reading_age)
        patch.setattr(words, "identifiers", _identifiers)
        patch.setattr(scenarios, "reading_age", _reading_age)
        patch.setattr(scenarios, "identifiers", _identifiers)
        yield


_reading_age = cache(words.reading_age)
_identifiers = cache(words.identifiers)
_READ: dict[tuple[str, bytes], Document] = {}
_PARSED: dict[int, Any] = {}
"""Models by the identity of the data they were made from, which `_READ` keeps alive."""


def _read_once(path: Path, name: str) -> Document:
    """Read a file, or give again what was read from the very same bytes under the same name."""
    if path.stat().st_size > MAX_BYTES:
        return read_yaml(path, name)
    key = (name, path.read_bytes())
    if key not in _READ:
        found = read_yaml(path, name)
        if found.problems or not (content_root() / name).exists():
            return found
        _READ[key] = found
    kept = _READ[key]
    return Document(name, kept.data, kept.lines, list(kept.problems))


def _parse_once(model: type[M], document: Document) -> M | None:
    if not any(document.data is kept.data for kept in _READ.values()):
        return parse_as(model, document)
    if id(document.data) not in _PARSED:
        made = parse_as(model, document)
        if document.problems:
            return made
        _PARSED[id(document.data)] = made
    return cast("M", _PARSED[id(document.data)])


def problems(root: Path, *, exercises: bool = False) -> list[Problem]:
    """Check a spoilt copy of the shipped content, and return what is wrong with it beside what was wrong before."""
    check = check_everything if exercises else check_content
    with what_is_shipped_is_known():
        found = check(root)[1]
    assert {problem.code for problem in found} <= set(CODES), "a problem has a code that is not explained"
    return [problem for problem in found if problem not in before()]


@cache
def before() -> frozenset[Problem]:
    """Return what is wrong with the shipped content itself: test_content.py says so once, and not every test again."""
    with what_is_shipped_is_known():
        return frozenset(check_everything(content_root())[1])


def promises_broken(root: Path, check: Callable[..., list[Problem]] | None = None) -> list[Problem]:
    """Prove every promise of the flow at PLACE alone, in a copy of the content that holds it."""
    with what_is_shipped_is_known():
        loaded = read_content(root)
    assert loaded.library is not None
    assert not loaded.problems, loaded.problems
    library = type(loaded.library)(loaded.library.content.model_copy(update={"flows": (loaded.library.flows["bad"],)}))
    found = (check or promises.problems_of)(library, loaded.origins)
    assert {problem.code for problem in found} <= set(CODES), "a problem has a code that is not explained"
    return found


def reworded(library: Library, old: str, new: str) -> Library:
    """Return a library in which every place that says just this says something else; it has to be said somewhere."""
    written = library.compiled.replace(json.dumps(old, ensure_ascii=False), json.dumps(new, ensure_ascii=False))
    assert written != library.compiled, f"nothing says {old!r}"
    return Library(Content.model_validate_json(written))


def signed(
    library: Library, *flows: str, role: str = "designated safeguarding lead", on: str = "2026-11-20"
) -> Library:
    """Return a library in which some flows are signed as they stand."""
    approvals = tuple(
        Signature(flow=flow, digest=digest_of(library, flow), name="A. Lead", role=role, on=on) for flow in flows
    )
    return Library(library.content.model_copy(update={"signatures": (*library.content.signatures, *approvals)}))


def keep(log: AdviceLog, library: Library) -> None:
    """Keep a library's content in a record, as a start does."""
    log.keep_content(library.version, library.version, library.compiled, "2026-11-23T12:00:00Z")
