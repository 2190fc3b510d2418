"""The figures of an installation for Prometheus, counted from the record itself: exact after any restart, and free for the bot.

Only counts and times: no person, session, label or word is in them.
"""

from __future__ import annotations

import re
import signal
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.advice_log import AdviceLog
from bot.advice_log.opening import readable
from bot.advice_log.running import backlog, notes
from bot.clock import read, stamp
from bot.errors import SetupError, StoreError
from bot.network import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from prometheus_client.core import Metric

COUNTED = (
    ("thinkchild_turns", "Turns taken", ("channel",), "SELECT s.channel, count(*) FROM turns t JOIN sessions s ON s.id = t.session GROUP BY 1"),
    ("thinkchild_words_understood", "What typed words were taken for", ("decision",), "SELECT decision, count(*) FROM turns WHERE decision <> '' GROUP BY 1"),
    ("thinkchild_advice", "Lines said, by their kind; kind danger is the 999 card", ("kind",), "SELECT kind, count(*) FROM advice GROUP BY 1"),
    ("thinkchild_deliveries", "What became of answers", ("status",), "SELECT status, count(*) FROM deliveries GROUP BY 1"),
    ("thinkchild_reminders", "What became of reminders", ("status",), "SELECT status, count(*) FROM reminder_status GROUP BY 1"),
    ("thinkchild_sessions", "Sessions begun", ("channel",), "SELECT channel, count(*) FROM sessions GROUP BY 1"),
    ("thinkchild_readings", "Readings of the record by leads and admins", ("action",), "SELECT action, count(*) FROM reads GROUP BY 1"),
    ("thinkchild_erased_sessions", "Sessions of which only a tombstone is left", (), "SELECT count(*) FROM tombstones"),
)  # fmt: skip
"""Counters: name, what it counts, its labels, and the question to the record."""
CHANNEL = "telegram"
MISSING = 'Figures for Prometheus need one more package: pip install "thinkchild[metrics]".'
LISTEN = re.compile(r"(\[[0-9a-fA-F:]+\]|[\w.-]+):(\d{1,5})", re.ASCII)


def families(log: AdviceLog, now: datetime) -> Iterator[Metric]:
    """Yield every figure of a record, as it stands."""
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily  # noqa: PLC0415 - an extra

    tables = {row[0] for row in log.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for name, about, labels, question in COUNTED:
        if not tables.issuperset(re.findall(r"(?:FROM|JOIN) (\w+)", question)):
            continue
        family = CounterMetricFamily(name, about, labels=labels)
        for *values, count in log.connection.execute(question):
            family.add_metric([str(value) for value in values], count)
        yield family
    for name, about, value in _gauges(log, now):
        yield GaugeMetricFamily(name, about, value=value)


def _gauges(log: AdviceLog, now: datetime) -> Iterable[tuple[str, str, float]]:
    waiting = backlog(log, CHANNEL)
    (rows,) = log.connection.execute("SELECT seq FROM head").fetchone()
    yield "thinkchild_record_rows", "Rows of the record", rows
    yield "thinkchild_waiting_updates", "Updates that came in and are not handled", waiting.incoming
    yield "thinkchild_waiting_answers", "Answers not known to have gone out", waiting.outgoing
    yield "thinkchild_reminders_due", "Reminders that are due and not sent", len(log.due(CHANNEL, stamp(now)))
    yield "thinkchild_reminders_waiting", "Reminders that are to come", len(log.reminders())
    for name, note in sorted(notes(log).items()):
        if re.fullmatch(r"(?:last_\w+|heartbeat)", name):
            about = "When this last happened, in seconds since 1970"
            yield f"thinkchild_{name}_timestamp_seconds", about, read(note.at).timestamp()


def text(log: AdviceLog, now: datetime) -> str:
    """Return all figures as Prometheus reads them; raises SetupError without its package, StoreError for a bad record."""
    try:
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - an extra
    except ImportError:
        raise SetupError(MISSING) from None

    class Figures:
        def collect(self) -> Iterator[Metric]:
            return iter(made)

    with readable(log.path):
        made = list(families(log, now))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures())
    return generate_latest(registry).decode()


def serve(db: Path, listen: str) -> None:
    """Answer Prometheus at /metrics until told to stop; the record is only read."""
    found = LISTEN.fullmatch(listen)
    if found is None or int(found[2]) > 65535:  # noqa: PLR2004 - there are no more ports
        raise SetupError("--listen has to be HOST:PORT, for instance 127.0.0.1:9464.")
    if not is_loopback(found[1].strip("[]")):
        raise SetupError("Figures are shown on this machine alone, without a password: listen on 127.0.0.1.")
    try:
        from prometheus_client import CollectorRegistry, start_http_server  # noqa: PLC0415 - an extra
    except ImportError:
        raise SetupError(MISSING) from None
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Reading(db))
    try:
        server, thread = start_http_server(int(found[2]), found[1].strip("[]"), registry)
    except OSError as error:
        raise SetupError(f"{listen} cannot be used ({error.strerror}): name another port with --listen.") from None
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
    server.shutdown()
    thread.join()


class _Reading:
    """Reads the record anew each time that it is asked."""

    def __init__(self, db: Path) -> None:
        self._db = db

    def collect(self) -> Iterator[Metric]:
        """Return the figures; `thinkchild_record_readable` alone where the record cannot be read."""
        from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - an extra

        made: list[Metric] = []
        try:
            log = AdviceLog.read(self._db)
            try:
                with readable(self._db):
                    made = list(families(log, datetime.now(UTC)))
            finally:
                log.close()
        except StoreError:
            made = []
        yield GaugeMetricFamily("thinkchild_record_readable", "Whether the record can be read", value=float(bool(made)))
        yield from made
