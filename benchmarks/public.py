"""Our matching on public sets of intents: `python benchmarks/public.py PATH` (CLINC150, BANKING77, HWU64).

Nothing is downloaded: PATH is a file or folder that you have. Read are the layouts in which these sets are handed round:

- CLINC150: one JSON object of parts ("train", "val", "test", "oos_train" ...), each a list of [text, intent] pairs
- BANKING77: a folder with train.csv and test.csv, or one of them, with a row of names: text,category
- HWU64: the same with text,intent (or utterance); or one CSV divided by semicolons (answer_normalised, scenario, intent)
- JSON: a list of {"text", "intent"}, or one such object a line

From what is there to learn from, 10 and then 30 examples of each intent are taken, always the same ones; asked is about what
is kept for tests, or, where nothing is, about all other examples. Our flows' own words, groups of words and phrases play no part.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.kept import KeptWeights
from bot.matching import Matcher

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Pairs = list[tuple[str, str]]
SIZES = (10, 30)
TEXTS = ("text", "utterance", "query", "sentence", "answer_normalised", "answer")
INTENTS = ("intent", "category", "label", "labels")
ASIDE = frozenset({"oos", "out_of_scope"})
"""Of CLINC150: what is out of scope is no intent to find."""
LARGEST = 100_000_000
FEWEST_INTENTS = 2


class UnreadableError(ValueError):
    """A path from which no set can be read; its text says what would do."""


def main() -> None:
    """Learn from few examples of each intent, ask about the rest, and print how often the right one comes first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, metavar="PATH", help="a file or folder of one of these sets")
    parser.add_argument("--most", type=int, default=5000, help="ask about so many messages at most (default 5000)")
    given = parser.parse_args()
    try:
        learn, ask = read_set(given.path)
    except UnreadableError as error:
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(2)
    intents = sorted({intent for _, intent in learn})
    print(f"{given.path.name}: {len(intents)} intents, {len(learn)} examples to learn from, {len(ask)} to ask about")
    for size in SIZES:
        few, rest = taken(learn, size)
        asked = spread(ask or rest, given.most)
        if not asked:
            print(f"{size:3} examples each: nothing is left to ask about")
            continue
        for name, vectors in ways():
            first, three, seconds = measured(few, asked, vectors=vectors)
            print(
                f"{size:3} examples each, {name:13} first {first:6.1%}   among three {three:6.1%}   "
                f"{seconds / len(asked) * 1000:6.2f} ms a message, {len(asked)} asked"
            )


def ways() -> list[tuple[str, str]]:
    """Return how it can be matched here: (name, folder of sentence vectors)."""
    model = os.environ.get("THINKCHILD_MODEL", "")
    return [("by words", ""), *([("with vectors", model)] if model else [])]


def measured(few: Mapping[str, list[str]], asked: Pairs, *, vectors: str) -> tuple[float, float, float]:
    """Return the share found first, the share found among three, and the seconds it took to ask."""
    kept = os.environ.pop("THINKCHILD_MODEL", None)
    if vectors:
        os.environ["THINKCHILD_MODEL"] = vectors
    try:
        keeper = KeptWeights()
        matcher = Matcher(few, (), {}, {}, tuple(few), keeper=keeper)
        matcher.prepare()
        begun = time.process_time()
        found = [[candidate.flow for candidate in matcher.route(text).candidates] for text, _ in asked]
        seconds = time.process_time() - begun
    finally:
        if kept is not None:
            os.environ["THINKCHILD_MODEL"] = kept
    first = sum(flows[:1] == [intent] for flows, (_, intent) in zip(found, asked, strict=True))
    three = sum(intent in flows[:3] for flows, (_, intent) in zip(found, asked, strict=True))
    return first / len(asked), three / len(asked), seconds


def taken(learn: Pairs, size: int) -> tuple[dict[str, list[str]], Pairs]:
    """Take so many examples of each intent, the same every time; return them, and all others."""
    by_intent: dict[str, list[str]] = defaultdict(list)
    for text, intent in sorted(set(learn), key=lambda pair: hashlib.sha256("\0".join(pair).encode()).digest()):
        by_intent[intent].append(text)
    few = {intent: texts[:size] for intent, texts in sorted(by_intent.items())}
    return few, [(text, intent) for intent, texts in sorted(by_intent.items()) for text in texts[size:]]


