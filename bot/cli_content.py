"""Commands that prove and show the content: check, coverage, factcheck, draw, book, diff, flows, schema."""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli_shared import area_option, content_option, db_option, default_db, known_flow, library_of, put
from bot.errors import SetupError, near_miss

if TYPE_CHECKING:
    from bot.library import Library

UNUSABLE = 2
out_option = click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Write to this file instead of printing.",
)


@click.command()
@content_option
@area_option
@click.option("--json", "as_json", is_flag=True, help="The problems as JSON.")
@click.option(
    "--release",
    is_flag=True,
    help="Also ask that the area pack in use has a checked, unexpired emergency duty team number.",
)
@click.option(
    "--explain", "code", default=None, help="Say what one code means, and what to do; 'all' lists every code."
)
@click.option("--markdown", is_flag=True, hidden=True, help="With '--explain all': the page knowledge/codes.md.")
def check(content: Path | None, area: str, code: str | None, *, as_json: bool, release: bool, markdown: bool) -> None:
    """Check all content, and prove the promises over every path."""
    from bot.areas import release_problems  # noqa: PLC0415 - commands load only what they need
    from bot.checks import check_everything  # noqa: PLC0415
    from bot.errors import Problem  # noqa: PLC0415
    from bot.graph import Graph  # noqa: PLC0415
    from bot.reading import content_root  # noqa: PLC0415

    if code is not None:
        _explain(code, markdown=markdown)
        return
    library, problems = check_everything(content or content_root())
    if release and library is not None:
        today = datetime.now(UTC).date().isoformat()
        pack = library.at(area, today).area
        assert pack is not None  # `at` refuses an unknown area
        problems += [
            Problem(f"knowledge/areas/{area}.yaml", 1, "area_not_ready", says) for says in release_problems(pack, today)
        ]
    if as_json:
        found = [{"file": p.file, "line": p.line, "code": p.code, "says": p.says} for p in problems]
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for problem in problems:
            click.echo(f"{problem} [{problem.code}]")
    if problems or library is None:
        click.echo(f"{len(problems)} problem{'s' if len(problems) != 1 else ''}.", err=True)
        sys.exit(UNUSABLE)
    if not as_json:
        paths = sum(Graph(library, flow).count() for flow in library.content.flows)
        click.echo(
            f"Clean: {len(library.flows)} flows with {paths:,} paths, every promise kept on each. Version {library.version[:12]}."
        )


def _explain(code: str, *, markdown: bool = False) -> None:
    from bot.checks.codes import CODES, page  # noqa: PLC0415

    if code == "all" and markdown:
        # The mistakes are kept with the tests, in a checkout of the project; without them the page has no examples.
        folder = Path(__file__).parent.parent / "tests" / "bad_content"
        kept = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))}
        click.echo(page(kept), nl=False)
        return
    if code == "all":
        for known, (means, mend) in CODES.items():
            click.echo(f"{known}: {means} {mend}")
        return
    if code not in CODES:
        raise SetupError(
            f"There is no code '{code}': 'thinkchild check --explain all' lists them." + near_miss(code, CODES)
        )
    click.echo(" ".join(CODES[code]))


@click.command()
@content_option
@click.option("--json", "as_json", is_flag=True)
@click.option(
    "--by-flow", is_flag=True, help="Each flow with the sources it carries, instead of each source with its steps."
)
def coverage(content: Path | None, *, as_json: bool, by_flow: bool) -> None:
    """Map each learning point, fact and rule to the steps that carry it, and each flow to its sources."""
    from bot.checks import check_content  # noqa: PLC0415
    from bot.coverage import PARTS, carried_by  # noqa: PLC0415
    from bot.coverage import coverage as covered  # noqa: PLC0415
    from bot.reading import content_root  # noqa: PLC0415

    library, problems = check_content(content or content_root())
    if library is None:
        raise SetupError(f"The content cannot be read yet: {problems[0]}")
    found = covered(library)
    flows = carried_by(library)
    if as_json:
        sources = {
            one.item.id: {"part": one.part, "carried_by": one.carriers, "library_only": one.item.library_only}
            for one in found
        }
        click.echo(json.dumps({"sources": sources, "flows": flows}, ensure_ascii=False, indent=2))
    elif by_flow:
        for flow, cited in flows.items():
            click.echo(f"{flow} ({len(cited)}): {', '.join(cited)}")
    else:
        for one in found:
            said = ", ".join(one.carriers) or f"library only: {one.item.library_only or 'NOT EXPLAINED'}"
            click.echo(f"{one.item.id}: {said}")
        for part, name in PARTS.items():
            ours = [one for one in found if one.part == part]
            apart = sum(1 for one in ours if one.item.library_only and not one.carriers)
            lost = sum(1 for one in ours if not one.explained)
            click.echo(
                f"{len(ours)} {name}: {len(ours) - apart - lost} carried, {apart} in the library only with a reason, {lost} unexplained"
            )
    if any(not one.explained for one in found):
        sys.exit(UNUSABLE)


