"""The hazard log is whole, names tests that there are, and a run of all tests fails where one of them was not tried."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hazard_log import FIELDS, HOLDERS, LIKELIHOODS, SEVERITIES, Hazard, matrix_of, missing, parse

if TYPE_CHECKING:
    from collections.abc import Callable

TESTS = Path(__file__).parent
LOG = (TESTS / "HAZARDS.md").read_text(encoding="utf-8")
START = LOG.index("| likelihood | minor")
TABLE = LOG[START : LOG.index("\n\n", START)]
ONE = f"""{TABLE}
### HZ-01 Something goes wrong

**Harm:** A child waits.
**Causes:** Many.
**Before:** major, high = 4
**Controls:**
- design: something is done
  - `tests/test_one.py::test_it_holds`
**After:** major, low = 3
**Remains:** A little.
**Held by:** operator, lead
"""


@pytest.fixture(scope="module")
def hazards() -> list[Hazard]:
    """Read the hazard log."""
    return parse(LOG)[0]


def test_the_log_is_in_its_form() -> None:
    """Every hazard has every field, its number in the order, and ratings that are those of the table."""
    found, problems = parse(LOG)
    assert not problems, "\n".join(problems)
    assert len(found) >= 50


def test_every_named_test_is_there(hazards: list[Hazard]) -> None:
    """No control rests on a test that was renamed or taken out."""
    assert not missing(hazards, TESTS.parent)


def test_the_table_at_the_head_says_what_the_log_says(hazards: list[Hazard]) -> None:
    """Each hazard is in it once, with its two numbers and with who holds what remains."""
    head = LOG[: LOG.index("### HZ-01")]
    assert [line for line in head.splitlines() if line.startswith("| HZ-")] == [hazard.row for hazard in hazards]


def test_most_hazards_have_a_test_and_what_has_none_is_counted(hazards: list[Hazard]) -> None:
    """No hazard is without any test; the head says how many controls have none."""
    bare = [hazard.id for hazard in hazards if not hazard.tests]
    assert not bare
    controls = [control for hazard in hazards for control in hazard.controls]
    without = sum(not control.tests for control in controls)
    assert f"{len(hazards)} hazards, {len(controls)} controls, of which {without} have no test" in LOG


def test_what_stays_high_is_named_at_the_head(hazards: list[Hazard]) -> None:
    """Whatever is rated four or five after all controls needs somebody's decision, and stands where nobody can miss it."""
    high = [hazard.id for hazard in hazards if hazard.after and hazard.after.number >= 4]
    paragraph = LOG[LOG.index("Four and five after all controls") : LOG.index("| id | hazard")]
    assert [word.strip(":,") for word in paragraph.split() if word.startswith("HZ-")] == high


def test_it_says_what_it_is_not() -> None:
    """Nobody may take our own estimates for a safety case that somebody qualified has read."""
    assert "no clinical-safety officer and no safeguarding lead has reviewed" in LOG
    assert "claims no compliance" in LOG


