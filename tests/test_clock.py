"""Times: kept in UTC, shown in London, and what is open, due and a working day there."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.clock import (
    LONDON,
    NIGHT,
    asked_again,
    awake,
    clock_time,
    deadline,
    due,
    due_of,
    is_bank_holiday,
    is_open,
    is_quiet,
    moment,
    next_working_day,
    plan,
    read,
    shown,
    shown_twice,
    stamp,
)
from bot.events import Reminder
from bot.models import By, Hours, Moment, QuietHours
from bot.replay import soonest_of

if TYPE_CHECKING:
    from bot.library import Library

NINE_TO_FIVE = Hours(days=("mon", "tue", "wed", "thu", "fri"), opens="09:00", closes="17:00")
WITHIN_THE_HOUR = (By.NOW, By.BEFORE_CONTACT)
WITHIN_THE_DAY = (By.BEFORE_YOU_GO_OFF_DUTY, By.TODAY)
TIMES = st.integers(0, 4 * 365 * 24 * 3600).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


def utc(*when: int) -> datetime:
    """Return a time in UTC."""
    return datetime(*when, tzinfo=UTC)


def test_times_are_kept_in_utc_to_the_second() -> None:
    """A time of any zone is kept in UTC, so that kept times sort as they passed, and is read back the same."""
    summer = datetime(2026, 7, 6, 9, 30, 15, 999, tzinfo=LONDON)
    assert stamp(summer) == "2026-07-06T08:30:15Z"
    assert read(stamp(summer)) == summer.replace(microsecond=0)
    assert stamp(datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=5)))) == "2025-12-31T19:00:00Z"


@given(TIMES, TIMES)
def test_kept_times_sort_as_time(one: datetime, other: datetime) -> None:
    """Comparing what is kept as text is comparing the times."""
    one, other = one.replace(microsecond=0), other.replace(microsecond=0)
    assert (stamp(one) < stamp(other)) == (one < other)
    assert read(stamp(one)) == one


@pytest.mark.parametrize("text", ["", "2026-07-06", "2026-07-06 08:30:15", "2026-07-06T08:30:15+01:00"])
def test_what_is_no_kept_time_is_not_read(text: str) -> None:
    """Anything but the one form is refused."""
    with pytest.raises(ValueError, match="time data"):
        read(text)


def test_times_are_shown_in_london() -> None:
    """A reader sees London time, in winter and in summer; on a receipt UTC stands beside it."""
    assert shown(utc(2026, 1, 5, 9, 5)) == "5 Jan 2026 09:05"
    assert shown(utc(2026, 7, 6, 9, 5)) == "6 Jul 2026 10:05"
    assert shown(utc(2026, 7, 6, 23, 30)) == "7 Jul 2026 00:30"
    assert shown_twice("2026-07-06T09:05:00Z") == "6 Jul 2026 10:05 (2026-07-06T09:05:00Z)"


def test_a_coming_time_names_the_day_unless_it_is_today() -> None:
    """Today's time is the hour alone; another day's is named, and midnight belongs to the next."""
    assert clock_time(utc(2026, 11, 23, 14), utc(2026, 11, 23, 12)) == "14:00"
    assert clock_time(utc(2026, 11, 24, 9), utc(2026, 11, 23, 12)) == "Tue 09:00"
    assert clock_time(utc(2026, 7, 6, 23, 0), utc(2026, 7, 6, 22, 30)) == "Tue 00:00"


# --- open and shut -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "is_it"),
    [
        (utc(2026, 11, 23, 8, 59, 59), False), (utc(2026, 11, 23, 9), True), (utc(2026, 11, 23, 16, 59, 59), True),
        (utc(2026, 11, 23, 17), False), (utc(2026, 11, 21, 12), False), (utc(2026, 11, 22, 12), False),
        (utc(2026, 7, 6, 8), True), (utc(2026, 7, 6, 16), False), (utc(2026, 12, 25, 12), False), (utc(2026, 12, 28, 12), False),
        (utc(2027, 3, 26, 12), False), (utc(2027, 3, 29, 12), False), (utc(2026, 10, 26, 9), True), (utc(2026, 10, 26, 8, 30), False),
    ],
    ids=str,
)  # fmt: skip
def test_an_office_is_open_in_its_hours_in_london_and_never_on_a_bank_holiday(when: datetime, is_it: bool) -> None:
    """Hours are London hours, from the first minute up to the last, on the days named, bank holidays apart."""
    assert is_open(NINE_TO_FIVE, when) is is_it


def test_the_hour_is_unknown_where_no_hours_are_set(content: Library) -> None:
    """Without an area, or without hours in it, nobody can say whether offices are open."""
    noon = utc(2026, 11, 23, 12)
    assert moment(None, noon) is Moment.UNKNOWN
    assert moment(content.areas["england"], noon) is Moment.UNKNOWN
    assert moment(content.areas["demonstration"], noon) is Moment.IN_HOURS
    assert moment(content.areas["demonstration"], noon + timedelta(hours=8)) is Moment.OUT_OF_HOURS


def test_bank_holidays_are_those_of_england() -> None:
    """Easter Monday and substitute days count; holidays of Scotland or Northern Ireland do not."""
    assert is_bank_holiday(date(2027, 3, 29))
    assert is_bank_holiday(date(2026, 12, 28))
    assert not is_bank_holiday(date(2026, 11, 30))
    assert not is_bank_holiday(date(2027, 1, 4))
    assert not is_bank_holiday(date(2026, 3, 17))


@pytest.mark.parametrize(
    ("day", "following"),
    [
        (date(2026, 11, 23), date(2026, 11, 24)), (date(2026, 11, 20), date(2026, 11, 23)), (date(2026, 11, 21), date(2026, 11, 23)),
        (date(2026, 12, 24), date(2026, 12, 29)), (date(2026, 12, 31), date(2027, 1, 4)), (date(2027, 3, 25), date(2027, 3, 30)),
    ],
    ids=str,
)  # fmt: skip
def test_the_next_working_day(day: date, following: date) -> None:
    """Weekends and bank holidays are passed over, also several in a row and over the end of a year."""
    assert next_working_day(day) == following


@given(TIMES)
def test_a_working_day_is_never_a_weekend_or_holiday(when: datetime) -> None:
    """Whatever the day, the next working day lies within the week, is no weekend and no bank holiday."""
    day = next_working_day(when.date())
    assert when.date() < day <= when.date() + timedelta(days=6)
    assert day.weekday() < 5
    assert not is_bank_holiday(day)


# --- due -----------------------------------------------------------------------------------------------


@given(when=TIMES, by=st.sampled_from(WITHIN_THE_HOUR), minutes=st.sampled_from([15, 30, 60]))
def test_a_reminder_for_something_due_now_comes_within_the_hour(when: datetime, by: By, minutes: int) -> None:
    """What is due now is asked about within the hour, at any time of any day."""
    reminder = due(minutes=minutes, next_working_morning=False, by=by, now=when)
    assert when - timedelta(minutes=1) < reminder <= when + timedelta(hours=1)
    assert reminder < deadline(by, when)


@given(when=TIMES, by=st.sampled_from(WITHIN_THE_DAY), minutes=st.sampled_from([15, 30, 60, 120, 180]))
def test_a_reminder_for_today_comes_today(when: datetime, by: By, minutes: int) -> None:
    """What is due today is asked about before midnight in London, however late it is (P9)."""
    reminder = due(minutes=minutes, next_working_morning=False, by=by, now=when)
    assert reminder > when - timedelta(minutes=1)
    assert reminder.astimezone(LONDON).date() == when.astimezone(LONDON).date()
    assert reminder < deadline(by, when)
    assert reminder <= when + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("when", "minutes", "expected"),
    [
        (utc(2026, 11, 23, 12, 0, 30), 120, utc(2026, 11, 23, 14, 0)),
        (utc(2026, 11, 23, 23, 0), 120, utc(2026, 11, 23, 23, 30)),
        (utc(2026, 7, 6, 22, 0), 120, utc(2026, 7, 6, 22, 30)),
        (utc(2026, 7, 6, 23, 30), 60, utc(2026, 7, 7, 0, 30)),
        (utc(2026, 10, 25, 0, 30), 120, utc(2026, 10, 25, 2, 30)),
        (utc(2027, 3, 28, 0, 30), 120, utc(2027, 3, 28, 2, 30)),
    ],
    ids=str,
)
def test_a_late_evening_brings_the_reminder_forward(when: datetime, minutes: int, expected: datetime) -> None:
    """Where the time offered would fall past midnight in London the reminder comes half-way there instead."""
    assert due(minutes=minutes, next_working_morning=False, by=By.TODAY, now=when) == expected


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (utc(2026, 11, 23, 12), utc(2026, 11, 24, 9)),
        (utc(2026, 10, 23, 16), utc(2026, 10, 26, 9)),
        (utc(2027, 3, 25, 16), utc(2027, 3, 30, 8)),
        (utc(2026, 7, 3, 23, 30), utc(2026, 7, 6, 8)),
        (utc(2026, 12, 24, 12), utc(2026, 12, 29, 9)),
    ],
    ids=str,
)
def test_the_next_working_morning_is_nine_in_london(when: datetime, expected: datetime) -> None:
    """The next working morning is nine o'clock in London, on either side of a change of the clocks."""
    for by in (By.ONE_WORKING_DAY, By.FIVE_WORKING_DAYS, By.NEXT_REVIEW):
        reminder = due(minutes=None, next_working_morning=True, by=by, now=when)
        assert reminder == expected
        assert reminder.astimezone(LONDON).time() == time(9)
        assert when < reminder < deadline(by, when)


