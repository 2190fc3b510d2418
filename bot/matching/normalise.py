"""Text to words: what looks alike is folded, what cannot be seen is dropped, shorthand is written out."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    Tokens = tuple[str, ...]

MAX_CHARS = 2000
MAX_DANGER_CHARS = 6000

_SHORTHAND_WORDS = 3
_MARKUP = re.compile(r"<[^<>]{0,200}>")
_QUOTED = re.compile(r"\"[^\"]{1,400}\"|(?<!\w)'[^']{1,400}'(?!\w)")
_PAUSE = re.compile(r"\.{2,}")
_SENTENCE_END = re.compile(r"[.!?;]+(?=\s|$)")
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")
_UNSEEN = frozenset({"Mn", "Me", "Mc", "Cf", "Cc"})
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*")
_APOSTROPHES = str.maketrans("\u2018\u2019\u02bc`\u201c\u201d", "''''\"\"")


def plain(text: str, limit: int = MAX_CHARS) -> str:
    """Fold what looks alike (width, case, accents, quotes) and drop markup and what cannot be seen."""
    folded = unicodedata.normalize("NFKD", text[:limit].translate(_APOSTROPHES)).casefold()[:limit]
    seen = folded
    if not (folded.isascii() and folded.isprintable()):
        seen = "".join(c for c in folded if c.isspace() or unicodedata.category(c) not in _UNSEEN)
    return _REPEATED.sub(r"\1", _PAUSE.sub(" ", _MARKUP.sub(" ", seen)))


def unquoted(plain_text: str) -> str:
    """Leave out what stands between quotation marks: somebody else's words."""
    return _QUOTED.sub(" ", plain_text)


def words_of(plain_text: str, shorthand: Mapping[Tokens, Tokens]) -> list[str]:
    """Words without apostrophes, shorthand written out, the longest short form first."""
    raw = _WORD.findall(plain_text)
    bare = [word.replace("'", "") for word in raw]
    words: list[str] = []
    i = 0
    while i < len(raw):
        full: Tokens | None = None
        begins = (raw[i],) in shorthand or (bare[i],) in shorthand
        for n in range(_SHORTHAND_WORDS, 0, -1) if begins else ():
            full = shorthand.get(tuple(raw[i : i + n])) or shorthand.get(tuple(bare[i : i + n]))
            if full:
                break
        words.extend(full or bare[i : i + 1])
        i += n if full else 1
    return words


def sentences_of(plain_text: str, shorthand: Mapping[Tokens, Tokens]) -> list[list[str]]:
    """Words, sentence by sentence."""
    return [words for part in _SENTENCE_END.split(plain_text) if (words := words_of(part, shorthand))]


def read_shorthand(given: Mapping[str, str]) -> dict[Tokens, Tokens]:
    """Read short forms and what they stand for into words."""
    pairs = ([tuple(_WORD.findall(plain(side))) for side in pair] for pair in given.items())
    read = {short: full for short, full in pairs if short and full}
    return {short[:1]: () for short in read} | read  # so one look tells whether a short form may begin here
