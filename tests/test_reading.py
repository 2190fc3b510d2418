"""Reading never raises for what a file holds, keeps every line, and changes no value behind one's back."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from content import cases, copy_shipped, known
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import SetupError
from bot.files import KINDS, kind_of, schemas
from bot.models import Block, Flow, Vocabulary
from bot.reading import (
    Document,
    content_files,
    content_root,
    parse_as,
    read_yaml,
    source_hash,
)

NAME = "dialogues/flows/some.yaml"


def read(folder: Path, text: str | bytes, name: str = NAME) -> Document:
    """Write a text to a file and read it."""
    path = folder / "some.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_yaml(path, name)


# --- lines ----------------------------------------------------------------------------------------------


def test_every_value_keeps_its_line(tmp_path: Path) -> None:
    """Folded, literal and quoted texts of several lines do not shift the lines of what follows."""
    document = read(
        tmp_path,
        """# a comment
id: some
folded: >-
  one
  two

  three
literal: |
  one
  two
quoted: "one
  two"
flow: {a: 1, b: [v,
  w]}
list:
  - first
  -
    key: value
last: end
""",
    )
    assert not document.problems
    expected = {
        ("id",): 2,
        ("folded",): 3,
        ("literal",): 8,
        ("quoted",): 11,
        ("flow",): 13,
        ("flow", "a"): 13,
        ("flow", "b"): 13,
        ("flow", "b", 0): 13,
        ("flow", "b", 1): 14,
        ("list",): 15,
        ("list", 0): 16,
        ("list", 1): 18,
        ("list", 1, "key"): 18,
        ("last",): 19,
    }
    assert {where: document.line(where) for where in expected} == expected


def test_a_place_that_is_not_there_has_the_line_around_it(tmp_path: Path) -> None:
    """What is missing is reported where it would have to be."""
    document = read(tmp_path, "a: 1\nb:\n  - c: 2\n")
    assert document.line(("b", 0, "d", "e")) == 3
    assert document.line(("z",)) == 1
    assert document.line(()) == 1


def test_a_file_with_dos_line_ends_has_the_same_lines(tmp_path: Path) -> None:
    """A file saved on Windows, or with a mark at its beginning, is read the same."""
    text = "id: some\nfolded: >-\n  one\n  two\nlast: end\n"
    plain, dos = read(tmp_path, text), read(tmp_path, ("\ufeff" + text.replace("\n", "\r\n")).encode())
    assert plain.data == dos.data
    assert plain.lines == dos.lines
    assert not dos.problems


DEEP = {
    "number_of_an_option": ("concern: 0, next: two", 'concern: "0", next: two', "label: This"),
    "key_of_an_option": ("label: That", "label: That, colour: red", "label: That"),
    "word_of_an_action": ("by: today", "by: todya", "by: todya"),
    "text_of_an_action": ("text: Tell them.", "text: 3", "text: 3"),
    "key_of_a_prompt": ("note: what is so", "notes: what is so", "text: What is so?"),
    "number_of_an_offer": ("minutes: 15", 'minutes: "15"', "minutes:"),
    "text_of_a_step": ("say: Words.", "say: 9", "say: 9"),
    "list_of_a_step": ("sources: [H25]", "sources: H25", "sources: H25"),
}


@pytest.mark.parametrize("name", cases(DEEP))
def test_a_mistake_deep_in_a_step_has_the_line_it_stands_on(tmp_path: Path, name: str) -> None:
    """In an option, an action, a prompt or an offer, the line is that of the item and not of its step."""
    text = """id: some
title: Some
short: Some
about: Some.
order: 1
steps:
  - id: ask_it
    ask: What is so?
    sources: [H2]
    options:
      - {id: a, label: This, concern: 0, next: two}
      - {id: b, label: That, concern: 0}
  - id: do_it
    act:
      - do: tell_lead
        who: you
        by: today
        text: Tell them.
        sources: [H2]
  - id: two
    intro: Only what you know.
    sources: [H5]
    prompts:
      - {id: a, text: What is so?, note: what is so, sources: [H5]}
  - id: words
    say: Words.
    sources: [H5]
  - id: again
    remind: When?
    sources: [H13]
    decline: No reminder
    offers:
      - {id: soon, label: Soon, short: Soon, minutes: 15, by: [now]}
  - id: close
    close: So far
    sources: [H25]
