"""What a lead reads and signs: the table of a flow (text, CSV, page) and the book of all flows, to print and leaf through."""

from __future__ import annotations

import csv
import io
import textwrap
from typing import TYPE_CHECKING, Any

from bot.asking import INTERRUPTS, groups_in_use
from bot.coverage import coverage
from bot.drawing import svg
from bot.factcheck import rows_of
from bot.graph import Graph
from bot.models import ActStep, AskStep, PromptsStep, RemindStep
from bot.navigation import END
from bot.outline import may_be_hidden
from bot.picture import kind_of
from bot.signing import cited_by, routes_of, standing
from bot.wording import cite, page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.factcheck import Row, Told
    from bot.library import Library
    from bot.models import Flow, Route

WIDTH = 100


def factcheck_text(library: Library, flow: Flow) -> str:
    """Return the table of a flow for a terminal: what there is to do once, by number, then a row for each way."""
    rows = rows_of(library, flow)
    numbers = _numbers(rows)
    lines = [f"{flow.title} ({flow.id}): {_paths(rows):,} paths in {len(rows)} rows. {standing(library, flow)}", ""]
    lines += ["What there is to do:"]
    for told, number in numbers.items():
        lines.append(
            textwrap.fill(f"{number}. {_told(library, told)}", WIDTH, initial_indent="  ", subsequent_indent="     ")
        )
    begun = ""
    for row in rows:
        if row.begun != begun:
            begun = row.begun
            lines += ["", f"== {begun[0].upper()}{begun[1:]}"]
        ways = " > ".join(" or ".join(answered.answers) for answered in row.answers) or "every way"
        lines.append("")
        lines.append(textwrap.fill(ways, WIDTH, subsequent_indent="    "))
        done = ", ".join(str(numbers[told]) for told in row.told)
        urgency = library.content.vocabulary.urgency[row.urgency] if row.urgency else "-"
        lines.append(f"    -> {done}   ({urgency}; {row.paths:,} path{'s' if row.paths != 1 else ''})")
    return "\n".join(lines)


def factcheck_csv(library: Library, flow: Flow) -> str:
    """Return the table of a flow as CSV: one row a way, its answers and its actions in one cell each."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["flow", "begun", "answers", "urgency", "to do", "paths"])
    for row in rows_of(library, flow):
        answers = " > ".join(f"{a.step.split('/', 1)[-1]}: {' or '.join(a.answers)}" for a in row.answers)
        writer.writerow(
            [flow.id, row.begun, answers, row.urgency or "", "; ".join(_told(library, t) for t in row.told), row.paths]
        )
    return out.getvalue()


def factcheck_page(library: Library, flow: Flow) -> str:
    """Return the table of a flow as a page to print and sign."""
    return page("factcheck.html.j2", flow=flow, table=_table(library, flow), standing=standing(library, flow))


def book(library: Library, flows: Iterable[Flow] | None = None) -> str:
    """Return a page with every flow: picture, every step and way on, sources, and table; needs the extra 'draw'."""
    chosen = tuple(flows) if flows is not None else tuple(library.flows.values())
    groups = [
        {"says": group.says, "flows": [_chapter(library, flow) for flow in chosen if flow.group == group.id]}
        for group in groups_in_use(library)
    ]
    routes = {name: route for flow in chosen for name, route in routes_of(library, flow).items()}
    # What can come before any step belongs to every flow: the 999 card, and the ways out for a child or a parent.
    routes |= {name: library.blocks[name] for name in INTERRUPTS if name in library.blocks}
    blocks = [_chapter(library, route) for name, route in routes.items() if name in library.blocks]
    cited = {source for route in routes.values() for step in route.steps for source in cited_by(step)}
    cited |= {source for line in library.content.lines for source in line.sources}
    sources = [cite(library, one.item.id) for one in coverage(library) if one.item.id in cited]
    return page(
        "book.html.j2",
        version=library.version,
        groups=[group for group in groups if group["flows"]],
        blocks=blocks,
        lines=library.content.lines,
        sources=sources,
    )


def _chapter(library: Library, route: Route) -> dict[str, Any]:
    """Return what the book says of one flow or block."""
    flow = library.flows.get(route.id)
    return {
        "route": route,
        "flow": flow,
        "standing": standing(library, flow) if flow else "",
        "picture": svg(library, route),
        "steps": [_step(library, route, place) for place in range(len(route.steps))],
        "table": _table(library, flow) if flow else None,
        "paths": Graph(library, flow).count() if flow else 0,
    }


def _step(library: Library, route: Route, place: int) -> dict[str, Any]:
    """Return one step with everything it says, and every way on from it, the default too."""
    step = route.steps[place]
    default = step.next or (route.steps[place + 1].id if place + 1 < len(route.steps) else END)
    onward = "the end of these steps" if default == END else default
    ways = []
    if isinstance(step, AskStep):
        ways = [
            (option.label, f"{library.routes[option.open].title}, and back" if option.open else option.next or onward)
            for option in step.options
        ]
        ways += [("several of these", onward)] if step.many else []
        ways += [("not asked", onward)] if may_be_hidden(step) else []
    words = library.content.vocabulary
    acts = (
        [(library.actors[a.who].says, words.by[a.by], a.text, a.sources, shown_if(a)) for a in step.act]
        if isinstance(step, ActStep)
        else []
    )
    return {
        "id": step.id,
        "kind": kind_of(step),
        "said": next(
            (
                getattr(step, key)
                for key in ("say", "share", "escalate", "ask", "remind", "close")
                if hasattr(step, key)
            ),
            getattr(step, "intro", ""),
        ),
        "calls": library.blocks[step.call] if hasattr(step, "call") else None,
        "acts": acts,
        "prompts": step.prompts if isinstance(step, PromptsStep) else (),
        "offers": [offer.label for offer in step.offers] if isinstance(step, RemindStep) else [],
        "ways": ways,
        "onward": onward,
        "shown_if": shown_if(step),
        "sources": tuple(dict.fromkeys(cited_by(step))),
    }


def shown_if(item: Any) -> str:  # noqa: ANN401 - a step or an action
    """Say in words when something is shown; empty when always."""
    parts = [f"only if {' or '.join(item.if_)}"] if item.if_ else []
    parts += [f"not if {' or '.join(item.unless)}"] if item.unless else []
    parts += [f"only {' or '.join(item.when)}"] if item.when else []
    return "; ".join(parts).replace("_", " ")


def _table(library: Library, flow: Flow) -> dict[str, Any]:
    rows = rows_of(library, flow)
    words = library.content.vocabulary.urgency
    numbers = _numbers(rows)
    return {
        "paths": _paths(rows),
        "told": [(number, _told(library, told)) for told, number in numbers.items()],
        "rows": [
            (
                row.begun,
                [" or ".join(a.answers) for a in row.answers],
                [numbers[t] for t in row.told],
                words[row.urgency] if row.urgency else "",
                row.paths,
            )
            for row in rows
        ],
    }


def _numbers(rows: Iterable[Row]) -> dict[Told, int]:
    return {told: n for n, told in enumerate(dict.fromkeys(t for row in rows for t in row.told), 1)}


def _paths(rows: Iterable[Row]) -> int:
    return sum(row.paths for row in rows)


def _told(library: Library, told: Told) -> str:
    by = library.content.vocabulary.by[told.by]
    return f"{told.text} ({library.actors[told.who].says}, {by})"
