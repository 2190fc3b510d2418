"""The passages of an exercise in Twine: which is of what kind, its hidden lines, its words, its sources, its id."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.models.scenarios import END, Quality
from bot.scenarios.twee_form import plain, shown
from bot.scenarios.twee_plain import TO_CITE, TO_WRITE, Ids, is_told, words_of
from bot.scenarios.twee_writing import KINDS, SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.scenarios.twee_form import Passage, Story

KEYS: dict[str, frozenset[str]] = {
    "scenario": frozenset({"audience", "minutes", "scenes"}),
    "scene": frozenset({"title", "minutes", "questions", "facts", "decisions", "injects", "live", "next"}),
    "fact": frozenset({"short", "asks", "needs"}),
    "feedback": frozenset({"short", "needs", "next"}),
    "inject": frozenset({"after", "minutes"}),
    "hold": frozenset({"listen_for", "minutes", "before_deciding"}),
}
"""The hidden lines that each kind of passage may have."""
MANY = frozenset({"asks", "listen_for"})
ID = re.compile(r"[a-z][a-z0-9_]{0,63}")
SOURCE_ID = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*")
QUALITIES = tuple(quality.value for quality in Quality)


@dataclass(slots=True)
class Page:
    """One passage of an exercise: what kind it is, its hidden lines, its words."""

    passage: Passage
    kind: str
    head: dict[str, list[str]]
    text: str
    id: str = ""

    @property
    def name(self) -> str:
        """Return the passage's name."""
        return self.passage.name

    def one(self, key: str) -> str:
        """Return the value of a hidden line; empty when there is none."""
        return self.head.get(key, [""])[0]

    def ids(self, key: str) -> list[str]:
        """Return the ids in a hidden line."""
        return self.one(key).split()


def is_ours(story: Story) -> bool:
    """Say whether a story was written from an exercise."""
    return {"scenario", "scene"} <= {kind_of(passage) for passage in story.passages.values()}


def kind_of(passage: Passage) -> str:
    """Return what kind of passage its first telling tag makes it; empty when none does."""
    return next((tag for tag in passage.tags if tag in KINDS), "")


class Pages:
    """The passages of one exercise, and what is asked of them; what is odd gets a note."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.pages: dict[str, Page] = {}
        self.plain: list[Passage] = []
        self.standard: dict[str, str] = {}
        """What each passage that was brought in is called when the exercise is written anew."""
        for passage in story.passages.values():
            kind = kind_of(passage)
            if kind:
                self.pages[passage.name] = self._page(passage, kind)
            elif is_told(story, passage):
                self.plain.append(passage)

    def note(self, page: Page | Passage, says: str) -> None:
        """Note something about a passage, by its name."""
        passage = page.passage if isinstance(page, Page) else page
        self.story.note(passage.line, f"passage '{shown(passage.name)}': {says}")

    def _page(self, passage: Passage, kind: str) -> Page:
        text, head = passage.text, {}
        if text.startswith("<!--") and (end := text.find("-->")) > 0:
            head = self._head(passage, kind, text[4:end])
            text = text[end + 3 :]
        known = {kind, *(QUALITIES if kind == "feedback" else ())}
        odd = [tag for tag in passage.tags if tag not in known and not tag.startswith(SOURCE)]
        if odd:
            self.note(passage, f"not understood: the tag {', '.join(map(shown, odd[:5]))}.")
        return Page(passage, kind, head, words_of(self.story, passage, text))

    def _head(self, passage: Passage, kind: str, text: str) -> dict[str, list[str]]:
        head: dict[str, list[str]] = {}
        for line in text.split("\n"):
            key, colon, value = line.partition(":")
            key, value = key.strip(), plain(value.strip(" \t"))
            if not line.strip():
                continue
            if not colon or not value or key not in KEYS.get(kind, ()) or (key in head and key not in MANY):
                self.note(passage, f"the hidden line '{shown(line)}' is not understood and was left out.")
                continue
            head.setdefault(key, []).append(value)
        return head

    # What every kind of passage needs.

    def text(self, page: Page | None, what: str) -> str:
        """Return the words of a passage, or say that they have to be written."""
        if page is not None and page.text:
            return page.text
        if page is None:
            self.story.note(0, f"there is no passage with {what}: TO WRITE.")
        else:
            self.note(page, f"{what} is missing: TO WRITE.")
        return f"{TO_WRITE}: {what}."

    def line(self, page: Page, key: str, what: str) -> str:
        """Return a hidden line that is needed, or say that it has to be written."""
        value = page.one(key)
        if not value:
            self.note(page, f"{what} is missing: TO WRITE.")
        return value or f"{TO_WRITE}: {what}."

    def number(self, page: Page, key: str = "minutes") -> int | None:
        """Return a hidden line that is a number."""
        value = page.one(key)
        if re.fullmatch(r"[0-9]{1,4}", value):
            return int(value)
        if value:
            self.note(page, f"'{shown(value)}' is no number of {key}; it was left out.")
        return None

    def sources(self, page: Page, *, needed: bool = True) -> list[str]:
        """Return the sources a passage's tags name."""
        found = [tag.removeprefix(SOURCE) for tag in page.passage.tags if tag.startswith(SOURCE)]
        good = [source for source in found if SOURCE_ID.fullmatch(source)]
        if len(good) < len(found):
            self.note(page, "a tag that begins with source: names no source such as H9 or g-17; it was left out.")
        if needed and not good:
            self.note(page, f"no tag names a source: {TO_CITE} stands in its place.")
            return [TO_CITE]
        return good

    def identified(self, pages: Iterable[Page], kind: str) -> list[Page]:
        """Give ids to passages of one kind: the last part of a name, as we write it."""
        pages = list(pages)
        lasts = {page.name: page.name.rpartition("/")[2] for page in pages}
        ids = Ids()
        taken: set[str] = set()
        for page in pages:
            last = lasts[page.name]
            if ID.fullmatch(last) and last not in taken and not (kind == "scene" and last == END):
                page.id = last
                taken.add(last)
        ids.taken |= taken
        for page in pages:
            page.id = page.id or ids.new(lasts[page.name], kind)
        return pages

    def of(self, kind: str) -> list[Page]:
        """Return the passages of a kind in the order of the file."""
        return [page for page in self.pages.values() if page.kind == kind]

    def only(self, kind: str, standard: str) -> Page | None:
        """Return the one passage of a kind; more of them get a note."""
        found = self.of(kind)
        for page in found[1:]:
            self.note(page, f"there is another passage tagged {kind}, so this one is not brought in.")
            self.standard[page.name] = ""
        for page in found[:1]:
            self.standard[page.name] = standard
        return found[0] if found else None