def test_the_scale_rises_with_both(hazards: list[Hazard]) -> None:
    """What is worse, or likelier, is never rated lower; and all of the scale has a number."""
    numbers = matrix_of(LOG)
    for worse, bad in zip(SEVERITIES[1:], SEVERITIES, strict=False):
        assert all(numbers[worse, one] >= numbers[bad, one] for one in LIKELIHOODS)
    for likelier, likely in zip(LIKELIHOODS[1:], LIKELIHOODS, strict=False):
        assert all(numbers[one, likelier] >= numbers[one, likely] for one in SEVERITIES)
    assert {who for hazard in hazards for who in hazard.fields["Held by"].split(", ")} == set(HOLDERS)


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("HZ-01", "HZ-02", "HZ-02 stands where HZ-01 is due"),
        ("### HZ-01 Some", "### HZ-1 Some", "a heading of a hazard is"),
        *((f"**{name}:**", "**Other:**", f"'{name}' is missing or empty") for name in FIELDS),
        ("A child waits.", "", "'Harm' is missing or empty"),
        ("major, high = 4", "major, high = 5", "by the table it is 4"),
        ("major, high", "dreadful, high", "in the words of the scale"),
        ("major, low = 3", "catastrophic, very high = 5", "the controls make it worse"),
        ("- design", "- hope", "is no control"),
        ("  - `tests/test_one.py::test_it_holds`\n", "", "no test proves 'something is done'"),
        ("`tests/test_one.py::test_it_holds`", "the usual tests", "is no test"),
        ("`tests/test_one.py::test_it_holds`", "`test_it_holds`", "is no test"),
        ("`tests/test_one.py::test_it_holds`", "no test: later", "does not say why"),
        ("operator, lead", "everybody", "can't hold what remains"),
        ("| high | 2 | 3 | 3 | 4 | 5 |", "", "the table of risks is not whole"),
        ("**After:**", "**Harm:** Again.\n**After:**", "'Harm' stands there twice"),
    ],
)
def test_what_is_not_in_the_form_is_named(was: str, becomes: str, says: str) -> None:
    """Each slip in the log has a sentence with the number of its hazard."""
    assert parse(ONE)[1] == []
    assert was in ONE
    problems = parse(ONE.replace(was, becomes, 1))[1]
    assert any(says in problem for problem in problems), problems


def test_a_reason_stands_in_for_a_test() -> None:
    """What no test can prove may say so, in more than a word."""
    text = ONE.replace("`tests/test_one.py::test_it_holds`", "no test: it is the operator who has to do it")
    found, problems = parse(text)
    assert not problems
    assert not found[0].tests


def test_a_test_that_is_gone_is_missed(tmp_path: Path) -> None:
    """A renamed test, and a file that is not there."""
    (tmp_path / "tests").mkdir()
    found, _ = parse(ONE)
    assert "there is no test tests/test_one.py::test_it_holds" in missing(found, tmp_path)[0]
    (tmp_path / "tests/test_two.py").write_text("def test_it_held():\n    pass\n", encoding="utf-8")
    renamed, _ = parse(ONE.replace("test_one", "test_two"))
    assert missing(renamed, tmp_path)
    right, _ = parse(ONE.replace("test_one", "test_two").replace("test_it_holds", "test_it_held"))
    assert not missing(right, tmp_path)


# --- a run of tests ---------------------------------------------------------------------------------------

PASSES = "def test_it_holds():\n    pass\n\ndef test_other():\n    pass\n"
SKIPS = "import pytest\n@pytest.mark.skip(reason='not today')\ndef test_it_holds():\n    pass\n"
SETTING = "[pytest]\ntestpaths = tests\n"

Run = subprocess.CompletedProcess[str]


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Run]:
    """Return a way to run the tests of a small project whose hazard log names one test."""

    def ran(source: str, *options: str, file: str = "tests/test_one.py", setting: str = SETTING, **environ: str) -> Run:
        where = tmp_path / file
        where.parent.mkdir(parents=True)
        where.write_text(source, encoding="utf-8")
        (tmp_path / "tests/test_beside.py").write_text("def test_beside():\n    pass\n", encoding="utf-8")
        (tmp_path / "tests/HAZARDS.md").write_text(ONE.replace("tests/test_one.py", file), encoding="utf-8")
        conftest = f"import sys\nsys.path.insert(0, {str(TESTS)!r})\nfrom hazard_watch import pytest_configure\n"
        (tmp_path / "tests/conftest.py").write_text(conftest, encoding="utf-8")
        (tmp_path / "pytest.ini").write_text(setting, encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "THINKCHILD"))}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "pytest_randomly", *options]
        kept["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        return subprocess.run(command, cwd=tmp_path, env=kept | environ, capture_output=True, text=True, check=False)

    return ran


NAMED = "HZ-01 (Something goes wrong): tests/test_one.py::test_it_holds"


def test_a_run_in_which_everything_named_ran_passes(run: Callable[..., Run]) -> None:
    """And it says so, in one line."""
    done = run(PASSES)
    assert done.returncode == 0, done.stdout
    assert "1 hazards, 1 tests that prove their controls: each of them ran" in done.stdout


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (SKIPS, "was skipped (not today), so nothing proves this control"),
        (
            "import pytest\npytest.importorskip('no_such_thing', reason='no such thing')\n" + PASSES,
            "was skipped (no such",
        ),
        (PASSES.replace("test_it_holds", "test_it_held"), "did not run, so nothing proves this control"),
        (
            "import pytest\n@pytest.mark.xfail(reason='known')\ndef test_it_holds():\n    assert 0\n",
            "was skipped (expected",
        ),
        (
            "import pytest\n@pytest.mark.parametrize('n', [1, 2])\ndef test_it_holds(n):\n    if n == 2:\n        pytest.skip('no 2')\n",
            "was skipped (no 2)",
        ),
        (
            "import pytest\n@pytest.fixture\ndef f():\n    pytest.skip('none here')\n\ndef test_it_holds(f):\n    pass\n",
            "was skipped (none here)",
        ),
    ],
)
def test_a_run_of_all_tests_fails_where_a_named_one_did_not_run(run: Callable[..., Run], source: str, why: str) -> None:
    """Skipped, skipped with its file, gone, expected to fail, or skipped in one of its ways: a sentence, and exit code 1."""
    done = run(source)
    assert done.returncode == 1, done.stdout
    assert f"{NAMED} {why}" in done.stdout


