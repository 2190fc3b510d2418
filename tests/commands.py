"""A command as somebody gives it, in this process: what it prints, and how it ends."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from content import what_is_shipped_is_known

from bot.checks import check_content
from bot.cli import main
from bot.reading import source_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bot.errors import Problem
    from bot.library import Library


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    def sentence(self) -> str:
        """Return the error of a command that failed as it should: exit code 2, one line."""
        assert self.code == 2, self
        lines = self.err.strip().splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


KNOWN: dict[str, tuple[Library | None, list[Problem]]] = {}
"""What was found in each content that a command looked at: the same files are not checked twice."""


def _checked_once(root: Path) -> tuple[Library | None, list[Problem]]:
    key = source_hash(root, "")
    if key not in KNOWN:
        KNOWN[key] = check_content(root)
    library, problems = KNOWN[key]
    return library, list(problems)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Done]]:
    """Return a way to give a command; the shipped flows are taken as proved."""

    def give(*args: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["thinkchild", *args])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    monkeypatch.setattr("bot.checks.check_content", _checked_once)
    with what_is_shipped_is_known():
        yield give
