"""Content that somebody has spoilt: whatever is in a file, reading ends soon, with problems that have a place, or none.

A file is changed by its structure (keys taken out, doubled, renamed; values of other kinds; deep nests), by its text (tags,
anchors, brackets, control characters, half characters) or by its bytes. What then passes without a problem is held against what
a conversation must do: it begins with danger, ends closed, cites a source, and its compiled form says the same.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from content import changed, copy_shipped, shipped, what_is_shipped_is_known
from fuzz_common import BIDI, ODD_TEXTS, Spoil, Target, nested, places, spoils, spoilt
from hypothesis import strategies as st
from walking import least, most, question_of

from bot.asking import is_closed
from bot.checks import check_everything
from bot.checks.codes import CODES
from bot.checks.scenarios import problems_of_scripts
from bot.dialogue import new_state, step
from bot.errors import SetupError
from bot.events import Open
from bot.examples import parse
from bot.exercises.sent import read_exercise
from bot.exercises.writing import scenario_yaml
from bot.library import Library, read_scenario
from bot.models import ReplyKind
from bot.reading import content_files, content_root, scenario_files
from bot.scenarios.twee import from_twee, to_twee

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.errors import Problem

TRANSCRIPTS = Path(__file__).parent / "transcripts"
TIMES = 40
"""How many times as long as clean content spoilt content may take; it is looked at alone, on whatever else is going on."""
LONGEST_SAYING = 2_000
"""Letters of a problem: it must not repeat a whole file."""
MOST_TURNS = 80
MARK = "here0stands"
"""Stands in place of something that is put in as YAML text."""
BOMB = "\n".join(f"k{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else 'lol'}]" for n in range(9))
ODD_YAML = (
    "!!python/object/apply:os.system ['touch /tmp/fuzzed']",
    "!!python/name:os.system",
    "!!python/object:bot.session.Desk {}",
    "!!set {a, b}",
    "!!timestamp 2001-01-01",
    "!!int twelve",
    "!!float .nan",
    "!!binary not-base64!",
    "!!null what",
    "!<tag:example.org,2000:x> y",
    "&a [*a]",
    "*nothing",
    "{<<: {a: b}}",
    "? [a, b]",
    nested(30),
    nested(300),
    nested(3000),
    nested(100, "{a: ", "}"),
    "- " * 300 + "x",
    '"\\ud800"',
    '"\\x00\\u202e"',
    "'\u202e\u2066'",
    "9" * 30,
    "9" * 5_000,
    "-9223372036854775809",
    "1e400",
    ".inf",
    ".nan",
    "0x7f",
    "0o17",
    "1_000",
    "12:30:45",
    "2026-02-30",
    "~",
    "yes",
    "[]",
    "{}",
    "''",
    "[[]]",
    "|\n  many\n  lines",
    ">-\n  folded",
    "# a comment",
    "%YAML 9.9",
    "---",
    "...",
    f'"{"x" * 1_000_000}"',
    f'"{"e" * 20_000} {"ﷺ" * 20_000}"',
)
ODD_BYTES = (
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xc0\x80",
    b"\x00",
    b"\r\n",
    b"\r",
    b"\t",
    b"\x85",
    b"\xe2\x80\xa8",
    b"\x1b[2J",
    BIDI.encode(),
    b": ",
    b"#",
    b"'",
    b'"',
    b"- ",
    b"\n---\n",
    b"\n...\n",
    b"[" * 50_000,
    b"{" * 500,
    b"\n" * 50_000,
    b"&a " * 2_000,
    f"\n{BOMB}\n".encode(),
    *(text.encode() for text in ODD_YAML[:12]),
)


# --- changes ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Edit:
    """One change of the structure of a file: of which part (by number), how, and with what."""

    how: str
    part: int
    odd: int

    def apply(self, data: Any) -> Any:
        """Change plain data in place; returns it, or what stands instead of it."""
        found = list(_parts(data))
        if not found:
            return MARK
        holder, key = found[self.part % len(found)]
        match self.how:
            case "out":
                del holder[key]
            case "other":
                holder[key] = f"{MARK}{self.odd % len(ODD_YAML)}"
            case "odd text":
                holder[key] = ODD_TEXTS[self.odd % len(ODD_TEXTS)].encode("utf-8", "ignore").decode()
            case "rename" if isinstance(holder, dict):
                holder[f"{key}x" if self.odd % 2 else str(key)[:-1]] = holder.pop(key)
            case "add" if isinstance(holder, dict):
                holder[("id", "sources", "text", "next", "if", "nonsense", "steps", "call")[self.odd % 8]] = holder[key]
            case "twice" if isinstance(holder, list):
                holder.insert(key, holder[key])
            case "list":
                holder[key] = [holder[key]]
            case "keyed":
                holder[key] = {"id": holder[key]}
            case "swap":
                other, place = found[self.odd % len(found)]
                if not (_within(other, holder[key]) or _within(holder, other[place])):
                    holder[key], other[place] = other[place], holder[key]
            case "cross":  # an id of somewhere else: a step that leads back, an action in another's place
                other, place = found[self.odd % len(found)]
                if isinstance(other[place], str):
                    holder[key] = other[place]
            case _:
                pass
        return data


def _parts(data: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (holder, key) of everything inside plain data."""
    inside: Any = list(data) if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    for key in inside:
        yield data, key
        yield from _parts(data[key])


