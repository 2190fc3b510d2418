"""Sentence vectors of the examples: worked out once, kept in one byte a number."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.matching.model import Arrays, Floats

_MOST = 127


class Encodes(Protocol):
    """Gives texts their vectors, each of length one."""

    name: str
    """Names the weights: other weights give other vectors."""

    def __call__(self, texts: Sequence[str], /) -> Floats:
        """Give one row for each text."""


def of_texts(texts: Sequence[str], encoder: Encodes, before: Arrays) -> Arrays:
    """Give the vectors of texts; those that stand in `before`, made by the same encoder, are taken from there."""
    named = np.array([_name(text) for text in texts], dtype=np.uint64)
    found: dict[int, int] = {}
    if "encoder" in before and before["encoder"].tobytes().decode() == encoder.name:
        found = {name: place for place, name in enumerate(before["texts"].tolist())}
    old = [(row, found[name]) for row, name in enumerate(named.tolist()) if name in found]
    new = [row for row, name in enumerate(named.tolist()) if name not in found]
    made = encoder([texts[row] for row in new])
    size = before["vectors"].shape[1] if old else made.shape[1]
    vectors, scales = np.zeros((len(texts), size), dtype=np.int8), np.ones(len(texts), dtype=np.float32)
    if new:
        scales[new] = np.maximum(np.abs(made).max(axis=1), 1e-9) / _MOST
        vectors[new] = np.rint(made / scales[new][:, None]).astype(np.int8)
    if old:
        rows, places = [row for row, _ in old], [place for _, place in old]
        vectors[rows], scales[rows] = before["vectors"][places], before["scales"][places]
    return {
        "vectors": vectors,
        "scales": scales,
        "texts": named,
        "encoder": np.frombuffer(encoder.name.encode(), dtype=np.uint8),
    }


def rows(arrays: Arrays) -> Floats:
    """Give the vectors as they are multiplied: 32-bit numbers, a row an example."""
    found: Floats = arrays["vectors"].astype(np.float32)
    found *= arrays["scales"][:, None]
    return found


def _name(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
