"""Talking through a flow while its files change: read again at once, answers kept, mistakes named, nothing kept."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from content import copy_shipped, edited, what_is_shipped_is_known
from walking import least

from bot.access import Person
from bot.asking import open_question
from bot.channels.terminal_preview import PreviewTerminal, ReadAgainError
from bot.errors import ContentError, SetupError
from bot.events import Chose, Do, Marked
from bot.models import Mark, Moment
from bot.preview import Preview

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.preview import Shown

ROOT = Path(__file__).resolve().parent.parent
ME = Person("preview")
FLOW = "dialogues/flows/new_partner.yaml"
CHECK = "dialogues/blocks/danger_check.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Copy the content for a test to edit."""
    copy_shipped(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    """Take the shipped flows as proved: a preview proves the one that is edited."""
    with what_is_shipped_is_known():
        yield


def begun(
    root: Path, flow: str = "new_partner", area: str = "demonstration", hour: Moment = Moment.IN_HOURS
) -> Preview:
    """Return a preview whose flow is open at its first question."""
    preview = Preview(root, flow, area, hour)
    preview.handle(ME, preview.begin(), "k")
    return preview


def save(root: Path, name: str, old: str, new: str) -> None:
    """Change one thing in a file, as an editor saves it."""
    path = root / name
    path.write_text(edited(path.read_text(encoding="utf-8"), {old: new}), encoding="utf-8")


def words(shown: Shown) -> str:
    """Return everything that was said."""
    return "\n".join(reply["text"] for reply in shown.out["replies"])


def second(preview: Preview) -> str:
    """Answer the danger check; return the step that is then open."""
    preview.handle(ME, Chose(("no_sign",)), "k")
    return str(preview.handle(ME, Chose(("not_soon",)), "k").out["step"])


def test_a_saved_word_is_in_the_open_question_and_answers_stay(root: Path) -> None:
    """Past two answers, the third question is asked in its new words."""
    preview = begun(root)
    step = second(preview)
    asked = next(one for one in preview.library.flows["new_partner"].steps if one.id == step.rpartition("/")[2])
    first = asked.options[0].label  # type: ignore[union-attr]
    save(
        root,
        FLOW,
        f'label: "{first}"' if f'label: "{first}"' in (root / FLOW).read_text() else f"label: {first}",
        'label: "Quite new"',
    )
    said = preview.reloaded()
    assert said == ["Read again. The answers that still fit are kept."]
    again = preview.question()
    assert again.out["step"] == step
    assert again.out["replies"][0]["options"][0]["label"] == "Quite new"
    assert preview.reloaded() == []


def test_an_answer_that_is_gone_is_asked_again_and_the_rest_stand(root: Path) -> None:
    """The option that was chosen has another id now: back to that question, no further."""
    preview = begun(root)
    second(preview)
    (root / CHECK).write_text((root / CHECK).read_text().replace("not_soon", "no_not_soon"))
    for path in (root / "dialogues").rglob("*.yaml"):
        path.write_text(path.read_text().replace("before_contact.not_soon", "before_contact.no_not_soon"))
    assert preview.reloaded() == ["Read again. The answers that still fit are kept."]
    assert preview.question().out["step"] == "new_partner/danger_check/before_contact"


def test_a_broken_save_is_named_with_file_and_line_and_the_old_content_goes_on(root: Path) -> None:
    """Not a word of what is broken is shown, and mending it is noticed in its turn."""
    preview = begun(root)
    before = preview.question()
    text = (root / FLOW).read_text()
    save(root, FLOW, "call: men_known", "call: men_knwon")
    number = next(n for n, line in enumerate((root / FLOW).read_text().splitlines(), 1) if "men_knwon" in line)
    said = preview.reloaded()
    assert said[0] == f"{FLOW}:{number}: 'men_knwon' is not a block. Did you mean 'men_known'?"
    assert said[-1] == "Not clean yet: this goes on with what was read before."
    assert preview.question() == before
    assert preview.handle(ME, Chose(("no_sign",)), "k").out["step"] == "new_partner/danger_check/before_contact"
    (root / FLOW).write_text("{")
    assert "Not clean yet" in preview.reloaded()[-1]
    (root / FLOW).write_text(text)
    assert preview.reloaded() == ["Read again. The answers that still fit are kept."]
    assert preview.question().out["step"] == "new_partner/danger_check/before_contact"


def test_a_file_that_is_just_being_replaced_does_not_end_the_preview(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Editors move the new file into place: between two moments there is none."""
    preview = begun(root)

    def vanished(*_: object) -> str:
        raise FileNotFoundError(FLOW)

    with monkeypatch.context() as now:
        now.setattr("bot.preview.source_hash", vanished)
        assert preview.reloaded() == []
    save(root, FLOW, "call: men_known", "call: men_known  # a note")
    assert preview.reloaded() != []


def test_a_flow_that_is_gone_or_was_opened_on_the_way_ends_nothing(root: Path) -> None:
    """Renamed away: said, and the talk goes on with what was read; what somebody was in is gone: begins afresh."""
    preview = begun(root)
    path = root / FLOW
    text = path.read_text()
    path.unlink()
    assert "goes on with what was read before" in preview.reloaded()[-1]
    assert preview.question().out["flow"] == "new_partner"
    path.write_text(text)
    assert preview.reloaded()


def test_nothing_is_shown_as_current_and_the_hours_are_those_asked_for(root: Path) -> None:
    """No number counts as checked in a preview, and night says what is said at night."""
    for hour, wanted, other in ((Moment.IN_HOURS, "960001", ""), (Moment.OUT_OF_HOURS, "960002", "960001")):
        preview = begun(root, "mark_on_child", hour=hour)
        preview.handle(ME, Chose(("no_sign",)), "k")
        said = words(preview.handle(ME, Chose(("soon",)), "k"))
        assert wanted in said
        assert not other or other not in said
    preview = begun(root, "mark_on_child")
    area = preview.library.area
    assert area is not None
    assert not any(contact.is_current(preview.library.day) for contact in area.contacts.values())


def test_typed_words_danger_and_search_work_as_in_a_conversation(root: Path) -> None:
    """The same reading of words: the card, a command, a look-up with results."""
    preview = begun(root)
    assert preview.handle(ME, "the baby is not breathing", "k").out["replies"][0]["kind"] == "danger"
    preview.handle(ME, Do("back"), "k")
    found = preview.handle(ME, "/search bath", "k")
    assert found.out["replies"][0]["sources"][0] == "H21"
    assert words(preview.handle(ME, "help", "k")).startswith("In danger: ring 999")


@pytest.mark.parametrize(
    ("flow", "area", "says"),
    [("new_partnr", "england", "Did you mean 'new_partner'"), ("new_partner", "engalnd", "Did you mean 'england'")],
)
def test_an_unknown_flow_or_area_is_one_sentence(root: Path, flow: str, area: str, says: str) -> None:
    """With the near miss."""
    with pytest.raises(SetupError, match=says):
        Preview(root, flow, area, Moment.UNKNOWN)


def test_content_that_is_broken_from_the_start_is_refused_with_every_problem(root: Path) -> None:
    """There is nothing older to go on with."""
    save(root, FLOW, "call: men_known", "call: men_knwon")
    with pytest.raises(ContentError, match="men_knwon"):
        Preview(root, "new_partner", "england", Moment.UNKNOWN)


# --- in a real terminal --------------------------------------------------------------------------------


class Screen:
    """A terminal with the preview in it, and what stands on it so far."""

    def __init__(self, *args: str) -> None:
        ours, theirs = pty.openpty()
        self.ours = ours
        env = {**os.environ, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "100"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", *args], stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=env
        )
        os.close(theirs)
        self.text = ""

    def until(self, wanted: str, seconds: float = 60) -> str:
        """Wait until something stands on the screen; return all that came up to it, and keep what came after."""
        end = time.monotonic() + seconds
        while wanted not in self.flat() and time.monotonic() < end and self.read():
            pass
        assert wanted in self.flat(), self.text[-2000:]
        seen, found, self.text = self.flat().partition(wanted)
        return seen + found

    def read(self) -> bool:
        """Take what has come up; say whether more can come."""
        if select.select([self.ours], [], [], 0.2)[0]:
            try:
                self.text += os.read(self.ours, 65536).decode("utf-8", "replace")
            except OSError:
                return False  # the other side is closed
        return True

    def flat(self) -> str:
        """Return the screen with its lines joined."""
        return " ".join(self.text.split())

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self.ours, (text + "\n").encode())

    def close(self) -> int:
        """Leave; return how it ended."""
        try:
            end = time.monotonic() + 60
            while time.monotonic() < end and self.process.poll() is None and self.read():
                pass
            return self.process.wait(30)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            os.close(self.ours)


NO = '      - {id: not_soon, label: "No", concern: 0, next: end}\n'


def test_in_a_terminal_a_save_while_it_waits_asks_the_question_again(root: Path) -> None:
    """The author types nothing: the question comes as it now reads, and a number means what now stands beside it."""
    check = (root / CHECK).read_text()
    assert NO in check, "the danger check is laid out otherwise now"
    screen = Screen("preview", "new_partner", "--content", str(root), "--area", "demonstration")
    try:
        first = screen.until("3 No sign of that now")
        assert "PREVIEW: nothing is kept" in first
        screen.type("3")
        screen.until("3 No")
        moved = check.replace(NO, "").replace("      - {id: soon,", f"{NO}      - {{id: soon,")
        (root / CHECK).write_text(moved)
        again = screen.until("1 No 2 Yes, or soon")
        assert "Read again. The answers that still fit are kept." in again
        assert "No sign of that now" not in again
        save(root, FLOW, "call: men_known", "call: men_knwon")
        broken = screen.until("goes on with what was read before.")
        assert re.search(r"dialogues/flows/new_partner\.yaml:\d+: 'men_knwon' is not a block", broken)
        screen.until("1 No 2 Yes, or soon")
        screen.type("1")
        onward = screen.until("What do you already know?")
        assert "act before they leave" not in onward
        screen.type("q")
    finally:
        code = screen.close()
    assert code == 0
    assert "Traceback" not in screen.text


class Typing(PreviewTerminal):
    """A terminal at which some things are typed, and a file is saved in between."""

    def __init__(self, preview: Preview, *typed: str | None) -> None:
        super().__init__(preview, io.StringIO(), io.StringIO())
        self.typed = list(typed)

    def _line(self, prompt: str) -> str:  # noqa: ARG002 - as the terminal has it
        typed = self.typed.pop(0)
        if typed is None:
            raise ReadAgainError
        return typed


def test_marks_given_before_a_save_are_kept(root: Path) -> None:
    """One of the curiosity prompts marked, then a file saved: the others are asked, not all of them again."""
    preview = begun(root, "whole_family")
    while not preview.question().out["replies"][0]["prompts"]:
        preview.handle(ME, least(preview.library, open_question(preview.library, preview.state)), "k")
    prompts = preview.question().out["replies"][0]["prompts"]
    assert len(prompts) > 1
    typing = Typing(preview, "w", None, *["k"] * (len(prompts) - 1))
    typing.said = preview.question().out
    rest = typing._read()
    assert rest == Marked(tuple((prompt["id"], Mark.KNOWN) for prompt in prompts[1:]))
    assert open_question(preview.library, preview.state).prompts[0].mark is Mark.WORRY
