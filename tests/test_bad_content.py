"""Every mistake in the content is found: one file for each, and one sentence with its file and line."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner
from content import (
    PLACE,
    SCRIPT_PLACE,
    SMALL,
    SMALL_SCRIPT,
    Mistake,
    before,
    cases,
    changed,
    copy_shipped,
    edited,
    mistakes,
    problems,
    shipped,
    shipped_text,
    what_is_shipped_is_known,
)

from bot.advice_log import AdviceLog
from bot.answers import LISTS
from bot.checks import check_content, load, words
from bot.checks.fixed import EXERCISE_LINES, LINES
from bot.checks.scenarios import problems_of_scripts, sound_stories
from bot.checks.structure import INTERRUPTS
from bot.cli import cli
from bot.errors import ContentError
from bot.graph import Graph
from bot.library import Library, read_scenarios
from bot.models import Flow
from bot.reading import MAX_BYTES, SCENARIOS
from bot.startup import open_library

if TYPE_CHECKING:
    from collections.abc import Mapping

VOCABULARY = "knowledge/vocabulary.yaml"
CUTS = "knowledge/phrases/cuts.yaml"
PATIENCE = 10.0
"""Seconds: far more than is needed, and far less than anything endless takes."""
REMOVED = {
    "missing_line": ("dialogues/lines.yaml", "missing_line", "The line 'menu' is missing"),
    "missing_vocabulary": (VOCABULARY, "missing_file", "The vocabulary is missing"),
}
CHANGED: dict[str, tuple[Any, ...]] = {
    "missing_word_of_by": (
        VOCABULARY,
        {"  one_working_day: within one working day\n": ""},
        "missing_word",
        "'one_working_day' is missing under 'by'",
        "by:",
    ),
    "missing_word_of_marks": (
        VOCABULARY,
        {"  worry: worries me\n": ""},
        "missing_word",
        "'worry' is missing under 'marks'",
        "marks:",
    ),
    "unknown_contact_of_an_action": (
        VOCABULARY,
        {"contact: lado}": "contact: lada}"},
        "unknown_word",
        "Did you mean 'lado'?",
        "contact: lada",
    ),
    "unknown_contact_out_of_hours": (
        VOCABULARY,
        {"out_of_hours: emergency_duty_team": "out_of_hours: night_team"},
        "unknown_word",
        "'night_team'",
        "night_team",
    ),
    "unknown_source_of_a_contact": (
        VOCABULARY,
        {"sources: [H17, H22]": "sources: [H999, H22]"},
        "unknown_source",
        "'H999' is not a source",
        "H999",
    ),
    "duplicate_action": (
        VOCABULARY,
        {"actions:\n": 'actions:\n  - {id: ring_999, says: "later", class: other}\n'},
        "duplicate_id",
        "'ring_999'",
        "id: ring_999",
    ),
    "duplicate_topic": (
        VOCABULARY,
        {"\ntopics:\n": '\ntopics:\n  - {id: tonight, says: "x", words: [x]}\n'},
        "duplicate_id",
        "'tonight'",
        "id: tonight",
    ),
    "duplicate_group": (
        VOCABULARY,
        {"\ngroups:\n": '\ngroups:\n  - {id: work, says: "Work", short: Work}\n'},
        "duplicate_id",
        "'work' stands twice under 'groups'",
        "id: work",
    ),
    "duplicate_subject": (
        VOCABULARY,
        {"\nsubjects:\n": "\nsubjects:\n  - {id: child_a, says: Child A}\n"},
        "duplicate_id",
        "'child_a' stands twice under 'subjects'",
        "id: child_a",
    ),
    "set_apart_yet_carried": (
        "knowledge/rules/hard_rules.yaml",
        {"  - id: H2\n": "  - id: H2\n    library_only: Nobody needs to hear this.\n"},
        "P12",
        "P12: 'H2' is set apart, yet",
        "library_only: Nobody",
    ),
    "nothing_says_it_any_more": (
        "knowledge/rules/hard_rules.yaml",
        {
            "  - id: H2\n": "  - id: H2b\n    title: Another\n    text: Words.\n    document: kcsie-2026\n    locator: para 1\n    evidence: secondary\n\n  - id: H2\n"
        },
        "P12",
        "P12: no step says 'H2b'",
        "- id: H2b",
    ),
    "forbidden_words_in_a_fallback": (
        VOCABULARY,
        {'fallback: "101; in danger 999."': 'fallback: "Ring 01632 960001."'},
        "H22",
        "01632 960001",
        "  - id: police",
        "01632 960001",
    ),
}
"""Mistakes that are a small change to a shipped file: file, edits, code, what is said, and words of the line it points at."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the shipped content once for all the mistakes."""
    root = tmp_path_factory.mktemp("content")
    copy_shipped(root)
    return root


