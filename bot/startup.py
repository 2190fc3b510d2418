"""Opening the library for a conversation: checked once per version of content and program, then kept compiled."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.clock import stamp
from bot.errors import StoreError
from bot.library import Library
from bot.reading import content_root, source_hash

if TYPE_CHECKING:
    from bot.advice_log import AdviceLog
    from bot.rasa_nlu import RasaServer


def program_fingerprint() -> str:
    """Hash the program itself: a changed check has to look at the content again."""
    digest = hashlib.sha256()
    here = Path(__file__).resolve().parent
    for path in sorted(here.rglob("*.py")):
        digest.update(path.relative_to(here).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def open_library(log: AdviceLog, root: Path | None = None) -> Library:
    """Return the library of the content root, and keep its compiled form in the record.

    The compiled form is used again only if every content file and the whole program are byte for byte those that
    it was made from. Raises ContentError when the content has mistakes: nothing starts on broken content.
    """
    root = root or content_root()
    wanted = source_hash(root, program_fingerprint())
    known = log.compiled_from(wanted)
    if known is not None:
        try:
            return Library.from_compiled(known[1], known[0])
        except ValueError:
            pass  # the kept form was tampered with; `log verify` will say so, and the files are read afresh
    from bot.checks import load  # noqa: PLC0415 - reading and proving everything is needed only the first time

    library = load(root)
    log.keep_content(library.version, wanted, library.compiled, stamp(datetime.now(UTC)))
    return library


def library_beside(db: Path, root: Path | None = None) -> Library:
    """Return the checked library without opening a record for writing: an exercise leaves nothing in it.

    What a record keeps compiled is taken from there, where it is of the same files and program.
    """
    from bot.advice_log import AdviceLog  # noqa: PLC0415 - the record is only looked at

    root = root or content_root()
    if db.exists():
        with suppress(StoreError, ValueError):
            log = AdviceLog.read(db)
            try:
                known = log.compiled_from(source_hash(root, program_fingerprint()))
            finally:
                log.close()
            if known is not None:
                return Library.from_compiled(known[1], known[0])
    from bot.checks import load  # noqa: PLC0415 - as above

    return load(root)


def second_matcher(library: Library) -> RasaServer | None:
    """Return the Rasa server that is asked besides our own matcher, if the environment names one (THINKCHILD_NLU)."""
    if not os.environ.get("THINKCHILD_NLU"):
        return None
    from bot.rasa_nlu import rasa_from  # noqa: PLC0415 - loaded only where one is named

    return rasa_from(os.environ, library.flows)
