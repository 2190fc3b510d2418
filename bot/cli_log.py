"""Commands that read the record: `thinkchild log ...`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from bot.cli_shared import Commands, db_option, put, read_log
from bot.errors import SetupError

UNUSABLE = 2


@click.group(cls=Commands)
def log() -> None:
    """Read the record of what was advised."""


@log.command("list")
@db_option
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1))
@click.option("--json", "as_json", is_flag=True)
def log_list(db: Path | None, limit: int, *, as_json: bool) -> None:
    """List the latest sessions."""
    from bot.advice_log import sessions  # noqa: PLC0415
    from bot.clock import read, shown  # noqa: PLC0415

    found = sessions(read_log(db), limit=limit)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=2))
        return
    if not found:
        click.echo("Nothing has been advised yet.")
    for one in found:
        state = "finished" if one.closed else "stopped" if one.stopped else "open"
        about = ", ".join(filter(None, ("999 card" if one.alarm else "", one.flows)))
        when = shown(read(one.last_at))
        click.echo(f"{one.receipt}  {when:18} {one.label:18} {about}  {one.urgency or '-'}  {state}")


@log.command("show")
@db_option
@click.argument("code")
def log_show(db: Path | None, code: str) -> None:
    """Show one session in brief: what was answered, and what there was to do."""
    from bot.advice_log import receipt  # noqa: PLC0415

    held = receipt(read_log(db), code)
    if held is None:
        raise _no_receipt(code)
    click.echo(f"{held.receipt}  {held.label}  {held.area}  begun {held.began_at}  version {held.content_version[:12]}")
    for turn in held.turns:
        kinds = ", ".join(f"{said.kind}{' (overtaken)' if said.overtaken else ''}" for said in turn.said)
        click.echo(f"{turn.n:3}  {turn.at}  {turn.event} {turn.given!r}: {kinds}")


def _no_receipt(code: str) -> SetupError:
    return SetupError(
        f"There is no receipt {code!r} in this record: see 'thinkchild log list', or name another file with --db."
    )


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
    from bot.pages import receipt_page, receipt_text  # noqa: PLC0415

    held = read_log(db)
    text = receipt_text(held, code) if html is None else receipt_page(held, code)
    if text is None:
        raise _no_receipt(code)
    put(text, html)


@log.command("verify")
@db_option
def log_verify(db: Path | None) -> None:
    """Prove that no row of the record was changed, removed or added out of turn."""
    from bot.advice_log import verify  # noqa: PLC0415
    from bot.advice_log.opening import readable  # noqa: PLC0415

    held = read_log(db)
    with readable(held.path):
        count, broken = verify(held.connection)
    if broken is not None:
        click.echo(f"The record is broken at {broken}.", err=True)
        sys.exit(UNUSABLE)
    click.echo(f"The record holds: {count:,} rows, none changed.")


@log.command("export")
@db_option
@click.option("--format", "form", type=click.Choice(["json", "csv", "html"]), default="json", show_default=True)
@click.option("--receipt", "code", default=None, help="Only this session.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None)
def log_export(db: Path | None, form: str, code: str | None, out: Path | None) -> None:
    """Write every line of advice as JSON, CSV or a page."""
    from bot.advice_log import receipt  # noqa: PLC0415
    from bot.pages import export  # noqa: PLC0415

    held = read_log(db)
    if code is not None and receipt(held, code) is None:
        raise _no_receipt(code)
    put(export(held, form, code), out)