def _listed(found: list) -> str:
    return "\n".join(f"{problem}  [{problem.code}]" for problem in found) or "nothing is reported"


@pytest.mark.parametrize("mistake", cases([m.name for m in mistakes()], {m.name: m for m in mistakes()}))
def test_a_mistake_is_named_with_its_file_and_line(root: Path, mistake: Mistake) -> None:
    """Each bad file is refused with the sentence, the file and the line that its first comment tells."""
    with changed(root, [mistake.into]):
        line = mistake.put_into(root)
        found = problems(root, exercises=mistake.into.startswith(SCENARIOS))
    expected = f"{mistake.into}:{line} [{mistake.code}] {mistake.says}"
    fitting = [
        problem
        for problem in found
        if (problem.file, problem.line, problem.code) == (mistake.into, line, mistake.code)
        and all(word in problem.says for word in mistake.says)
    ]
    assert fitting, f"expected {expected}, but found:\n{_listed(found)}"
    assert mistake.others or len(found) == 1, f"expected nothing beside {expected}, but found:\n{_listed(found)}"


@pytest.mark.parametrize("name", cases(CHANGED))
def test_a_small_change_to_a_shipped_file_is_noticed(root: Path, name: str) -> None:
    """A word taken from or spoilt in a shipped file is named with its file and line."""
    file, edits, code, says, *at = CHANGED[name]
    text = edited(shipped_text(file), edits)
    with changed(root, [file]):
        (root / file).write_text(text, encoding="utf-8")
        found = problems(root)
    lines = {place for place, line in enumerate(text.splitlines(), 1) if any(words_ in line for words_ in at)}
    fitting = [p for p in found if p.file == file and p.code == code and says in p.says and p.line in lines]
    assert fitting, f"expected {code} with {says!r} at one of the lines {lines}, but found:\n{_listed(found)}"


@pytest.mark.parametrize("name", INTERRUPTS)
def test_a_block_the_engine_needs_may_not_go_missing(root: Path, name: str) -> None:
    """Without one of the cards that the engine puts in between, nothing starts."""
    file = f"dialogues/blocks/{name}.yaml"
    with changed(root, [file]):
        (root / file).unlink()
        found = problems(root)
    assert [(p.file, p.code) for p in found if p.code == "missing_block"] == [(file, "missing_block")]


def test_the_danger_check_may_not_go_missing(root: Path) -> None:
    """Without the danger check nothing starts, and every flow that calls it is named."""
    file = "dialogues/blocks/danger_check.yaml"
    with changed(root, [file]):
        (root / file).unlink()
        found = problems(root)
    assert (file, "missing_block") in {(p.file, p.code) for p in found}
    assert {p.file for p in found if p.code == "unknown_block"} == {
        path.relative_to(root).as_posix() for path in (root / "dialogues/flows").glob("*.yaml")
    }


@pytest.mark.parametrize(
    ("file", "lines"),
    [
        ("dialogues/lines.yaml", {*LINES} - {*EXERCISE_LINES}),
        ("dialogues/exercise_lines.yaml", {*EXERCISE_LINES}),
    ],
)
def test_no_fixed_line_may_go_missing(root: Path, file: str, lines: set[str]) -> None:
    """Each line that the engine, the session, an exercise or a channel may say is asked for by name, in its file."""
    with changed(root, [file]):
        (root / file).write_text("lines: []\n", encoding="utf-8")
        found = problems(root)
    assert {re.findall(r"'(\w+)'", p.says)[0] for p in found if p.code == "missing_line"} == lines
    assert {p.file for p in found if p.code != "P12"} == {
        file
    }  # what only such a line carried is now carried by nothing


