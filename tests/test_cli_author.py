"""The commands of whoever writes and approves flows: new, preview, sign, transcript."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from content import copy_shipped
from walking import Talk

from bot.events import Do
from bot.session import Desk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Done

    from bot.advice_log import AdviceLog
    from bot.library import Library

FLOW = "new_partner"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Copy the content for a command to write into."""
    (tmp_path / "content").mkdir()
    copy_shipped(tmp_path / "content")
    return tmp_path / "content"


def signing(root: Path, *more: str, flow: str = FLOW) -> list[str]:
    """Return the words of a signing."""
    return ["sign", flow, "--name", "A. Lead", "--role", "designated lead", "--content", str(root), *more]


def is_signed(command: Callable[..., Done], root: Path, flow: str = FLOW) -> bool:
    """Ask the list of flows whether one is signed as it stands."""
    listed = command("flows", "--content", str(root))
    assert listed.code == 0, listed.err
    (line,) = [line for line in listed.out.splitlines() if line.split()[:1] == [flow]]
    return "(signed)" in line


def change(root: Path, name: str, old: str, new: str) -> None:
    """Change a word in a file; it has to be there."""
    path = root / name
    text = path.read_text(encoding="utf-8")
    assert old in text, (name, old)
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_lead_signs_and_sees_draft_again_after_a_change(command: Callable[..., Done], root: Path) -> None:
    """The whole way through the commands: sign, start, change shared steps, draft, put back, signed, sign again."""
    assert not is_signed(command, root)
    done = command(*signing(root))
    assert done.code == 0, done
    assert "Signed new_partner as it stands" in done.out
    assert is_signed(command, root)
    block = root / "dialogues/blocks/men_known.yaml"
    before = block.read_text(encoding="utf-8")
    change(root, "dialogues/blocks/men_known.yaml", "title: ", "title: Now ")
    assert not is_signed(command, root)
    block.write_text(before, encoding="utf-8")
    assert is_signed(command, root)
    change(root, "dialogues/flows/mark_on_child.yaml", "title: ", "title: x")
    assert is_signed(command, root)
    again = command(*signing(root))
    assert "It was signed before, by A. Lead on" in again.out
    assert command("check", "--content", str(root)).code == 0


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--on", "yesterday"], "is no day: write it as"),
        (["--on", (datetime.now(UTC) + timedelta(days=2)).date().isoformat()], "is still to come"),
        (["--name", "—"], "A name and a role are needed"),
        (["--role", "x" * 61], "at most 60"),
        (["--name", "a\x7fb"], "plain letters"),
        (["--name", "a\udcffb"], "plain letters"),
    ],
)
def test_a_signing_that_could_not_stand_is_refused(
    command: Callable[..., Done],
    root: Path,
    args: list[str],
    says: str,
) -> None:
    """One sentence, and the file of signatures is as it was."""
    before = (root / "knowledge/signatures.yaml").read_bytes()
    assert says in command(*signing(root, *args)).sentence()
    assert (root / "knowledge/signatures.yaml").read_bytes() == before


def test_an_unknown_flow_cannot_be_signed(command: Callable[..., Done], root: Path) -> None:
    """With the near miss."""
    assert "Did you mean 'new_partner'?" in command(*signing(root, flow="new_partnr")).sentence()


