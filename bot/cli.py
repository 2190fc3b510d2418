"""The command line: it opens what a command needs, and says what went wrong in one sentence."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot import __version__
from bot.errors import ContentError, SetupError, ThinkchildError, near_miss

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.advice_log import AdviceLog
    from bot.library import Library

UNUSABLE = 2


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


def _db_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--db",
        type=click.Path(path_type=Path, dir_okay=True),
        envvar="THINKCHILD_DB",
        default=None,
        help="The file that keeps the record (default: thinkchild.db in your data folder).",
    )(command)


def _area_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--area",
        envvar="THINKCHILD_AREA",
        default="england",
        show_default=True,
        help="The area pack whose numbers and hours are used.",
    )(command)


def default_db() -> Path:
    """Return where the record is kept when nobody says otherwise."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "thinkchild" / "thinkchild.db"


def _open_log(db: Path | None, *, must_exist: bool = False) -> AdviceLog:
    from bot.advice_log import AdviceLog  # noqa: PLC0415 - commands load only what they need

    path = db or default_db()
    if must_exist and not path.exists():
        raise SetupError(
            f"There is no record at {path} yet: begin with 'thinkchild chat', or name another file with --db."
        )
    return AdviceLog.open(path)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="thinkchild")
def cli() -> None:
    """Guidance for people who work with children in England: danger first, every line sourced."""


@cli.command()
@_db_option
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
@_db_option
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


@cli.group(cls=Commands)
def log() -> None:
    """Read the record of what was advised."""


@log.command("list")
@_db_option
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1))
@click.option("--json", "as_json", is_flag=True)
def log_list(db: Path | None, limit: int, *, as_json: bool) -> None:
    """List the latest sessions."""
    from bot.advice_log import sessions  # noqa: PLC0415
    from bot.clock import read, shown  # noqa: PLC0415

    found = [one for one in sessions(_open_log(db, must_exist=True), limit=limit) if one.flows]
    if as_json:
        keys = ("receipt", "label", "began_at", "last_at", "flows", "turns", "urgency", "closed")
        click.echo(json.dumps([{key: getattr(one, key) for key in keys} for one in found], indent=2))
        return
    if not found:
        click.echo("Nothing has been advised yet.")
    for one in found:
        state = "finished" if one.closed else "open"
        click.echo(
            f"{one.receipt}  {shown(read(one.last_at)):18} {one.label:18} {one.flows}  {one.urgency or '-'}  {state}"
        )


@log.command("show")
@_db_option
@click.argument("code")
def log_show(db: Path | None, code: str) -> None:
    """Show one session in brief: what was answered, and what there was to do."""
    from bot.advice_log import receipt  # noqa: PLC0415

    held = receipt(_open_log(db, must_exist=True), code)
    if held is None:
        raise _no_receipt(code)
    click.echo(f"{held.receipt}  {held.label}  {held.area}  begun {held.began_at}  version {held.content_version[:12]}")
    for turn in held.turns:
        kinds = ", ".join(f"{said.kind}{' (overtaken)' if said.overtaken else ''}" for said in turn.said)
        click.echo(f"{turn.n:3}  {turn.at}  {turn.event} {turn.given!r}: {kinds}")


def _no_receipt(code: str) -> SetupError:
    return SetupError(
        f"There is no receipt {code!r} in this record: see 'thinkchild log list', or name another file with --db."
    )


@log.command("receipt")
@_db_option
@click.argument("code")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Write a page to print or attach; '-' prints it.",
)
def log_receipt(db: Path | None, code: str, html: Path | None) -> None:
    """Reprint a session word for word, with times, sources and what was answered."""
    from bot.pages import receipt_page, receipt_text  # noqa: PLC0415

    held = _open_log(db, must_exist=True)
    text = receipt_text(held, code) if html is None else receipt_page(held, code)
    if text is None:
        raise _no_receipt(code)
    _put(text, html)


def _put(text: str, path: Path | None) -> None:
    """Print a text, or write it to a file and say so."""
    if path is None or str(path) == "-":
        click.echo(text)
        return
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise SetupError(f"{path} cannot be written ({error.strerror}): name another file.") from error
    click.echo(f"Wrote {path}.")


@log.command("verify")
@_db_option
def log_verify(db: Path | None) -> None:
    """Prove that no row of the record was changed, removed or added out of turn."""
    from bot.advice_log import verify  # noqa: PLC0415
    from bot.advice_log.opening import readable  # noqa: PLC0415

    held = _open_log(db, must_exist=True)
    with readable(held.path):
        count, broken = verify(held.connection)
    if broken is not None:
        click.echo(f"The record is broken at {broken}.", err=True)
        sys.exit(UNUSABLE)
    click.echo(f"The record holds: {count:,} rows, none changed.")


@log.command("export")
@_db_option
@click.option("--format", "form", type=click.Choice(["json", "csv", "html"]), default="json", show_default=True)
@click.option("--receipt", "code", default=None, help="Only this session.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None)
def log_export(db: Path | None, form: str, code: str | None, out: Path | None) -> None:
    """Write every line of advice as JSON, CSV or a page."""
    from bot.advice_log import receipt  # noqa: PLC0415
    from bot.pages import export  # noqa: PLC0415

    held = _open_log(db, must_exist=True)
    if code is not None and receipt(held, code) is None:
        raise _no_receipt(code)
    _put(export(held, form, code), out)


def main() -> None:
    """Run a command; whatever a person can put right is one sentence and exit code 2, never a traceback."""
    try:
        cli(standalone_mode=False)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        click.echo(f"Error: {error.format_message()}", err=True)
        sys.exit(UNUSABLE)
    except ContentError as error:
        click.echo(str(error), err=True)
        sys.exit(UNUSABLE)
    except ThinkchildError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(UNUSABLE)
    except (KeyboardInterrupt, click.Abort):
        click.echo("Stopped; what was said is kept.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output has gone. Point standard output nowhere, so that the exit is quiet.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


if __name__ == "__main__":
    main()
