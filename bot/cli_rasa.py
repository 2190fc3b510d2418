"""Commands for those who run Rasa: `thinkchild rasa ...`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli_shared import (
    Commands,
    area_option,
    content_option,
    db_option,
    default_db,
    door_options,
    library_of,
    serving_options,
)

if TYPE_CHECKING:
    from bot.door import Rules

PIPELINES = ("light", "diet", "both")


@click.group(cls=Commands)
def rasa() -> None:
    """Work together with a Rasa server."""


@rasa.command()
@db_option
@area_option
@serving_options(5055)
@door_options
def actions(
    db: Path | None, area: str, host: str, port: int, token_file: Path | None, *, require_signed: bool, rules: Rules
) -> None:
    """Answer a Rasa server that calls its custom action, action_guide."""
    from bot.channels.rest import Settings, run  # noqa: PLC0415
    from bot.network import read_secret  # noqa: PLC0415

    given = Settings(host, port, read_secret(token_file, "--token-file") if token_file else "")
    sys.exit(run(db or default_db(), area, given, only_actions=True, require_signed=require_signed, rules=rules))


@rasa.command()
@click.option(
    "--pipeline",
    type=click.Choice(PIPELINES),
    default="both",
    show_default=True,
    help="How Rasa itself may understand words: logistic regression, DIET, or both to choose from.",
)
@click.option("--force", is_flag=True, help="Write over an earlier export in the same folder.")
@content_option
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def export(folder: Path, pipeline: str, content: Path | None, *, force: bool) -> None:
    """Write a whole Rasa 3.6 project to DIR, and the flows as CALM YAML for those who own Rasa Pro."""
    from bot.rasa.export import project, write  # noqa: PLC0415 - commands load only what they need

    made = project(library_of(content), pipeline)
    write(folder, made, force=force)
    click.echo(f"Wrote {len(made)} files to {folder}. How to train and start it: {folder / 'README.md'}")