def test_a_setting_that_leaves_a_named_test_out_fails_the_run(run: Callable[..., Run]) -> None:
    """Left out by the project's own settings it would never run anywhere: nobody chose that."""
    done = run(PASSES, setting=SETTING + "addopts = -k test_other\n")
    assert done.returncode == 1, done.stdout
    assert f"{NAMED} did not run" in done.stdout


@pytest.mark.parametrize(
    "options",
    [
        ("tests/test_beside.py",),
        ("tests/test_one.py",),
        ("-k", "test_other"),
        ("-ktest_other",),
        ("--deselect", "tests/test_one.py::test_it_holds"),
        ("--ignore=tests/test_one.py",),
        ("--collect-only",),
    ],
)
def test_of_a_part_of_the_tests_nothing_is_asked(run: Callable[..., Run], options: tuple[str, ...]) -> None:
    """Whoever runs one file, or chooses by name, is left in peace."""
    done = run(SKIPS + "\ndef test_other():\n    pass\n", *options)
    assert done.returncode == 0, done.stdout
    assert "HZ-01" not in done.stdout


def test_all_tests_may_be_named_by_their_folder(run: Callable[..., Run]) -> None:
    """`pytest tests` is all of them as well, as is `pytest .`."""
    assert run(SKIPS, "tests").returncode == 1


def test_a_named_test_that_fails_says_which_hazard_it_was_about(run: Callable[..., Run]) -> None:
    """Also where a part of the tests is run: whoever broke it reads what it is for."""
    done = run("def test_it_holds():\n    assert 0\n", "tests/test_one.py")
    assert done.returncode == 1
    assert f"{NAMED} failed, so this control does not hold." in done.stdout


TELEGRAM = SKIPS.replace("not today", "the Telegram emulator needs node (18 or newer), which is not installed")


def test_without_node_the_telegram_tests_are_said_to_be_unproved(run: Callable[..., Run]) -> None:
    """A machine that lacks Node does not fail, and does not claim to have proved anything either."""
    done = run(TELEGRAM, file="tests/telegram/test_one.py")
    assert done.returncode == 0, done.stdout
    assert "which is not installed): not proved here." in done.stdout


@pytest.mark.parametrize(("source", "required"), [(TELEGRAM, "1"), (SKIPS, "")])
def test_where_the_telegram_tests_are_required_none_may_be_skipped(
    run: Callable[..., Run], source: str, required: str
) -> None:
    """Nor may one be skipped for a reason of its own, wherever it is."""
    done = run(source, file="tests/telegram/test_one.py", THINKCHILD_REQUIRE_TELEGRAM=required)
    assert done.returncode == 1, done.stdout
    assert "so nothing proves this control" in done.stdout
