"""Twee 3 as text: passages with names, tags and links, read and written; nothing here knows what a scenario is.

The notation is that of the Interactive Fiction Technology Foundation. What Twine or a story format would take for more than
words (`[[`, `<<`, `$x`, `//` ...) is written as an HTML entity: every format shows it as it is, and it reads back the same.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, field
from functools import cached_property

from bot.errors import Problem

LONGEST_TEXT = 2_000_000
MOST_PASSAGES = 2_000
MOST_TOLD = 200
"""Notes and problems of one story: whoever has more will not read them one by one."""
SPACE = " \t"
EDGES = " \t\r\n"
_KEPT = "\x00"
"""An escaped space, until a header is read."""
INVISIBLE = r"\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_ALWAYS = rf"[&<>\[\]{{}}\\$`|~^@_*#=\r{INVISIBLE}]"
_PAIRS = r"'(?=')|/(?=[/*%])|-(?=-)|\"(?=\"\")|\((?=[A-Za-z][\w-]{0,40}:)"
_MARKUP = re.compile(f"{_ALWAYS}|{_PAIRS}")
_IN_COMMENT = re.compile(rf"[&<>\[\]\r\n{INVISIBLE}]|-(?=-)")
_LINE_START = re.compile(r"^(?:[!:%+-]|0(?=\.))", re.MULTILINE)
_LINK = re.compile(r"\[\[((?:(?!\[\[|\]\]).)*)\]\]")
"""Never from one opening past the next, so that a file of brackets alone is read as quickly as any other."""


@dataclass(frozen=True, slots=True)
class Link:
    """One way from a passage to another."""

    label: str
    target: str


@dataclass(frozen=True)
class Passage:
    """One passage, as it stands in the file; `line` is that of its header."""

    name: str
    tags: tuple[str, ...]
    text: str
    line: int = 0

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Return its links in their order, those to the web too."""
        return tuple(link_of(found[1]) for found in _LINK.finditer(self.text))

    @property
    def targets(self) -> set[str]:
        """Return the names its links lead to."""
        return {link.target for link in self.links}


@dataclass(slots=True)
class Story:
    """What was read: passages, what has to be put right, and what to have a look at."""

    file: str
    passages: dict[str, Passage] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)

    def refuse(self, line: int, code: str, says: str) -> None:
        """Note what cannot be read."""
        self.problems.append(Problem(self.file, line, code, says))

    def note(self, line: int, says: str) -> None:
        """Note what was read, but needs somebody's eyes."""
        self.notes.append((line, says))

    def told(self) -> tuple[str, ...]:
        """Return the notes in the order of the file, and no more than anybody reads."""
        lines = [f"line {line}: {says}" if line else says for line, says in sorted(dict.fromkeys(self.notes))]
        more = len(lines) - MOST_TOLD
        return (*lines[:MOST_TOLD], *([f"... and {more} more notes of this kind."] if more > 0 else []))

    def refused(self) -> tuple[Problem, ...]:
        """Return the problems in the order of the file, and no more than anybody reads."""
        found = sorted(set(self.problems), key=lambda problem: problem.line)
        more = len(found) - MOST_TOLD
        rest = Problem(self.file, found[-1].line, "more_problems", f"... and {more} more.") if more > 0 else None
        return (*found[:MOST_TOLD], *([rest] if rest else []))


def link_of(content: str) -> Link:
    """Read the inside of `[[...]]` in any of its forms: name, label->name, name<-label, label|name; setters are left off."""
    label, target = _parts(content)
    return Link(plain(label), plain(target))


def _parts(content: str) -> tuple[str, str]:
    content = content.partition("][")[0]
    label, arrow, target = content.rpartition("->")
    if not arrow:
        target, arrow, label = content.partition("<-")
    if not arrow:
        label, arrow, target = content.rpartition("|")
    return (label if arrow else target).strip(), target.strip()


def hidden(text: str) -> str:
    """Return a text as it stands in a comment, which ends at `-->` and where Twine itself would still look for links."""
    return _IN_COMMENT.sub(_entity, text)


def written(text: str, *, one_line: bool = False) -> str:
    """Return a text as it stands in a passage: shown as it is by Twine, and never taken for markup."""
    safe = _MARKUP.sub(_entity, text)
    return safe.replace("\n", "&#10;") if one_line else _LINE_START.sub(_entity, safe)


def plain(text: str) -> str:
    """Return what a browser would show of a text: entities as characters."""
    return html.unescape(text)


def _entity(found: re.Match[str]) -> str:
    named = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
    return named.get(found[0], f"&#{ord(found[0])};")


