"""Before and around an exercise: choosing one, playing it alone, starting one for a group, joining, coming back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.asking import cut
from bot.clock import stamp
from bot.errors import SetupError, near_miss
from bot.events import OptionShown, Reply
from bot.exercises.codes import MOST_WRONG, WAIT, code_of, name_of, new_code
from bot.exercises.heard import Heard
from bot.exercises.seats import Role
from bot.exercises.speaking import LOBBY, out_of
from bot.models import ReplyKind
from bot.scenarios.moves import Again, Happened

if TYPE_CHECKING:
    from bot.exercises.hall import Hall, Place
    from bot.exercises.seats import Seat
    from bot.scenarios.story import Story

ALONE, GROUP, CHOOSE = "alone", "group", "choose"


@dataclass(frozen=True, slots=True)
class Started:
    """A group's exercise, and the two codes that open it."""

    exercise: str
    join_code: str
    lead_code: str


def story_of(hall: Hall, scenario: str) -> Story:
    """Return a story by its id; raises SetupError, with the near miss, when there is none that can be played."""
    if scenario not in hall.stories:
        known = ", ".join(sorted(hall.stories)) or "none yet"
        says = f"There is no exercise '{scenario}' that can be played; there are: {known}."
        raise SetupError(says + near_miss(scenario, hall.stories))
    return hall.stories[scenario]


# --- choosing -----------------------------------------------------------------------------------------


def offer(hall: Hall, person: str) -> None:
    """Put the list of exercises into somebody's post; whoever left one is offered to go on with it."""
    stories = sorted(hall.stories.values(), key=lambda story: story.scenario.title)
    if not stories:
        post(hall, person, hall.line("exercise_list_empty"))
        return
    left = hall.store.last_left(person)
    options = [OptionShown(f"{CHOOSE}.{one.id}", one.scenario.title, cut(one.scenario.title, 20)) for one in stories]
    if left is not None:
        back = hall.library.lines["exercise_option_go_on"].text
        options.insert(0, OptionShown("again", back, back))
    post(hall, person, replace(hall.line("exercise_list"), kind=ReplyKind.ASK, options=tuple(options)))


def offer_story(hall: Hall, person: str, story: Story) -> None:
    """Put into somebody's post what an exercise is, and the two ways to do it."""
    one = story.scenario
    asked = hall.line(
        "exercise_alone_or_group",
        title=one.title,
        about=one.about,
        answers=one.audience.rstrip("."),
        minutes=str(one.minutes),
    )
    # A story that somebody sent goes by its version: nobody else can name it.
    name = story.id if hall.stories.get(story.id) is story else story.version
    ways = tuple(replace(hall.shown(way), id=f"{way}.{name}") for way in (ALONE, GROUP))
    post(hall, person, replace(asked, kind=ReplyKind.ASK, options=ways))


def chosen(hall: Hall, person: str, option: str) -> Heard:
    """Take an option of the lobby, inside the open transaction."""
    way, _, scenario = option.partition(".")
    if way == "again" and back(hall, person):
        return Heard.TAKEN
    story = hall.stories.get(scenario) or hall.store.script(scenario)
    if story is None:
        return Heard.STALE
    if way == CHOOSE:
        offer_story(hall, person, story)
    elif way == ALONE:
        play(hall, person, story)
    elif way == GROUP and hall.may_lead(person):
        start(hall, person, story)
    elif way == GROUP:
        refused = hall.line("exercise_not_a_trainer", answers=hall.number_of(person))
        alone = replace(hall.shown(ALONE), id=f"{ALONE}.{scenario}")
        post(hall, person, replace(refused, kind=ReplyKind.ASK, options=(alone,)))
    return Heard.TAKEN


# --- alone --------------------------------------------------------------------------------------------


def play(hall: Hall, person: str, story: Story, *, afresh: bool = False) -> None:
    """Begin an exercise alone, or go on with one that was left, inside the open transaction."""
    before = hall.store.last_alone(person, story.version)
    if before is not None and not afresh:
        _sit_down(hall, before)
        return
    if before is not None:
        hall.store.change(before.exercise, ended_at=stamp(hall.clock()))
    exercise = hall.store.add_exercise(story, "alone", None, None, stamp(hall.clock()))
    hall.begin(_new_place(hall, exercise, Role.TRAINEE, person))


def back(hall: Hall, person: str) -> bool:
    """Bring somebody back to the exercise they left last, inside the open transaction; says whether there was one."""
    left = hall.store.last_left(person)
    if left is None or (left.run is not None and left.run.stage == "over"):
        return False
    _sit_down(hall, left)
    return True


