"""Times: kept in UTC, shown in Europe/London, and what "today" and "the next working morning" are.

Pure: every function is told the time. Bank holidays are those of England.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.models import By, Moment

if TYPE_CHECKING:
    from bot.events import Reminder
    from bot.models import Area, Hours

LONDON = ZoneInfo("Europe/London")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKEND = 5
MORNING = time(9, 0)


def is_day(text: str) -> bool:
    """Say whether a text names a day of the calendar as YYYY-MM-DD."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def stamp(now: datetime) -> str:
    """Write a time as it is kept: UTC, to the second, so that text sorts as time."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read(stamped: str) -> datetime:
    """Read a kept time."""
    return datetime.strptime(stamped, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def shown(now: datetime) -> str:
    """Show a time to a reader: London time, with the day."""
    return now.astimezone(LONDON).strftime("%-d %b %Y %H:%M")


def shown_twice(stamped: str) -> str:
    """Show a kept time as on a receipt: London time and UTC."""
    when = read(stamped)
    return f"{shown(when)} ({stamped})"


def clock_time(when: datetime, now: datetime) -> str:
    """Show when something will be: the hour alone if it is today, else with the day."""
    local = when.astimezone(LONDON)
    return local.strftime("%H:%M") if local.date() == now.astimezone(LONDON).date() else local.strftime("%a %H:%M")


def moment(area: Area | None, now: datetime) -> Moment:
    """Say whether offices are open in an area; unknown where the pack has no hours."""
    if area is None or area.hours is None:
        return Moment.UNKNOWN
    return Moment.IN_HOURS if is_open(area.hours, now) else Moment.OUT_OF_HOURS


def is_open(hours: Hours, now: datetime) -> bool:
    """Say whether an office with these hours is open; never on a bank holiday."""
    local = now.astimezone(LONDON)
    if DAYS[local.weekday()] not in hours.days or is_bank_holiday(local.date()):
        return False
    return time.fromisoformat(hours.opens) <= local.time() < time.fromisoformat(hours.closes)


@cache
def _bank_holidays(year: int) -> frozenset[date]:
    import holidays  # noqa: PLC0415 - needed only where hours or working days matter, and slow to load

    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))


def is_bank_holiday(day: date) -> bool:
    """Say whether a day is a bank holiday in England."""
    return day in _bank_holidays(day.year)


def next_working_day(day: date) -> date:
    """Return the first working day after a day."""
    day += timedelta(days=1)
    while day.weekday() >= WEEKEND or is_bank_holiday(day):
        day += timedelta(days=1)
    return day


def deadline(by: By, now: datetime) -> datetime:
    """Return the latest clock time that an anchor can mean: the end of that day, or within the hour."""
    local = now.astimezone(LONDON)
    midnight = datetime.combine(local.date() + timedelta(days=1), time(), LONDON)
    match by:
        case By.NOW | By.BEFORE_CONTACT:
            return now + timedelta(hours=1, minutes=1)
        case By.BEFORE_YOU_GO_OFF_DUTY | By.TODAY:
            return midnight
        case By.ONE_WORKING_DAY | By.FIVE_WORKING_DAYS | By.NEXT_REVIEW:
            return datetime.combine(next_working_day(local.date()) + timedelta(days=1), time(), LONDON)


def due(*, minutes: int | None, next_working_morning: bool, by: By, now: datetime) -> datetime:
    """Return when a reminder comes: as offered, but always before the action's own deadline (promise P9).

    Late in the evening the offered time may fall past the deadline; then it comes half-way there.
    """
    if next_working_morning or minutes is None:
        day = next_working_day(now.astimezone(LONDON).date())
        return datetime.combine(day, MORNING, LONDON).astimezone(UTC)
    # Whole minutes, so that the time shown is the time meant.
    wanted = (now + timedelta(minutes=minutes)).replace(second=0, microsecond=0)
    last = deadline(by, now)
    return wanted if wanted < last else (now + (last - now) / 2).astimezone(UTC)


def due_of(reminder: Reminder, now: datetime) -> datetime:
    """Return when a chosen reminder comes."""
    return due(minutes=reminder.minutes, next_working_morning=reminder.next_working_morning, by=reminder.by, now=now)
