"""Receipts and exports as text and pages: layout of what the record holds, word for word."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from bot.advice_log.records import export_rows, receipt
from bot.clock import shown_twice
from bot.library import Library
from bot.signing import standing
from bot.wording import cite, page

if TYPE_CHECKING:
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
    library = library_of(log, held.content_version)
    return page(template, **_values(held, library))


def library_of(log: AdviceLog, version: str) -> Library | None:
    """Return the content a session was advised from; None if it is no longer as it was."""
    compiled = log.compiled(version)
    try:
        return Library.from_compiled(compiled, version) if compiled is not None else None
    except ValueError:
        return None


def _values(held: Receipt, library: Library | None) -> dict[str, Any]:
    cited = dict.fromkeys(source for turn in held.turns for said in turn.said for source in said.sources)
    sources = [cite(library, source) for source in cited if library is not None and source in library.sources]
    return {
        "receipt": held,
        "turns": [turn for turn in held.turns if turn.said],
        "when": shown_twice,
        "sources": sources,
        "limits": _standing(library, held) if library is not None else "",
        "area": library.areas[held.area].name if library is not None and held.area in library.areas else held.area,
    }


def _standing(library: Library, held: Receipt) -> str:
    """Say of each flow that was gone through whether it was approved as it then stood."""
    flows = dict.fromkeys(turn.flow for turn in held.turns if turn.flow in library.flows)
    if not flows:
        return library.lines["draft"].text
    if len(flows) == 1:
        return standing(library, library.flows[next(iter(flows))])
    return " ".join(f"{library.flows[flow].title}: {standing(library, library.flows[flow])}" for flow in flows)


def export(log: AdviceLog, form: str, code: str | None = None) -> str:
    """Return all advice, or one receipt's, as JSON, CSV or an HTML table."""
    rows = list(export_rows(log, code))
    if form == "json":
        return json.dumps(rows, ensure_ascii=False, indent=2)
    if form == "csv":
        out = io.StringIO()
        writer = csv.DictWriter(out, fieldnames=EXPORT_COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue()
    return page("export.html.j2", rows=rows, columns=EXPORT_COLUMNS)


EXPORT_COLUMNS = (
    "receipt",
    "label",
    "at",
    "flow",
    "step",
    "kind",
    "words",
    "sources",
    "urgency",
    "content_version",
    "overtaken",
)
