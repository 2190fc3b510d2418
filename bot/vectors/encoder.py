"""The model itself: six layers of attention, run by numpy. One vector of length one for each text."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING, Protocol

import numpy as np

from bot.vectors.wordpiece import WordPiece

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

MAX_PIECES = 128
"""Pieces of words that are read; the model was taught on no more."""
SIZE = 384
_HEADS = 12
_BATCH = 32
_TINY = 1e-12


class Table(Protocol):
    """Vectors of the pieces of words, by their numbers."""

    def __getitem__(self, numbers: NDArray[np.int64], /) -> Floats:
        """Give the vectors of these pieces."""


class Encoder:
    """Gives texts their vectors. `weights` are named as in the model's own file, `words` holds the pieces' vectors."""

    def __init__(self, name: str, numbers: Mapping[str, int], words: Table, weights: Mapping[str, Floats]) -> None:
        self.name = name
        """Names the weights: other weights give other vectors."""
        self._cut = WordPiece(numbers)
        self._words = words
        self._places = (
            weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
        )
        self._begin = _pair(weights, "embeddings.LayerNorm")
        layers = {int(key.split(".")[2]) for key in weights if key.startswith("encoder.layer.")}
        self._layers = [_Layer(weights, f"encoder.layer.{i}.") for i in sorted(layers)]

    def __call__(self, texts: Sequence[str]) -> Floats:
        """Give one row of length one for each text; the mean of what its pieces came to."""
        cut = [self._cut(text, MAX_PIECES) for text in texts]
        found = np.zeros((len(cut), SIZE), dtype=np.float32)
        order = sorted(range(len(cut)), key=lambda place: len(cut[place]))
        for begin in range(0, len(order), _BATCH):
            rows = order[begin : begin + _BATCH]
            found[rows] = self._run([cut[row] for row in rows])
        return found

    def _run(self, cut: Sequence[Sequence[int]]) -> Floats:
        """Run several texts end to end: they share the reading of the weights, and none looks at another."""
        ends = list(accumulate(map(len, cut)))
        spans = [slice(begin, end) for begin, end in zip([0, *ends], ends, strict=False)]
        pieces = np.array([piece for one in cut for piece in one], dtype=np.int64)
        places = np.concatenate([np.arange(len(one)) for one in cut])
        x = _even(self._words[pieces] + self._places[places], *self._begin)
        for layer in self._layers:
            x = layer(x, spans)
        mean = np.stack([x[span].mean(axis=0) for span in spans])
        mean /= np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), _TINY)
        return mean


class _Layer:
    def __init__(self, weights: Mapping[str, Floats], name: str) -> None:
        parts = [_pair(weights, f"{name}attention.self.{part}") for part in ("query", "key", "value")]
        scale = np.float32(1 / math.sqrt(SIZE // _HEADS))  # the division belongs to the queries: done once, here
        self._look = np.concatenate([parts[0][0] * scale, parts[1][0], parts[2][0]]).T.copy()
        self._look_bias = np.concatenate([parts[0][1] * scale, parts[1][1], parts[2][1]])
        self._seen, self._seen_bias = _turned(weights, f"{name}attention.output.dense")
        self._between = _pair(weights, f"{name}attention.output.LayerNorm")
        self._up, self._up_bias = _turned(weights, f"{name}intermediate.dense")
        self._down, self._down_bias = _turned(weights, f"{name}output.dense")
        self._end = _pair(weights, f"{name}output.LayerNorm")

    def __call__(self, x: Floats, spans: Sequence[slice]) -> Floats:
        looked = (x @ self._look + self._look_bias).reshape(len(x), 3, _HEADS, SIZE // _HEADS)
        seen = np.empty_like(x)
        for span in spans:
            query, key, value = looked[span].transpose(1, 2, 0, 3)
            share = query @ key.swapaxes(-1, -2)
            share -= share.max(axis=-1, keepdims=True)
            np.exp(share, out=share)
            share /= share.sum(axis=-1, keepdims=True)
            seen[span] = (share @ value).swapaxes(0, 1).reshape(-1, SIZE)
        x = _even(x + (seen @ self._seen + self._seen_bias), *self._between)
        up = x @ self._up
        up += self._up_bias
        return _even(x + (_gelu(up) @ self._down + self._down_bias), *self._end)


def _pair(weights: Mapping[str, Floats], name: str) -> tuple[Floats, Floats]:
    return weights[f"{name}.weight"], weights[f"{name}.bias"]


def _turned(weights: Mapping[str, Floats], name: str) -> tuple[Floats, Floats]:
    return np.ascontiguousarray(weights[f"{name}.weight"].T), weights[f"{name}.bias"]


def _even(x: Floats, weight: Floats, bias: Floats) -> Floats:
    x = x - x.mean(axis=-1, keepdims=True)
    x *= 1 / np.sqrt(np.einsum("ij,ij->i", x, x)[:, None] / SIZE + _TINY)
    x *= weight
    x += bias
    return x


def _gelu(x: Floats) -> Floats:
    """Multiply x by the normal distribution at x; Abramowitz and Stegun 7.1.26, off by less than the numbers are exact."""
    z = np.abs(x)
    z *= np.float32(math.sqrt(0.5))
    t = 1 / (1 + np.float32(0.3275911) * z)
    tail = t * np.float32(1.061405429)
    for factor in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        tail += np.float32(factor)
        tail *= t
    z *= z
    np.negative(z, out=z)
    tail *= np.exp(z, out=z)
    half = x * np.float32(0.5)
    whole: Floats = half + np.abs(half) * (1 - tail)
    return whole
