"""Commands that show what Thinkchild knows: sources, one of them in full, search, and area packs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from bot.cli_shared import Commands, content_option, library_of
from bot.errors import SetupError, near_miss

if TYPE_CHECKING:
    from pathlib import Path

    from bot.library import Library


@click.command()
@content_option
def sources(content: Path | None) -> None:
    """List the documents that everything rests on: publisher, date, whether in force, what replaced them."""
    from bot.lookup import documents_text  # noqa: PLC0415 - commands load only what they need

    click.echo(documents_text(library_of(content)))


@click.command()
@content_option
@click.argument("source")
def point(source: str, content: Path | None) -> None:
    """Show one learning point, fact or rule in full, and which steps carry it."""
    from bot.lookup import source_text  # noqa: PLC0415

    library = library_of(content)
    click.echo(source_text(library, _known(library, source)))


def _known(library: Library, source: str) -> str:
    folded = {known.lower(): known for known in library.sources}
    if source.lower() not in folded:
        raise SetupError(
            f"There is no source '{source}': look for one with 'thinkchild search WORDS'."
            + near_miss(source, folded.values())
        )
    return folded[source.lower()]


@click.command()
@content_option
@click.option("--json", "as_json", is_flag=True, help="What was found as JSON.")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 100))
@click.argument("words", nargs=-1, required=True)
def search(words: tuple[str, ...], content: Path | None, limit: int, *, as_json: bool) -> None:
    """Search everything, by words and by meaning: rules, facts, learning points, documents, flows."""
    from bot.kept import KeptWeights  # noqa: PLC0415
    from bot.lookup import meaning_of  # noqa: PLC0415
    from bot.lookup import search as look  # noqa: PLC0415

    library = library_of(content)
    found = look(library, " ".join(words), limit, meaning_of(library, KeptWeights()))
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=2))
        return
    if not found:
        click.echo("Nothing found: try another word, or fewer.")
    for one in found:
        click.echo(f"{one.kind:9} {one.id}{f'  {one.title}' if one.title else ''}")
        click.echo(f"{'':9} {one.text}")
        click.echo(f"{'':9} From: {one.source}")


@click.group(cls=Commands)
def area() -> None:
    """Check the packs of local numbers, or begin a new one."""


@area.command("check")
@content_option
@click.option(
    "--release",
    is_flag=True,
    help="Also ask that the pack can be used: an emergency duty team number, checked and unexpired.",
)
@click.option("--on", "day", default=None, help="As on this day (YYYY-MM-DD) instead of today.")
@click.argument("name", required=False)
def area_check(name: str | None, content: Path | None, day: str | None, *, release: bool) -> None:
    """Say of one area pack, or of each, what is missing, unverified or past its date."""
    import sys  # noqa: PLC0415
    from datetime import UTC, datetime  # noqa: PLC0415

    from bot.areas import findings, release_problems  # noqa: PLC0415
    from bot.clock import is_day  # noqa: PLC0415

    library = library_of(content)
    if day is not None and not is_day(day):
        raise SetupError(f"'{day}' is no day: write it as 2026-11-21.")
    if name is not None and name not in library.areas:
        raise SetupError(
            f"There is no area '{name}'; there are: {', '.join(library.areas)}." + near_miss(name, library.areas)
        )
    on = day or datetime.now(UTC).date().isoformat()
    failed = []
    for one in library.areas.values() if name is None else (library.areas[name],):
        click.echo(f"{one.id}: {one.name}")
        for line in findings(library, one, on):
            click.echo(f"    {line}")
        if release:
            failed += release_problems(one, on)
    if failed:
        for line in failed:
            click.echo(line, err=True)
        sys.exit(2)


@area.command("new")
@content_option
@click.option("--name", "title", required=True, help="The name people know the area by.")
@click.argument("name")
def area_new(name: str, title: str, content: Path | None) -> None:
    """Begin a pack for an area: every slot there is, empty, with who has to fill it."""
    from bot.areas import skeleton  # noqa: PLC0415
    from bot.writing import new_file  # noqa: PLC0415

    path = new_file("area", name, skeleton(library_of(content), name, title), content)
    click.echo(
        f"Wrote {path}. Fill in each number with the day you checked it, then: thinkchild area check {name} --release"
    )


KNOWLEDGE: tuple[click.Command, ...] = (sources, point, search, area)
