"""Typed words to one of the options of an open question."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.matching.normalise import plain, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Offered = tuple[str, str, str]

_NUMBER = re.compile(r"\s*(?:option|number|#)?\s*\(?(\d{1,2})[.):]?\s*")
_YES = frozenset(("yes", "y", "yeah", "yep", "yup"))
_UNSURE = {"do not know", "dont know", "i do not know", "i dont know", "dunno", "unsure"}
_UNSURE |= {"not sure", "im not sure", "i am not sure"}
# An option with one of these words may mean "no danger" or "they agreed", and is never guessed at.
_NEVER_GUESSED = re.compile(
    r"\b(?:no|not|none|nobody|nothing|never|without|safe|fine|ok|okay|well|settled|happy|calm|clear|resolved"
    r"|agree\w*|consent\w*|permission|allow\w*|accident\w*|explained)\b"
)


def choose_option(text: str, options: Sequence[Offered]) -> str | None:
    """Give the id of the option that these words choose, or None when they are not clearly one of them.

    `options` are (id, label, short form) in the order shown. Taken are the number, the id, the label and the
    short form; "don't know" in other words; and a plain "yes" or the first words of a label where they begin
    one option alone, unless it may mean "no danger" or "they agreed": for that it must be the very words.
    """
    exact = exactly(text, options)
    said = _flat(text)
    if exact or not said:
        return exact[0] if len(exact) == 1 else None
    if said in _UNSURE:
        return _only(option for option, forms in _named(options).items() if forms & _UNSURE)
    begun = _only(begins(text, options))
    return None if begun is None or any(map(_NEVER_GUESSED.search, _named(options)[begun])) else begun


def exactly(text: str, options: Sequence[Offered]) -> tuple[str, ...]:
    """Give the options whose number, id, label or short form these very words are."""
    said = _flat(text)
    exact = {option for option, forms in _named(options).items() if said and said in forms}
    number = _NUMBER.fullmatch(plain(text))
    if number and 1 <= int(number[1]) <= len(options):
        exact.add(options[int(number[1]) - 1][0])
    return tuple(option for option, _, _ in options if option in exact)


def begins(text: str, options: Sequence[Offered]) -> tuple[str, ...]:
    """Give the options whose id, label or short form begins with these words, or with "yes" where they say so."""
    said = _flat(text)
    start = "yes" if said in _YES else said
    named = _named(options)
    return tuple(o for o, forms in named.items() if start and any(f"{f} ".startswith(f"{start} ") for f in forms))


def never_guessed(options: Sequence[Offered]) -> frozenset[str]:
    """Give the options that may mean "no danger" or "they agreed", by what is shown of them."""
    return frozenset(o for o, label, short in options if any(map(_NEVER_GUESSED.search, map(_flat, (label, short)))))


def _named(options: Sequence[Offered]) -> dict[str, set[str]]:
    return {option: {_flat(option), _flat(label), _flat(short)} for option, label, short in options}


def _flat(text: str) -> str:
    return " ".join(words_of(plain(text), {}))


def _only(found: Iterable[str]) -> str | None:
    ids = set(found)
    return ids.pop() if len(ids) == 1 else None