"""
    wrong, right, place = DEEP[name]
    assert wrong in text
    assert parse_as(Flow, read(tmp_path, text)) is not None
    spoilt = text.replace(wrong, right)
    document = read(tmp_path, spoilt)
    assert parse_as(Flow, document) is None
    line = next(number for number, words in enumerate(spoilt.splitlines(), 1) if place in words)
    assert {problem.line for problem in document.problems} == {line}, [str(p) for p in document.problems]


# --- values ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes please", "yes please"),
        ('"yes"', "yes"),
        ("'no'", "no"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ('""', ""),
        ("0", 0),
        ("-3", -3),
        ("+4", 4),
        ("12", 12),
        ("1.5", 1.5),
        ('"12"', "12"),
        ("999", 999),
        ("1e3", "1e3"),
        (".5", ".5"),
        ("1.2.3", "1.2.3"),
        ("2026-11-21", "2026-11-21"),
        ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z"),
        ('"0330"', "0330"),
        ('"10:30"', "10:30"),
        (".inf", ".inf"),
        ("=", "="),
        ("H9", "H9"),
        ("0 to 5", "0 to 5"),
        ("!!int '3'", "3"),
        ("caf\u00e9", "caf\u00e9"),
    ],
)
def test_a_value_is_what_is_written(tmp_path: Path, written: str, value: object) -> None:
    """Whole numbers, true and false are read; everything else stays the text that it is, and nothing becomes an object."""
    document = read(tmp_path, f"key: {written}\n")
    assert not document.problems
    assert document.data == {"key": value}
    assert type(document.data["key"]) is type(value)


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "Yes", "NO", "On", "y", "N"])
def test_words_that_yaml_eats_are_refused(tmp_path: Path, word: str) -> None:
    """A bare yes or no is refused as a value, in a list and as a key, with what to write."""
    for text, line in ((f"a: 1\nkey: {word}\n", 2), (f"key:\n  - {word}\n", 2), (f"key:\n  {word}: 1\n", 2)):
        document = read(tmp_path, text)
        assert [(p.code, p.line) for p in document.problems] == [("eaten", line)], text
        assert f'write "{word}"' in document.problems[0].says


@pytest.mark.parametrize(
    "number",
    ["0330", "0101", "010", "10:30", "1:2:3", "0x1F", "0o17", "0b1", "1_000", "007", "01632960001", "190:20:30.15"],
)
def test_numbers_that_yaml_changes_are_refused(tmp_path: Path, number: str) -> None:
    """A number with a leading nought, colons or underscores is refused, with what to write."""
    document = read(tmp_path, f"key: {number}\n")
    assert [(p.code, p.line) for p in document.problems] == [("eaten", 1)]
    assert f'write "{number}"' in document.problems[0].says
    assert document.data == {"key": number}


def test_a_tag_makes_nothing_run(tmp_path: Path) -> None:
    """A file that asks for Python to be run gets nothing of the kind."""
    proof = tmp_path / "proof"
    read(tmp_path, f"key: !!python/object/apply:os.system ['touch {proof}']\n")
    assert not proof.exists()


# --- whatever a file holds ------------------------------------------------------------------------------

ANYTHING = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.text(alphabet="ab:-[]{}&*!|>'\"#%@?,. \n\t0159~<=_", max_size=200).map(str.encode),
    st.lists(
        st.sampled_from(
            [
                "id: bad",
                "steps:",
                "  - id: x",
                "    say: words",
                "  - ",
                "a: &a [*a]",
                "<<: *a",
                "- - - -",
                "? [",
                "key: >-",
                "  text",
                "...",
                "---",
                "\tx: y",
                "yes: no",
                "n: 0330",
                "%YAML 1.3",
                "!!set {a}",
                "{a: b",
                "\u200b",
                "\x00",
                "\x85",
                "\u2028x: 1",
                "a: 99999999999999999999",
            ]
        ),
        max_size=12,
    ).map(lambda lines: "\n".join(lines).encode()),
)
QUICK = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@known("any_file")
@QUICK
@given(content=ANYTHING)
def test_any_file_is_answered(tmp_path: Path, content: bytes) -> None:
    """Whatever bytes are given as a file, reading and parsing never raise, and no file is silently nothing."""
    document = read(tmp_path, content)
    record = parse_as(Flow, document)
    assert record is not None or document.problems
    last = content.count(b"\n") + content.count(b"\r") + content.count(b"\xe2\x80") + content.count(b"\xc2\x85") + 2
    for problem in document.problems:
        assert problem.file == NAME
        assert 1 <= problem.line <= last
        assert problem.says
        assert str(problem).startswith(f"{NAME}:{problem.line}: ")


KEYS = st.sampled_from(
    [
        "id",
        "title",
        "short",
        "about",
        "order",
        "steps",
        "means",
        "exempt",
        "say",
        "share",
        "act",
        "ask",
        "options",
        "prompts",
        "remind",
        "offers",
        "call",
        "close",
        "sources",
        "next",
        "if",
        "unless",
        "when",
        "covers",
        "do",
        "who",
        "by",
        "text",
        "label",
        "concern",
        "emergency",
        "note",
        "minutes",
        "if_",
        "zzz",
    ]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["now", "today", "H9", "a.b", "bad", "2026-11-21"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=6), inner, max_size=6),
    max_leaves=25,
)
FLOWS = st.builds(
    lambda rest, steps: {"id": "bad", "title": "T", "short": "S", "about": "A.", "order": 1, "steps": steps, **rest},
    st.dictionaries(KEYS, JSON, max_size=2),
    st.lists(JSON | st.dictionaries(KEYS, JSON, min_size=1, max_size=6), min_size=1, max_size=4),
)


@QUICK
@given(data=JSON | FLOWS)
def test_any_data_is_parsed_or_refused(data: Any) -> None:
    """Data of any shape in any kind of file gives a record or problems, never an exception."""
    for model in (Flow, Block, Vocabulary):
        document = Document(NAME, data, {(): 1})
        record = parse_as(model, document)
        assert record is not None or document.problems or data is None
        assert all(problem.line == 1 and problem.says for problem in document.problems)


@QUICK
@given(data=FLOWS)
def test_data_that_went_through_a_file_is_the_same_data(tmp_path: Path, data: dict[str, Any]) -> None:
    """JSON is YAML: what is written as JSON is either read as it was or refused, never changed in silence."""
    document = read(tmp_path, json.dumps(data, indent=1, ensure_ascii=True))
    if not document.problems:
        assert _exact(document.data) == _exact(data)


def _exact(value: object) -> object:
    """Set floats beside their texts: only those written with a point are read as numbers."""
    if isinstance(value, dict):
        return {key: _exact(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_exact(inner) for inner in value]
    return repr(value) if isinstance(value, float) else value


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    "data", [None, [], {}, "words", 3, True, {"id": None}, {"id": []}, [[[]]], {"steps": {}}, {"": ""}], ids=repr
)
def test_no_kind_of_file_is_accepted_empty(kind: Any, data: Any) -> None:
    """Something that is no record is refused by every kind of file with a sentence."""
    document = Document(NAME, data, {(): 1})
    assert parse_as(kind.model, document) is None
    assert document.problems or data is None


# --- the folder -----------------------------------------------------------------------------------------


def test_what_cannot_be_read_is_a_problem_and_no_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not be opened, or is gone, is named with the reason."""
    gone = read_yaml(tmp_path / "gone.yaml", NAME)
    path = tmp_path / "denied.yaml"
    path.write_text("id: some\n", encoding="utf-8")
    assert [(p.code, p.line) for p in gone.problems] == [("unreadable", 1)]

    def refuse(_: Path) -> bytes:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    denied = read_yaml(path, NAME)
    assert [p.code for p in denied.problems] == ["unreadable"]
    assert os.strerror(13) in denied.problems[0].says


