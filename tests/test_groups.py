"""Exercises with a group: joining, being led, counts that are right, debriefs, and nothing that tells who did what."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from exercising import MARK, House, practice
from exercising import house as house  # noqa: PLC0414 - a fixture
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import SetupError, StoreError
from bot.exercises import keeping, leading, pages
from bot.exercises.codes import LETTERS, code_of, name_of, new_code
from bot.exercises.heard import Heard
from bot.exercises.seats import Role
from bot.exercises.store import ExerciseStore, beside
from bot.scenarios.run import Stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from exercising import Visitor

ASK = "What can Robin do by himself?"
TELL, NOTE, LEAVE = (
    "Tell the safeguarding lead now",
    "Write it down, look again at home time",
    "Leave it: there is an explanation",
)


# --- joining --------------------------------------------------------------------------------------------


def test_a_code_is_taken_however_it_is_typed(house: Callable[..., House]) -> None:
    """Small letters, spaces, no hyphen: it is read out over a table."""
    here = house()
    started = here.somebody("lead").starts(here.story)
    sam = here.somebody("sam")
    assert "what shall we call you" in sam.joins(started.join_code.lower().replace("-", " ")).lower()
    assert "It begins when the facilitator says so" in sam.types("Sam")


@pytest.mark.parametrize("code", ["", "AAAA-AAAA", "AAAA-AAA", "1111-1111", "'; DROP TABLE seats;--", "x" * 5000])
def test_a_wrong_code_is_refused_and_after_five_nobody_may_guess_on(house: Callable[..., House], code: str) -> None:
    """Also the right one is refused then, for a quarter of an hour; others are not held up."""
    here = house()
    started = here.somebody("lead").starts(here.story)
    eve = here.somebody("eve")
    for _ in range(5):
        assert "no exercise with that code" in eve.joins(code)
    assert "too often" in eve.joins(started.join_code, "Eve")
    assert "facilitator says so" in here.somebody("sam").joins(started.join_code, "Sam")
    here.clock.on(minutes=16)
    assert "facilitator says so" in eve.joins(started.join_code, "Eve")


def test_codes_are_long_and_never_the_same() -> None:
    """Eight of thirty signs, none of them mistaken for another."""
    codes = {new_code() for _ in range(2000)}
    assert len(codes) == 2000
    assert all(code_of(code) == code and len(code) == 9 for code in codes)
    assert not set("01OIL") & set(LETTERS)


def test_the_same_name_is_taken_once(house: Callable[..., House]) -> None:
    """Whatever its case; another is asked for, and works."""
    here = house()
    started = here.somebody("lead").starts(here.story)
    here.somebody("a").joins(started.join_code, "Sam")
    other = here.somebody("b")
    assert "already called" in other.joins(started.join_code, "sAM")
    assert "facilitator says so" in other.types("Alex")


@pytest.mark.parametrize("name", ["", " ", "x" * 25, "07700 900123", "a@b.org", "\u200b", "...", "a\x00b"])
def test_a_name_that_may_not_be_is_refused_with_a_sentence(house: Callable[..., House], name: str) -> None:
    """Nothing empty, nothing long, nothing that identifies anybody."""
    assert name_of(name) == ""
    here = house()
    started = here.somebody("lead").starts(here.story)
    sam = here.somebody("sam")
    sam.joins(started.join_code)
    assert "letters" in sam.types(name or "...")


def test_somebody_late_catches_up(house: Callable[..., House]) -> None:
    """Holding points that are open are passed, and what happened meanwhile is heard."""
    here = house()
    lead, (sam,), started = here.group("Sam")
    lead.types("inject colleague")
    sam.taps("Go on to decide")
    sam.taps(TELL)
    lead.types("next")
    late = here.somebody("late")
    assert "Shall we begin?" in late.joins(started.join_code, "Late")
    assert "Babies bruise" in late.taps("Begin")
    late.taps("Go on to decide")
    assert "Monday, 15.00" in late.taps(NOTE) + late.taps("Go on")


def test_a_dropped_phone_loses_nothing(house: Callable[..., House]) -> None:
    """The same person with the same code sits where they sat; what was said meanwhile is still there."""
    here = house()
    lead, (sam, _), started = here.group("Sam", "Alex")
    sam.types("1")
    here.restart(lead, sam)
    lead.types("say Look up please")
    back = sam.joins(started.join_code)
    assert "Look up please" in back
    assert "where you stopped" in back
    assert ASK not in back


def test_an_exercise_that_is_over_takes_nobody(house: Callable[..., House]) -> None:
    """Its code says so."""
    here = house()
    lead, _, started = here.group("Sam")
    lead.types("end")
    lead.taps("End it now")
    assert "is over" in here.somebody("late").joins(started.join_code, "Late")


# --- leading --------------------------------------------------------------------------------------------


def test_the_group_stops_until_the_facilitator_goes_on(house: Callable[..., House]) -> None:
    """Who waits has nothing to tap; next lets all go on who stand there, and each of them is told."""
    here = house()
    lead, (sam, alex), _ = here.group("Sam", "Alex")
    for person in (sam, alex):
        person.taps("Go on to decide")
        assert "The facilitator goes on" in person.taps(TELL)
    assert "Monday, 15.00" not in sam.types("go on")
    lead.types("next")
    assert "Monday, 15.00" in sam.heard()
    assert "Monday, 15.00" in alex.heard()


def test_next_opens_nothing_where_nobody_waits(house: Callable[..., House]) -> None:
    """Else a stop would be gone before anybody reached it."""
    here = house()
    lead, (sam,), _ = here.group("Sam")
    assert "Nobody waits" in lead.types("next")
    sam.taps("Go on to decide")
    assert "The facilitator goes on" in sam.taps(TELL)
    other = here.somebody("other")
    other.starts(here.story)
    assert "Nobody has joined" in other.types("next")


def test_two_facilitators_who_tap_next_together_open_one_stop(house: Callable[..., House]) -> None:
    """The second finds it done; neither skips a stop the group has not talked over."""
    here = house()
    lead, (sam,), started = here.group("Sam")
    other = here.somebody("other")
    other.joins(started.lead_code)
    lead.types("show")
    sam.taps("Go on to decide")
    sam.taps(TELL)
    theirs, mine = other.question_mail(), lead.question_mail()
    lead.taps("Next", on=mine)
    assert other.taps("Next", on=theirs) == ""
    assert other.last is Heard.STALE
    place = here.hall.place(lead.id)
    assert place is not None
    assert place.exercise.opened == 2


def test_a_co_facilitator_takes_over_with_the_second_code(house: Callable[..., House]) -> None:
    """The first one's phone is gone; the join code alone would not do."""
    here = house()
    _, (sam,), started = here.group("Sam")
    other = here.somebody("other")
    assert "facilitator of" in other.joins(started.lead_code)
    sam.taps("Go on to decide")
    sam.taps(TELL)
    other.types("next")
    assert "Monday, 15.00" in sam.heard()
    trainee = here.somebody("eve")
    trainee.joins(started.join_code, "Eve")
    assert "did not follow" in trainee.types("next")


