"""What a running service writes to its log: never a secret, and never a word that somebody typed."""

from __future__ import annotations

import logging
import sys
import traceback


class Discreet(logging.Formatter):
    """Says of other libraries' messages only that there was one: they may hold a secret, or words typed."""

    def __init__(self, secret: str) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")
        self._secret = secret

    def format(self, record: logging.LogRecord) -> str:
        """Return the line to write."""
        if not record.name.startswith("bot."):
            kind = record.exc_info[0] if record.exc_info else None
            says = f"{record.name} reports a problem{f' ({kind.__name__})' if kind else ''}."
            record = logging.LogRecord(record.name, record.levelno, "", 0, says, None, None)
        line = super().format(record)
        return line.replace(self._secret, "***") if self._secret else line


def log_discreetly(secret: str) -> None:
    """Log to standard error, without the secret and without anything that people wrote."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Discreet(secret))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("bot").setLevel(logging.INFO)


def where(error: BaseException) -> str:
    """Say of what kind an error is and where it came up, without its text: that may repeat what was typed."""
    frames = reversed(traceback.extract_tb(error.__traceback__)[-4:])
    places = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__} at {places}"
