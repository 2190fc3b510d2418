"""What the matching learned, kept in a file between starts; and the list of English words it checks spelling against.

The file is a copy of what can be learned again: missing, unwritable, cut short or from another program, it is passed
over without a word. It holds arrays of numbers and letters, and is never read as anything else.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import zipfile
from contextlib import suppress
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.matching.model import Arrays
    from bot.matching.vectors import Encodes

_LOG = logging.getLogger("thinkchild")

_LIST_OF = "symspellpy"
_LIST_FILE = "frequency_dictionary_en_82_765.txt"
_KEEP = 8
"""Files kept of one folder, two for each content: conversations may still be going on with an older version of it."""
_opened: dict[tuple[str, int, int], Encodes] = {}
"""The model that was read last, by its file: the matching and the search share one."""


class KeptWeights:
    """Keeps what was learned as `words-….npz` in one folder; by default the user's cache folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or _cache_folder()
        self.program = _program()

    def get(self, key: str) -> Arrays | None:
        """Give what was kept under a key; None when it is not there, or not whole."""
        if self._folder is None:
            return None
        path = _file(self._folder, key)
        kept = _read(path)
        if kept is not None:
            with suppress(OSError):
                os.utime(path)  # what is used is not what is tidied away
        return kept

    def put(self, key: str, arrays: Arrays) -> None:
        """Keep what was learned, if that can be done; other programs see the whole file or none."""
        if self._folder is None:
            return
        import numpy as np  # noqa: PLC0415 - as above

        made: Path | None = None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder, prefix=".words-", suffix=".npz")
            made = Path(name)
            with os.fdopen(handle, "wb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type] # the stubs take the names for its options
            made.replace(_file(self._folder, key))
            _tidy(self._folder)
        except OSError:
            if made is not None:
                with suppress(OSError):
                    made.unlink(missing_ok=True)

    def encoder(self) -> Encodes | None:
        """Give the model of sentence vectors: the full weights where they are, else the compact form that is shipped.

        `THINKCHILD_MODEL` names the folder of the full weights, or is "none" to do without any vectors. What is wrong with
        them is one line in the log.
        """
        # numpy is loaded when words are typed
        from bot.vectors.files import COMPACT, WEIGHTS, read_compact, read_full  # noqa: PLC0415

        wanted = os.environ.get("THINKCHILD_MODEL", "")
        if wanted == "none":
            return None
        folder = Path(wanted) if wanted else model_folder()
        if wanted or (folder is not None and folder.exists()):
            try:
                place = folder or Path()
                return _once(place / WEIGHTS, lambda: read_full(place))
            except (SetupError, OSError, ValueError, KeyError) as error:
                _LOG.warning("The full weights are not used: %s", error)
        try:
            return _once(COMPACT, read_compact)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            _LOG.warning("Sentence vectors are not used, words alone are compared: %s", type(error).__name__)
        return None

    def shipped(self) -> Arrays | None:
        """Give what was learned when the program was made: its key, weights and vectors."""
        from bot.vectors.files import EXAMPLES  # noqa: PLC0415 - as above

        return _read(EXAMPLES)

    def passages(self) -> Arrays | None:
        """Give the vectors of what a search can find, made when the program was made."""
        from bot.vectors.files import PASSAGES  # noqa: PLC0415 - as above

        return _read(PASSAGES)

    def english(self) -> list[str]:
        """Give the English words of the list that a package brings; none, if it is not there."""
        found = util.find_spec(_LIST_OF)
        for place in (found.submodule_search_locations or ()) if found is not None else ():
            with suppress(OSError, UnicodeDecodeError):
                lines = (Path(place) / _LIST_FILE).read_text(encoding="utf-8-sig").splitlines()
                return [word for line in lines if (word := line.partition(" ")[0]).isalpha()]
        return []


def _once(file: Path, read: Callable[[], Encodes]) -> Encodes:
    """Read a model, unless that very file was read last."""
    stat = file.stat()
    stamp = (str(file.resolve()), stat.st_mtime_ns, stat.st_size)
    if stamp not in _opened:
        made = read()
        _opened.clear()
        _opened[stamp] = made
    return _opened[stamp]


def _read(path: Path) -> Arrays | None:
    import numpy as np  # noqa: PLC0415 - loaded only when words are typed

    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile, MemoryError):
        return None


def _file(folder: Path, key: str) -> Path:
    return folder / f"words-{key[:24]}.npz"


def _tidy(folder: Path) -> None:
    files = sorted(folder.glob("words-*.npz"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[_KEEP:]:
        file.unlink(missing_ok=True)


def _cache_folder() -> Path | None:
    """Return where this user's caches belong, if anywhere: all their records can share what the same content taught.

    Never a folder that others can write: who can change the file can change what is understood.
    """
    base = os.environ.get("XDG_CACHE_HOME")
    if base:
        return Path(base) / "thinkchild"
    with suppress(RuntimeError):  # nobody at home
        return Path.home() / ".cache" / "thinkchild"
    return None


def model_folder() -> Path | None:
    """Return where `thinkchild model install` puts the full weights for this user, if anywhere."""
    base = os.environ.get("XDG_DATA_HOME")
    if base:
        return Path(base) / "thinkchild" / "model"
    with suppress(RuntimeError):
        return Path.home() / ".local" / "share" / "thinkchild" / "model"
    return None


def _program() -> str:
    """Name everything that decides what is learned: the matching itself, and the libraries it rests on."""
    digest = hashlib.sha256()
    for part in ("matching", "vectors"):
        for path in sorted((Path(__file__).resolve().parent / part).glob("*.py")):
            digest.update(path.read_bytes())
    libraries = []
    for name in ("numpy", "rapidfuzz", _LIST_OF):
        with suppress(metadata.PackageNotFoundError):
            libraries.append(f"{name} {metadata.version(name)}")
    return f"{digest.hexdigest()} {', '.join(libraries)}"