def _within(holder: Any, data: Any) -> bool:
    return holder is data or any(holder is value[key] for value, key in _parts(data))


@dataclass(frozen=True)
class Put:
    """Odd bytes put into a file at a place, which is a share of its length in millionths."""

    at: int
    odd: int

    def apply(self, data: bytes) -> bytes:
        """Return the bytes with them."""
        place = self.at * len(data) // 1_000_000
        return data[:place] + ODD_BYTES[self.odd % len(ODD_BYTES)] + data[place:]


@dataclass(frozen=True)
class Change:
    """What happens to one file."""

    file: int
    edits: tuple[Edit, ...] = ()
    puts: tuple[Put, ...] = ()
    spoilt: tuple[Spoil, ...] = ()

    def apply(self, data: bytes) -> bytes:
        """Return the file after it."""
        if self.edits:
            data = _edited(data, self.edits)
        for put in self.puts:
            data = put.apply(data)
        return spoilt(data, list(self.spoilt))


def _edited(data: bytes, edits: tuple[Edit, ...]) -> bytes:
    plain = yaml.load(data, Loader=yaml.CBaseLoader)  # noqa: S506 - texts alone, as they stand there
    for edit in edits:
        plain = edit.apply(plain)
    text = _Dumper.written(plain)
    for place in reversed(range(len(ODD_YAML))):  # 12 before 1
        text = text.replace(f"{MARK}{place}", ODD_YAML[place])
    return text.encode("utf-8", "surrogatepass")


class _Dumper(yaml.CSafeDumper):
    """Writes texts without quotes where they need none, so that numbers stay numbers."""

    @classmethod
    def written(cls, data: Any) -> str:
        """Return data as YAML."""
        return str(yaml.dump(data, Dumper=cls, sort_keys=False, allow_unicode=True, width=200))

    def ignore_aliases(self, _data: Any) -> bool:
        """Write what stands twice twice."""
        return True


def _plain(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    digits = text.replace(".", "", 1).removeprefix("-")
    tag = "int" if digits.isascii() and digits.isdigit() and "." not in text and text == str(int(text or 0)) else "str"
    tag = "bool" if text in {"true", "false"} else tag
    return dumper.represent_scalar(f"tag:yaml.org,2002:{tag}", text)


_Dumper.add_representer(str, _plain)

edits = st.builds(
    Edit,
    st.sampled_from(
        ["out", "other", "other", "odd text", "rename", "add", "twice", "list", "keyed", "swap", "cross", "cross"]
    ),
    st.integers(0, 5_000),
    st.integers(0, 5_000),
)
puts = st.builds(Put, places, st.integers(0, len(ODD_BYTES) - 1))
files = st.integers(0, 400)
changes = st.one_of(
    st.builds(Change, files, st.lists(edits, min_size=1, max_size=3).map(tuple)),
    st.builds(Change, files, st.lists(edits, min_size=1, max_size=1).map(tuple)),
    st.builds(Change, files, st.just(()), st.lists(puts, min_size=1, max_size=2).map(tuple)),
    st.builds(Change, files, st.just(()), st.just(()), st.lists(spoils, min_size=1, max_size=3).map(tuple)),
)


# --- what has to hold --------------------------------------------------------------------------------------


@cache
def shipped_files() -> tuple[str, ...]:
    """Return every file of the content, those first that say how to act."""
    root = content_root()
    names = [path.relative_to(root).as_posix() for path in (*content_files(root), *scenario_files(root))]
    return tuple(sorted(names, key=lambda name: ("knowledge/" in name, name)))


def placed(found: list[Problem], data: bytes, name: str) -> None:
    """Hold that every problem has a code, a place that is there, and one sentence of a length to be read."""
    lines = data.count(b"\n") + data.count(b"\r") + data.count(b"\xc2\x85") + data.count(b"\xe2\x80") + 1
    for problem in found:
        assert problem.code in CODES or name.endswith(".twee"), problem
        assert problem.file, problem
        assert problem.line >= 1, problem
        assert problem.file != name or problem.line <= lines + 1, problem
        assert problem.says, problem
        assert len(problem.says) <= LONGEST_SAYING, f"{problem.code} says {len(problem.says):,} letters"
        assert "\n" not in problem.says, problem
        assert problem.says.isprintable(), ascii(problem.says)


def keeps_its_promises(library: Library, name: str) -> None:
    """Talk through a flow that was changed and passed, the least worrying way and the most."""
    again = Library.from_compiled(library.compiled, library.version)
    assert again.compiled == library.compiled
    flow = Path(name).stem
    if "/flows/" not in name or flow not in library.flows:
        return
    local = library.at("england", "2026-11-21")
    for calm in (True, False):
        turn = step(local, new_state(local), Open(flow))
        said = list(turn.replies)
        for _ in range(MOST_TURNS):
            if is_closed(local, turn.state):
                break
            asked = question_of(turn)
            assert asked is not None, f"{flow} stops without a question"
            turn = step(local, turn.state, least(local, asked) if calm else most(local, asked))
            said += turn.replies
        else:
            raise AssertionError(f"{flow} does not end")
        acts = [reply for reply in said if reply.kind is ReplyKind.ACT]
        assert acts, f"{flow} ends without anything to do"
        assert all(reply.sources for reply in acts), f"{flow}: what to do has no source"


class Contents:
    """A copy of the content in which one file at a time is spoilt."""

    def __init__(self, root: Path) -> None:
        self.root = root
        copy_shipped(root)
        check_everything(root)  # what is shipped is read, and kept
        begun = time.process_time()
        self.clean = set(check_everything(root)[1])
        self.usual = max(time.process_time() - begun, 0.2)

    def try_one(self, change: Change) -> None:
        """Spoil a file, check everything, put it back."""
        names = shipped_files()
        name = names[change.file % len(names)]
        path = self.root / name
        with changed(self.root, [name]):
            data = change.apply(path.read_bytes())
            path.write_bytes(data)
            begun = time.process_time()
            library, problems = check_everything(self.root)
            took = time.process_time() - begun
            placed([one for one in problems if one not in self.clean], data, name)
            assert took < TIMES * self.usual, f"{took:.1f} s of work, where clean content takes {self.usual:.1f}"
            if not problems:
                assert library is not None
                keeps_its_promises(library, name)


@contextmanager
def content_copy(folder: Path) -> Iterator[Callable[[Change], None]]:
    """Copy the content, and check it once."""
    with what_is_shipped_is_known():
        yield Contents(folder / "content").try_one


def written(change: Change) -> bytes:
    """Return the file that a change makes, and which it is."""
    names = shipped_files()
    name = names[change.file % len(names)]
    return f"# {name}\n".encode() + change.apply((content_root() / name).read_bytes())


# --- exercises that are sent, stories of Twine, transcripts --------------------------------------------------


@cache
def _exercises() -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in scenario_files(content_root()))


