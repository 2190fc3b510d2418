"""A group that taps all at once: `python benchmarks/exercises.py`.

Two hundred people of one exercise choose within a second, through the real bot process and an emulated Telegram (needs node and
`npm ci --prefix tests/telegram`), and the same in the hall alone. Seconds are printed to be read, and say much about the
machine; a choice that is lost or counted twice ends it with exit code 1.
"""

from __future__ import annotations

import argparse
import collections
import re
import sqlite3
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from bot.advice_log import AdviceLog
from bot.exercises import lobby
from bot.exercises.hall import Hall
from bot.exercises.store import ExerciseStore, beside
from bot.exercises.writing import new_scenario
from bot.kept import KeptWeights
from bot.library import read_scenario
from bot.scenarios.story import Story
from bot.startup import open_library

if TYPE_CHECKING:
    from bot.exercises.seats import Mail

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "telegram"))

from harness import BOT_TOKEN, Event, Person, TelegramWorld, why_unavailable  # noqa: E402

FACT = "can_he_move"
PROMPT = "What can Robin do by himself?"
DECISIONS = ("Tell the lead", "Write it down", "Leave it")
BOARD_AIM, SECONDS = 2.0, 90.0


def main() -> None:
    """Run both measures; exit code 1 when a count is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200, help="how many take part (default 200)")
    people = parser.parse_args().people
    with tempfile.TemporaryDirectory() as folder:
        right = hall_alone(Path(folder), people)
        reason = why_unavailable()
        if reason is not None:
            raise SystemExit(f"Not measured through Telegram: {reason}.")
        right = through_telegram(Path(folder), people) and right
    if not right:
        raise SystemExit(1)


# --- the hall alone -----------------------------------------------------------------------------------


def hall_alone(folder: Path, people: int) -> bool:
    """Taps a second without any network: each read, played, kept, and answered into the post."""
    library = open_library(AdviceLog.open(folder / "alone.db"))
    story = Story(read_scenario(new_scenario("practice", "Practice").encode(), "practice").scenarios["practice"])
    store = ExerciseStore.open(beside(folder / "alone.db"))
    hall = Hall(store, library, {story.id: story}, keeper=KeptWeights(), channel="telegram")
    lead, there = hall.person("lead"), [hall.person(str(number)) for number in range(people)]
    with store.transaction():
        started = lobby.start(hall, lead, story)
    for number, person in enumerate(there):
        with store.transaction():
            lobby.join(hall, person, started.join_code, f"Name {number}")
    begun = time.perf_counter()
    hall.handle(lead, "next", "next")
    opened = time.perf_counter() - begun
    asked = [_asked(store, person) for person in there]
    begun = time.perf_counter()
    for number, (person, mail) in enumerate(zip(there, asked, strict=True)):
        hall.press(person, mail.nonce, FACT, f"tap:{number}")
    seconds = time.perf_counter() - begun
    for number, (person, mail) in enumerate(zip(there, asked, strict=True)):  # delivered twice, as Telegram may
        hall.press(person, mail.nonce, FACT, f"tap:{number}")
    counted = _found(beside(folder / "alone.db"))
    print(f"hall alone: taps             {people / seconds:10,.0f} a second")
    print(f"hall alone: next for {people:<4}    {opened * 1000:10,.0f} ms")
    print(f"hall alone: counted once     {sum(one == 1 for one in counted):10} of {people}")
    store.close()
    return counted == [1] * people


def _asked(store: ExerciseStore, person: str) -> Mail:
    return store.waiting(person)[-1]


def _found(file: Path) -> list[int]:
    """Return, for each trainee, how often the fact came out."""
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)
    try:
        runs = connection.execute("SELECT run FROM seats WHERE role = 'trainee'").fetchall()
    finally:
        connection.close()
    return [run.count(f'"fact":"{FACT}"') for (run,) in runs]


# --- through Telegram -----------------------------------------------------------------------------------


def through_telegram(folder: Path, people: int) -> bool:
    """All tap within a second: what is counted, when the facilitator's board is right, what was sent again."""
    db = folder / "advice.db"
    command = [sys.executable, "-m", "bot", "telegram", "--db", str(db)]
    settings = {"THINKCHILD_TRAINERS": "anyone", "THINKCHILD_ACCESS": "open", "THINKCHILD_PER_MINUTE": "0"}
    with TelegramWorld(command, settings, cwd=ROOT, ready_timeout=120.0, timeout=SECONDS) as world:
        lead = world.person("Facilitator")
        code = _group(lead)
        there = [world.person(f"Person {number}") for number in range(people)]
        for number, person in enumerate(there):
            person.send(f"/join {code} Name {number}")
        lead.expect(contains=f"{people} here", kind="edit")
        _rest(beside(db))
        begun = time.perf_counter()
        lead.press("Next")
        asked = _questions(world, there)
        print(f"Telegram: next for {people:<4}      {time.perf_counter() - begun:10.2f} s until all have heard it")
        _rest(beside(db))
        before = len(world.journal())
        seconds, last = _tap(world, there, asked)
        print(f"Telegram: taps sent          {people / seconds:10,.0f} a second")
        board = _board(lead, f"  {people} of {people}  {PROMPT}", last)
        print(f"Telegram: board right after  {board:10.2f} s from the last tap  (aim: under {BOARD_AIM:.0f})")
        _rest(beside(db))
        print(f"Telegram: all answered after {time.perf_counter() - last:10.2f} s")
        counted = _found(beside(db))
        again = _sent_again(world, before)
        print(f"Telegram: counted once       {sum(one == 1 for one in counted):10} of {people}")
        print(f"Telegram: sent again         {again:10} messages")
    return counted == [1] * people


