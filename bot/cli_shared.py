"""What the commands share: a group that names the near miss, where the record is, and opening it to read."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.errors import SetupError, ThinkchildError, near_miss

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.advice_log import AdviceLog
    from bot.library import Library
    from bot.models import Flow


class Commands(click.Group):
    """A group that names the near miss of a mistyped command."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, or say which one was probably meant."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            known = self.list_commands(ctx)
            raise click.UsageError(
                f"There is no command '{args[0]}'; there are: {', '.join(known)}." + near_miss(args[0], known), ctx
            )
        return super().resolve_command(ctx, args)


def db_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--db` to a command, and say in one sentence what a damaged record does to it."""
    return click.option(
        "--db",
        type=click.Path(path_type=Path, dir_okay=True),
        envvar="THINKCHILD_DB",
        default=None,
        help="The file that keeps the record (default: thinkchild.db in your data folder).",
    )(says_when_damaged(command))


def says_when_damaged(command: Callable[..., Any]) -> Callable[..., Any]:
    """Make a command on the record end with one sentence where a damaged record made it fail.

    It is looked for only then: what fails on a record that proves itself is a mistake of ours, and stays one.
    """

    @functools.wraps(command)
    def run(*args: Any, **given: Any) -> Any:  # noqa: ANN401 - whatever the command takes
        try:
            return command(*args, **given)
        except (ThinkchildError, click.ClickException, click.Abort, click.exceptions.Exit, OSError):
            raise
        except Exception as error:
            from bot.advice_log.copying import proven  # noqa: PLC0415 - only where something failed
            from bot.advice_log.opening import readable  # noqa: PLC0415 - as above

            path = given.get("db") or default_db()
            if path.exists():
                proven(path)
            with readable(path):
                raise error from None

    return run


def default_db() -> Path:
    """Return where the record is kept when nobody says otherwise."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "thinkchild" / "thinkchild.db"


def read_log(db: Path | None) -> AdviceLog:
    """Open the record to read it only: a copy will do, without its key, on a disk that cannot be written."""
    from bot.advice_log import AdviceLog  # noqa: PLC0415

    path = db or default_db()
    if not path.exists():
        raise SetupError(
            f"There is no record at {path} yet: begin with 'thinkchild chat', or name another file with --db."
        )
    return AdviceLog.read(path)


def area_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--area` to a command."""
    return click.option(
        "--area",
        envvar="THINKCHILD_AREA",
        default="england",
        show_default=True,
        help="The area pack whose numbers and hours are used.",
    )(command)


def serving_options(port: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add what a command needs that listens: where, with which token, and what it offers."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in (
            click.option(
                "--require-signed",
                envvar="THINKCHILD_REQUIRE_SIGNED",
                is_flag=True,
                help="Offer only flows that a lead has signed as they stand.",
            ),
            click.option(
                "--token-file",
                envvar="THINKCHILD_TOKEN_FILE",
                type=click.Path(path_type=Path),
                default=None,
                help="A file, mode 600, with the token that callers show as 'Authorization: Bearer'.",
            ),
            click.option(
                "--port", default=port, show_default=True, type=click.IntRange(0, 65535), help="0: any free one."
            ),
            click.option(
                "--host", default="127.0.0.1", show_default=True, help="Any but this machine needs --token-file."
            ),
        ):
            command = option(command)
        return command

    return add


def door_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add who may use a service, and how fast; the command gets `rules`."""
    from bot.door import PER_MINUTE, Rules  # noqa: PLC0415

    @click.option(
        "--access",
        envvar="THINKCHILD_ACCESS",
        type=click.Choice(["enrolled", "open"]),
        default="enrolled",
        show_default=True,
        help="Who may use it: those who were invited ('thinkchild people'), or anybody who finds it.",
    )
    @click.option(
        "--per-minute",
        envvar="THINKCHILD_PER_MINUTE",
        type=click.IntRange(0),
        default=PER_MINUTE,
        show_default=True,
        help="How much one person may send in a minute; 0 for no limit.",
    )
    @functools.wraps(command)
    def with_rules(access: str, per_minute: int, **given: Any) -> Any:  # noqa: ANN401 - whatever the command takes
        return command(rules=Rules(access == "open", per_minute), **given)

    return with_rules


def content_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--content` to a command."""
    return click.option(
        "--content",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        default=None,
        help="Another folder with dialogues/ and knowledge/.",
    )(command)


def library_of(content: Path | None) -> Library:
    """Return the checked library of a folder, or of our own content; raises ContentError with every problem."""
    from bot.checks import load  # noqa: PLC0415
    from bot.reading import content_root  # noqa: PLC0415

    return load(content or content_root())


def known_flow(library: Library, flow: str) -> Flow:
    """Return a flow by its id; raises SetupError, with the near miss, when there is none."""
    if flow not in library.flows:
        raise SetupError(
            f"There is no flow '{flow}'; there are: {', '.join(library.flows)}." + near_miss(flow, library.flows)
        )
    return library.flows[flow]


def put(text: str, path: Path | None) -> None:
    """Print a text, or write it to a file and say so; raises SetupError when it cannot be written."""
    if path is None or str(path) == "-":
        click.echo(text)
        return
    try:
        path.write_text(text + ("" if text.endswith("\n") else "\n"), encoding="utf-8")
    except OSError as error:
        raise SetupError(f"{path} cannot be written ({error.strerror}): name another file.") from error
    click.echo(f"Wrote {path}.")
