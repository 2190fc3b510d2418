"""Likeness to every example, weighed into one score a label: kernel ridge regression, solved once and exactly.

Each message is a row of features of length about one; two messages are as alike as (1 + product)^2, which also counts
pairs of features that stand apart. The weights of the examples come out of one Cholesky factor: no chance, no steps to
tune, and a few seconds for seven thousand examples. What is kept is arrays of numbers and two lists of words.
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


def train(rows: Rows, features: int, targets: Floats, trust: Floats, firmness: float) -> Arrays:
    """Weigh the examples: `targets` has a column a label, `trust` says how much each example is to be believed."""
    starts, where, values = _postings(rows, features)
    likeness = _products(starts, where, values, len(rows))
    np.add(likeness, 1.0, out=likeness)
    np.multiply(likeness, likeness, out=likeness)
    likeness[np.diag_indices(len(rows))] += firmness / trust
    weights = _solve(likeness, targets)
    return {"starts": starts, "where": where, "values": values, "weights": weights}


def likeness(model: Arrays, message: Sequence[tuple[int, float]]) -> Floats:
    """Say how like every example a message is."""
    starts, where, values = model["starts"], model["where"], model["values"]
    found = np.ones(len(model["weights"]), dtype=np.float32)
    for feature, weight in message:
        begin, end = starts[feature], starts[feature + 1]
        found[where[begin:end]] += weight * values[begin:end]  # a feature names each example once
    found *= found
    return found


def _postings(rows: Rows, features: int) -> tuple[Ints, NDArray[np.uint16], Floats]:
    """Turn rows of features into, for every feature, the rows that have it and how much."""
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
