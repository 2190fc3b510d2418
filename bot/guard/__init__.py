"""The identifier guard: finds what could identify somebody in free text, so that it is never kept or repeated.

It misses some and it is wrong about some; it is a second line, behind the rule that typed words are not stored at all
(hard rule H23). Where in doubt it takes words for an identifier: a message too many that has to be written again costs
less than a name that stays. The rates on a labelled set are printed by `benchmarks/guard.py`.
"""

from __future__ import annotations

from bot.guard.kinds import Found, Identifier
from bot.guard.names import names
from bot.guard.numbers import birth_dates, is_nhs_number, is_pupil_number, numbers
from bot.guard.online import online
from bot.guard.places import places
from bot.guard.plain import Plain

__all__ = [
    "MAX_CHARS",
    "Found",
    "Identifier",
    "found",
    "identifiers",
    "is_nhs_number",
    "is_pupil_number",
    "without_identifiers",
]

MAX_CHARS = 4000
_ROUNDS = 8


def identifiers(text: str) -> tuple[Identifier, ...]:
    """Return the kinds of identifier found in the first part of a text, in the order of the list, each once."""
    kinds = {one.kind for one in found(text)}
    return tuple(kind for kind in Identifier if kind in kinds)


def found(text: str) -> tuple[Found, ...]:
    """Return each identifier in the first part of a text with where it stands, in the order of the text.

    A place may begin with the words that gave it away ("called", "born on"), and places may overlap.
    """
    plain = Plain(text[:MAX_CHARS])
    things = [*online(plain.text), *numbers(plain.text), *birth_dates(plain.text), *places(plain.text)]
    things += names(plain.text, [(one.start, one.end) for one in things])
    return tuple(sorted(plain.back(one) for one in things))


def without_identifiers(text: str) -> str:
    """Return the first part of a text less what could identify somebody: nothing is left that `identifiers` finds."""
    text = text[:MAX_CHARS]
    for _ in range(_ROUNDS):  # what is left may look like something new, where a piece between was taken out
        things = found(text)
        if not things:
            return text
        for one in reversed(_joined(things)):
            text = f"{text[: one[0]]} {text[one[1] :]}"
    return "" if found(text) else text


def _joined(things: tuple[Found, ...]) -> list[tuple[int, int]]:
    """Return places that overlap as one."""
    joined: list[tuple[int, int]] = []
    for one in things:
        if joined and one.start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], one.end))
        else:
            joined.append((one.start, one.end))
    return joined
