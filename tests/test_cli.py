"""The commands, run as a person runs them: another process, its output, its exit code."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.checks.codes import CODES
from bot.cli import cli

ROOT = Path(__file__).resolve().parent.parent


def run(*args: str, given: str = "", env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command and return what it printed and how it ended."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *args],
        input=given,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", **(env or {})},
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def advised(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Hold one conversation and return (database, receipt)."""
    db = str(tmp_path_factory.mktemp("advised") / "record.db")
    lines = [{"choose": "no_sign"}, {"choose": "soon"}, {"choose": "not_mobile"}, {"choose": "go_on"}]
    lines += [{"choose": "done"}] * 3 + [{"choose": "no_needs"}, {"choose": "no_reminder"}]
    done = run(
        "chat",
        "--json",
        "--flow",
        "mark_on_child",
        "--db",
        db,
        given="".join(json.dumps(line) + "\n" for line in lines),
    )
    assert done.returncode == 0, done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["closed"]
    return db, last["receipt"]


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """Return the error of a command that failed as it should: exit code 2, one line, no traceback."""
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_check_is_clean_and_says_how_much_it_proved() -> None:
    """The shipped content passes, and the command says over how many paths."""
    done = run("check")
    assert done.returncode == 0
    flows = len(list((ROOT / "dialogues/flows").glob("*.yaml")))
    assert re.search(rf"Clean: {flows} flows with \d{{3}},\d{{3}} paths, every promise kept", done.stdout)


def test_check_prints_every_problem_with_file_and_line_and_nothing_starts(tmp_path: Path) -> None:
    """Broken content: each problem as file:line: sentence, exit 2, and no conversation begins on it."""
    for part in ("dialogues", "knowledge"):
        shutil.copytree(ROOT / part, tmp_path / part)
    flow = tmp_path / "dialogues/flows/new_partner.yaml"
    flow.write_text(
        flow.read_text().replace("call: men_known", "call: men_knwon").replace("do: tell_lead", "do: tel_lead", 1)
    )
    done = run("check", "--content", str(tmp_path))
    assert done.returncode == 2
    assert re.search(
        r"^dialogues/flows/new_partner.yaml:\d+: 'men_knwon' is not a block. Did you mean 'men_known'\? \[unknown_block\]$",
        done.stdout,
        re.MULTILINE,
    )
    assert "Did you mean 'tell_lead'?" in done.stdout
    chat = run("chat", "--db", str(tmp_path / "r.db"), env={"THINKCHILD_CONTENT": str(tmp_path)})
    assert chat.returncode == 2
    assert chat.stdout == ""
    assert "men_knwon" in chat.stderr
    assert "Traceback" not in chat.stderr
    as_json = run("check", "--json", "--content", str(tmp_path))
    told = json.loads(as_json.stdout)
    assert {problem["code"] for problem in told} >= {"unknown_block", "unknown_word"}
    assert {problem["code"] for problem in told} <= set(CODES)
    assert [f"{one['file']}:{one['line']}: {one['says']} [{one['code']}]" for one in told] == done.stdout.splitlines()


