"""The tables, and what may be done to them.

Chained tables carry `seq` and `hash`, and are append-only by triggers: a row is never changed, and never deleted.
Whatever was said or answered stands in `words`, beside the chain, with a salt; the chained row holds only the
salted digest. So words can be erased and the chain still verifies: first a tombstone is written, then they go.

`owners`, `addresses` and `members` say whose a session is, where to reach them and who they are here: never chained, never
exported. Nor is `misunderstood`, which holds nobody's session at all.
"""

from __future__ import annotations

from bot.advice_log.tables import Database, Migrations

CHAINED = (
    "content",
    "sessions",
    "turns",
    "advice",
    "supersessions",
    "outbox",
    "deliveries",
    "reminders",
    "reminder_status",
    "tombstones",
    "holds",
    "reads",
    "enrolments",
    "case_marks",
)
"""Tables whose rows are linked by hashes, in one order given by `seq`."""
_AT_FIRST = CHAINED[:10]
"""Those that every record has had from the beginning."""

LATER = frozenset({("turns", "matcher"), ("reminders", "series"), ("reminders", "rung")})
"""Columns that came after rows had been hashed: empty they count for nothing, so that older rows keep their hash."""

migrations = Migrations("thinkchild")

_FIRST = """
CREATE TABLE content (
  version TEXT PRIMARY KEY, source_hash TEXT NOT NULL, added_at TEXT NOT NULL,
  seq INTEGER NOT NULL UNIQUE, hash TEXT NOT NULL);
CREATE INDEX content_source ON content(source_hash);
CREATE TABLE compiled (version TEXT PRIMARY KEY, body TEXT NOT NULL);

CREATE TABLE sessions (
  id TEXT PRIMARY KEY, receipt TEXT NOT NULL UNIQUE, label TEXT NOT NULL, channel TEXT NOT NULL, area TEXT NOT NULL,
  content_version TEXT NOT NULL, owner_digest TEXT NOT NULL, began_at TEXT NOT NULL,
  seq INTEGER NOT NULL UNIQUE, hash TEXT NOT NULL);
CREATE TABLE owners (session TEXT PRIMARY KEY, person TEXT NOT NULL, salt TEXT NOT NULL);
CREATE INDEX owners_person ON owners(person);
CREATE TABLE addresses (person TEXT PRIMARY KEY, channel TEXT NOT NULL, chat TEXT NOT NULL);

CREATE TABLE turns (
  id INTEGER PRIMARY KEY, session TEXT NOT NULL REFERENCES sessions(id), n INTEGER NOT NULL, key TEXT NOT NULL UNIQUE,
  event TEXT NOT NULL, flow TEXT NOT NULL, step TEXT NOT NULL, decision TEXT NOT NULL, urgency TEXT NOT NULL,
  closed INTEGER NOT NULL, stopped INTEGER NOT NULL, content_version TEXT NOT NULL, state_digest TEXT NOT NULL,
  at TEXT NOT NULL, seq INTEGER NOT NULL UNIQUE, hash TEXT NOT NULL);
CREATE UNIQUE INDEX turns_in_order ON turns(session, n);

CREATE TABLE advice (
  id INTEGER PRIMARY KEY, turn INTEGER NOT NULL REFERENCES turns(id), n INTEGER NOT NULL, run INTEGER NOT NULL,
  kind TEXT NOT NULL, step TEXT NOT NULL, sources TEXT NOT NULL, urgency TEXT NOT NULL, words_digest TEXT NOT NULL,
  seq INTEGER NOT NULL UNIQUE, hash TEXT NOT NULL);
CREATE INDEX advice_turn ON advice(turn);
CREATE TABLE supersessions (
  id INTEGER PRIMARY KEY, turn INTEGER NOT NULL REFERENCES turns(id), advice INTEGER NOT NULL REFERENCES advice(id),
  seq INTEGER NOT NULL UNIQUE, hash TEXT NOT NULL);
CREATE INDEX supersessions_advice ON supersessions(advice);

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY, turn INTEGER NOT NULL REFERENCES turns(id), nonce TEXT NOT NULL UNIQUE,
  words_digest TEXT NOT NULL, seq INTEGER NOT NULL UNIQUE, hash TEXT NOT NULL);
CREATE INDEX outbox_turn ON outbox(turn);
CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY, outbox INTEGER NOT NULL REFERENCES outbox(id), status TEXT NOT NULL, at TEXT NOT NULL,
  seq INTEGER NOT NULL UNIQUE, hash TEXT NOT NULL);
CREATE INDEX deliveries_outbox ON deliveries(outbox);

CREATE TABLE reminders (
  id INTEGER PRIMARY KEY, turn INTEGER NOT NULL REFERENCES turns(id), session TEXT NOT NULL REFERENCES sessions(id),
  step TEXT NOT NULL, due_at TEXT NOT NULL, due_by TEXT NOT NULL, seq INTEGER NOT NULL UNIQUE, hash TEXT NOT NULL);
CREATE INDEX reminders_due ON reminders(due_at);
CREATE TABLE reminder_status (
  id INTEGER PRIMARY KEY, reminder INTEGER NOT NULL REFERENCES reminders(id), status TEXT NOT NULL, at TEXT NOT NULL,
  seq INTEGER NOT NULL UNIQUE, hash TEXT NOT NULL);
CREATE INDEX reminder_status_reminder ON reminder_status(reminder);

CREATE TABLE tombstones (
  id INTEGER PRIMARY KEY, session TEXT NOT NULL REFERENCES sessions(id), reason TEXT NOT NULL, at TEXT NOT NULL,
  seq INTEGER NOT NULL UNIQUE, hash TEXT NOT NULL);

CREATE TABLE words (
  part TEXT NOT NULL, row INTEGER NOT NULL, session TEXT NOT NULL, salt TEXT NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (part, row)) WITHOUT ROWID;
CREATE INDEX words_session ON words(session);

CREATE TABLE inbox (key TEXT PRIMARY KEY, person TEXT NOT NULL, payload TEXT NOT NULL, at TEXT NOT NULL);

CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL);
INSERT INTO head VALUES (1, 0, 'thinkchild');

CREATE VIEW advice_report AS
  SELECT sessions.receipt, sessions.label, turns.at, turns.flow, advice.step, advice.kind, words.body AS words,
    advice.sources, advice.urgency, turns.content_version,
    EXISTS (SELECT 1 FROM supersessions WHERE supersessions.advice = advice.id) AS overtaken
  FROM advice JOIN turns ON turns.id = advice.turn JOIN sessions ON sessions.id = turns.session
    LEFT JOIN words ON words.part = 'advice' AND words.row = advice.id
  ORDER BY advice.seq;
"""


