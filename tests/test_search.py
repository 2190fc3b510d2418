"""Searching by meaning as well as by words: how much is found (figures with `-s`), and what never changes by it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from walking import Talk, kinds

from bot.kept import KeptWeights
from bot.lookup import IN_A_FLOW, Lookup, meaning_of, passages_of, search, source_text
from bot.meaning import Meaning

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.library import Library
    from bot.matching.model import Arrays, Floats

QUESTIONS: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parent / "data" / "search_dev.yaml").read_text(encoding="utf-8")
)
ASKED = [question for questions in QUESTIONS.values() for question in questions]


class Counts:
    """The shipped model, and how many texts it was given; what it made is kept in memory."""

    def __init__(self, shipped: Arrays | None = None) -> None:
        self.texts = 0
        self.files: dict[str, Arrays] = {}
        self._shipped = shipped
        self._model = KeptWeights().encoder()
        assert self._model is not None
        self.name = self._model.name

    def __call__(self, texts: Sequence[str], /) -> Floats:
        """Encode and count."""
        assert self._model is not None
        self.texts += len(texts)
        return self._model(texts)

    def encoder(self) -> Counts:
        """Give itself."""
        return self

    def get(self, key: str) -> Arrays | None:
        """Give what was kept."""
        return self.files.get(key)

    def put(self, key: str, arrays: Arrays) -> None:
        """Keep it."""
        self.files[key] = arrays

    def passages(self) -> Arrays | None:
        """Give what is said to be shipped."""
        return self._shipped


@pytest.fixture(scope="module")
def meaning(content: Library) -> Meaning:
    """Return what is searched, as it is shipped."""
    return meaning_of(content, KeptWeights())


def found_among_three(library: Library, questions: list[dict[str, Any]], meaning: Meaning | None) -> float:
    """Return the share of questions with a right answer among the first three."""
    first = [{one.id for one in search(library, question["asked"], 3, meaning)} for question in questions]
    return sum(bool(ids & set(question["right"])) for ids, question in zip(first, questions, strict=True)) / len(first)


def test_the_questions_are_twenty_of_each_and_their_answers_exist(content: Library) -> None:
    """An id that is gone would be a question that nothing can answer."""
    assert {kind: len(questions) for kind, questions in QUESTIONS.items()} == {"words": 20, "meaning": 20}
    known = {*content.sources, *content.flows, *content.documents}
    assert {one for question in ASKED for one in question["right"]} <= known


def test_what_is_asked_in_other_words_is_found_and_words_are_found_as_before(
    content: Library, meaning: Meaning
) -> None:
    """The floors stand a little below what was reached; with words alone a third of what is asked in other words is found."""
    shares = {
        (kind, way): found_among_three(content, questions, used)
        for kind, questions in QUESTIONS.items()
        for way, used in (("words alone", None), ("with meaning", meaning))
    }
    for (kind, way), share in shares.items():
        sys.stdout.write(f"\nasked by {kind}, searched {way}: {share:.0%} among three")
    assert shares["words", "with meaning"] >= 0.95
    assert shares["words", "words alone"] >= 0.95
    assert shares["meaning", "with meaning"] >= 0.65
    assert shares["meaning", "with meaning"] >= shares["meaning", "words alone"] + 0.25


def test_everything_found_says_where_it_stands(content: Library, meaning: Meaning) -> None:
    """A source names its document and the place in it, a document its publisher; a flow's lines name theirs."""
    for question in ASKED:
        for one in search(content, question["asked"], 10, meaning):
            if one.id in content.sources:
                item = content.sources[one.id]
                assert content.documents[item.document].title in one.source
                assert item.locator in one.source
                assert f"From: {one.source}" in source_text(content, one.id)
            elif one.kind == "step":
                assert set(one.source.split(", ")) <= set(content.sources)
            elif one.kind == "document":
                assert content.documents[one.id].publisher in one.source
            else:
                assert (one.kind, one.source) == ("flow", IN_A_FLOW)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("H21", "H21"),
        ("g-17", "g-17"),
        ("oxfordshire-q-31", "oxfordshire-q-31"),
        ("bath", "H21"),
        ("private fostering", "H37"),
        ("keep improvements going", "oxfordshire-q-10"),
        ("the children were treated as one lump", "wolverhampton-e-32"),
    ],
)
def test_an_id_or_the_very_words_come_first(content: Library, meaning: Meaning, words: str, first: str) -> None:
    """However near something else is in meaning."""
    assert search(content, words, 10, meaning)[0].id == first


def test_where_something_is_published_comes_last(content: Library, meaning: Meaning) -> None:
    """A title that is near in meaning says less than what stands beneath it."""
    for question in ASKED:
        late = [one.kind == "document" for one in search(content, question["asked"], 100, meaning)]
        assert late == sorted(late)


