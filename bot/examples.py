"""Example conversations as plain text: read, run against the content, and written from a receipt.

    # A bruise on a baby whom dad will collect          the first line says what it shows
    area: demonstration                                 optional; so are `hours: day | night | unknown` and `flow: id`

    > a baby with a bruise, not crawling yet            what is typed: words, a label, or a number
    First: is any of these so right now?                what must then be said, in this order; spaces do not matter
    ! nothing to worry about                            what must not be said
    = flow mark_on_child                                what must be so: flow, step, urgency, decision, closed, danger
    * worry unknown -                                   marks for the curiosity prompts, in their order; `-` leaves one as it
                                                        is, and `* done` ends them
    + new_partner                                       a flow that is opened by a link or a button
    > {label}                                           the label of the first case, which nobody knows beforehand

Typed words are not kept in the record, so an example made from a receipt opens the flow that they led to.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.advice_log import AdviceLog
from bot.errors import SetupError, near_miss
from bot.events import Chose, Do, Marked, Open
from bot.models import Mark
from bot.session import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.events import Event
    from bot.library import Library

HEADINGS = ("area", "hours", "flow")
CLOCKS = {"day": datetime(2026, 11, 24, 11, 0, tzinfo=UTC), "night": datetime(2026, 11, 24, 22, 30, tzinfo=UTC)}
"""A Tuesday, in office hours and out of them."""
FACTS = ("flow", "step", "urgency", "decision", "closed", "danger")
MARKS = {str(mark): mark for mark in Mark}
LABEL = "{label}"
"""Stands for the label of the first case: labels are drawn by lot."""
LEFT = "-"
"""A curiosity prompt that gets no mark."""
SENT = {">": "typed", "*": "marks", "+": "opened"}
"""How a line begins that is sent, not said."""
SAMPLE = 90
"""Characters of each reply that an example made from a receipt holds on to."""


@dataclass(slots=True)
class Line:
    """One expectation, and the line of the file it stands on."""

    number: int
    kind: str
    text: str


@dataclass(slots=True)
class Exchange:
    """What is sent, and what is expected of the answer."""

    number: int
    sent: str
    kind: str
    expected: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class Example:
    """One example conversation."""

    title: str
    area: str
    hours: str
    flow: str
    exchanges: list[Exchange]


def parse(text: str, name: str = "the example") -> Example:
    """Read an example; raises SetupError with the line of the first mistake."""
    title, headings = "", {"area": "demonstration", "hours": "day", "flow": ""}
    exchanges: list[Exchange] = [Exchange(0, "", "opening")]
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line:
            continue
        if line.startswith("#"):
            title = title or line.lstrip("# ")
            continue
        heading = re.fullmatch(rf"({'|'.join(HEADINGS)}):\s*(\S+)", line)
        if heading and len(exchanges) == 1:
            headings[heading[1]] = heading[2]
        elif line in SENT:
            raise SetupError(f"{name}, line {number}: after '{line}' comes what is sent.")
        elif line[:2] in {f"{sign} " for sign in SENT}:
            kind = SENT[line[0]]
            if kind == "marks" and line[2:].strip() != "done" and not set(line[2:].split()) <= {*MARKS, LEFT}:
                raise SetupError(f"{name}, line {number}: marks are {', '.join(MARKS)}, {LEFT} for none, or done.")
            exchanges.append(Exchange(number, line[2:].strip(), kind))
        elif line[:2] == "= ":
            if line[2:].split(" ")[0] not in FACTS:
                raise SetupError(f"{name}, line {number}: after '=' comes one of: {', '.join(FACTS)}.")
            exchanges[-1].expected.append(Line(number, "fact", line[2:].strip()))
        else:
            kind, words = ("not", line[2:]) if line[:2] == "! " else ("said", line)
            exchanges[-1].expected.append(Line(number, kind, words.strip()))
    if not title:
        raise SetupError(f"{name}: begin with a line '# what this example shows'.")
    if headings["hours"] not in {*CLOCKS, "unknown"}:
        raise SetupError(f"{name}: hours are day, night or unknown.")
    if len(exchanges) == 1 and not headings["flow"]:
        raise SetupError(f"{name}: nothing is said in it: add a line '> ...'.")
    return Example(title, headings["area"], headings["hours"], headings["flow"], exchanges)


def run(example: Example, library: Library) -> list[str]:
    """Hold the conversation, on a record of its own, and return what was not as the example says; empty when all was."""
    pack = library.areas.get(example.area)
    if example.flow and example.flow not in library.flows:
        raise SetupError(
            f"There is no flow '{example.flow}' for this example to open." + near_miss(example.flow, library.flows)
        )
    # Where the hours are to be unknown, the pack must have none: the national one has none.
    area = "england" if example.hours == "unknown" and pack is not None and pack.hours is not None else example.area
    now = CLOCKS.get(example.hours, CLOCKS["day"])
    failed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        log = AdviceLog.open(Path(folder) / "example.db")
        try:
            desk = Desk(log, library, area=area, channel="example", clock=lambda: now)
            person = desk.person("somebody")
            out: dict[str, Any] = {}
            for place, exchange in enumerate(example.exchanges):
                labels = log.labels_of(person.id)
                sent = exchange.sent.replace(LABEL, next(iter(labels), LABEL))
                given = _given(replace(exchange, sent=sent), example, out)
                if isinstance(given, Misplaced):
                    failed.append(f"line {exchange.number}: {given.why}")
                    break
                out = desk.handle(person, given, f"example:{place}").out
                failed += compared(exchange, out)
        finally:
            log.close()
    return failed


@dataclass(frozen=True, slots=True)
class Misplaced:
    """Something that cannot be sent here, and why."""

    why: str


def _given(exchange: Exchange, example: Example, out: dict[str, Any]) -> Event | str | Misplaced:
    nothing: dict[str, Any] = {"prompts": [], "options": [], "multiple": False}
    last: dict[str, Any] = out["replies"][-1] if out.get("replies") else nothing
    if exchange.kind == "opening":
        return Open(example.flow) if example.flow else Do("begin")
    if exchange.kind == "opened":
        return Open(exchange.sent)
    if exchange.kind == "typed":
        return _several(last, exchange.sent) or exchange.sent
    prompts, marks = last["prompts"], exchange.sent.split()
    if not prompts:
        return Misplaced("nothing was to be marked here.")
    if marks == ["done"]:
        return Chose(("done",))
    if len(marks) > len(prompts):
        return Misplaced(f"there are {len(prompts)} prompts to be marked here, not {len(marks)}.")
    return Marked(
        tuple((prompt["id"], MARKS[mark]) for prompt, mark in zip(prompts, marks, strict=False) if mark != LEFT)
    )


def _several(asked: dict[str, Any], text: str) -> Chose | None:
    """Read several labels with commas between them, where several may be chosen."""
    named = sorted((o for o in asked["options"] if o["label"] in text), key=lambda o: text.index(o["label"]))
    if not asked["multiple"] or ", ".join(option["label"] for option in named) != text:
        return None
    return Chose(tuple(option["id"] for option in named))


def compared(exchange: Exchange, out: dict[str, Any]) -> Iterator[str]:
    """Yield what an answer lacks of what was expected of it, or says though it may not."""
    said = _plain(" ".join(_words(out)))
    place = 0
    for line in exchange.expected:
        wanted = _plain(line.text)
        if line.kind == "fact":
            name, _, value = line.text.partition(" ")
            held = _fact(out, name)
            if held != value.strip():
                yield f"line {line.number}: {name} is {held!r}, not {value.strip()!r}."
        elif line.kind == "not":
            if wanted in said:
                yield f"line {line.number}: this was said, and may not be: {line.text!r}."
        elif (found := said.find(wanted, place)) >= 0:
            place = found + len(wanted)
        elif wanted in said:
            yield f"line {line.number}: this was said, but sooner than the lines before it: {line.text!r}."
        else:
            yield f"line {line.number}: this was not said: {line.text!r}. What was said ends: …{said[-200:]!r}"


def _words(out: dict[str, Any]) -> Iterator[str]:
    for reply in out["replies"]:
        yield reply["text"]
        yield from (option["label"] for option in reply["options"])


def _fact(out: dict[str, Any], name: str) -> str:
    if name == "danger":
        return "yes" if any(reply["kind"] == "danger" for reply in out["replies"]) else "no"
    value = out[name]
    return {True: "yes", False: "no", None: "none"}.get(value, str(value))


def _plain(text: str) -> str:
    return " ".join(text.split())
