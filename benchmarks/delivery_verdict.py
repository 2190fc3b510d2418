"""Whether a disturbed day kept every promise: it is compared with the same day, done again in order and undisturbed.

What people did is given to a desk of its own in the order in which they did it, at the times at which the bot took it. Words,
states and rows have to be the same; what each chat was sent has to be exactly its turns in their order, where nothing is there
twice unless it says so.
"""

from __future__ import annotations

import json
import re
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from telegram import InlineKeyboardMarkup  # noqa: F401 - its absence is said here and not in the middle

from bot.advice_log import AdviceLog
from bot.channels.telegram.incoming import CHANNEL
from bot.channels.telegram.layout import Message, again, messages
from bot.chasing import NUDGE
from bot.clock import read, stamp
from bot.library import Library
from bot.session import Desk
from bot.wire import RECEIPT, command_of, meaning, resolve

if TYPE_CHECKING:
    from pathlib import Path

    from delivery_people import Day, Somebody

Row = tuple[Any, ...]


@dataclass
class Verdict:
    """What was found, counted, and the first few examples of what is wrong."""

    turns: int = 0
    lost: int = 0
    twice_handled: int = 0
    state_wrong: int = 0
    order_broken: int = 0
    unnoticed: int = 0
    noticed: int = 0
    careful: int = 0
    lines_again: int = 0
    undelivered: int = 0
    reminders: int = 0
    reminders_wrong: int = 0
    nudges_again: int = 0
    chain: str = ""
    left: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether every promise was kept."""
        return not any(
            (self.lost, self.twice_handled, self.state_wrong, self.order_broken, self.unnoticed, self.undelivered,
             self.reminders_wrong, self.chain, self.left)
        )  # fmt: skip

    def wrong(self, example: str) -> None:
        """Keep an example of what is wrong."""
        if len(self.examples) < 5:
            self.examples.append(example)


def judge(day: Day, db: Path, again_db: Path, *, added: bool = False) -> Verdict:
    """Compare a day with what it should have been; `added` if reminders were put into its record from outside."""
    log = AdviceLog.open(db)
    verdict = Verdict()
    try:
        _, broken = log_verify(log)
        verdict.chain = str(broken) if broken is not None else ""
        verdict.left = log.connection.execute("SELECT count(*) FROM inbox").fetchone()[0]
        version = log.connection.execute("SELECT version FROM content ORDER BY seq DESC LIMIT 1").fetchone()[0]
        library = Library.from_compiled(str(log.compiled(version)), version)
        undisturbed = AdviceLog.open(again_db)
        undisturbed.keep_content(version, "", library.compiled, stamp(datetime.now(UTC)))
        for somebody in day.people:
            _judge_one(verdict, somebody, log, undisturbed, library, added=added)
            _judge_sent(verdict, somebody, day, log, library)
        undisturbed.close()
        _judge_reminders(verdict, day, log)
    finally:
        log.close()
    return verdict


def log_verify(log: AdviceLog) -> tuple[int, object]:
    """Check the chain."""
    from bot.advice_log.chain import verify  # noqa: PLC0415 - said once

    return verify(log.connection)


# --- what was recorded ------------------------------------------------------------------------------------


class _Again:
    """One person's day, done again: a desk whose clock, labels and receipts are those of the record."""

    def __init__(self, log: AdviceLog, library: Library, turns: list[Row], sessions: list[Row]) -> None:
        self.log, self.turns, self.taken = log, turns, 0
        self.then: datetime | None = None
        self.labels, self.receipts = deque(row[1] for row in sessions), deque(row[2] for row in sessions)
        self.desk = Desk(log, library, channel=CHANNEL, can_remind=True, clock=self.now)
        self.desk._new_label = lambda _: self.labels.popleft() if self.labels else "none left"  # type: ignore[method-assign] # noqa: SLF001
        log._new_receipt = lambda: self.receipts.popleft() if self.receipts else f"X{self.taken}"  # type: ignore[method-assign] # noqa: SLF001

    def now(self) -> datetime:
        """Return when the bot took the turn that comes next, or sent what is noted just now."""
        if self.then is not None:
            return self.then
        return read(self.turns[min(self.taken, len(self.turns) - 1)][2])


