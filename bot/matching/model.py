"""Likeness to every example, weighed into one score a label: kernel ridge regression, solved once and exactly.

Each message is a row of features of length about one, and has a sentence vector where there is a model for them; two
messages are as alike as (1 + products)^2, which also counts pairs of features that stand apart. The weights of the examples come out of one Cholesky factor: no chance, no steps to
tune, and half a minute for twelve thousand examples. What is kept is arrays of numbers and two lists of words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Ints = NDArray[np.int32]
    Arrays = dict[str, NDArray[Any]]
    Bytes = NDArray[np.uint8]
    Rows = Sequence[Sequence[tuple[int, float]]]

_OFTEN = 48  # features met in more rows than this are multiplied as a dense block
_BLOCK = 1024
_STEP = 256
VECTORS_COUNT = 1.5
"""How much the likeness of sentence vectors counts, beside that of words."""


def solve(index: Arrays, vectors: Floats | None, targets: Floats, trust: Floats, firmness: float) -> Floats:
    """Weigh the examples: `targets` has a column a label, `trust` says how much each example is to be believed.

    `index` is what `postings` gave; `vectors` has a row for each example, where there are sentence vectors.
    """
    likeness = _products(index["starts"], index["where"], index["values"], len(targets))
    for begin in range(0, len(targets), _STEP):
        here = slice(begin, min(begin + _STEP, len(targets)))
        part = likeness[here, : here.stop]  # below the diagonal is all that is looked at
        if vectors is not None:
            part += np.float32(VECTORS_COUNT) * (vectors[here] @ vectors[: here.stop].T)
        part += 1.0
        part *= part
    likeness[np.diag_indices(len(targets))] += firmness / trust
    return _solve(likeness, targets)


def words_in_common(index: Arrays, message: Sequence[tuple[int, float]], examples: int) -> Floats:
    """Multiply a message's features with those of every example."""
    starts, where, values = index["starts"], index["where"], index["values"]
    found = np.zeros(examples, dtype=np.float32)
    for feature, weight in message:
        begin, end = starts[feature], starts[feature + 1]
        found[where[begin:end]] += weight * values[begin:end]  # a feature names each example once
    return found


def likeness(in_common: Floats, near: Floats | None) -> Floats:
    """Say how like every example a message is: by words, and by sentence vectors where there are any."""
    found = in_common + 1.0
    if near is not None:
        found += np.float32(VECTORS_COUNT) * near
    found *= found
    return found


def postings(rows: Rows, features: int) -> Arrays:
    """Turn rows of features into, for every feature, the rows that have it and how much."""
    starts, where, values = _postings(rows, features)
    return {"starts": starts, "where": where, "values": values}


def _postings(rows: Rows, features: int) -> tuple[Ints, NDArray[np.uint16], Floats]:
    named = np.fromiter((i for row in rows for i, _ in row), dtype=np.int32)
    values = np.fromiter((weight for row in rows for _, weight in row), dtype=np.float32)
    where = np.repeat(np.arange(len(rows), dtype=np.uint16), [len(row) for row in rows])
    order = np.argsort(named, kind="stable")
    starts = np.zeros(features + 1, dtype=np.int32)
    np.cumsum(np.bincount(named, minlength=features), out=starts[1:])
    return starts, where[order], values[order]


def _products(starts: Ints, where: NDArray[np.uint16], values: Floats, many: int) -> Floats:
    """Multiply every row with every other: often met features as blocks, the rest pair by pair.

    Only the lower triangle is whole: the other is the same, and nobody looks at it.
    """
    products = np.zeros((many, many), dtype=np.float32)
    met = np.diff(starts)
    often = np.flatnonzero(met > _OFTEN)
    for begin in range(0, len(often), _BLOCK):
        block = np.zeros((many, min(_BLOCK, len(often) - begin)), dtype=np.float32)
        for column, feature in enumerate(often[begin : begin + _BLOCK]):
            span = slice(starts[feature], starts[feature + 1])
            block[where[span], column] = values[span]
        for top in range(0, many, _BLOCK):
            below = slice(top, top + _BLOCK)
            products[below, : top + _BLOCK] += block[below] @ block[: top + _BLOCK].T
    flat = products.reshape(-1)
    for times in range(1, _OFTEN + 1):
        alike = np.flatnonzero(met == times)
        for begin in range(0, len(alike), max(1, 200_000 // times**2)):
            some = starts[alike[begin : begin + max(1, 200_000 // times**2)]][:, None] + np.arange(times)
            rows, parts = where[some].astype(np.int64), values[some]
            places = rows[:, :, None] * many + rows[:, None, :]
            np.add.at(flat, places.reshape(-1), (parts[:, :, None] * parts[:, None, :]).reshape(-1))
    return products


def _solve(matrix: Floats, targets: Floats) -> Floats:
    """Solve for a symmetric positive matrix, which is used up: Cholesky, forward and back, block by block."""
    found, many = targets.copy(), len(targets)
    inverses = []
    for begin in range(0, many, _STEP):
        here = slice(begin, min(begin + _STEP, many))
        matrix[begin:, here] -= matrix[begin:, :begin] @ matrix[here, :begin].T
        inverse = np.linalg.inv(np.linalg.cholesky(matrix[here, here]))
        matrix[here.stop :, here] = matrix[here.stop :, here] @ inverse.T
        found[here] = inverse @ (found[here] - matrix[here, :begin] @ found[:begin])
        inverses.append((here, inverse))
    for here, inverse in reversed(inverses):
        found[here] = inverse.T @ (found[here] - matrix[here.stop :, here].T @ found[here.stop :])
    return found