@given(when=TIMES, by=st.sampled_from(By))
def test_every_deadline_lies_ahead(when: datetime, by: By) -> None:
    """No action is overdue when it is advised."""
    assert deadline(by, when) > when


def test_every_reminder_of_the_content_comes_in_time(content: Library) -> None:
    """Each reminder that the content offers for a deadline comes before it, at every hour of days of every kind (P9)."""
    offers = [
        offer for block in content.blocks.values() for part in block.steps for offer in getattr(part, "offers", ())
    ]
    assert offers
    for day in (
        utc(2026, 11, 23),
        utc(2026, 11, 20),
        utc(2026, 12, 24),
        utc(2026, 10, 24),
        utc(2027, 3, 27),
        utc(2026, 7, 6),
    ):
        for minute in range(0, 2 * 24 * 60, 17):
            now = day + timedelta(minutes=minute)
            for offer in offers:
                for by in offer.by:
                    reminder = Reminder(offer.id, "step", 1, offer.minutes, offer.next_working_morning, by)
                    assert due_of(reminder, now) < deadline(by, now), (offer.id, by, now)


def test_the_order_of_the_anchors_is_from_soonest_to_latest() -> None:
    """The anchors stand in the order of their deadlines, at noon of an ordinary day."""
    noon = utc(2026, 11, 23, 12)
    deadlines = [deadline(by, noon) for by in By]
    assert deadlines == sorted(deadlines)
    assert soonest_of([]) is None


