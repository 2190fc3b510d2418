"""What was learned is kept in a file, and a file that is missing or wrong only costs learning again."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bot.kept import KeptWeights
from bot.matching import Matcher, learned, model
from bot.matching.features import SHARES, Alike, Cutter, vocabulary, weigh
from bot.matching.spelling import Speller, sound

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = {
    "mark": ["a bruise on the baby", "a mark on her arm", "bruise on his leg"],
    "moved": ["the family moved away", "they moved house", "moved to a new town"],
    "out_of_scope": ["hello there", "what is for lunch", "hello and good day"],
    learned.LIVE: ["the baby is not breathing", "she is not breathing now", "he stopped breathing"],
}
FLOWS = ("mark", "moved")


def made(keeper: KeptWeights | None = None) -> Matcher:
    """Make a matcher of a few examples."""
    return Matcher(EXAMPLES, (), {}, {"bruze": "bruise"}, FLOWS, keeper=keeper)


@pytest.fixture
def lessons(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count how often something is learned."""
    counted: list[int] = []
    learn = learned.learn
    monkeypatch.setattr(learned, "learn", lambda *given: counted.append(1) or learn(*given))
    return counted


def the_file(folder: Path) -> Path:
    """Give the one file that is kept."""
    (file,) = folder.glob("words-*.npz")
    return file


def test_it_is_learned_once_and_answers_the_same(tmp_path: Path, lessons: list[int]) -> None:
    """The second start fetches what the first one learned."""
    first = made(KeptWeights(tmp_path)).route("a bruise on the arm")
    second = made(KeptWeights(tmp_path)).route("a bruise on the arm")
    assert first == second
    assert first.candidates[0].flow == "mark"
    assert len(lessons) == 1


def test_other_examples_are_learned_afresh(tmp_path: Path, lessons: list[int]) -> None:
    """A kept file belongs to one set of examples and one program."""
    made(KeptWeights(tmp_path)).prepare()
    more = EXAMPLES | {"moved": [*EXAMPLES["moved"], "gone to live elsewhere"]}
    Matcher(more, (), {}, {}, FLOWS, keeper=KeptWeights(tmp_path)).prepare()
    other = KeptWeights(tmp_path)
    other.program += " and a newer library"
    made(other).prepare()
    assert len(lessons) == 3


