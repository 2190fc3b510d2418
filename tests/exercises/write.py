"""Write the example runs of the shipped exercises anew, once their words have changed: read what changed before keeping it.

python tests/exercises/write.py
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]


def main() -> None:
    """Play each exercise well and alone, and badly in a group, and write down how it went."""
    from playing import Player, curious_and_better, incurious_and_worse, shipped_stories  # noqa: PLC0415

    from bot.exercise_examples import as_example  # noqa: PLC0415
    from bot.scenarios.run import Group  # noqa: PLC0415

    for name, story in shipped_stories().items():
        for how, choose, group in (("well", curious_and_better, None), ("badly", incurious_and_worse, Group())):
            player = Player(story, group).to_the_end(choose)
            text = as_example(player.table.library, story, player.moves)
            (HERE / f"{name}_{how}.txt").write_text(text.replace("\n", f", played {how}\n", 1), encoding="utf-8")


if __name__ == "__main__":
    main()
