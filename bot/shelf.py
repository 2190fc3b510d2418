"""The content of every version that a conversation may still be going on with, and what its words are matched with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.asking import INTERRUPTS, line
from bot.errors import StoreError
from bot.library import Library

if TYPE_CHECKING:
    from bot.advice_log.log import AdviceLog
    from bot.events import Reply
    from bot.lookup import Lookup
    from bot.matching import Matcher
    from bot.models import Line


class Shelf:
    """Holds the libraries by version; a session finishes on the one it began with."""

    def __init__(self, log: AdviceLog, library: Library, *, require_signed: bool = False) -> None:
        self.log, self.library, self.require_signed = log, library, require_signed
        self._libraries: dict[str, Library] = {library.version: library}
        self.matchers: dict[str, Matcher] = {}

    def version(self, version: str) -> Library:
        """Return the library of a version; raises StoreError when the record no longer has it as it was."""
        if version not in self._libraries:
            compiled = self.log.compiled(version)
            if compiled is None:
                raise StoreError(
                    "The content that this conversation began with is missing from the record: restore a backup."
                )
            try:
                held = Library.from_compiled(compiled, version)
            except ValueError as error:
                raise StoreError("The content kept in the record was changed: run 'thinkchild log verify'.") from error
            # Lines and questions of ours that came with a later program.
            held.lines = {**self.library.lines, **held.lines}
            ours = {name: self.library.blocks[name] for name in INTERRUPTS if name in self.library.blocks}
            held.blocks = {**ours, **held.blocks}
            held.routes = {**ours, **held.routes}
            self._libraries[version] = held.only_signed() if self.require_signed else held
        return self._libraries[version]

    def corrections_since(self, was: Library) -> tuple[Line, ...]:
        """Return the urgent corrections of today's content that earlier content does not have."""
        if was.version == self.library.version:
            return ()
        known = {(one.id, one.text) for one in was.content.lines}
        lines = self.library.content.lines
        return tuple(one for one in lines if one.corrected is not None and (one.id, one.text) not in known)

    def put_right_since(self, *versions: str) -> tuple[Reply, ...]:
        """Return what to say before advice of earlier versions is repeated: all that was put right since."""
        since = dict.fromkeys(one.id for version in versions for one in self.corrections_since(self.version(version)))
        return tuple(line(self.library, name) for name in ("corrected_since", *since)) if since else ()

    def matcher(self, library: Library) -> Matcher:
        """Return what understands typed words for a library."""
        from bot.kept import KeptWeights  # noqa: PLC0415 - loaded only when words are typed
        from bot.routing import matcher_of  # noqa: PLC0415 - as above

        if library.version not in self.matchers:
            self.matchers[library.version] = matcher_of(library, KeptWeights())
        return self.matchers[library.version]

    def finder(self, library: Library) -> Lookup:
        """Return what looks up what a library knows."""
        from bot.kept import KeptWeights  # noqa: PLC0415 - loaded only when words are typed
        from bot.lookup import Lookup, meaning_of  # noqa: PLC0415 - as above

        return Lookup(library, meaning_of(library, KeptWeights()))
