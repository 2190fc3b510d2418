"""The judge of the busy day: what it takes for in order, for repeated, and for lost."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("telegram.ext", reason="the Telegram channel is an extra")
sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

from delivery_verdict import explained

from bot.channels.telegram.layout import Message, again

NOTICE = "Here it is again."
MADE = [
    (nonce, [Message(text, text) for text in texts]) for nonce, *texts in (("n1", "a", "b"), ("n2", "c"), ("n3", "a"))
]
"""Three turns; the last says what the first began with."""


def said(*texts: str) -> list[tuple[str, str]]:
    """Return what was sent: "x!" is x with the notice, "=n" an edit to the buttons of n."""
    found = []
    for text in texts:
        bare = text.removesuffix("!")
        html = again(Message(bare, bare), NOTICE).html if text.endswith("!") else bare
        found.append(("", text[1:]) if text.startswith("=") else (html, ""))
    return found


@pytest.mark.parametrize(
    ("sent", "cost"),
    [
        (said("a", "b", "c", "a"), (0, 0, 0, 0)),
        (said("a", "a!", "b", "c", "a"), (0, 0, 1, 0)),
        (said("a", "b", "a!", "b", "c", "c!", "c!", "a"), (0, 0, 3, 0)),
        (said("a", "b", "c!", "a"), (0, 0, 0, 1)),
        (said("a", "b", "=n2", "a"), (0, 0, 0, 0)),
        (said("a", "b", "=n2", "c!", "a"), (0, 0, 1, 0)),
        (said("a", "b", "c", "c", "a"), (0, 1, 0, 0)),
        (said("a", "b", "a", "b", "c", "a"), (0, 1, 0, 0)),
        (said("a", "b", "c", "a", "c"), (1, 0, 0, 0)),
        (said("a", "c", "a"), (1, 0, 0, 0)),
        (said("a", "b", "c", "a", "somebody else's"), (1, 0, 0, 0)),
        (said("a", "b", "c"), None),
        (said("a", "b"), None),
        (said(), None),
    ],
)
def test_what_was_sent_is_explained_at_its_least_cost(
    sent: list[tuple[str, str]], cost: tuple[int, int, int, int] | None
) -> None:
    """In order; repeated and said so; said so though it came once; repeated unsaid; out of order, torn or foreign; not whole."""
    assert explained(MADE, sent, NOTICE) == cost
