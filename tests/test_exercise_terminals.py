"""Exercises in terminals: real processes on one file, as a trainer and two others at a table would run them."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from bot.advice_log import AdviceLog
from bot.startup import open_library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LIMIT = 60.0
"""Seconds that a busy machine may take to say something."""


class Sitting:
    """One terminal: a process whose input and output are a terminal's, or pipes."""

    def __init__(self, db: Path, *args: str, by_hand: bool = False) -> None:
        environ = {**os.environ, "THINKCHILD_DB": str(db), "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
        command = [sys.executable, "-m", "bot", "exercise", *args]
        if by_hand:
            self.ours, theirs = pty.openpty()
            self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ)
            os.close(theirs)
            self.reads = self.writes = self.ours
        else:
            pipe = subprocess.PIPE
            self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, env=environ)
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            self.reads, self.writes = self.process.stdout.fileno(), self.process.stdin.fileno()
        self.said = ""
        self._looked = 0

    def types(self, line: str) -> None:
        """Type a line."""
        os.write(self.writes, f"{line}\n".encode())

    def hears(self, words: str) -> str:
        """Wait until words were said that have not been waited for yet; returns what came with them."""
        until = time.monotonic() + LIMIT
        wanted = re.compile(r"\s+".join(map(re.escape, words.split())))
        while (found := wanted.search(self.said, self._looked)) is None:
            assert time.monotonic() < until, f"{words!r} was not said; what was: {self.said[self._looked :]!r}"
            if select.select([self.reads], [], [], 0.2)[0]:
                try:
                    more = os.read(self.reads, 65536)
                except OSError:
                    more = b""
                assert more or wanted.search(self.said, self._looked), (
                    f"{words!r} was not said; it ended: {self.said[-600:]!r}"
                )
                self.said += more.decode("utf-8", "replace").replace("\r", "")
        said, self._looked = self.said[self._looked : found.end()], found.end()
        return said

    def ends(self) -> int:
        """Wait until it ends; returns its exit code."""
        return self.process.wait(LIMIT)

    def close(self) -> None:
        """End it, however it is."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


@pytest.fixture
def sit(tmp_path: Path) -> Iterator[Callable[..., Sitting]]:
    """Return a way to open terminals on one database, whose content is proved already."""
    db = tmp_path / "t.db"
    log = AdviceLog.open(db)
    open_library(log)
    log.close()
    open_ones: list[Sitting] = []

    def begin(*args: str, **given: Any) -> Sitting:
        made = Sitting(db, *args, **given)
        open_ones.append(made)
        return made

    yield begin
    for one in open_ones:
        one.close()


def codes(lead: Sitting) -> tuple[str, str]:
    """Return the join code and the facilitators' code that a starting terminal shows."""
    said = lead.hears("End")
    found = re.findall(r"\b[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}\b", said)
    return found[0], next(code for code in found if code != found[0])


def test_three_terminals_hold_an_exercise_and_print_its_debrief(sit: Callable[..., Sitting], tmp_path: Path) -> None:
    """A facilitator and two others: join, ask, decide, stop, go on, end; and the page of the group's debrief."""
    lead = sit("start", "ready_explanation")
    join, _ = codes(lead)
    sam, alex = sit("join", join, "--name", "Sam"), sit("join", join.lower(), "--name", "Alex")
    for person in (sam, alex):
        person.hears("It begins when the facilitator says so")
    lead.types("next")
    lead.hears("Monday, 8.40")
    sam.hears("What do you want to know?")
    sam.types("what can ida do")
    sam.hears("does not crawl")
    sam.types("Go on to decide")
    sam.hears("Stop and talk")
    alex.hears("What do you want to know?")
    alex.types("1")
    alex.hears("more.")
    alex.types("go on to decide")
    alex.hears("Stop and talk")
    lead.types("show")
    lead.hears("2 waiting")
    lead.types("next")
    sam.hears("What do you do first?")
    alex.hears("What do you do first?")
    lead.types("end")
    lead.hears("End it for everybody now?")
    lead.types("End it now")
    lead.hears("exercise debrief")
    assert lead.ends() == sam.ends() == alex.ends() == 0
    sam.hears("you found")
    assert "everything is real" in sam.said
    assert "The facilitator has ended the exercise" in sam.said
    mine = re.search(r"debrief (\w{16})", sam.hears("--html debrief.html"))
    assert mine is not None
    own = sit("debrief", mine[1])
    own.hears("you found 1 of")
    assert own.ends() == 0
    assert "took part" not in own.said
    counts = sit("debrief", join)
    counts.hears("2 took part")
    counts.hears("1 of 2  What can Ida do by herself?")
    assert counts.ends() == 0
    for said in (own.said, counts.said):
        assert "EXERCISE, not real" in said
        assert "<" not in said
    held = re.search(r"debrief (\w{16})", lead.hears("--csv"))
    page = tmp_path / "group.html"
    done = sit("debrief", held[1] if held else join, "--html", str(page))
    done.hears("Wrote")
    assert done.ends() == 0
    assert "2 took part" in page.read_text(encoding="utf-8")


