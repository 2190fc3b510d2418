"""Every problem carries a code that is explained; no code is explained that nothing can carry."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from content import BAD_CONTENT, mistakes
from test_bad_content import ANSWERED, CHANGED, REMOVED
from test_promises import BROKEN

import bot
from bot.checks.codes import CODES, RULES, page
from bot.checks.rule_bans import BANS
from bot.checks.rule_words import HAS_TO_SAY, LINES_HAVE_TO_SAY
from bot.cli import cli

ROOT = Path(__file__).parent.parent
PACKAGE = Path(bot.__file__).parent
SOURCES = [
    PACKAGE / "reading.py",
    PACKAGE / "library.py",
    PACKAGE / "cli_content.py",
    *(path for path in sorted((PACKAGE / "checks").glob("*.py")) if path.stem != "codes"),
]
"""The modules that make problems."""
ARGUMENT = {"refuse": 1, "_refuse_at": 1, "Problem": 2, "unknown": 3, "_topics_on_every_path": 1}
"""Where each function that makes a problem takes its code."""
CODE = re.compile(r"[a-z]+(_[a-z0-9]+)*_?|[PH]\d+b?")
MADE_BY = {
    "area_not_ready": ("test_codes.py", "test_an_area_that_is_not_ready_is_told_with_its_code"),
    "file_too_large": ("test_bad_content.py", "test_a_file_that_is_too_large_is_refused_unread"),
    "missing_answers": ("test_bad_content.py", "test_no_list_of_answers_may_go_missing"),
    "missing_block": ("test_bad_content.py", "test_a_block_the_engine_needs_may_not_go_missing"),
    "missing_file": ("test_bad_content.py", "test_the_vocabulary_may_not_go_missing"),
    "missing_line": ("test_bad_content.py", "test_no_fixed_line_may_go_missing"),
    "not_utf8": ("test_bad_content.py", "test_text_that_is_not_utf8_is_refused"),
    "unreadable": ("test_reading.py", "test_what_cannot_be_read_is_a_problem_and_no_crash"),
}
"""Codes that no bad file can show, each with the test that makes it."""


def codes_of(path: Path) -> set[str]:
    """Return every code that a module gives to a problem; of one that is put together, what it begins with."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 3:
            arguments = [node.value.elts[2]]
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            arguments = node.args[ARGUMENT[name] : ARGUMENT[name] + 1] if name in ARGUMENT else []
            if name == "problem":
                arguments = node.args[3:4] if len(node.args) == 5 else node.args[:2]
        else:
            continue
        for argument in arguments:
            if isinstance(argument, ast.JoinedStr):
                parts: list[ast.expr] = argument.values[:1]
            elif isinstance(argument, ast.IfExp):
                parts = [argument.body, argument.orelse]
            else:  # a code itself, or `table.get(name, code)`
                parts = [argument, *(argument.args[1:] if isinstance(argument, ast.Call) else [])]
            found |= {part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    return {code for code in found if CODE.fullmatch(code)}


def shown_by_tests() -> set[str]:
    """Return every code for which some test makes the mistake."""
    shown = {mistake.code for mistake in mistakes()} | {broken.code for broken in BROKEN.values()}
    shown |= {entry[2] for entry in CHANGED.values()} | {entry[1] for entry in REMOVED.values()}
    shown |= {item.rule for part in (BANS, HAS_TO_SAY, LINES_HAVE_TO_SAY) for item in part}  # test_hard_rules.py
    return shown | set(ANSWERED.values()) | set(MADE_BY)


def test_every_code_in_the_program_is_explained() -> None:
    """Whatever code the program can print, `check --explain` knows it."""
    codes = set[str]().union(*map(codes_of, SOURCES))
    assert len(codes) > 50, "the codes are not found in the source any more"
    listed = {
        code for code in codes if code in CODES or (code.endswith("_") and any(c.startswith(code) for c in CODES))
    }
    assert codes - listed == set()


def test_every_code_that_is_explained_is_in_the_program() -> None:
    """No code is explained that no module names, or begins the name of."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    gone = {code for code in CODES if f'"{code}"' not in text and f'f"{code.split("_")[0]}_{{' not in text}
    assert gone == set()


def test_every_code_is_shown_by_a_mistake_that_some_test_makes() -> None:
    """No code is explained that nobody has ever seen."""
    assert set(CODES) - shown_by_tests() == set()
    assert shown_by_tests() - set(CODES) == set()


@pytest.mark.parametrize("code", MADE_BY)
def test_the_tests_named_for_a_code_are_there_and_ask_for_it(code: str) -> None:
    """A code that no bad file shows is asked for by the test that is named for it."""
    file, name = MADE_BY[code]
    tree = ast.parse((Path(__file__).parent / file).read_text(encoding="utf-8"))
    (test,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    assert code in {node.value for node in ast.walk(test) if isinstance(node, ast.Constant)}


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_explained_in_whole_sentences(code: str) -> None:
    """What it means, and what to do: each ends like a sentence, and `--explain` says both."""
    assert all(re.fullmatch(r"['A-Z].+\.", said) for said in CODES[code])
    done = CliRunner().invoke(cli, ["check", "--explain", code])
    assert done.exit_code == 0
    assert done.output == " ".join(CODES[code]) + "\n"


def test_a_code_that_does_not_exist_gets_its_near_miss() -> None:
    """A mistyped code is answered with the one that was probably meant."""
    done = CliRunner().invoke(cli, ["check", "--explain", "unknown_wrod"])
    assert "Did you mean 'unknown_word'?" in str(done.exception)


def test_the_page_of_codes_is_fresh() -> None:
    """`thinkchild check --explain all --markdown > knowledge/codes.md` would change nothing."""
    kept = (ROOT / "knowledge/codes.md").read_text(encoding="utf-8")
    assert kept == page({path.stem: path.read_text(encoding="utf-8") for path in BAD_CONTENT.glob("*.yaml")})
    done = CliRunner().invoke(cli, ["check", "--explain", "all", "--markdown"])
    assert done.output == kept
    assert re.findall(r"^## (\w+)$", kept, re.MULTILINE) == list(CODES)
    assert kept.count("```yaml") > (len(CODES) - len(RULES)) / 2
    assert "(codes.md)" in (ROOT / "knowledge/README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("area", "says"), [("england", "no number for the emergency duty team"), ("demonstration", "invented")]
)
def test_an_area_that_is_not_ready_is_told_with_its_code(area: str, says: str) -> None:
    """`check --release` refuses a pack that nobody may work with yet, in the same form as every other problem."""
    done = CliRunner().invoke(cli, ["check", "--release", "--area", area])
    assert done.exit_code == 2
    code, place = "area_not_ready", f"knowledge/areas/{area}.yaml:1: "
    assert any(
        line.startswith(place) and says in line and line.endswith(f" [{code}]") for line in done.output.splitlines()
    )