def test_the_board_says_who_is_away_and_nobody_waits_for_them(house: Callable[..., House]) -> None:
    """Counts only: somebody who left, for something real perhaps, is no longer here; what they found still counts."""
    here = house()
    lead, (sam, alex), _ = here.group("Sam", "Alex")
    sam.types("what did jo say, exactly?")
    assert "2 here, 0 waiting" in lead.types("show")
    sam.types("real")
    board = lead.types("show")
    assert "1 here, 1 away, 0 waiting" in board
    assert "Monday, 8.40: 1 here" in board
    assert "1 of 2  What did Jo say, exactly?" in board
    alex.taps("Go on to decide")
    alex.taps(TELL)
    assert "1 here, 1 away, 1 waiting" in lead.types("show")


def test_a_closed_terminal_is_away_and_whoever_has_none_is_not(house: Callable[..., House]) -> None:
    """Of a telephone nothing is known, so it counts as here."""
    here = house()
    lead, (sam, _), _ = here.group("Sam", "Alex")
    here.hall.presence.is_here(sam.id)
    assert "2 here, 0 waiting" in lead.types("show")
    here.hall.presence.is_here(sam.id, here=False)
    assert "1 here, 1 away" in lead.types("show")


def test_the_board_tells_the_facilitator_what_to_listen_for_while_they_talk(house: Callable[..., House]) -> None:
    """The question and what to listen for stand on the facilitator's board alone, and only while somebody waits there."""
    here = house()
    lead, (sam,), _ = here.group("Sam")
    assert "listen for" not in lead.types("show")
    sam.taps("Go on to decide")
    assert "That Jo is liked" not in sam.taps(TELL)
    board = lead.types("show")
    assert "To talk over: What made the explanation easy to believe?" in board
    assert "listen for: That Jo is liked" in board
    assert "listen for" not in lead.types("next")


