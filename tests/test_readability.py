"""The reading age: an estimate that puts plain words below involved ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.readability import reading_age, syllables


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("a", 1),
        ("child", 1),
        ("worry", 2),
        ("family", 3),
        ("note", 1),
        ("noted", 2),
        ("asked", 1),
        ("needed", 2),
        ("table", 2),
        ("see", 1),
        ("agree", 2),
        ("emergency", 4),
        ("safeguarding", 4),
        ("hmm", 1),
        ("RING", 1),
        ("can't", 1),
        ("the", 1),
    ],
)
def test_syllables_of_words(word: str, count: int) -> None:
    """Groups of vowels are counted, a silent e is not, and every word has at least one syllable."""
    assert syllables(word) == count


@pytest.mark.parametrize("text", ["", "   ", "999", "...!?", "01632 960001", "\u00b7 \u00b7"])
def test_a_text_without_words_has_no_reading_age(text: str) -> None:
    """Numbers and points alone need no reading."""
    assert reading_age(text) == 0.0


def test_plain_words_are_for_younger_readers() -> None:
    """Short words in short sentences come out lower than long words in one long sentence."""
    plain = reading_age("Ring now. Say what you saw. Stay with the child.")
    involved = reading_age(
        "Practitioners demonstrating professional curiosity should systematically triangulate contradictory information."
    )
    assert plain < 8
    assert involved > 20


def test_a_known_text_has_the_published_grade() -> None:
    """Twelve words, two sentences, nineteen syllables: the formula gives what one works out by hand."""
    text = "Tell your safeguarding lead today. If you cannot, ring a social worker."
    assert reading_age(text) == pytest.approx(0.39 * 12 / 2 + 11.8 * 19 / 12 - 15.59 + 5)


@pytest.mark.parametrize("mark", [".", "!", "?", ":", ";", " \u00b7"])
def test_a_list_on_a_phone_is_read_item_by_item(mark: str) -> None:
    """What parts items on a phone parts sentences here: a list is not one long sentence."""
    items = ["a mark on the arm", "a fall from the bed", "a bang on the head"]
    assert reading_age(f"{mark} ".join(items)) < reading_age(" and ".join(items))


@given(st.text(max_size=400))
def test_any_text_has_a_reading_age(text: str) -> None:
    """Whatever is written, the answer is a number of years that is not negative."""
    assert reading_age(text) >= 0.0


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
def test_every_word_has_a_syllable(word: str) -> None:
    """There is no word that takes no time to say."""
    assert syllables(word) >= 1


@given(
    st.lists(st.sampled_from(["ring", "the", "child", "safeguarding", "information", "today"]), min_size=1, max_size=30)
)
def test_saying_it_twice_makes_it_no_harder(words: list[str]) -> None:
    """Two sentences of the same kind read like one."""
    sentence = " ".join(words) + ". "
    assert reading_age(sentence * 2) == pytest.approx(reading_age(sentence))