def test_no_list_of_answers_may_go_missing(root: Path) -> None:
    """Each list by which a typed answer is recognised is asked for by name."""
    file = "knowledge/phrases/answers.yaml"
    with changed(root, [file]):
        (root / file).write_text("answers: {}\n", encoding="utf-8")
        found = problems(root)
    assert {re.findall(r"'(\w+)'", p.says)[0] for p in found if p.code == "missing_answers"} == set(LISTS)
    assert {p.file for p in found} == {file}


def test_the_vocabulary_may_not_go_missing(root: Path) -> None:
    """Without the vocabulary there is no library, and one sentence says so."""
    with changed(root, [VOCABULARY]):
        (root / VOCABULARY).unlink()
        library, found = check_content(root)
    assert library is None
    assert [(p.file, p.line, p.code) for p in found] == [(VOCABULARY, 1, "missing_file")]


def test_the_cuts_may_not_go_missing(root: Path) -> None:
    """Without them nobody could say what is sure enough to be acted on."""
    with changed(root, [CUTS]):
        (root / CUTS).unlink()
        found = problems(root)
    assert [(p.file, p.line, p.code) for p in found] == [(CUTS, 1, "missing_file")]


def test_blocks_that_call_each_other_in_a_circle_are_named(root: Path) -> None:
    """A circle of calls is found however many blocks it goes through."""
    files = {
        f"dialogues/blocks/{a}.yaml": f"id: {a}\ntitle: A block\nsteps:\n  - {{id: round, call: {b}}}\n"
        for a, b in ("uv", "vw", "wu")
    }
    with changed(root, files):
        for name, text in files.items():
            (root / name).write_text(text, encoding="utf-8")
        found = problems(root)
    assert {(p.file, p.code) for p in found} == {(name, "call_cycle") for name in files}
    assert any("u -> v -> w -> u" in p.says for p in found)


@pytest.mark.parametrize(("label", "room"), [("", 600), ("child_a", 591)])
@pytest.mark.parametrize("over", [0, 1])
def test_a_list_of_prompts_is_counted_as_it_is_shown(root: Path, label: str, room: int, over: int) -> None:
    """The numbers before the prompts and the label before the words ("Child A: ") take room on a phone too."""
    inner = "dialogues/blocks/u.yaml", "dialogues/blocks/v.yaml"
    intro, met = "Only what you already know.", "We met and had tea. " * 9
    lengths = [140, 140, 140, room + over - len(intro) - 3 * 145 - 5]
    texts = [f"{met[: length - 1]}?" for length in lengths]
    prompts = "".join(
        f"      - {{id: p{n}, text: '{text}', note: what is so, sources: [H5]}}\n" for n, text in enumerate(texts)
    )
    with changed(root, [PLACE, *inner]):
        about = f", subject: {label}" if label else ""
        (root / PLACE).write_text(_among(f"  - {{id: whom, call: u{about}}}\n"), encoding="utf-8")
        (root / inner[0]).write_text("id: u\ntitle: A block\nsteps:\n  - {id: ask, call: v}\n", encoding="utf-8")
        (root / inner[1]).write_text(
            f"id: v\ntitle: A block\nsteps:\n  - id: q\n    intro: {intro}\n    sources: [H5]\n    prompts:\n{prompts}",
            encoding="utf-8",
        )
        found = problems(root)
    says = [(p.file, p.code, p.says.split(";")[0]) for p in found]
    assert says == ([(inner[1], "P11", "Together this message has 601 characters")] if over else [])


@pytest.mark.parametrize(("label", "room"), [("", 600), (", subject: child_a", 591)])
def test_a_message_about_one_child_leaves_room_for_the_label(root: Path, label: str, room: int) -> None:
    """What fits on its own does not fit once "Child A: " stands before it."""
    block = "dialogues/blocks/u.yaml"
    told = {}
    with changed(root, [PLACE, block]):
        (root / PLACE).write_text(_among(f"  - {{id: whom, call: u{label}}}\n"), encoding="utf-8")
        for length in (room, room + 1):
            words_ = ("We met and had tea. " * 40)[: length - 1]
            step = f"  - {{id: q, say: '{words_}.', sources: [H5]}}\n"
            (root / block).write_text(f"id: u\ntitle: A block\nsteps:\n{step}", encoding="utf-8")
            told[length] = [(p.file, p.code, p.says.split(";")[0]) for p in problems(root)]
    assert told == {room: [], room + 1: [(block, "P11", "This has 601 characters")]}


