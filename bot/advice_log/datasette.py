"""The file that makes a copy of the record readable in Datasette: titles, what columns mean, questions in plain words."""

from __future__ import annotations

import json
from pathlib import Path

_SHIPPED = Path(__file__).with_name("datasette.yaml")


def metadata(database: str) -> str:
    """Return the metadata, as YAML, for a database of this name: that of its file, without the ending."""
    # A name in JSON's quotes is a name in YAML too, whatever it holds.
    return _SHIPPED.read_text(encoding="utf-8").replace("\n  RECORD:\n", f"\n  {json.dumps(database)}:\n", 1)
