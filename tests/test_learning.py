"""Words that were not understood are kept for a lead only where that is switched on and allowed, and can go without a trace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from content import copy_shipped
from walking import Talk

from bot.advice_log import AdviceLog, export_rows, queue, verify
from bot.advice_log.schema import migrations
from bot.advice_log.tables import Database
from bot.dialogue import new_state, step
from bot.events import Chose, Do, Open, Unclear
from bot.learning import KEEP_WORDS, Happening, Learning
from bot.library import read_content
from bot.matching import Cuts, Matcher
from bot.matching.learned import LIVE
from bot.session import Desk

if TYPE_CHECKING:
    from collections.abc import Callable

    from commands import Done
    from walking import Clock

    from bot.library import Library
    from bot.session import Said

EXAMPLES = {
    "new_partner": ["a new partner has moved in", "mum has a new boyfriend", "a man has moved in with mum"],
    "mark_on_child": ["a bruise on the baby", "a mark on her arm", "bruise on his leg"],
    "out_of_scope": ["hello there friend", "what is for lunch", "order more paper please"],
    LIVE: ["the baby is not breathing", "she is not breathing now", "he stopped breathing"],
}
UNKNOWN = "order paper for lunch please"
OPENS = "a new partner has moved in"
ASKED = "the baby and mum"
KEEP = Chose((KEEP_WORDS,))
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def matcher(content: Library) -> Matcher:
    """Return a matcher of a few examples for the shipped flows."""
    cuts = Cuts(open_at=0.9, choose_at=0.2, alarm_at=0.0)
    writers = {"child": ["i am nine"]}
    return Matcher(EXAMPLES, (), writers, {}, tuple(content.flows), cuts={"words": cuts})


@pytest.fixture
def begin(log: AdviceLog, content: Library, clock: Clock, matcher: Matcher) -> Callable[..., Talk]:
    """Return a way to talk with a desk that may ask, or may not."""
    desks: dict[bool, Desk] = {}

    def talk(who: str = "somebody", *, learn: bool = True) -> Talk:
        if learn not in desks:
            desks[learn] = Desk(log, content, learn=learn, clock=clock)
            desks[learn].shelf.matchers = {content.version: matcher}
        begun = Talk(desks[learn], desks[learn].person(who))
        begun.say(Do("begin"))
        return begun

    return talk


def offered(said: Said) -> bool:
    """Say whether somebody is asked, and has the option to say yes: never one without the other."""
    asked = any(
        "May a safeguarding lead see" in r["text"] or "may a safeguarding lead see" in r["text"]
        for r in said.out["replies"]
    )
    option = KEEP_WORDS in [o["id"] for r in said.out["replies"] for o in r["options"]]
    assert asked is option
    return asked


def everything(log: AdviceLog) -> str:
    """Return all that the database holds, as text."""
    return "\n".join(log.connection.iterdump())


def steps(said: Said) -> str:
    """Return what was said, as one text."""
    return " ".join(reply["text"] for reply in said.out["replies"])


def test_it_is_off_unless_switched_on(begin: Callable[..., Talk], log: AdviceLog) -> None:
    """Nobody is asked, and the option is none."""
    talk = begin(learn=False)
    assert not offered(talk.say(UNKNOWN))
    assert "choose" in steps(talk.say(KEEP)).lower()
    assert queue.waiting(log) == []


def test_what_was_not_understood_is_kept_when_that_is_allowed(
    begin: Callable[..., Talk], log: AdviceLog, content: Library
) -> None:
    """The words, the day, what was decided: no person, no session, no time, and no copy anywhere else."""
    talk = begin()
    said = talk.say(UNKNOWN)
    assert said.out["decision"] == "unknown"
    assert offered(said)
    assert UNKNOWN not in everything(log)
    kept = talk.say(KEEP)
    assert "Those words are kept" in steps(kept)
    assert kept.out["decision"] is None
    (one,) = queue.waiting(log)
    assert (one.words, one.day, one.decision, one.chosen) == (UNKNOWN, "2026-11-23", "unknown", "")
    assert one.content_version == content.version
    assert len(one.candidates) == 3
    holding = [line for line in everything(log).splitlines() if UNKNOWN in line]
    assert len(holding) == 1
    assert "misunderstood" in holding[0]
    columns = [row[1] for row in log.connection.execute("PRAGMA table_info(misunderstood)")]
    assert columns == ["id", "day", "content_version", "decision", "candidates", "words", "chosen"]
    assert verify(log.connection)[1] is None
    assert UNKNOWN not in json.dumps(list(export_rows(log)), default=str)


@pytest.mark.parametrize(
    "typed", ["yes", "ok", "y", "keep", "keep_words", "a lead may", "they may see my words", "5", "6"]
)
def test_nothing_typed_is_taken_for_consent_but_the_very_words(
    begin: Callable[..., Talk], log: AdviceLog, typed: str
) -> None:
    """A yes may answer something else."""
    talk = begin()
    talk.say(UNKNOWN)
    talk.say(typed)
    assert queue.waiting(log) == []


@pytest.mark.parametrize("typed", ["A lead may see my words", "  a LEAD may  see my words ", "may see my words"])
def test_the_very_words_of_the_option_are_consent(begin: Callable[..., Talk], log: AdviceLog, typed: str) -> None:
    """As with every option, its words can be typed."""
    talk = begin()
    talk.say(UNKNOWN)
    assert "Those words are kept" in steps(talk.say(typed))
    assert len(queue.waiting(log)) == 1


@pytest.mark.parametrize(
    "instead", [Do("menu"), Do("help"), "what is for lunch then", Open("new_partner"), Chose(("unknown",))]
)
def test_anything_else_means_no(begin: Callable[..., Talk], log: AdviceLog, instead: Any) -> None:
    """Pressing it later keeps nothing of those words: they are gone."""
    talk = begin()
    talk.say(UNKNOWN)
    talk.say(instead)
    talk.say(Do("stop"))
    assert "I no longer have those words" in steps(talk.say(KEEP))
    assert queue.waiting(log) == []


def test_after_half_an_hour_the_words_are_gone(begin: Callable[..., Talk], log: AdviceLog, clock: Clock) -> None:
    """What nobody allowed does not stay in memory."""
    talk = begin()
    talk.say(UNKNOWN)
    clock.on(minutes=31)
    assert "I no longer have those words" in steps(talk.say(KEEP))
    assert queue.waiting(log) == []
    assert talk.desk._learning is not None
    assert talk.desk._learning._heard == {}


def test_nobody_can_allow_it_for_somebody_else(begin: Callable[..., Talk], log: AdviceLog) -> None:
    """Each person is asked about their own words."""
    begin("one").say(UNKNOWN)
    assert "I no longer have those words" in steps(begin("another").say(KEEP))
    assert queue.waiting(log) == []


@pytest.mark.parametrize(
    "text",
    [
        "order paper for lunch, his name is Callum Reed",
        "order paper for lunch on 07700 900123",
        "the baby is not breathing",
        "i am nine and want lunch please",
        "paper lunch",
        "order lunch " * 400,
        "search paper for lunch",
    ],
)
def test_nobody_is_asked_about_words_that_may_tell_too_much_or_nothing(begin: Callable[..., Talk], text: str) -> None:
    """Identifiers, danger, a child, two words, a book."""
    assert not offered(begin().say(text))


@pytest.mark.parametrize("danger", [True, False])
def test_words_that_raised_the_alarm_are_never_asked_about(
    log: AdviceLog, content: Library, matcher: Matcher, clock: Clock, danger: bool
) -> None:
    """Whatever else the turn made of them."""
    state = new_state(content)
    turn = step(content, state, Unclear())
    routing = replace(matcher.route(UNKNOWN), danger=danger)
    happening = Happening(UNKNOWN, routing, Unclear(), state, turn.state)
    replies = Learning(log).after(content, "somebody", happening, turn.replies, clock())
    assert (replies == turn.replies) is danger


@pytest.mark.parametrize("first", ["i am nine", Do("danger")])
def test_words_typed_at_a_card_are_never_asked_about_later(begin: Callable[..., Talk], first: Any) -> None:
    """What a child writes beneath its card, or anybody at the 999 card, is not brought up at the menu."""
    talk = begin()
    talk.say(first)
    assert not offered(talk.say(UNKNOWN))
    talk.say(Do("menu"))
    assert not offered(talk.say("hm"))


def test_a_wish_to_hear_that_all_is_well_was_understood(begin: Callable[..., Talk]) -> None:
    """It is answered kindly, and not counted among what was not followed."""
    talk = begin()
    said = talk.say("please tell me it's fine")
    assert "can't say" in steps(said)
    assert not offered(said)


def test_nobody_is_asked_in_the_middle_of_something(begin: Callable[..., Talk]) -> None:
    """Beside a question about danger nothing else is asked."""
    talk = begin()
    talk.say(Open("mark_on_child"))
    assert not offered(talk.say(UNKNOWN))


def test_a_flow_that_was_opened_wrongly_and_left_through_the_menu(begin: Callable[..., Talk], log: AdviceLog) -> None:
    """The question comes with the menu; what was chosen then is noted."""
    talk = begin()
    opened = talk.say(OPENS)
    assert opened.out["flow"] == "new_partner"
    assert not offered(opened)
    left = talk.say(Do("menu"))
    assert offered(left)
    assert "I opened: A new partner" in steps(left)
    assert OPENS not in everything(log)
    talk.say(KEEP)
    (one,) = queue.waiting(log)
    assert (one.decision, one.candidates[0], one.chosen, one.words) == ("flow", "new_partner", "", OPENS)
    chosen = talk.say(Chose(("information_sharing",)))
    assert chosen.out["flow"] == "information_sharing"
    assert not offered(chosen)
    (one,) = queue.waiting(log)
    assert one.chosen == "information_sharing"
    assert verify(log.connection)[1] is None


@pytest.mark.parametrize("back", [Chose(("carry_on",)), Chose(("new_partner",))])
def test_going_on_with_it_takes_it_back(begin: Callable[..., Talk], log: AdviceLog, back: Any) -> None:
    """Then it was the right flow, and there is nothing to learn."""
    talk = begin()
    talk.say(OPENS)
    talk.say(Do("menu"))
    talk.say(KEEP)
    talk.say(back)
    assert queue.waiting(log) == []


def test_a_flow_named_by_its_title_was_no_guess(begin: Callable[..., Talk], content: Library) -> None:
    """Whoever types what stands on the button chose it."""
    talk = begin()
    talk.say(content.flows["new_partner"].title)
    assert not offered(talk.say(Do("menu")))


def test_none_of_three_is_not_understood_either(begin: Callable[..., Talk], log: AdviceLog) -> None:
    """A choice in which nothing fitted, and what was chosen from the menu instead."""
    talk = begin()
    asked = talk.say(ASKED)
    assert asked.out["decision"] == "choose"
    assert not offered(asked)
    assert offered(talk.say(Chose(("menu",))))
    talk.say(KEEP)
    talk.say(Chose(("information_sharing",)))
    (one,) = queue.waiting(log)
    assert (one.decision, one.chosen, one.words) == ("choose", "information_sharing", ASKED)


def test_the_same_press_twice_keeps_it_once(begin: Callable[..., Talk], log: AdviceLog) -> None:
    """A redelivery gets the same answer, and a second press changes nothing."""
    talk = begin()
    talk.say(UNKNOWN)
    first = talk.say(KEEP, key="pressed")
    again = talk.say(KEEP, key="pressed")
    assert again.repeated
    assert again.out == first.out
    talk.say(KEEP)
    assert len(queue.waiting(log)) == 1


def test_the_alarm_stays_first(begin: Callable[..., Talk]) -> None:
    """An old button pressed while the 999 card is up does not push it down."""
    talk = begin()
    talk.say(UNKNOWN)
    talk.say("the baby is not breathing")
    assert talk.say(KEEP).out["replies"][0]["kind"] == "danger"


def test_what_was_taken_out_cannot_be_read_from_the_file(
    begin: Callable[..., Talk], log: AdviceLog, command: Callable[..., Done]
) -> None:
    """No byte of it is left, neither in the database nor beside it."""
    talk = begin()
    talk.say(UNKNOWN)
    talk.say(KEEP)
    (one,) = queue.waiting(log)
    db = str(log.path)
    log.close()
    assert UNKNOWN in command("nlu", "review", "list", "--db", db).out
    assert command("nlu", "review", "dismiss", one.id, "--db", db).out == "Took out 1.\n"
    beside = log.path.parent.glob(log.path.name + "*")
    assert not any(UNKNOWN.encode() in file.read_bytes() for file in beside)
    assert command("log", "verify", "--db", db).code == 0
    assert command("nlu", "review", "list", "--db", db).out == "Nothing waits.\n"


def kept(path: Path, *words: str) -> list[str]:
    """Make a record with these messages waiting; return their numbers."""
    log = AdviceLog.open(path)
    made = [
        queue.Misunderstood(queue.new_id(), "2026-11-23", "a version", "unknown", ("new_partner",), said)
        for said in words
    ]
    with log.transaction():
        for one in made:
            queue.keep(log, one)
    log.close()
    return [one.id for one in made]


def test_a_lead_makes_an_example_of_a_message(command: Callable[..., Done], tmp_path: Path) -> None:
    """It stands in the flow's file, or in a new one, and waits no more; the content still passes."""
    root, db = tmp_path / "content", tmp_path / "advice.db"
    copy_shipped(root)
    first, second, third = kept(db, "mum's fella's back: again", 'no " one', "# what is this")
    given = ("--db", str(db), "--content", str(root))
    done = command("nlu", "review", "assign", first, "new_partner", *given)
    assert done.code == 0, done.err
    assert command("nlu", "review", "assign", second, "new_partner", "--file", "from_review.yaml", *given).code == 0
    assert command("nlu", "review", "assign", third, "out_of_scope", "--file", "from_review.yaml", *given).code == 0
    library = read_content(root).library
    assert library is not None
    assert {"mum's fella's back: again", 'no " one'} <= set(library.content.examples["new_partner"])
    assert "# what is this" in library.content.examples["out_of_scope"]
    assert command("nlu", "review", "list", "--json", "--db", str(db)).out == "[]\n"
    assert command("check", "--content", str(root)).code == 0


