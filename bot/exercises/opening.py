"""Opening the exercises beside a record: the sound ones are offered, the others named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.checks.scenarios import problems_of_scripts, sound_stories
from bot.exercises.hall import Hall
from bot.kept import KeptWeights
from bot.library import read_scenarios
from bot.reading import content_root

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from bot.exercises.store import ExerciseStore
    from bot.library import Library


def open_hall(
    library: Library,
    store: ExerciseStore,
    *,
    channel: str,
    trainers: Collection[str] | None = None,
    root: Path | None = None,
) -> tuple[Hall, list[str]]:
    """Return the hall of a channel, and the files of exercises that are not offered because something is wrong with them."""
    scripts = read_scenarios(root or content_root())
    problems = problems_of_scripts(library, scripts)
    hall = Hall(
        store,
        library,
        sound_stories(scripts, problems),
        keeper=KeptWeights(),
        channel=channel,
        trainers=trainers,
    )
    return hall, sorted({problem.file for problem in problems})