# --- quiet hours, and asking again -----------------------------------------------------------------------

CAN_WAIT = (By.ONE_WORKING_DAY, By.FIVE_WORKING_DAYS, By.NEXT_REVIEW)
QUIET = st.builds(
    lambda begins, length: QuietHours(begins=_clock(begins), ends=_clock(begins + length)),
    st.integers(0, 24 * 60 - 1),
    st.integers(1, 14 * 60),
)
CHANGES_OF_THE_CLOCKS = (utc(2026, 3, 28, 12), utc(2026, 10, 24, 12), utc(2027, 3, 27, 12))
AROUND_A_CHANGE = st.builds(
    lambda noon, seconds: noon + timedelta(seconds=seconds),
    st.sampled_from(CHANGES_OF_THE_CLOCKS),
    st.integers(0, 86400),
)


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"


@pytest.mark.parametrize(
    ("when", "quiet", "after"),
    [
        (utc(2026, 11, 23, 21), True, utc(2026, 11, 24, 7)),
        (utc(2026, 11, 23, 20, 59, 59), False, utc(2026, 11, 23, 20, 59, 59)),
        (utc(2026, 11, 24, 6, 59), True, utc(2026, 11, 24, 7)),
        (utc(2026, 11, 24, 7), False, utc(2026, 11, 24, 7)),
        (utc(2026, 7, 6, 20), True, utc(2026, 7, 7, 6)),
        (utc(2026, 10, 24, 22), True, utc(2026, 10, 25, 7)),
        (utc(2027, 3, 27, 22), True, utc(2027, 3, 28, 6)),
    ],
    ids=str,
)
def test_quiet_hours_are_those_of_london(when: datetime, quiet: bool, after: datetime) -> None:
    """From nine in the evening to seven by the clock in London, in winter, in summer and over each change of the clocks."""
    assert is_quiet(when, NIGHT) is quiet
    assert awake(when, NIGHT) == after


@given(when=st.one_of(TIMES, AROUND_A_CHANGE), quiet=QUIET)
def test_what_is_moved_out_of_quiet_hours_is_out_of_them_and_soon(when: datetime, quiet: QuietHours) -> None:
    """Whatever the quiet hours are, a time outside stays; one inside comes at their end, within the fifteen hours they can last."""
    moved = awake(when, quiet)
    assert moved.utcoffset() == timedelta(0)
    if not is_quiet(when, quiet):
        assert moved == when
        return
    assert when < moved <= when + timedelta(hours=15)
    changes = moved.astimezone(LONDON).utcoffset() != (moved - timedelta(hours=3)).astimezone(LONDON).utcoffset()
    assert not is_quiet(moved, quiet) or changes


