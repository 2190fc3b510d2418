"""Commands that read the record: `thinkchild log ...`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.access import CONSOLE_ID, Action
from bot.advice_log.choosing import session_of
from bot.cli_keeping import KEEPING
from bot.cli_reading import as_option, become, guarded, note_reading, reader, visible
from bot.cli_record import RECORD
from bot.cli_shared import Commands, db_option, put, read_log
from bot.cli_whose import Whose, no_receipt, person, sessions, whose_options
from bot.errors import SetupError

if TYPE_CHECKING:
    from bot.advice_log import AdviceLog


@click.group(cls=Commands)
@as_option
def log(member: str) -> None:
    """Read the record of what was advised."""
    become(member)


@log.command("list")
@db_option
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1))
@click.option("--json", "as_json", is_flag=True)
def log_list(db: Path | None, limit: int, *, as_json: bool) -> None:
    """List the latest sessions."""
    from bot.advice_log import sessions as latest  # noqa: PLC0415
    from bot.clock import read, shown  # noqa: PLC0415

    held = read_log(db)
    found = latest(held, limit=limit)
    ids = {session_of(held, one.receipt) or "": one for one in found}
    found = [ids[one] for one in visible(held, Action.LIST_SESSIONS, list(ids))]
    note_reading(held, "list", [""], f"the latest {len(found)}")
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=2))
        return
    if not found:
        click.echo("Nothing has been advised yet.")
    for one in found:
        state = "finished" if one.closed else "stopped" if one.stopped else "open"
        about = ", ".join(filter(None, ("999 card" if one.alarm else "", one.flows))) or "came back"
        when = shown(read(one.last_at))
        click.echo(f"{one.receipt}  {when:18} {one.label:18} {about}  {one.urgency or '-'}  {state}")


@log.command("show")
@db_option
@click.argument("code")
def log_show(db: Path | None, code: str) -> None:
    """Show one session in brief: what was answered, and what there was to do."""
    from bot.advice_log import receipt  # noqa: PLC0415
    from bot.clock import shown_twice  # noqa: PLC0415
    from bot.pages import standing_notes  # noqa: PLC0415

    log = read_log(db)
    held = receipt(log, code)
    if held is None or not visible(log, Action.READ_RECEIPT, [held.session]):
        raise no_receipt(code)
    note_reading(log, "show", [held.session])
    click.echo(
        f"{held.receipt}  {held.label}  {held.area}  begun {shown_twice(held.began_at)}  version {held.content_version[:12]}"
    )
    for note in standing_notes(log, held.session):
        click.echo(f"     {note}")
    for turn in held.turns:
        kinds = ", ".join(f"{said.kind}{' (overtaken)' if said.overtaken else ''}" for said in turn.said)
        click.echo(f"{turn.n:3}  {shown_twice(turn.at)}  {turn.event} {turn.given!r}: {kinds}")


@log.command("receipt")
@db_option
@click.argument("code")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Write a page to print or attach; '-' prints it.",
)
def log_receipt(db: Path | None, code: str, html: Path | None) -> None:
    """Reprint a session word for word, with times, sources and what was answered."""
    from bot.advice_log import receipt  # noqa: PLC0415
    from bot.pages import receipt_page, receipt_text  # noqa: PLC0415

    held = read_log(db)
    found = receipt(held, code)
    if found is None or not visible(held, Action.READ_RECEIPT, [found.session]):
        raise no_receipt(code)
    text = receipt_text(held, code) if html is None else receipt_page(held, code)
    if text is None:
        raise no_receipt(code)
    note_reading(held, "receipt", [found.session])
    put(text, html)


@log.command("export")
@db_option
@whose_options
@click.option("--format", "form", type=click.Choice(["json", "csv", "html"]), default="json", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None)
def log_export(db: Path | None, whose: Whose, form: str, out: Path | None) -> None:
    """Write all that is held: of one session, a person (a subject-access request), a case label, a period, or everything."""
    from bot.advice_log.exporting import bundle  # noqa: PLC0415
    from bot.pages import export  # noqa: PLC0415

    held = read_log(db)
    somebody = person(_with_key(db) if whose.outside_id is not None else held, whose)
    meant = sessions(held, whose, somebody)
    wanted = visible(held, Action.EXPORT, meant)
    if not wanted and somebody is None and not whose.is_everything:
        raise SetupError("There is no such session in this record: see 'thinkchild log list'.")
    # What is held of a person besides their sessions goes to whoever may see all of those.
    whole = somebody if meant == wanted and not (whose.receipts or whose.label or whose.since or whose.until) else None
    note_reading(held, "export", wanted or [""], form)
    put(export(bundle(held, wanted, person=whole), form), out)


def _with_key(db: Path | None) -> AdviceLog:
    """Open the record with its key, which turns the id somebody has outside into a pseudonym."""
    from bot.advice_log import AdviceLog  # noqa: PLC0415
    from bot.cli_shared import default_db  # noqa: PLC0415

    return AdviceLog.open(db or default_db())


@log.command("reads")
@db_option
@click.argument("code", required=False)
def log_reads(db: Path | None, code: str | None) -> None:
    """List who read what, oldest first: all of it, or of one session."""
    from bot.advice_log.reads import readings  # noqa: PLC0415
    from bot.clock import shown_twice  # noqa: PLC0415

    held = read_log(db)
    session = session_of(held, code) if code is not None else None
    if code is not None and session is None:
        raise no_receipt(code)
    found = readings(held, session)
    seen = {one.receipt: session_of(held, one.receipt) for one in found}
    allowed = set(visible(held, Action.SEE_READINGS, [one for one in seen.values() if one]))
    found = [one for one in found if seen[one.receipt] in allowed or (not one.receipt and reader() == CONSOLE_ID)]
    if not found:
        click.echo("Nobody has read anything of it." if code is None else "Nobody has read it.")
    for one in found:
        what = " ".join(filter(None, (one.action, one.receipt, f"({one.detail})" if one.detail else "")))
        click.echo(f"{shown_twice(one.at)}  {one.reader}: {what}")


NEEDED = {
    "list": Action.LIST_SESSIONS,
    "show": Action.READ_RECEIPT,
    "receipt": Action.READ_RECEIPT,
    "export": Action.EXPORT,
    "reads": Action.SEE_READINGS,
    "head": Action.VERIFY,
    "verify": Action.VERIFY,
    "hold": Action.HOLD,
    "release": Action.HOLD,
    "holds": Action.HOLD,
    "erase": Action.ERASE,
    "retain": Action.ERASE,
    "clean": Action.ERASE,
}
"""What each command needs of a member; what is not named here copies or protects the whole file."""
for command in (*RECORD, *KEEPING):
    log.add_command(command)
for command in log.commands.values():
    guarded(command, NEEDED.get(str(command.name), Action.BACK_UP))
