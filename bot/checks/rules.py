"""The hard rules in the words themselves: what has to be said where, and the opposite, which nothing may say.

A promise proves what is advised; many rules live in a sentence instead ("never promise to keep it secret"). Each is tied
to the flow or block where it matters and to a line that cites the rule, in several forms, so that words may change and
the rule may not. What contradicts a rule is refused wherever it stands, unless its sentence denies it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from bot.checks.rule_bans import BANS, Ban
from bot.checks.rule_words import HAS_TO_SAY, LINES_HAVE_TO_SAY
from bot.checks.structure import part_of, routes
from bot.checks.words import texts_of
from bot.models import ActStep, PromptsStep

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.checks.structure import Check
    from bot.errors import Problem
    from bot.library import Library, Origins
    from bot.models import Route, Step
    from bot.reading import Where

DOUBT = re.compile(
    r"\b(don't know|not sure|can't tell|cannot tell|no answer|no reply|no doubt|(decide|choose)d? not to|none of (these|those))\b"
)
DENIED = re.compile(r"\b(no|not|never|nobody|none|nothing|nor|neither|without|cannot|told to)\b|n't\b")
DENIED_AFTER = re.compile(r"\W{0,3}(is|are|was) (no|not|never)\b")
ALREADY = re.compile(r"\balready\b|\byou know\b|\bknown\b|\b(don't|do not) ask\b|\b(we|us)\b", re.IGNORECASE)
"""A curiosity prompt says that it asks only for what is known, or is about those who ask."""
WHERE_NOW = re.compile(r"\bwhere (?!to\b|from\b)[^.,;:]{2,30}\b(is|are|lives?|was)\b|\bring again\b", re.IGNORECASE)
SENTENCE_END = re.compile(r"[.!?](?=\s|\"|$)")


def denied(words: str, start: int, end: int) -> bool:
    """Say whether its sentence denies some words: 'never promise ...', 'no couples work', '"wait" is no answer'."""
    begins = max((end.end() for end in SENTENCE_END.finditer(words, 0, start)), default=0)
    before = DOUBT.sub("", words[begins:start].lower())
    return bool(DENIED.search(before) or DENIED_AFTER.match(words, end))


def hinted(words: str, bans: Iterable[Ban] = BANS) -> tuple[Ban, ...]:
    """Return the bans of which some words hold a hint."""
    low = words.lower()
    return tuple(ban for ban in bans if any(hint in low for hint in ban.hints))


def forbidden(words: str, bans: Iterable[Ban] = BANS) -> Iterator[tuple[str, str, str]]:
    """Yield (rule, what was said, what to say instead) for each contradiction of a hard rule in some words."""
    for ban in hinted(words, bans):
        for found in _compiled(ban.pattern).finditer(words):
            if not denied(words, *found.span()):
                yield ban.rule, found[0], ban.instead


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def lines_of(step: Step) -> Iterator[tuple[Where, str, frozenset[str]]]:
    """Yield (where, words, sources) for each line of a step; a line of an action or a prompt has sources of its own."""
    own = frozenset(getattr(step, "sources", ()))
    for where, words in texts_of(step):
        if isinstance(step, ActStep):
            yield where, words, frozenset(step.act[int(where[1])].sources if where[0] == "act" else own)
        elif isinstance(step, PromptsStep) and where[0] == "prompts":
            yield where, words, frozenset(step.prompts[int(where[1])].sources)
        else:
            yield where, words, own


def said_under(route: Route, rule: str) -> str:
    """Return everything a route says on lines that cite a rule, as one text."""
    return " ¶ ".join(
        " ".join(words.split()) for step in route.steps for _, words, sources in lines_of(step) if rule in sources
    )


def rules_are_said(library: Library, origins: Origins) -> Iterator[Problem]:
    """Each rule is said where it matters, on a line that cites it."""
    known: dict[tuple[str, str], str] = {}
    for said in HAS_TO_SAY:
        route = library.routes.get(said.route)
        if route is None:
            continue  # whether anything carries the rule at all is P12; that the shipped flows are there, a test
        if (said.route, said.rule) not in known:
            known[said.route, said.rule] = said_under(route, said.rule)
        if not _compiled(said.pattern).search(known[said.route, said.rule]):
            says = f"{said.rule}: no line here that cites {said.rule} says {said.says}: put it back."
            yield origins.problem(part_of(route), route.id, (), said.rule, says)
    for said in LINES_HAVE_TO_SAY:
        line = library.lines.get(said.route)
        if line is not None and not _compiled(said.pattern).search(line.text):
            says = f"{said.rule}: this line has to say {said.says}: put it back."
            yield origins.problem("lines", line.id, ("text",), said.rule, says)


def nothing_says_the_opposite(library: Library, origins: Origins) -> Iterator[Problem]:
    """Nothing that is said contradicts a hard rule."""
    said: dict[tuple[str, str], list[tuple[Where, str]]] = {
        (part_of(route), route.id): [
            (("steps", place, *where), " ".join(words.split()))
            for place, step in enumerate(route.steps)
            for where, words in texts_of(step)
        ]
        for route in routes(library)
    }
    said |= {("lines", line.id): [(("text",), " ".join(line.text.split()))] for line in library.content.lines}
    for (part, record), lines in said.items():
        bans = hinted("\n".join(words for _, words in lines))  # looked for in all of it first: most are nowhere
        for where, words in lines:
            for rule, found, instead in forbidden(words, bans):
                says = f"{rule}: '{found}' may not be said: {instead}."
                yield origins.problem(part, record, where, rule, says)


def curiosity_sends_nobody_looking(library: Library, origins: Origins) -> Iterator[Problem]:
    """H5: what heads curiosity prompts says that they ask only for what is already known."""
    for route in routes(library):
        for place, step in enumerate(route.steps):
            if isinstance(step, PromptsStep) and not ALREADY.search(step.intro):
                says = "H5: say that these ask only for what is already known, so that nobody goes to find out."
                yield origins.problem(part_of(route), route.id, ("steps", place, "intro"), "H5", says)


def calls_go_where_the_child_is(library: Library, origins: Origins) -> Iterator[Problem]:
    """H29: a call to social care says which council; one that only asks after an earlier call need not."""
    for route in routes(library):
        for place, step in enumerate(route.steps):
            if not isinstance(step, ActStep):
                continue
            for number, action in enumerate(step.act):
                if action.do == "ring_social_care" and not action.if_ and not WHERE_NOW.search(action.text):
                    says = "H29: say which council: 'where the child is now'."
                    yield origins.problem(
                        part_of(route), route.id, ("steps", place, "act", number, "text"), "H29", says
                    )


CHECKS: tuple[Check, ...] = (
    rules_are_said,
    nothing_says_the_opposite,
    curiosity_sends_nobody_looking,
    calls_go_where_the_child_is,
)
