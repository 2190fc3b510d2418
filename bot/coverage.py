"""What carries what: each learning point, fact and rule to the steps that say it, and each flow to its sources.

Pure. A source is carried by every step, fixed line, rung, contact and danger phrase that cites it; promise P12 asks that
nothing is left over unless it is set apart with a reason (`library_only`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.signing import cited_by, routes_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.library import Library
    from bot.models import Citable

PARTS: dict[str, str] = {
    "points": "learning points",
    "facts": "guidance facts",
    "rules": "hard rules",
    "rules_for_sharing": "rules for sharing",
}
"""The parts of the content that have to be carried, and what they are called."""


@dataclass(frozen=True, slots=True)
class Covered:
    """One source, with everything that carries it."""

    part: str
    item: Citable
    carriers: tuple[str, ...]

    @property
    def explained(self) -> bool:
        """Whether it is carried, or set apart with a reason."""
        return bool(self.carriers or self.item.library_only)


def carriers(library: Library) -> dict[str, tuple[str, ...]]:
    """Return, for each source cited anywhere, what cites it: `route/step`, `line/...`, `ladder/...` and the like."""
    found: dict[str, dict[str, None]] = {}

    def note(sources: Iterable[str], name: str) -> None:
        for source in sources:
            found.setdefault(source, {})[name] = None

    content = library.content
    for route in (*library.flows.values(), *library.blocks.values()):
        for step in route.steps:
            note(cited_by(step), f"{route.id}/{step.id}")
    for line in content.lines:
        note(line.sources, f"line/{line.id}")
    for rung in content.rungs:
        note(rung.sources, f"ladder/{rung.id}")
    for contact in content.vocabulary.contacts:
        note(contact.sources, f"contact/{contact.id}")
    for phrase in content.danger_phrases:
        note((phrase.source,), f"danger/{phrase.id}")
    return {source: tuple(names) for source, names in found.items()}


def coverage(library: Library) -> tuple[Covered, ...]:
    """Return every point, fact and rule, in the order of the files, with what carries it."""
    known = carriers(library)
    return tuple(
        Covered(part, item, known.get(item.id, ())) for part in PARTS for item in getattr(library.content, part)
    )


def carried_by(library: Library) -> dict[str, tuple[str, ...]]:
    """Return, for each flow, the sources carried by itself, by the blocks that somebody in it can come to, and by the 999 card."""
    return {
        flow.id: tuple(
            dict.fromkeys(
                source
                for route in routes_of(library, flow).values()
                for step in route.steps
                for source in cited_by(step)
            )
        )
        for flow in library.flows.values()
    }
