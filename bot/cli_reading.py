"""Reading the record from the command line: who reads, and noting that they did."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from bot.errors import SetupError, StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.advice_log import AdviceLog


def reader() -> str:
    """Return who reads: whoever can run commands on the machine that holds the record."""
    return "console"


def now() -> str:
    """Return this moment as it is kept."""
    from bot.clock import stamp  # noqa: PLC0415 - commands load only what they need

    return stamp(datetime.now(UTC))


def note_reading(log: AdviceLog, action: str, sessions: Sequence[str], detail: str = "") -> None:
    """Note in the record that it was read, before anything of it is shown; a copy that cannot be written says so.

    Raises StoreError where the record can be written but the reading could not be noted: then nothing is shown.
    """
    from bot.advice_log import AdviceLog  # noqa: PLC0415 - as above
    from bot.advice_log.opening import key_path  # noqa: PLC0415
    from bot.advice_log.reads import can_hold_reads, note_reads  # noqa: PLC0415

    why = ""
    if not can_hold_reads(log):
        why = "an earlier program made it"
    elif not key_path(log.path).exists():
        why = "it is a copy without its key"
    else:
        try:
            writable = AdviceLog.open(log.path)
        except (StoreError, SetupError) as error:
            if "read-only" not in str(error) and "key file" not in str(error):
                raise
            why = "it is read-only" if "read-only" in str(error) else "its key does not fit"
        else:
            try:
                note_reads(writable, reader(), action, sessions, detail, now())
            finally:
                writable.close()
    if why:
        click.echo(f"This reading is not noted in the record: {why}.", err=True)
