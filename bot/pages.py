"""Receipts and exports as text and pages: layout of what the record holds, word for word."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from bot.advice_log.exporting import COLUMNS, flat
from bot.advice_log.records import receipt
from bot.cases import marks_said
from bot.chasing import trail_said
from bot.clock import read, shown, shown_twice
from bot.library import Library
from bot.signing import standing
from bot.wording import cite, page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.advice_log import AdviceLog, Receipt


def receipt_page(log: AdviceLog, code: str) -> str | None:
    """Return a receipt as an HTML page fit to print, with blank lines for what is written by hand; None if unknown."""
    return _receipt(log, code, "receipt.html.j2")


def receipt_text(log: AdviceLog, code: str) -> str | None:
    """Return a receipt as plain text, every line as it was said; None if there is no such receipt."""
    return _receipt(log, code, "receipt.txt.j2")


def _receipt(log: AdviceLog, code: str, template: str) -> str | None:
    held = receipt(log, code)
    if held is None:
        return None
    # More than one where an urgent correction came in the middle; the last says how it stands.
    versions = list(dict.fromkeys((held.content_version, *(turn.content_version for turn in held.turns))))
    libraries = {version: library for version in versions if (library := library_of(log, version)) is not None}
    return page(template, **_values(held, libraries), versions=versions, since=standing_notes(log, held.session))


def standing_notes(log: AdviceLog, session: str) -> tuple[str, ...]:
    """Return what has become of a session's advice: what changed since, and its reminders, in order."""
    return (*marks_said(log, session), *trail_said(log, session))


def library_of(log: AdviceLog, version: str) -> Library | None:
    """Return the content a session was advised from; None if it is no longer as it was."""
    compiled = log.compiled(version)
    try:
        return Library.from_compiled(compiled, version) if compiled is not None else None
    except ValueError:
        return None


def _values(held: Receipt, libraries: Mapping[str, Library]) -> dict[str, Any]:
    library = next(reversed(list(libraries.values())), None)
    cited = dict.fromkeys(source for turn in held.turns for said in turn.said for source in said.sources)
    known = ((source, next((one for one in libraries.values() if source in one.sources), None)) for source in cited)
    sources = [cite(one, source) for source, one in known if one is not None]
    return {
        "receipt": held,
        "turns": [turn for turn in held.turns if turn.said],
        "when": shown_twice,
        "sources": sources,
        "limits": _standing(libraries, held),
        "area": library.areas[held.area].name if library is not None and held.area in library.areas else held.area,
    }


def _standing(libraries: Mapping[str, Library], held: Receipt) -> str:
    """Say of each flow that was gone through whether it was approved as it then stood, on each version it was gone through."""
    gone = dict.fromkeys((turn.content_version, turn.flow) for turn in held.turns)
    told = dict.fromkeys(
        (libraries[version].flows[flow].title, standing(libraries[version], libraries[version].flows[flow]))
        for version, flow in gone
        if version in libraries and flow in libraries[version].flows
    )
    if not told:
        return next((library.lines["draft"].text for library in libraries.values()), "")
    if len(told) == 1:
        return next(iter(told))[1]
    return " ".join(f"{title}: {says}" for title, says in told)


def export(held: Mapping[str, Any], form: str) -> str:
    """Return a bundle as JSON, as one CSV table, or as a page; times in UTC, and on the page and in the table also London's."""
    if form == "json":
        return json.dumps({**held, "about": ABOUT}, ensure_ascii=False, indent=2)
    rows = [{**row, "london": _london(row["at"])} for row in flat(held)]
    if form == "csv":
        out = io.StringIO()
        writer = csv.DictWriter(out, fieldnames=EXPORT_COLUMNS)
        writer.writeheader()
        writer.writerows({key: plainly(value) for key, value in row.items()} for row in rows)
        return out.getvalue()
    return page("export.html.j2", rows=rows, columns=EXPORT_COLUMNS, head=held["head"], about=ABOUT)


def _london(at: str | None) -> str | None:
    return shown(read(at)) if at else None


def plainly(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula: one that looks like one gets an apostrophe before it."""
    if isinstance(value, str) and (value[:1] in CONTROLS or value.lstrip()[:1] in FORMULA) and value:
        return f"'{value}"
    return value


CONTROLS = frozenset("\t\r\n")
FORMULA = frozenset("=+-@|%")
"""What a cell may not begin with, spaces or none before it."""
ABOUT = (
    "All that this record holds of these sessions, and of the person if one was named. Times are UTC; 'london' is the same "
    "time as it was there. Typed words are not kept, only the answers they were taken for. Where somebody can be reached is "
    "kept so that reminders arrive, and is not exported. Exercises are kept apart, under another pseudonym."
)
EXPORT_COLUMNS = (*COLUMNS[:3], "london", *COLUMNS[3:])
