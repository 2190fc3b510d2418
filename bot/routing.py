"""The matcher of a library, and what `route --json` (decision 22) and Rasa's `/model/parse` say of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.matching import Cuts, DangerRule, Matcher

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.library import Library
    from bot.matching import Advised, Keeper
    from bot.matching.model import Arrays
    from bot.matching.vectors import Encodes

_made: dict[str, Matcher] = {}
"""The matcher of the content version asked for last: all views share it."""


def matcher_of(library: Library, keeper: Keeper | None = None) -> Matcher:
    """Return the matcher that a library's examples and phrases make; `keeper` spares it learning again at every start."""
    if library.version not in _made:
        _made.clear()
        _made[library.version] = new_matcher(library, keeper)
    return _made[library.version]


def new_matcher(
    library: Library, keeper: Keeper | None = None, *, examples: Mapping[str, Sequence[str]] | None = None
) -> Matcher:
    """Make a matcher; `examples` stand in for those of the library where some are to be left out."""
    content = library.content
    rules = tuple(
        DangerRule(rule.id, rule.any, rule.source, rule.unless, content.not_live, content.happening_now)
        for rule in content.danger_phrases
    )
    sets = content.cuts.model_dump() if content.cuts is not None else {}
    return Matcher(
        content.examples if examples is None else examples,
        rules,
        content.writers,
        content.shorthand,
        tuple(library.flows),
        alike={group: tuple(words.split()) for group, words in content.alike.items()},
        cuts={kind: Cuts(**cuts) for kind, cuts in sets.items()},
        keeper=keeper,
    )


def learned_from(library: Library, english: Sequence[str], encoder: Encodes, before: Arrays | None) -> Arrays:
    """Learn a library's examples with an encoder, as its matcher would; `before` spares what has not changed."""
    from bot.matching.learned import Taught, learn  # noqa: PLC0415 - numpy is loaded when words are matched

    content = library.content
    alike = {group: tuple(words.split()) for group, words in content.alike.items()}
    return learn(Taught(content.examples, alike, content.shorthand, english), encoder, before)


def routed(matcher: Matcher | Advised, text: str) -> dict[str, Any]:
    """Return where a message leads, as the JSON contract has it."""
    found = matcher.route(text)
    return {
        "text": text,
        "decision": str(found.decision),
        "flow": found.flow,
        "candidates": [candidate.flow for candidate in found.candidates],
        "writer": str(found.writer),
    }


FALLBACK = "nlu_fallback"
"""Rasa's own name for "I don't know": whoever opens what is named first opens nothing wrong."""


def parsed(matcher: Matcher, text: str) -> dict[str, Any]:
    """Return where a message leads, in the format of Rasa's `/model/parse`, with what Rasa has no place for.

    The first intent is a flow only where it would be opened without asking; else it is `nlu_fallback`, and the
    flows to choose between follow it.
    """
    found = matcher.route(text)
    ranking = [{"name": candidate.flow, "confidence": candidate.score} for candidate in found.candidates]
    if found.flow is None:
        best = max((candidate.score for candidate in found.candidates), default=0.0)
        ranking.insert(0, {"name": FALLBACK, "confidence": round(1.0 - best, 4)})
    return {
        "text": text,
        "intent": ranking[0],
        "intent_ranking": ranking,
        "entities": [],
        "decision": str(found.decision),
        "danger": found.danger,
        "writer": str(found.writer),
    }