def test_text_that_is_not_utf8_is_refused(root: Path) -> None:
    """A file in another encoding is named, not guessed at."""
    with changed(root, [PLACE]):
        (root / PLACE).write_bytes(SMALL.replace("A small flow", "Caf\u00e9").encode("latin-1"))
        found = problems(root)
    assert [(p.file, p.line, p.code) for p in found] == [(PLACE, 1, "not_utf8")]
    assert "save it as UTF-8" in found[0].says


def test_a_file_that_is_too_large_is_refused_unread(root: Path) -> None:
    """A file beyond the limit is refused without reading it."""
    with changed(root, [PLACE]):
        (root / PLACE).write_text(SMALL + "#" * MAX_BYTES, encoding="utf-8")
        found = problems(root)
    assert [(p.file, p.line, p.code) for p in found] == [(PLACE, 1, "file_too_large")]


def test_fifty_million_bytes_are_refused_at_once(root: Path) -> None:
    """The size is looked at before anything is read, so that no file can keep anybody waiting."""
    with changed(root, [PLACE]):
        (root / PLACE).write_bytes(b"- {id: words, say: Words.}\n" * 2_000_000)
        assert (root / PLACE).stat().st_size > 50_000_000
        begun = time.perf_counter()
        found = problems(root)
        took = time.perf_counter() - begun
    assert [(p.file, p.code) for p in found] == [(PLACE, "file_too_large")]
    assert took < PATIENCE


def test_a_folder_or_a_link_to_nowhere_is_no_content(root: Path) -> None:
    """What only looks like a file is passed over."""
    with changed(root, [PLACE]):
        (root / PLACE).symlink_to(root / "nowhere.yaml")
        assert problems(root) == []


def test_every_mistake_of_every_file_is_told_at_once(root: Path) -> None:
    """Two bad files and three mistakes are three problems, in the order of files and lines."""
    form = [m for m in mistakes() if m.name in {"quoted_truth", "day_form"}]
    with changed(root, [m.into for m in form]):
        for mistake in form:
            mistake.put_into(root)
        text = (root / PLACE).read_text(encoding="utf-8")
        (root / PLACE).write_text(text.replace("order: 9", "order: nine"), encoding="utf-8")
        found = problems(root)
        with pytest.raises(ContentError) as raised:
            load(root)
    assert len(found) == 3
    assert found == sorted(found)
    assert raised.value.problems == tuple(found)
    assert str(raised.value).endswith("3 problems in the content.")


def test_a_sound_small_flow_is_accepted(root: Path) -> None:
    """The flow that the bad files spoil is without fault, so what is reported is the mistake."""
    with changed(root, [PLACE]):
        (root / PLACE).write_text(SMALL, encoding="utf-8")
        assert problems(root) == []


# --- exercises ------------------------------------------------------------------------------------------


def test_a_sound_small_exercise_is_accepted(root: Path) -> None:
    """The exercise that the bad files spoil is without fault, so what is reported is the mistake."""
    with changed(root, [SCRIPT_PLACE]):
        (root / SCRIPT_PLACE).write_text(SMALL_SCRIPT, encoding="utf-8")
        assert problems(root, exercises=True) == []


def test_a_broken_exercise_stops_itself_and_never_live_guidance(root: Path, tmp_path: Path) -> None:
    """Live guidance opens beside broken exercises, which are left out of what is on offer; the sound ones stay in it."""
    not_yaml, worse = "dialogues/scenarios/not_yaml.yaml", edited(SMALL_SCRIPT, {"quality: better": "quality: worse"})
    with changed(root, [SCRIPT_PLACE, not_yaml]):
        (root / SCRIPT_PLACE).write_text(worse, encoding="utf-8")
        (root / not_yaml).write_text("scenes: [", encoding="utf-8")
        assert {p.file for p in problems(root, exercises=True)} == {SCRIPT_PLACE, not_yaml}
        with what_is_shipped_is_known():
            library = load(root)
            log = AdviceLog.open(tmp_path / "advice.db")
            assert open_library(log, root).version == library.version == shipped().version
            log.close()
        scripts = read_scenarios(root)
        offered = set(sound_stories(scripts, problems_of_scripts(library, scripts)))
    assert "bad" in scripts.scenarios
    assert offered == {path.stem for path in (root / SCENARIOS).glob("*.yaml")}
    assert len(offered) == 6


