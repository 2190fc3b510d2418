"""The conversation in a terminal: numbers or words choose, colour only where it helps, and it works piped."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import uuid
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, Protocol

import click

from bot.errors import StoreError
from bot.events import Chose, Do, Marked, Open
from bot.wire import MARK_WORDS, chosen_by_number

if TYPE_CHECKING:
    from bot.access import Person
    from bot.events import Event
    from bot.models import Mark
    from bot.session import Desk

WIDEST = 84
COLOURS: dict[str, dict[str, Any]] = {
    "danger": {"fg": "red", "bold": True},
    "ask": {"bold": True},
    "act": {"fg": "cyan"},
    "share": {"fg": "green"},
    "escalate": {"fg": "yellow"},
    "close": {"bold": True},
}
LEAVE = frozenset({"q", "quit", "exit", "bye"})
HINT = "number or words · back · change · why · menu · stop · 999 · q to leave (kept)"


class Answer(Protocol):
    """What a turn said: `out` has the replies of the JSON contract."""

    @property
    def out(self) -> dict[str, Any]:
        """The object of the contract."""
        ...


class Talker(Protocol):
    """Whoever answers at this terminal: the desk of a conversation, or the preview of a flow."""

    def handle(self, person: Person, given: Event | str, key: str) -> Answer:
        """Take one event or typed words and return what to say."""
        ...


class Screen:
    """What a terminal shows: colour only where it helps, lines no wider than the window."""

    def __init__(self, lines: IO[str], out: IO[str]) -> None:
        self.lines, self.out = lines, out
        self.lively = out.isatty() and not os.environ.get("NO_COLOR")
        self.typed_by_hand = lines.isatty() and out.isatty()
        self.hinted = False

    def _show(self, reply: dict[str, Any]) -> None:
        style = COLOURS.get(reply["kind"], {})
        first, _, rest = reply["text"].partition("\n")
        self._write("")
        self._write(self._styled(self._wrapped(first), **style))
        if rest:
            self._write(self._wrapped(rest))
        if reply["prompts"]:
            return
        for place, option in enumerate(reply["options"], 1):
            label = self._wrapped(option["label"], indent="     ")
            self._write(f"  {self._styled(str(place), bold=True)}  {label}")
        if reply["options"] and self.typed_by_hand and not self.hinted:
            self.hinted = True
            self._write(self._styled(HINT, dim=True))

    def _wrapped(self, text: str, indent: str | None = None) -> str:
        width = min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns)
        lines = []
        for line in text.split("\n"):
            after = indent if indent is not None else " " * (len(line) - len(line.lstrip()))
            lines.append(
                textwrap.fill(
                    line,
                    width - len(indent or ""),
                    subsequent_indent=after,
                    break_long_words=False,
                    break_on_hyphens=False,
                )
            )
        return "\n".join(lines)

    def _styled(self, text: str, **style: Any) -> str:  # noqa: ANN401 - what click.style takes
        return click.style(text, **style) if self.lively and style else text

    def _write(self, text: str) -> None:
        self.out.write(text + "\n")
        self.out.flush()


class Terminal(Screen):
    """One person at one terminal, or a pipe."""

    def __init__(self, desk: Talker, person: Person, lines: IO[str], out: IO[str]) -> None:
        super().__init__(lines, out)
        self.desk, self.person = desk, person
        self.said: dict[str, Any] = {}

    def converse(self, flow: str | None = None, opening: Event | None = None) -> None:
        """Talk until the input ends or the person leaves; everything said is kept, to carry on from."""
        self.turn(opening or (Open(flow) if flow else Do("begin")))
        while True:
            try:
                given = self._read()
            except (EOFError, KeyboardInterrupt):
                self._write("")
                break
            if given is None:
                break
            self.turn(given)
        self._farewell()

    def turn(self, given: Event | str) -> None:
        """Take one event and show what is said to it; a turn that cannot be kept is said so, and asked again."""
        try:
            said = self.desk.handle(self.person, given, f"terminal:{uuid.uuid4().hex}")
        except StoreError as error:
            if not self.said:
                raise
            self._write(self._styled(str(error), fg="red"))
            return
        self.said = said.out
        for reply in said.out["replies"]:
            self._show(reply)

    # --- reading ----------------------------------------------------------------------------------------

    def _read(self) -> Event | str | None:
        """Read an answer to what is open; None when the person leaves."""
        last = self.said["replies"][-1] if self.said.get("replies") else {}
        if last.get("prompts"):
            return self._read_marks(last)
        text = self._line("> ")
        typed = text.strip()
        if typed.lower() in LEAVE:
            return None
        if not typed:
            return Do("again")
        return chosen_by_number(last, typed) or text

    def _read_marks(self, reply: dict[str, Any]) -> Event | str | None:
        """Ask about each prompt in turn; words that are no mark are taken as said, and nothing marked is lost."""
        marks: list[tuple[str, Mark]] = []
        for place, prompt in enumerate(reply["prompts"], 1):
            if "mark" in prompt:
                continue
            begun = textwrap.shorten(prompt["text"], 46, placeholder="…")
            asked = f"{place}/{len(reply['prompts'])} {begun}\n  [k]nown · [n]ot known yet · [w]orries me · [d]one > "
            while True:
                try:
                    typed = self._line(asked).strip()
                except (EOFError, KeyboardInterrupt):
                    self._keep(marks)
                    raise
                if typed.lower() in MARK_WORDS:
                    marks.append((prompt["id"], MARK_WORDS[typed.lower()]))
                    break
                if typed and not typed.isdecimal():
                    self._keep(marks)
                    if typed.lower() in {"d", "done"}:
                        return Chose(("done",))
                    return None if typed.lower() in LEAVE else typed
        return Marked(tuple(marks)) if marks else Chose(("done",))

    def _keep(self, marks: list[tuple[str, Mark]]) -> None:
        """Keep the marks given so far without showing the prompts again."""
        if marks:
            self.said = self.desk.handle(self.person, Marked(tuple(marks)), f"terminal:{uuid.uuid4().hex}").out

    def _line(self, prompt: str) -> str:
        if self.typed_by_hand:
            with suppress(ImportError):
                import readline  # noqa: F401, PLC0415 - arrow keys in `input`; a Python without it does as well

            return input(self._styled(prompt, dim=True))
        line = self.lines.readline()
        if not line:
            raise EOFError
        self._write(f"{prompt}{line.rstrip()[:WIDEST]}")
        return line

    def _farewell(self) -> None:
        receipt = self.said.get("receipt")
        if receipt:
            self._write(f"Kept. Carry on: thinkchild chat · what you were advised: thinkchild log receipt {receipt}")
        else:
            self._write("Nothing was advised. In danger: 999.")


def run(desk: Desk, person: Person, flow: str | None = None) -> None:
    """Talk on standard input and output."""
    Terminal(desk, person, sys.stdin, sys.stdout).converse(flow)
