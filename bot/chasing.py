"""The chase: reminders that ask whether a named person has heard, one rung of the ladder higher each time nobody has.

The push says nothing. What it was about, which rung comes next and why is said in the chat, once it is opened. Each reminder,
what was answered and the rung stand in the record. At most one of a series waits or is open, and each is sent once.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.advice_log import chases
from bot.asking import HEARD, NOT_YET, STOP_CHASE, WERE_YOU_HEARD, actions_so_far, line
from bot.cases import in_parts, mark_as_heard, reports_of, with_time
from bot.clock import asked_again, clock_time, due_of, plan, quiet_of, read, shown, stamp
from bot.events import Nudged, Reply
from bot.models import AskStep, By, ReplyKind
from bot.replay import rungs_of
from bot.state import State
from bot.wire import REFUSED, STALE, Pressed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.access import Person
    from bot.advice_log.chases import Chase
    from bot.advice_log.log import AdviceLog
    from bot.events import Reminder
    from bot.library import Library
    from bot.shelf import Shelf

DEFAULT_DAYS = 1
"""Working days that a rung may take where the area says nothing, and before the first rung."""
NUDGE = "chase-"
"""Before the number of a reminder, where the nonce of a turn stands in other buttons."""
_BUTTON = re.compile(rf"{NUDGE}(\d{{1,9}}):o(\d{{1,2}})", re.ASCII)


# --- setting ------------------------------------------------------------------------------------------------------


def set_lines(library: Library, reminder: Reminder, now: datetime) -> Reply:
    """Say when the first message comes, how many may follow, and how to stop them."""
    times = _planned(library, reminder.by, set_at=now, first=due_of(reminder, now, quiet_of(library.area)))
    values = {"time": clock_time(times[0], now), "last": clock_time(times[-1], now), "count": str(len(times))}
    return line(library, "reminder_set_more" if len(times) > 1 else "reminder_set", **values)


def keep(log: AdviceLog, library: Library, session: str, reminder: Reminder, turn: int, now: datetime) -> None:
    """Add a chosen reminder; one chosen earlier at the same step gives way to it, with all that would have followed."""
    give_way(log, session, {reminder.step}, now)
    due = due_of(reminder, now, quiet_of(library.area))
    log.add_reminder(turn, session, step=reminder.step, due_at=stamp(due), by=reminder.by)


def give_way(log: AdviceLog, session: str, steps: set[str], now: datetime) -> None:
    """End the chases that were chosen at steps which no longer stand."""
    open_ones = [one.id for one in chases.open_ones(log, session) if one.step in steps]
    log.mark_reminders(open_ones, chases.SUPERSEDED, stamp(now))


def stop(log: AdviceLog, person: str, now: datetime) -> bool:
    """End every chase of somebody; says whether there was any."""
    waiting = [reminder for reminder, _, _ in log.reminders(person=person)]
    open_ones = [one.id for one in chases.asked(log, person)]
    log.mark_reminders([*waiting, *open_ones], chases.STOPPED, stamp(now))
    return bool(waiting or open_ones)


def _days(library: Library) -> tuple[int, ...]:
    """Return how many working days one waits before each rung: after the first asking, and then each rung's own time."""
    timed = {timing.rung: timing.working_days for timing in (library.area.ladder if library.area else ())}
    known = [timed.get(rung.id) for rung in library.content.rungs]
    return tuple(DEFAULT_DAYS if days is None else days for days in (None, *known[:-1]))


def _planned(library: Library, by: By, *, set_at: datetime, first: datetime) -> tuple[datetime, ...]:
    return plan(by, set_at=set_at, first=first, days=_days(library), quiet=quiet_of(library.area))


# --- sending ------------------------------------------------------------------------------------------------------


