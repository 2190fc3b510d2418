"""The commands that show what is known, and those for area packs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from content import copy_shipped, shipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Done

REAL = sorted(set(shipped().areas) - {"demonstration", "england"})
TEAM = '  emergency_duty_team:\n    name: "the emergency duty team"\n'


def test_a_source_is_shown_in_full_however_its_id_is_written(command: Callable[..., Done]) -> None:
    """Big letters or small; with what carries it."""
    shown = command("point", "h21")
    assert shown.code == 0
    assert shown.out.startswith("H21: ")
    assert "Carried by: " in shown.out
    assert shown.out == command("point", "H21").out


@pytest.mark.parametrize(("given", "meant"), [("H211", "H21"), ("oxfordshire-q31", "oxfordshire-q-31"), ("zzz", "")])
def test_an_unknown_source_gets_the_near_miss(command: Callable[..., Done], given: str, meant: str) -> None:
    """One sentence, and how to look for it."""
    said = command("point", given).sentence()
    assert f"There is no source '{given}'" in said
    assert "thinkchild search" in said
    assert f"Did you mean '{meant}'?" in said if meant else "Did you mean" not in said


def test_the_documents_are_listed(command: Callable[..., Done]) -> None:
    """Each once, with its standing."""
    out = command("sources").out
    for document in shipped().content.documents:
        assert f"\n{document.id}: " in f"\n{out}"


def test_a_search_prints_or_gives_json(command: Callable[..., Done]) -> None:
    """The best first, no more than asked for; nothing found is no error."""
    printed = command("search", "bath", "--limit", "3")
    assert printed.out.split()[:2] == ["rule", "H21"]
    found = json.loads(command("search", "--json", "--limit", "3", "in", "the", "bath").out)
    assert found[0]["id"] == "H21"
    assert len(found) == 3
    assert set(found[0]) == {"kind", "id", "title", "text", "source"}
    assert "From: " in printed.out
    for words in ("xyzzyx", '"; DROP TABLE known; --xyzzyx', "the"):
        nothing = command("search", "--", words)
        assert nothing.code == 0
        assert nothing.out.startswith("Nothing found") or "known" in words
    assert command("search").code == 2
    assert command("search", "--limit", "0", "bath").code == 2


@pytest.mark.parametrize("name", [*REAL, "england", "demonstration"])
def test_a_pack_that_is_not_filled_fails_a_release_with_a_sentence(command: Callable[..., Done], name: str) -> None:
    """Without --release the same pack is only described."""
    told = command("area", "check", name)
    assert told.code == 0
    assert told.out.startswith(f"{name}: ")
    refused = command("area", "check", name, "--release")
    assert refused.code == 2
    for line in refused.err.strip().splitlines():
        assert line.startswith(f"{name}: ")
        assert line.endswith(".")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["area", "check", "engalnd"], "Did you mean 'england'?"),
        (["area", "check", "--on", "tomorrow"], "'tomorrow' is no day: write it as 2026-11-21."),
        (["area", "check", "--on", "2026-02-30"], "is no day"),
        (["area", "chekc"], "Did you mean 'check'?"),
    ],
)
def test_what_is_mistyped_gets_one_sentence(command: Callable[..., Done], args: list[str], says: str) -> None:
    """Exit code 2, and what to write."""
    assert says in command(*args).sentence()


def test_a_new_pack_is_begun_filled_and_released(command: Callable[..., Done], tmp_path: Path) -> None:
    """From the empty skeleton, which is refused, to a pack that may be used until its review date."""
    copy_shipped(tmp_path)
    content = ("--content", str(tmp_path))
    made = command("area", "new", "anytown", "--name", "Anytown", *content)
    assert made.code == 0, made
    assert "thinkchild area check anytown --release" in made.out
    assert "is there already" in command("area", "new", "anytown", "--name", "Anytown", *content).sentence()
    assert "cannot be an id" in command("area", "new", "Any Town", "--name", "Anytown", *content).sentence()
    assert "no number for the emergency duty team" in command("area", "check", "anytown", "--release", *content).err
    path = tmp_path / "knowledge/areas/anytown.yaml"
    text = path.read_text(encoding="utf-8")
    slot = re.search(r"  emergency_duty_team:\n    name: .*\n    fill_by: .*\n", text)
    assert slot is not None
    for stamp, day, fit in (
        ('checked_on: "2026-11-01"\n    review_by: "2027-05-01"\n    evidence: primary', "2026-11-21", True),
        ('checked_on: "2026-11-01"\n    review_by: "2027-05-01"\n    evidence: primary', "2027-05-02", False),
        ('checked_on: "2026-11-01"\n    review_by: "2027-05-01"\n    evidence: primary', "2026-10-31", False),
        ('checked_on: "2026-11-01"\n    review_by: "2027-05-01"', "2026-11-21", False),
    ):
        filled = f'  emergency_duty_team:\n    name: Duty team\n    number: "01632 960960"\n    {stamp}\n'
        path.write_text(text.replace(slot[0], filled), encoding="utf-8")
        done = command("area", "check", "anytown", "--release", "--on", day, *content)
        assert (done.code == 0) == fit, (stamp, day, done)
        assert fit or "is not current" in done.err
