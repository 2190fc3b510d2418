"""What a search means: sentence vectors of everything that can be found, made once and kept.

Those of the shipped content are shipped; a passage that changed is encoded anew, the others are taken as they are.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.matching.model import Arrays, Floats
    from bot.matching.vectors import Encodes

_SAME = ("texts", "encoder")
"""Where these are as before, nothing was made anew."""


class Keeps(Protocol):
    """Has the model of sentence vectors, and keeps what it made."""

    def encoder(self) -> Encodes | None:
        """Give the model; None to do without."""

    def get(self, key: str) -> Arrays | None:
        """Give what was kept under a key."""

    def put(self, key: str, arrays: Arrays) -> None:
        """Keep some arrays under a key."""

    def passages(self) -> Arrays | None:
        """Give the vectors that are shipped."""


class Meaning:
    """Says how near the meaning of some words is to that of each passage.

    `keep` says whether what is made is kept: for a few passages that is not worth a file, which pushes out another.
    """

    def __init__(self, passages: Sequence[str], keeper: Keeps, *, keep: bool = True) -> None:
        self._passages = passages
        self._keeper = keeper
        self._keep = keep

    def near(self, words: str) -> list[float]:
        """Give the likeness of each passage, 1 for the same words; an empty list where there are no vectors."""
        if self._encoder is None or self._vectors is None:
            return []
        likeness: list[float] = (self._vectors @ self._encoder([words])[0]).tolist()
        return likeness

    def prepare(self) -> None:
        """Have the vectors ready, so that nobody's first search waits for them."""
        self._vectors  # noqa: B018 - worked out on first use

    @cached_property
    def _encoder(self) -> Encodes | None:
        return self._keeper.encoder()

    @cached_property
    def _vectors(self) -> Floats | None:
        if self._encoder is None:
            return None
        from bot.matching.vectors import of_texts, rows  # noqa: PLC0415 - numpy is loaded when words are compared

        if not self._keep:
            return rows(of_texts(self._passages, self._encoder, {}))
        written = hashlib.sha256("\0".join(self._passages).encode()).hexdigest()
        key = hashlib.sha256(f"passages\n{self._encoder.name}\n{written}".encode()).hexdigest()
        for before in (self._keeper.get(key), self._keeper.passages(), {}):
            if before is None:
                continue
            try:
                made = of_texts(self._passages, self._encoder, before)
                if any(name not in before or made[name].tobytes() != before[name].tobytes() for name in _SAME):
                    self._keeper.put(key, made)
                return rows(made)
            except (KeyError, ValueError, IndexError, TypeError):
                continue  # not whole: what was kept is only a copy of what can be made again
        return None