def _turns(log: AdviceLog, person: str) -> list[Row]:
    return log.connection.execute(
        "SELECT t.id, o.nonce, t.at, t.seq, t.key, w.body, t.event, t.flow, t.step, t.decision, t.urgency, t.closed, t.stopped, s.body "
        "FROM turns t JOIN owners p ON p.session = t.session JOIN outbox o ON o.turn = t.id "
        "JOIN words w ON w.part = 'outbox' AND w.row = o.id JOIN words s ON s.part = 'turns' AND s.row = t.id "
        "WHERE p.person = ? ORDER BY t.id",
        (person,),
    ).fetchall()


def _told(log: AdviceLog, turn: Row, place: dict[int, int]) -> Row:
    """Return all that a turn means, without what chance gave it."""
    out = json.loads(turn[5])
    out.pop("session", None)
    advice = log.connection.execute(
        "SELECT a.id, a.n, a.run, a.kind, a.step, a.sources, a.urgency, w.body FROM advice a "
        "JOIN words w ON w.part = 'advice' AND w.row = a.id WHERE a.turn = ? ORDER BY a.n",
        (turn[0],),
    ).fetchall()
    gone = log.connection.execute(
        "SELECT a.turn, a.n FROM supersessions x JOIN advice a ON a.id = x.advice WHERE x.turn = ? ORDER BY x.id",
        (turn[0],),
    ).fetchall()
    superseded = [(place.get(number), n) for number, n in gone]
    return (*turn[6:13], json.loads(turn[13]), out, [row[1:] for row in advice], superseded)


def _reminders(log: AdviceLog, person: str) -> list[Row]:
    """Return (number, step, due at, [(status, seq, at)]) of somebody's reminders."""
    found = log.connection.execute(
        "SELECT r.id, r.step, r.due_at FROM reminders r JOIN owners o ON o.session = r.session WHERE o.person = ? ORDER BY r.id",
        (person,),
    ).fetchall()
    sql = "SELECT status, seq, at FROM reminder_status WHERE reminder = ? ORDER BY id"
    return [(*row, log.connection.execute(sql, (row[0],)).fetchall()) for row in found]


def _nudge_as_then(once: _Again, mine: list[Row], own: str) -> None:
    """Note as sent, at the same time, what had been sent before the turn that comes next."""
    if once.taken >= len(once.turns):
        return
    before = once.turns[once.taken][3]
    for _, at, place in sorted(
        (seq, at, place)
        for place, (_, _, _, statuses) in enumerate(mine)
        for status, seq, at in statuses
        if status == "sent" and seq < before
    ):
        copies = _reminders(once.log, own)
        if place < len(copies) and not copies[place][3]:
            once.then = read(at)
            once.desk.nudged([copies[place][0]], "sent")
            once.then = None


