"""The terminal for an author: reads the files again as soon as one is saved, even while it waits for an answer."""

from __future__ import annotations

import select
import sys
from typing import IO, TYPE_CHECKING

from bot.access import Person
from bot.channels.terminal import Terminal

if TYPE_CHECKING:
    from bot.events import Event
    from bot.preview import Preview

LOOK_EVERY = 0.5
"""Seconds between two looks at the files."""


class ReadAgainError(EOFError):
    """A file was saved while an answer was awaited: marks given so far are kept, as at the end of the input."""


class PreviewTerminal(Terminal):
    """A terminal whose desk is a preview."""

    def __init__(self, preview: Preview, lines: IO[str], out: IO[str]) -> None:
        super().__init__(preview, Person("preview"), lines, out)
        self.preview = preview

    def talk(self) -> None:
        """Talk from the flow's first step until the input ends."""
        self._write(
            "PREVIEW: nothing is kept, and no number here is current. Save the file and it is read again; q leaves."
        )
        self.turn(self.preview.begin())
        while True:
            try:
                given = self._read()
            except (EOFError, KeyboardInterrupt):
                self._write("")
                return
            if given is None:
                return
            self._look()
            self.turn(given)

    def _look(self) -> bool:
        """Read what was saved, and say so; returns whether there was anything."""
        said = self.preview.reloaded()
        for line in said:
            self._write(self._styled(line, fg="yellow"))
        return bool(said)

    def _line(self, prompt: str) -> str:
        if self.typed_by_hand:
            self.out.write(self._styled(prompt, dim=True))
            self.out.flush()
            while not select.select([self.lines], [], [], LOOK_EVERY)[0]:
                if self._look():
                    raise ReadAgainError
            line = self.lines.readline()
            if not line:
                raise EOFError
            return line
        return super()._line(prompt)

    def _read(self) -> Event | str | None:
        """Read an answer to the question as it now reads: a number means an option that is on the screen."""
        while True:
            try:
                return super()._read()
            except ReadAgainError:
                self.said = self.preview.question().out
                for reply in self.said["replies"]:
                    self._show(reply)


def run(preview: Preview) -> None:
    """Preview on standard input and output."""
    PreviewTerminal(preview, sys.stdin, sys.stdout).talk()
