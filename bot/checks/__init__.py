"""What has to be true of all content: small functions from a library to problems.

`structure` comes first: the others walk the flows, and only a sound structure can be walked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.checks import covered, fixed, promises, rules, structure, typed, words
from bot.checks.scenarios import problems_of_scripts
from bot.errors import ContentError
from bot.library import read_content, read_scenarios

if TYPE_CHECKING:
    from pathlib import Path

    from bot.errors import Problem
    from bot.library import Library, Origins


def problems_of(library: Library, origins: Origins) -> list[Problem]:
    """Return every problem of a library that could be read."""
    found = [
        problem
        for module in (structure, fixed, typed, words, rules, covered)
        for check in module.CHECKS
        for problem in check(library, origins)
    ]
    if not any(problem.code in structure.UNWALKABLE for problem in found):
        found += promises.problems_of(library, origins)
    return found


def check_everything(root: Path) -> tuple[Library | None, list[Problem]]:
    """Read and check a content root with its exercises; returns the library, if one could be built, and all problems."""
    library, problems = check_content(root)
    scripts = read_scenarios(root)
    problems += problems_of_scripts(library, scripts) if library is not None else scripts.problems
    return library, sorted(set(problems))


def check_content(root: Path) -> tuple[Library | None, list[Problem]]:
    """Read and check what live guidance rests on; returns the library, if one could be built, and all problems."""
    loaded = read_content(root)
    problems = list(loaded.problems)
    if loaded.library is not None and not problems:
        problems += problems_of(loaded.library, loaded.origins)
    return loaded.library, sorted(set(problems))


def load(root: Path) -> Library:
    """Return the checked library of a content root; raises ContentError with every problem."""
    library, problems = check_content(root)
    if library is None or problems:
        raise ContentError(problems)
    return library