def test_where_the_content_cannot_be_written_the_line_is_printed(command: Callable[..., Done], tmp_path: Path) -> None:
    """To be pasted by hand; the message waits until it is dismissed."""
    root, db = tmp_path / "content", tmp_path / "advice.db"
    copy_shipped(root)
    (number,) = kept(db, "mum's fella is back")
    (root / "dialogues/nlu/odd.yaml").write_text(
        'version: "3.1"\nnlu: [{intent: new_partner, examples: "- he is back again"}]\n', encoding="utf-8"
    )
    done = command(
        "nlu", "review", "assign", number, "new_partner", "--file", "odd.yaml", "--db", str(db), "--content", str(root)
    )
    assert done.code == 2
    assert done.out == "    - mum's fella is back\n"
    assert f"thinkchild nlu review dismiss {number}" in done.err
    assert "he is back again" in (root / "dialogues/nlu/odd.yaml").read_text(encoding="utf-8")
    assert number in command("nlu", "review", "list", "--db", str(db)).out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("assign", "nothing", "new_partner"), "Nothing waits under 'nothing'"),
        (("assign", "NUMBER", "new_partnr"), "Did you mean 'new_partner'?"),
        (("assign", "NUMBER", "new_partner", "--file", "../flows/new_partner.yaml"), "give only a name"),
        (("assign", "NUMBER", "new_partner", "--file", "new_partner.txt"), "give only a name"),
        (("dismiss",), "give --all"),
        (("dismiss", "NUMBER", "--all"), "give --all"),
        (("dismiss", "nothing"), "Nothing waits under 'nothing'"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(
    command: Callable[..., Done], tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    """And nothing is taken out."""
    db = tmp_path / "advice.db"
    (number,) = kept(db, "mum's fella is back")
    given = [number if word == "NUMBER" else word for word in words]
    assert says in command("nlu", "review", *given, "--db", str(db)).sentence()
    assert number in command("nlu", "review", "list", "--db", str(db)).out


def test_all_can_go_at_once(command: Callable[..., Done], tmp_path: Path) -> None:
    """For whoever switches it off again."""
    db = tmp_path / "advice.db"
    kept(db, "one two three", "four five six")
    assert command("nlu", "review", "dismiss", "--all", "--db", str(db)).out == "Took out 2.\n"
    assert "There is no record" in command("nlu", "review", "list", "--db", str(tmp_path / "none.db")).sentence()


def test_a_record_of_an_earlier_program_gets_the_table(command: Callable[..., Done], tmp_path: Path) -> None:
    """Reading it says that nothing waits; opening it brings it up to date, and it still proves itself."""
    db = tmp_path / "advice.db"
    log = AdviceLog.open(db)
    log.connection.execute("DROP TABLE misunderstood")
    log.connection.execute("DELETE FROM _sqlite_migrations WHERE name = 'm003_what_was_not_understood'")
    assert migrations.pending(Database(log.connection))
    log.close()
    assert command("nlu", "review", "list", "--db", str(db)).out == "Nothing waits.\n"
    opened = AdviceLog.open(db)
    assert queue.waiting(opened) == []
    assert verify(opened.connection)[1] is None
    opened.close()


def test_from_outside_it_is_one_word_on_the_command_line(tmp_path: Path) -> None:
    """`chat --learn`; without it the same words are not asked about."""
    lines = "".join(json.dumps(one) + "\n" for one in ({"text": "qwrtz plmokn zxcvb"}, {"choose": KEEP_WORDS}))
    for learn in (["--learn"], []):
        db = tmp_path / f"{len(learn)}.db"
        run = subprocess.run(
            [sys.executable, "-m", "bot", "chat", "--json", "--db", str(db), *learn],
            input=lines,
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert ("Those words are kept" in run.stdout) is bool(learn)
        log = AdviceLog.open(db)
        assert [one.words for one in queue.waiting(log)] == ["qwrtz plmokn zxcvb"] * len(learn)
        log.close()
