"""The command that answers over HTTP."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from bot.cli_shared import area_option, db_option, default_db, door_options, serving_options

if TYPE_CHECKING:
    from pathlib import Path

    from bot.door import Rules


@click.command()
@db_option
@area_option
@serving_options(8600)
@door_options
def serve(
    db: Path | None, area: str, host: str, port: int, token_file: Path | None, *, require_signed: bool, rules: Rules
) -> None:
    """Answer other apps over HTTP, in the formats that Rasa speaks."""
    from bot.channels.rest import Settings, run  # noqa: PLC0415
    from bot.network import read_secret  # noqa: PLC0415

    given = Settings(host, port, read_secret(token_file, "--token-file") if token_file else "")
    sys.exit(run(db or default_db(), area, given, require_signed=require_signed, rules=rules))