def _judge_one(
    verdict: Verdict, somebody: Somebody, log: AdviceLog, other: AdviceLog, library: Library, *, added: bool
) -> None:
    """Do again what somebody did, and compare."""
    outside = str(somebody.person.id)
    person = log.person(CHANNEL, outside)
    turns, mine = _turns(log, person), _reminders(log, person)
    verdict.turns += len(turns)
    numbers = Counter(turn[4] for turn in turns)
    sessions = log.connection.execute(
        "SELECT s.id, s.label, s.receipt FROM sessions s JOIN owners o ON o.session = s.id WHERE o.person = ? ORDER BY s.seq",
        (person,),
    ).fetchall()
    once = _Again(other, library, turns, sessions)
    them = once.desk.person(outside)
    by_nonce = {turn[1]: number for number, turn in enumerate(turns)}
    for number, (kind, what) in enumerate(somebody.did):
        _nudge_as_then(once, mine, them.id)
        if kind == "press":
            nonce, _, code = what.partition(":")
            if code == RECEIPT or by_nonce.get(nonce) is None:
                continue
            then = _turns(other, them.id)
            if by_nonce[nonce] >= len(then):
                continue
            pressed = resolve(other, f"{then[by_nonce[nonce]][1]}:{code}", them)
            if isinstance(pressed, str):
                continue
            once.desk.handle(them, pressed.event, f"{outside}:{number}")
        else:
            name, _, rest = command_of(what) or ("", "", "")
            if name in {"stop_reminders", RECEIPT} and not rest:
                if name != RECEIPT:
                    once.desk.stop_reminders(them)
                continue
            once.desk.handle(them, meaning(what, library.flows), f"{outside}:{number}")
        once.taken = other.connection.execute(
            "SELECT count(*) FROM turns t JOIN owners o ON o.session = t.session WHERE o.person = ?", (them.id,)
        ).fetchone()[0]
    should = _turns(other, them.id)
    verdict.lost += max(0, len(should) - len(turns))
    verdict.twice_handled += max(0, len(turns) - len(should)) + sum(count - 1 for count in numbers.values())
    places, copies = ({turn[0]: number for number, turn in enumerate(held)} for held in (turns, should))
    for number, (was, should_be) in enumerate(zip(turns, should, strict=False)):
        one, two = _told(log, was, places), _told(other, should_be, copies)
        if one != two:
            verdict.state_wrong += 1
            differ = next((a, b) for a, b in zip(one, two, strict=True) if a != b)
            verdict.wrong(
                f"{somebody.person.user['first_name']}, turn {number}: {str(differ[0])[:300]} and not {str(differ[1])[:300]}"
            )
            break
    else:
        if len(turns) != len(should):
            verdict.wrong(f"{somebody.person.user['first_name']}: {len(turns)} turns and not {len(should)}")
    kept = [(row[1], [one[0] for one in row[3]]) for row in mine]
    due = [(row[1], [one[0] for one in row[3]]) for row in _reminders(other, them.id)]
    # What was sent after the last turn may have set a chase that nobody's turn set.
    if not added and [step for step, _ in kept][: len(due)] != [step for step, _ in due]:
        verdict.reminders_wrong += 1
        verdict.wrong(f"{somebody.person.user['first_name']}: reminders {kept} and not {due}")


# --- what was sent ------------------------------------------------------------------------------------------

Cost = tuple[int, int, int, int]
"""The least that explains what was sent: out of order, repeated unsaid, repeated and said so, said so though it came once."""


def _judge_sent(verdict: Verdict, somebody: Somebody, day: Day, log: AdviceLog, library: Library) -> None:
    """Explain what a chat was sent by its turns in their order."""
    notice = library.lines["sent_again"].text
    lines = {line.text for line in library.lines.values()}
    made: list[tuple[str, list[Message]]] = []
    for turn in _turns(log, log.person(CHANNEL, str(somebody.person.id))):
        said = messages(json.loads(turn[5]), turn[1], library.content.vocabulary.marks)
        merged = log.connection.execute(
            "SELECT 1 FROM deliveries d JOIN outbox o ON o.id = d.outbox WHERE o.turn = ? AND d.status = 'merged'",
            (turn[0],),
        ).fetchone()
        if said and merged is None:
            made.append((turn[1], said))
    known = {message.html for _, said in made for message in said}
    sent: list[tuple[str, str]] = []
    spoken: Counter[str] = Counter()
    for call in day.calls_of(somebody.person.chat_id):
        text, nonce = call["params"].get("text", ""), _nonce(call)
        if call["method"] == "editMessageText" and not nonce:
            continue  # the mark of a choice
        if nonce.startswith(NUDGE):
            continue
        bare = _without_notice(text, notice)
        if bare in lines and bare not in known:
            spoken[bare] += bare != text
            continue
        sent.append((text, nonce if call["method"] == "editMessageText" else ""))
    cost = explained(made, sent, notice)
    if cost is None:
        verdict.undelivered += 1
        verdict.wrong(f"{somebody.person.user['first_name']}: the last answer was not sent whole")
        return
    broken, unnoticed, noticed, careful = cost
    verdict.order_broken += bool(broken)
    verdict.unnoticed += unnoticed
    verdict.noticed += noticed
    verdict.careful += careful
    verdict.lines_again += sum(spoken.values())
    if broken or unnoticed:
        verdict.wrong(f"{somebody.person.user['first_name']}: {broken} out of order, {unnoticed} repeated unsaid")


