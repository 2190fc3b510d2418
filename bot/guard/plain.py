"""A text as the guard reads it: without accents, invisible signs and fancy letters, and the way back to what was typed."""

from __future__ import annotations

import unicodedata

from bot.guard.kinds import Found

_ALIKE = {
    "ł": "l",
    "Ł": "L",
    "ø": "o",
    "Ø": "O",
    "đ": "d",
    "Đ": "D",
    "\N{LATIN SMALL LETTER DOTLESS I}": "i",
    "ß": "ss",
    "æ": "ae",
    "Æ": "Ae",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "`": "'",
}
_ALIKE |= dict.fromkeys("\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{FIGURE DASH}\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}", "-")
_MOST = 2
"""Times as many signs as were typed: one sign can stand for eighteen, and nobody's name needs those."""


class Plain:
    """A text in plain signs; `text` is what to look at."""

    def __init__(self, typed: str) -> None:
        self._typed = len(typed)
        signs: list[str] = []
        self._from: list[int] = []
        for place, sign in enumerate(typed):
            plain = sign if sign.isascii() else _plain(sign)
            signs.append(plain)
            self._from.extend([place] * len(plain))
        self.text = "".join(signs)[: _MOST * max(self._typed, 1)]

    def back(self, one: Found) -> Found:
        """Return the same with places in the text as it was typed."""
        return Found(self._from[one.start], self._from[one.end - 1] + 1, one.kind)


def _plain(sign: str) -> str:
    if sign in _ALIKE:
        return _ALIKE[sign]
    parts = unicodedata.normalize("NFKD", sign)
    # Marks on a letter and what is not seen at all ("0<zero width>7700") hide nothing.
    return "".join(_ALIKE.get(part, part) for part in parts if unicodedata.category(part) not in {"Mn", "Cf"})
