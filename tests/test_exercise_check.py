"""What the check tells somebody who writes an exercise: in words that say what to do."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.checks.scenarios import problems_of_scripts
from bot.exercises.writing import new_scenario
from bot.library import read_scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from commands import Done

    from bot.library import Library

ROOT = Path(__file__).parent.parent


def problems(content: Library, old: str, new: str) -> list[str]:
    """Return what is wrong with the starting exercise once some words in it are others."""
    text = new_scenario("our_monday", "Our Monday")
    assert old in text
    scripts = read_scenario(text.replace(old, new, 1).encode(), "our_monday.yaml")
    return [problem.says for problem in problems_of_scripts(content, scripts)]


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ("Robin is safe and you need not tell anyone.", True),
        ("They are quite safe now.", True),
        ("You have failed this child.", True),
        ("Wait until you have more evidence.", True),
        ("Ask whether Robin is safe tonight.", False),
        ("Say it where it is safe to talk.", False),
        ("You did not have to be sure.", False),
    ],
)
def test_the_author_s_voice_keeps_to_the_rules_of_guidance(content: Library, *, said: str, refused: bool) -> None:
    """Nobody is told that a child is safe, that nobody has to be told, to wait for proof, or that it is their fault."""
    says = "Writing it down was right. A mark on a baby who cannot move about does not wait until home time."
    found = problems(content, says, said)
    assert any("may not be said" in one for one in found) is refused, found


def test_people_in_the_story_may_say_what_nobody_should(content: Library) -> None:
    """That is what exercises are about."""
    assert problems(content, "'Babies bruise. I would leave it.'", "'He is safe. I would leave it.'") == []


def test_what_a_brought_in_story_left_open_is_named(content: Library) -> None:
    """Words and sources that are still to be written: nobody plays a draft to a group."""
    found = problems(content, "You went through a day", "TO WRITE: what is said at the end.")
    assert found == ["This is still to be written: put your own words in its place."]
    found = problems(content, "sources: [H9]", "sources: [TO-WRITE]")
    assert len(found) == 1
    assert "still to be put in" in found[0]
    assert "thinkchild search" in found[0]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("        sources: [H9]\n", "", "'sources' is missing here: at least one id such as H9"),
        ("sources: [H9]", "sources: []", "'sources' needs at least 1 entry."),
        ("sources: [H9]", "sources: [new_partner]", "that 'sources' needs (an id such as H9"),
        ('        text: "He lies', '          text: "He lies', "does not begin in the same column"),
        ("        sources: [H9]", "         sources: [H9]", "does not begin in the same column"),
    ],
)
def test_a_slip_is_told_so_that_it_can_be_mended(content: Library, old: str, new: str, says: str) -> None:
    """What is missing and where to find it; what a list lacks; that an indent is not that of its neighbours."""
    assert any(says in one for one in problems(content, old, new)), problems(content, old, new)


def test_an_exercise_named_otherwise_than_its_file_is_not_said_to_be_playable(
    tmp_path: Path, command: Callable[..., Done]
) -> None:
    """By its name too: what the check lets pass can be played."""
    for part in ("dialogues", "knowledge"):
        shutil.copytree(ROOT / part, tmp_path / part)
    path = tmp_path / "dialogues" / "scenarios" / "our_monday.yaml"
    path.write_text(new_scenario("our_tuesday", "Our Monday"), encoding="utf-8")
    for named in ("our_monday", str(path)):
        done = command("exercise", "check", named, "--content", str(tmp_path))
        assert done.code == 2
        assert "make them one" in done.out
    elsewhere = tmp_path / "draft.yaml"
    elsewhere.write_text(new_scenario("our_tuesday", "Our Monday"), encoding="utf-8")
    assert command("exercise", "check", str(elsewhere), "--content", str(tmp_path)).code == 0