def test_nothing_unsigned_is_offered_and_with_nothing_signed_nothing_starts(
    command: Callable[..., Done],
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In the terminal, as JSON and on Telegram, by option or by setting: one sentence and exit code 2."""
    monkeypatch.setenv("THINKCHILD_CONTENT", str(root))
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
    db = ("--db", str(tmp_path / "r.db"))
    says = "No flow is signed as it now stands"
    assert says in command("chat", "--require-signed", *db).sentence()
    assert says in command("chat", "--json", "--require-signed", *db).sentence()
    with monkeypatch.context() as now:
        now.setenv("THINKCHILD_REQUIRE_SIGNED", "1")
        assert says in command("chat", *db).sentence()
    try:
        import telegram.ext  # noqa: F401, PLC0415
    except ImportError:
        return
    assert says in command("telegram", "--require-signed", *db).sentence()


# --- new flows -----------------------------------------------------------------------------------------


def test_a_new_flow_is_written_checked_and_listed(command: Callable[..., Done], root: Path) -> None:
    """As it is, it passes, stands in the menu, and can be talked through."""
    made = command("new", "flow", "home_visit", "--title", "A home visit left me worried", "--content", str(root))
    assert made.code == 0, made
    assert "thinkchild preview home_visit" in made.out
    assert command("check", "--content", str(root)).code == 0
    assert not is_signed(command, root, "home_visit")


@pytest.mark.parametrize(
    ("name", "title", "says"),
    [
        ("Home-Visit", "A title", "cannot be an id"),
        ("home_visit", "x" * 40, "1 to 34 letters"),
        ("home_visit", "Ask @somebody", "Nothing was written; choose another"),
        ("new_partner", "A title", "is the id of a flow already"),
        ("danger_check", "A title", "is the id of shared steps already"),
    ],
)
def test_a_new_flow_that_would_not_pass_is_not_written(
    command: Callable[..., Done],
    root: Path,
    name: str,
    title: str,
    says: str,
) -> None:
    """One sentence, and no file is left behind or changed."""
    before = {path: path.read_bytes() for path in (root / "dialogues").rglob("*") if path.is_file()}
    assert says in command("new", "flow", name, "--title", title, "--content", str(root)).sentence()
    assert {path: path.read_bytes() for path in (root / "dialogues").rglob("*") if path.is_file()} == before


def test_a_folder_that_cannot_be_written_gets_one_sentence(command: Callable[..., Done], root: Path) -> None:
    """Read-only content, as in an installed package: what to do instead."""
    if os.geteuid() == 0:
        (root / "knowledge/signatures.yaml").unlink()
        (root / "knowledge/signatures.yaml").mkdir()  # what even root cannot write
        said = command(*signing(root)).sentence()
    else:
        (root / "knowledge").chmod(0o500)
        said = command(*signing(root)).sentence()
        (root / "knowledge").chmod(0o700)
    assert "cannot be written" in said
    assert "--content" in said


# --- preview and transcripts ---------------------------------------------------------------------------


def test_a_preview_of_nothing_gets_one_sentence(command: Callable[..., Done]) -> None:
    """An unknown flow or area, with the near miss."""
    assert "Did you mean 'new_partner'?" in command("preview", "new_partnr").sentence()
    assert "Did you mean 'england'?" in command("preview", "new_partner", "--area", "engalnd").sentence()


def test_a_receipt_becomes_an_example_that_passes(
    command: Callable[..., Done],
    content: Library,
    log: AdviceLog,
    tmp_path: Path,
) -> None:
    """Out of the record, into a file, and run; a file that says otherwise fails with its lines."""
    talk = Talk(desk := Desk(log, content, area="demonstration"), desk.person("me"))
    said = talk.go("new_partner", "no_sign")
    talk.say(Do("danger"))
    file = tmp_path / "example.txt"
    made = command("transcript", "new", said.out["receipt"], "--db", str(tmp_path / "advice.db"), "--out", str(file))
    assert made.code == 0, made
    done = command("transcript", "run", str(file))
    assert done.code == 0, done
    assert "as it says" in done.out
    file.write_text(file.read_text(encoding="utf-8") + "All is well.\n", encoding="utf-8")
    number = len(file.read_text(encoding="utf-8").splitlines())
    failed = command("transcript", "run", str(file), str(file))
    assert failed.code == 2
    assert re.search(rf"line {number}: this was not said: 'All is well.'", failed.out)
    assert failed.err.strip() == "2 of 2 did not go as they say."


@pytest.mark.usefixtures("log")
def test_transcripts_that_are_not_there_or_no_text_get_one_sentence(
    command: Callable[..., Done],
    tmp_path: Path,
) -> None:
    """An unknown receipt, an unknown file, one that is not UTF-8, one that is no example, a folder to write to."""
    db = ("--db", str(tmp_path / "advice.db"))
    assert "There is no receipt 'AAA-AAA'" in command("transcript", "new", "AAA-AAA", *db).sentence()
    assert "no record" in command("transcript", "new", "AAA-AAA", "--db", str(tmp_path / "none.db")).sentence()
    assert command("transcript", "run", str(tmp_path / "none.txt")).code == 2
    odd = tmp_path / "odd.txt"
    odd.write_bytes(b"# one\n> \xff\n")
    assert "not UTF-8" in command("transcript", "run", str(odd)).sentence()
    odd.write_text("# one\n> a\n= nothing here\n", encoding="utf-8")
    assert "odd.txt, line 3" in command("transcript", "run", str(odd)).sentence()
