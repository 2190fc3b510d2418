"""Checks of what typed words may choose: never an answer that may mean no danger, no harm or agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.answers import LISTS
from bot.checks.structure import Check, part_of, routes
from bot.errors import Problem
from bot.matching.options import never_guessed
from bot.models import AskStep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.library import Library, Origins

ANSWERS = "knowledge/phrases/answers.yaml"


def calm_answers_are_never_typed_in_other_words(library: Library, origins: Origins) -> Iterator[Problem]:
    """No option of least concern, and none whose words may mean that all is well, has other words that choose it."""
    for route in routes(library):
        for place, step in enumerate(route.steps):
            if not isinstance(step, AskStep):
                continue
            worst = max(option.concern for option in step.options)
            calm = never_guessed([(o.id, o.label, o.short or o.label) for o in step.options])
            for number, option in enumerate(step.options):
                if option.also and (option.id in calm or option.concern == 0 < worst):
                    yield origins.problem(
                        part_of(route),
                        route.id,
                        ("steps", place, "options", number, "also"),
                        "also_no_harm",
                        f"'{option.label}' may mean no danger, no harm or agreement: it has no 'also', for it is never guessed at.",
                    )


def lists_of_answers_are_there(library: Library, origins: Origins) -> Iterator[Problem]:  # noqa: ARG001 - as every check
    """Every list by which a typed answer is recognised is there."""
    for name in LISTS:
        if not library.content.answers.get(name):
            says = f"The list '{name}' is missing or empty: typed answers are recognised by it."
            yield Problem(ANSWERS, 1, "missing_answers", says)


CHECKS: tuple[Check, ...] = (calm_answers_are_never_typed_in_other_words, lists_of_answers_are_there)