def test_the_content_folder_that_is_named_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """THINKCHILD_CONTENT names the folder; one without content is refused with what to do."""
    copy_shipped(tmp_path)
    monkeypatch.setenv("THINKCHILD_CONTENT", str(tmp_path))
    assert content_root() == tmp_path
    monkeypatch.setenv("THINKCHILD_CONTENT", str(tmp_path / "dialogues"))
    with pytest.raises(SetupError, match="THINKCHILD_CONTENT"):
        content_root()
    monkeypatch.delenv("THINKCHILD_CONTENT")
    assert (content_root() / "dialogues").is_dir()


def test_files_come_in_the_same_order_everywhere(tmp_path: Path) -> None:
    """The order is that of the names, whatever order the disk gives; what is no YAML is left alone."""
    for name in (
        "dialogues/flows/b.yaml",
        "dialogues/flows/a.yaml",
        "knowledge/z.yml",
        "knowledge/notes.md",
        "dialogues/flows/c.yaml.bak",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x: 1\n", encoding="utf-8")
    names = [path.relative_to(tmp_path).as_posix() for path in content_files(tmp_path)]
    assert names == ["dialogues/flows/a.yaml", "dialogues/flows/b.yaml", "knowledge/z.yml"]


def test_the_hash_of_the_files_changes_with_any_byte_and_any_name(tmp_path: Path) -> None:
    """The same files have the same hash; a byte more, another name, or another program has another."""
    copy_shipped(tmp_path)
    first = source_hash(tmp_path, "1")
    assert source_hash(tmp_path, "1") == first == source_hash(content_root(), "1")
    assert source_hash(tmp_path, "2") != first
    flow = tmp_path / "dialogues/flows/mark_on_child.yaml"
    text = flow.read_text(encoding="utf-8")
    flow.write_text(text + "\n", encoding="utf-8")
    assert source_hash(tmp_path, "1") != first
    flow.write_text(text, encoding="utf-8")
    assert source_hash(tmp_path, "1") == first
    flow.rename(flow.with_name("mark_on_children.yaml"))
    assert source_hash(tmp_path, "1") != first


def test_every_shipped_file_has_one_kind() -> None:
    """Each content file lies where one kind of file is looked for, and where one kind only is."""
    for path in content_files(content_root()):
        name = path.relative_to(content_root()).as_posix()
        assert kind_of(name) is not None, name
    assert kind_of("dialogues/flows/deeper/some.yaml") is None
    assert kind_of("knowledge/vocabulary.yml") is None


def test_each_kind_of_file_has_a_schema_that_editors_can_use() -> None:
    """The schemas are plain JSON, one for each kind, and know `if` and `class` by the names that are written."""
    made = schemas()
    assert set(made) == {kind.name for kind in KINDS}
    text = json.dumps(made)
    assert '"if"' in text
    assert '"if_"' not in text
    assert '"is_"' not in text
