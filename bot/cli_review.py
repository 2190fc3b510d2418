"""Commands for a lead who looks at messages that were not understood: `thinkchild nlu review ...`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli_shared import Commands, content_option, db_option, default_db, known_flow, library_of, read_log
from bot.errors import SetupError, near_miss

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.advice_log.queue import Misunderstood

OUT = "out_of_scope"


@click.group(cls=Commands)
def review() -> None:
    """Messages that were not understood, kept because their writers allowed it ('chat' and 'telegram' with --learn)."""


@review.command("list")
@db_option
@click.option("--json", "as_json", is_flag=True)
def review_list(db: Path | None, *, as_json: bool) -> None:
    """List what waits: its number, the day, what was done, what was chosen after all, and the words."""
    from bot.advice_log.queue import waiting  # noqa: PLC0415 - commands load only what they need

    found = waiting(read_log(db))
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo("Nothing waits.")
    for one in found:
        what = {"unknown": "not understood", "choose": "asked, none fitted", "flow": f"opened {one.candidates[0]}"}
        then = f"; then chose {one.chosen}" if one.chosen else ""
        click.echo(f"{one.id}  {one.day}  {what.get(one.decision, one.decision)}{then}")
        click.echo(f"          {one.words}")


@review.command("assign")
@db_option
@content_option
@click.option("--file", "file", default=None, help="The file in dialogues/nlu to add it to (default: FLOW.yaml).")
@click.argument("number")
@click.argument("flow")
def review_assign(number: str, flow: str, db: Path | None, content: Path | None, file: str | None) -> None:
    """Make an example of a message: FLOW is what it was about, or out_of_scope; then it waits no more."""
    from bot.writing import add_example  # noqa: PLC0415

    library = library_of(content)
    if flow != OUT:
        known_flow(library, flow)
    (one,) = _those(db, (number,))
    name = file or f"{flow}.yaml"
    if Path(name).name != name or not name.endswith(".yaml"):
        raise SetupError(f"'{name}' is not the name of a file in dialogues/nlu: give only a name, such as {flow}.yaml.")
    try:
        path = add_example(content, flow, one.words, name)
    except SetupError as error:
        click.echo(f"    - {one.words}")
        raise SetupError(
            f"{error} Or paste the line above under '{flow}', and then: thinkchild nlu review dismiss {one.id}"
        ) from error
    _forget(db, [one])
    click.echo(
        f"Added to {path}; it waits no more. It is learned at the next start. Look at it: thinkchild nlu suggest"
    )


@review.command("dismiss")
@db_option
@click.option("--all", "everything", is_flag=True, help="Take out everything that waits.")
@click.argument("numbers", nargs=-1)
def review_dismiss(numbers: tuple[str, ...], db: Path | None, *, everything: bool) -> None:
    """Take messages out, without a trace."""
    if bool(numbers) == everything:
        raise SetupError(
            "Name what to take out by its number, or give --all: 'thinkchild nlu review list' shows what waits."
        )
    gone = _those(db, numbers)
    _forget(db, gone)
    click.echo(f"Took out {len(gone)}.")


def _those(db: Path | None, numbers: Sequence[str]) -> list[Misunderstood]:
    """Return what waits under these numbers, or all where none is named; raises SetupError for one that is not there."""
    from bot.advice_log.queue import waiting  # noqa: PLC0415

    held = {one.id: one for one in waiting(read_log(db))}
    for number in numbers:
        if number not in held:
            raise SetupError(
                f"Nothing waits under '{number}': 'thinkchild nlu review list' shows what does."
                + near_miss(number, held)
            )
    return [held[number] for number in numbers] if numbers else list(held.values())


def _forget(db: Path | None, gone: Sequence[Misunderstood]) -> None:
    from bot.advice_log import AdviceLog  # noqa: PLC0415
    from bot.advice_log.queue import forget  # noqa: PLC0415

    log = AdviceLog.open(db or default_db())
    try:
        with log.transaction():
            forget(log, [one.id for one in gone])
        log.leave_no_trace()
    finally:
        log.close()
