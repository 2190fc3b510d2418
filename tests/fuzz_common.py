"""What every fuzz target shares: how a case is tried, a clock over it, and the odd things that are put everywhere.

A target is a strategy (which inputs) and a way to try one of them on the real entry; `test_fuzz.py` tries few of each,
always the same, and `fuzz.py` tries as many as there is time for, each time others.
"""

from __future__ import annotations

import signal
import sys
import traceback
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

HANGS = 120
"""Seconds after which a case counts as hanging, also on a machine that is busy."""


class HangsError(Exception):
    """A case did not end."""


@dataclass(frozen=True)
class Target:
    """One kind of input, and the entry that takes it."""

    name: str
    about: str
    cases: st.SearchStrategy[Any]
    entry: Callable[[Path], AbstractContextManager[Callable[[Any], None]]]
    """Given an empty folder, prepares what is needed and gives the function that tries one case."""
    examples: int
    """Cases in the test suite."""
    written: Callable[[Any], bytes] = field(default=lambda case: repr(case).encode("utf-8", "backslashreplace"))
    """A case as it is saved: what was really sent, where that can be said."""


@dataclass
class Tried:
    """What became of a run: how many cases, and the smallest that failed."""

    cases: int = 0
    last: Any = None
    error: BaseException | None = None

    def told(self) -> str:
        """Return the failure as text."""
        return "".join(traceback.format_exception(self.error)) if self.error is not None else ""


@contextmanager
def watched(seconds: int = HANGS) -> Iterator[None]:
    """Raise HangsError in whatever has not ended by then."""

    def late(_number: int, _frame: object) -> None:
        raise HangsError(f"it did not end within {seconds} seconds")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run(
    target: Target,
    try_one: Callable[[Any], None],
    examples: int,
    number: int | None = None,
    enough: Callable[[], bool] = lambda: False,
) -> Tried:
    """Try cases of a target; the last one kept is the smallest that failed, if one did.

    Without a number the same cases are tried each time. When `enough` says so, no more are.
    """
    tried = Tried()

    def attempt(case: Any) -> None:
        if enough():
            return
        tried.cases, tried.last = tried.cases + 1, case
        with watched():
            try_one(case)

    phases = (Phase.generate, Phase.shrink)
    plan = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=number is None,
        phases=phases,
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    chosen = given(target.cases)(attempt)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", HypothesisWarning)  # large cases are meant
            plan(chosen if number is None else seed(number)(chosen))()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        tried.error = error
    return tried


# --- odd things -----------------------------------------------------------------------------------------

BIDI = "\u202eabc\u2066\u200f\u200b\ufeff"
ODD_TEXTS = (
    "",
    " ",
    "\n",
    "\0",
    "\x07\x1b[31m",
    BIDI,
    "\u2028\u2029\x85",
    "ﷺ" * 50,
    "e" + "\u0301" * 300,
    "👩‍👩‍👧‍👦" * 40,
    "\ud800",
    "\udfff\ud800",
    "%s%n{0}{{7*7}}{%x%}",
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "../../../../etc/passwd",
    "null",
    "NaN",
    "-0",
    "9" * 400,
    "a" * 5000,
    "1_0",
    "٣",
    "/start mark_on_child",
    "/why@otherbot",
    "Aa1!" * 30_000,
)
"""Texts that programs stumble over: nothing, no letters, half a character, other ways, digits that are none."""
texts = st.sampled_from(ODD_TEXTS) | st.text(max_size=60) | st.text(alphabet=st.characters(), max_size=30)
"""Any text; `st.text` makes no half characters, the list has them."""
numbers = st.sampled_from([0, -1, 1, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**400, 1.5, -0.0, 1e308]) | st.integers()
scalars = st.none() | st.booleans() | numbers | texts
"""Anything JSON has that holds nothing else."""
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=8
)


def nested(depth: int, opening: str = "[", closing: str = "]") -> str:
    """Return brackets in brackets."""
    return opening * depth + closing * depth


@dataclass(frozen=True)
class Spoil:
    """One change of bytes: what, where (a share of the length, in millionths), and with what."""

    how: str
    at: int
    more: int

    def apply(self, data: bytes) -> bytes:
        """Return the bytes with this change."""
        if not data:
            return data
        place = min(len(data) - 1, self.at * len(data) // 1_000_000)
        match self.how:
            case "flip":
                return data[:place] + bytes([data[place] ^ (1 << self.more % 8)]) + data[place + 1 :]
            case "set":
                return data[:place] + bytes([self.more % 256]) + data[place + 1 :]
            case "cut":
                return data[:place]
            case "out":
                return data[:place] + data[place + 1 + self.more % 64 :]
            case "twice":
                return data[:place] + data[place : place + 1 + self.more % 512] + data[place:]
            case "zero":
                length = 1 + self.more % 4096
                return data[:place] + bytes(min(length, len(data) - place)) + data[place + length :]
        raise AssertionError(self.how)


places = st.integers(0, 999_999)
spoils = st.builds(Spoil, st.sampled_from(["flip", "set", "cut", "out", "twice", "zero"]), places, st.integers(0, 4095))


def spoilt(data: bytes, changes: list[Spoil]) -> bytes:
    """Return bytes with several changes."""
    for change in changes:
        data = change.apply(data)
    return data


# --- a command, as somebody gives it ---------------------------------------------------------------------


def no_traceback(code: int, said: str, *codes: int) -> None:
    """Hold that a command ended as it may, and that nobody saw a traceback."""
    assert code in codes, f"it ended with {code}: {said[-2000:]}"
    assert "Traceback" not in said, said[-2000:]


def tests_on_path() -> None:
    """Let a script find what the tests share."""
    here = __file__.rpartition("/")[0]
    for folder in (here, here.rpartition("/")[0]):
        if folder not in sys.path:
            sys.path.insert(0, folder)
