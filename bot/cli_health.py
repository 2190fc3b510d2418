"""The command that says whether the service is answering."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from bot.cli_shared import db_option, default_db

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@db_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def health(db: Path | None, *, as_json: bool) -> None:
    """Say whether the Telegram service is answering: exit code 0 if it is, 1 if not. Needs no token, writes nothing."""
    from bot.health import health as how  # noqa: PLC0415 - commands load only what they need

    found = how(db or default_db(), datetime.now(UTC))
    click.echo(json.dumps(asdict(found), ensure_ascii=False) if as_json else found.says)
    sys.exit(0 if found.well else 1)