@given(when=st.one_of(TIMES, AROUND_A_CHANGE), by=st.sampled_from(CAN_WAIT), minutes=st.sampled_from([None, 60, 120]))
def test_what_can_wait_does_not_come_at_night_nor_too_late(when: datetime, by: By, minutes: int | None) -> None:
    """A reminder about something that can wait keeps the quiet hours, and comes before its deadline all the same."""
    reminder = due(minutes=minutes, next_working_morning=minutes is None, by=by, now=when)
    assert not is_quiet(reminder, NIGHT)
    assert when - timedelta(minutes=1) < reminder < deadline(by, when)


@given(when=st.one_of(TIMES, AROUND_A_CHANGE), by=st.sampled_from((*WITHIN_THE_HOUR, *WITHIN_THE_DAY)), minutes=st.sampled_from([15, 30]), quiet=QUIET)  # fmt: skip
def test_quiet_hours_never_hold_back_what_is_due_now_or_today(
    when: datetime, by: By, minutes: int, quiet: QuietHours
) -> None:
    """Whatever the quiet hours are, what is due now or today is asked about when it would be without any."""
    assert due(minutes=minutes, next_working_morning=False, by=by, now=when, quiet=quiet) == due(
        minutes=minutes, next_working_morning=False, by=by, now=when
    )


@given(
    when=st.one_of(TIMES, AROUND_A_CHANGE),
    by=st.sampled_from((*WITHIN_THE_HOUR, *WITHIN_THE_DAY)),
    minutes=st.sampled_from([15, 30, 60, 120]),
)
def test_every_chase_of_something_urgent_lies_before_its_deadline(when: datetime, by: By, minutes: int) -> None:
    """All that follow come one after the other, ten minutes apart at least, and before the action itself is due (P9)."""
    first = due(minutes=minutes, next_working_morning=False, by=by, now=when)
    times = plan(by, set_at=when, first=first, days=(1, 0, 1, 3))
    assert 1 <= len(times) <= 5
    assert all(time < deadline(by, when) for time in times)
    assert all(later - earlier >= timedelta(minutes=10) for earlier, later in itertools.pairwise(times))


@given(
    when=st.one_of(TIMES, AROUND_A_CHANGE),
    by=st.sampled_from(CAN_WAIT),
    days=st.lists(st.integers(0, 20), min_size=4, max_size=4),
    quiet=QUIET,
)
def test_every_chase_of_what_can_wait_keeps_quiet_hours_and_working_days(
    when: datetime, by: By, days: list[int], quiet: QuietHours
) -> None:
    """What follows comes on a working day, out of quiet hours, and as many working days later as the area gives."""
    first = due(minutes=None, next_working_morning=True, by=by, now=when, quiet=quiet)
    times = plan(by, set_at=when, first=first, days=days, quiet=quiet)
    assert len(times) == 5
    for wait, earlier, later in zip(days, times, times[1:], strict=False):
        assert earlier < later
        assert not is_quiet(later, quiet)
        if wait:
            passed, day = 0, earlier.astimezone(LONDON).date()
            while day < later.astimezone(LONDON).date():
                day += timedelta(days=1)
                passed += day.weekday() < 5 and not is_bank_holiday(day)
            assert wait <= passed <= wait + 1


@given(when=TIMES, by=st.sampled_from(By), delays=st.lists(st.integers(0, 6 * 3600), min_size=5, max_size=5))
def test_delays_lead_neither_past_the_deadline_nor_back(when: datetime, by: By, delays: list[int]) -> None:
    """However late each is sent or answered, the next comes after that, and what is urgent before its own deadline.

    How many come is counted where they are set (`chasing`): late in the evening a delay leaves room for smaller steps.
    """
    at = due(minutes=30, next_working_morning=by in CAN_WAIT, by=by, now=when)
    for wait, delay in zip((1, 0, 1, 3), delays, strict=False):
        late = at + timedelta(seconds=delay)
        following = asked_again(by, set_at=when, after=late, days=wait)
        if following is None:
            break
        assert late < following
        assert by in CAN_WAIT or following < deadline(by, when)
        at = following


@pytest.mark.parametrize(
    ("begins", "ends"), [("21:00", "21:00"), ("21:00", "12:00"), ("07:00", "22:00"), ("25:00", "07:00"), ("21", "7")]
)
def test_quiet_hours_leave_most_of_the_day(begins: str, ends: str) -> None:
    """Quiet hours that never end, or that last longer than fourteen hours, are refused, as are times that are none."""
    with pytest.raises(ValidationError):
        QuietHours(begins=begins, ends=ends)


def test_a_day_next_week_is_shown_with_its_date() -> None:
    """A coming time on the same day of a later week is not taken for this week's."""
    assert clock_time(utc(2026, 11, 30, 9), utc(2026, 11, 23, 12)) == "Mon 30 Nov 09:00"
    assert clock_time(utc(2026, 11, 29, 9), utc(2026, 11, 23, 12)) == "Sun 09:00"
