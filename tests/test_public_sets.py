"""`benchmarks/public.py` reads public sets of intents in the layouts they are handed round in, and downloads none."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
SAID = {
    "card_lost": ["I lost my {} card", "my {} card is gone", "cannot find the {} card", "where is my {} card"],
    "weather": ["will it rain in {}", "is it sunny in {}", "weather for {} please", "how cold is {} today"],
    "music": ["play {} music", "put on some {} songs", "I want to hear {}", "next song by {}"],
}
WORDS = ("red", "blue", "old", "new", "leeds", "york", "jazz", "rock", "small", "big")
LEARN = [(form.format(word), intent) for intent, forms in SAID.items() for form in forms for word in WORDS]
ASK = [(f"oh {text} then", intent) for text, intent in LEARN[::4]]


def clinc(folder: Path) -> Path:
    """Write parts of [text, intent] pairs; one part is out of scope."""
    path = folder / "data_full.json"
    parts = {"train": LEARN, "val": [], "test": ASK, "oos_train": [["how are the stars", "oos"]], "oos_test": []}
    path.write_text(json.dumps(parts), encoding="utf-8")
    return path


def banking(folder: Path) -> Path:
    """Write a folder with train.csv and test.csv."""
    for name, pairs in (("train.csv", LEARN), ("test.csv", ASK)):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("text", "category"), *pairs])
    return folder


def hwu(folder: Path) -> Path:
    """Write one file divided by semicolons, with scenario and intent apart."""
    path = folder / "NLU-Data.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = [(n, "home", intent, text, text) for n, (text, intent) in enumerate(LEARN)]
        csv.writer(file, delimiter=";").writerows(
            [("userid", "scenario", "intent", "answer_normalised", "answer"), *rows]
        )
    return path


def lines(folder: Path) -> Path:
    """Write one object a line."""
    path = folder / "some.jsonl"
    path.write_text("\n".join(json.dumps({"text": t, "intent": i}) for t, i in LEARN), encoding="utf-8")
    return path


def run(path: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run the benchmark on a path, as somebody does."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(home)}
    command = [sys.executable, "benchmarks/public.py", str(path)]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.parametrize(("made", "asked"), [(clinc, 30), (banking, 30), (hwu, 90), (lines, 90)])
def test_a_set_is_read_learned_and_asked_about(tmp_path: Path, made: Callable[[Path], Path], asked: int) -> None:
    """At 10 and at 30 examples of each of its three intents; where nothing is kept for tests, about all others."""
    folder = tmp_path / "set"
    folder.mkdir()
    done = run(made(folder), tmp_path / "home")
    assert done.returncode == 0, done.stderr
    head, ten, thirty = done.stdout.splitlines()
    assert f"3 intents, {len(LEARN)} examples to learn from" in head
    assert ten.startswith(" 10 examples each, by words")
    assert thirty.startswith(" 30 examples each, by words")
    assert f"{asked} asked" in ten
    assert float(ten.split("first")[1].split("%")[0]) > 80


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("x.json", "{", "neither JSON nor"),
        ("x.json", '[{"a": 1}]', "no pairs"),
        ("x.json", "[]", "two intents"),
        ("x.csv", "a,b\n1,2\n", "first row"),
        ("x.csv", "", "first row"),
        ("x.txt", "hello", "neither JSON nor"),
    ],
)
def test_what_is_no_set_is_refused_in_a_sentence(tmp_path: Path, name: str, text: str, says: str) -> None:
    """With exit code 2 and what would do."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    done = run(tmp_path / name, tmp_path / "home")
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_nothing_is_downloaded(tmp_path: Path) -> None:
    """Where nothing is, that is said."""
    done = run(tmp_path / "nowhere", tmp_path / "home")
    assert done.returncode == 2
    assert "name a set that you have" in done.stderr
    assert "holds no .json or .csv" in run(tmp_path, tmp_path / "home").stderr
