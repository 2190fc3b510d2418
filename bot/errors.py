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


LONGEST_SHOWN, LONGEST_SENTENCE, LONGEST_ERROR = 80, 1_000, 4_000
"""Letters of what somebody sent that an error repeats, of a problem, and of an error that lists all there is to choose from."""


def printable(text: str) -> str:
    """Write out what a screen would obey instead of show, and where a line would break."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in the content: where it is, and a sentence that says what to write instead."""

    file: str
    line: int
    code: str
    says: str

    def __post_init__(self) -> None:
        # It repeats what stands in a file that anybody may have written, and is shown on screens and in chats.
        if len(self.says) > LONGEST_SENTENCE or not self.says.isprintable():
            cut = self.says if len(self.says) <= LONGEST_SENTENCE else f"{self.says[:LONGEST_SENTENCE]}..."
            object.__setattr__(self, "says", printable(cut))

    def __str__(self) -> str:
        return f"{printable(self.file)}:{self.line}: {self.says}"


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


def shown(word: object) -> str:
    """Return what was sent as an error may repeat it: its beginning, and nothing that a screen would obey."""
    text = str(word)
    return printable(text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}...")


def one_sentence(text: str) -> str:
    """Return what is said of a mistake in one line that fits a screen, whatever it repeats of what was given."""
    return printable(
        text if len(text) <= LONGEST_ERROR else f"{text[: LONGEST_ERROR // 2]} ... {text[-LONGEST_ERROR // 2 :]}"
    )


def near_miss(word: str, known: Iterable[str]) -> str:
    """Say which known word was probably meant, as a sentence to append, or nothing."""
    if len(word) > LONGEST_SHOWN:
        return ""
    close = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f" Did you mean '{close[0]}'?" if close else ""
