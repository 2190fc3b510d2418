"""What a running service writes to its log: never a secret, and never a word that somebody typed."""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from datetime import UTC, datetime

FORM = "THINKCHILD_LOG"
FIGURES = ("ms", "waiting", "attempts")
"""What a line may carry besides its words: numbers alone."""


class Discreet(logging.Formatter):
    """Says of other libraries' messages only that there was one: they may hold a secret, or words typed."""

    def __init__(self, secret: str) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")
        self._secret = secret

    def format(self, record: logging.LogRecord) -> str:
        """Return the line to write."""
        return self._without_secret(super().format(self._own(record)))

    def _own(self, record: logging.LogRecord) -> logging.LogRecord:
        """Return a record of ours as it is; of anybody else's, only that there was one."""
        if not record.name.startswith("bot."):
            kind = record.exc_info[0] if record.exc_info else None
            says = f"{record.name} reports a problem{f' ({kind.__name__})' if kind else ''}."
            return logging.LogRecord(record.name, record.levelno, "", 0, says, None, None)
        return record

    def _without_secret(self, line: str) -> str:
        return line.replace(self._secret, "***") if self._secret else line


class Lines(Discreet):
    """The same as one JSON object a line, for programs: when, how bad, where, what, and figures by name."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line to write."""
        own = self._own(record)
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        held: dict[str, object] = {
            "at": at,
            "level": own.levelname,
            "where": own.name.removeprefix("bot."),
            "says": own.getMessage(),
        }
        held |= {name: value for name in FIGURES if isinstance(value := getattr(own, name, None), int | float)}
        return self._without_secret(json.dumps(held, ensure_ascii=False))


def log_discreetly(secret: str) -> None:
    """Log to standard error, without the secret and without anything that people wrote; THINKCHILD_LOG=json for programs."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter((Lines if os.environ.get(FORM, "").strip().lower() == "json" else Discreet)(secret))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("bot").setLevel(logging.INFO)


def where(error: BaseException) -> str:
    """Say of what kind an error is and where it came up, without its text: that may repeat what was typed."""
    frames = reversed(traceback.extract_tb(error.__traceback__)[-4:])
    places = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__} at {places}"
