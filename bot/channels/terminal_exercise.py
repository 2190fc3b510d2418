"""Exercises in a terminal: a trainee's, or a facilitator's; several terminals share one file.

While it waits for an answer it looks for what others set off: the facilitator lets the group go on, something happens,
the exercise ends. So it reads its input by itself, line by line, from a keyboard or a pipe.
"""

from __future__ import annotations

import os
import select
import uuid
from typing import IO, TYPE_CHECKING, Any

from bot.channels.terminal import LEAVE, Screen
from bot.events import Chose, Do
from bot.exercises.heard import FOR_LIVE, Heard
from bot.exercises.hearing import is_word
from bot.wire import chosen_by_number, marked_by_word

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.events import Event
    from bot.exercises.hall import Hall

LOOK_EVERY = 0.3
"""Seconds between two looks at the post."""
HINT = "number or words · why · 999 or real if something is real · leave · q to go (your place is kept)"
KEPT = "Your place is kept: the same command brings you back."
LEADS_HINT = (
    "next · hold · inject · show · say WORDS · note WORDS · who · end · q to go (a second terminal can take over)"
)


class ExerciseTerminal(Screen):
    """One person in an exercise, at one terminal or a pipe."""

    def __init__(self, hall: Hall, person: str, lines: IO[str], out: IO[str], *, live: Callable[[Event], None]) -> None:
        super().__init__(lines, out)
        self.hall, self.who, self.live = hall, person, live
        self.said: dict[str, Any] = {}
        """The question that is open."""
        self._open = ""
        self._held = b""
        self._ended = False
        self._kept = KEPT

    def attend(self, hint: str = HINT, kept: str = KEPT) -> None:
        """Show what is said and take what is typed until it is over, left, or the input ends; `kept` is the way back."""
        self.hinted, self._kept = True, kept  # the hint of live guidance names commands that do nothing here
        if self.typed_by_hand:
            self._write(self._styled(hint, dim=True))
        try:
            self._attend()
        finally:
            self.hall.presence.is_here(self.who, here=False)

    def _attend(self) -> None:
        self._look()
        while self.hall.place(self.who) is not None:
            try:
                typed = self._next()
            except KeyboardInterrupt:
                typed = None
            if typed is None:
                self._write(f"\n{self._kept}")
                return
            if not self._take(typed):
                return
        self._look()

    def _take(self, typed: str) -> bool:
        """Take one line; says whether the exercise goes on here."""
        if typed.strip().lower() in LEAVE:
            self._write(self._kept)
            return False
        heard = self.hall.handle(self.who, self._meant(typed), f"terminal:{uuid.uuid4().hex}")
        self._look()
        if heard in FOR_LIVE:
            self.live(Do("danger" if heard is Heard.REAL else "menu"))
            return False
        if heard is Heard.TAKEN and is_word(typed, "leave"):
            self._write(self._kept)
        return True

    def _meant(self, typed: str) -> Event | str:
        """Return what a line means where a number or a mark would be read differently elsewhere."""
        asked = self.said
        if not typed.strip():
            return Do("again")
        if asked.get("multiple") and (several := chosen_by_number(asked, typed.strip())) is not None:
            return several
        if asked.get("prompts"):
            return self._marked(asked, typed.strip())
        return typed

    def _marked(self, asked: dict[str, Any], typed: str) -> Event | str:
        """Read marks for the curiosity prompts of the guidance: one word for each, in order."""
        if typed.lower() in ("d", "done"):
            return Chose(("done",))
        return marked_by_word(asked, typed) or typed

    # --- reading and looking ----------------------------------------------------------------------------

    def _next(self) -> str | None:
        """Return the next line; None at the end of the input. Meanwhile, what others set off is shown."""
        self.hall.presence.is_here(self.who)
        asked = bool(self.said.get("options"))
        if self.typed_by_hand or asked:
            self.out.write(self._styled("> ", dim=True))
            self.out.flush()
        while True:
            # A pipe is read only when something is asked: its lines are answers, and wait for their questions.
            ready = self._ended or b"\n" in self._held or ((self.typed_by_hand or asked) and self._readable())
            if ready:
                return self._line_read()
            if not (self.typed_by_hand or asked):
                select.select([], [], [], LOOK_EVERY)
            self.hall.tick()
            self.hall.presence.is_here(self.who)
            if self._look(redraw=True):
                asked = bool(self.said.get("options"))
                if self.hall.place(self.who) is None:
                    return ""

    def _readable(self) -> bool:
        return bool(select.select([self.lines], [], [], LOOK_EVERY)[0])

    def _line_read(self) -> str | None:
        """Return one line of the input, as it was typed; None at its end."""
        while b"\n" not in self._held:
            more = b"" if self._ended else os.read(self.lines.fileno(), 65536)
            if not more:
                self._ended = True
                break
            self._held += more
        if not self._held:
            return None
        line, _, self._held = self._held.partition(b"\n")
        text = line.decode("utf-8", "replace")
        if not self.typed_by_hand:
            self._write(text.rstrip())
        return text

    def _look(self, *, redraw: bool = False) -> bool:
        """Show what came; says whether anything did."""
        mail = self.hall.collect(self.who)
        if not mail:
            return False
        if redraw:
            self._write("")
        for one in mail:
            for reply in one.out["replies"]:
                self._show(reply)
            asked = [reply for reply in one.out["replies"] if reply["options"] or reply["prompts"]]
            if asked or one.out["open"] != self._open:  # a word from the facilitator leaves the question open
                self.said, self._open = asked[-1] if asked else {}, one.out["open"]
        self.hall.delivered([one.id for one in mail])
        return True

    def _show(self, reply: dict[str, Any]) -> None:
        super()._show({**reply, "prompts": ()} if reply["prompts"] else reply)
        if reply["prompts"]:
            self._write(self._styled("  one word for each, in order (known, unknown, worry), or done", dim=True))
