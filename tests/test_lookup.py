"""Looking things up: what is found first, what odd input does, and one source in full."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from walking import Talk, kinds, offered, texts

from bot.coverage import PARTS, carriers
from bot.events import Do
from bot.kept import KeptWeights
from bot.lookup import documents_text, meaning_of, search, source_text, sources_for
from bot.state import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.library import Library


def ids(library: Library, words: str, most: int = 10) -> list[str]:
    """Return the ids of what is found, best first."""
    return [found.id for found in search(library, words, most=most)]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("bath", "H21"),
        ("H21", "H21"),
        ("h21", "H21"),
        ("g-17", "g-17"),
        ("oxfordshire-q-31", "oxfordshire-q-31"),
        ("private fostering", "H37"),
        ("a new partner has moved in", "new_partner"),
    ],
)
def test_what_is_meant_comes_first(content: Library, words: str, first: str) -> None:
    """An id finds its source; a word finds the rule that is about it."""
    assert ids(content, words)[0] == first


def test_the_stem_of_a_word_finds_its_other_forms(content: Library) -> None:
    """One bruise, two bruises, and bruised; big letters or small."""
    assert set(ids(content, "bruise", 100)) == set(ids(content, "Bruises", 100)) == set(ids(content, "BRUISED", 100))
    assert ids(content, "bruise")


def test_more_of_the_words_come_before_fewer(content: Library) -> None:
    """Any of the words is enough; the sources with all of them stand first."""
    both = ids(content, "forced marriage", 30)
    text = {row.id: f"{row.title} {row.text}".lower() for row in search(content, "forced marriage", most=100)}
    whole = [place for place, one in enumerate(both) if "forced marriage" in text[one]]
    assert whole[0] == 0
    assert set(ids(content, "marriage", 100)) <= set(ids(content, "forced marriage", 100))


@pytest.mark.parametrize(
    "words",
    [
        "",
        "   ",
        "the of and",
        "!!!",
        '"',
        "'",
        "*",
        "^",
        "()",
        "---",
        "_ _",
        "\x00",
        "☃",
        "\udcff",
        "xyzzyx",
        "a" * 5000,
    ],
)
def test_without_a_word_to_look_for_nothing_is_found(content: Library, words: str) -> None:
    """Odd characters alone mean nothing, and raise nothing."""
    assert search(content, words) == []


@pytest.mark.parametrize(
    "words",
    [
        'bath" OR "bruise',
        "bath'; DROP TABLE known; --",
        "bath AND NOT bath",
        "NEAR(bath bath)",
        "text: bath",
        "{title text}: bath",
        "-bath",
        "^bath",
        "bath*",
        '") UNION SELECT sql FROM sqlite_master --bath',
        "bath" + " x" * 5000,
    ],
)
def test_the_language_of_the_index_means_nothing(content: Library, words: str) -> None:
    """Whatever stands around it, 'bath' is looked for and found."""
    assert "H21" in ids(content, words, 30)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(words=st.text(max_size=60))
def test_any_text_at_all_is_answered(content: Library, words: str) -> None:
    """No characters raise; whatever is found is something we know, at most as many as asked for."""
    found = search(content, words, most=3)
    assert len(found) <= 3
    assert all(one.text for one in found)


def test_a_search_is_quick(content: Library) -> None:
    """The index is made afresh each time: that must not be felt."""
    began = time.perf_counter()
    for _ in range(5):
        search(content, "a bruise on a baby")
    assert time.perf_counter() - began < 5


def test_every_source_can_be_shown_in_full(content: Library) -> None:
    """Its words, where they stand, how well they were seen, and what carries them or why nothing does."""
    for part in PARTS:
        for item in getattr(content.content, part):
            text = source_text(content, item.id)
            assert text.startswith(item.id)
            assert item.text in text
            assert content.documents[item.document].title in text
            carried = carriers(content).get(item.id, ())
            assert f"Carried by: {', '.join(carried) or 'nothing that is said'}" in text
            assert (f"In the library only: {item.library_only}" in text) == bool(item.library_only)


def test_every_document_is_listed_with_its_standing(content: Library) -> None:
    """Publisher, date, whether in force, and how many lines rest on it."""
    text = documents_text(content)
    total = 0
    for document in content.content.documents:
        assert f"{document.id}: {document.title}" in text
        assert document.status.replace("_", " ") in text
        assert not document.replaced_by or f"replaced by: {document.replaced_by}" in text
    total = sum(
        int(line.split(" lines here")[0].rpartition(" ")[2]) for line in text.splitlines() if " lines here" in line
    )
    assert total == sum(len(getattr(content.content, part)) for part in PARTS)


# --- in a conversation ---------------------------------------------------------------------------------


def state_of(talk: Talk) -> State:
    """Return the state somebody is in."""
    import json  # noqa: PLC0415

    current = talk.desk.log.current(talk.person.id)
    assert current is not None
    return State.from_json(json.loads(current.state)["state"])


def test_looking_something_up_changes_nothing_and_asks_again(talk: Callable[..., Talk], content: Library) -> None:
    """The open question comes again below what was found; the state is the very same."""
    somebody = talk()
    before = somebody.go("mark_on_child", "no_sign")
    state = state_of(somebody)
    found = sources_for(content, "bath", meaning_of(content, KeptWeights()))
    for words in ("/search bath", "search bath", "/SEARCH Bath", "  /search   bath  "):
        said = somebody.say(words)
        assert kinds(said) == ["cite", "ask"]
        assert said.out["replies"][0]["sources"] == list(found)
        assert said.out["replies"][0]["sources"][0] == "H21"
        assert "999" in said.out["replies"][0]["text"]
        assert said.out["replies"][-1] == before.out["replies"][-1]
        assert state_of(somebody) == state
        assert said.out["step"] == before.out["step"]


@pytest.mark.parametrize("words", ["/search", "/search xyzzyx", '/search "; -- *', "/search the"])
def test_nothing_found_is_said_and_the_question_stays(talk: Callable[..., Talk], words: str) -> None:
    """Before a flow and in the middle of one."""
    somebody = talk()
    somebody.say(Do("begin"))
    said = somebody.say(words)
    assert "I found nothing about that" in texts(said)
    assert "999" in said.out["replies"][0]["text"]
    assert offered(said)
    somebody.go("mark_on_child")
    assert "I found nothing about that" in texts(somebody.say(words))


def test_a_danger_word_in_a_search_raises_the_card(talk: Callable[..., Talk]) -> None:
    """Somebody who looks up what to do about a baby who does not breathe needs no list."""
    somebody = talk()
    assert kinds(somebody.say("/search baby not breathing"))[0] == "danger"
    child = talk("a child").say("/search i am 9 and my dad is hitting me now")
    assert "Childline" in texts(child)
    assert "cite" not in kinds(child)


def test_what_was_looked_up_is_kept_nowhere(talk: Callable[..., Talk], tmp_path: Path) -> None:
    """No file of the record holds the words; a name among them is warned of."""
    somebody = talk()
    somebody.go("mark_on_child", "no_sign")
    somebody.say("/search zanzibarium bath")
    said = somebody.say("/search her date of birth is 03/04/2091")
    assert "could identify someone" in texts(said)
    for path in tmp_path.iterdir():
        held = path.read_bytes()
        assert b"zanzibarium" not in held
        assert b"03/04/2091" not in held
