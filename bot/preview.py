"""Talking through a flow while it is being edited: what is saved is read at once, and the answers given so far stay.

The same engine as in a conversation, without the record: nothing is kept, and every screen says that it is a preview.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bot.asking import open_question
from bot.checks import check_content
from bot.dialogue import new_state, step
from bot.errors import ContentError, SetupError, near_miss
from bot.events import Open
from bot.kept import KeptWeights
from bot.lookup import Lookup, meaning_of
from bot.reading import source_hash
from bot.routing import matcher_of
from bot.transcript import reply_out, where
from bot.understanding import understand
from bot.wording import plain

if TYPE_CHECKING:
    from pathlib import Path

    from bot.access import Person
    from bot.dialogue import Turn
    from bot.events import Event, Reply
    from bot.library import Library
    from bot.matching import Matcher
    from bot.models import Moment

DAY = "9999-12-31"
"""No number is shown as current in a preview."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a turn said: `out` has the replies of the JSON contract."""

    out: dict[str, Any]


class Preview:
    """One author's talk with the files of a content root, read again whenever they change."""

    def __init__(self, root: Path, flow: str, area: str, moment: Moment) -> None:
        """Read the content; raises ContentError for mistakes in it, SetupError for a flow or area that is not there."""
        self.root, self.flow, self.area, self.moment = root, flow, area, moment
        self.stamp = source_hash(root, "")
        library, problems = check_content(root)
        if library is None or problems:
            raise ContentError(problems)
        if flow not in library.flows:
            raise SetupError(
                f"There is no flow '{flow}'; there are: {', '.join(library.flows)}." + near_miss(flow, library.flows)
            )
        self._take(library)
        self.state = new_state(self.library)

    def _take(self, library: Library) -> None:
        self.library = library.at(self.area, DAY)
        self.matcher: Matcher | None = None

    def reloaded(self) -> list[str]:
        """Look whether a file was saved; return what to say of it: the problems, or that it was read; nothing if none was."""
        try:
            stamp = source_hash(self.root, "")
        except OSError:
            return []  # an editor is just putting the new file in the place of the old one: the next look finds it
        if stamp == self.stamp:
            return []
        self.stamp = stamp
        library, problems = check_content(self.root)
        if library is None or problems:
            return [
                *(str(problem) for problem in problems[:10]),
                "Not clean yet: this goes on with what was read before.",
            ]
        if self.flow not in library.flows:
            return [f"The flow '{self.flow}' is gone: this goes on with what was read before."]
        self._take(library)
        if any(run.route not in library.routes for run in (*self.state.runs, *self.state.past)):
            self.state = step(self.library, new_state(self.library), Open(self.flow, moment=self.moment)).state
            return ["Read again. What you were in is gone, so this begins afresh."]
        # Answers are kept by step: those whose step or option is gone are asked again, the rest stand.
        self.state = replace(self.state, version=library.version)
        return ["Read again. The answers that still fit are kept."]

    def handle(self, person: Person, given: Event | str, key: str) -> Shown:  # noqa: ARG002 - as the desk of a conversation
        """Take one event or typed words, as a conversation does, and keep nothing."""
        if isinstance(given, str):
            self.matcher = self.matcher or matcher_of(self.library, KeptWeights())
            finder = Lookup(self.library, meaning_of(self.library, KeptWeights()))
            typed = understand(self.library, self.state, given, self.matcher, finder)
            event, extra = typed.event, typed.said
        else:
            event, extra = given, ()
        turn = step(self.library, self.state, replace(event, moment=self.moment))
        self.state = turn.state
        return self._shown((*extra, *turn.replies), turn)

    def begin(self) -> Event:
        """Return the event that opens the flow."""
        return Open(self.flow)

    def question(self) -> Shown:
        """Return the open question as it now reads."""
        return self._shown((open_question(self.library, self.state),), None)

    def _shown(self, replies: tuple[Reply, ...], turn: Turn | None) -> Shown:
        out = [reply_out(self.library, reply, plain(self.library, reply)) for reply in replies]
        flow, step_name = where(self.library, turn.state if turn else self.state)
        return Shown({"replies": out, "flow": flow, "step": step_name, "receipt": None})
