"""Words to what is compared: words and pairs, pieces of words, and words that mean much the same."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from bot.matching.normalise import plain, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot.matching.normalise import Tokens

    Blocks = tuple[Counter[str], ...]

SEEN_IN = 2  # a feature met in fewer examples is left out
_PIECES = (3, 4)
_LONGEST_WORD = 40  # letters that are cut into pieces; no English word is longer
SHARES = (0.7, 0.7, 0.6)
"""What each block counts for: words and pairs, pieces, groups of words that are alike."""


class Alike:
    """Groups of words that mean much the same, as `knowledge/phrases/alike.yaml` has them."""

    def __init__(self, groups: Mapping[str, Sequence[str]], shorthand: Mapping[Tokens, Tokens]) -> None:
        self._whole: dict[str, str] = {}
        self._begins: list[tuple[str, str]] = []
        for group, words in groups.items():
            for word in words:
                read = words_of(plain(word), shorthand)
                if len(read) == 1 and word.endswith("*"):
                    self._begins.append((read[0], group))
                elif len(read) == 1:
                    self._whole.setdefault(read[0], group)
        self._known: dict[str, str] = {}

    def __call__(self, word: str) -> str:
        """Give the group of a word, or the word itself."""
        found = self._known.get(word)
        if found is None:
            starts = (group for start, group in self._begins if word.startswith(start))
            found = self._whole.get(word) or self._whole.get(word.removesuffix("s")) or next(starts, word)
            if len(self._known) < 50_000:  # noqa: PLR2004 - only against a flood of strange words
                self._known[word] = found
        return found


class Cutter:
    """Cuts words into features, and remembers the pieces of words it met."""

    def __init__(self, alike: Alike) -> None:
        self._alike = alike
        self._cut: dict[str, tuple[str, ...]] = {}

    def __call__(self, words: Sequence[str]) -> Blocks:
        """Give the features of a message, block by block, marked so that blocks never meet."""
        whole = Counter(words)
        whole.update(map(" ".join, pairwise(words)))
        pieces: Counter[str] = Counter()
        for word in words:
            pieces.update(self._pieces(word))
        groups = [f"={self._alike(word)}" for word in words]
        meant = Counter(groups)
        meant.update(map(" ".join, pairwise(groups)))
        return whole, pieces, meant

    def _pieces(self, word: str) -> tuple[str, ...]:
        found = self._cut.get(word)
        if found is None:
            edged = f"_{word[:_LONGEST_WORD]}_"
            found = tuple("~" + edged[i : i + n] for n in _PIECES for i in range(len(edged) - n + 1))
            if len(self._cut) < 50_000:  # noqa: PLR2004 - as above
                self._cut[word] = found
        return found


def weigh(
    blocks: Blocks, index: Mapping[str, int], rarity: Sequence[float], shares: Sequence[float] = SHARES
) -> list[tuple[int, float]]:
    """Rarity times the damped count of known features, each block brought to its share in length."""
    weighed: list[tuple[int, float]] = []
    for block, share in zip(blocks, shares, strict=True):
        parts = [
            (i, rarity[i] if n == 1 else (1 + math.log(n)) * rarity[i])
            for feature, n in block.items()
            if (i := index.get(feature)) is not None
        ]
        length = math.sqrt(share / (math.fsum(weight * weight for _, weight in parts) or 1.0))
        weighed.extend((i, weight * length) for i, weight in parts)
    return weighed


def vocabulary(documents: Iterable[Blocks], seen_in: int = SEEN_IN) -> dict[str, float]:
    """Give the features that are met often enough, and how rare each is."""
    met: Counter[str] = Counter()
    many = 1
    for blocks in documents:
        many += 1
        for block in blocks:
            met.update(block.keys())
    return {feature: math.log(many / (1 + n)) + 1 for feature, n in sorted(met.items()) if n >= seen_in}
