"""Example conversations, held with the real desk and record: `tests/transcripts/<flow>/*.txt`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.examples import parse, run

if TYPE_CHECKING:
    from bot.library import Library

FILES = sorted((Path(__file__).parent / "transcripts").rglob("*.txt"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_conversation_goes_as_it_is_written(path: Path, library: Library) -> None:
    """What is answered brings what the example says, in its order, and nothing that it rules out."""
    assert run(parse(path.read_text(encoding="utf-8"), path.name), library) == []


def test_every_flow_has_at_least_three(library: Library) -> None:
    """No flow is without examples, the awkward ones among them."""
    counted = Counter(path.parent.name for path in FILES)
    assert {flow: counted[flow] for flow in library.flows if counted[flow] < 3} == {}
    assert set(counted) <= set(library.flows) | {"anywhere"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_example_says_something_that_could_fail(path: Path) -> None:
    """Each example expects something of every answer that matters: not one of them is empty."""
    example = parse(path.read_text(encoding="utf-8"), path.name)
    expected = [line for exchange in example.exchanges for line in exchange.expected]
    assert len(expected) >= 4, path
    assert len({exchange.kind for exchange in example.exchanges} & {"typed", "marks"}) > 0, path