def test_whoever_was_out_hears_what_was_sent_meanwhile(house: Callable[..., House]) -> None:
    """The others talk about it; it is told once."""
    here = house()
    lead, (sam, alex), started = here.group("Sam", "Alex")
    sam.types("leave")
    lead.types("inject colleague")
    assert "Babies bruise" in alex.heard()
    back = sam.joins(started.join_code, "Sam")
    assert back.count("Babies bruise") == 1
    assert "What do you want to know?" in back
    sam.types("leave")
    assert "Babies bruise" not in sam.joins(started.join_code, "Sam")


def test_hold_stops_everybody_and_next_goes_on(house: Callable[..., House]) -> None:
    """While it is held nothing counts; afterwards the same question is open."""
    here = house()
    lead, (sam,), _ = here.group("Sam")
    lead.types("hold")
    assert "stopped the exercise" in sam.heard()
    assert "stopped the exercise" in sam.types("1")
    lead.types("next")
    again = sam.heard()
    assert "It goes on" in again
    assert ASK in again


def test_an_inject_reaches_whoever_is_in_its_scene_once(house: Callable[..., House]) -> None:
    """Chosen from the list or by its name; not twice."""
    here = house()
    lead, (sam, alex), _ = here.group("Sam", "Alex")
    lead.types("inject")
    assert "Sent to 2" in lead.types("1")  # the number of the list, not of the board before it
    assert "Babies bruise" in sam.heard()
    assert "Babies bruise" in alex.heard()
    assert "nothing to send" in lead.types("inject colleague")
    assert sam.heard() == ""


def test_words_to_all_leave_the_open_question_open(house: Callable[..., House]) -> None:
    """A button from before the message still counts."""
    here = house()
    lead, (sam,), _ = here.group("Sam")
    before = sam.question_mail()
    assert "Sent to 1" in lead.types("say Two more minutes")
    assert "Two more minutes" in sam.heard()
    assert "He lies" in sam.taps(ASK, on=before)


@pytest.mark.parametrize("words", ["say ring 07700 900123", "note her mail is a@b.org"])
def test_a_facilitators_words_are_guarded_too(house: Callable[..., House], words: str) -> None:
    """What identifies somebody goes to nobody, and is not kept."""
    here = house()
    lead, (sam,), _ = here.group("Sam")
    assert "could identify" in lead.types(words)
    assert sam.heard() == ""
    assert words.split(" ", 1)[1].encode() not in here.on_disk()


def test_show_counts_everybody_once_and_names_nobody(house: Callable[..., House]) -> None:
    """Facts and decisions as counts; who is here is a list of its own."""
    here = house()
    lead, people, _ = here.group("Samira", "Alexis", "Kimberley")
    for person, option in zip(people, (TELL, TELL, LEAVE), strict=True):
        if option is TELL:
            person.taps(ASK)
        person.taps("Go on to decide")
        person.taps(option)
    board = lead.types("show")
    assert f"2 of 3  {ASK}" in board
    assert f"2 of 3  {TELL}" in board
    assert f"1 of 3  {LEAVE}" in board
    assert "3 here, 3 waiting" in board
    assert not any(name in board for name in ("Samira", "Alexis", "Kimberley"))
    assert "Samira, Alexis, Kimberley" in lead.types("who")


def test_what_a_facilitator_types_and_is_no_command_brings_up_the_commands(house: Callable[..., House]) -> None:
    """With the board, and nothing goes to the group."""
    here = house()
    lead, (sam,), _ = here.group("Sam")
    assert "opens the holding point" in lead.types("what now?")
    assert "Write the words behind it" in lead.types("say")
    assert sam.heard() == ""


def test_a_facilitator_is_asked_too_what_is_real(house: Callable[..., House]) -> None:
    """The danger word works in every seat, and the group is not ended by it."""
    here = house()
    lead, (sam,), started = here.group("Sam")
    assert "or is this the exercise" in lead.types("999")
    lead.taps("Real: leave now")
    assert lead.last is Heard.REAL
    assert "He lies" in sam.types("1")
    assert "where you stopped" in lead.joins(started.lead_code)


