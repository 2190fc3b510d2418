"""Opening the exercises beside a record: the sound ones are offered, the others named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.checks.scenarios import sound_stories
from bot.exercises.hall import Hall
from bot.exercises.store import ExerciseStore, beside
from bot.kept import KeptWeights
from bot.library import read_scenarios
from bot.reading import content_root

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from bot.library import Library


def open_hall(
    library: Library, log_path: Path, *, channel: str, trainers: Collection[str] | None
) -> tuple[Hall, list[str]]:
    """Return the hall of a channel, and the exercises that are not offered because something is wrong with them.

    Raises StoreError when the file cannot be opened.
    """
    scripts = read_scenarios(content_root())
    stories = sound_stories(library, scripts)
    broken = sorted({*scripts.scenarios, *(problem.file for problem in scripts.problems)} - set(stories))
    store = ExerciseStore.open(beside(log_path))
    return Hall(store, library, stories, keeper=KeptWeights(), channel=channel, trainers=trainers), broken
