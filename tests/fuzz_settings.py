"""Settings and words of a command that cannot be meant: one sentence and exit code 2, whatever stands there."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
import pytest
from content import copy_shipped
from fuzz_common import ODD_TEXTS, Target, no_traceback
from fuzz_files import content_known, ended
from hypothesis import strategies as st

from bot.cli import cli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

Case = tuple[tuple[str, ...], tuple[tuple[str, str], ...]]
"""The words of a command, and settings with their values."""

SETTINGS = (
    "THINKCHILD_ACCESS",
    "THINKCHILD_ACTIONS",
    "THINKCHILD_AREA",
    "THINKCHILD_AS",
    "THINKCHILD_CONTENT",
    "THINKCHILD_DB",
    "THINKCHILD_DB_KEY_FILE",
    "THINKCHILD_DEAF_SECONDS",
    "THINKCHILD_EXERCISE_DAYS",
    "THINKCHILD_LEARN",
    "THINKCHILD_LOG",
    "THINKCHILD_NLU",
    "THINKCHILD_NLU_TOKEN_FILE",
    "THINKCHILD_PER_MINUTE",
    "THINKCHILD_REMINDER_SECONDS",
    "THINKCHILD_REQUIRE_SIGNED",
    "THINKCHILD_SYNCHRONOUS",
    "THINKCHILD_TOKEN_FILE",
    "THINKCHILD_TRAINERS",
    "THINKCHILD_WEBHOOK_LISTEN",
    "THINKCHILD_WEBHOOK_SECRET_FILE",
    "THINKCHILD_WEBHOOK_URL",
    "TELEGRAM_BOT_TOKEN",
    "TELEGRAM_BOT_TOKEN_FILE",
    "TELEGRAM_BASE_URL",
    "TELEGRAM_BASE_FILE_URL",
    "XDG_DATA_HOME",
    "XDG_CACHE_HOME",
)
"""Every setting of the program but THINKCHILD_MODEL, which would read weights for each case."""
VALUES = (
    "0",
    "-1",
    "1",
    "nan",
    "inf",
    "1e400",
    "99999999999999999999",
    "٣",
    "1.5",
    "yes",
    "open",
    "enrolled",
    "none",
    "full",
    "off",
    "nowhere/at/all",
    ".",
    "a/b\nc",
    "http://",
    "https://x",
    "https://[::1",
    "http://[",
    "https://user:pw@host/x",
    "https://host:99999/x",
    "rasa:",
    "rasa:http://",
    "rasa:http://[",
    "rasa:ftp://x",
    "rasa:http://x:y",
    "127.0.0.1",
    "127.0.0.1:0",
    ":::",
    "[::1]:1",
    "host:port",
    "a,b,,c",
    "1,2,3",
    "123:abc",
    "1:" + "x" * 5000,
    "0:0:0",
    "a" * 300,
    "x" * 5000,
    "." * 300,
    "a." * 200,
    "\u202e",
    "é" * 130,
    "$(id)",
    "`id`",
    "%n%s",
    "*",
    "?",
    "-",
    "--",
    "--help",
    "-h",
    "''",
    "2026-02-30",
    "0000-00-00",
    "9999-12-31",
    "400d",
    "-5d",
    "9999999999d",
    "1:abc",
    "3:" + "0" * 64,
    "console",
    "H9",
    "mark_on_child",
)
value = (
    st.sampled_from(VALUES) | st.sampled_from(ODD_TEXTS).filter(lambda text: "\0" not in text) | st.text(max_size=30)
)
"""Values that an environment and a command line can hold at all."""


def _holdable(text: str) -> str:
    """Return a text as a process can be given it; a path in it stays below the folder that it is tried in."""
    text = text.replace("\0", "").encode("utf-8", "ignore").decode()[:50_000]
    return (
        text
        if "://" in text and not text.startswith("file:")
        else text.replace("..", ".").lstrip("/~").replace("file:", "")
    )


def commands() -> list[tuple[tuple[str, ...], click.Command]]:
    """Return every command with the words that name it, but those that would answer until told to stop."""
    return [one for one in _below(cli, ()) if one[0] not in ENDLESS]


ENDLESS = {
    ("telegram",),
    ("serve",),
    ("preview",),
    ("rasa", "actions"),
    ("nlu", "calibrate"),
    ("nlu", "evaluate"),
    ("model", "learn"),
    ("model", "install"),
    ("model", "verify"),
    ("model", "pack"),
    ("book",),
    ("transcript", "run"),
}
"""They answer until told to stop, ask the network, or take minutes; the settings of services are read by themselves below."""


def _below(group: click.Command, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(group, click.Group):
        yield words, group
        return
    for name, command in group.commands.items():
        yield from _below(command, (*words, name))


@st.composite
def given_commands(draw: st.DrawFn) -> Case:
    """Draw a command with some of its options and arguments, each with any value, and settings with any values."""
    words, command = draw(st.sampled_from(sorted(commands(), key=lambda one: one[0])))
    typed: list[str] = []
    for option in command.params:
        if "--listen" in option.opts:
            continue  # it answers until told to stop
        if isinstance(option, click.Option) and draw(st.integers(0, 3)) == 0:
            typed.append(option.opts[0])
            if not option.is_flag:
                typed.append(_holdable(draw(value)))
        elif isinstance(option, click.Argument) and draw(st.integers(0, 4)):
            typed.append(_holdable(draw(value)))
    if draw(st.integers(0, 9)) == 0:
        typed.append(_holdable(draw(value)))
    settings = draw(st.lists(st.tuples(st.sampled_from(SETTINGS), value.map(_holdable)), max_size=2))
    return (*words, *typed), tuple(settings)


reading = st.lists(st.tuples(st.sampled_from(SETTINGS), value.map(_holdable)), min_size=1, max_size=4).map(
    lambda settings: ((), tuple(settings))
)
"""Settings alone: those of the services, read as they read them."""


class Given:
    """Gives commands in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def try_one(self, case: Case) -> None:
        """Give a command, or read the settings of the services."""
        words, settings = case
        with pytest.MonkeyPatch.context() as patch:
            for name in SETTINGS:
                patch.delenv(name, raising=False)
            patch.setenv("XDG_DATA_HOME", str(self.folder / "data"))
            patch.setenv("XDG_CACHE_HOME", str(self.folder / "cache"))
            patch.setenv("THINKCHILD_CONTENT", str(self.folder.parent / "content"))
            patch.setenv("HOME", str(self.folder))
            patch.chdir(self.folder)
            for name, given in settings:
                patch.setenv(name, given)
            if words:
                self._give(words)
            else:
                self._read()

    def _give(self, words: Sequence[str]) -> None:
        code, said = ended(*words, typed="")
        no_traceback(code, said, 0, 1, 2)
        if code == 2:
            lines = [line for line in said.strip().splitlines() if line.startswith("Error:")]
            assert said.strip(), f"{words} ended with 2 and said nothing"
            assert len(lines) <= 1, said
            assert len(said) < 20_000, f"{words} said {len(said):,} letters"
        if code == 1:
            assert words[0] in {"health", "doctor"} or "check" in words or "transcript" in words, (words, said)

    def _read(self) -> None:
        """Read what the services read before they start, each as it does."""
        for command in (("telegram",), ("serve", "--port", "0")):
            with pytest.MonkeyPatch.context() as patch:
                # The service itself begins where its settings were taken; that is tried elsewhere.
                patch.setattr("bot.channels.telegram.service.answer", lambda *_args, **_more: 0)
                patch.setattr("bot.channels.rest.service.answer", lambda *_args, **_more: 0)
                code, said = ended(*command)
            no_traceback(code, said, 0, 2)
            assert (code == 0) == (not said.strip()), said
            assert len(said.strip().splitlines()) <= 1, said
            self._keeps_secrets(said)

    @staticmethod
    def _keeps_secrets(said: str) -> None:
        token = os.environ.get("TELEGRAM_BOT_TOKEN", "").partition(":")[2]
        assert len(token) < 12 or token not in said, "the token was shown"


@contextmanager
def settings_of(folder: Path) -> Iterator[Callable[[Case], None]]:
    """Give commands with the content already checked."""
    copy_shipped(folder / "content")
    with content_known() as library, pytest.MonkeyPatch.context() as patch:
        for name in ("check_content", "check_everything"):
            patch.setattr(f"bot.checks.{name}", lambda _root: (library, []))
        yield Given(folder / "here").try_one


TARGETS = [
    Target(
        "settings",
        "every command with options, arguments and settings that cannot be meant",
        st.one_of(given_commands(), reading),
        settings_of,
        150,
    )
]