# --- the end --------------------------------------------------------------------------------------------


def test_the_end_is_asked_twice_and_gives_everybody_their_debrief(house: Callable[..., House]) -> None:
    """Each their own, the facilitators the group's; from then on what they send is real."""
    here = house()
    lead, (sam, alex), _ = here.group("Sam", "Alex")
    sam.types("1")
    assert "End it for everybody" in lead.types("end")
    assert "2 here" in lead.taps("Not yet")
    lead.types("end")
    assert "the group's, in counts" in lead.taps("End it now")
    assert "you found 1 of 3" in sam.heard()
    assert "you found 0 of 3" in alex.heard()
    for person in (lead, sam, alex):
        person.types("a real worry")
        assert person.last is Heard.ELSEWHERE


def test_whoever_stepped_out_has_a_debrief_and_whoever_has_something_real_is_left_alone(
    house: Callable[..., House],
) -> None:
    """After a plain "leave" the debrief still comes; after "real" nothing of the exercise does."""
    here = house()
    lead, (out, real), _ = here.group("Out", "Real")
    out.types("leave")
    real.types("real")
    lead.types("say Are you there")
    assert (out.heard(), real.heard()) == ("", "")
    lead.types("end")
    lead.taps("End it now")
    assert "What there was to find" in out.heard()
    assert real.heard() == ""


def test_the_debriefs_count_what_happened(house: Callable[..., House]) -> None:
    """The page and the table hold the same numbers as the runs; notes and shared words without a name."""
    here = house()
    lead, people, started = here.group("Samira", "Alexis", "Kimberley")
    for person, option in zip(people, (TELL, NOTE, LEAVE), strict=True):
        person.taps("Go on to decide")
        person.taps(option)
    lead.types("note They liked Jo =HYPERLINK()")
    lead.types("next")
    people[0].taps("Who tells Jo what, and where Robin sleeps")
    people[0].types("a quiet turnip <script>alert(1)</script>")
    people[0].taps("Share it unnamed")
    lead.types("end")
    lead.taps("End it now")
    page = pages.group_page(here.hall.library, here.store, started.exercise)
    assert "They liked Jo" in page
    assert "a quiet turnip &lt;script&gt;" in page
    assert MARK.strip("[]") in page
    table = list(csv.DictReader(io.StringIO(pages.group_csv(here.hall.library, here.store, started.exercise))))
    chosen = {row["what"]: (row["count"], row["of"]) for row in table if row["kind"] == "decision"}
    assert chosen[f"What do you do first? {TELL}"] == ("1", "3")
    assert {row["of"] for row in table if row["kind"] == "point"} == {"3"}
    assert not any(row["what"].startswith("=") for row in table)
    for name in ("Samira", "Alexis", "Kimberley"):
        assert name not in page


def test_there_is_no_debrief_before_anybody_has_begun(house: Callable[..., House]) -> None:
    """A sentence says so."""
    here = house()
    started = here.somebody("lead").starts(here.story)
    with pytest.raises(SetupError, match="nobody has begun"):
        pages.group_page(here.hall.library, here.store, started.exercise)
    with pytest.raises(SetupError, match="no such exercise"):
        pages.group_csv(here.hall.library, here.store, "gone")


# --- erasing --------------------------------------------------------------------------------------------


def test_what_is_erased_leaves_no_trace(house: Callable[..., House]) -> None:
    """Names, notes, moves, mail and the story: no byte of them is in the files."""
    here = house()
    lead, (sam,), started = here.group("Zebedee")
    lead.types("note Aubergine")
    sam.types("1")
    assert b"Zebedee" in here.on_disk()
    keeping.erase(here.store, started.exercise)
    held = here.on_disk()
    for words in (b"Zebedee", b"Aubergine", b"Jo hands Robin over", started.join_code.encode()):
        assert words not in held
    for table in ("exercises", "seats", "moves", "notes", "scripts"):
        assert here.rows(table) == 0
    sam.types("hello")
    assert sam.last is Heard.ELSEWHERE


