"""What trainees write to themselves: in memory alone until they say whether it may be kept, since a file would keep it already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.clock import stamp
from bot.scenarios.moves import KEEP_MINE, KEEP_NOT, KEEP_SHARED

if TYPE_CHECKING:
    from bot.exercises.hall import Hall, Place


class Reflections:
    """Holds what was written and may not be kept yet, by seat."""

    def __init__(self) -> None:
        self._written: dict[str, str] = {}

    def write(self, place: Place, words: str) -> None:
        """Hold what somebody wrote; a second line goes on with the first."""
        before = self._written.get(place.seat.id, "") if place.seat.run is not None and place.seat.run.wrote else ""
        self._written[place.seat.id] = f"{before}\n{words}".strip()

    def forget(self, seat: str) -> None:
        """Let go what was not to be kept yet."""
        self._written.pop(seat, None)

    def decided(self, hall: Hall, place: Place, option: str) -> None:
        """Keep it or let it go, as its writer decides, inside the open transaction."""
        run, seat = place.seat.run, place.seat
        if run is None or not run.wrote or option not in (KEEP_MINE, KEEP_SHARED, KEEP_NOT):
            return
        words = self._written.pop(seat.id, "")
        if not words:
            hall.say(place, hall.line("exercise_words_gone"))
        elif option == KEEP_NOT:
            hall.say(place, hall.line("exercise_not_kept"))
        else:
            kind, whose = ("mine", seat.id) if option == KEEP_MINE else ("shared", None)
            # Of shared words, a time would tell whose they are.
            hall.store.add_note(place.exercise.id, kind, whose, run.scene, words, stamp(hall.clock()) if whose else "")
            hall.say(place, hall.line("exercise_kept"))
