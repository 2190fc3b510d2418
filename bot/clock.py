"""Times: kept in UTC, shown in Europe/London, and what "today" and "the next working morning" are.

Pure: every function is told the time. Bank holidays are those of England.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.models import By, Moment, QuietHours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.events import Reminder
    from bot.models import Area, Hours

LONDON = ZoneInfo("Europe/London")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKEND = 5
WEEK = 7
MORNING = time(9, 0)
NIGHT = QuietHours(begins="21:00", ends="07:00")
"""When nothing comes that can wait, unless the area says otherwise."""
CAN_WAIT = frozenset({By.ONE_WORKING_DAY, By.FIVE_WORKING_DAYS, By.NEXT_REVIEW})
"""What a reminder is not sent at night for; anything sooner comes at its time."""


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
    """Show when something will be: the hour alone if it is today, else with the day, and with the date where that is not clear."""
    local = when.astimezone(LONDON)
    days = (local.date() - now.astimezone(LONDON).date()).days
    return local.strftime("%H:%M" if days == 0 else "%a %H:%M" if 0 < days < WEEK else "%a %-d %b %H:%M")


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


def quiet_of(area: Area | None) -> QuietHours:
    """Return the quiet hours of an area."""
    return area.quiet_hours if area is not None and area.quiet_hours is not None else NIGHT


def is_quiet(when: datetime, quiet: QuietHours) -> bool:
    """Say whether a time falls into quiet hours, by the clock in London."""
    at, begins, ends = when.astimezone(LONDON).time(), time.fromisoformat(quiet.begins), time.fromisoformat(quiet.ends)
    return begins <= at < ends if begins < ends else at >= begins or at < ends


def awake(when: datetime, quiet: QuietHours) -> datetime:
    """Return the time itself, or the end of the quiet hours that it falls into; in UTC."""
    if not is_quiet(when, quiet):
        return when.astimezone(UTC)
    local, ends = when.astimezone(LONDON), time.fromisoformat(quiet.ends)
    day = local.date() if local.time() < ends else local.date() + timedelta(days=1)
    moved = datetime.combine(day, ends, LONDON).astimezone(UTC)
    # Where the clocks go back the end of the quiet hours comes twice, and the first of the two may be past.
    return moved if moved > when else datetime.combine(day, ends, LONDON).replace(fold=1).astimezone(UTC)


def due(
    *, minutes: int | None, next_working_morning: bool, by: By, now: datetime, quiet: QuietHours = NIGHT
) -> datetime:
    """Return when a reminder comes: as offered, but always before the action's own deadline (promise P9).

    Late in the evening the offered time may fall past the deadline; then it comes half-way there. What can wait until the next
    working day does not come in quiet hours, but at their end; what is due now or today comes at its time, also at night.
    """
    if next_working_morning or minutes is None:
        day = next_working_day(now.astimezone(LONDON).date())
        return awake(datetime.combine(day, MORNING, LONDON).astimezone(UTC), quiet)
    # Whole minutes, so that the time shown is the time meant.
    wanted = (now + timedelta(minutes=minutes)).replace(second=0, microsecond=0)
    if by in CAN_WAIT:
        wanted = awake(wanted, quiet)
    last = deadline(by, now)
    return wanted if wanted < last else (now + (last - now) / 2).astimezone(UTC)


def due_of(reminder: Reminder, now: datetime, quiet: QuietHours = NIGHT) -> datetime:
    """Return when a chosen reminder comes."""
    return due(
        minutes=reminder.minutes,
        next_working_morning=reminder.next_working_morning,
        by=reminder.by,
        now=now,
        quiet=quiet,
    )


# --- asking again -------------------------------------------------------------------------------------------------

GAPS = {
    By.NOW: timedelta(minutes=15),
    By.BEFORE_CONTACT: timedelta(minutes=15),
    By.BEFORE_YOU_GO_OFF_DUTY: timedelta(hours=1),
    By.TODAY: timedelta(hours=1),
}
"""How long one waits to be asked again; what can wait has the area's own timescales."""
LEAST_GAP = timedelta(minutes=10)
"""Nearer to a deadline nobody is asked once more."""
SAME_DAY_GAP = timedelta(hours=2)


def asked_again(by: By, *, set_at: datetime, after: datetime, days: int, quiet: QuietHours = NIGHT) -> datetime | None:
    """Return when a chase comes that follows another at the time `after`; None when the deadline leaves no time for it.

    `set_at` is when the first was chosen, from which the deadline counts; `days` are the working days that the area gives, 0 for
    the same day. What is due now or today is chased before its own deadline, also at night.
    """
    after = after.astimezone(UTC)
    if by in CAN_WAIT:
        return _working_days_on(after, days, quiet)
    last = deadline(by, set_at).astimezone(UTC)
    wanted = (after + GAPS[by]).replace(second=0, microsecond=0)
    if wanted >= last:
        wanted = (after + (last - after) / 2).replace(second=0, microsecond=0)
    return wanted if wanted - after >= LEAST_GAP and wanted < last else None


def _working_days_on(after: datetime, days: int, quiet: QuietHours) -> datetime:
    """Return the morning so many working days later; for the same day two hours later, if that is one to work and awake."""
    day = after.astimezone(LONDON).date()
    if days == 0:
        wanted = (after + SAME_DAY_GAP).replace(second=0, microsecond=0)
        then = wanted.astimezone(LONDON).date()
        works = day.weekday() < WEEKEND and not is_bank_holiday(day)
        if works and then == day and not is_quiet(wanted, quiet):
            return wanted
    for _ in range(max(days, 1)):
        day = next_working_day(day)
    return awake(datetime.combine(day, MORNING, LONDON).astimezone(UTC), quiet)


def plan(
    by: By, *, set_at: datetime, first: datetime, days: Sequence[int], quiet: QuietHours = NIGHT
) -> tuple[datetime, ...]:
    """Return when all chases would come if nobody ever answered; `days` has one entry for each rung after the first."""
    times = [first]
    for wait in days:
        following = asked_again(by, set_at=set_at, after=times[-1], days=wait, quiet=quiet)
        if following is None:
            break
        times.append(following)
    return tuple(times)
