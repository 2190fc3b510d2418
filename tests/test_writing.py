"""Files written for an author: whole, sound as they are, and never over what is there."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest
from content import copy_shipped, problems

from bot.areas import skeleton
from bot.errors import SetupError
from bot.library import read_content
from bot.signing import digest_of, signature_of
from bot.writing import add_signature, new_file, new_flow

if TYPE_CHECKING:
    from pathlib import Path

    from bot.library import Library

TITLES = [
    "A home visit left me worried",
    "Yes",
    "012 345",
    "- 'beginning with a dash",
    "It's 50% off, isn't it?",
    "Ünïcode, ☃ and more",
    "Supercalifragilisticexpialidocious",
]


@pytest.fixture(scope="module")
def shared_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the content once; each test takes away what it wrote."""
    root = tmp_path_factory.mktemp("content")
    copy_shipped(root)
    return root


@pytest.mark.parametrize("title", TITLES)
def test_a_new_flow_passes_every_check_as_it_is(shared_root: Path, content: Library, title: str) -> None:
    """Whatever its title looks like to YAML: no problem of form, words, structure or promise."""
    path = new_file("flow", "home_visit", new_flow(content, "home_visit", title), shared_root)
    try:
        assert path == shared_root / "dialogues/flows/home_visit.yaml"
        assert problems(shared_root) == []
        library = read_content(shared_root).library
        assert library is not None
        flow = library.flows["home_visit"]
        assert flow.title == title
        assert title.startswith(flow.short)
        assert flow.order > max(other.order for other in content.flows.values())
    finally:
        path.unlink()


@pytest.mark.parametrize(
    "title",
    ["", "   ", "—", "x" * 35, 'He said "no"', "a: b", "a {b}", "a # b", "a \\ b", "a\u200bb", "a\x00b", "a\udcffb"],
)
def test_a_title_that_would_not_fit_or_not_be_read_back_is_refused(content: Library, title: str) -> None:
    """One sentence says what a title may be."""
    with pytest.raises(SetupError, match="1 to 34 letters"):
        new_flow(content, "home_visit", title)


def test_an_id_that_is_taken_is_refused_before_anything_is_written(content: Library) -> None:
    """A flow, shared steps or a part of the menu may have the id already: the check would refuse the new one."""
    taken = ("mark_on_child", "danger_check", next(iter(content.groups)))
    for name in taken:
        with pytest.raises(SetupError, match=f"'{name}' is the id of .* already"):
            new_flow(content, name, "A title")


@pytest.mark.parametrize("name", ["Home", "1st", "a-b", "../up", "a/b", "", "a b", "x" * 65, "é"])
def test_what_cannot_be_an_id_is_refused(tmp_path: Path, name: str) -> None:
    """No file is written anywhere for a name that could not be an id."""
    with pytest.raises(SetupError, match="cannot be an id"):
        new_file("flow", name, "text", tmp_path)
    assert list(tmp_path.rglob("*")) == []


def test_nothing_that_is_there_is_written_over(shared_root: Path) -> None:
    """An existing file stays as it was, and the sentence says where it is."""
    path = shared_root / "dialogues/flows/new_partner.yaml"
    before = path.read_bytes()
    with pytest.raises(SetupError, match="is there already"):
        new_file("flow", "new_partner", "text", shared_root)
    assert path.read_bytes() == before


def test_a_folder_that_is_missing_or_cannot_be_written_gets_one_sentence(tmp_path: Path) -> None:
    """What happened, and to name a folder of one's own."""
    with pytest.raises(SetupError, match=r"cannot be written \(No such file or directory\): name a folder"):
        new_file("flow", "one", "text", tmp_path)
    with pytest.raises(SetupError, match="cannot be written"):
        add_signature(tmp_path, {"flow": "x"})
    if os.geteuid() == 0:
        return  # nothing is unwritable for root
    (tmp_path / "dialogues/flows").mkdir(parents=True)
    (tmp_path / "dialogues/flows").chmod(0o500)
    with pytest.raises(SetupError, match="Permission denied"):
        new_file("flow", "one", "text", tmp_path)


@pytest.mark.parametrize("title", ["Anytown", "Yes", 'The "old" {county}: part #2 ☃ \\ West'])
def test_a_new_area_passes_every_check_and_has_every_slot(shared_root: Path, content: Library, title: str) -> None:
    """Every contact and rung there is, all empty, each saying who has to fill it."""
    path = new_file("area", "anytown", skeleton(content, "anytown", title), shared_root)
    try:
        assert problems(shared_root) == []
        library = read_content(shared_root).library
        assert library is not None
        area = library.areas["anytown"]
        assert area.name == title
        assert set(area.contacts) == set(content.contacts)
        assert [timing.rung for timing in area.ladder] == [rung.id for rung in content.content.rungs]
        for contact in area.contacts.values():
            assert contact.number is None
            assert title in (contact.fill_by or "")
        assert all(item is not None for item in area.local_items.values())
    finally:
        path.unlink()


# --- signatures ----------------------------------------------------------------------------------------


def approval(library: Library, flow: str = "new_partner", **changed: str) -> dict[str, str]:
    """Return a signature as the command writes it."""
    whole = {"flow": flow, "digest": digest_of(library, flow), "name": "A. Lead", "role": "lead", "on": "2026-11-20"}
    return {**whole, **changed}


def test_a_signature_is_added_to_those_before_it_and_read_back(tmp_path: Path, content: Library) -> None:
    """One after the other, the comment at the head stays, others can read the file, and no draft lies about."""
    copy_shipped(tmp_path)
    path = add_signature(tmp_path, approval(content))
    add_signature(tmp_path, approval(content, "mark_on_child", name='O"Brien: #1 {x}', role="Ünïcode ☃ \\ head"))
    library = read_content(tmp_path).library
    assert library is not None
    assert [one.flow for one in library.content.signatures] == ["new_partner", "mark_on_child"]
    assert library.content.signatures[1].name == 'O"Brien: #1 {x}'
    assert library.content.signatures[1].role == "Ünïcode ☃ \\ head"
    assert signature_of(library, "mark_on_child") is not None
    assert path.read_text(encoding="utf-8").startswith("# Who approved")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [one.name for one in path.parent.iterdir() if one.name.startswith(".")] == []
    assert problems(tmp_path) == []


def test_the_file_of_signatures_is_made_where_there_is_none(tmp_path: Path, content: Library) -> None:
    """A folder of one's own may not have it yet."""
    copy_shipped(tmp_path)
    (tmp_path / "knowledge/signatures.yaml").unlink()
    add_signature(tmp_path, approval(content))
    assert problems(tmp_path) == []


@pytest.mark.parametrize("held", ["signatures:\n- {A}\n", "signatures: [{A}]\n", "signatures: [\n  {A}]\n"])
def test_a_file_laid_out_otherwise_is_left_as_it_was(tmp_path: Path, content: Library, held: str) -> None:
    """Adding a line would break it for everybody: one sentence says how it has to look, and nothing is changed."""
    copy_shipped(tmp_path)
    path = tmp_path / "knowledge/signatures.yaml"
    one = ", ".join(f'"{key}": "{value}"' for key, value in approval(content).items())
    path.write_text(held.replace("{A}", f"{{{one}}}"), encoding="utf-8")
    assert problems(tmp_path) == []
    before = path.read_bytes()
    with pytest.raises(SetupError, match="put each on a line"):
        add_signature(tmp_path, approval(content, "mark_on_child"))
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir() if one.name.startswith(".")] == []