def _group(lead: Person) -> str:
    """Send the small exercise, start a group with it, and return its code."""
    lead.upload("practice.yaml", new_scenario("practice", "Practice").encode())
    lead.press("Lead a group")
    said = lead.expect(contains="Join code", kind="message")
    lead.expect(buttons=["Next"], kind="message")
    return re.findall(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b", said.text)[0]


def _rest(file: Path) -> None:
    """Wait until all that was said has been sent."""
    end, quiet = time.monotonic() + SECONDS, 0
    while quiet < 3:
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)
        try:
            waiting = connection.execute("SELECT count(*) FROM mail WHERE delivered_at IS NULL").fetchone()[0]
        finally:
            connection.close()
        quiet = 0 if waiting else quiet + 1
        if time.monotonic() > end:
            raise SystemExit(f"After {SECONDS:.0f} seconds {waiting} messages are still not sent.")
        time.sleep(0.1)


def _questions(world: TelegramWorld, there: list[Person]) -> list[Event]:
    """Wait until each is asked, and return the questions."""
    end = time.monotonic() + SECONDS
    found: dict[int, Event] = {}
    while len(found) < len(there):
        if time.monotonic() > end:
            raise SystemExit(f"After {SECONDS:.0f} seconds only {len(found)} have been asked.")
        world.refresh(wait=0.5)
        for person in there:
            inbox = world.inbox(person.chat_id)
            asked = [event for event in inbox if "What can he do?" in event.labels]
            if asked:
                found[person.id] = asked[-1]
    return [found[person.id] for person in there]


def _tap(world: TelegramWorld, there: list[Person], asked: list[Event]) -> tuple[float, float]:
    """Let all tap at once; returns the seconds that took, and when the last one did."""
    presses = []
    for person, event in zip(there, asked, strict=True):
        data = next(button.data for button in event.buttons if button.text == "What can he do?")
        presses.append({"botToken": BOT_TOKEN, "from": person.user, "message": event.raw, "data": data})
    begun = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda press: world.post("/sendCallback", press), presses))
    last = time.perf_counter()
    return last - begun, last


def _board(lead: Person, wanted: str, last: float) -> float:
    """Return after how many seconds the facilitator's board is right."""
    lead.expect(contains=wanted, kind="edit")
    return time.perf_counter() - last


def _sent_again(world: TelegramWorld, before: int) -> int:
    """Count what anybody was sent twice since the taps."""
    calls = [call for call in world.journal("sendMessage", since=before) if call["applied"]]
    texts = collections.Counter((call["chat_id"], call["params"]["text"]) for call in calls)
    return sum(count - 1 for count in texts.values())


if __name__ == "__main__":
    main()
