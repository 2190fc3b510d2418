"""A report as text, as JSON, and as a page to print."""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

from bot.upkeep.figures import DANGER, IN_SCOPE, OUT_OF_SCOPE, WENT_WRONG
from bot.wording import page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.library import Library
    from bot.upkeep.figures import Report, Share

COLUMNS = {
    "first": "first",
    "among_three": "of three",
    "opened_rightly": "opened",
    "opened_wrongly": "wrongly",
    "unknown": "don't know",
}
"""What is shown of each flow and each voice."""
PAIRS_SHOWN = 12
LONGEST_SHOWN = 100


def as_text(found: Report) -> str:
    """Return the figures for a terminal: overall with their intervals, by flow and voice, and the worst confusions."""
    cuts = found.cuts
    lines = [
        (
            f"{found.messages} messages; matching by {found.kind}; cuts: open at {cuts.open_at:g}, choose at {cuts.choose_at:g}, "
            f"alarm at {cuts.alarm_at:g}."
        ),
        "In brackets: between what the true share lies 95 times in 100.",
    ]
    for title, names, shares in _parts(found):
        lines += ["", title, *(f"  {says:42}{shares[name]}" for name, says in names.items() if name in shares)]
    for title, rows in (("By flow", found.flows), ("By voice", found.voices)):
        if rows:
            lines += ["", f"{title:44}" + "".join(f"{says:>12}" for says in ("messages", *COLUMNS.values()))]
            lines += [f"  {name:42}" + _row(shares) for name, shares in rows.items()]
    if found.confusions:
        lines += ["", "Most confused, those first that opened another flow"]
    for pair in found.confusions[:PAIRS_SHOWN]:
        lines.append(f"  {pair.about} taken for {pair.taken_for}: {len(pair.texts)}, {pair.opened} opened")
        lines.append(f'      "{_short(pair.texts[0])}"')
    if found.wrong:
        lines += ["", "What went wrong; --html or --json lists each message"]
        lines += [f"  {says:56}{sum(wrong.how == how for wrong in found.wrong):6}" for how, says in WENT_WRONG.items()]
    return "\n".join(lines)


def as_json(found: Report) -> dict[str, Any]:
    """Return everything as plain data."""

    def plain(shares: Mapping[str, Share]) -> dict[str, Any]:
        return {name: share.to_json() for name, share in shares.items()}

    return {
        "messages": found.messages,
        "kind": found.kind,
        "cuts": asdict(found.cuts),
        "in_scope": plain(found.in_scope),
        "out_of_scope": plain(found.out_of_scope),
        "danger": plain(found.danger),
        "flows": {flow: plain(shares) for flow, shares in found.flows.items()},
        "voices": {voice: plain(shares) for voice, shares in found.voices.items()},
        "confusions": [asdict(pair) for pair in found.confusions],
        "wrong": [
            {
                "how": wrong.how,
                "about": wrong.tried.about,
                "voice": wrong.tried.message.voice,
                "text": wrong.tried.message.text,
                "candidates": [asdict(candidate) for candidate in wrong.tried.routing.candidates],
                "danger_rule": wrong.tried.routing.danger_rule,
            }
            for wrong in found.wrong
        ],
    }


def as_page(library: Library, found: Report, what: str) -> str:
    """Return a page to print: the same, with every confusion and every message that went wrong; `what` says of which set."""
    titles = {flow.id: flow.title for flow in library.flows.values()}
    return page(
        "evaluation.html.j2",
        what=what,
        found=found,
        version=library.version,
        parts=[
            (title, [(says, shares[name]) for name, says in names.items() if name in shares])
            for title, names, shares in _parts(found)
        ],
        columns=COLUMNS,
        tables=[(title, rows) for title, rows in (("flow", found.flows), ("voice", found.voices)) if rows],
        titles=titles,
        wrong=[(WENT_WRONG[how], list(some)) for how, some in groupby(found.wrong, key=lambda wrong: wrong.how)],
    )


def _parts(found: Report) -> list[tuple[str, Mapping[str, str], Mapping[str, Share]]]:
    parts: list[tuple[str, Mapping[str, str], Mapping[str, Share]]] = [
        ("Messages that a flow is for", IN_SCOPE, found.in_scope),
        ("Messages that no flow is for", OUT_OF_SCOPE, found.out_of_scope),
        ("The alarm", DANGER, found.danger),
    ]
    return [part for part in parts if part[2]]


def _row(shares: Mapping[str, Share]) -> str:
    return f"{shares['first'].of:12}" + "".join(f"{shares[name].value:12.0%}" for name in COLUMNS)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."
