"""Promise P12: each point, fact and rule is carried by something that is said, or set apart with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.coverage import coverage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.checks.structure import Check
    from bot.errors import Problem
    from bot.library import Library, Origins


def everything_is_carried(library: Library, origins: Origins) -> Iterator[Problem]:
    """P12: nothing taught is left over in silence; and no reason stands for what is said after all."""
    for one in coverage(library):
        if not one.explained:
            says = f"P12: no step says '{one.item.id}': cite it where it is said, or say under 'library_only' why nothing does."
            yield origins.problem(one.part, one.item.id, (), "P12", says)
        elif one.carriers and one.item.library_only:
            says = f"P12: '{one.item.id}' is set apart, yet {one.carriers[0]} says it: take 'library_only' out."
            yield origins.problem(one.part, one.item.id, ("library_only",), "P12", says)


CHECKS: tuple[Check, ...] = (everything_is_carried,)
