"""What typed words mean in an exercise: a word that leaves it, an answer, a question that brings something out, an alarm.

What was typed goes no further than this.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.asking import line
from bot.events import Do
from bot.matching.normalise import plain
from bot.matching.options import choose_option, exactly
from bot.routing import matcher_of
from bot.scenarios.finding import Finder
from bot.scenarios.moves import BEGIN, GO_ON
from bot.state import State

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.events import Reply
    from bot.library import Library
    from bot.lookup import Lookup
    from bot.matching import Matcher
    from bot.meaning import Keeps
    from bot.scenarios.story import Story
    from bot.understanding import Understood

WORDS: dict[str, frozenset[str]] = {
    "real": frozenset(("real", "its real", "it is real", "this is real", "thats real", "for real", "really", "/real")),
    "danger": frozenset(("999", "danger", "emergency", "/danger", "/999")),
    "leave": frozenset(("leave", "stop", "quit", "exit", "/leave", "/stop", "leave the exercise", "get me out")),
}
"""Typed words that are heard before anything else."""
COMMANDS = {"why": Do("why"), "/why": Do("why"), "help": Do("help"), "/help": Do("help"), "what can i do": Do("help")}
ONWARD = frozenset(
    ("ok", "okay", "yes", "yes please", "go", "start", "begin", "ready", "im ready", "continue", "carry on")
) | {"lets go", "ok lets go", "lets begin", "lets start", "move on", "done"}
"""What people type where there is nothing to do but go on."""


def is_word(words: str, kind: str) -> bool:
    """Say whether words are one of those that always work."""
    return _bare(words) in WORDS[kind]


def command_of(words: str) -> Do | None:
    """Return the command that words are, if they are no more than that."""
    return COMMANDS.get(_bare(words))


def _bare(words: str) -> str:
    return plain(words).strip(" .!?:").replace("'", "")


class Hearing:
    """Listens to what is typed in exercises."""

    def __init__(self, library: Library, keeper: Keeps) -> None:
        self.library = library
        self._keeper = keeper
        self._finders: dict[str, Finder] = {}

    def line(self, line_id: str, **values: str) -> Reply:
        """Return a fixed line."""
        return line(self.library, line_id, **values)

    def alarms(self, words: str) -> bool:
        """Say whether words would raise the 999 card in live guidance."""
        return self._matcher().route(words).danger

    def option(self, asked: Reply, words: str, *, surely: bool = False) -> str | None:
        """Return the option of a question that words choose; `surely` takes only its very words, or its number."""
        options = [(one.id, one.label, one.short) for one in asked.options]
        if [one.id for one in asked.options] in ([BEGIN], [GO_ON]) and _bare(words) in ONWARD:
            return asked.options[0].id
        if surely:
            exact = exactly(words, options)
            return exact[0] if len(exact) == 1 else None
        return choose_option(words, options)

    def fits(self, asked: Reply, words: str) -> bool:
        """Say whether words can hardly be anything but an answer to what is open."""
        return self.option(asked, words, surely=True) is not None

    def fact(self, story: Story, words: str, among: Collection[str]) -> str:
        """Return the fact that a question brings out, nothing if none."""
        return self._finder(story).find(words, among)

    def prepare(self, story: Story) -> None:
        """Have a story's questions ready, so that nobody's first one waits."""
        self._finder(story).prepare()

    def _finder(self, story: Story) -> Finder:
        from bot.kept import KeptWeights  # noqa: PLC0415 - loaded only when words are typed

        if story.version not in self._finders:
            english = KeptWeights().english()
            self._finders[story.version] = Finder(story, self._keeper, self.library.content.shorthand, english)
        return self._finders[story.version]

    def without_cast(self, story: Story, words: str) -> str:
        """Return words without the names of the story: they are nobody's."""
        for one in story.scenario.cast:
            words = re.sub(rf"\b{re.escape(one.name)}(?:'?s)?\b", "them", words, flags=re.IGNORECASE)
        return words

    def understood(self, guide: str, words: str) -> Understood:
        """Return what words mean to the live guidance inside the exercise."""
        from bot.lookup import Lookup, meaning_of  # noqa: PLC0415 - loaded only when words are typed
        from bot.understanding import understand  # noqa: PLC0415 - as above

        finder: Lookup = Lookup(self.library, meaning_of(self.library, self._keeper))
        return understand(self.library, State.from_json(guide), words, self._matcher(), finder, None)

    def _matcher(self) -> Matcher:
        from bot.kept import KeptWeights  # noqa: PLC0415 - loaded only when words are typed

        return matcher_of(self.library, KeptWeights())