def nudge_out(library: Library) -> dict[str, Any]:
    """Return what a lock screen shows, as channels take it: neutral words and neutral answers."""
    return {
        "replies": [
            {
                "kind": str(ReplyKind.ASK),
                "text": library.lines["reminder_text"].text,
                "multiple": False,
                "options": [{"id": id_, "label": short, "short": short} for id_, short in _answers(library)],
                "prompts": [],
                "sources": [],
                "actions": [],
            }
        ],
        "closed": False,
    }


def nonce_of(reminder: int) -> str:
    """Return what binds the buttons of a nudge to its reminder."""
    return f"{NUDGE}{reminder}"


def pressed(log: AdviceLog, library: Library, data: str, person: Person) -> Pressed | str | None:
    """Return what a button of a nudge means, or the line that says why it does nothing; None for any other button.

    It works for the person whom it was sent to, until it was answered or asked again.
    """
    if not data.startswith(NUDGE):
        return None
    found, answers = _BUTTON.fullmatch(data), _answers(library)
    one = chases.chase(log, int(found[1])) if found is not None else None
    if found is None or one is None or log.owner(one.session) != person.id or not one.status:
        return REFUSED
    if int(found[2]) >= len(answers):
        return REFUSED
    if one.status != chases.SENT:
        return STALE
    choice, label = answers[int(found[2])]
    return Pressed(nonce_of(one.id), nudge_out(library), Nudged(one.id, choice), label)


def _answers(library: Library) -> list[tuple[str, str]]:
    asks = library.blocks[WERE_YOU_HEARD].steps[0]
    return [(o.id, o.short or o.label) for o in asks.options] if isinstance(asks, AskStep) else []


def note_sent(log: AdviceLog, shelf: Shelf, reminders: Sequence[int], status: str, now: datetime) -> None:
    """Note what became of reminders that were due, and set what follows each, inside the open transaction.

    Each gets one such status, however often it is noted. Whoever cannot be reached is not chased further.
    """
    for reminder in reminders:
        one = chases.chase(log, reminder)
        if one is None or one.status:
            continue
        log.mark_reminders([reminder], status, stamp(now))
        others = chases.others_open(log, one)
        log.mark_reminders(others, chases.UNANSWERED, stamp(now))
        if status == chases.SENT:
            _follow(log, shelf, one, one.turn, now)


def _next_due(shelf: Shelf, one: Chase, now: datetime) -> datetime | None:
    """Return when the chase after one comes, reckoned from now; None when it was the last."""
    library, set_at, by = _library(shelf, one), read(one.set_at), By(one.by)
    if one.rung + 1 >= len(_planned(library, by, set_at=set_at, first=read(one.first_due))):
        return None
    days = _days(library)[one.rung]
    return asked_again(by, set_at=set_at, after=now, days=days, quiet=quiet_of(library.area))


def _follow(log: AdviceLog, shelf: Shelf, one: Chase, turn: int, now: datetime) -> None:
    """Set the chase that comes after one, a rung higher."""
    due = _next_due(shelf, one, now)
    if due is not None:
        at, series = stamp(due), one.series
        log.add_reminder(turn, one.session, step=one.step, due_at=at, by=one.by, series=series, rung=one.rung + 1)


def _library(shelf: Shelf, one: Chase) -> Library:
    return shelf.version(one.content_version).at(one.area, "")


# --- the trail, for a receipt -------------------------------------------------------------------------------------


def trail_said(log: AdviceLog, session: str) -> tuple[str, ...]:
    """Return, for a receipt, each reminder of a session: when it was due, and what became of it."""
    said = []
    for one in chases.trail(log, session):
        rung = f", rung {one.rung} of the ladder" if one.rung else ""
        became = "; ".join(f"{status} {shown(read(at))}" for status, at in one.became) or "waiting"
        said.append(f"Reminder for {shown(read(one.due_at))}{rung}: {became}.")
    return tuple(said)


# --- answering ----------------------------------------------------------------------------------------------------


