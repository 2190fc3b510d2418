"""What every code of a problem means, and what to do: stable, so that a note or a script may name one."""

from __future__ import annotations

CODES: dict[str, tuple[str, str]] = {}
"""For each code: what it means, and what to do."""
