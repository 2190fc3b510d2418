"""What many tests need: the shipped content, a clock that can be set, and a desk on a database of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from commands import command  # noqa: F401 - a fixture for every test
from hazard_watch import pytest_configure  # noqa: F401 - what the hazard log names has to run
from hypothesis import settings
from walking import Clock, Talk

from bot.advice_log import AdviceLog
from bot.clock import stamp
from bot.library import read_content
from bot.reading import content_root
from bot.session import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bot.library import Library

os.environ.setdefault("THINKCHILD_ACCESS", "open")
os.environ.setdefault("THINKCHILD_PER_MINUTE", "0")
"""A service that a test starts is open and takes any pace; what is about the door says otherwise itself."""


settings.register_profile("patient", deadline=None)
settings.load_profile("patient")  # no test fails because the machine is busy


@pytest.fixture(scope="session")
def content() -> Library:
    """Read the shipped content once."""
    loaded = read_content(content_root())
    assert loaded.library is not None, loaded.problems
    assert not loaded.problems
    return loaded.library


@pytest.fixture(scope="session")
def lines(content: Library) -> dict[str, str]:
    """Return the fixed lines of the content."""
    return {line.id: line.text for line in content.lines.values()}


@pytest.fixture(scope="session")
def library(content: Library) -> Library:
    """Return the shipped content, seen from the area that has no numbers of its own."""
    return content.at("england", "2026-11-21")


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands at a Monday noon in winter until it is moved."""
    return Clock()


@pytest.fixture
def log(tmp_path: Path, content: Library, clock: Clock) -> Iterator[AdviceLog]:
    """Open a record of its own, with the shipped content kept in it."""
    opened = AdviceLog.open(tmp_path / "advice.db")
    opened.keep_content(content.version, "shipped", content.compiled, stamp(clock()))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def matchers() -> dict[str, Any]:
    """Hold what is made of the examples for each version: it takes longer to make than a whole conversation."""
    return {}


@pytest.fixture
def talk(log: AdviceLog, content: Library, clock: Clock, matchers: dict[str, Any]) -> Callable[..., Talk]:
    """Return a way to begin talking as somebody, in an area, on a channel that can or cannot remind."""

    def begin(who: str = "somebody", *, area: str = "england", can_remind: bool = False) -> Talk:
        desk = Desk(log, content, area=area, can_remind=can_remind, clock=clock)
        desk.shelf.matchers = matchers
        return Talk(desk, desk.person(who))

    return begin