def waiting_for(log: AdviceLog, person: str, row: int | None = None) -> Chase | None:
    """Return a reminder that somebody was sent and has not answered: of the series of this one, or the oldest."""
    named = chases.chase(log, row) if row is not None else None
    open_ones = chases.asked(log, person)
    if row is None:
        return open_ones[0] if open_ones else None
    return next((one for one in open_ones if named is not None and one.series == named.series), None)


def others_asked(log: AdviceLog, person: str, row: int) -> list[Chase]:
    """Return the reminders of other series that somebody was sent and has not answered."""
    named = chases.chase(log, row)
    return [one for one in chases.asked(log, person) if named is not None and one.series != named.series]


def asked_about(
    log: AdviceLog, shelf: Shelf, library: Library, row: int, *, answered: bool = False
) -> tuple[Reply, ...]:
    """Return what is said before somebody is asked whether they were heard: about which case, and the rung reached."""
    one = chases.chase(log, row)
    current = log.session_state(one.session) if one is not None else None
    if one is None or current is None:
        return ()
    # The session may have gone over to corrected content since the reminder was set.
    then = shelf.version(current.content_version).at(one.area, "")
    advised = reports_of(then, actions_so_far(then, State.from_json(json.loads(current.state)["state"])))
    parts = in_parts(map(with_time, advised))
    said = [*shelf.put_right_since(current.content_version)]
    said += [line(library, "chase_about", label=one.label, receipt=one.receipt, answers=part) for part in parts[:1]]
    said += [line(library, "case_more", answers=part) for part in parts[1:]]
    if one.rung and not answered:
        said += [line(library, "chase_unanswered"), *_rung(library, one.rung)]
    return tuple(said)


def settle(log: AdviceLog, shelf: Shelf, chased: tuple[int, str], person: str, turn: int, now: datetime) -> None:
    """Keep what was answered to a reminder, inside the open transaction; what is said of it is `answer_lines`."""
    row, outcome = chased
    one, named = waiting_for(log, person, row), chases.chase(log, row)
    if one is not None:
        status = {HEARD: chases.ANSWERED, NOT_YET: chases.NOT_HEARD, STOP_CHASE: chases.STOPPED}[outcome]
        log.mark_reminders([one.id], status, stamp(now))
        others = chases.others_open(log, one)
        log.mark_reminders(others, chases.SUPERSEDED if outcome == NOT_YET else status, stamp(now))
    if outcome == HEARD and named is not None:
        mark_as_heard(log, shelf, named.session, turn, stamp(now))
    if outcome == NOT_YET and one is not None:
        _follow(log, shelf, one, turn, now)


def answer_lines(
    log: AdviceLog, shelf: Shelf, library: Library, chased: tuple[int, str], person: str, now: datetime
) -> tuple[Reply, ...]:
    """Return what is said to an answer: well done, or what the next rung is and when I ask again."""
    row, outcome = chased
    waits = waiting_for(log, person, row)
    one = waits or chases.chase(log, row)
    if one is None or outcome == STOP_CHASE:
        return (line(library, "reminder_off"),)
    if outcome == HEARD:
        return (line(library, "chase_heard", label=one.label),)
    due = _next_due(shelf, one, now) if waits is not None else None
    after = line(library, "chase_last", label=one.label)
    if due is not None:
        after = line(library, "chase_next", time=clock_time(due, now))
    return (line(library, "reminder_due"), *_rung(library, one.rung + 1), after)


def _rung(library: Library, number: int) -> tuple[Reply, ...]:
    """Return a rung of the ladder as it stands in this area; above the highest there is still something to do."""
    rungs, here = library.content.rungs, rungs_of(library)
    if number > len(rungs):
        return (line(library, "chase_top"),)
    rung = here[number - 1]
    within = f" (within {rung.within})" if rung.within else ""
    said = line(library, "chase_rung", title=rung.title, within=within, answers=rung.text)
    return (replace(said, sources=tuple(dict.fromkeys((*said.sources, *rungs[number - 1].sources)))),)