def without_links(text: str) -> str:
    """Return a passage's text without links: a line of links alone goes, one within a sentence leaves its words."""
    kept = []
    for line in text.split("\n"):
        rest = _LINK.sub("", line)
        if rest == line or rest.strip(" \t*-+|.,;>&"):
            kept.append(_LINK.sub(lambda found: _parts(found[1])[0], line))
    return "\n".join(kept).strip(EDGES)


def header(name: str, tags: tuple[str, ...], at: tuple[int, int]) -> str:
    """Write a passage's first line."""
    shown = f" [{' '.join(map(_escaped, tags))}]" if tags else ""
    place = json.dumps({"position": f"{at[0]},{at[1]}", "size": "100,100"}, separators=(",", ":"))
    return f":: {_escaped(name)}{shown} {place}"


def _escaped(text: str) -> str:
    return re.sub(r"([\\\[\]{}])", r"\\\1", text)


def read_story(text: str, file: str) -> Story:
    """Read Twee text into passages; whatever it holds, there are only sentences."""
    story = Story(file)
    if len(text) > LONGEST_TEXT:
        story.refuse(1, "file_too_large", f"The story is longer than {LONGEST_TEXT:,} characters: split it.")
        return story
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    heads = [place for place, line in enumerate(lines) if line.startswith("::")]
    if len(heads) > MOST_PASSAGES:
        says = f"The story has {len(heads):,} passages, more than {MOST_PASSAGES:,}: bring in a part of it."
        story.refuse(1, "too_many_passages", says)
        return story
    if not heads:
        says = "There is no passage here: in Twee, each begins with a line such as ':: Name'."
        if "<tw-storydata" in text or "<html" in text[:500].lower():
            says = "This is a story as a page: in Twine choose Build, then Export As Twee, and bring in that file."
        story.refuse(1, "no_passages", says)
        return story
    if any(line.strip() for line in lines[: heads[0]]):
        story.note(1, "what stands before the first passage belongs to none and was left out.")
    for start, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        body = [line.removeprefix("\\") if line.startswith("\\:") else line for line in lines[start + 1 : end]]
        _add(story, lines[start], "\n".join(body).strip(EDGES), start + 1)
    return story


def _add(story: Story, head: str, text: str, line: int) -> None:
    name, tags, rest, complaint = _header(head)
    if complaint:
        story.refuse(line, "odd_header", f"{complaint} A passage begins like ':: Name [tag tag]'.")
    elif not name:
        story.refuse(line, "no_name", "This passage has no name: write one behind the two colons.")
    elif name in story.passages:
        first = story.passages[name].line
        story.refuse(
            line, "duplicate_passage", f"A passage '{shown(name)}' stands on line {first} already: rename one."
        )
    else:
        if rest and not _is_metadata(rest):
            story.note(line, f"what stands behind the name of '{shown(name)}' is no metadata in JSON and was left out.")
        story.passages[name] = Passage(name, tags, text, line)


def shown(text: str) -> str:
    """Return a name or snippet short enough for a sentence."""
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - one short line


def _is_metadata(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def story_data(story: Story) -> dict[str, object]:
    """Return what StoryData says, or nothing with a note."""
    passage = story.passages.get("StoryData")
    if passage is None:
        story.note(0, "there is no passage StoryData, so where the story starts was guessed.")
        return {}
    try:
        found = json.loads(passage.text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        story.note(passage.line, "StoryData is no JSON object, so where the story starts was guessed.")
        return {}
    return found


def _header(line: str) -> tuple[str, tuple[str, ...], str, str]:
    """Read a header: name, tags, metadata as text, and what is wrong with it, if anything."""
    name, place = _until(line, 2, "[{")
    tags = ""
    if line[place : place + 1] == "[":
        tags, end = _until(line, place + 1, "]")
        if end >= len(line):
            return "", (), "", "The bracket of the tags is not closed."
        place = end + 1
    found = tuple(tag.replace(_KEPT, " ") for tag in re.split(f"[{SPACE}]+", tags.strip(SPACE)) if tag)
    return name.strip(SPACE).replace(_KEPT, " "), found, line[place:].strip(), ""


def _until(line: str, place: int, stops: str) -> tuple[str, int]:
    """Read up to an unescaped stop, and the place of that; an escaped character stands for itself, a space too."""
    read = []
    while place < len(line) and line[place] not in stops:
        if line[place] == "\\" and place + 1 < len(line):
            place += 1
            read.append(_KEPT if line[place] == " " else line[place])
        else:
            read.append(line[place])
        place += 1
    return "".join(read), place
