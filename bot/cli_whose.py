"""Which sessions a command is about: the options that name them, and what they mean in the record."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import click

from bot.advice_log.choosing import Wanted, as_label, chosen, person_of, session_of
from bot.clock import LONDON, is_day, stamp
from bot.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.advice_log import AdviceLog


@dataclass(frozen=True, slots=True)
class Whose:
    """The options as they were given; nothing given means every session."""

    receipts: tuple[str, ...] = ()
    person: str | None = None
    channel: str | None = None
    outside_id: str | None = None
    label: str | None = None
    since: str | None = None
    until: str | None = None

    @property
    def names_a_person(self) -> bool:
        """Whether one person is meant."""
        return self.person is not None or self.outside_id is not None

    @property
    def is_everything(self) -> bool:
        """Whether nothing at all was narrowed down."""
        return self == Whose()


def whose_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name sessions, and hand them on as `whose`."""

    def taken(
        *args: Any,  # noqa: ANN401 - what the command takes
        receipt: tuple[str, ...],
        person: str | None,
        channel: str | None,
        outside_id: str | None,
        label: str | None,
        since: str | None,
        until: str | None,
        **rest: Any,  # noqa: ANN401 - as above
    ) -> Any:  # noqa: ANN401 - what the command returns
        return command(*args, whose=Whose(receipt, person, channel, outside_id, label, since, until), **rest)

    taken.__name__, taken.__doc__ = command.__name__, command.__doc__
    taken.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    for option in (
        click.option("--to", "until", default=None, metavar="DAY", help="And up to this day, YYYY-MM-DD, included."),
        click.option(
            "--from", "since", default=None, metavar="DAY", help="Sessions from this day on, YYYY-MM-DD in London."
        ),
        click.option("--label", default=None, help="Sessions under this case label."),
        click.option(
            "--id", "outside_id", default=None, help="With --channel: their id there; '-' reads it from standard input."
        ),
        click.option("--channel", default=None, help="With --id: telegram, rest, terminal."),
        click.option(
            "--person", default=None, help="Everything of a person: pseudonym, member, or one of their receipts."
        ),
        click.option("--receipt", multiple=True, help="This session; may be given several times."),
    ):
        option(taken)
    return taken


def person(log: AdviceLog, whose: Whose) -> str | None:
    """Return the pseudonym of the person who is meant; None if nobody is. Raises SetupError for somebody unknown."""
    if (whose.channel is None) != (whose.outside_id is None):
        raise SetupError("Give --channel and --id together, for instance --channel telegram --id 12345.")
    if whose.person is not None and whose.outside_id is not None:
        raise SetupError("Name the person either with --person or with --channel and --id.")
    if whose.outside_id is not None and whose.channel is not None:
        outside = sys.stdin.readline().strip() if whose.outside_id == "-" else whose.outside_id
        found = person_of(log, log.person(whose.channel, outside))
        if found is None:
            raise SetupError("Nothing is held of anybody with that id on that channel: check both.")
        return found
    if whose.person is None:
        return None
    found = person_of(log, whose.person)
    if found is None:
        raise SetupError(
            f"Nothing is held of {whose.person!r}: give a pseudonym, a member's id or one of their receipts; "
            "what was erased can no longer be told apart by person."
        )
    return found


def sessions(log: AdviceLog, whose: Whose, somebody: str | None) -> list[str]:
    """Return the sessions that are meant, oldest first, of `somebody` if one is; raises SetupError for what names nothing."""
    since, before = _start(whose.since, "--from"), _end(whose.until)
    wanted = {
        "person": somebody,
        "label": as_label(whose.label) if whose.label is not None else None,
        "since": since,
        "before": before,
    }
    if not whose.receipts:
        return chosen(log, Wanted(**wanted))
    found: list[str] = []
    for code in whose.receipts:
        session = session_of(log, code)
        if session is None:
            raise no_receipt(code)
        found += [one for one in chosen(log, Wanted(session=session, **wanted)) if one not in found]
    return found


def no_receipt(code: str) -> SetupError:
    """Return the sentence for a receipt that is not there."""
    return SetupError(
        f"There is no receipt {code!r} in this record: see 'thinkchild log list', or name another file with --db."
    )


def _day(text: str, option: str) -> date:
    if not is_day(text):
        raise SetupError(f"{option} {text!r} is no day: write it as YYYY-MM-DD, for instance 2026-11-23.")
    return date.fromisoformat(text)


def _start(text: str | None, option: str) -> str | None:
    """Return when a day begins in London, as times are kept."""
    return stamp(datetime.combine(_day(text, option), time(), LONDON)) if text is not None else None


def _end(text: str | None) -> str | None:
    return _start((_day(text, "--to") + timedelta(days=1)).isoformat(), "--to") if text is not None else None


DAYS = re.compile(r"([1-9][0-9]{0,4})d?", re.ASCII)


def days_ago(text: str, now: datetime) -> str:
    """Return the time so many days ago, as times are kept; raises SetupError for what is no number of days."""
    found = DAYS.fullmatch(text.strip().lower())
    if found is None:
        raise SetupError(f"{text!r} is no number of days: write --older-than 400d, for instance.")
    return stamp(now.astimezone(UTC) - timedelta(days=int(found[1])))
