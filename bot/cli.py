"""The command line: it opens what a command needs, and says what went wrong in one sentence."""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from bot import __version__
from bot.cli_log import log
from bot.cli_shared import Commands, db_option, default_db
from bot.errors import ContentError, SetupError, ThinkchildError, near_miss

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.advice_log import AdviceLog
    from bot.library import Library

UNUSABLE = 2


def _area_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--area",
        envvar="THINKCHILD_AREA",
        default="england",
        show_default=True,
        help="The area pack whose numbers and hours are used.",
    )(command)


def _open_log(db: Path | None) -> AdviceLog:
    from bot.advice_log import AdviceLog  # noqa: PLC0415 - commands load only what they need

    return AdviceLog.open(db or default_db())


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="thinkchild")
def cli() -> None:
    """Guidance for people who work with children in England: danger first, every line sourced."""


@cli.command()
@db_option
@_area_option
@click.option("--flow", default=None, help="Begin with this flow, for instance mark_on_child.")
@click.option("--person", default="me", show_default=True, help="Whose conversation it is; kept only as a pseudonym.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line in and out, for programs.")
def chat(db: Path | None, area: str, flow: str | None, person: str, *, as_json: bool) -> None:
    """Talk it through, here in the terminal; carries on where you stopped."""
    from bot.session import Desk  # noqa: PLC0415
    from bot.startup import open_library  # noqa: PLC0415

    log = _open_log(db)
    library = open_library(log)
    _known_flow(library, flow)
    desk = Desk(log, library, area=area, channel="terminal")
    if as_json:
        from bot.channels.jsonl import converse  # noqa: PLC0415

        converse(desk, desk.person(person), sys.stdin, sys.stdout, flow=flow)
    else:
        from bot.channels.terminal import run  # noqa: PLC0415

        run(desk, desk.person(person), flow)


def _known_flow(library: Library, flow: str | None) -> None:
    if flow is not None and flow not in library.flows:
        raise SetupError(
            f"There is no flow '{flow}'; there are: {', '.join(library.flows)}." + near_miss(flow, library.flows)
        )


@cli.command()
@db_option
@_area_option
def telegram(db: Path | None, area: str) -> None:
    """Answer on Telegram (needs TELEGRAM_BOT_TOKEN)."""
    from bot.channels.telegram import run, settings  # noqa: PLC0415

    sys.exit(run(db or default_db(), area, settings(os.environ)))


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a text.")
@click.option(
    "--file",
    "file",
    type=click.File("r", encoding="utf-8"),
    default=None,
    help="One text a line, or JSON lines {\"text\": ...}; '-' for standard input.",
)
@click.argument("text", nargs=-1)
def route(file: Any, text: tuple[str, ...], *, as_json: bool) -> None:  # noqa: ANN401 - an open text file
    """Say where a message would lead, without starting a conversation."""
    from bot.checks import load  # noqa: PLC0415
    from bot.reading import content_root  # noqa: PLC0415
    from bot.routing import matcher_of, routed  # noqa: PLC0415

    if bool(text) == (file is not None):
        raise SetupError("Give a text to route, or a file with --file, and not both.")
    library = load(content_root())
    matcher = matcher_of(library)
    texts = [" ".join(text)] if text else [_text_of(line, place) for place, line in enumerate(file, 1) if line.strip()]
    for one in texts:
        found = routed(matcher, one)
        if as_json:
            click.echo(json.dumps(found, ensure_ascii=False))
        else:
            leads = found["flow"] or ", ".join(found["candidates"])
            click.echo(f"{found['decision']}: {leads} ({found['writer']})")


