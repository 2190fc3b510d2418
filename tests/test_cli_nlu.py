"""The commands for whoever keeps the understanding of typed words in order, from outside."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
import yaml
from content import copy_shipped

from bot.upkeep import messages, suggestions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Done

FEW = 5
"""Examples kept of each flow, so that learning takes no time."""
SAME = "there is a green bruise on the arm of the baby"
STRAY = "a new partner has moved in with mum"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the content with few examples of each flow, one of them twice, and one among those of another flow."""
    root = tmp_path_factory.mktemp("content")
    copy_shipped(root)
    for path in (root / "dialogues/nlu").glob("*.yaml"):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        lines = ['version: "3.1"', "", "nlu:"]
        for intent in data["nlu"]:
            some = intent["examples"].splitlines()[:FEW]
            if intent["intent"] == "mark_on_child":
                some += [f"- {SAME}", f"- {SAME.upper()}!", f"- {STRAY}"]
            if intent["intent"] == "new_partner":
                some += [f"- {STRAY} {n} weeks ago" for n in range(6)] + [f"- {SAME}"]
            lines += [f"- intent: {intent['intent']}", "  examples: |", *(f"    {line}" for line in some)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


@pytest.fixture
def sets(tmp_path: Path) -> list[str]:
    """Write a small set of held-out messages, and one about danger; return the options that name them."""
    mine, danger = tmp_path / "mine.yaml", tmp_path / "danger.yaml"
    mine.write_text(
        "voices: [plain, in haste]\n"
        "mark_on_child: [I have seen a bruise on a child, bruise. child. help]\n"
        "new_partner: [mum has a new partner, new bf moved in]\n"
        "out_of_scope: [what is for lunch]\n",
        encoding="utf-8",
    )
    danger.write_text("live: [the baby is not breathing]\nnot_live: [a course on first aid]\n", encoding="utf-8")
    return ["--set", str(mine), "--danger", str(danger)]


def test_it_measures_with_the_messages_it_is_given(command: Callable[..., Done], root: Path, sets: list[str]) -> None:
    """By flow and by voice, with danger; as text and as JSON."""
    text = command("nlu", "evaluate", "--content", str(root), *sets)
    assert text.code == 0, text.err
    assert "7 messages; matching by vectors" in text.out
    assert re.search(r"in haste +2 ", text.out)
    data = json.loads(command("nlu", "evaluate", "--json", "--content", str(root), *sets).out)
    assert data["messages"] == 7
    assert data["in_scope"]["first"]["of"] == 4
    assert data["danger"]["live"]["hits"] == 1
    assert set(data["voices"]) == {"plain", "in haste"}


def test_a_set_of_one_kind_is_enough(command: Callable[..., Done], root: Path, sets: list[str]) -> None:
    """Then nothing is said of the other."""
    data = json.loads(command("nlu", "evaluate", "--json", "--content", str(root), *sets[:2]).out)
    assert "live" not in data["danger"]
    data = json.loads(command("nlu", "evaluate", "--json", "--content", str(root), *sets[2:]).out)
    assert data["in_scope"] == {}
    assert data["danger"]["live"]["of"] == 1


def test_a_page_is_written(command: Callable[..., Done], root: Path, sets: list[str], tmp_path: Path) -> None:
    """A page by itself, or beside the JSON."""
    page = tmp_path / "page.html"
    done = command("nlu", "evaluate", "--html", str(page), "--content", str(root), *sets)
    assert done.out == f"Wrote {page}.\n"
    assert "<h1>How well typed words are understood</h1>" in page.read_text(encoding="utf-8")
    said = command(
        "nlu", "evaluate", "--html", str(tmp_path / "no/such/page.html"), "--content", str(root), *sets
    ).sentence()
    assert "cannot be written" in said


def test_without_a_set_it_says_where_they_are(
    command: Callable[..., Done], root: Path, sets: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installed package has no held-out messages; and two kinds of messages are not mixed."""
    monkeypatch.setattr(messages, "shipped_sets", lambda: None)
    said = command("nlu", "evaluate", "--content", str(root)).sentence()
    assert "they come with a source checkout" in said
    assert "--cross" in said
    assert "not both" in command("nlu", "evaluate", "--cross", *sets).sentence()
    assert "There is no file" in command("nlu", "evaluate", "--set", "gone.yaml", "--content", str(root)).sentence()


def test_examples_can_be_left_out_instead(command: Callable[..., Done], root: Path) -> None:
    """Every example is counted once, those about danger too."""
    done = command("nlu", "evaluate", "--cross", "--parts", "2", "--json", "--content", str(root))
    data = json.loads(done.out)
    assert data["messages"] == len(suggestions.examples_in(root))
    assert data["voices"] == {}
    assert done.err.splitlines() == ["part 1 of 2", "part 2 of 2"]


def test_calibrating_shows_and_writes_only_when_told(command: Callable[..., Done], root: Path, sets: list[str]) -> None:
    """First the tables; then the file, which the next command reads."""
    file = root / "knowledge/phrases/cuts.yaml"
    before = file.read_text(encoding="utf-8")
    shown = command("nlu", "calibrate", "--parts", "2", "--content", str(root), *sets)
    assert shown.code == 0, shown.err
    assert "Nothing was written" in shown.out
    assert file.read_text(encoding="utf-8") == before
    try:
        done = command("nlu", "calibrate", "--write", "--live", "1.0", "--parts", "2", "--content", str(root), *sets)
        found = re.search(r"open_at ([\d.]+), choose_at ([\d.]+), alarm_at (-?[\d.]+)\.$", done.out, re.MULTILINE)
        assert found is not None, done
        now = json.loads(command("nlu", "evaluate", "--json", "--content", str(root), *sets).out)["cuts"]
        assert [str(now[name]) for name in ("open_at", "choose_at", "alarm_at")] == [
            f"{float(n)}" for n in found.groups()
        ]
        assert command("check", "--content", str(root)).code == 0
    finally:
        file.write_text(before, encoding="utf-8")
    assert "both --set and --danger" in command("nlu", "calibrate", *sets[:2]).sentence()
    assert command("nlu", "calibrate", "--live", "2").code == 2


def test_what_to_look_at_is_named_by_file_and_line(command: Callable[..., Done], root: Path) -> None:
    """An editor can jump there: the line is the example's own, and so is the other one's."""
    found = json.loads(command("nlu", "suggest", "--json", "--parts", "2", "--content", str(root)).out)
    by_kind = {kind: [one for one in found if one["kind"] == kind] for kind in {one["kind"] for one in found}}
    assert set(by_kind) == {"thin", "duplicate", "duplicate_across", "nearer_another"}

    def line(place: str) -> str:
        file, _, number = place.rpartition(":")
        return (root / file).read_text(encoding="utf-8").splitlines()[int(number) - 1].strip()

    twice = next(one for one in by_kind["duplicate"] if SAME in one["says"])
    assert {line(f"{twice['file']}:{twice['line']}"), line(twice["also"])} == {f"- {SAME}", f"- {SAME.upper()}!"}
    across = next(one for one in by_kind["duplicate_across"] if SAME in one["says"].lower())
    assert "mark_on_child.yaml" in across["file"]
    assert "new_partner.yaml" in across["also"]
    assert "which is about new_partner" in across["says"]
    stray = next(one for one in by_kind["nearer_another"] if STRAY in one["says"])
    assert "nearer new_partner" in stray["says"]
    assert line(f"{stray['file']}:{stray['line']}") == f"- {STRAY}"
    assert any("new_partner has 12 examples; 120 are wanted" in one["says"] for one in by_kind["thin"])
    assert any("modern_slavery has 5 examples; 40 are wanted" in one["says"] for one in by_kind["thin"])


def test_the_quick_way_leaves_out_what_takes_minutes(command: Callable[..., Done], root: Path) -> None:
    """Nothing is learned; the rest is the same, one a line."""
    done = command("nlu", "suggest", "--quick", "--content", str(root))
    assert done.code == 0
    assert "nearer" not in done.out
    assert "part 1" not in done.err
    assert all(re.match(r"dialogues/nlu/\w+\.yaml:\d+: ", line) for line in done.out.splitlines())
    assert f"{len(done.out.splitlines())} suggestions for" in done.err


def test_the_shipped_examples_are_enough(command: Callable[..., Done]) -> None:
    """No flow that is shipped is thin."""
    found = json.loads(command("nlu", "suggest", "--quick", "--json").out)
    assert [one["says"] for one in found if one["kind"] == "thin"] == []