def test_both_checks_refuse_a_broken_exercise_in_a_sentence(root: Path) -> None:
    """`check` and `exercise check` name the file, the line, the mistake and its code, and end with 2."""
    text = edited(SMALL_SCRIPT, {"What do I see?": "What do I see on her arm?"})
    line = next(n for n, words_ in enumerate(text.splitlines(), 1) if "id: mark" in words_)
    with changed(root, [SCRIPT_PLACE]):
        (root / SCRIPT_PLACE).write_text(text, encoding="utf-8")
        with what_is_shipped_is_known():
            for command in (["check"], ["exercise", "check"], ["exercise", "check", "bad"]):
                done = CliRunner().invoke(cli, [*command, "--content", str(root)])
                assert done.exit_code == 2, done.output
                (said,) = [one for one in done.output.splitlines() if SCRIPT_PLACE in one]
                assert said.startswith(f"{SCRIPT_PLACE}:{line}: The prompt 'What do I see on her arm?' is longer")
                assert said.endswith("[P11]")


# --- content that is too much ---------------------------------------------------------------------------


def _among(steps: str) -> str:
    return edited(SMALL, {"  - {id: men_known,": steps + "  - {id: men_known,"})


def _question(name: str, first: str = "", second: str = "") -> str:
    return (
        f"  - id: {name}\n    ask: What is so?\n    sources: [H2]\n    options:\n"
        f"      - {{id: a, label: This, concern: 0{first}}}\n      - {{id: b, label: That, concern: 0{second}}}\n"
    )


def _doubling_blocks(deep: int) -> dict[str, str]:
    files = {PLACE: _among("  - {id: bomb, call: z0}\n")}
    for n in range(deep):
        steps = (
            "".join(f"  - {{id: {name}, call: z{n + 1}}}\n" for name in "ab")
            if n + 1 < deep
            else "  - {id: a, say: Hi., sources: [H2]}\n"
        )
        files[f"dialogues/blocks/z{n}.yaml"] = f"id: z{n}\ntitle: A block\nsteps:\n{steps}"
    return files


def test_far_more_than_ten_thousand_paths_are_counted_at_once() -> None:
    """Ways that lead to the same are counted together: twenty questions are as quick to count as two."""
    counted = {}
    for many in (2, 20):
        text = edited(SMALL, {"  - {id: men_known,": "".join(map(_asked, range(many))) + "  - {id: men_known,"})
        flow = Flow.model_validate(yaml.safe_load(text))
        library = Library(shipped().content.model_copy(update={"flows": (flow,)}))
        begun = time.perf_counter()
        counted[many] = Graph(library, flow).count()
        assert time.perf_counter() - begun < PATIENCE
    assert counted[20] == counted[2] * 2**18 > 1_000_000


def _asked(number: int) -> str:
    return _question(f"q{number}")


