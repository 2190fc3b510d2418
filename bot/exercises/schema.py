"""The tables of exercises: in a file of their own, beside the record and no part of it, so that all of it can be erased.

Nothing here is chained or append-only: an exercise is no evidence, and has to go without a trace when its time is over.
"""

from __future__ import annotations

from bot.advice_log.tables import Database, Migrations

migrations = Migrations("thinkchild-exercises")

_FIRST = """
CREATE TABLE scripts (version TEXT PRIMARY KEY, body TEXT NOT NULL);

CREATE TABLE exercises (
  id TEXT PRIMARY KEY, version TEXT NOT NULL REFERENCES scripts(version), kind TEXT NOT NULL,
  join_code TEXT UNIQUE, lead_code TEXT UNIQUE, opened INTEGER NOT NULL DEFAULT 0, held INTEGER NOT NULL DEFAULT 0,
  sent TEXT NOT NULL DEFAULT '[]', changed INTEGER NOT NULL DEFAULT 0, began_at TEXT NOT NULL, ended_at TEXT);

CREATE TABLE seats (
  id TEXT PRIMARY KEY, exercise TEXT NOT NULL REFERENCES exercises(id) ON DELETE CASCADE, role TEXT NOT NULL,
  person TEXT NOT NULL, name TEXT, run TEXT NOT NULL DEFAULT '', asking TEXT NOT NULL DEFAULT '',
  began_at TEXT NOT NULL, last_at TEXT NOT NULL, due_at TEXT, seen_at TEXT NOT NULL DEFAULT '',
  gone INTEGER NOT NULL DEFAULT 0,
  UNIQUE (exercise, person, role));
CREATE UNIQUE INDEX seats_names ON seats(exercise, lower(name));
CREATE INDEX seats_person ON seats(person, last_at);
CREATE INDEX seats_due ON seats(due_at) WHERE due_at IS NOT NULL;

CREATE TABLE moves (
  id INTEGER PRIMARY KEY, key TEXT UNIQUE, seat TEXT NOT NULL REFERENCES seats(id) ON DELETE CASCADE,
  move TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX moves_seat ON moves(seat, id);

CREATE TABLE mail (
  id INTEGER PRIMARY KEY, exercise TEXT REFERENCES exercises(id) ON DELETE CASCADE, person TEXT NOT NULL,
  nonce TEXT NOT NULL UNIQUE, asks INTEGER NOT NULL, body TEXT NOT NULL, at TEXT NOT NULL, delivered_at TEXT);
CREATE INDEX mail_waiting ON mail(person, id) WHERE delivered_at IS NULL;
CREATE INDEX mail_exercise ON mail(exercise);

CREATE TABLE notes (
  id INTEGER PRIMARY KEY, exercise TEXT NOT NULL REFERENCES exercises(id) ON DELETE CASCADE, kind TEXT NOT NULL,
  seat TEXT, scene TEXT NOT NULL, words TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX notes_exercise ON notes(exercise);

CREATE TABLE addresses (person TEXT PRIMARY KEY, channel TEXT NOT NULL, chat TEXT NOT NULL);
CREATE TABLE attempts (person TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX attempts_person ON attempts(person, at);
"""


@migrations()
def m001_exercises(db: Database) -> None:
    """Make every table."""
    for statement in _FIRST.split(";\n"):
        if statement.strip():
            db.execute(statement)
