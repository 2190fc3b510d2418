"""The commands for whoever looks after a running installation: `thinkchild doctor`, `thinkchild metrics`."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from bot.cli_shared import area_option, content_option, db_option, default_db, library_of, read_log

if TYPE_CHECKING:
    from pathlib import Path

SIGNS = {"fine": "ok", "look": "LOOK", "wrong": "WRONG", "unknown": "?"}


@click.command()
@db_option
@area_option
@content_option
@click.option("--offline", is_flag=True, help="Ask nobody over the network.")
@click.option(
    "--backup-days",
    type=click.IntRange(1),
    default=7,
    show_default=True,
    help="How many days old the last backup may be.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding.")
def doctor(db: Path | None, area: str, content: Path | None, *, offline: bool, backup_days: int, as_json: bool) -> None:
    """Look whether this installation is in order: exit code 0 if nothing is wrong, 1 if something is."""
    from bot.doctor import Patient, Verdict, examine, is_well  # noqa: PLC0415 - commands load only what they need

    patient = Patient(
        db or default_db(),
        area,
        os.environ,
        datetime.now(UTC),
        not offline,
        backup_days,
        lambda: library_of(content),
    )
    found = []
    for one in examine(patient):
        found.append(one)
        if as_json:
            click.echo(json.dumps(asdict(one), ensure_ascii=False))
            continue
        click.echo(f"{SIGNS[one.verdict]:6} {one.says}")
        if one.do:
            click.echo(f"       -> {one.do}")
    if not as_json:
        wrong, look = (sum(one.verdict is verdict for one in found) for verdict in (Verdict.WRONG, Verdict.LOOK))
        click.echo(f"{wrong} wrong, {look} to look at." if wrong or look else "All is in order.")
    sys.exit(0 if is_well(found) else 1)


@click.command()
@db_option
@click.option("--listen", default=None, metavar="HOST:PORT", help="Answer Prometheus there until told to stop.")
def metrics(db: Path | None, listen: str | None) -> None:
    """Print the figures of a record as Prometheus reads them; counts only, nothing that anybody said."""
    from bot.metrics import serve, text  # noqa: PLC0415 - as above

    if listen is None:
        log = read_log(db)
        try:
            click.echo(text(log, datetime.now(UTC)), nl=False)
        finally:
            log.close()
        return
    serve(db or default_db(), listen)


OPERATOR = (doctor, metrics)