def test_a_co_facilitator_takes_over_when_the_first_terminal_is_gone(sit: Callable[..., Sitting]) -> None:
    """The first is killed; the second code leads on, and nobody in the group notices."""
    lead = sit("start", "ready_explanation")
    join, second = codes(lead)
    sam = sit("join", join, "--name", "Sam")
    sam.hears("It begins when")
    lead.close()
    other = sit("lead", second, "--person", "other")
    other.hears("You are a facilitator of")
    other.types("next")
    sam.hears("What do you want to know?")


def test_a_trainee_who_went_comes_back_to_their_place(sit: Callable[..., Sitting]) -> None:
    """The same name finds the same place, once nobody sits there; while somebody does, it is taken."""
    lead = sit("start", "ready_explanation")
    join, _ = codes(lead)
    sam = sit("join", join, "--name", "Sam", by_hand=True)
    sam.hears("It begins when")
    twin = sit("join", join, "--name", "sam")
    twin.hears("already called")
    assert twin.ends() == 2
    sam.types("q")
    assert sam.ends() == 0
    lead.types("next")
    lead.hears("Next")
    again = sit("join", join, "--name", "Sam")
    again.hears("where you stopped")


def test_a_terminal_promises_only_what_works_there(sit: Callable[..., Sitting]) -> None:
    """No hint of live guidance, no button after the end, and a way back that leads back."""
    lead = sit("start", "ready_explanation", by_hand=True)
    join, second = codes(lead)
    sam = sit("join", join, "--name", "Sam", by_hand=True)
    sam.hears("It begins when")
    sam.types("leave")
    sam.hears("the same command brings you back")
    assert sam.ends() == 0
    lead.types("q")
    lead.hears(f"thinkchild exercise lead {second}")
    assert lead.ends() == 0
    again = sit("lead", second, by_hand=True)
    again.hears("where you stopped")
    again.types("end")
    again.hears("End it now")
    again.types("End it now")
    again.hears("The exercise has ended")
    again.hears("exercise erase")
    assert again.ends() == 0
    for said in (lead.said, sam.said, again.said):
        assert "menu" not in said
        assert "/exercise" not in said
        assert "Erase it" not in said


def test_a_real_answer_leaves_for_the_live_guidance_at_its_999_card(sit: Callable[..., Sitting]) -> None:
    """In a terminal as a person sees it: danger, real, and what follows is the live card."""
    sam = sit("play", "ready_explanation", by_hand=True)
    sam.hears("Begin")
    sam.types("999")
    sam.hears("Is somebody really in danger")
    sam.types("1")
    sam.hears("What follows is real")
    card = sam.hears("I have rung 999")
    assert "EXERCISE" not in card
    sam.types("q")
    assert sam.ends() == 0


def test_a_real_child_is_talked_of_in_the_live_guidance(sit: Callable[..., Sitting]) -> None:
    """No 999 card for who is in no danger: the menu, from which all of it can be reached."""
    sam = sit("play", "ready_explanation", by_hand=True)
    sam.hears("Begin")
    sam.types("danger")
    sam.hears("The exercise")
    sam.types("2")
    sam.hears("What follows is real")
    menu = sam.hears("What is it about?")
    assert "EXERCISE" not in menu
    sam.types("q")
    assert sam.ends() == 0


def test_wrong_codes_end_with_one_sentence(sit: Callable[..., Sitting]) -> None:
    """Exit code 2, and what to do."""
    for args, says in (
        (("join", "AAAA-AAAA", "--name", "Sam"), "no exercise with that code"),
        (("lead", "BBBB-BBBB"), "no exercise with that code"),
        (("play", "ready_explanatoin"), "Did you mean 'ready_explanation'?"),
    ):
        tried = sit(*args)
        tried.hears(says)
        assert tried.ends() == 2
        assert "Traceback" not in tried.said


def test_a_piped_exercise_waits_for_its_questions_and_is_kept_at_the_end_of_the_input(
    sit: Callable[..., Sitting],
) -> None:
    """Lines are answers, read one by one; what is left is taken up by the next command."""
    first = sit("play", "ready_explanation")
    first.types("1\n1")
    assert first.process.stdin is not None
    first.process.stdin.close()
    first.hears("Your place is kept")
    assert first.ends() == 0
    again = sit("play", "ready_explanation")
    again.hears("where you stopped")
    again.hears("3 more")
