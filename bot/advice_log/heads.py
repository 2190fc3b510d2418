"""The end of the record at one moment, as something to note elsewhere: what is before it cannot be changed unseen then.

Whoever can write the file and knows how the chain is made could make all of it anew. They cannot make another record
with the same head at the same row. So a head that was noted on paper, or in another system, finds a record that was
rebuilt and one whose end was cut off; a record that has only grown still holds it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.errors import SetupError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from pathlib import Path

SHORT = 20
"""Hexadecimal digits of the form that is read out or printed: 80 bits, which nobody finds again by trying."""
_HEAD = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{20,64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Head:
    """How many rows the record had, and the hash of the last, or how that begins."""

    rows: int
    hash: str

    def __str__(self) -> str:
        groups = (self.hash[place : place + 4] for place in range(0, SHORT, 4))
        return f"{self.rows}:{'-'.join(groups)}"

    def fits(self, found: object) -> bool:
        """Say whether the hash that a row has now is the one that was noted."""
        return str(found).startswith(self.hash)


def head(connection: sqlite3.Connection) -> Head | None:
    """Return the head of a record as it stands; None while nothing is in it."""
    rows, last = connection.execute("SELECT seq, hash FROM head").fetchone()
    return Head(rows, last) if rows else None


def parse(text: str) -> Head:
    """Read a head as it was noted, dashes and spaces or none; raises SetupError for what is none."""
    found = _HEAD.fullmatch(re.sub(r"[\s-]", "", text.lower()))
    if found is None:
        raise SetupError(
            f"{text!r} is not a head: write it as 'thinkchild log head' printed it, ROWS:HASH with at least {SHORT} letters and digits."
        )
    return Head(int(found[1]), found[2])


def noted(file: Path) -> list[Head]:
    """Return the heads in a file, one a line, what stands after a space and lines that begin with # left out.

    Raises SetupError for a file that cannot be read, and for a line that is no head.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(
            f"The heads in {file} cannot be read ({error}): name the file that they were noted in."
        ) from error
    return [parse(line.split()[0]) for line in lines if line.strip() and not line.lstrip().startswith("#")]


def note(file: Path, held: Head, at: str) -> None:
    """Add a head to a file that lies elsewhere, and wait until it is on the disk; raises SetupError if it cannot be."""
    line = f"{held.rows}:{held.hash} {at}\n"
    try:
        whole = not file.exists() or not file.stat().st_size or file.read_bytes().endswith(b"\n")
        with file.open("a", encoding="utf-8") as out:
            out.write(line if whole else f"\n{line}")
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise SetupError(f"The head cannot be noted in {file} ({error.strerror}): name another file.") from error


def by_row(heads: Iterable[Head]) -> dict[int, list[Head]]:
    """Return heads by the row whose hash they name."""
    found: dict[int, list[Head]] = {}
    for one in heads:
        found.setdefault(one.rows, []).append(one)
    return found