def _append_only(table: str) -> str:
    return f"""
CREATE TRIGGER {table}_is_never_changed BEFORE UPDATE ON {table}
  BEGIN SELECT RAISE(ABORT, 'the record is append-only: {table} rows are never changed'); END;
CREATE TRIGGER {table}_is_never_deleted BEFORE DELETE ON {table}
  BEGIN SELECT RAISE(ABORT, 'the record is append-only: {table} rows are never deleted'); END;
"""


_WORDS = """
CREATE TRIGGER words_are_never_changed BEFORE UPDATE ON words
  BEGIN SELECT RAISE(ABORT, 'the record is append-only: words are never changed'); END;
CREATE TRIGGER words_go_only_after_a_tombstone BEFORE DELETE ON words
  WHEN NOT EXISTS (SELECT 1 FROM tombstones WHERE session = OLD.session)
  BEGIN SELECT RAISE(ABORT, 'words may be erased only after a tombstone for their session'); END;
"""


@migrations()
def m001_the_record(db: Database) -> None:
    """Make every table of the record."""
    for statement in _statements(_FIRST + "".join(map(_append_only, (*_AT_FIRST, "compiled"))) + _WORDS):
        db.execute(statement)


@migrations()
def m002_which_matcher(db: Database) -> None:
    """Note beside a decision which matcher it came from; what was kept before has none."""
    db.execute("ALTER TABLE turns ADD COLUMN matcher TEXT NOT NULL DEFAULT ''")


