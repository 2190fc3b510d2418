"""Which examples an author should look at: nearly the same twice, nearer another flow than their own, or too few."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapidfuzz import process
from rapidfuzz.distance import Indel

from bot.files import kind_of
from bot.library import SUBJECTS_WITHOUT_FLOW
from bot.matching.normalise import plain, words_of
from bot.reading import content_files, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bot.library import Library
    from bot.matching import Cuts
    from bot.reading import Document
    from bot.upkeep.trial import Tried

MUCH_ALIKE = 0.86
"""Share of letters that two messages have in common, in their order."""
ENOUGH, ENOUGH_FOR_A_SIGNPOST = 120, 40
"""Examples of a flow."""
_AT_ONCE = 500
_LONGEST_SHOWN = 70


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an example stands."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Example:
    """An example as it stands in its file."""

    about: str
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something to look at, and why; `also` is the other place where there are two."""

    kind: str
    place: Place
    says: str
    also: Place | None = None

    def __str__(self) -> str:
        return f"{self.place}: {self.says}"


def examples_in(root: Path) -> list[Example]:
    """Read every example of a content root, with the line it stands on."""
    found: list[Example] = []
    for path in content_files(root):
        name = path.relative_to(root).as_posix()
        kind = kind_of(name)
        if kind is not None and kind.name == "nlu":
            found += _examples_of(read_yaml(path, name), path.read_text(encoding="utf-8").splitlines())
    return found


def _examples_of(document: Document, lines: Sequence[str]) -> Iterator[Example]:
    for number, intent in enumerate(document.data["nlu"]):
        key = document.line(("nlu", number, "examples"))
        at = key
        for line in intent["examples"].splitlines():
            # The lines of the text are lines of the file, further down; where they were folded, the key has to do.
            if not line.startswith("- ") or not line[2:].strip():
                continue
            on = next((place for place in range(at, len(lines)) if lines[place].strip() == line.strip()), None)
            at = at if on is None else on + 1
            yield Example(intent["intent"], line[2:].strip(), Place(document.file, key if on is None else on + 1))


def near_duplicates(examples: Sequence[Example]) -> Iterator[Suggestion]:
    """Find pairs that are nearly the same: two of one flow teach little, two of different flows teach against each other."""
    texts = [" ".join(words_of(plain(example.text), {})) or example.text for example in examples]
    for begin in range(0, len(texts), _AT_ONCE):
        alike = process.cdist(
            texts[begin : begin + _AT_ONCE],
            texts[begin:],
            scorer=Indel.normalized_similarity,
            score_cutoff=MUCH_ALIKE,
            workers=-1,
        )
        for row, column in zip(*(side.tolist() for side in alike.nonzero()), strict=True):
            if row >= column:
                continue  # itself, or a pair that was met the other way round
            first, second = examples[begin + row], examples[begin + column]
            across = "" if first.about == second.about else f", which is about {second.about}"
            says = f"nearly the same as {second.place}{across}: {_short(first.text)}"
            yield Suggestion("duplicate_across" if across else "duplicate", first.place, says, second.place)


def nearer_another(examples: Sequence[Example], left_out: Sequence[Tried], cuts: Cuts) -> Iterator[Suggestion]:
    """Find examples that would open another flow unasked if they had not been learned: mislaid, or a near miss to keep."""
    places = {(example.about, example.text): example.place for example in examples}
    for one in sorted(left_out, key=lambda tried: -tried.best):
        flows = one.routing.candidates
        if one.about in SUBJECTS_WITHOUT_FLOW - {"out_of_scope"} or one.right_first or one.best < cuts.open_at:
            continue
        own = next((candidate.score for candidate in flows if candidate.flow == one.about), 0.0)
        place = places[one.about, one.message.text]
        says = (
            f"nearer {flows[0].flow} ({one.best:.2f}) than its own {one.about} ({own:.2f}): {_short(one.message.text)}"
        )
        yield Suggestion("nearer_another", place, says)


def thin(library: Library, examples: Sequence[Example]) -> Iterator[Suggestion]:
    """Find flows with too few examples."""
    held: dict[str, list[Place]] = defaultdict(list)
    for example in examples:
        held[example.about].append(example.place)
    for flow in library.flows.values():
        wanted, some = ENOUGH_FOR_A_SIGNPOST if flow.signpost else ENOUGH, held[flow.id]
        if len(some) < wanted:
            place = max(some) if some else Place(f"dialogues/nlu/{flow.id}.yaml", 1)
            says = f"{flow.id} has {len(some)} examples; {wanted} are wanted: write {wanted - len(some)} more, in other voices."
            yield Suggestion("thin", place, says)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."