def spread(pairs: Pairs, most: int) -> Pairs:
    """Return at most so many, from all over."""
    return pairs[:: max(1, -(-len(pairs) // most))]


# --- reading ------------------------------------------------------------------------------------------------


def read_set(path: Path) -> tuple[Pairs, Pairs]:
    """Return (what may be learned, what is kept for tests); raises UnreadableError in one sentence."""
    if path.is_dir():
        files = sorted(file for end in ("json", "jsonl", "csv") for file in path.glob(f"*.{end}"))
        if not files:
            raise UnreadableError(f"{path} holds no .json or .csv file: name the folder or file of a set (see --help).")
    elif path.is_file():
        files = [path]
    else:
        raise UnreadableError(f"There is nothing at {path}: nothing is downloaded, so name a set that you have.")
    learn: Pairs = []
    ask: Pairs = []
    for file in files:
        for part, pairs in parts_of(file):
            (ask if "test" in part.lower() else learn).extend(
                (" ".join(text.split()), intent) for text, intent in pairs if text.strip() and intent not in ASIDE
            )
    if not learn:
        learn, ask = ask, []
    if len({intent for _, intent in learn}) < FEWEST_INTENTS:
        raise UnreadableError(f"{path} holds no examples of two intents or more in a layout known here (see --help).")
    return learn, [(text, intent) for text, intent in ask if intent in {intent for _, intent in learn}]


def parts_of(file: Path) -> Iterable[tuple[str, Pairs]]:
    """Return the parts of one file by name; the file's own name where it has none inside."""
    try:
        if file.stat().st_size > LARGEST:
            raise UnreadableError(f"{file} is larger than {LARGEST:,} bytes: that is none of these sets.")
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableError(f"{file} cannot be read as UTF-8 text: name another file.") from error
    if file.suffix == ".csv":
        return [(file.stem, rows_of(file, text))]
    try:
        data = json.loads(text)
    except ValueError:
        try:
            data = [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError as error:
            raise UnreadableError(f"{file} is neither JSON nor one JSON object a line: name another file.") from error
    if isinstance(data, dict):
        return [(name, pairs_of(file, items)) for name, items in data.items() if isinstance(items, list)]
    return [(file.stem, pairs_of(file, data))]


def pairs_of(file: Path, items: Any) -> Pairs:  # noqa: ANN401 - parsed JSON
    """Read pairs, or objects with a text and an intent."""
    found: Pairs = []
    for item in items if isinstance(items, list) else ():
        if (
            isinstance(item, list)
            and len(item) == len(("text", "intent"))
            and all(isinstance(each, str) for each in item)
        ):
            found.append((item[0], item[1]))
        elif isinstance(item, dict):
            text, intent = (next((item[key] for key in keys if key in item), None) for keys in (TEXTS, INTENTS))
            if isinstance(text, str) and isinstance(intent, str | int):
                found.append((text, str(intent)))
    if items and not found:
        raise UnreadableError(f"{file} holds no pairs [text, intent] and no objects with a text and an intent.")
    return found


def rows_of(file: Path, text: str) -> Pairs:
    """Read rows below a row of names; HWU64 names an intent by scenario and intent together."""
    head = text.splitlines()[0] if text else ""
    rows = csv.DictReader(text.splitlines(), delimiter=";" if head.count(";") > head.count(",") else ",")
    names = rows.fieldnames or []
    said = next((key for key in TEXTS if key in names), None)
    meant = next((key for key in INTENTS if key in names), None)
    if said is None or meant is None:
        raise UnreadableError(
            f"{file} needs a first row that names a text and an intent column, such as text,category."
        )
    scenario = "scenario" if "scenario" in names else None
    found = [(row[said] or "", f"{row[scenario]}_{row[meant]}" if scenario else row[meant] or "") for row in rows]
    return [(words, intent) for words, intent in found if words not in {"", "null"} and intent]


if __name__ == "__main__":
    main()