_THIRD = """
CREATE TABLE misunderstood (
  id TEXT PRIMARY KEY, day TEXT NOT NULL, content_version TEXT NOT NULL, decision TEXT NOT NULL, candidates TEXT NOT NULL,
  words TEXT NOT NULL, chosen TEXT NOT NULL) WITHOUT ROWID;
"""


@migrations()
def m003_what_was_not_understood(db: Database) -> None:
    """Make the queue of messages that a lead may look at: see `queue`."""
    for statement in _statements(_THIRD):
        db.execute(statement)


_FOURTH = """
ALTER TABLE owners ADD COLUMN setting TEXT NOT NULL DEFAULT '';
ALTER TABLE inbox ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reminders ADD COLUMN series INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reminders ADD COLUMN rung INTEGER NOT NULL DEFAULT 0;

CREATE TABLE members (
  id TEXT PRIMARY KEY, person TEXT NOT NULL UNIQUE, name TEXT NOT NULL, roles TEXT NOT NULL, setting TEXT NOT NULL,
  reach TEXT NOT NULL, since TEXT NOT NULL);
CREATE TABLE invitations (
  code_digest TEXT PRIMARY KEY, roles TEXT NOT NULL, setting TEXT NOT NULL, reach TEXT NOT NULL, name TEXT NOT NULL,
  made_by TEXT NOT NULL, expires_at TEXT NOT NULL, uses INTEGER NOT NULL);
CREATE TABLE enrolments (
  id INTEGER PRIMARY KEY, member TEXT NOT NULL, change TEXT NOT NULL, roles TEXT NOT NULL, setting TEXT NOT NULL,
  reach TEXT NOT NULL, made_by TEXT NOT NULL, at TEXT NOT NULL, seq INTEGER NOT NULL UNIQUE, hash TEXT NOT NULL);

CREATE TABLE reads (
  id INTEGER PRIMARY KEY, reader TEXT NOT NULL, action TEXT NOT NULL, session TEXT NOT NULL, detail TEXT NOT NULL,
  at TEXT NOT NULL, seq INTEGER NOT NULL UNIQUE, hash TEXT NOT NULL);
CREATE INDEX reads_session ON reads(session);

CREATE TABLE holds (
  id INTEGER PRIMARY KEY, session TEXT NOT NULL REFERENCES sessions(id), status TEXT NOT NULL, reason TEXT NOT NULL,
  made_by TEXT NOT NULL, at TEXT NOT NULL, seq INTEGER NOT NULL UNIQUE, hash TEXT NOT NULL);
CREATE INDEX holds_session ON holds(session);

CREATE TABLE case_marks (
  id INTEGER PRIMARY KEY, session TEXT NOT NULL REFERENCES sessions(id), turn INTEGER NOT NULL REFERENCES turns(id),
  mark TEXT NOT NULL, about TEXT NOT NULL, at TEXT NOT NULL, seq INTEGER NOT NULL UNIQUE, hash TEXT NOT NULL);
CREATE INDEX case_marks_session ON case_marks(session);

CREATE TABLE notes (name TEXT PRIMARY KEY, body TEXT NOT NULL, at TEXT NOT NULL);
"""


@migrations()
def m004_evidence(db: Database) -> None:
    """Make what evidence and running need: members, reads, holds, marks on cases, rungs of reminders, attempts.

    `notes` holds facts about the running of this installation that no advice rests on (when it was last backed up, when
    something last came in): one row a name, changed in place, not chained.
    """
    triggers = "".join(map(_append_only, ("holds", "reads", "enrolments", "case_marks")))
    for statement in _statements(_FOURTH + triggers):
        db.execute(statement)


def _statements(script: str) -> list[str]:
    """Split a script into statements; a trigger's own semicolon stands before END."""
    found, current = [], ""
    for line in script.splitlines():
        current += line + "\n"
        ends = line.rstrip().endswith(";")
        if ends and ("CREATE TRIGGER" not in current or line.rstrip().endswith("END;")):
            found.append(current)
            current = ""
    return found
