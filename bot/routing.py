"""The matcher of a library, and what `route --json` says of a message (decision 22)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.matching import DangerRule, Matcher

if TYPE_CHECKING:
    from bot.library import Library


_made: dict[str, Matcher] = {}
"""The matcher of the content version asked for last: it takes most of a second to make, and all views share it."""


def matcher_of(library: Library) -> Matcher:
    """Return the matcher that a library's examples and phrases make."""
    if library.version not in _made:
        _made.clear()
        _made[library.version] = _matcher_of(library)
    return _made[library.version]


def _matcher_of(library: Library) -> Matcher:
    content = library.content
    rules = tuple(
        DangerRule(rule.id, rule.any, rule.source, rule.unless, content.not_live, content.happening_now)
        for rule in content.danger_phrases
    )
    return Matcher(content.examples, rules, content.writers, content.shorthand, tuple(library.flows))


def routed(matcher: Matcher, text: str) -> dict[str, Any]:
    """Return where a message leads, as the JSON contract has it."""
    found = matcher.route(text)
    return {
        "text": text,
        "decision": str(found.decision),
        "flow": found.flow,
        "candidates": [candidate.flow for candidate in found.candidates],
        "writer": str(found.writer),
    }
