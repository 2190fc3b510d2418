"""Commands that keep the record from growing old, and from going too soon: erase, retain, hold, release."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from bot.access import Action
from bot.cli_reading import now, reader, visible
from bot.cli_shared import db_option, default_db
from bot.cli_whose import Whose, days_ago, person, sessions, whose_options
from bot.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

    from bot.advice_log import AdviceLog
    from bot.advice_log.erasing import Plan

UNUSABLE = 2
BACKUPS = (
    "Backups taken before still hold it, and so do exports and printed receipts: see to those too. "
    "Exercises are kept apart: 'thinkchild exercise erase'."
)
yes_option = click.option("--yes", is_flag=True, help="Do it; without this it only says what would be done.")


def _open(db: Path | None) -> AdviceLog:
    from bot.advice_log import AdviceLog  # noqa: PLC0415 - commands load only what they need

    path = db or default_db()
    if not path.exists():
        raise SetupError(f"There is no record at {path}: name another file with --db.")
    return AdviceLog.open(path)


@click.command("erase")
@db_option
@whose_options
@click.argument("who", required=False)
@click.option(
    "--reason", default="asked for", show_default=True, help="Kept in the tombstone: no name, nothing of a case."
)
@click.option("--even-unanswered", is_flag=True, help="Also where a message of theirs has not been answered yet.")
@yes_option
def erase(db: Path | None, whose: Whose, who: str | None, reason: str, *, even_unanswered: bool, yes: bool) -> None:
    """Erase a person (WHO: a pseudonym, a member, one of their receipts), or single sessions. The chain still verifies."""
    from bot.advice_log import erasing  # noqa: PLC0415

    if who is not None:
        if whose.names_a_person:
            raise SetupError("Name the person once: as WHO, with --person, or with --channel and --id.")
        whose = replace(whose, person=who)
    if whose.is_everything:
        raise SetupError(
            "Say whom or what to erase: --person, --channel with --id, --receipt, --label, or --from and --to."
        )
    reason = _reason(reason)
    log = _open(db)
    somebody = person(log, whose)
    # A person is erased whole; narrowed down to some sessions, only those go.
    whole = somebody if somebody and not (whose.receipts or whose.label or whose.since or whose.until) else None
    wanted = _theirs(log, Action.ERASE, sessions(log, whose, somebody))
    waiting = erasing.unanswered(log, whole) if whole else 0
    if waiting and not even_unanswered:
        raise SetupError(
            f"{waiting} message(s) of this person have not been answered yet: let the bot answer them first, "
            "or add --even-unanswered to erase them unanswered."
        )
    _do(log, erasing.plan(log, wanted), reason, whole, yes=yes)


@click.command("retain")
@db_option
@click.option(
    "--older-than", required=True, metavar="DAYS", help="For instance 400d: sessions in which nothing was said since."
)
@yes_option
def retain(db: Path | None, older_than: str, *, yes: bool) -> None:
    """Let go of sessions that are older than you keep them; a case goes as a whole, held ones stay."""
    from bot.advice_log import erasing  # noqa: PLC0415

    before = days_ago(older_than, datetime.now(UTC))
    log = _open(db)
    reason = f"older than {older_than.strip().lower().removesuffix('d')} days"
    # Whoever reads as a member lets go only of what is theirs; the rest waits for the console.
    old = visible(log, Action.ERASE, erasing.old(log, before))
    _do(log, erasing.plan(log, old), reason, None, yes=yes)


def _do(log: AdviceLog, plan: Plan, reason: str, whole: str | None, *, yes: bool) -> None:
    from bot.advice_log import erasing  # noqa: PLC0415
    from bot.advice_log.choosing import receipts  # noqa: PLC0415

    if plan.stay:
        held = ", ".join(receipts(log, plan.stay).values())
        count = len(plan.stay)
        says = f"{held}: held, so {'they stay' if count > 1 else 'it stays'}; 'thinkchild log holds' says why."
        click.echo(says, err=True)
        if not plan.go:
            sys.exit(UNUSABLE)
    if not plan.go and whole is None:
        click.echo("There is nothing to erase.")
        return
    found = ", ".join(receipts(log, plan.go).values()) or "no session"
    stops = f" Reminders stopped first: {plan.reminders}." if plan.reminders else ""
    also = " Where to reach them, their membership and what waits for an answer go too." if whole else ""
    if whole and plan.stay:
        also = (
            " Their membership and what waits for an answer go too; where to reach them stays until no reminder of a held "
            "session is to come."
        )
    if not yes:
        click.echo(f"Would erase {_counted(plan)}: {found}.{stops}{also} Say --yes to do it; it cannot be undone.")
        return
    done = erasing.erase(log, plan.go, reason, now(), person=whole, made_by=reader())
    click.echo(f"Erased {_counted(done)}: {found}.{stops}{also}")
    click.echo(BACKUPS)
    erasing.leave_nothing(log)


def _counted(plan: Plan) -> str:
    return f"{len(plan.go):,} session{'' if len(plan.go) == 1 else 's'}"


@click.command("clean")
@db_option
def clean(db: Path | None) -> None:
    """Write the file anew, so that nothing of what was erased is left in its bytes."""
    from bot.advice_log import erasing  # noqa: PLC0415

    erasing.leave_nothing(_open(db))
    click.echo("Nothing of what was erased is left in the files of the record.")


@click.command("hold")
@db_option
@whose_options
@click.argument("codes", metavar="[RECEIPT]...", nargs=-1)
@click.option("--reason", required=True, help="Why, for instance a review or a complaint: no name, nothing of a case.")
def hold(db: Path | None, whose: Whose, codes: tuple[str, ...], reason: str) -> None:
    """Keep sessions from being erased or let go, while a review, an inquiry or a complaint needs them."""
    from bot.advice_log import holds  # noqa: PLC0415
    from bot.advice_log.choosing import receipts  # noqa: PLC0415

    log = _open(db)
    wanted = _theirs(log, Action.HOLD, _meant(log, replace(whose, receipts=(*codes, *whose.receipts))))
    gone = {row[0] for row in log.connection.execute("SELECT session FROM tombstones")}
    kept = [session for session in wanted if session not in gone]
    if not kept:
        raise SetupError("What was meant was erased before, so there is nothing left to hold.")
    holds.hold(log, kept, _reason(reason), reader(), now())
    click.echo(f"Held until released: {', '.join(receipts(log, kept).values())}.")
    if len(kept) < len(wanted):
        click.echo(f"{len(wanted) - len(kept)} of them had been erased before.", err=True)


@click.command("release")
@db_option
@whose_options
@click.argument("codes", metavar="[RECEIPT]...", nargs=-1)
@click.option("--reason", default="no longer needed", show_default=True)
def release(db: Path | None, whose: Whose, codes: tuple[str, ...], reason: str) -> None:
    """Release held sessions: from now on they may be erased and let go like any other."""
    from bot.advice_log import holds  # noqa: PLC0415
    from bot.advice_log.choosing import receipts  # noqa: PLC0415

    log = _open(db)
    wanted = _theirs(log, Action.HOLD, _meant(log, replace(whose, receipts=(*codes, *whose.receipts))))
    freed = holds.release(log, wanted, _reason(reason), reader(), now())
    if not freed:
        raise SetupError("None of these is held: see 'thinkchild log holds'.")
    click.echo(f"Released: {', '.join(receipts(log, freed).values())}.")


@click.command("holds")
@db_option
def held(db: Path | None) -> None:
    """List the sessions that are held, why, by whom and since when."""
    from bot.advice_log.holds import holds  # noqa: PLC0415
    from bot.cli_shared import read_log  # noqa: PLC0415
    from bot.clock import shown_twice  # noqa: PLC0415

    log = read_log(db)
    found = holds(log)
    shown = set(visible(log, Action.HOLD, [one.session for one in found]))
    found = [one for one in found if one.session in shown]
    if not found:
        click.echo("Nothing is held.")
    for one in found:
        click.echo(f"{one.receipt}  {one.label:18} {shown_twice(one.at)}  {one.made_by}: {one.reason}")


def _theirs(log: AdviceLog, action: Action, wanted: list[str]) -> list[str]:
    """Return the sessions, if whoever gives the command may do this to all of them; raises SetupError if not."""
    if len(visible(log, action, wanted)) < len(wanted):
        raise SetupError(
            "Not all of these are yours to keep or to erase: what is of another setting, or about the staff of your own, is "
            "for somebody else."
        )
    return wanted


def _meant(log: AdviceLog, whose: Whose) -> list[str]:
    if whose.is_everything:
        raise SetupError(
            "Say which sessions: their receipts, --person, --channel with --id, --label, or --from and --to."
        )
    found = sessions(log, whose, person(log, whose))
    if not found:
        raise SetupError("There is no such session in this record: see 'thinkchild log list'.")
    return found


def _reason(text: str) -> str:
    """Return a reason fit to be kept for ever: one short line in which the guard finds nobody."""
    from bot.guard import identifiers  # noqa: PLC0415

    text = " ".join(text.split())
    if not text or len(text) > 200:  # noqa: PLR2004 - a line, not a report
        raise SetupError("The reason has to be one short line, of at most 200 letters.")
    if identifiers(text):
        raise SetupError("The reason is kept for ever, so it may hold no name or number of anybody: write it without.")
    return text


KEEPING = (erase, retain, clean, hold, release, held)
