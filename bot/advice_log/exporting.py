"""Everything the record holds of some sessions, or of a person, as plain data: turns, advice, what became of them.

Where to reach somebody is never part of it (only that it is held), and nor is the content that advice came from.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bot.advice_log.choosing import has_table
from bot.advice_log.heads import head

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.advice_log.log import AdviceLog

Json = dict[str, Any]

_TURNS = (
    "SELECT t.id, t.n, t.at, t.event, w.body AS given, t.flow, t.step, t.decision, t.matcher, t.urgency, t.closed, t.stopped, "
    "t.content_version FROM turns t LEFT JOIN words w ON w.part = 'turns' AND w.row = t.id WHERE t.session = ? ORDER BY t.n"
)
_ADVICE = (
    "SELECT a.kind, a.step, w.body AS words, a.sources, a.urgency, (SELECT min(u.at) FROM supersessions x JOIN turns u ON u.id = x.turn "
    "WHERE x.advice = a.id) AS overtaken_at FROM advice a LEFT JOIN words w ON w.part = 'advice' AND w.row = a.id "
    "WHERE a.turn = ? ORDER BY a.n"
)
_DELIVERIES = "SELECT d.status, d.at FROM deliveries d JOIN outbox o ON o.id = d.outbox WHERE o.turn = ? ORDER BY d.seq"
_BESIDE = {
    "marks": ("case_marks", "mark, about, at"),
    "holds": ("holds", "status, reason, made_by, at"),
    "readings": ("reads", "reader, action, detail, at"),
}
"""What a session has beside its turns, in tables that a record of an earlier program lacks."""


def bundle(log: AdviceLog, sessions: Sequence[str], *, person: str | None = None) -> Json:
    """Return all that is held of sessions, and of a person where one is named; it reads one moment of the record.

    `head` is how the record ended then, so that the export can be held against the record later.
    """
    log.connection.execute("BEGIN")
    try:
        stands = head(log.connection)
        made: Json = {
            "head": f"{stands.rows}:{stands.hash}" if stands is not None else None,
            "sessions": [_session(log, session) for session in sessions],
        }
        if person is not None:
            made["person"] = _person(log, person)
    finally:
        log.connection.execute("ROLLBACK")
    return made


def _session(log: AdviceLog, session: str) -> Json:
    sql = "SELECT receipt, label, channel, area, began_at, content_version FROM sessions WHERE id = ?"
    (found,) = _rows(log, sql, session)
    owned = _rows(log, "SELECT * FROM owners WHERE session = ?", session)
    found["setting"] = owned[0].get("setting", "") if owned else ""
    found["erased"] = _rows(log, "SELECT reason, at FROM tombstones WHERE session = ? ORDER BY seq", session)
    found["turns"] = [_turn(log, turn) for turn in _rows(log, _TURNS, session)]
    found["reminders"] = [
        _reminder(log, row) for row in _rows(log, "SELECT * FROM reminders WHERE session = ? ORDER BY seq", session)
    ]
    for name, (table, columns) in _BESIDE.items():
        sql = f"SELECT {columns} FROM {table} WHERE session = ? ORDER BY seq"
        found[name] = _rows(log, sql, session) if has_table(log, table) else []
    return found


def _turn(log: AdviceLog, turn: Json) -> Json:
    number = turn.pop("id")
    turn["given"] = json.loads(turn["given"])["given"] if turn["given"] else None
    turn["closed"], turn["stopped"] = bool(turn["closed"]), bool(turn["stopped"])
    turn["said"] = _rows(log, _ADVICE, number)
    for said in turn["said"]:
        said["sources"] = json.loads(said["sources"])
    turn["deliveries"] = _rows(log, _DELIVERIES, number)
    return turn


def _reminder(log: AdviceLog, row: Json) -> Json:
    sql = "SELECT status, at FROM reminder_status WHERE reminder = ? ORDER BY seq"
    kept = {key: row.get(key, 0) for key in ("step", "due_at", "due_by", "series", "rung")}
    return {**kept, "statuses": _rows(log, sql, row["id"])}


def _person(log: AdviceLog, person: str) -> Json:
    """Return what is held of a person beside their sessions. Their address is not among it, only that there is one."""
    found: Json = {"pseudonym": person}
    channels = _rows(log, "SELECT channel FROM addresses WHERE person = ?", person)
    found["address_held_for"] = [row["channel"] for row in channels]
    found["not_yet_answered"] = _rows(log, "SELECT at FROM inbox WHERE person = ? ORDER BY at", person)
    members = "SELECT id, name, roles, setting, reach, since FROM members WHERE person = ?"
    found["memberships"] = _rows(log, members, person) if has_table(log, "members") else []
    names = [person, *(row["id"] for row in found["memberships"])]
    changes = "SELECT change, roles, setting, reach, made_by, at FROM enrolments WHERE member = ? ORDER BY seq"
    reads = (
        "SELECT r.action, s.receipt, r.detail, r.at FROM reads r LEFT JOIN sessions s ON s.id = r.session "
        "WHERE r.reader = ? ORDER BY r.seq"
    )
    found["enrolments"] = (
        [row for name in names for row in _rows(log, changes, name)] if has_table(log, "enrolments") else []
    )
    found["read_by_them"] = (
        [row for name in names for row in _rows(log, reads, name)] if has_table(log, "reads") else []
    )
    return found


def _rows(log: AdviceLog, sql: str, value: object) -> list[Json]:
    cursor = log.connection.execute(sql, (value,))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


COLUMNS = (
    "receipt",
    "label",
    "at",
    "what",
    "flow",
    "step",
    "kind",
    "words",
    "sources",
    "urgency",
    "overtaken_at",
    "content_version",
)
"""Of an export as one table: `what` says what a row is."""


def flat(held: Mapping[str, Any]) -> Iterator[Json]:
    """Yield a bundle as rows of one table, session by session, in the order in which things happened."""
    for session in held["sessions"]:
        rows = sorted(_flat(session), key=lambda row: str(row["at"]))
        yield from (
            {**dict.fromkeys(COLUMNS), "receipt": session["receipt"], "label": session["label"], **row} for row in rows
        )
    yield from ({**dict.fromkeys(COLUMNS), **row} for row in _flat_person(held.get("person")))


def _flat(session: Json) -> Iterator[Json]:
    version = session["content_version"]
    about = ", ".join(filter(None, (session["channel"], session["area"], session["setting"])))
    yield {"at": session["began_at"], "what": "session", "words": about, "content_version": version}
    for turn in session["turns"]:
        of = {key: turn[key] for key in ("at", "flow", "step", "content_version")}
        yield {**of, "what": "answer", "kind": turn["event"], "words": turn["given"], "urgency": turn["urgency"]}
        for said in turn["said"]:
            yield {**of, **said, "sources": " ".join(said["sources"]), "what": "advice"}
        yield from ({"at": one["at"], "what": "delivery", "kind": one["status"]} for one in turn["deliveries"])
    for reminder in session["reminders"]:
        yield {
            "at": reminder["due_at"],
            "what": "reminder due",
            "step": reminder["step"],
            "urgency": reminder["due_by"],
        }
        yield from (
            {"at": one["at"], "what": "reminder", "kind": one["status"], "step": reminder["step"]}
            for one in reminder["statuses"]
        )
    for mark in session["marks"]:
        yield {"at": mark["at"], "what": "mark", "kind": mark["mark"], "words": mark["about"]}
    for one in session["holds"]:
        yield {"at": one["at"], "what": "hold", "kind": one["status"], "words": f"{one['reason']} ({one['made_by']})"}
    for one in session["readings"]:
        yield {"at": one["at"], "what": "reading", "kind": one["action"], "words": f"{one['reader']}: {one['detail']}"}
    yield from ({"at": one["at"], "what": "erased", "words": one["reason"]} for one in session["erased"])


def _flat_person(person: Json | None) -> Iterator[Json]:
    if person is None:
        return
    yield {"what": "person", "words": person["pseudonym"]}
    yield from ({"what": "address held", "kind": channel} for channel in person["address_held_for"])
    yield from ({"what": "not yet answered", "at": one["at"]} for one in person["not_yet_answered"])
    for one in person["memberships"]:
        words = "; ".join(f"{key}: {one[key]}" for key in ("id", "name", "roles", "setting", "reach"))
        yield {"what": "membership", "at": one["since"], "words": words}
    for one in person["enrolments"]:
        words = "; ".join(f"{key}: {one[key]}" for key in ("roles", "setting", "reach", "made_by"))
        yield {"what": "enrolment", "at": one["at"], "kind": one["change"], "words": words}
    for one in person["read_by_them"]:
        yield {
            "what": "read by them",
            "at": one["at"],
            "kind": one["action"],
            "receipt": one["receipt"],
            "words": one["detail"],
        }
