"""A flow as a picture: the same steps and arrows as Graphviz's DOT language or as Mermaid text.

Pure. Every way on is drawn, the default too; what is shown only on some answers or hours has a dashed edge and says when.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.models import ActStep, AskStep, CallStep, CloseStep, EscalateStep, PromptsStep, RemindStep, SayStep, ShareStep
from bot.navigation import END
from bot.outline import may_be_hidden

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.library import Library
    from bot.models import Route, Step

WIDE, LONG = 34, 150
OPENED = "open:"
"""What the box of something opened from an answer is called; no step can be: ids have no colon."""
ENDED, NOT_ASKED = "the end of these steps", "not asked"
COLOURS = {
    "ask": "#fff3cd",
    "prompts": "#e7f0fa",
    "act": "#d8f0dc",
    "call": "#eeeeee",
    "close": "#dddddd",
    "remind": "#fff3cd",
}


@dataclass(frozen=True, slots=True)
class Box:
    """One step."""

    id: str
    kind: str
    head: str
    words: str
    shown_if: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """One way on: by an answer, or by default; `side` arrows come back."""

    start: str
    end: str
    label: str = ""
    alarm: bool = False
    side: bool = False
    opens: str = ""


def boxes(library: Library, route: Route) -> Iterator[Box]:
    """Yield the steps of a route."""
    for step in route.steps:
        yield Box(step.id, kind_of(step), _head(library, step), _words(library, step), _condition(step))


def arrows(library: Library, route: Route) -> Iterator[Arrow]:
    """Yield every way from step to step; what is opened by an answer is an arrow to a box of its own."""
    for place, step in enumerate(route.steps):
        default = step.next or (route.steps[place + 1].id if place + 1 < len(route.steps) else END)
        if not isinstance(step, AskStep):
            if default != END:
                yield Arrow(step.id, default)
            continue
        for option in step.options:
            if option.open:
                opened = library.routes[option.open].title if option.open in library.routes else option.open
                yield Arrow(step.id, f"{OPENED}{step.id}:{option.id}", option.label, side=True, opens=opened)
            else:
                yield Arrow(step.id, option.next or default, option.label, alarm=option.emergency)
        if step.many:
            yield Arrow(step.id, default, "several of these")
        if may_be_hidden(step):
            yield Arrow(step.id, default, NOT_ASKED)


def kind_of(step: Step) -> str:
    """Return the key that says what a step does."""
    kinds = {
        SayStep: "say",
        ShareStep: "share",
        EscalateStep: "escalate",
        ActStep: "act",
        AskStep: "ask",
        PromptsStep: "prompts",
        RemindStep: "remind",
        CallStep: "call",
        CloseStep: "close",
    }
    return kinds[type(step)]


def _head(library: Library, step: Step) -> str:
    if isinstance(step, CallStep):
        whom = f" ({library.subjects[step.subject].says})" if step.subject else ""
        return f"Goes through: {library.blocks[step.call].title}{whom}"
    return step.id.replace("_", " ")


def _words(library: Library, step: Step) -> str:
    match step:
        case ActStep():
            by = library.content.vocabulary.by
            return "\n".join(f"• {library.actions[a.do].says} ({by[a.by]})" for a in step.act)
        case PromptsStep():
            return "\n".join(f"• {prompt.note}" for prompt in step.prompts)
        case AskStep():
            return step.ask
        case SayStep():
            return step.say
        case ShareStep():
            return step.share
        case EscalateStep():
            return step.escalate
        case RemindStep():
            return step.remind
        case CloseStep():
            return step.close
        case _:
            return ""


def _condition(step: Step) -> str:
    parts = []
    if step.if_:
        parts.append("only if " + " or ".join(map(_plain, step.if_)))
    if step.unless:
        parts.append("not if " + " or ".join(map(_plain, step.unless)))
    if step.when:
        parts.append("only " + " or ".join(moment.replace("_", " ") for moment in step.when))
    return "; ".join(parts)


def _plain(ref: str) -> str:
    where, _, what = ref.rpartition(".")
    return f"{what.replace('_', ' ')} ({where.replace('_', ' ')})"


def _label(box: Box, newline: str) -> str:
    lines = [*textwrap.wrap(box.head, WIDE)]
    if box.shown_if:
        lines += textwrap.wrap(f"[{box.shown_if}]", WIDE)
    for part in box.words.split("\n") if box.words else []:
        lines += textwrap.wrap(textwrap.shorten(part, LONG, placeholder=" …"), WIDE, subsequent_indent="  ")
    return newline.join(lines)


def opening(name: str) -> list[str]:
    """Return the first lines of a picture in DOT: how everything looks unless it says otherwise."""
    return [
        f"digraph {quoted(name)} {{",
        '  graph [rankdir=TB, nodesep=0.3, ranksep=0.35, fontname="Helvetica"]',
        '  node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica", fontsize=10, margin="0.12,0.06"]',
        '  edge [fontname="Helvetica", fontsize=9, color="#555555"]',
    ]


def dot(library: Library, route: Route) -> str:
    """Return a route in Graphviz's DOT language."""
    lines = opening(route.id)
    for box in boxes(library, route):
        style = "rounded,filled,dashed" if box.shown_if else "rounded,filled"
        colour = COLOURS.get(box.kind, "white")
        lines.append(
            f'  {quoted(box.id)} [label={quoted(_label(box, chr(10)), left=True)}, fillcolor="{colour}", style="{style}"]'
        )
    beside: dict[str, list[str]] = {}
    drawn = list(arrows(library, route))
    for arrow in drawn:
        looks = ""
        if arrow.side:
            beside.setdefault(arrow.start, []).append(arrow.end)
            note = quoted("\n".join(textwrap.wrap(f"and back: {arrow.opens}", 22)))
            lines.append(f'  {quoted(arrow.end)} [label={note}, shape=note, style="filled", fillcolor="#f7f7f7"]')
            looks = ", style=dashed, dir=both, constraint=false"
        elif arrow.alarm:
            looks = ', color="#b00020", fontcolor="#b00020"'
        label = quoted("\n".join(textwrap.wrap(arrow.label, 22)))
        lines.append(f"  {quoted(arrow.start)} -> {quoted(arrow.end)} [label={label}{looks}]")
    # What is opened on the way stands beside the question that opens it.
    for start, ends in beside.items():
        lines.append(f"  {{rank=same; {'; '.join(map(quoted, (start, *ends)))}}}")
    if any(arrow.end == END for arrow in drawn):
        lines.append(f'  {quoted(END)} [label={quoted(ENDED)}, shape=plaintext, style=""]')
    return "\n".join([*lines, "}"]) + "\n"


