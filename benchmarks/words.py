"""How well typed words are understood, by leaving out a fifth of the examples five times: `python benchmarks/words.py`.

It learns five times, which takes a few minutes. The cuts in `bot/matching/bands.py` were read off what it prints. The
examples hold many near misses on purpose, so these figures are lower than those of messages nobody wrote as a test.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np

from bot.kept import KeptWeights
from bot.library import read_content
from bot.matching import bands
from bot.matching.learned import LIVE, NOT_LIVE
from bot.reading import content_root
from bot.routing import new_matcher

if TYPE_CHECKING:
    from bot.library import Library
    from bot.matching import Matcher

PARTS = 5


def main() -> None:
    """Route every example by what the others taught, and print what each cut would do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--parts", type=int, default=PARTS, help="parts left out one after the other (default: all five)"
    )
    parts = parser.parse_args().parts
    library = read_content(content_root()).library
    assert library is not None
    found: list[tuple[str, dict[str, float], float, bool]] = []
    for part in range(parts):
        matcher = without(library, part)
        for label, texts in library.content.examples.items():
            for text in texts[part::PARTS]:
                scores, danger = matcher.scores(text)
                found.append((label, scores, danger, matcher.dangerous(text) is not None))
        print(f"part {part + 1} of {parts}: {len(found)} messages")
    of_flows(found)
    of_danger(found)


def without(library: Library, part: int) -> Matcher:
    """Make a matcher that never saw one part of the examples."""
    rest = {
        label: tuple(text for place, text in enumerate(texts) if place % PARTS != part)
        for label, texts in library.content.examples.items()
    }
    return new_matcher(library, KeptWeights(), examples=rest)


def of_flows(found: list[tuple[str, dict[str, float], float, bool]]) -> None:
    """Print how often the right flow is first or among three, and the bands at several cuts."""
    flows = [(label, scores) for label, scores, *_ in found if label not in {LIVE, NOT_LIVE}]
    inside = np.array([label != "out_of_scope" for label, _ in flows])
    ranked = [sorted((s for s in scores if s != "out_of_scope"), key=lambda f: -scores[f])[:3] for _, scores in flows]
    first = np.array([bool(best) and best[0] == label for (label, _), best in zip(flows, ranked, strict=True)])
    third = np.array([label in best for (label, _), best in zip(flows, ranked, strict=True)])
    share = np.array(
        [
            bands.shares(scores).get(best[0], 0.0) if best else 0.0
            for (_, scores), best in zip(flows, ranked, strict=True)
        ]
    )
    print(f"first {first[inside].mean():.3f}, among three {third[inside].mean():.3f}")
    for cut in (0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95):
        above = share >= cut
        print(
            f"share {cut:.2f}: right {(above & first)[inside].mean():.3f}, wrong {(above & ~first)[inside].mean():.3f}, "
            f"below {(~above)[inside].mean():.3f}; out of scope above {above[~inside].mean():.3f}"
        )


def of_danger(found: list[tuple[str, dict[str, float], float, bool]]) -> None:
    """Print how often the alarm is raised at several cuts, by likeness or by a phrase."""
    kinds = {LIVE: LIVE, NOT_LIVE: NOT_LIVE, "out_of_scope": "out_of_scope"}
    kind = np.array([kinds.get(label, "ordinary") for label, *_ in found])
    like, phrase = np.array([danger for *_, danger, _ in found]), np.array([rule for *_, rule in found])
    for cut in (9.0, -0.3, -0.4, -0.5, -0.55, -0.57, -0.6, -0.65, -0.7):
        raised = phrase | (like >= cut)
        print(
            f"alarm {cut:5.2f}: " + ", ".join(f"{name} {raised[kind == name].mean():.3f}" for name in sorted(set(kind)))
        )


if __name__ == "__main__":
    main()
