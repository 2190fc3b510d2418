"""Example conversations: read with line numbers, held against the content, and made from a receipt."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from content import keep, reworded
from walking import Talk, at, least, offered, texts

from bot.advice_log import receipt
from bot.dialogue import step
from bot.errors import SetupError
from bot.events import Chose, Do, Marked, Open
from bot.examples import parse, run
from bot.from_receipt import written
from bot.models import Mark
from bot.session import Desk
from bot.transcript import told

if TYPE_CHECKING:
    from collections.abc import Callable

    from walking import Clock

    from bot.advice_log import AdviceLog
    from bot.library import Library

BRUISE = """\
# A bruise on a baby

> I've seen a mark on a child
= flow mark_on_child
= danger no
is any of these so right now?
! nothing to worry about

> No sign of that now
= danger no

> 999
= danger yes
= urgency now
"""


def test_an_example_that_is_as_it_says_passes(content: Library) -> None:
    """What is said, what is not, and what is so."""
    assert run(parse(BRUISE), content) == []


@pytest.mark.parametrize(
    ("instead_of", "given", "says"),
    [
        ("= flow mark_on_child", "= flow new_partner", "line 4: flow is 'mark_on_child', not 'new_partner'."),
        ("= danger no\nis", "= danger yes\nis", "line 5: danger is 'no', not 'yes'."),
        ("! nothing to worry about", "! right now", "line 7: this was said, and may not be: 'right now'."),
        ("is any of these so right now?", "is everything fine?", "line 6: this was not said: 'is everything fine?'."),
        ("= flow mark_on_child", "Danger now\nI've seen", "line 5: this was said, but sooner than the lines before it"),
    ],
)
def test_what_is_not_as_an_example_says_is_named_with_its_line(
    content: Library, instead_of: str, given: str, says: str
) -> None:
    """One line a mistake, with what was said instead."""
    assert instead_of in BRUISE
    failed = run(parse(BRUISE.replace(instead_of, given, 1)), content)
    assert any(line.startswith(says) for line in failed), failed


def test_a_changed_word_in_the_content_makes_an_example_fail(content: Library) -> None:
    """That is what they are for."""
    danger = next(step for step in content.blocks["danger_check"].steps if hasattr(step, "ask"))
    assert run(parse(BRUISE), reworded(content, danger.ask, "Is all well?"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("> hello\n", "begin with a line '# what this example shows'"),
        ("# Nothing\n", "nothing is said in it"),
        ("# One\n> a\n= flwo x\n", "line 3: after '=' comes one of: flow, step"),
        ("# One\n\n\n> a\n* worried\n", "line 5: marks are known, unknown, worry, - for none, or done."),
        ("# One\n>\n", "line 2: after '>' comes what is sent"),
        ("# One\n+\n", "line 2: after '+' comes what is sent"),
        ("# One\nhours: noon\n> a\n", "hours are day, night or unknown"),
    ],
)
def test_what_cannot_be_read_is_said_with_file_and_line(text: str, says: str) -> None:
    """One sentence, so that an author finds the place."""
    with pytest.raises(SetupError) as error:
        parse(text, "one.txt")
    assert str(error.value).startswith("one.txt")
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("heading", "says"), [("area: nowhere", "There is no area 'nowhere'"), ("flow: mark_on_chid", "Did you mean 'mark")]
)
def test_an_unknown_area_or_flow_is_one_sentence(content: Library, heading: str, says: str) -> None:
    """Not a conversation that quietly goes another way."""
    with pytest.raises(SetupError, match=says):
        run(parse(f"# One\n{heading}\n> hello\n"), content)


def test_marks_where_nothing_is_to_be_marked_or_too_many_fail_with_their_line(content: Library) -> None:
    """The conversation stops there: what follows would mean nothing."""
    assert run(parse("# One\n> hello\n* worry\n> x\nnot said\n"), content) == ["line 3: nothing was to be marked here."]
    turn, lines = at(content, "mark_on_child"), ["# One", "flow: mark_on_child"]
    while not turn.replies[-1].prompts:
        event = least(content, turn.replies[-1])
        lines.append(f"> {told(content, turn.state, event)}")
        turn = step(content, turn.state, event)
    number = len(turn.replies[-1].prompts)
    failed = run(parse("\n".join([*lines, f"* {'known ' * (number + 1)}", "never said"])), content)
    assert failed == [f"line {len(lines) + 1}: there are {number} prompts to be marked here, not {number + 1}."]
    left = "\n".join(
        [*lines, "* " + "- " * (number - 1) + "worry", f"= step {turn.replies[-1].step}", "* " + "known " * number]
    )
    assert run(parse(left), content) == []


@pytest.mark.parametrize(("hours", "number", "other"), [("day", "960001", ""), ("night", "960002", "960001")])
def test_the_hours_of_an_example_are_those_of_its_clock(content: Library, hours: str, number: str, other: str) -> None:
    """By day the number of the office, by night that of the duty team alone."""
    text = f"# Hours\nhours: {hours}\nflow: mark_on_child\n> No sign of that now\n> Yes, or soon\n{number}\n"
    text += f"! {other}\n" if other else ""
    assert run(parse(text), content) == []


# --- from a receipt ------------------------------------------------------------------------------------


@pytest.fixture
def talk_at(log: AdviceLog, content: Library, clock: Clock, matchers: dict[str, Any]) -> Callable[..., Talk]:
    """Return a way to talk in the demonstration area, by a clock that can be set."""

    def begin(*, can_remind: bool = False, area: str = "demonstration") -> Talk:
        keep(log, content)
        desk = Desk(log, content, area=area, can_remind=can_remind, clock=clock)
        desk.shelf.matchers = matchers
        return Talk(desk, desk.person("somebody"))

    return begin


def made(log: AdviceLog, content: Library, talk: Talk) -> str:
    """Return the example that the receipt of a talk becomes."""
    code = log.current(talk.person.id)
    assert code is not None
    held = receipt(log, code.receipt)
    assert held is not None
    return written(held, content)


def a_long_talk(talk: Talk) -> Talk:
    """Talk with marks given one by one, the 999 button, a reminder, side steps, and answers given again."""
    said = talk.say(Do("begin"))
    said = talk.say(Open("mark_on_child"))
    talk.say(Do("help"))
    said = talk.choose("no_sign")
    said = talk.say(Do("danger"))
    said = talk.choose(offered(said)[1])
    for _ in range(60):
        last = said.out["replies"][-1]
        if said.out["closed"]:
            break
        if last["prompts"]:
            ids = [prompt["id"] for prompt in last["prompts"]]
            if len(ids) > 1:
                talk.say(Marked(((ids[-1], Mark.WORRY),)))
            talk.say(Do("why"))
            said = talk.say(Chose(("done",)))
        elif said.out["step"].endswith("/remind") or any("reminder" in o["id"] for o in last["options"]):
            said = talk.choose(offered(said)[0])
        else:
            step = said.out["step"]
            said = talk.to_the_next(said)
            if step.endswith("/mobile"):
                talk.say(Do("change", "mobile"))
                said = talk.choose("not_mobile")
    assert said.out["closed"]
    talk.say(Do("back"))
    return talk


@pytest.mark.parametrize("can_remind", [True, False], ids=["with reminders", "without"])
@pytest.mark.parametrize("hour", [11, 23], ids=["by day", "by night"])
def test_an_example_made_from_a_whole_receipt_passes_as_it_is(
    talk_at: Callable[..., Talk], log: AdviceLog, content: Library, clock: Clock, hour: int, can_remind: bool
) -> None:
    """Marks, the 999 button, a reminder, commands and changed answers: what is written runs, and says the same."""
    clock.now = datetime(2026, 11, 23, hour, 0, tzinfo=UTC)
    text = made(log, content, a_long_talk(talk_at(can_remind=can_remind)))
    assert run(parse(text), content) == [], text
    assert f"hours: {'day' if hour == 11 else 'night'}" in text
    for line in ("+ mark_on_child", "> 999", "> change", "* - ", "> help", "> why"):
        assert line in text, line
    held = [line for line in text.splitlines() if line and line[0] not in ">*+#"]
    assert len(held) > 40


def test_an_example_notices_that_advice_has_gone(
    talk_at: Callable[..., Talk], log: AdviceLog, content: Library
) -> None:
    """The example of a receipt fails on content that no longer says what was said."""
    text = made(log, content, a_long_talk(talk_at()))
    said = next(step.intro for step in content.flows["mark_on_child"].steps if hasattr(step, "act"))
    assert run(parse(text), reworded(content, said, "Nothing much"))


def test_typed_danger_becomes_the_button_and_the_flow_it_was_about(
    talk_at: Callable[..., Talk], log: AdviceLog, content: Library
) -> None:
    """What was typed is nowhere; the card, the answer to it and the flow come as they came."""
    talk = talk_at()
    said = talk.say("a mark on a baby who is not breathing")
    assert said.out["replies"][0]["kind"] == "danger"
    said = talk.choose(offered(said)[1])
    assert said.out["flow"] == "mark_on_child"
    talk.choose("no_sign")
    text = made(log, content, talk)
    assert "breathing" not in text.split("> 999")[0]
    assert "+ mark_on_child" in text
    assert run(parse(text), content) == [], text


def test_a_childs_words_become_the_way_through_the_menu(
    talk_at: Callable[..., Talk], log: AdviceLog, content: Library
) -> None:
    """Their card is reached by the fixed button instead."""
    talk = talk_at()
    said = talk.say("i am 9 and my dad hits me")
    assert said.out["replies"][-1]["options"]
    assert "Childline" in texts(said)
    text = made(log, content, talk)
    assert "> A child or young person" in text
    assert "dad" not in text
    assert run(parse(text), content) == [], text


def test_what_was_looked_up_or_guarded_leaves_nothing_to_say_again(
    talk_at: Callable[..., Talk], log: AdviceLog, content: Library
) -> None:
    """A search, a source in full, a stale button and a name: no line of the example holds on to them."""
    talk = talk_at()
    talk.go("mark_on_child", "no_sign")
    talk.say("/search bath")
    talk.say("H9")
    talk.say(Chose(("gone_long_ago",)))
    talk.say("her date of birth is 03/04/2019")
    talk.say(Do("again"))
    text = made(log, content, talk)
    assert "2019" not in text
    assert run(parse(text), content) == [], text


def test_an_area_without_hours_is_kept(talk_at: Callable[..., Talk], log: AdviceLog, content: Library) -> None:
    """Hours are not known there; the example stays in the area."""
    talk = talk_at(area="somerset")
    talk.go("mark_on_child", "no_sign", "soon")
    text = made(log, content, talk)
    assert "hours: unknown" in text
    assert "area: somerset" in text
    assert run(parse(text), content) == [], text


def test_a_long_silence_ends_an_example(
    talk_at: Callable[..., Talk], log: AdviceLog, content: Library, clock: Clock
) -> None:
    """An example has no clock: it goes as far as it can, and says why no further."""
    talk = talk_at()
    talk.go("mark_on_child", "no_sign")
    clock.on(hours=20)
    talk.say(Do("begin"))
    talk.choose("carry_on")
    text = made(log, content, talk)
    assert text.rstrip().endswith("so it ends")
    assert run(parse(text), content) == []
