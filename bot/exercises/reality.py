"""Real, or the exercise? Asked whenever it could be either; a real answer leaves the exercise at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.exercises.heard import Heard
from bot.exercises.hearing import is_word
from bot.exercises.seats import GONE_FOR_REAL
from bot.scenarios.moves import CARRY_ON, REAL, REAL_CHILD

if TYPE_CHECKING:
    from bot.events import Reply
    from bot.exercises.hall import Hall, Place

ASKED = "real"
"""What a seat is asking before anything else."""


def ask(hall: Hall, place: Place, line_id: str = "exercise_real_or_not") -> Heard:
    """Ask it, before anything else."""
    hall.store.change_seat(place.seat.id, asking=ASKED)
    hall.say(replace(place, seat=replace(place.seat, asking=ASKED)), question(hall, line_id))
    return Heard.TAKEN


def question(hall: Hall, line_id: str = "exercise_real_or_not") -> Reply:
    """Return the question."""
    return replace(hall.line(line_id), options=(hall.shown(REAL), hall.shown(REAL_CHILD), hall.shown(CARRY_ON)))


def answered(hall: Hall, place: Place, words: str) -> Heard:
    """Take what was typed to it: words that sound like an emergency are real; what says neither is asked again."""
    option = hall.hearing.option(question(hall), words)
    if option is None and (is_word(words, "real") or hall.hearing.alarms(words)):
        option = REAL
    return ask(hall, place) if option is None else hall.take_option(place, option)


def leave(hall: Hall, place: Place, *, real: bool = False, child: bool = False) -> Heard:
    """Leave the exercise, for danger that is `real`, or for a real `child` in none: the seat is kept, and what follows is real."""
    # Why it was left is kept, so that what is real is answered also if the program ends before it could be.
    hall.store.change_seat(place.seat.id, gone=GONE_FOR_REAL if real or child else 1, asking="")
    hall.reflections.forget(place.seat.id)
    left = "exercise_left_here" if hall.in_terminal else "exercise_left"
    hall.say(place, hall.line("exercise_left_real" if real or child else left))
    return Heard.REAL if real else Heard.REAL_CHILD if child else Heard.TAKEN