def _sit_down(hall: Hall, seat: Seat) -> None:
    """Take a seat again, and hear where it stands."""
    hall.store.change_seat(seat.id, gone=0, asking="", last_at=stamp(hall.clock()))
    exercise = hall.store.exercise(seat.exercise)
    again = hall.store.seat(seat.id)
    assert exercise is not None  # a seat goes with its exercise
    assert again is not None
    place = hall.at(exercise, again)
    hall.say(place, hall.line("exercise_resumed"))
    if seat.role is Role.LEAD or seat.run is None:
        hall.say(place, hall.question(place))
        return
    # What the facilitator sent meanwhile is told now: the others talk about it.
    missed = [one for one in exercise.sent if one.partition(".")[0] == seat.run.scene and one not in seat.run.injected]
    for one in missed:
        hall.move(replace(place, seat=hall.store.seat(seat.id) or again), Happened(one, hall.seconds(place)))
    if not missed or exercise.held:
        hall.move(place, Again(hall.seconds(place)))


# --- groups -------------------------------------------------------------------------------------------


def start(hall: Hall, person: str, story: Story) -> Started:
    """Start an exercise for a group, led by somebody, inside the open transaction."""
    join, lead = new_code(), new_code()
    exercise = hall.store.add_exercise(story, "group", join, lead, stamp(hall.clock()))
    place = _new_place(hall, exercise, Role.LEAD, person)
    said = hall.line("exercise_started", title=story.scenario.title, code=join, other=lead)
    hall.say(place, replace(said, text=f"{said.text}\n{hall.invite(join)}".rstrip()))
    hall.say(place, hall.question(place))
    return Started(exercise, join, lead)


def join(hall: Hall, person: str, given: str, name: str = "") -> str:
    """Take a code inside the open transaction: somebody joins, comes back, or leads; returns the line that refuses, or nothing."""
    now = hall.clock()
    if hall.store.wrong_codes(person, stamp(now - WAIT)) >= MOST_WRONG:
        return _refuse(hall, person, "exercise_code_too_often")
    found = hall.store.by_code(code) if (code := code_of(given)) else None
    if found is None:
        hall.store.note_wrong_code(person, stamp(now))
        return _refuse(hall, person, "exercise_code_unknown")
    exercise, role = found
    if exercise.ended_at is not None:
        return _refuse(hall, person, "exercise_code_ended")
    seat = hall.store.seat_in(exercise.id, person, role)
    if seat is not None and (seat.run is not None or role is Role.LEAD):
        _sit_down(hall, seat)
        return ""
    if role is Role.LEAD:
        place = _new_place(hall, exercise.id, role, person)
        said = hall.line("exercise_leading", title=exercise.story.scenario.title, code=exercise.join_code)
        hall.say(place, said, hall.question(place))
        return ""
    place = hall.at(exercise, seat) if seat is not None else _new_place(hall, exercise.id, role, person)
    hall.store.change_seat(place.seat.id, gone=0, last_at=stamp(now))
    if name:
        named(hall, place, name)
    else:
        hall.say(place, hall.question(place))
    return ""


def named(hall: Hall, place: Place, given: str) -> Heard:
    """Take the name somebody chose, inside the open transaction, and let them in."""
    name = name_of(given)
    taken = {one.casefold() for one in hall.store.names(place.exercise.id)}
    if not name:
        hall.say(place, hall.line("exercise_name_form"))
    elif name.casefold() in taken:
        hall.say(place, hall.line("exercise_name_taken", answers=name))
    else:
        hall.store.change_seat(place.seat.id, name=name)
        hall.begin(replace(place, seat=replace(place.seat, name=name)))
    return Heard.TAKEN


def _new_place(hall: Hall, exercise: str, role: Role, person: str) -> Place:
    """Give somebody a seat in an exercise; only one seat at a time is theirs."""
    seat = hall.store.add_seat(exercise, role, person, stamp(hall.clock()))
    made, held = hall.store.seat(seat), hall.store.exercise(exercise)
    assert made is not None  # just added
    assert held is not None
    return hall.at(held, made)


def _refuse(hall: Hall, person: str, line_id: str) -> str:
    post(hall, person, hall.line(line_id))
    return line_id


def post(hall: Hall, person: str, reply: Reply) -> None:
    """Put something into the post of somebody who may have no seat."""
    out = out_of(hall.library, (reply,), exercise="", step=LOBBY)
    hall.store.add_mail(person, None, out, stamp(hall.clock()))
