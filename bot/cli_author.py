"""Commands for whoever writes and approves flows: new, preview, sign, correct, transcript."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from bot.cli_shared import Commands, area_option, content_option, db_option, known_flow, library_of, put, read_log
from bot.errors import SetupError

HOURS = {"day": "in_hours", "night": "out_of_hours", "unknown": "unknown"}


@click.group(cls=Commands)
def new() -> None:
    """Begin a new file of content."""


@new.command("flow")
@content_option
@click.option("--title", required=True, help="What stands in the menu, at most 34 letters.")
@click.argument("name")
def new_flow_command(name: str, title: str, content: Path | None) -> None:
    """Begin a flow: a whole one that passes every check, to be changed into the one that is wanted."""
    from bot.checks import check_content  # noqa: PLC0415 - commands load only what they need
    from bot.reading import content_root  # noqa: PLC0415
    from bot.writing import new_file, new_flow  # noqa: PLC0415

    library = library_of(content)
    path = new_file("flow", name, new_flow(library, name, title), content)
    wrong = [
        problem for problem in check_content(content or content_root())[1] if problem.file.endswith(f"/{path.name}")
    ]
    if wrong:
        path.unlink()
        raise SetupError(
            f"With that title or id it would not pass ({wrong[0].says}) Nothing was written; choose another."
        )
    click.echo(f"Wrote {path}. Change it, and watch it as you do: thinkchild preview {name}")


@click.command()
@content_option
@area_option
@click.option(
    "--hours", type=click.Choice(list(HOURS)), default="day", show_default=True, help="As if offices were open or shut."
)
@click.argument("flow")
def preview(flow: str, content: Path | None, area: str, hours: str) -> None:
    """Talk through a flow while it is edited: a saved file is read at once, and answers given so far are kept."""
    from bot.channels.terminal_preview import run  # noqa: PLC0415
    from bot.models import Moment  # noqa: PLC0415
    from bot.preview import Preview  # noqa: PLC0415
    from bot.reading import content_root  # noqa: PLC0415

    run(Preview(content or content_root(), flow, area, Moment(HOURS[hours])))


@click.command()
@content_option
@click.option("--name", required=True, help="Who approves it.")
@click.option("--role", required=True, help="In which role, for instance 'designated safeguarding lead'.")
@click.option("--on", "day", default=None, help="On which day (YYYY-MM-DD); today if left out.")
@click.argument("flow")
def sign(flow: str, name: str, role: str, day: str | None, content: Path | None) -> None:
    """Record who approved a flow as it stands: its words, shared steps, sources and actions."""
    from bot.signing import digest_of, signature_of  # noqa: PLC0415
    from bot.writing import add_signature  # noqa: PLC0415

    library = library_of(content)
    known_flow(library, flow)
    on, name, role = _approver(day, name, role)
    standing = signature_of(library, flow)
    path = add_signature(
        content, {"flow": flow, "digest": digest_of(library, flow), "name": name, "role": role, "on": on}
    )
    again = f" It was signed before, by {standing.name} on {standing.on}." if standing else ""
    click.echo(f"Signed {flow} as it stands (in {path}).{again} Any change makes it a draft again.")


@click.command()
@content_option
@click.option("--name", required=True, help="Who answers for it.")
@click.option("--role", required=True, help="In which role, for instance 'designated safeguarding lead'.")
@click.option("--source", "sources", multiple=True, required=True, help="What it rests on; may be given several times.")
@click.argument("what")
def correct(what: str, name: str, role: str, sources: tuple[str, ...], content: Path | None) -> None:
    """Say what an urgent correction changed: whoever is in the middle is told, and goes on with the corrected words.

    Mend the words first, and start the service anew afterwards. Each open conversation then goes over to them when the person
    next answers a question: it says again what has other words now, and asks again; where more changed, the flow begins again.
    """
    from bot.checks import problems_of  # noqa: PLC0415
    from bot.library import Library, Origins  # noqa: PLC0415
    from bot.models import Line  # noqa: PLC0415
    from bot.signing import signature_of  # noqa: PLC0415
    from bot.writing import add_correction  # noqa: PLC0415

    library = library_of(content)
    on, name, role = _approver(None, name, role)
    what = " ".join(what.split())
    if not re.search(r"\w", what) or not what.isprintable():
        raise SetupError("Say in a sentence what was wrong and is right now: people in the middle are told just that.")
    unknown = [source for source in sources if source not in library.sources]
    if unknown:
        raise SetupError(f"'{unknown[0]}' is no source in knowledge/: see 'thinkchild search' or 'thinkchild sources'.")
    begins = f"corrected_{on.replace('-', '_')}_"
    used = [int(one.removeprefix(begins)) for one in library.lines if re.fullmatch(rf"{begins}\d{{1,9}}", one)]
    row: dict[str, object] = {
        "id": f"{begins}{max(used, default=0) + 1}",
        "text": what,
        "sources": list(sources),
        "corrected": {"name": name, "role": role, "on": on},
    }
    lines = (*library.content.lines, Line.model_validate(row))
    after = Library(library.content.model_copy(update={"lines": lines}))
    wrong = [problem for problem in problems_of(after, Origins()) if problem.file == "lines"]
    if wrong:
        raise SetupError(f"In these words it would not pass: {wrong[0].says} Nothing was written; say it otherwise.")
    path = add_correction(content, row)
    click.echo(
        f"Kept (in {path}). From the next start on, whoever is in the middle of a conversation is told this, and goes on with "
        "the guidance as it is now."
    )
    signed = {one.flow for one in library.content.signatures if one.flow in library.flows}
    lapsed = sorted(flow for flow in signed if signature_of(library, flow) is None)
    if lapsed:
        click.echo(f"Drafts again by what was changed, until they are signed: {', '.join(lapsed)}.")


def _approver(day: str | None, name: str, role: str) -> tuple[str, str, str]:
    """Return the day, the name and the role of somebody who answers for words; raises SetupError where one is none."""
    from bot.clock import is_day  # noqa: PLC0415

    on = day or datetime.now(UTC).date().isoformat()
    if not is_day(on):
        raise SetupError(f"'{on}' is no day: write it as 2026-11-21.")
    if on > datetime.now(UTC).date().isoformat():
        raise SetupError(f"{on} is still to come: sign on the day, or leave --on out.")
    name, role = " ".join(name.split()), " ".join(role.split())
    if not all(re.search(r"\w", said) and len(said) <= 60 and said.isprintable() for said in (name, role)):  # noqa: PLR2004 - as the model has it
        raise SetupError("A name and a role are needed, each of at most 60 plain letters.")
    return on, name, role


@click.group(cls=Commands)
def transcript() -> None:
    """Example conversations that run as tests: hold them, or make one from a receipt."""


@transcript.command("run")
@content_option
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
def transcript_run(files: tuple[Path, ...], content: Path | None) -> None:
    """Hold example conversations, and say what was not as they say."""
    from bot.examples import parse, run  # noqa: PLC0415

    library = library_of(content)
    failed = 0
    for file in files:
        found = run(parse(file.read_text(encoding="utf-8"), file.name), library)
        failed += bool(found)
        click.echo(f"{file}: {'as it says' if not found else ''}")
        for line in found:
            click.echo(f"    {line}")
    if failed:
        click.echo(f"{failed} of {len(files)} did not go as they say.", err=True)
        sys.exit(2)


@transcript.command("new")
@db_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Write to this file instead of printing.",
)
@click.argument("receipt")
def transcript_new(receipt: str, db: Path | None, out: Path | None) -> None:
    """Turn a receipt into an example conversation, to be looked over and kept."""
    from bot.advice_log import receipt as held  # noqa: PLC0415
    from bot.from_receipt import written  # noqa: PLC0415
    from bot.pages import library_of as kept  # noqa: PLC0415

    log = read_log(db)
    found = held(log, receipt)
    if found is None:
        raise SetupError(
            f"There is no receipt {receipt!r} in this record: see 'thinkchild log list', or name another file with --db."
        )
    library = kept(log, found.content_version)
    if library is None or found.erased:
        raise SetupError(f"The words of receipt {receipt!r} are no longer all there: no example can be made of it.")
    put(written(found, library), out)


AUTHOR: tuple[click.Command, ...] = (new, preview, sign, correct, transcript)