def quoted(text: str, *, left: bool = False) -> str:
    """Quote a text for DOT, whose special characters in quotes are the quote, the backslash and the entity."""
    end = r"\l" if left else r"\n"
    plain = text.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain.replace(chr(10), end)}{end if left else ""}"'


def mermaid(library: Library, route: Route) -> str:
    """Return a route as Mermaid text, for whatever shows Mermaid (many wikis and repositories do)."""
    lines = ["flowchart TD"]
    numbers = {}
    for number, box in enumerate(boxes(library, route)):
        numbers[box.id] = f"s{number}"
        open_, close = (
            ("([", "])") if box.kind in {"call", "close"} else ("{{", "}}") if box.kind == "ask" else ("[", "]")
        )
        lines.append(f'  s{number}{open_}"{escaped(_label(box, chr(10)))}"{close}')
    for arrow in arrows(library, route):
        if arrow.side and arrow.end not in numbers:
            numbers[arrow.end] = f"o{len(numbers)}"
            title = escaped(arrow.opens)
            lines.append(f'  {numbers[arrow.end]}>"and back: {title}"]')
        elif arrow.end == END and END not in numbers:
            numbers[END] = "ended"
            lines.append(f'  ended(("{escaped(ENDED)}"))')
        line = "<-.->" if arrow.side else "==>" if arrow.alarm else "-->"
        label = f'|"{escaped(arrow.label)}"|' if arrow.label else ""
        lines.append(f"  {numbers[arrow.start]} {line}{label} {numbers[arrow.end]}")
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Write the characters that mean something to Mermaid as their numbers."""
    special = {'"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "#": "#35;", "`": "#96;", "\n": "<br/>"}
    return "".join(special.get(character, character) for character in text)