def explained(made: list[tuple[str, list[Message]]], sent: list[tuple[str, str]], notice: str) -> Cost | None:
    """Return the least cost at which a chat's turns explain what it was sent; None where the last was not sent whole.

    `made` is, for each turn in order, the nonce of its buttons and its messages; `sent` are texts, each with the nonce of the
    buttons where it was an edit, and nothing where it was a message.
    """
    states: dict[tuple[int, int], Cost] = {(-1, 0): (0, 0, 0, 0)}
    for text, edited in sent:
        states = _step(states, made, text, edited, notice)
    last = len(made) - 1
    whole = [
        cost for (turn, number), cost in states.items() if turn == last and (turn < 0 or number == len(made[turn][1]))
    ]
    return min(whole, default=None)


def _nonce(call: dict[str, Any]) -> str:
    found = re.search(r'"callback_data": ?"([\w-]+):', str(call["params"].get("reply_markup", "")))
    return found[1] if found else ""


def _without_notice(text: str, notice: str) -> str:
    return text.removeprefix(f"<i>{notice}</i>\n\n")


def _step(
    states: dict[tuple[int, int], Cost], made: list[tuple[str, list[Message]]], text: str, edited: str, notice: str
) -> dict[tuple[int, int], Cost]:
    """Return where we may be after one more message, each at its least cost."""
    found: dict[tuple[int, int], Cost] = {}

    def reach(
        place: tuple[int, int], before: Cost, broken: int = 0, unnoticed: int = 0, noticed: int = 0, careful: int = 0
    ) -> None:
        cost = (before[0] + broken, before[1] + unnoticed, before[2] + noticed, before[3] + careful)
        if place not in found or cost < found[place]:
            found[place] = cost

    for (turn, number), cost in states.items():
        whole = turn < 0 or number == len(made[turn][1])
        if turn >= 0 and not whole and (text == made[turn][1][number].html or edited == made[turn][0] != ""):
            reach((turn, number + 1), cost)
        for later in range(turn, min(turn + 2, len(made))):
            if later < 0:
                continue
            nonce, said = made[later]
            new = later > turn
            if edited and edited == nonce and (len(said) == 1 or not new):
                reach((later, len(said)), cost, broken=int(new and not whole))
            elif text == said[0].html:
                reach((later, 1), cost, broken=int(new and not whole), unnoticed=int(not new))
            elif text == again(said[0], notice).html:
                reach((later, 1), cost, broken=int(new and not whole), noticed=int(not new), careful=int(new))
    if not found:
        for place, cost in states.items():
            reach(place, cost, broken=1)
    return found


def _judge_reminders(verdict: Verdict, day: Day, log: AdviceLog) -> None:
    """Every reminder that was due went out, and was noted once."""
    now = stamp(datetime.now(UTC))
    groups: set[tuple[str, str]] = set()
    for person, reminder, due in log.connection.execute(
        "SELECT o.person, r.id, r.due_at FROM reminders r JOIN owners o ON o.session = r.session"
    ).fetchall():
        statuses = log.connection.execute(
            "SELECT status, at FROM reminder_status WHERE reminder = ? ORDER BY id", (reminder,)
        ).fetchall()
        sent = [at for status, at in statuses if status == "sent"]
        verdict.reminders += bool(sent)
        groups |= {(person, at) for at in sent}
        if len(sent) > 1 or (due <= now and not statuses):
            verdict.reminders_wrong += 1
            verdict.wrong(f"reminder {reminder}, due {due}: {statuses}")
    sent_lines = [call for call in day.calls if call["method"] == "sendMessage" and call["applied"]]
    lines = sum(_nonce(call).startswith(NUDGE) for call in sent_lines)
    verdict.nudges_again = lines - len(groups)
    if lines < len(groups):
        verdict.reminders_wrong += 1
        verdict.wrong(f"{lines} reminders were sent and {len(groups)} noted")