def test_a_receipt_reprints_word_for_word_what_was_said(advised: tuple[str, str]) -> None:
    """Every text that the conversation said stands in the receipt, byte for byte, with times, sources and answers."""
    db, code = advised
    said = [row[0] for row in sqlite3.connect(db).execute("SELECT body FROM words WHERE part = 'advice'")]
    printed = run("log", "receipt", code.lower().replace("-", ""), "--db", db).stdout
    assert len(said) > 15
    for text in said:
        assert text in printed
    assert "Yes, either of those" in printed
    assert re.search(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", printed)
    assert "H9: " in printed


def test_a_receipt_page_escapes_and_leaves_lines_for_what_is_written_by_hand(
    advised: tuple[str, str], tmp_path: Path
) -> None:
    """The page holds the words, a line for the child's name, and nothing that could run."""
    db, code = advised
    page = tmp_path / "receipt.html"
    assert run("log", "receipt", code, "--db", db, "--html", str(page)).returncode == 0
    html = page.read_text(encoding="utf-8")
    assert "Child's name:" in html
    assert "Ring children&#39;s social care" in html
    assert "<script" not in html
    assert "http" not in html


def test_the_log_is_listed_shown_exported_and_verified(advised: tuple[str, str], tmp_path: Path) -> None:
    """list, show, export in three forms, and verify all read the same session."""
    db, code = advised
    assert code in run("log", "list", "--db", db).stdout
    assert json.loads(run("log", "list", "--json", "--db", db).stdout)[0]["receipt"] == code
    assert "mobile" not in run("log", "list", "--db", db).stdout
    shown = run("log", "show", code, "--db", db).stdout
    assert "Yes, either of those" in shown
    assert len(re.findall(r"\d+ \w+ \d{4} \d\d:\d\d \(\S+Z\)", shown)) == len(shown.splitlines()), "London and UTC"
    held = json.loads(run("log", "export", "--receipt", code, "--db", db).stdout)["sessions"][0]
    table = list(csv.DictReader(io.StringIO(run("log", "export", "--format", "csv", "--db", db).stdout)))
    words = [said["words"] for turn in held["turns"] for said in turn["said"]]
    assert words == [row["words"].replace("\r\n", "\n") for row in table if row["what"] == "advice"]
    out = tmp_path / "all.html"
    run("log", "export", "--format", "html", "--out", str(out), "--db", db)
    assert out.read_text(encoding="utf-8").count('class="words"') > len(words)
    assert "none changed" in run("log", "verify", "--db", db).stdout


def test_editing_one_byte_of_one_row_makes_verify_fail_and_name_it(advised: tuple[str, str], tmp_path: Path) -> None:
    """One byte of the file changed from outside, past every trigger: verify names the row."""
    db = tmp_path / "edited.db"
    source = sqlite3.connect(advised[0])
    source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    source.close()
    data = bytearray(Path(advised[0]).read_bytes())
    place = data.rfind(f"your receipt is {advised[1]}".encode())  # said in this session, and in no content
    assert place > 0
    data[place] = ord("Y")
    db.write_bytes(data)
    shutil.copy(advised[0] + ".key", str(db) + ".key")
    done = run("log", "verify", "--db", str(db))
    assert re.search(r"broken at (advice|outbox) row \d+ .*its words were changed", one_sentence(done))


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["chta"], "Did you mean 'chat'?"),
        (["log", "recipt", "X"], "Did you mean 'receipt'?"),
        (["chat", "--flow", "mark_on_chid"], "Did you mean 'mark_on_child'?"),
        (["chat", "--area", "engalnd"], "Did you mean 'england'?"),
        (["route"], "Give a text to route"),
        (["schema", "flwo"], "Did you mean 'flow'?"),
        (["log", "receipt", "AAA-AAA"], "no receipt"),
        (["flows", "--area", "nowhere"], "There is no area"),
    ],
)
def test_a_mistyped_command_gets_one_sentence_with_the_near_miss(
    args: list[str], says: str, advised: tuple[str, str]
) -> None:
    """Exit code 2, one sentence, and what was probably meant."""
    assert says in one_sentence(run(*args, env={"THINKCHILD_DB": advised[0]}))


def test_a_database_that_cannot_be_used_gets_one_sentence(tmp_path: Path) -> None:
    """A folder, a damaged file, somebody else's file, or none yet: what is wrong and what to do."""
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"not a database at all" * 500)
    other = tmp_path / "other.db"
    sqlite3.connect(other).execute("CREATE TABLE head (x)").connection.commit()
    assert "damaged" in one_sentence(run("chat", "--db", str(broken)))
    assert broken.read_bytes().startswith(b"not a database")
    assert "--db" in one_sentence(run("chat", "--db", str(other)))
    assert "--db" in one_sentence(run("chat", "--db", str(tmp_path)))
    assert "no record" in one_sentence(run("log", "list", "--db", str(tmp_path / "none.db")))
    assert "--db" in one_sentence(run("chat", "--db", "/dev/null/x.db"))


def test_route_says_where_messages_lead(tmp_path: Path) -> None:
    """One text, a file of texts, or JSON lines: an object each, with at least three candidates."""
    one = json.loads(run("route", "--json", "I've seen a mark on a child").stdout)
    assert one["decision"] == "flow"
    assert one["flow"] == "mark_on_child"
    assert len(one["candidates"]) >= 3
    assert set(one) == {"text", "decision", "flow", "candidates", "writer"}
    file = tmp_path / "texts"
    file.write_text('a new partner has moved in\n{"text": "the baby is not breathing"}\n\n', encoding="utf-8")
    found = [json.loads(line) for line in run("route", "--json", "--file", str(file)).stdout.splitlines()]
    assert [item["decision"] for item in found] == ["flow", "danger"]


def test_an_interrupt_or_a_closed_pipe_ends_quietly_with_everything_kept(tmp_path: Path) -> None:
    """Ctrl-C in the middle, and a reader that goes away: no traceback, and the session is there afterwards."""
    db = str(tmp_path / "r.db")
    command = [sys.executable, "-m", "bot", "chat", "--json", "--flow", "new_partner", "--db", db]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
    assert "Traceback" not in stderr
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        process.stdout.close()
        process.stdin.write('{"do": "help"}\n' * 50)
        process.stdin.close()
        time.sleep(0.5)
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
        process.wait(30)
    resumed = json.loads(run("chat", "--json", "--db", db).stdout.splitlines()[0])
    assert resumed["flow"] == "new_partner"


def test_a_token_is_asked_for_in_words() -> None:
    """Without a token the command says how to get one; nothing else happens."""
    pytest.importorskip("telegram.ext")
    said = one_sentence(run("telegram", env={"TELEGRAM_BOT_TOKEN": ""}))
    assert "BotFather" in said
    assert "TELEGRAM_BOT_TOKEN" in said


def test_every_command_has_help() -> None:
    """Each command says what it is for."""
    for name, command in cli.commands.items():
        assert command.help, name
        for inner, one in getattr(command, "commands", {}).items():
            assert one.help, (name, inner)