def test_a_facilitator_erases_it_at_once(house: Callable[..., House]) -> None:
    """After the end, where there are buttons, asked twice; a trainee cannot, and nobody can while it goes on."""
    here = house(channel="telegram")
    lead, (sam,), _ = here.group("Zebedee")
    board = lead.question_mail()
    assert here.hall.press(lead.id, board.nonce, "do:erase", "k1") is Heard.STALE
    lead.types("end")
    lead.taps("End it now")
    theirs = sam.hall.collect(sam.id) or sam.mail
    assert here.hall.press(sam.id, theirs[-1].nonce, "do:erase_now", "k2") is Heard.STALE
    assert "cannot be brought back" in lead.taps("Erase it")
    assert "Nothing of it is left" in lead.taps("Erase it now")
    assert here.rows("exercises") == 0
    held = b"".join(
        path.read_bytes() for path in here.path.parent.iterdir()
    )  # as it lies there: nothing tidies up first
    assert b"Zebedee" not in held


def test_after_its_days_an_exercise_goes_by_itself(house: Callable[..., House]) -> None:
    """Thirty days after its end, and not before; addresses go when nobody needs them."""
    here = house()
    lead, (sam,), _ = here.group("Sam")
    here.store.reach(sam.id, "telegram", "4711")
    lead.types("end")
    lead.taps("End it now")
    sam.heard()
    here.clock.on(days=29)
    assert keeping.tidy(here.store, here.clock(), 30) == 0
    assert here.store.address(sam.id) is None
    here.clock.on(days=2)
    assert keeping.tidy(here.store, here.clock(), 30) == 1
    assert here.rows("exercises") == 0


@pytest.mark.parametrize("days", ["0", "-1", "a month", "99999", "1.5"])
def test_days_that_are_none_are_refused(days: str) -> None:
    """With a sentence that says what to set."""
    with pytest.raises(SetupError, match="THINKCHILD_EXERCISE_DAYS"):
        keeping.days_kept({"THINKCHILD_EXERCISE_DAYS": days})
    assert keeping.days_kept({}) == 30


def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    """What is no file of exercises is not made one; a record is kept beside it, never in it."""
    db = tmp_path / "record.db"
    assert beside(db) == tmp_path / "record.exercises.db"
    foreign = tmp_path / "foreign.db"
    foreign.write_bytes(b"this is no database, it is a shopping list" * 50)
    with pytest.raises(StoreError):
        ExerciseStore.open(foreign)
    assert foreign.read_bytes().startswith(b"this is no database")


# --- any order ------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=40))
def test_whatever_everybody_does_in_whatever_order_the_counts_are_right(
    house: Callable[..., House], tmp_path: Path, moves: list[tuple[int, int]]
) -> None:
    """Taps, commands, late and double ones: the picture is that of the runs, and nobody is in two places."""
    for path in tmp_path.iterdir():
        path.unlink()
    here = house(practice(live="mark_on_child"))
    lead, people, _ = here.group("A", "B", "C")
    commands = ("next", "hold", "inject colleague", "show", "say x", "note y", "who", "xyzzy", "next", "next")
    for who, what in moves:
        if who == 3:
            lead.types(commands[what])
        else:
            _does(people[who], what)
    place = here.hall.place(lead.id)
    assert place is not None
    seen = leading.picture_of(here.hall, place.exercise)
    runs = [seat.run for seat in here.store.seats(place.exercise.id, Role.TRAINEE) if seat.run is not None]
    found = Counter(one.fact for run in runs for one in run.found)
    assert {one.fact.id: one.found for one in seen.facts} == {one.fact.id: found[one.fact.id] for one in seen.facts}
    chosen = Counter((one.decision, one.option) for run in runs for one in run.decided)
    for one in seen.options:
        assert one.chosen == chosen[one.decision.id, one.option.id]
    assert seen.people == 3
    for run in runs:
        assert len({one.fact for one in run.found}) == len(run.found)
        assert len({(one.scene, one.decision) for one in run.decided}) == len(run.decided)
        assert (run.stage is Stage.OPENING) == (not run.scenes)
    assert all("EXERCISE" in text for person in (*people, lead) for text in person.everything())


def _does(person: Visitor, what: int) -> None:
    """Tap some button of the last question, or an old one, or type something."""
    if person.hall.place(person.id) is None:
        return
    asked = person.question_mail()
    options = asked.out["replies"][-1]["options"] or [{"label": "x"}]
    if what < 6 and options[0]["label"] != "x":
        person.taps(options[what % len(options)]["label"], on=asked)
    elif what == 6:
        person.types("is there any history of marks")
    elif what == 7:
        person.types("xyzzy")
    else:
        person.types(str(what - 6))
