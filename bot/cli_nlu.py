"""Commands for whoever keeps the understanding of typed words in order: evaluate, calibrate, suggest, review."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli_review import review
from bot.cli_shared import Commands, content_option, library_of, put
from bot.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.library import Library
    from bot.upkeep.messages import Message

SET = click.Path(path_type=Path, dir_okay=False)


def parts_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--parts` to a command that leaves examples out."""
    return click.option(
        "--parts",
        type=click.IntRange(2, 20),
        default=5,
        show_default=True,
        help="In how many parts examples are left out; fewer are faster, and teach less.",
    )(command)


@click.group(cls=Commands)
def nlu() -> None:
    """How well typed words are understood, and what to do about it."""


@nlu.command()
@content_option
@click.option("--json", "as_json", is_flag=True, help="Every figure and every message that went wrong, as JSON.")
@click.option("--html", "html", type=SET, default=None, help="Write a page to print, with every mistake.")
@click.option("--set", "messages", type=SET, default=None, help="Messages by flow, that nobody learned from (YAML).")
@click.option("--danger", type=SET, default=None, help="Lists 'live' and 'not_live' of messages (YAML).")
@click.option(
    "--cross", is_flag=True, help="Leave out a part of the examples, one after the other, instead (takes minutes)."
)
@parts_option
def evaluate(
    content: Path | None,
    html: Path | None,
    messages: Path | None,
    danger: Path | None,
    parts: int,
    *,
    as_json: bool,
    cross: bool,
) -> None:
    """Measure it: by flow and voice, what is confused, opened, asked, unknown; and the alarm."""
    from bot.kept import KeptWeights  # noqa: PLC0415 - commands load only what they need
    from bot.routing import matcher_of  # noqa: PLC0415
    from bot.upkeep.figures import report  # noqa: PLC0415
    from bot.upkeep.report import as_json as data  # noqa: PLC0415
    from bot.upkeep.report import as_page, as_text  # noqa: PLC0415
    from bot.upkeep.trial import left_out, try_out  # noqa: PLC0415

    if cross and (messages or danger):
        raise SetupError("Give --cross, or sets with --set and --danger, and not both: they are different messages.")
    library = library_of(content)
    matcher = matcher_of(library, KeptWeights())
    if cross:
        tried, what = left_out(library, parts=parts, tell=_tell), "Examples, each routed by what other examples taught."
    else:
        tried, what = try_out(matcher, _given(library, messages, danger)), "Messages that nobody learned from."
    found = report(tried, matcher.cuts, matcher.kind)
    if html is not None:
        put(as_page(library, found, what), html)
    if as_json:
        click.echo(json.dumps(data(found), ensure_ascii=False, indent=1))
    elif html is None:
        click.echo(f"{what}\n{as_text(found)}")


@nlu.command()
@content_option
@click.option("--set", "messages", type=SET, default=None, help="Messages by flow, that nobody learned from (YAML).")
@click.option("--danger", type=SET, default=None, help="Lists 'live' and 'not_live' of messages (YAML).")
@click.option(
    "--live",
    type=click.FloatRange(0.5, 1),
    default=0.97,
    show_default=True,
    help="The share of live emergencies that has to raise the alarm.",
)
@parts_option
@click.option("--write", is_flag=True, help="Put the cuts into knowledge/phrases/cuts.yaml.")
def calibrate(
    content: Path | None, messages: Path | None, danger: Path | None, live: float, parts: int, *, write: bool
) -> None:
    """Work out how sure typed words must be, from held-out messages and left-out examples (takes minutes)."""
    from bot.kept import KeptWeights  # noqa: PLC0415
    from bot.routing import matcher_of  # noqa: PLC0415
    from bot.upkeep.calibration import as_text  # noqa: PLC0415
    from bot.upkeep.calibration import calibrate as work_out  # noqa: PLC0415
    from bot.upkeep.trial import left_out, try_out  # noqa: PLC0415
    from bot.writing import set_cuts  # noqa: PLC0415

    if (messages is None) != (danger is None):
        raise SetupError("Give both --set and --danger, or neither: the cuts rest on both.")
    library = library_of(content)
    matcher = matcher_of(library, KeptWeights())
    held = try_out(matcher, _given(library, messages, danger), likeness=True)
    worked = work_out(held, left_out(library, parts=parts, likeness=True, tell=_tell), matcher.cuts, live)
    click.echo(f"Matching by {matcher.kind}.\n\n{as_text(worked)}\n")
    if write:
        path = set_cuts(content, matcher.kind, {one.name: (one.cut, one.read_off) for one in worked})
        click.echo(f"Wrote {path}: {', '.join(f'{one.name} {one.cut:g}' for one in worked)}.")
    else:
        for one in worked:
            click.echo(f"{one.name}: {one.cut:g}  # {one.read_off}")
        click.echo("Nothing was written; --write puts them into knowledge/phrases/cuts.yaml.")


@nlu.command()
@content_option
@click.option("--json", "as_json", is_flag=True, help="Every suggestion as JSON.")
@parts_option
@click.option("--quick", is_flag=True, help="Leave out what takes minutes: examples that are nearer another flow.")
def suggest(content: Path | None, parts: int, *, as_json: bool, quick: bool) -> None:
    """Say which examples to look at, by file and line: nearly the same twice, nearer another flow, too few."""
    from bot.reading import content_root  # noqa: PLC0415
    from bot.routing import new_matcher  # noqa: PLC0415
    from bot.upkeep.suggestions import examples_in, near_duplicates, nearer_another, thin  # noqa: PLC0415
    from bot.upkeep.trial import left_out  # noqa: PLC0415

    library = library_of(content)
    examples = examples_in(content or content_root())
    found = [*thin(library, examples), *near_duplicates(examples)]
    if not quick:
        tried = left_out(library, parts=parts, tell=_tell)
        found += nearer_another(examples, tried, new_matcher(library, examples={}).cuts)
    if as_json:
        data = [
            {
                "kind": one.kind,
                "file": one.place.file,
                "line": one.place.line,
                "also": str(one.also) if one.also else None,
                "says": one.says,
            }
            for one in found
        ]
        click.echo(json.dumps(data, ensure_ascii=False, indent=1))
        return
    for one in found:
        click.echo(str(one))
    click.echo(f"{len(found)} suggestion{'s' if len(found) != 1 else ''} for {len(examples):,} examples.", err=True)


def _tell(part: int, parts: int) -> None:
    click.echo(f"part {part} of {parts}", err=True)


def _given(library: Library, messages: Path | None, danger: Path | None) -> list[Message]:
    """Read the sets that were named; else those that a source checkout has."""
    from bot.upkeep.messages import held_out, held_out_danger, shipped_sets  # noqa: PLC0415

    if messages is None and danger is None:
        shipped = shipped_sets()
        if shipped is None:
            raise SetupError(
                "There are no held-out messages here: they come with a source checkout. Name some with --set and --danger, "
                "or measure by the examples with --cross."
            )
        messages, danger = shipped
    return [
        *(held_out(messages, library) if messages else ()),
        *(held_out_danger(danger) if danger else ()),
    ]


nlu.add_command(review)

NLU: tuple[click.Command, ...] = (nlu,)
