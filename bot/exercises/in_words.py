"""Debriefs as text, for a terminal: what the pages say, in lines."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from bot.errors import SetupError
from bot.exercises.pages import picture_of_all
from bot.scenarios.asking import Table
from bot.scenarios.debrief import debrief_replies
from bot.wording import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.exercises.store import ExerciseStore
    from bot.library import Library


def own_in_words(library: Library, store: ExerciseStore, seat_id: str) -> str:
    """Return one person's debrief as it was said; raises SetupError when there is nothing to say of it."""
    seat = store.seat(seat_id)
    exercise = store.exercise(seat.exercise) if seat is not None else None
    if seat is None or exercise is None or seat.run is None or not seat.run.scenes:
        raise SetupError("There is no debrief yet: the exercise has not begun for that person.")
    said = [plain(library, one) for one in debrief_replies(Table(library, exercise.story), seat.run)]
    kept = [f"Kept by you: {words}" for kind, _, words in store.notes(exercise.id, seat=seat.id) if kind == "mine"]
    return (
        "\n\n".join((f"[{library.lines['exercise_mark'].text}] {exercise.story.scenario.title}", *kept, *said)) + "\n"
    )


def group_in_words(library: Library, store: ExerciseStore, exercise_id: str) -> str:
    """Return a group's debrief in counts; raises SetupError when nobody has begun."""
    return "\n".join(_group(library, store, exercise_id)) + "\n"


def _group(library: Library, store: ExerciseStore, exercise_id: str) -> Iterator[str]:
    exercise, seen = picture_of_all(store, exercise_id)
    lines = library.lines
    yield f"[{lines['exercise_mark'].text}] {exercise.story.scenario.title}"
    yield f"{seen.people} took part, {seen.over} came to the end. Counts, and no names."
    yield f"\n{lines['debrief_points'].text}"
    for point in seen.points:
        yield f"  met {point.met}, partly {point.partly}, not yet {point.missed}: {library.sources[point.point].text} ({point.point})"
    notes = list(store.notes(exercise.id))
    for scene in exercise.story.scenario.scenes:
        facts, options = seen.of_scene(scene.id)
        own = [(kind, words) for kind, where, words in notes if where == scene.id]
        if not (facts or options or own):
            continue
        yield f"\n{scene.title}"
        for fact in facts:
            yield f"  {fact.found} of {fact.there}  {fact.fact.prompt or fact.fact.text}"
        for decision, chosen in groupby(options, key=lambda one: one.decision):
            yield f"  {decision.ask}"
            for one in chosen:
                quality = lines[f"debrief_{one.option.quality}"].text
                yield f"    {one.chosen} of {one.decided}  {one.option.label}: {quality}"
        for kind, words in own:
            yield f"  {'Note' if kind == 'note' else 'Shared without a name'}: {words}"


__all__ = ["group_in_words", "own_in_words"]
