"""Writing the record: one transaction a turn, and nothing half-written."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from bot.advice_log.chain import digest
from bot.advice_log.opening import readable, to_read, to_write
from bot.advice_log.rows import Current, Kept, TurnRow, current_of
from bot.advice_log.tables import Database
from bot.advice_log.writing import Writing
from bot.errors import StoreError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

RECEIPT_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No letter that is mistaken for a digit when read out over a telephone."""
BUSY_MILLISECONDS = 5000
_LATEST = "(SELECT o.session FROM owners o JOIN sessions s ON s.id = o.session WHERE o.person = {} ORDER BY s.seq DESC LIMIT 1)"
"""Somebody's latest session. Turns come only to that, and no words are read to find it."""
_RECEIVE = "INSERT OR IGNORE INTO inbox (key, person, payload, at, attempts) VALUES (?, ?, ?, ?, ?)"


class AdviceLog(Writing):
    """The record in one SQLite file. Several processes may share it; each turn takes its own write lock."""

    def __init__(self, path: Path, connection: sqlite3.Connection, key: bytes) -> None:
        super().__init__(path, connection)
        self.db = Database(connection)
        self._key = key

    @classmethod
    def open(cls, path: Path) -> AdviceLog:
        """Open the record, making or bringing up to date what is not there; raises StoreError in one sentence."""
        connection, key = to_write(path, BUSY_MILLISECONDS / 1000)
        return cls(path, connection, key)

    @classmethod
    def read(cls, path: Path) -> AdviceLog:
        """Open the record to read it, and nothing else: no key is needed, and nothing is written beside it."""
        return cls(path, to_read(path), b"")

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    # --- people -----------------------------------------------------------------------------------------

    def person(self, channel: str, outside_id: str) -> str:
        """Return the pseudonym of somebody: a keyed hash, which nobody can turn back without the key file."""
        return hmac.new(self._key, f"{channel}\0{outside_id}".encode(), hashlib.sha256).hexdigest()[:32]

    def remember_address(self, person: str, channel: str, chat: str) -> None:
        """Note where somebody can be reached for a reminder; the one table that can reach a person."""
        with self.transaction():
            self.connection.execute("INSERT OR REPLACE INTO addresses VALUES (?, ?, ?)", (person, channel, chat))

    def address(self, person: str) -> str | None:
        """Return where somebody can be reached, if it was noted."""
        row = self.connection.execute("SELECT chat FROM addresses WHERE person = ?", (person,)).fetchone()
        return row[0] if row else None

    def owner(self, session: str) -> str | None:
        """Return whose a session is; None once it was erased."""
        row = self.connection.execute("SELECT person FROM owners WHERE session = ?", (session,)).fetchone()
        return row[0] if row else None

    # --- content ----------------------------------------------------------------------------------------

    def compiled_from(self, source_hash: str) -> tuple[str, str] | None:
        """Return (version, compiled content) made earlier from the same files by the same program."""
        row = self.connection.execute(
            "SELECT compiled.version, body FROM content JOIN compiled USING (version) WHERE source_hash = ? "
            "ORDER BY content.seq DESC LIMIT 1",
            (source_hash,),
        ).fetchone()
        return (row[0], row[1]) if row else None

    def compiled(self, version: str) -> str | None:
        """Return the compiled content of a version."""
        row = self.connection.execute("SELECT body FROM compiled WHERE version = ?", (version,)).fetchone()
        return row[0] if row else None

    def versions(self, beginning: str) -> list[str]:
        """Return the content versions that begin so."""
        sql = "SELECT version FROM compiled WHERE substr(version, 1, ?) = ? ORDER BY version"
        return [row[0] for row in self.connection.execute(sql, (len(beginning), beginning))]

    def keep_content(self, version: str, source_hash: str, body: str, at: str) -> None:
        """Keep a content version, once."""
        with self.transaction():
            if self.compiled(version) is None:
                self.connection.execute("INSERT INTO compiled VALUES (?, ?)", (version, body))
                self.append("content", {"version": version, "source_hash": source_hash, "added_at": at})

    # --- sessions and turns -----------------------------------------------------------------------------

    def current(self, person: str) -> Current | None:
        """Return somebody's latest session, or None."""
        row = self.connection.execute(
            "SELECT s.id, s.receipt, s.label, s.area, t.content_version, w.body, t.n, t.stopped, t.closed, t.at "
            "FROM sessions s JOIN turns t ON t.session = s.id LEFT JOIN words w ON w.part = 'turns' AND w.row = t.id "
            f"WHERE s.id = {_LATEST.format('?')} ORDER BY t.n DESC LIMIT 1",
            (person,),
        ).fetchone()
        if row is None or row[5] is None:
            return None
        return current_of(row)

    def session_state(self, session: str) -> Current | None:
        """Return a session with the state of its last turn that advised something; None if it has none."""
        row = self.connection.execute(
            "SELECT s.id, s.receipt, s.label, s.area, t.content_version, w.body, t.n, t.stopped, t.closed, t.at "
            "FROM sessions s JOIN turns t ON t.session = s.id JOIN words w ON w.part = 'turns' AND w.row = t.id "
            "WHERE s.id = ? AND t.flow <> '' ORDER BY t.n DESC LIMIT 1",
            (session,),
        ).fetchone()
        return current_of(row) if row else None

    def begin_session(
        self, person: str, *, label: str, channel: str, area: str, content_version: str, at: str, setting: str = ""
    ) -> tuple[str, str]:
        """Begin a session inside the open transaction; returns (id, receipt). `setting` is where the person belongs."""
        session, salt = secrets.token_hex(8), secrets.token_hex(8)
        receipt = self._new_receipt()
        self.append(
            "sessions",
            {
                "id": session,
                "receipt": receipt,
                "label": label,
                "channel": channel,
                "area": area,
                "content_version": content_version,
                "owner_digest": digest(person, salt),
                "began_at": at,
            },
        )
        self.connection.execute("INSERT INTO owners VALUES (?, ?, ?, ?)", (session, person, salt, setting))
        return session, receipt

    def labels_of(self, person: str) -> dict[str, str]:
        """Return the labels somebody has used, each with its latest session."""
        rows = self.connection.execute(
            "SELECT s.label, s.id FROM owners o JOIN sessions s ON s.id = o.session WHERE o.person = ? ORDER BY s.seq",
            (person,),
        )
        return dict(rows.fetchall())

    def kept(self, key: str) -> Kept | None:
        """Return what was said to an event already handled, so that it is answered once and the same."""
        row = self.connection.execute(
            "SELECT o.id, o.nonce, w.body FROM turns t JOIN outbox o ON o.turn = t.id "
            "LEFT JOIN words w ON w.part = 'outbox' AND w.row = o.id WHERE t.key = ?",
            (key,),
        ).fetchone()
        return Kept(row[0], row[1], row[2] or "{}") if row else None

    def add_turn(self, session: str, n: int, turn: TurnRow) -> tuple[int, int]:
        """Add a turn with all it said, inside the open transaction; returns (turn, outbox)."""
        salt = secrets.token_hex(8)
        turn_id = self.append(
            "turns",
            {
                "session": session,
                "n": n,
                "key": turn.key,
                "event": turn.event,
                "flow": turn.flow,
                "step": turn.step,
                "decision": turn.decision,
                "matcher": turn.matcher,
                "urgency": turn.urgency,
                "closed": int(turn.closed),
                "stopped": int(turn.stopped),
                "content_version": turn.content_version,
                "state_digest": digest(turn.state, salt),
                "at": turn.at,
            },
        )
        self._add_words("turns", turn_id, session, salt, turn.state)
        for step, run in turn.superseded:
            for (advice,) in self.connection.execute(
                "SELECT a.id FROM advice a JOIN turns t ON t.id = a.turn WHERE t.session = ? AND a.step = ? AND a.run = ? "
                "AND NOT EXISTS (SELECT 1 FROM supersessions x WHERE x.advice = a.id)",
                (session, step, run),
            ).fetchall():
                self.append("supersessions", {"turn": turn_id, "advice": advice})
        for place, (kind, step, run, sources, urgency, words) in enumerate(turn.replies):
            salt = secrets.token_hex(8)
            advice = self.append(
                "advice",
                {
                    "turn": turn_id,
                    "n": place,
                    "run": run,
                    "kind": kind,
                    "step": step,
                    "sources": json.dumps(list(sources)),
                    "urgency": urgency,
                    "words_digest": digest(words, salt),
                },
            )
            self._add_words("advice", advice, session, salt, words)
        salt = secrets.token_hex(8)
        outbox = self.append("outbox", {"turn": turn_id, "nonce": turn.nonce, "words_digest": digest(turn.said, salt)})
        self._add_words("outbox", outbox, session, salt, turn.said)
        self.connection.execute("DELETE FROM inbox WHERE key = ?", (turn.key,))
        return turn_id, outbox

    def pressed(self, nonce: str) -> tuple[str, int, str] | None:
        """Return (session, turn number, what was said) for the nonce of a button."""
        row = self.connection.execute(
            "SELECT t.session, t.n, w.body FROM outbox o JOIN turns t ON t.id = o.turn "
            "LEFT JOIN words w ON w.part = 'outbox' AND w.row = o.id WHERE o.nonce = ?",
            (nonce,),
        ).fetchone()
        return (row[0], row[1], row[2] or "{}") if row else None

    def is_latest(self, nonce: str) -> bool:
        """Say whether nothing has been said to its owner since the turn of a button."""
        mine = _LATEST.format("(SELECT person FROM owners WHERE session = t.session)")
        row = self.connection.execute(
            f"SELECT t.session = {mine} AND t.n = (SELECT max(n) FROM turns WHERE session = t.session) "
            "FROM outbox b JOIN turns t ON t.id = b.turn WHERE b.nonce = ?",
            (nonce,),
        ).fetchone()
        return row is not None and bool(row[0])

    def delivered(self, outbox: int, status: str, at: str) -> None:
        """Note what became of what was said: a new row, never a change."""
        with self.transaction():
            self.note_delivery(outbox, status, at)

    def note_delivery(self, outbox: int, status: str, at: str) -> None:
        """Note it inside the open transaction."""
        self.append("deliveries", {"outbox": outbox, "status": status, "at": at})

    def leave_no_trace(self) -> None:
        """Empty the write-ahead log, where what was deleted from the inbox would otherwise stand for hours.

        Somebody else reading just now is no matter: it is done again soon.
        """
        with suppress(StoreError), readable(self.path):
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    # --- what came in -----------------------------------------------------------------------------------

    def receive(self, key: str, person: str, payload: str, at: str, attempts: int = 0) -> None:
        """Put what came in on disk before it is acknowledged; its turn takes it out again.

        `attempts` is 1 for what is handled next: it counts as tried, should the process die of it.
        """
        with self.transaction():
            self.connection.execute(_RECEIVE, (key, person, payload, at, attempts))

    def forget_received(self, *keys: str) -> None:
        """Take out what needed no turn."""
        with self.transaction():
            self.connection.executemany("DELETE FROM inbox WHERE key = ?", [(key,) for key in keys])

    def received(self) -> list[tuple[str, str]]:
        """Return (key, payload) of what came in and has not been handled, in the order in which it came.

        Neither times nor keys tell that order: much comes within a second, and as text 10 stands before 9.
        """
        return [(row[0], row[1]) for row in self.connection.execute("SELECT key, payload FROM inbox ORDER BY rowid")]

    def undelivered(self, channel: str) -> list[tuple[int, str, str, str]]:
        """Return (outbox, nonce, chat, what was said) of a channel's turns not known to have gone out."""
        rows = self.connection.execute(
            "SELECT o.id, o.nonce, a.chat, w.body FROM outbox o JOIN turns t ON t.id = o.turn JOIN owners p ON p.session = t.session "
            "JOIN addresses a ON a.person = p.person JOIN words w ON w.part = 'outbox' AND w.row = o.id "
            "WHERE a.channel = ? AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.outbox = o.id) ORDER BY o.id",
            (channel,),
        )
        return [tuple(row) for row in rows]

    # --- reminders --------------------------------------------------------------------------------------

    def add_reminder(
        self, turn: int, session: str, *, step: str, due_at: str, by: str, series: int = 0, rung: int = 0
    ) -> int:
        """Add a reminder inside the open transaction; one that follows another names the first of them and its rung."""
        row = {"turn": turn, "session": session, "step": step, "due_at": due_at, "due_by": by}
        return self.append("reminders", {**row, "series": series, "rung": rung})

    def mark_reminders(self, rows: Sequence[int], status: str, at: str) -> None:
        """Add a status to reminders inside the open transaction: sent, answered, stopped or superseded."""
        for reminder in rows:
            self.append("reminder_status", {"reminder": reminder, "status": status, "at": at})

    def reminders(
        self, *, session: str | None = None, person: str | None = None, status: str | None = None
    ) -> list[tuple[int, str, str]]:
        """Return (id, due at, session) of reminders whose latest status is this; None means still waiting."""
        rows = self.connection.execute(
            "SELECT r.id, r.due_at, r.session FROM reminders r JOIN owners o ON o.session = r.session "
            "LEFT JOIN reminder_status s ON s.reminder = r.id AND s.id = (SELECT max(id) FROM reminder_status WHERE reminder = r.id) "
            "WHERE (?1 IS NULL OR r.session = ?1) AND (?2 IS NULL OR o.person = ?2) AND s.status IS ?3 ORDER BY r.due_at, r.id",
            (session, person, status),
        )
        return [tuple(row) for row in rows]

    def reminder_step(self, reminder: int) -> str:
        """Return the step at which a reminder was chosen."""
        row = self.connection.execute("SELECT step FROM reminders WHERE id = ?", (reminder,)).fetchone()
        return row[0] if row else ""

    def due(self, channel: str, at: str) -> list[tuple[int, str, str]]:
        """Return (id, session, chat) of a channel's reminders that are due and waiting."""
        rows = self.connection.execute(
            "SELECT r.id, r.session, a.chat FROM reminders r JOIN owners o ON o.session = r.session "
            "JOIN addresses a ON a.person = o.person "
            "WHERE a.channel = ? AND r.due_at <= ? AND NOT EXISTS (SELECT 1 FROM reminder_status s WHERE s.reminder = r.id) ORDER BY r.due_at, r.id",
            (channel, at),
        )
        return [tuple(row) for row in rows]

    # --- rows -------------------------------------------------------------------------------------------

    def _add_words(self, part: str, row: int, session: str, salt: str, body: str) -> None:
        self.connection.execute("INSERT INTO words VALUES (?, ?, ?, ?, ?)", (part, row, session, salt, body))

    def _new_receipt(self) -> str:
        """Return a code that no session has: six letters and digits, in two groups."""
        while True:
            code = "".join(secrets.choice(RECEIPT_LETTERS) for _ in range(6))
            code = f"{code[:3]}-{code[3:]}"
            if not self.connection.execute("SELECT 1 FROM sessions WHERE receipt = ?", (code,)).fetchone():
                return code