@pytest.mark.parametrize("damage", ["empty", "cut short", "text", "one byte", "pickle", "other arrays", "folder"])
def test_a_damaged_file_is_passed_over(tmp_path: Path, lessons: list[int], damage: str) -> None:
    """Whatever lies there, the message is answered, and a good file lies there afterwards."""
    expected = made(KeptWeights(tmp_path)).route("they moved")
    file = the_file(tmp_path)
    whole = file.read_bytes()
    if damage == "empty":
        file.write_bytes(b"")
    elif damage == "cut short":
        file.write_bytes(whole[: len(whole) // 2])
    elif damage == "text":
        file.write_text("these are no arrays")
    elif damage == "one byte":
        place = whole.index(b"bruise")
        file.write_bytes(whole[:place] + b"x" + whole[place + 1 :])
    elif damage == "pickle":
        np.savez(file, weights=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    elif damage == "other arrays":
        with np.load(file) as kept:
            np.savez(file, **{name: kept[name] for name in kept.files if name != "weights"}, weights=np.zeros((2, 2)))
    else:
        file.unlink()
        file.mkdir()
    assert made(KeptWeights(tmp_path)).route("they moved") == expected
    assert len(lessons) == 2
    if damage != "folder":
        made(KeptWeights(tmp_path)).prepare()
        assert len(lessons) == 2


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path, lessons: list[int]) -> None:
    """It then learns at every start."""
    (tmp_path / "file").write_text("in the way")
    for _ in range(2):
        assert made(KeptWeights(tmp_path / "file")).route("they moved").candidates[0].flow == "moved"
    assert len(lessons) == 2


def test_only_a_few_files_stay(tmp_path: Path) -> None:
    """Old versions do not fill the disk, and nothing half written stays behind."""
    for count in range(10):
        keeper = KeptWeights(tmp_path)
        keeper.program += str(count)
        made(keeper).prepare()
    assert len(list(tmp_path.iterdir())) == 8


def test_the_english_words_are_there(tmp_path: Path) -> None:
    """The package that brings them still has them where we look."""
    words = KeptWeights(tmp_path).english()
    assert len(words) > 50_000
    assert {"hoarding", "cuppa", "scarring"} <= set(words)


def test_an_emergency_raises_the_alarm_without_any_phrase() -> None:
    """It is enough to be like messages that were live emergencies; the rule it names is no phrase's."""
    found = made().route("not breathing")
    assert found.danger
    assert found.danger_rule == "like_an_emergency"
    assert not made().route("they moved house").danger


def test_the_weights_are_the_exact_solution() -> None:
    """Products by blocks and by pairs, and the solving by steps, give what plain algebra gives."""
    chance = np.random.default_rng(7)
    many, features = 700, 300
    rows = []
    for _ in range(many):
        which = np.unique((features * chance.random(12) ** 3).astype(int))
        rows.append([(int(i), float(w)) for i, w in zip(which, chance.random(len(which)), strict=True)])
    targets = chance.choice([-1.0, 1.0], (many, 3)).astype(np.float32)
    trust = chance.uniform(0.5, 2, many).astype(np.float32)
    vectors = chance.standard_normal((many, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = model.postings(rows, features)
    found = model.solve(index, vectors, targets, trust, 1.0)
    dense = np.zeros((many, features))
    for place, row in enumerate(rows):
        for feature, weight in row:
            dense[place, feature] = weight
    alike = (dense @ dense.T + model.VECTORS_COUNT * vectors @ vectors.T + 1) ** 2
    assert np.allclose(found, np.linalg.solve(alike + np.diag(1 / trust), targets), atol=2e-3)
    in_common = model.words_in_common(index, rows[5], many)
    assert np.allclose(model.likeness(in_common, vectors @ vectors[5]), alike[5], rtol=1e-4)
    assert np.allclose(model.likeness(in_common, None), (dense @ dense[5] + 1) ** 2, rtol=1e-4)


def test_features_of_a_message_have_the_length_of_their_shares() -> None:
    """However long a message is, it weighs the same."""
    cut = Cutter(Alike({"hit": ["smack*", "hit"]}, {}))
    blocks = [cut(text.split()) for text in ("he hit her", "he smacked her and then he hit her again", "she hit him")]
    index = vocabulary(blocks)
    places = {feature: i for i, feature in enumerate(index)}
    for one in blocks:
        assert sum(w * w for _, w in weigh(one, places, list(index.values()))) == pytest.approx(sum(SHARES))
    assert "=hit" in blocks[1][2]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("bruize", "bruise"),
        ("docter", "doctor"),
        ("skool", "school"),
        ("nife", "knife"),
        ("refferal", "referral"),
        ("wiv", "with"),
        ("hoarding", "hoarding"),
        ("zzzzzzzz", "zzzzzzzz"),
        ("x" * 5000, "x" * 5000),
        ("4567", "4567"),
    ],
)
def test_misspellings_are_put_right_and_words_are_left_alone(wrong: str, right: str) -> None:
    """By letters or by sound; a word of the language is no misspelling of ours."""
    used = dict.fromkeys(("bruise", "doctor", "school", "knife", "referral", "with", "holding"), 9)
    assert Speller(used, ["hoarding"])(wrong) == right


def test_words_that_sound_alike_have_one_key() -> None:
    """The ear decides, not the letters."""
    assert sound("fone") == sound("phone")
    assert sound("rong") == sound("wrong")
    assert sound("bruise") != sound("bath")


def test_numpy_is_not_loaded_before_words_are_typed() -> None:
    """A start without typed words does not pay for it."""
    import subprocess  # noqa: PLC0415

    program = "import sys, bot.cli, bot.session, bot.routing, bot.kept; print('numpy' in sys.modules, 'rapidfuzz' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert said.split() == ["False", "False"]