@cache
def _stories() -> tuple[bytes, ...]:
    scenarios = [read_scenario(data, "x.yaml").scenarios for data in _exercises()]
    return tuple(to_twee(one).text.encode() for held in scenarios for one in held.values())


@cache
def _transcripts() -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in sorted(TRANSCRIPTS.rglob("*.*")))


@contextmanager
def sent(_folder: Path) -> Iterator[Callable[[Change], None]]:
    """Read exercises as a trainer sends them, stories and transcripts as commands read them."""
    library = shipped()

    def try_one(case: tuple[str, Change]) -> None:
        kind, change = case
        if kind == "exercise":
            data = change.apply(_exercises()[change.file % len(_exercises())])
            read = read_exercise(library, data)
            assert read.says, "it says nothing"
            assert len(read.says) < 8_000
            assert "Traceback" not in read.says
        elif kind == "story":
            _try_story(library, change.apply(_stories()[change.file % len(_stories())]))
        else:
            _try_transcript(change.apply(_transcripts()[change.file % len(_transcripts())]))

    yield try_one


def _try_story(library: Library, data: bytes) -> None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return  # the command says so in one sentence
    made = from_twee(text, "story", "story.twee")
    placed(made.problems, data, "story.twee")
    if not made.problems:
        again = read_scenario(scenario_yaml(made.scenario_data).encode(), "story.yaml")
        placed(problems_of_scripts(library, again), scenario_yaml(made.scenario_data).encode(), "story.yaml")


def _try_transcript(data: bytes) -> None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return
    try:
        parse(text, "it.txt")
    except SetupError as error:
        says = str(error)
    else:
        says = ""
    assert "\n" not in says
    assert len(says) < LONGEST_SAYING


textual = st.one_of(
    st.builds(Change, files, st.just(()), st.lists(puts, min_size=1, max_size=3).map(tuple)),
    st.builds(Change, files, st.just(()), st.just(()), st.lists(spoils, min_size=1, max_size=4).map(tuple)),
)
"""Changes of files that are no YAML."""

TARGETS = [
    Target(
        "content",
        "files of the content, spoilt in structure, text and bytes: 'thinkchild check'",
        changes,
        content_copy,
        12,
        written,
    ),
    Target(
        "sent",
        "exercises that a trainer sends, stories of Twine, transcripts",
        st.one_of(
            st.tuples(st.just("exercise"), changes),
            st.tuples(st.just("story"), textual),
            st.tuples(st.just("transcript"), textual),
        ),
        sent,
        80,
    ),
]
