"""How sure the matching has to be is content: the number in the file is the number that decides."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from content import copy_shipped, shipped_text

from bot.library import Library, read_content
from bot.matching import Cuts, Decision, Matcher, bands
from bot.matching.learned import LIVE, NOT_LIVE
from bot.routing import new_matcher

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = {
    "mark": ["a bruise on the baby", "a mark on her arm", "bruise on his leg"],
    "moved": ["the family moved away", "they moved house", "moved to a new town"],
    "out_of_scope": ["hello there", "what is for lunch", "hello and good day"],
    LIVE: ["the baby is not breathing", "she is not breathing now", "he stopped breathing"],
    NOT_LIVE: ["a course on breathing", "breathing exercises at the course"],
}
MIDDLE = Cuts(open_at=0.5, choose_at=0.2, alarm_at=0.0)
TEXT, CRY = "her leg and the house", "the baby stopped breathing"


class WithVectors(Matcher):
    """A matcher that says it matches by sentence vectors."""

    kind = "vectors"


def build(cuts: dict[str, Cuts], made: type[Matcher] = Matcher) -> Matcher:
    """Make a matcher of a few examples."""
    return made(EXAMPLES, (), {}, {}, ("mark", "moved"), cuts=cuts)


@pytest.mark.parametrize(
    ("cuts", "decision"),
    [
        ({"open_at": 0.01, "choose_at": 0.001}, Decision.flow),
        ({"open_at": 0.99, "choose_at": 0.01}, Decision.choose),
        ({"open_at": 0.99, "choose_at": 0.98}, Decision.unknown),
    ],
)
def test_the_cuts_decide_what_is_opened_asked_or_unknown(cuts: dict[str, float], decision: Decision) -> None:
    """The same message and the same likeness; another number, another answer."""
    found = build({"words": replace(MIDDLE, **cuts)}).route(TEXT)
    assert found.decision is decision
    assert (found.flow == "mark") is (decision is Decision.flow)
    assert found.candidates == build({"words": MIDDLE}).route(TEXT).candidates


def test_the_alarm_is_raised_from_its_cut_on() -> None:
    """A hair below what the message reaches it rings, a hair above it does not."""
    _, likeness = build({}).scores(CRY)
    assert build({"words": replace(MIDDLE, alarm_at=likeness - 0.001)}).route(CRY).danger
    assert not build({"words": replace(MIDDLE, alarm_at=likeness + 0.001)}).route(CRY).danger


def test_each_way_of_matching_has_cuts_of_its_own() -> None:
    """What was read off for words alone does not hold where sentence vectors are used."""
    sets = {"words": replace(MIDDLE, open_at=0.9), "vectors": replace(MIDDLE, open_at=0.3)}
    assert build(sets).kind == "words"
    assert build(sets).route(TEXT).flow is None
    assert build(sets, WithVectors).route(TEXT).flow == "mark"


def test_the_numbers_in_the_file_are_those_that_decide(tmp_path: Path) -> None:
    """Somebody who edits the file changes what is done; and it is another version of the content."""
    copy_shipped(tmp_path)
    before = read_content(tmp_path).library
    assert before is not None
    assert before.content.cuts is not None
    file = tmp_path / "knowledge/phrases/cuts.yaml"
    held = f"open_at: {before.content.cuts.words.open_at}"
    text = shipped_text("knowledge/phrases/cuts.yaml")
    file.write_text(text.replace(held, "open_at: 0.97", 1), encoding="utf-8")
    after = read_content(tmp_path).library
    assert after is not None
    assert new_matcher(after, examples=EXAMPLES).cuts.open_at == 0.97
    assert after.version != before.version
    again = Library.from_compiled(after.compiled, after.version)  # as a conversation finds it in the record
    assert new_matcher(again, examples=EXAMPLES).cuts.open_at == 0.97


def test_content_of_an_earlier_program_keeps_what_held_then(content: Library) -> None:
    """A conversation that began before cuts were content goes on as it began."""
    without = Library(content.content.model_copy(update={"cuts": None}))
    assert new_matcher(without, examples=EXAMPLES).cuts == bands.EARLIER