TWENTY = range(20)
ANSWERED = {
    "aliases_of_aliases": "alias",
    "alias_of_itself": "alias",
    "a_thousand_brackets": "too_deep",
    "a_million_brackets": "too_deep",
    "a_thousand_dashes": "too_deep",
    "a_very_long_number": "wrong_type",
    "a_long_spoilt_number": "wrong_type",
    "thousands_of_mistakes": "not_text",
    "three_thousand_steps": "too_long",
    "a_million_ways_that_matter": "too_many_ways",
    "a_million_outcomes": "too_many_ways",
    "blocks_that_double": "too_long",
    "only_side_trips": "no_way_on",
    "brackets_hidden_in_quotes": "too_deep",
}
"""What is said of each bomb; a million ways that all lead to the same are no fault."""
MAY_BE_ANSWERED = {"many_steps_in_blocks": "too_long"}
"""What may be said, where the limit is a matter of taste; that it is answered is not."""
BOMBS: dict[str, Mapping[str, str]] = {
    "aliases_of_aliases": {
        PLACE: "a0: &a0 [x, x]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}, *a{n}, *a{n}]\n" for n in range(40))
    },
    "alias_of_itself": {PLACE: "steps: &a [*a, *a]\n"},
    "a_thousand_brackets": {PLACE: "[" * 1000 + "]" * 1000},
    "a_million_brackets": {PLACE: "[" * 1_000_000},
    "a_thousand_dashes": {PLACE: "- " * 1000 + "x"},
    "a_very_long_number": {PLACE: "order: " + "9" * 5000},
    "a_long_spoilt_number": {PLACE: "order: " + "1_" * 100_000 + "x"},
    "thousands_of_mistakes": {PLACE: SMALL + "".join(f"  - id: s{n}\n    say: 3\n" for n in range(10_000))},
    "three_thousand_steps": {
        PLACE: _among("".join(f"  - {{id: s{n}, say: Words., sources: [H2]}}\n" for n in range(3000)))
    },
    "a_million_ways_that_meet": {PLACE: _among("".join(_question(f"q{n}") for n in TWENTY))},
    "a_million_ways_that_matter": {
        PLACE: _among(
            "".join(_question(f"q{n}") for n in TWENTY)
            + "".join(f"  - {{id: s{n}, if: [q{n}.a], say: Words., sources: [H2]}}\n" for n in TWENTY)
        )
    },
    "a_million_outcomes": {
        PLACE: _among(
            "".join(
                _question(f"q{n}", f", next: s{n}", f", next: e{n}")
                + f"  - {{id: s{n}, share: Words., sources: [H2]}}\n"
                + f"  - {{id: e{n}, say: Words., sources: [H2]}}\n"
                for n in TWENTY
            )
        )
    },
    "blocks_that_double": _doubling_blocks(20),
    "only_side_trips": {PLACE: _among(_question("q", ", open: what_to_say", ", open: new_partner"))},
}
BOMBS["brackets_hidden_in_quotes"] = {PLACE: '["]", ' * 200_000}
BOMBS["many_steps_in_blocks"] = {
    PLACE: _among("".join(f"  - {{id: b{n}, call: long{n}}}\n" for n in range(5))),
    **{
        f"dialogues/blocks/long{b}.yaml": f"id: long{b}\ntitle: A block\nsteps:\n"
        + "".join(f"  - {{id: s{n}, say: Words., sources: [H2]}}\n" for n in range(185))
        for b in range(5)
    },
}
CHECK = (
    "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[2]); "
    "from content import what_is_shipped_is_known; from bot.checks import check_content; "
    "what_is_shipped_is_known().__enter__(); "
    "print(*[f'{problem.code} {problem}' for problem in check_content(Path(sys.argv[1]))[1]], sep='\\n')"
)


@pytest.mark.parametrize("name", cases(BOMBS))
def test_content_that_is_too_much_is_answered_all_the_same(root: Path, name: str) -> None:
    """Content made to be large, deep or endless is answered in bounded time, without a crash.

    It is tried in a process of its own: neither a crash of the parser nor an endless walk may stop the other tests.
    """
    files = BOMBS[name]
    with changed(root, files):
        for file, text in files.items():
            (root / file).write_text(text, encoding="utf-8")
        command = [sys.executable, "-c", CHECK, str(root), str(Path(__file__).parent)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 0, done.stderr[-500:]
    known = {f"{problem.code} {problem}" for problem in before()}
    codes = {line.split()[0] for line in done.stdout.splitlines() if line and line not in known}
    if name in ANSWERED:
        assert ANSWERED[name] in codes
    else:
        assert codes <= {MAY_BE_ANSWERED.get(name)}


# --- nothing is left out --------------------------------------------------------------------------------


def test_every_forbidden_pattern_has_its_bad_file() -> None:
    """Each pattern that may not be said is said by one of the bad files, in each of its alternatives."""
    said = [m.text for m in mistakes() if m.code == "forbidden_words"]
    for pattern in words.BANNED:
        assert any(re.search(pattern, text, re.IGNORECASE) for text in said), pattern
    top_level = [p for pattern in words.BANNED for p in (pattern.split("|") if "(" not in pattern else [pattern])]
    for alternative in top_level:
        assert any(re.search(alternative, text, re.IGNORECASE) for text in said), alternative


def test_every_bad_file_is_one_mistake_of_its_own() -> None:
    """No two bad files hold the same content, and each says at least one thing to look for."""
    bodies = [m.text.split("\n# line: ")[1].partition("\n")[2] + m.into for m in mistakes()]
    assert len(set(bodies)) == len(bodies)
    assert all(all(words_.strip() for words_ in m.says) for m in mistakes())
