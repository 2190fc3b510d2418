"""The errors Thinkchild raises, and what a problem in the content looks like.

    ThinkchildError            a sentence for a person, and what to do; exit code 2
    ├── ContentError           the content has mistakes; carries every one of them
    ├── StoreError             the database cannot be used (locked, read-only, full, corrupt)
    └── SetupError             something needed is missing (a token, an extra, an area)

Anything else that escapes is our own fault, and is a bug.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class ThinkchildError(Exception):
    """Something a person can put right; its text is one clear sentence that says how."""


class StoreError(ThinkchildError):
    """The database cannot be used; nothing of the turn was kept, and nothing earlier was lost."""


class SetupError(ThinkchildError):
    """Something that has to be there before we start is not."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in the content: where it is, and a sentence that says what to write instead."""

    file: str
    line: int
    code: str
    says: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.says}"


MOST_SHOWN = 12
"""Problems shown by a command that is about something else."""


class ContentError(ThinkchildError):
    """The content has mistakes, so nothing starts on it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        count = len(self.problems)
        lines = [str(problem) for problem in self.problems[:MOST_SHOWN]]
        if count > MOST_SHOWN:
            lines.append(f"... and {count - MOST_SHOWN} more: 'thinkchild check' shows all of them.")
        super().__init__("\n".join((*lines, f"{count} problem{'s' if count != 1 else ''} in the content.")))


def near_miss(word: str, known: Iterable[str]) -> str:
    """Say which known word was probably meant, as a sentence to append, or nothing."""
    close = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f" Did you mean '{close[0]}'?" if close else ""
