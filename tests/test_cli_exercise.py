"""The commands for exercises, from outside: what they print, what they write, and their one sentence when something is wrong."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
import yaml

from bot.reading import content_root

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Done


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a copy of the content with one exercise, to be changed."""
    made = tmp_path / "content"
    for part in ("dialogues", "knowledge"):
        shutil.copytree(content_root() / part, made / part)
    for path in (made / "dialogues/scenarios").glob("*.yaml"):
        if path.stem != "ready_explanation":
            path.unlink()
    return made


@pytest.fixture
def kept(tmp_path: Path, command: Callable[..., Done], monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a database beside which somebody has played an exercise to its first stop."""
    db = str(tmp_path / "t.db")
    typed = tmp_path / "typed.txt"
    typed.write_text("1\n1\nis there any history\ngo on to decide\n", encoding="utf-8")
    with typed.open(encoding="utf-8") as lines:
        monkeypatch.setattr("sys.stdin", lines)
        assert command("exercise", "play", "ready_explanation", "--db", db).code == 0
        monkeypatch.undo()
    return db


def test_a_new_exercise_can_be_played_at_once(root: Path, command: Callable[..., Done]) -> None:
    """What `new` writes is clean, says what it is, and stays as it is when asked again."""
    done = command("exercise", "new", "our_monday", "--title", "Our Monday", "--content", str(root))
    assert done.code == 0
    checked = command("exercise", "check", "our_monday", "--content", str(root))
    assert checked.code == 0
    assert "our_monday: can be played. 2 scenes, 3 facts to be found, 2 decisions" in checked.out
    again = command("exercise", "new", "our_monday", "--title", "Our Monday", "--content", str(root))
    assert "is there already" in again.sentence()
    assert "letters" in command("exercise", "new", "b", "--title", "x" * 80, "--content", str(root)).sentence()
    assert (
        "cannot be an id" in command("exercise", "new", "Our Monday", "--title", "x", "--content", str(root)).sentence()
    )


def test_mistakes_are_named_by_file_and_line(root: Path, command: Callable[..., Done]) -> None:
    """Each with a sentence; the code is 2; JSON for programs; live guidance is not touched by them."""
    path = root / "dialogues/scenarios/ready_explanation.yaml"
    text = path.read_text(encoding="utf-8").replace("quality: better", "quality: best", 1)
    path.write_text(text, encoding="utf-8")
    line = text[: text.index("quality: best")].count("\n") + 1
    done = command("exercise", "check", "--content", str(root))
    assert done.code == 2
    assert f"dialogues/scenarios/ready_explanation.yaml:{line}: 'best' is not one of better, partly, worse." in done.out
    found = json.loads(command("exercise", "check", "--json", "--content", str(root)).out)
    assert found[0]["line"] == line
    assert command("check", "--content", str(root)).code == 2
    assert command("route", "--content", str(root), "a new partner has moved in").code == 0


def test_a_file_anywhere_can_be_checked_drawn_and_printed(
    root: Path, tmp_path: Path, command: Callable[..., Done]
) -> None:
    """A trainer's file need not lie with the content."""
    mine = tmp_path / "mine.yaml"
    shutil.copy(root / "dialogues/scenarios/ready_explanation.yaml", mine)
    assert "can be played" in command("exercise", "check", str(mine)).out
    assert command("exercise", "draw", str(mine), "--format", "mermaid").out.startswith("flowchart")
    assert "digraph" in command("exercise", "draw", str(mine), "--format", "dot").out
    page = tmp_path / "pack.html"
    assert command("exercise", "pack", str(mine), "--out", str(page)).code == 0
    assert "EXERCISE, not real" in page.read_text(encoding="utf-8")
    mine.write_text("id: mine\n", encoding="utf-8")
    assert command("exercise", "pack", str(mine)).code == 2
    assert "no such file" in command("exercise", "check", "nowhere.yaml").sentence()
    assert "Did you mean 'ready_explanation'" in command("exercise", "pack", "ready_explanatoin").sentence()


def test_twine_out_and_in_gives_the_same_exercise(root: Path, tmp_path: Path, command: Callable[..., Done]) -> None:
    """What has no place in Twine is said; what comes back is what went out."""
    story = tmp_path / "story.twee"
    out = command("exercise", "twine", "export", "ready_explanation", "--out", str(story))
    assert out.code == 0
    assert "Twine does nothing with it" in out.err
    back = command("exercise", "twine", "import", str(story), "--id", "back", "--content", str(root))
    assert back.code == 0
    folder = root / "dialogues/scenarios"
    first, second = (
        yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8")) for name in ("ready_explanation", "back")
    )
    assert {**first, "id": "back"} == second
    assert command("exercise", "check", "back", "--content", str(root)).code == 0


def test_a_strangers_story_becomes_a_draft_that_says_what_it_lacks(
    root: Path, tmp_path: Path, command: Callable[..., Done]
) -> None:
    """Links become options; what an exercise needs besides is listed, and the check names each place."""
    story = tmp_path / "plain.twee"
    story.write_text(
        ":: StoryTitle\nAt the gate\n\n:: Start\nA child waits alone.\n[[Ring the office->Office]]\n[[Walk on|Home]]\n\n"
        ":: Office\nSomebody answers.\n\n:: Home\nYou wonder all evening.\n",
        encoding="utf-8",
    )
    done = command("exercise", "twine", "import", str(story), "--id", "gate", "--content", str(root))
    assert done.code == 0
    assert "Look at:" in done.err
    assert command("exercise", "check", "gate", "--content", str(root)).code == 2
    bad = tmp_path / "bad.twee"
    bad.write_bytes(b"\xff\xfe\x00")
    assert command("exercise", "twine", "import", str(bad), "--id", "bad", "--content", str(root)).code == 2


def test_looking_back(kept: str, tmp_path: Path, command: Callable[..., Done]) -> None:
    """List, debrief, replay, as a test that passes, erase: by a short id."""
    listed = command("exercise", "list", "--db", kept).out
    which = next(line for line in listed.splitlines() if ", goes on" in line).split()[0]
    page = tmp_path / "own.html"
    assert command("exercise", "debrief", which[:6], "--html", str(page), "--db", kept).code == 0
    assert "your debrief" in page.read_text(encoding="utf-8")
    assert "for a group's counts" in command("exercise", "debrief", which, "--csv", str(page), "--db", kept).sentence()
    told = command("exercise", "replay", which, "--db", kept).out
    assert "asked in their own words" in told
    assert "is there any history" not in told
    test = tmp_path / "played.txt"
    assert command("exercise", "replay", which, "--as-test", "--out", str(test), "--db", kept).code == 0
    assert "as written" in command("exercise", "test", str(test)).out
    test.write_text(test.read_text(encoding="utf-8") + "\nThis is never said.\n", encoding="utf-8")
    failed = command("exercise", "test", str(test))
    assert failed.code == 1
    assert "this was not said" in failed.out
    assert "choose --trainee 1 to 1" in command("exercise", "replay", which, "--trainee", "9", "--db", kept).sentence()
    assert "Nothing of it is left" in command("exercise", "erase", which, "--db", kept).out
    assert "no exercise that is kept" in command("exercise", "debrief", which, "--db", kept).sentence()


def test_erasing_says_what_to_name(kept: str, tmp_path: Path, command: Callable[..., Done]) -> None:
    """One, or all that are old enough; and where there is nothing, it says so."""
    assert "Name one exercise" in command("exercise", "erase", "--db", kept).sentence()
    assert "Erased: 0." in command("exercise", "erase", "--older-than", "1", "--db", kept).out
    assert "no exercises kept" in command("exercise", "erase", "x", "--db", str(tmp_path / "other.db")).sentence()


def test_an_exercise_with_a_mistake_is_not_offered_and_the_others_are(
    root: Path, tmp_path: Path, command: Callable[..., Done]
) -> None:
    """It is named on standard error."""
    (root / "dialogues/scenarios/broken.yaml").write_text("id: broken\n", encoding="utf-8")
    done = command("exercise", "list", "--content", str(root), "--db", str(tmp_path / "t.db"))
    assert done.code == 0
    assert "ready_explanation: " in done.out
    assert "broken.yaml" in done.err


def test_nothing_of_an_exercise_makes_a_record(kept: str, tmp_path: Path) -> None:
    """Beside the file of exercises and its key there is nothing: no record of advice was begun."""
    assert sorted(path.name for path in tmp_path.glob("t.*")) == ["t.exercises.db", "t.exercises.db.key"]
    assert kept.endswith("t.db")


@pytest.mark.parametrize("days", ["0", "soon"])
def test_days_that_are_none_are_refused_before_anything_is_erased(
    kept: str, days: str, command: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong setting erases nothing."""
    monkeypatch.setenv("THINKCHILD_EXERCISE_DAYS", days)
    assert "set it to 30" in command("exercise", "list", "--db", kept).sentence()
