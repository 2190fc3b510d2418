"""Reading the record: sessions, receipts, and rows to export."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.advice_log.log import AdviceLog


@dataclass(frozen=True, slots=True)
class Session:
    """One session in a list."""

    receipt: str
    label: str
    began_at: str
    last_at: str
    flows: str
    turns: int
    urgency: str
    closed: bool
    stopped: bool
    alarm: bool
    """The 999 card was shown."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was said, word for word; `words` is None once it was erased."""

    kind: str
    step: str
    words: str | None
    sources: tuple[str, ...]
    urgency: str
    overtaken: bool


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One turn: what was answered, and what was said to it."""

    n: int
    at: str
    event: str
    given: str
    flow: str
    content_version: str
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A whole session, as it was said."""

    receipt: str
    label: str
    session: str
    area: str
    channel: str
    began_at: str
    content_version: str
    erased: str
    turns: tuple[TurnRecord, ...]


def sessions(log: AdviceLog, *, limit: int = 50) -> list[Session]:
    """Return the latest sessions that advised something, newest first.

    A 999 card alone is advice too, and so is what was said to somebody who came back to a case.
    """
    rows = log.connection.execute(
        "SELECT s.receipt, s.label, s.began_at, max(t.at), group_concat(DISTINCT nullif(t.flow, '')), count(*), "
        "(SELECT urgency FROM turns u WHERE u.session = s.id ORDER BY u.n DESC LIMIT 1), max(t.closed), max(t.stopped), "
        "EXISTS (SELECT 1 FROM advice a JOIN turns d ON d.id = a.turn WHERE d.session = s.id AND a.kind = 'danger') AS alarm "
        "FROM sessions s JOIN turns t ON t.session = s.id GROUP BY s.id HAVING max(t.flow) <> '' OR alarm "
        # Who comes back to a case is told again what stands, also where nothing else follows.
        "OR EXISTS (SELECT 1 FROM advice b JOIN turns e ON e.id = b.turn WHERE e.session = s.id AND b.step = 'case_again') "
        "ORDER BY s.seq DESC LIMIT ?",
        (limit,),
    )
    return [
        Session(
            receipt, label, began_at, last_at, flows or "", turns, urgency, bool(closed), bool(stopped), bool(alarm)
        )
        for receipt, label, began_at, last_at, flows, turns, urgency, closed, stopped, alarm in rows
    ]


def receipt(log: AdviceLog, code: str) -> Receipt | None:
    """Return the session of a receipt code, however it was typed, or the latest of a case label; None if there is none."""
    wanted = "".join(letter for letter in code.upper() if letter.isalnum())
    row = log.connection.execute(
        "SELECT id, receipt, label, area, channel, began_at, content_version FROM sessions "
        "WHERE replace(receipt, '-', '') = ? OR label = ? ORDER BY seq DESC LIMIT 1",
        (wanted, " ".join(code.lower().split())),
    ).fetchone()
    if row is None:
        return None
    session, found, label, area, channel, began_at, version = row
    tombstone = log.connection.execute("SELECT reason, at FROM tombstones WHERE session = ?", (session,)).fetchone()
    turns = log.connection.execute(
        "SELECT t.id, n, at, event, w.body, flow, content_version FROM turns t "
        "LEFT JOIN words w ON w.part = 'turns' AND w.row = t.id WHERE t.session = ? ORDER BY n",
        (session,),
    ).fetchall()
    return Receipt(
        found,
        label,
        session,
        area,
        channel,
        began_at,
        version,
        f"{tombstone[0]}, {tombstone[1]}" if tombstone else "",
        tuple(
            TurnRecord(n, at, event, json.loads(body)["given"] if body else "", flow, v, _said(log, turn))
            for turn, n, at, event, body, flow, v in turns
        ),
    )


def _said(log: AdviceLog, turn: int) -> tuple[Said, ...]:
    rows = log.connection.execute(
        "SELECT a.kind, a.step, w.body, a.sources, a.urgency, "
        "EXISTS (SELECT 1 FROM supersessions x WHERE x.advice = a.id) FROM advice a "
        "LEFT JOIN words w ON w.part = 'advice' AND w.row = a.id WHERE a.turn = ? ORDER BY a.n",
        (turn,),
    )
    return tuple(
        Said(kind, step, body, tuple(json.loads(sources)), urgency, bool(over))
        for kind, step, body, sources, urgency, over in rows
    )


def export_rows(log: AdviceLog, code: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield every line of advice as a flat row, oldest first; only one receipt's if a code is given."""
    where, values = "", ()
    if code is not None:
        where = "WHERE replace(receipt, '-', '') = ?"
        values = ("".join(letter for letter in code.upper() if letter.isalnum()),)  # type: ignore[assignment]
    cursor = log.connection.execute(f"SELECT * FROM advice_report {where}", values)
    names = [column[0] for column in cursor.description]
    for row in cursor:
        yield dict(zip(names, row, strict=True))
