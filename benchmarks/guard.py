"""How often the identifier guard misses, how often it is wrong, and what it costs: `python benchmarks/guard.py`.

Two sets of messages written for it: one that it was made with, one that was written before and put aside (figures only,
no single message is shown of it). Besides, every example message of the content, none of which should hold an identifier.
Time stands as a ratio to splitting the same messages into words, since seconds say more about the machine.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from bot.guard import Identifier, found

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parent.parent
SETS = {"made with": "guard_dev.yaml", "held out": "guard_test.yaml"}
KINDS = {
    "name": Identifier.NAME,
    "dob": Identifier.BIRTH_DATE,
    "phone": Identifier.PHONE,
    "email": Identifier.EMAIL,
    "postcode": Identifier.POSTCODE,
    "address": Identifier.ADDRESS,
    "nhs": Identifier.NHS_NUMBER,
    "upn": Identifier.PUPIL_NUMBER,
    "handle": Identifier.HANDLE,
}
_MARKED = re.compile(r"\[((?:[^\[\]]|\[at\])+)\|(\w+)\]")


@dataclass(frozen=True, slots=True)
class Message:
    """A message, and where each identifier in it stands."""

    text: str
    holds: tuple[tuple[int, int, Identifier], ...]


@dataclass(slots=True)
class Rates:
    """Identifiers and those missed, by kind; messages without any and those taken for one, by the kind taken."""

    held: Counter[Identifier] = field(default_factory=Counter)
    missed: Counter[Identifier] = field(default_factory=Counter)
    silent: int = 0
    """Messages with an identifier of which nothing at all was noticed: these would be kept."""
    with_some: int = 0
    without: int = 0
    alarms: int = 0
    wrongly: Counter[Identifier] = field(default_factory=Counter)


def message(marked: str) -> Message:
    """Return a message that is written with marks, "[Tyler|name] fell", without them and with its places."""
    text, holds, last = "", [], 0
    for match in _MARKED.finditer(marked):
        text += marked[last : match.start()]
        holds.append((len(text), len(text) + len(match[1]), KINDS[match[2]]))
        text += match[1]
        last = match.end()
    return Message(text + marked[last:], tuple(holds))


def labelled(file: str) -> list[Message]:
    """Return the messages of a set."""
    data = yaml.safe_load((ROOT / "tests" / "data" / file).read_text(encoding="utf-8"))
    return [message(one) for part in ("with", "without") for one in data[part]]


def ordinary() -> list[Message]:
    """Return every example message of the content: none is about anybody."""
    texts = []
    for path in sorted((ROOT / "dialogues" / "nlu").glob("*.yaml")):
        for part in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            texts += [line.removeprefix("- ") for line in part["examples"].splitlines() if line.strip()]
    return [Message(text, ()) for text in texts]


def asked_of_exercises() -> tuple[int, int]:
    """Return how many questions name somebody of an exercise, in small letters, and how many of them go unnoticed.

    They were written for another purpose, by others: nobody thought of this guard.
    """
    data = ROOT / "tests" / "data"
    texts = "\n".join((data / f"questions_{part}.yaml").read_text(encoding="utf-8") for part in ("dev", "test"))
    first = {
        one["name"].lower()
        for path in (ROOT / "dialogues" / "scenarios").glob("*.yaml")
        for one in yaml.safe_load(path.read_text(encoding="utf-8")).get("cast", ())
        if " " not in one["name"]
    }
    named = [
        line
        for line in texts.splitlines()
        if first & {word.removesuffix("'s") for word in re.findall(r"[a-z']+", line)}
    ]
    return len(named), sum(not found(line) for line in named)


def measure(messages: Sequence[Message], look: Callable[[str], Sequence[object]] = found) -> Rates:
    """Count what is missed and what is wrongly taken; `look` is the guard, unless another is measured."""
    rates = Rates()
    for one in messages:
        places = [(place.start, place.end, place.kind) for place in look(one.text)]  # type: ignore[attr-defined]
        rates.with_some += bool(one.holds)
        rates.without += not one.holds
        rates.silent += bool(one.holds) and not places
        for start, end, kind in one.holds:
            rates.held[kind] += 1
            rates.missed[kind] += not any(is_of == kind and a < end and b > start for a, b, is_of in places)
        if not one.holds:
            rates.alarms += bool(places)
            rates.wrongly.update({kind for _, _, kind in places})
    return rates


def main() -> None:
    """Print every figure."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    examples = ordinary()
    for name, file in SETS.items():
        show(name, measure(labelled(file)))
    everyday = measure(examples)
    taken = ", ".join(f"{kind} {count}" for kind, count in everyday.wrongly.most_common())
    print(
        f"example messages of the content: {everyday.alarms} of {everyday.without} taken for an identifier ({everyday.alarms / everyday.without:.2%}): {taken}"
    )
    named, unnoticed = asked_of_exercises()
    print(
        f"questions to exercises that name somebody in small letters: {unnoticed} of {named} go unnoticed ({unnoticed / named:.0%})"
    )
    begun = time.perf_counter()
    for one in examples:
        re.findall(r"\w+", one.text)
    plain = time.perf_counter() - begun
    begun = time.perf_counter()
    for one in examples:
        found(one.text)
    ours = time.perf_counter() - begun
    print(
        f"time: {ours / plain:.0f} times that of splitting the same messages into words ({ours / len(examples) * 1000:.2f} ms each here)"
    )


def show(name: str, rates: Rates) -> None:
    """Print the figures of one set."""
    held, missed = sum(rates.held.values()), sum(rates.missed.values())
    print(f"{name}: {held} identifiers in {rates.with_some} messages, {rates.without} messages without")
    for kind in Identifier:
        print(
            f"  {kind:<18} missed {rates.missed[kind]:>2} of {rates.held[kind]:>3}   wrongly taken {rates.wrongly[kind]:>2}"
        )
    print(
        f"  all                missed {missed} of {held} ({missed / held:.1%}); wholly unnoticed {rates.silent} of {rates.with_some}; "
        f"false alarms {rates.alarms} of {rates.without} ({rates.alarms / rates.without:.1%})"
    )


if __name__ == "__main__":
    main()
