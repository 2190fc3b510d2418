"""The command line: it opens what a command needs, and says what went wrong in one sentence."""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

import click

from bot import __version__
from bot.cli_author import AUTHOR
from bot.cli_content import CONTENT
from bot.cli_doctor import OPERATOR
from bot.cli_exercise import exercise
from bot.cli_health import health
from bot.cli_knowledge import KNOWLEDGE
from bot.cli_log import log
from bot.cli_model import model
from bot.cli_nlu import NLU
from bot.cli_people import people
from bot.cli_rasa import rasa
from bot.cli_serve import serve
from bot.cli_shared import (
    Commands,
    area_option,
    content_option,
    db_option,
    default_db,
    door_options,
    known_flow,
    library_of,
)
from bot.errors import ContentError, SetupError, ThinkchildError, one_sentence

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.advice_log import AdviceLog
    from bot.door import Rules

UNUSABLE = 2


def _open_log(db: Path | None) -> AdviceLog:
    from bot.advice_log import AdviceLog  # noqa: PLC0415 - commands load only what they need

    return AdviceLog.open(db or default_db())


def learn_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--learn` to a command that converses."""
    return click.option(
        "--learn",
        envvar="THINKCHILD_LEARN",
        is_flag=True,
        help="Where words were not understood, ask whether a lead may see them ('thinkchild nlu review').",
    )(command)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="thinkchild")
def cli() -> None:
    """Guidance for people who work with children in England: danger first, every line sourced."""


@cli.command()
@db_option
@area_option
@click.option("--flow", default=None, help="Begin with this flow, for instance mark_on_child.")
@click.option("--person", default="me", show_default=True, help="Whose conversation it is; kept only as a pseudonym.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line in and out, for programs.")
@click.option(
    "--require-signed",
    envvar="THINKCHILD_REQUIRE_SIGNED",
    is_flag=True,
    help="Offer only flows that a lead has signed as they stand.",
)
@learn_option
def chat(
    db: Path | None, area: str, flow: str | None, person: str, *, as_json: bool, require_signed: bool, learn: bool
) -> None:
    """Talk it through, here in the terminal; carries on where you stopped."""
    from bot.session import Desk  # noqa: PLC0415
    from bot.startup import open_library, second_matcher  # noqa: PLC0415

    log = _open_log(db)
    library = open_library(log)
    if flow is not None:
        known_flow(library, flow)
    nlu = second_matcher(library)
    desk = Desk(log, library, area=area, channel="terminal", require_signed=require_signed, nlu=nlu, learn=learn)
    if as_json:
        from bot.channels.jsonl import converse  # noqa: PLC0415

        converse(desk, desk.person(person), sys.stdin, sys.stdout, flow=flow)
    else:
        from bot.channels.terminal import run  # noqa: PLC0415

        run(desk, desk.person(person), flow)


@cli.command()
@db_option
@area_option
@click.option(
    "--require-signed",
    envvar="THINKCHILD_REQUIRE_SIGNED",
    is_flag=True,
    help="Offer only flows that a lead has signed as they stand.",
)
@learn_option
@door_options
def telegram(db: Path | None, area: str, *, require_signed: bool, learn: bool, rules: Rules) -> None:
    """Answer on Telegram (needs TELEGRAM_BOT_TOKEN)."""
    from bot.channels.telegram import run, settings  # noqa: PLC0415

    given = settings(os.environ)
    sys.exit(run(db or default_db(), area, given, require_signed=require_signed, learn=learn, rules=rules))


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a text.")
@click.option(
    "--file",
    "file",
    type=click.File("r", encoding="utf-8"),
    default=None,
    help="One text a line, or JSON lines {\"text\": ...}; '-' for standard input.",
)
@content_option
@click.argument("text", nargs=-1)
def route(file: Any, text: tuple[str, ...], content: Path | None, *, as_json: bool) -> None:  # noqa: ANN401 - an open text file
    """Say where a message would lead, without starting a conversation."""
    from bot.kept import KeptWeights  # noqa: PLC0415
    from bot.matching import Advised  # noqa: PLC0415
    from bot.routing import matcher_of, routed  # noqa: PLC0415
    from bot.startup import second_matcher  # noqa: PLC0415

    if bool(text) == (file is not None):
        raise SetupError("Give a text to route, or a file with --file, and not both.")
    library = library_of(content)
    own, nlu = matcher_of(library, KeptWeights()), second_matcher(library)
    matcher = own if nlu is None else Advised(own, nlu.ask)
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


for command in (exercise, people, serve, health, *OPERATOR, rasa, log, model, *KNOWLEDGE, *CONTENT, *AUTHOR, *NLU):
    cli.add_command(command)


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
        _fail(f"Error: {one_sentence(error.format_message())}")
    except ContentError as error:
        _fail(str(error))
    except ThinkchildError as error:
        _fail(f"Error: {one_sentence(str(error))}")
    except UnicodeDecodeError:
        _fail("Error: The file is not UTF-8 text: save it as UTF-8 and try again.")
    except (KeyboardInterrupt, click.Abort):
        click.echo("Stopped; what was said is kept.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        _leave_quietly(0)
    except OSError as error:
        if error.filename is not None:  # a file that was named, and not the output
            _fail(f"Error: {one_sentence(f'{error.filename} cannot be used ({error.strerror}): name another.')}")
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
