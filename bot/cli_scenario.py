"""Commands for whoever scripts exercises: new, check, draw, pack, and to and from Twine. No programmer needed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli_shared import Commands, content_option, library_of, put
from bot.errors import ContentError, SetupError, near_miss

if TYPE_CHECKING:
    from bot.errors import Problem
    from bot.library import Library, Scripts
    from bot.scenarios.story import Story

UNUSABLE = 2
out_option = click.option("--out", type=click.Path(path_type=Path), help="Write it to a file.")


@click.command("new")
@content_option
@click.option("--title", required=True, help="What it is called, at most 60 letters.")
@click.argument("name")
def new_command(name: str, title: str, content: Path | None) -> None:
    """Begin an exercise: a small whole one that can be played, to be changed into yours."""
    from bot.exercises.writing import new_scenario  # noqa: PLC0415 - commands load only what they need
    from bot.writing import new_file  # noqa: PLC0415

    path = new_file("scenario", name, new_scenario(name, title), content)
    click.echo(f"Wrote {path}. Change it, then: thinkchild exercise check {name} · thinkchild exercise play {name}")


@click.command("check")
@content_option
@click.option("--json", "as_json", is_flag=True)
@click.argument("what", nargs=-1)
def check_command(what: tuple[str, ...], content: Path | None, *, as_json: bool) -> None:
    """Check exercises, by id or as files anywhere; all of them, if none is named."""
    library = library_of(content)
    problems, checked = _checked(library, content, what)
    if as_json:
        found = [{"file": p.file, "line": p.line, "code": p.code, "says": p.says} for p in problems]
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for problem in problems:
            click.echo(f"{problem} [{problem.code}]")
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
        click.echo(f"{count}. Mend what is named, and check again: some show only then.", err=True)
        sys.exit(UNUSABLE)
    if not as_json:
        for story in checked:
            facts = sum(len(scene.facts) for scene in story.scenario.scenes)
            decisions = sum(len(scene.decisions) for scene in story.scenario.scenes)
            click.echo(
                f"{story.id}: can be played. {len(story.scenario.scenes)} scenes, {facts} facts to be found, {decisions} decisions, "
                f"{story.longest} minutes on the longest way."
            )


@click.command("draw")
@content_option
@out_option
@click.option("--format", "form", type=click.Choice(["svg", "mermaid", "dot"]), default="svg", show_default=True)
@click.argument("what")
def draw_command(what: str, form: str, content: Path | None, out: Path | None) -> None:
    """Draw an exercise: its scenes, and what leads where."""
    from bot.drawing import svg_of  # noqa: PLC0415
    from bot.scenarios.picture import dot, mermaid  # noqa: PLC0415

    scenario = _story(library_of(content), content, what).scenario
    put(mermaid(scenario) if form == "mermaid" else dot(scenario) if form == "dot" else svg_of(dot(scenario)), out)


@click.command("pack")
@content_option
@out_option
@click.argument("what")
def pack_command(what: str, content: Path | None, out: Path | None) -> None:
    """Write the facilitator's pack as a page to print: plan, scenes, what to listen for, sources, handouts."""
    from bot.exercises.pack import pack  # noqa: PLC0415

    library = library_of(content)
    put(pack(library, _story(library, content, what).scenario), out)


@click.group(cls=Commands)
def twine() -> None:
    """Exercises to Twine and back."""


@twine.command("export")
@content_option
@out_option
@click.argument("what")
def export_command(what: str, content: Path | None, out: Path | None) -> None:
    """Write an exercise as a Twine story (Twee 3): Twine's library, Import, opens it."""
    from bot.scenarios.twee import to_twee  # noqa: PLC0415

    made = to_twee(_story(library_of(content), content, what).scenario)
    put(made.text, out)
    for says in made.left_out:
        click.echo(f"Not in it: {says}", err=True)
    for says in made.not_played:
        click.echo(f"In it, but Twine does nothing with it: {says}", err=True)


@twine.command("import")
@content_option
@click.option("--id", "name", required=True, help="The id of the exercise that it becomes.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def import_command(file: Path, name: str, content: Path | None) -> None:
    """Bring in a Twine story (Twine: Build, Export As Twee): ours whole, anybody's as a draft to fill in."""
    from bot.exercises.writing import scenario_yaml  # noqa: PLC0415
    from bot.scenarios.twee import from_twee  # noqa: PLC0415
    from bot.writing import new_file  # noqa: PLC0415

    data = file.read_bytes()
    if len(data) > LARGEST_STORY:
        raise SetupError(f"{file} is larger than {LARGEST_STORY:,} bytes: that is no story for an exercise.")
    made = from_twee(data.decode("utf-8-sig"), name, file.name)
    if made.problems:
        raise ContentError(made.problems)
    path = new_file("scenario", name, scenario_yaml(made.scenario_data), content)
    for says in made.notes:
        click.echo(f"Look at: {says}", err=True)
    click.echo(f"Wrote {path}. What is still to be filled in: thinkchild exercise check {name}")


LARGEST_STORY = 2_000_000
SCENARIO = (new_command, check_command, draw_command, pack_command, twine)


# --- what the commands share --------------------------------------------------------------------------


def _scripts(content: Path | None, what: tuple[str, ...]) -> Scripts:
    """Read the exercises that are named, by id or as files; all of them, if none is."""
    from bot.library import read_scenario, read_scenarios  # noqa: PLC0415
    from bot.reading import content_root  # noqa: PLC0415

    if not what:
        return read_scenarios(content or content_root())
    root = content or content_root()
    scripts = None
    for one in what:
        path = Path(one) if one.endswith((".yaml", ".yml")) else root / "dialogues" / "scenarios" / f"{one}.yaml"
        if not path.is_file():
            known = [found.stem for found in (root / "dialogues" / "scenarios").glob("*.yaml")]
            raise SetupError(f"There is no exercise '{one}', and no such file.{near_miss(one, known)}")
        try:
            own = path.resolve().parent == (root / "dialogues" / "scenarios").resolve()
            name = f"dialogues/scenarios/{path.name}" if own else one
            read = read_scenario(path.read_bytes(), name, path.stem if own else None)
        except OSError as error:
            raise SetupError(f"{path} cannot be read ({error.strerror}).") from error
        if scripts is None:
            scripts = read
        else:
            scripts.scenarios |= read.scenarios
            scripts.origins.places |= read.origins.places
            scripts.problems += read.problems
    assert scripts is not None  # `what` names at least one
    return scripts


def _checked(library: Library, content: Path | None, what: tuple[str, ...]) -> tuple[list[Problem], list[Story]]:
    from bot.checks.scenarios import problems_of_scripts  # noqa: PLC0415
    from bot.scenarios.story import Story  # noqa: PLC0415

    scripts = _scripts(content, what)
    problems = sorted(set(problems_of_scripts(library, scripts)))
    return problems, [Story(scenario) for scenario in scripts.scenarios.values()]


def _story(library: Library, content: Path | None, what: str) -> Story:
    """Return one sound exercise; raises ContentError with all its problems."""
    problems, stories = _checked(library, content, (what,))
    if problems or not stories:
        raise ContentError(problems)
    return stories[0]
