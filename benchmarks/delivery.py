"""Never lost, never twice, never in the wrong order: `python benchmarks/delivery.py [--quick]`.

1. A busy day through the real bot and an emulated Telegram, while the bot is killed with -9 again and again (`--kills`, 1,000
   if nothing is said): at any moment, and aimed at the points where something could be lost or done twice. Afterwards everything is
   compared with the same day done again in order and undisturbed. A broken promise ends it with exit code 1.
2. Reminders that came due while the bot was down, with kills in the middle of sending: all go out.
3. Updates a second, with all that is kept on disk, against plain python-telegram-bot that says the same and keeps nothing.

Needs node and `npm ci --prefix tests/telegram`. Progress goes to the error output, figures to the output.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "telegram"), str(Path(__file__).resolve().parent)]

from delivery_people import Day  # noqa: E402
from delivery_rate import rates  # noqa: E402
from delivery_storm import Storm, add_reminders, settled  # noqa: E402
from delivery_verdict import Verdict, judge  # noqa: E402
from harness import TelegramWorld, why_unavailable  # noqa: E402

PATIENCE = 180.0


def main() -> None:
    """Run the three parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000, help="how often the bot is killed (default 1000)")
    parser.add_argument("--people", type=int, default=40, help="how many people talk (default 40)")
    parser.add_argument("--reminders", type=int, default=300, help="reminders due after a restart (default 300)")
    parser.add_argument("--seed", type=int, default=1, help="which day, and which moments (default 1)")
    parser.add_argument("--quick", action="store_true", help="some twenty kills and few people, as for every change")
    parser.add_argument("--only", choices=["kills", "reminders", "rate"], help="one part of it")
    given = parser.parse_args()
    kills, people, reminders = (20, 12, 24) if given.quick else (given.kills, given.people, given.reminders)
    reason = why_unavailable()
    if reason is not None and given.only != "rate":
        raise SystemExit(f"Not measured: {reason}.")
    held = True
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        # Each day has a folder of its own: the emulator gives the same numbers to the people of every day.
        for name in ("kills", "reminders"):
            (where / name).mkdir()
        if given.only in {None, "kills"}:
            held = storm(where / "kills", kills, people, given.seed)
        if given.only in {None, "reminders"}:
            held = overdue(where / "reminders", reminders, given.seed) and held
        if given.only in {None, "rate"}:
            few = given.quick
            rates(where, updates=300 if few else 3000, chats=30 if few else 100, rounds=1 if few else 5)
    if not held:
        raise SystemExit(1)


def storm(folder: Path, kills: int, people: int, seed: int) -> bool:
    """Kill the bot while people talk, and judge what came of it."""
    db = folder / "day.db"
    begun = time.monotonic()
    with TelegramWorld() as world, (folder / "bot.log").open("wb") as log:
        day = Day(world, people, seed)
        killing = Storm(world, db, kills, random.Random(seed), log)  # noqa: S311 - to be had again
        killing.begin()
        said = [0.0]

        def more() -> bool:
            if time.monotonic() - said[0] > 10:
                said[0] = time.monotonic()
                tell(f"{killing.done} of {kills} kills, {day.done} things done, {said[0] - begun:.0f} s")
            return not killing.over

        day.live(more)
        still = killing.problem or settled(day, db, PATIENCE)
        killing.stop()
        day.look(0.0)
        tell("doing the same day again, undisturbed")
        verdict = judge(day, db, folder / "again.db")
        print(
            f"kill -9                      {killing.done:10,} ({', '.join(f'{n} {w}' for w, n in killing.where.most_common())})"
        )
        print(
            f"a start took                 {statistics.median(killing.starts):10.2f} s until it asked for updates (median)"
        )
        print(f"people did                   {day.done:10,} things, in {time.monotonic() - begun:.0f} s")
        show(verdict)
        return finish(folder, still, verdict)


def overdue(folder: Path, reminders: int, seed: int) -> bool:
    """Let reminders come due while the bot is down, kill it while it sends them, and judge."""
    db = folder / "overdue.db"
    chance = random.Random(seed)  # noqa: S311 - to be had again
    with TelegramWorld() as world, (folder / "bot.log").open("wb") as log:
        day = Day(world, reminders, seed)
        killing = Storm(world, db, 0, chance, log)
        killing.start()
        world.wait_for_poll(since=0, timeout=PATIENCE)
        for somebody in day.people:
            somebody._type("/new_partner", time.monotonic())  # noqa: SLF001 - one of ours
        still = settled(day, db, PATIENCE)
        killing.stop()
        count = add_reminders(db, [somebody.person.id for somebody in day.people], 1, 0.0)
        for point in ("call>", "call<", "commit<", "commit>"):
            killing.start(f"{point}:{chance.randint(3, max(4, reminders // 5))}")
            assert killing.bot is not None
            killing.bot.wait(120)
        killing.start()
        still = still or settled(day, db, PATIENCE, due=True)
        killing.stop()
        day.look(0.0)
        verdict = judge(day, db, folder / "again.db", added=True)
    print(
        f"reminders due after a stop   {count:10,}; sent {verdict.reminders:,}, wrong {verdict.reminders_wrong}, after 4 kills in the middle"
    )
    print(f"  sent again                 {verdict.nudges_again:10,} (on its way when the bot was killed)")
    return finish(folder, still, verdict)


def show(verdict: Verdict) -> None:
    """Print a verdict."""
    print(f"turns on record              {verdict.turns:10,}")
    print(f"messages lost                {verdict.lost:10,}")
    print(f"handled twice                {verdict.twice_handled:10,}")
    print(f"state or words wrong         {verdict.state_wrong:10,}")
    print(f"order broken                 {verdict.order_broken:10,} chats")
    print(f"answers not sent whole       {verdict.undelivered:10,}")
    print(f"sent again, and said so      {verdict.noticed:10,}")
    print(f"said so, though it came once {verdict.careful:10,} (killed after it was kept and before it was sent)")
    print(f"sent again, unsaid           {verdict.unnoticed:10,}")
    print(f"left in the inbox            {verdict.left:10,}")
    print(
        f"reminders wrong              {verdict.reminders_wrong:10,}; sent {verdict.reminders}, sent again {verdict.nudges_again}"
    )
    print(f"the chain                    {verdict.chain or 'verifies':>10}")


def finish(folder: Path, still: str, verdict: Verdict) -> bool:
    """Say what is wrong, if anything is."""
    for example in verdict.examples:
        tell(example)
    if still:
        print(f"BROKEN: {still}")
    crashed = "Traceback" in (folder / "bot.log").read_text(encoding="utf-8", errors="replace")
    if crashed:
        print("BROKEN: the bot crashed")
    if not verdict.holds:
        print("BROKEN: a promise was not kept")
        show(verdict)
    if crashed or still or not verdict.holds:
        tell("\n".join((folder / "bot.log").read_text(encoding="utf-8", errors="replace").splitlines()[-15:]))
    return verdict.holds and not still and not crashed


def tell(text: str) -> None:
    """Say how it goes."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
