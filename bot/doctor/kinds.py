"""What is looked at, and how something can be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from bot.library import Library


class Verdict(StrEnum):
    """How something is."""

    FINE = "fine"
    LOOK = "look"
    """It works, and somebody should look at it."""
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """How one thing is, in a sentence, and what to do about it."""

    about: str
    verdict: Verdict
    says: str
    do: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at: the record, the content, and the settings that the service is started with."""

    db: Path
    area: str
    environ: Mapping[str, str]
    now: datetime
    online: bool
    backup_days: int
    load: Callable[[], Library]
    """Reads and proves the content; raises ContentError."""
