"""The file of exercises: opening it, people as pseudonyms, rows in and out. It knows rows and no stories' ways.

Several terminals and a Telegram process may share it; each turn takes the write lock for itself.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.advice_log.opening import connect, key_beside, prepare, readable
from bot.exercises.schema import migrations
from bot.exercises.seats import GONE_FOR_REAL, Exercise, Mail, Role, Seat, run_of, sent_of
from bot.models.scenarios import Scenario
from bot.scenarios.story import Story

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.scenarios.run import Run

BUSY_SECONDS = 10.0
_SEAT = "SELECT id, exercise, role, person, name, run, asking, began_at, last_at, gone FROM seats"


def beside(db: Path) -> Path:
    """Return where the exercises of a record are kept: beside it, in a file of their own."""
    return db.with_suffix(".exercises.db")


class ExerciseStore:
    """All exercises of one place, in one SQLite file."""

    def __init__(self, path: Path, connection: sqlite3.Connection, key: bytes) -> None:
        self.path, self.connection, self._key = path, connection, key
        self._stories: dict[str, Story] = {}

    @classmethod
    def open(cls, path: Path) -> ExerciseStore:
        """Open the file, making it if it is not there; raises StoreError in one sentence."""
        connection = connect(path, BUSY_SECONDS)
        try:
            with readable(path):
                prepare(connection, BUSY_SECONDS, tables=migrations, ours="exercises")
                # An exercise is no evidence: a power cut may take the last second of one, never make it wrong.
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute("PRAGMA secure_delete = ON")
                connection.execute("PRAGMA foreign_keys = ON")
                in_use = connection.execute("SELECT 1 FROM seats LIMIT 1").fetchone() is not None
                return cls(path, connection, key_beside(path, in_use=in_use))
        except BaseException:
            connection.close()
            raise

    @classmethod
    def in_memory(cls) -> ExerciseStore:
        """Open one that is kept nowhere."""
        connection = sqlite3.connect(":memory:", isolation_level=None)
        prepare(connection, tables=migrations, ours="exercises")
        return cls(Path(":memory:"), connection, secrets.token_bytes(32))

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the write lock; everything inside is kept together or not at all."""
        with readable(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    def _all(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        with readable(self.path):
            return self.connection.execute(sql, values).fetchall()

    def _one(self, sql: str, values: Sequence[Any] = ()) -> Any:  # noqa: ANN401 - a row, or None
        with readable(self.path):
            return self.connection.execute(sql, values).fetchone()

    # --- people -----------------------------------------------------------------------------------------

    def person(self, channel: str, outside_id: str) -> str:
        """Return the pseudonym of somebody: not the one they have in live guidance, so that the two cannot be joined."""
        text = f"exercise\0{channel}\0{outside_id}"
        return hmac.new(self._key, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]

    def reach(self, person: str, channel: str, chat: str) -> None:
        """Note where somebody can be reached while they are in an exercise."""
        if self.address(person) != (channel, chat):
            with self.transaction():
                self.connection.execute("INSERT OR REPLACE INTO addresses VALUES (?, ?, ?)", (person, channel, chat))

    def address(self, person: str) -> tuple[str, str] | None:
        """Return (channel, chat) of somebody, if it was noted."""
        row = self._one("SELECT channel, chat FROM addresses WHERE person = ?", (person,))
        return (row[0], row[1]) if row else None

    def wrong_codes(self, person: str, since: str) -> int:
        """Return how often somebody gave a wrong code since a time."""
        return int(self._one("SELECT count(*) FROM attempts WHERE person = ? AND at >= ?", (person, since))[0])

    def note_wrong_code(self, person: str, at: str) -> None:
        """Note a wrong code inside the open transaction."""
        self.connection.execute("INSERT INTO attempts VALUES (?, ?)", (person, at))

    # --- exercises --------------------------------------------------------------------------------------

    def add_exercise(self, story: Story, kind: str, join_code: str | None, lead_code: str | None, at: str) -> str:
        """Add an exercise inside the open transaction, and the story as it now stands; returns its id."""
        made = secrets.token_hex(8)
        self.add_script(story)
        self.connection.execute(
            "INSERT INTO exercises (id, version, kind, join_code, lead_code, began_at) VALUES (?, ?, ?, ?, ?, ?)",
            (made, story.version, kind, join_code, lead_code, at),
        )
        return made

    def exercise(self, exercise: str) -> Exercise | None:
        """Return an exercise by its id."""
        return self._exercise("id = ?", exercise)

    def by_code(self, code: str) -> tuple[Exercise, Role] | None:
        """Return the exercise that a code opens, and what whoever has it is there."""
        for column, role in (("join_code", Role.TRAINEE), ("lead_code", Role.LEAD)):
            if (found := self._exercise(f"{column} = ?", code)) is not None:
                return found, role
        return None

    def exercises(self) -> list[Exercise]:
        """Return all exercises that are kept, newest first."""
        return [
            one
            for (row,) in self._all("SELECT id FROM exercises ORDER BY began_at DESC, id")
            if (one := self.exercise(row))
        ]

    def _exercise(self, where: str, value: str) -> Exercise | None:
        row = self._one(
            "SELECT id, version, kind, join_code, lead_code, opened, held, sent, changed, began_at, ended_at FROM exercises "
            f"WHERE {where}",
            (value,),
        )
        if row is None:
            return None
        identity, version, kind, join, lead, opened, held, sent, changed, began, ended = row
        story = self._story(version)
        return Exercise(
            identity, story, kind, join or "", lead or "", opened, bool(held), sent_of(sent), changed, began, ended
        )

    def _story(self, version: str) -> Story:
        if version not in self._stories:
            (body,) = self._one("SELECT body FROM scripts WHERE version = ?", (version,))
            self._stories[version] = Story(Scenario.model_validate_json(body))
        return self._stories[version]

    def add_script(self, story: Story) -> None:
        """Keep a story that somebody sent, inside the open transaction, so that it can be played after a restart too."""
        self.connection.execute("INSERT OR IGNORE INTO scripts VALUES (?, ?)", (story.version, story.compiled))

    def script(self, version: str) -> Story | None:
        """Return a story by its version, if it is kept here."""
        known = self._one("SELECT 1 FROM scripts WHERE version = ?", (version,))
        return self._story(version) if known is not None else None

    def change(self, exercise: str, **columns: object) -> None:
        """Change what the facilitator steers (opened, held, sent, ended_at) inside the open transaction."""
        sets = ", ".join(f"{name} = ?" for name in columns)
        values = [json.dumps(value) if isinstance(value, tuple) else value for value in columns.values()]
        sql = f"UPDATE exercises SET {sets}{', ' if sets else ''}changed = changed + 1 WHERE id = ?"
        self.connection.execute(sql, (*values, exercise))

    def remove(self, exercise: str) -> None:
        """Remove an exercise with its seats, moves, mail and notes, and its story if nobody else plays it, inside the transaction."""
        row = self._one("SELECT version FROM exercises WHERE id = ?", (exercise,))
        self.connection.execute("DELETE FROM exercises WHERE id = ?", (exercise,))
        sql = "DELETE FROM scripts WHERE version = ? AND version NOT IN (SELECT version FROM exercises)"
        self.connection.execute(sql, row or ("",))

    def forget_visitors(self, before: str) -> None:
        """Forget what was before a time and belongs to no exercise: wrong codes, lists, stories sent and never played, addresses."""
        run, idle = self.connection.execute, "version NOT IN (SELECT version FROM exercises)"
        run("DELETE FROM attempts WHERE at < ?", (before,))
        run("DELETE FROM mail WHERE exercise IS NULL AND delivered_at IS NOT NULL AND at < ?", (before,))
        offered = "EXISTS (SELECT 1 FROM mail WHERE exercise IS NULL AND instr(body, version))"
        run(f"DELETE FROM scripts WHERE {idle} AND NOT {offered}")
        run(
            "DELETE FROM addresses WHERE person NOT IN (SELECT person FROM seats JOIN exercises ON exercises.id = exercise "
            "WHERE ended_at IS NULL) AND person NOT IN (SELECT person FROM mail WHERE delivered_at IS NULL OR exercise IS NULL)"
        )

    def leave_no_trace(self) -> None:
        """Empty the file that SQLite writes before the database: what was erased stands there too."""
        with readable(self.path):
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    # --- seats ------------------------------------------------------------------------------------------

    def add_seat(self, exercise: str, role: Role, person: str, at: str) -> str:
        """Give somebody a place inside the open transaction; returns its id."""
        made = secrets.token_hex(8)
        self.connection.execute(
            "INSERT INTO seats (id, exercise, role, person, began_at, last_at) VALUES (?, ?, ?, ?, ?, ?)",
            (made, exercise, role, person, at, at),
        )
        return made

    def seat(self, seat: str) -> Seat | None:
        """Return a seat by its id."""
        return _seat(self._one(f"{_SEAT} WHERE id = ?", (seat,)))

    def seat_in(self, exercise: str, person: str, role: Role) -> Seat | None:
        """Return somebody's seat in an exercise."""
        return _seat(self._one(f"{_SEAT} WHERE exercise = ? AND person = ? AND role = ?", (exercise, person, role)))

    def current(self, person: str) -> Seat | None:
        """Return where somebody sits now: the seat they used last, unless they left it or the exercise has ended."""
        return _seat(
            self._one(
                f"{_SEAT} WHERE person = ? AND NOT gone AND exercise IN (SELECT id FROM exercises WHERE ended_at IS NULL) "
                "ORDER BY last_at DESC, rowid DESC LIMIT 1",
                (person,),
            )
        )

    def last_alone(self, person: str, version: str) -> Seat | None:
        """Return somebody's unfinished exercise of a story, played alone."""
        return _seat(
            self._one(
                f"{_SEAT} WHERE person = ? AND exercise IN (SELECT id FROM exercises WHERE kind = 'alone' AND ended_at IS NULL "
                "AND version = ?) ORDER BY last_at DESC, rowid DESC LIMIT 1",
                (person, version),
            )
        )

    def last_left(self, person: str) -> Seat | None:
        """Return the seat somebody left last, if its exercise goes on."""
        return _seat(
            self._one(
                f"{_SEAT} WHERE person = ? AND gone AND exercise IN (SELECT id FROM exercises WHERE ended_at IS NULL) "
                "ORDER BY last_at DESC, rowid DESC LIMIT 1",
                (person,),
            )
        )

    def seats(self, exercise: str, role: Role) -> list[Seat]:
        """Return the seats of an exercise, in the order in which they were taken."""
        rows = self._all(f"{_SEAT} WHERE exercise = ? AND role = ? ORDER BY rowid", (exercise, role))
        return [seat for row in rows if (seat := _seat(row)) is not None]

    def names(self, exercise: str) -> list[str]:
        """Return the names that are taken in an exercise."""
        rows = self._all("SELECT name FROM seats WHERE exercise = ? AND name IS NOT NULL ORDER BY rowid", (exercise,))
        return [row[0] for row in rows]

    def due(self, now: str) -> list[str]:
        """Return the seats in which something happens by the clock alone by now."""
        return [row[0] for row in self._all("SELECT id FROM seats WHERE due_at <= ? AND NOT gone", (now,))]

    def change_seat(self, seat: str, **columns: object) -> None:
        """Change a seat inside the open transaction."""
        sets = ", ".join(f"{name} = ?" for name in columns)
        self.connection.execute(f"UPDATE seats SET {sets} WHERE id = ?", (*columns.values(), seat))

    def see(self, person: str, at: str) -> None:
        """Note that somebody's terminal is open, or what stands for closed."""
        with self.transaction():
            self.connection.execute("UPDATE seats SET seen_at = ? WHERE person = ? AND NOT gone", (at, person))

    def is_seen(self, person: str, since: str) -> bool:
        """Say whether a terminal of somebody was open since a time."""
        return self._one("SELECT 1 FROM seats WHERE person = ? AND seen_at >= ?", (person, since)) is not None

    def save_run(self, seat: str, run: Run, due_at: str | None) -> None:
        """Keep how far somebody is, inside the open transaction."""
        self.connection.execute("UPDATE seats SET run = ?, due_at = ? WHERE id = ?", (run.to_json(), due_at, seat))

    # --- moves ------------------------------------------------------------------------------------------

    def is_known(self, key: str) -> bool:
        """Say whether something that came in was taken before."""
        return self._one("SELECT 1 FROM moves WHERE key = ?", (key,)) is not None

    def was_real(self, key: str) -> bool:
        """Say whether what came in was taken, and its seat was then left because something was real."""
        sql = "SELECT 1 FROM moves JOIN seats ON seats.id = seat WHERE key = ? AND gone = ?"
        return self._one(sql, (key, GONE_FOR_REAL)) is not None

    def add_move(self, seat: str, move: str, key: str | None, at: str) -> None:
        """Note a move inside the open transaction: ids alone, never words."""
        self.connection.execute("INSERT INTO moves (key, seat, move, at) VALUES (?, ?, ?, ?)", (key, seat, move, at))

    def moves(self, seat: str) -> list[str]:
        """Return the moves of a seat in order."""
        return [
            row[0] for row in self._all("SELECT move FROM moves WHERE seat = ? AND move != '' ORDER BY id", (seat,))
        ]

    # --- mail -------------------------------------------------------------------------------------------

    def add_mail(self, person: str, exercise: str | None, out: dict[str, Any], at: str) -> None:
        """Put something to be said into the post, inside the open transaction."""
        asks = any(reply["options"] for reply in out["replies"])
        self.connection.execute(
            "INSERT INTO mail (exercise, person, nonce, asks, body, at) VALUES (?, ?, ?, ?, ?, ?)",
            (exercise, person, secrets.token_urlsafe(NONCE_BYTES), asks, json.dumps(out, ensure_ascii=False), at),
        )

    def waiting(self, person: str) -> list[Mail]:
        """Return what still has to be shown to somebody, in order."""
        rows = self._all(
            "SELECT id, person, nonce, body FROM mail WHERE person = ? AND delivered_at IS NULL ORDER BY id", (person,)
        )
        return [Mail(row[0], row[1], row[2], json.loads(row[3])) for row in rows]

    def to_deliver(self, channel: str) -> list[tuple[str, str]]:
        """Return (person, chat) of everybody on a channel for whom there is mail."""
        return self._all(
            "SELECT DISTINCT mail.person, chat FROM mail JOIN addresses ON addresses.person = mail.person "
            "WHERE delivered_at IS NULL AND channel = ?",
            (channel,),
        )

    def delivered(self, mail: Sequence[int], at: str) -> None:
        """Note that mail was shown."""
        with self.transaction():
            self.connection.executemany("UPDATE mail SET delivered_at = ? WHERE id = ?", [(at, one) for one in mail])

    def posted(self, nonce: str) -> Mail | None:
        """Return what was said with a nonce: what a pressed button belongs to."""
        row = self._one("SELECT id, person, nonce, body FROM mail WHERE nonce = ?", (nonce,))
        return Mail(row[0], row[1], row[2], json.loads(row[3])) if row else None

    def answer(self, nonce: str) -> bool:
        """Note inside the open transaction that something said asks no more; says whether it still did."""
        return self.connection.execute("UPDATE mail SET asks = 0 WHERE nonce = ? AND asks", (nonce,)).rowcount > 0

    def say_instead(self, nonce: str, out: dict[str, Any]) -> None:
        """Let a message that was shown say something else by now."""
        with self.transaction():
            body = json.dumps(out, ensure_ascii=False)
            self.connection.execute("UPDATE mail SET body = ? WHERE nonce = ?", (body, nonce))

    def last_question(self, person: str, exercise: str) -> Mail | None:
        """Return the last question that somebody was asked in an exercise."""
        row = self._one(
            "SELECT id, person, nonce, body FROM mail WHERE person = ? AND exercise = ? AND asks ORDER BY id DESC LIMIT 1",
            (person, exercise),
        )
        return Mail(row[0], row[1], row[2], json.loads(row[3])) if row else None

    def last_asked(self, person: str) -> dict[str, Any] | None:
        """Return the last question that somebody was asked, as channels take it."""
        row = self._one("SELECT body FROM mail WHERE person = ? AND asks ORDER BY id DESC LIMIT 1", (person,))
        replies = json.loads(row[0])["replies"] if row else []
        return next((reply for reply in reversed(replies) if reply["options"]), None)

    # --- notes ------------------------------------------------------------------------------------------

    def add_note(self, exercise: str, kind: str, seat: str | None, scene: str, words: str, at: str) -> None:
        """Keep a note inside the open transaction; a shared one has no seat."""
        self.connection.execute(
            "INSERT INTO notes (exercise, kind, seat, scene, words, at) VALUES (?, ?, ?, ?, ?, ?)",
            (exercise, kind, seat, scene, words, at),
        )

    def notes(self, exercise: str, *, seat: str | None = None) -> list[tuple[str, str, str]]:
        """Return (kind, scene, words) of the notes everybody may see; with a seat, of what only its owner may see."""
        kinds, values = ("kind IN ('note', 'shared')", (exercise,)) if seat is None else ("seat = ?", (exercise, seat))
        # By chance of their id, shared words could be laid beside the seats in order: the scene and the words order them.
        sql = f"SELECT kind, scene, words FROM notes WHERE exercise = ? AND {kinds} ORDER BY kind, scene, words"
        return self._all(sql, values)


NONCE_BYTES = 12
"""Longer than those of live guidance, so that the two kinds of button are never mistaken."""


def _seat(row: Any) -> Seat | None:  # noqa: ANN401 - a row, or None
    if row is None:
        return None
    identity, exercise, role, person, name, run, asking, began, last, gone = row
    return Seat(identity, exercise, Role(role), person, name, run_of(run), asking, began, last, gone)