@click.command()
@content_option
@out_option
@click.option("--format", "form", type=click.Choice(["text", "html", "csv"]), default="text", show_default=True)
@click.argument("flow")
def factcheck(flow: str, form: str, content: Path | None, out: Path | None) -> None:
    """Show every distinct path of a flow to what it advises, as a table to read and sign."""
    from bot.book import factcheck_csv, factcheck_page, factcheck_text  # noqa: PLC0415

    library = library_of(content)
    made = {"text": factcheck_text, "html": factcheck_page, "csv": factcheck_csv}[form]
    put(made(library, known_flow(library, flow)), out)


@click.command()
@content_option
@out_option
@click.option("--format", "form", type=click.Choice(["svg", "mermaid", "dot"]), default="svg", show_default=True)
@click.argument("flow")
def draw(flow: str, form: str, content: Path | None, out: Path | None) -> None:
    """Draw a flow, or a block of shared steps, as a picture."""
    from bot.drawing import svg  # noqa: PLC0415
    from bot.picture import dot, mermaid  # noqa: PLC0415

    library = library_of(content)
    route = library.blocks[flow] if flow in library.blocks else known_flow(library, flow)
    put({"svg": svg, "mermaid": mermaid, "dot": dot}[form](library, route), out)


@click.command()
@content_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The page to write.")
@click.argument("flow", nargs=-1)
def book(flow: tuple[str, ...], content: Path | None, out: Path) -> None:
    """Write the book: every flow with picture, every way through it, sources and table; or only the flows named."""
    from bot.book import book as bound  # noqa: PLC0415

    library = library_of(content)
    chosen = [known_flow(library, name) for name in flow] or None
    put(bound(library, chosen), out)


@click.command()
@db_option
@click.argument("old")
@click.argument("new")
def diff(old: str, new: str, db: Path | None) -> None:
    """Say what changed between two contents: each a folder, a version of the record, or 'now' for what is here."""
    from bot.differences import differences  # noqa: PLC0415

    click.echo(differences(_content(old, db), _content(new, db)).as_text())


def _content(name: str, db: Path | None) -> Library:
    """Open a content by folder, by version (or the beginning of one), or as it is here now."""
    from bot.advice_log import AdviceLog  # noqa: PLC0415
    from bot.pages import library_of as kept  # noqa: PLC0415

    if name == "now":
        return library_of(None)
    if name and Path(name).is_dir():
        return library_of(Path(name))
    path = db or default_db()
    found: list[str] = []
    if re.fullmatch(r"[0-9a-f]{6,64}", name) and path.exists():
        log = AdviceLog.read(path)
        found = log.versions(name)
        if len(found) == 1 and (library := kept(log, found[0])) is not None:
            return library
    if len(found) > 1:
        raise SetupError(f"'{name}' begins more than one version: give more of it.")
    raise SetupError(
        f"'{name}' is neither a folder with content, nor a version kept in {path}, nor 'now': see the version on a receipt."
    )


@click.command()
@click.option("--area", default=None, help="Show the numbers of this area too.")
@click.option("--figures", is_flag=True, help="Steps, paths, taps and reading age of each instead.")
@content_option
def flows(area: str | None, content: Path | None, *, figures: bool) -> None:
    """List the flows, by the part of the menu they stand in."""
    from bot.asking import flows_in, groups_in_use  # noqa: PLC0415
    from bot.signing import signature_of  # noqa: PLC0415

    library = library_of(content)
    if figures:
        _figures(library)
        return
    for group in groups_in_use(library):
        click.echo(f"{group.says}:")
        for name in flows_in(library, group.id):
            flow = library.flows[name]
            marks = [mark for mark, on in (("signpost", flow.signpost), ("signed", signature_of(library, name))) if on]
            click.echo(" ".join((f"  {name:38} {flow.title}", *(f"({mark})" for mark in marks))))
            click.echo(f"  {'':38} {flow.about}")
    if area is not None:
        local = library.at(area, "").area
        assert local is not None  # `at` refuses an unknown area
        click.echo(f"\n{local.name}. {local.note}")
        for contact in local.contacts.values():
            click.echo(
                f"{contact.name:28} {contact.number or 'no number set'}  checked {contact.checked_on or 'never'}"
            )


def _figures(library: Library) -> None:
    from bot.figures import figures_of  # noqa: PLC0415

    click.echo(f"{'flow':38} {'own steps':>9} {'paths':>9} {'taps to do':>10} {'taps to end':>11} {'age':>5}")
    for flow in library.flows.values():
        one = figures_of(library, flow)
        click.echo(
            f"{one.flow:38} {one.own_steps:9} {one.paths:9,} {one.to_first:10} {one.to_end:11} {one.reading_age:5.1f}"
        )


@click.command()
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
        try:
            write.mkdir(parents=True, exist_ok=True)
            for name, one in made.items():
                text = json.dumps(one, indent=1, sort_keys=True) + "\n"
                (write / f"{name}.schema.json").write_text(text, encoding="utf-8")
        except OSError as error:
            raise SetupError(f"{write} cannot be written ({error.strerror}): name another folder.") from error
        click.echo(f"Wrote {len(made)} schemas to {write}.")
        return
    known = [*made, "chat"]
    if kind not in known:
        raise SetupError(f"Name one of: {', '.join(known)}." + near_miss(kind or "", known))
    click.echo(json.dumps(chat_schema() if kind == "chat" else made[kind], indent=2))


CONTENT: tuple[click.Command, ...] = (check, coverage, factcheck, draw, book, diff, flows, schema)