@pytest.mark.parametrize("words", ["", "the of and", "!!!", "xyzzyx", "\x00", "\udcff", "☃", "a" * 100_000, "ж" * 500])
def test_words_that_mean_nothing_find_nothing(content: Library, meaning: Meaning, words: str) -> None:
    """Vectors are near something for any text: not near enough."""
    assert search(content, words, 10, meaning) == []


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(words=st.text(max_size=300))
def test_any_text_is_answered_with_what_we_know(content: Library, meaning: Meaning, words: str) -> None:
    """No text raises, and nothing is found that is not there."""
    found = search(content, words, 3, meaning)
    assert len(found) <= 3
    assert all(one.text and one.source for one in found)


def test_no_more_is_read_than_the_first_words(content: Library, meaning: Meaning) -> None:
    """A hundred thousand characters are the same search as their beginning."""
    long = "a new partner has moved in with the family " * 5000
    assert search(content, long, 10, meaning) == search(content, long[:200], 10, meaning)


def test_without_vectors_it_is_as_by_words(content: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is lost where the model is switched off."""
    monkeypatch.setenv("THINKCHILD_MODEL", "none")
    off = Meaning(passages_of(content), KeptWeights())
    for question in ASKED:
        assert search(content, question["asked"], 10, off) == search(content, question["asked"], 10)


def test_an_id_asks_no_model(content: Library) -> None:
    """Who types an id waits for nothing."""
    model = Counts()
    assert search(content, "H21", 10, Meaning(passages_of(content), model))[0].id == "H21"
    assert model.texts == 0


def test_what_is_shipped_covers_what_can_be_found(content: Library) -> None:
    """Otherwise the first search would wait; `thinkchild model learn` writes it."""
    shipped, passages = KeptWeights().passages(), passages_of(content)
    assert shipped is not None
    model = Counts(shipped)
    Meaning(passages, model).prepare()
    assert model.texts <= len(passages) / 10


def test_only_what_changed_is_made_anew_and_then_kept() -> None:
    """Of three passages one is new: one is encoded, and none at the next start."""
    model = Counts()
    Meaning(["a bruise", "a burn"], model).prepare()
    assert model.texts == 2
    (made,) = model.files.values()
    later = Counts(made)
    Meaning(["a bruise", "a scald", "a burn"], later).prepare()
    assert later.texts == 1
    again = Meaning(["a bruise", "a scald", "a burn"], later)
    again.prepare()
    assert later.texts == 1
    assert int(np.argmax(again.near("a scald"))) == 1


def test_nothing_is_written_where_all_is_shipped() -> None:
    """A copy of what is there already would only fill a disk."""
    first = Counts()
    Meaning(["a bruise", "a burn"], first).prepare()
    (made,) = first.files.values()
    second = Counts(made)
    Meaning(["a bruise", "a burn"], second).prepare()
    assert (second.texts, second.files) == (0, {})


@pytest.mark.parametrize("lost", ["texts", "vectors", "scales"])
def test_a_damaged_file_only_costs_making_it_again(lost: str) -> None:
    """What is missing or cut short is passed over."""
    first = Counts()
    Meaning(["a bruise", "a burn"], first).prepare()
    (made,) = first.files.values()
    for spoilt in ({name: array for name, array in made.items() if name != lost}, made | {lost: made[lost][:1]}):
        model = Counts(spoilt)
        near = Meaning(["a bruise", "a burn"], model).near("a burn")
        assert near[1] == pytest.approx(1, abs=0.02)
        assert near[0] < 0.9


# --- in a conversation ---------------------------------------------------------------------------------


def test_a_search_in_a_conversation_finds_by_meaning(talk: Callable[..., Talk], content: Library) -> None:
    """The rule about interpreters has neither aunts nor the word translate; each thing found says where it stands."""
    said = talk().say("/search can her auntie translate for us")
    assert kinds(said)[0] == "cite"
    assert "H30" in said.out["replies"][0]["sources"][:3]
    for source in said.out["replies"][0]["sources"]:
        item = content.sources[source]
        assert f"{content.documents[item.document].title}, {item.locator}" in said.out["replies"][0]["text"]


def test_a_typed_question_finds_by_meaning_where_it_is_sure(content: Library, meaning: Meaning) -> None:
    """Not a question about somebody, nor one that tells a story first: those are situations."""
    finder, by_words = Lookup(content, meaning), Lookup(content)
    question = "how long can officers hold a child without a court?"
    assert by_words.surely(question) == ()
    assert "g-58" in finder.surely(question)
    for about in (
        "how long can officers hold her without a court?",
        "A child was on the street. How long can officers hold a child without a court?",
        "what's for lunch?",
        question + " x" * 5000,
    ):
        assert finder.surely(about) == ()