def _text_of(line: str, place: int) -> str:
    """Return the text of a line that is either plain, or a JSON object with a text."""
    line = line.rstrip("\n")
    if not line.lstrip().startswith("{"):
        return line
    try:
        data = json.loads(line)
    except ValueError:
        return line
    if isinstance(data, dict) and isinstance(data.get("text"), str):
        return str(data["text"])
    raise SetupError(f'Line {place} is a JSON object without a text: write {{"text": "..."}}.')


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="The problems as JSON.")
@click.option(
    "--content",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=None,
    help="Another folder with dialogues/ and knowledge/.",
)
def check(content: Path | None, *, as_json: bool) -> None:
    """Check all content, and prove the promises over every path."""
    from bot.checks import check_content  # noqa: PLC0415
    from bot.graph import Graph  # noqa: PLC0415
    from bot.reading import content_root  # noqa: PLC0415

    library, problems = check_content(content or content_root())
    if as_json:
        click.echo(
            json.dumps(
                [{"file": p.file, "line": p.line, "code": p.code, "says": p.says} for p in problems],
                ensure_ascii=False,
                indent=2,
            )
        )
    else:
        for problem in problems:
            click.echo(str(problem))
    if problems or library is None:
        click.echo(f"{len(problems)} problem{'s' if len(problems) != 1 else ''}.", err=True)
        sys.exit(UNUSABLE)
    if not as_json:
        paths = sum(Graph(library, flow).count() for flow in library.content.flows)
        click.echo(
            f"Clean: {len(library.flows)} flows with {paths:,} paths, every promise kept on each. Version {library.version[:12]}."
        )


@cli.command()
@click.option("--area", default=None, help="Show the numbers of this area too.")
def flows(area: str | None) -> None:
    """List the flows."""
    from bot.checks import load  # noqa: PLC0415
    from bot.reading import content_root  # noqa: PLC0415

    library = load(content_root())
    for flow in library.flows.values():
        click.echo(f"{flow.id:28} {flow.title}")
        click.echo(f"{'':28} {flow.about}")
    if area is not None:
        local = library.at(area, "").area
        assert local is not None  # `at` refuses an unknown area
        click.echo(f"\n{local.name}. {local.note}")
        for contact in local.contacts.values():
            click.echo(
                f"{contact.name:28} {contact.number or 'no number set'}  checked {contact.checked_on or 'never'}"
            )


@cli.command()
@click.argument("kind", required=False)
@click.option(
    "--write",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Write every schema into this folder.",
)
def schema(kind: str | None, write: Path | None) -> None:
    """Print the JSON Schema of a kind of content file, or of `chat --json` (kind: chat)."""
    from bot.channels.jsonl import chat_schema  # noqa: PLC0415
    from bot.files import schemas  # noqa: PLC0415

    made = schemas()
    if write is not None:
        write.mkdir(parents=True, exist_ok=True)
        for name, one in made.items():
            (write / f"{name}.schema.json").write_text(
                json.dumps(one, indent=1, sort_keys=True) + "\n", encoding="utf-8"
            )
        click.echo(f"Wrote {len(made)} schemas to {write}.")
        return
    known = [*made, "chat"]
    if kind not in known:
        raise SetupError(f"Name one of: {', '.join(known)}." + near_miss(kind or "", known))
    click.echo(json.dumps(chat_schema() if kind == "chat" else made[kind], indent=2))


cli.add_command(log)


def _plain_streams() -> None:
    """Make standard streams take any text: no name of an encoding may end a conversation."""
    if sys.stdin is None or sys.stdout is None:
        raise SetupError("There is no standard input or output here: run it in a terminal, or through a pipe.")
    for stream, errors in ((sys.stdin, "replace"), (sys.stdout, "backslashreplace"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)


def main() -> None:
    """Run a command; whatever a person can put right is one sentence and exit code 2, never a traceback."""
    try:
        _plain_streams()
        cli(standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        _fail(f"Error: {error.format_message()}")
    except ContentError as error:
        _fail(str(error))
    except ThinkchildError as error:
        _fail(f"Error: {error}")
    except UnicodeDecodeError:
        _fail("Error: The file is not UTF-8 text: save it as UTF-8 and try again.")
    except (KeyboardInterrupt, click.Abort):
        click.echo("Stopped; what was said is kept.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        _leave_quietly(0)
    except OSError as error:
        with suppress(OSError):
            click.echo(f"Error: The output cannot be written ({error.strerror or error}): send it elsewhere.", err=True)
        _leave_quietly(UNUSABLE)


def _fail(says: str) -> NoReturn:
    click.echo(says, err=True)
    sys.exit(UNUSABLE)


def _leave_quietly(code: int) -> NoReturn:
    """Leave when nobody reads our output any more: point it nowhere, so that the exit says nothing either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


if __name__ == "__main__":
    main()
