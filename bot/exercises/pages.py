"""Debriefs as pages to print and as a table: one person's own, and a group's in counts. Layout alone; the words are the author's."""

from __future__ import annotations

import csv
import io
from itertools import groupby
from typing import TYPE_CHECKING, Any

from bot.clock import read, shown
from bot.errors import SetupError
from bot.exercises.seats import Role
from bot.scenarios.debrief import MET_LINES, debrief, minutes
from bot.scenarios.group import picture
from bot.wording import cite_if_there, page

if TYPE_CHECKING:
    from bot.exercises.seats import Exercise
    from bot.exercises.store import ExerciseStore
    from bot.library import Library
    from bot.scenarios.group import Picture

COLUMNS = ("kind", "scene", "what", "quality", "count", "of", "sources")


def own_page(library: Library, store: ExerciseStore, seat_id: str) -> str:
    """Return one person's debrief as an HTML page; raises SetupError when there is nothing to say of it."""
    seat = store.seat(seat_id)
    exercise = store.exercise(seat.exercise) if seat is not None else None
    if seat is None or exercise is None or seat.run is None or not seat.run.scenes:
        raise SetupError("There is no debrief yet: the exercise has not begun for that person.")
    held = debrief(exercise.story, seat.run)
    kept = [words for kind, _, words in store.notes(exercise.id, seat=seat.id) if kind == "mine"]
    return page(
        "debrief.html.j2",
        **_common(library, exercise),
        take=held.take_back,
        facts=held.facts,
        found=sum(seen.at is not None for seen in held.facts),
        scenes=[(scene, list(rows)) for scene, rows in groupby(held.facts, key=lambda seen: seen.scene)],
        choices=held.choices,
        points=[(point, cite_if_there(library, point.objective.point)) for point in held.points],
        kept=kept,
        minutes=minutes,
    )


def group_page(library: Library, store: ExerciseStore, exercise_id: str) -> str:
    """Return a group's debrief as an HTML page; raises SetupError when nobody has begun."""
    exercise, seen = picture_of_all(store, exercise_id)
    notes: dict[str, list[tuple[str, str]]] = {}
    for kind, scene, words in store.notes(exercise.id):
        notes.setdefault(scene, []).append((kind, words))
    scenes = []
    for played in exercise.story.scenario.scenes:
        facts, options = seen.of_scene(played.id)
        decisions = [(decision, list(rows)) for decision, rows in groupby(options, key=lambda one: one.decision)]
        if facts or options or played.id in notes:
            scenes.append((played, facts, decisions, played.hold))
    return page(
        "group_debrief.html.j2",
        **_common(library, exercise),
        picture=seen,
        points=[(point, cite_if_there(library, point.point)) for point in seen.points],
        scenes=scenes,
        notes=notes,
    )


def group_csv(library: Library, store: ExerciseStore, exercise_id: str) -> str:
    """Return a group's counts as CSV: one row for each fact, option and learning point."""
    exercise, seen = picture_of_all(store, exercise_id)
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=COLUMNS)
    writer.writeheader()
    rows: list[tuple[Any, ...]] = [
        ("fact", one.scene.title, one.fact.prompt or one.fact.text, "", one.found, one.there, one.fact.sources)
        for one in seen.facts
    ]
    rows += [
        (
            "decision",
            one.scene.title,
            f"{one.decision.ask} {one.option.label}",
            str(one.option.quality),
            one.chosen,
            one.decided,
            one.option.sources,
        )
        for one in seen.options
    ]
    for point in seen.points:
        everybody = point.met + point.partly + point.missed
        for what, count in (("met", point.met), ("partly", point.partly), ("missed", point.missed)):
            text = cite_if_there(library, point.point)["text"]
            rows.append(("point", "", text, what, count, everybody, (point.point,)))
    titles = {one.id: one.title for one in exercise.story.scenario.scenes}
    rows += [("note", titles.get(at, at), words, kind, "", "", ()) for kind, at, words in store.notes(exercise.id)]
    for row in rows:
        cells = dict(zip(COLUMNS, row, strict=True))
        writer.writerow({**cells, "what": _as_text(cells["what"]), "sources": " ".join(cells["sources"])})
    return out.getvalue()


def _as_text(words: str) -> str:
    """Keep a table program from taking somebody's words for a formula."""
    return f"'{words}" if words[:1] in "=+-@\t\r" else words


def picture_of_all(store: ExerciseStore, exercise_id: str) -> tuple[Exercise, Picture]:
    """Return an exercise and its group's picture; raises SetupError when nobody has begun."""
    exercise = store.exercise(exercise_id)
    if exercise is None:
        raise SetupError(
            "There is no such exercise here: it may have been erased. 'thinkchild exercise list' shows those kept."
        )
    runs = [seat.run for seat in store.seats(exercise.id, Role.TRAINEE) if seat.run is not None and seat.run.scenes]
    if not runs:
        raise SetupError("There is no debrief yet: nobody has begun that exercise.")
    return exercise, picture(exercise.story, runs, exercise.opened)


def _common(library: Library, exercise: Exercise) -> dict[str, Any]:
    lines = library.lines
    return {
        "title": exercise.story.scenario.title,
        "mark": lines["exercise_mark"].text,
        "when": shown(read(exercise.began_at)),
        "quality": {quality: lines[f"debrief_{quality}"].text for quality in ("better", "partly", "worse")},
        "became": {met: lines[line_id].text for met, line_id in MET_LINES.items()},
    }


__all__ = ["group_csv", "group_page", "own_page", "picture_of_all"]
