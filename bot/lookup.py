"""Looking things up: full-text search over everything the assistant knows, and one source in full.

The index is made in memory from a library (SQLite's FTS5, through sqlite-utils) each time it is asked: a few hundred
short texts take a few milliseconds, and an index that is kept could be stale. What was searched for is kept nowhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.advice_log.tables import Database
from bot.coverage import PARTS, carriers

if TYPE_CHECKING:
    from bot.library import Library

MOST = 10
MOST_SHOWN = 5
"""In a conversation: more would push the open question off the screen."""
LONGEST_QUERY = 200
MOST_TERMS = 5
"""Words asked for: who uses more tells of a situation."""
MOST_SURE = 12
"""Sources that have them all: more are about everything, and so about nothing."""
SAYS = frozenset({"rule", "fact", "point"})
"""Kinds of what is found that say something; a document is only named, and a flow is offered in another way."""
ASKED_WITH = frozenset(
    ("need", "must", "may", "might", "shall", "mean", "means", "please", "tell", "know", "exactly", "really", "whats")
)
"""Words that make a question and say nothing of its subject."""
NOT_SEARCHED = frozenset(
    [
        "a",
        "about",
        "after",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "he",
        "her",
        "him",
        "his",
        "how",
        "i",
        "if",
        "in",
        "is",
        "it",
        "its",
        "me",
        "my",
        "no",
        "not",
        "of",
        "on",
        "or",
        "our",
        "she",
        "should",
        "so",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "they",
        "this",
        "to",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
    ]
)
"""Words that stand in nearly every line: they would find everything."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was found: a source, a document or a flow."""

    kind: str
    id: str
    title: str
    text: str


def search(library: Library, words: str, most: int = MOST) -> list[Found]:
    """Return what fits the words best, best first: word stems, any of them, more of them first.

    Whoever types an id means that very thing; where something is published comes after everything that says something.

    Odd characters and the search language of SQLite mean nothing here; without a word to search for, nothing is found.
    """
    return _found(library, words, " OR ", most)


def _found(library: Library, words: str, between: str, most: int) -> list[Found]:
    """Return what holds any of the words, or all of them, best first."""
    terms = _terms(words)
    if not terms:
        return []
    rows = list(_rows(library))
    database = Database(memory=True)
    database["known"].insert_all(  # type: ignore[union-attr] # a table
        {"place": place, "id": row.id, "title": row.title, "text": row.text} for place, row in enumerate(rows)
    )
    database["known"].enable_fts(["id", "title", "text"], tokenize="porter unicode61")  # type: ignore[union-attr]
    query = between.join(f'"{term}"' for term in terms)
    sql = (
        "SELECT rowid FROM known_fts WHERE known_fts MATCH ? "
        "ORDER BY rowid <> ?, rowid > ?, bm25(known_fts, 1.0, 3.0, 1.0), rowid LIMIT ?"
    )
    named = next((place for place, row in enumerate(rows, 1) if row.id.lower() == words.strip().lower()), 0)
    says = len(rows) - len(library.content.documents)
    places = [row[0] for row in database.execute(sql, [query, named, says, most]).fetchall()]
    database.close()
    return [rows[place - 1] for place in places]


def _terms(words: str) -> list[str]:
    found = (term for term in re.findall(r"[^\W_]+", words[:LONGEST_QUERY].lower()) if term not in NOT_SEARCHED)
    return list(dict.fromkeys(found))


class Lookup:
    """Looks up what a library knows, for words typed in a conversation."""

    def __init__(self, library: Library) -> None:
        self.library = library

    def find(self, words: str) -> tuple[str, ...]:
        """Return the ids of the sources that fit some words best."""
        return sources_for(self.library, words)

    def surely(self, question: str) -> tuple[str, ...]:
        """Return the ids of the sources that a question is surely about: each has all that was asked for, and they are few.

        A question about somebody is no question about what we know: its words say more than any source does, and nothing is found.
        """
        terms = [term for term in _terms(question.replace("'", "")) if term not in ASKED_WITH]
        if not terms or len(terms) > MOST_TERMS:
            return ()
        found = [one for one in _found(self.library, " ".join(terms), " AND ", 10 * MOST_SHOWN) if one.kind in SAYS]
        return tuple(one.id for one in found[:MOST_SHOWN]) if len(found) <= MOST_SURE else ()


def sources_for(library: Library, words: str) -> tuple[str, ...]:
    """Return the ids of the sources that fit some words best, as a conversation shows them."""
    return tuple(found.id for found in search(library, words, most=5 * MOST_SHOWN) if found.id in library.sources)[
        :MOST_SHOWN
    ]


def _rows(library: Library) -> list[Found]:
    """Return everything that can be searched; rules first, so that of equals they come first."""
    content = library.content
    found = [Found("rule", rule.id, rule.title, rule.text) for rule in content.rules]
    found += [Found("rule", rule.id, rule.title, rule.text) for rule in content.rules_for_sharing]
    found += [Found("fact", fact.id, "", f"{fact.text} {fact.note or ''}".strip()) for fact in content.facts]
    found += [Found("point", point.id, "", point.text) for point in content.points]
    found += [Found("flow", flow.id, flow.title, flow.about) for flow in library.flows.values()]
    found += [Found("step", rung.id, rung.title, rung.text) for rung in content.rungs]
    found += [
        Found("document", document.id, document.title, f"{document.publisher} {document.note or ''}".strip())
        for document in content.documents
    ]
    return found


def source_text(library: Library, source: str) -> str:
    """Return one source in full: what it says, where that stands, how well it was seen, and what carries it.

    Raises KeyError when there is no such source.
    """
    item = library.sources[source]
    document = library.documents[item.document]
    evidence = library.content.vocabulary.evidence[item.evidence]  # type: ignore[attr-defined]
    title = getattr(item, "title", "")
    lines = [f"{item.id}{f': {title}' if title else ''}", item.text, ""]
    lines.append(f"From: {document.title} ({document.publisher}, {document.date}); {item.locator}")
    lines.append(f"Standing: {document.status.replace('_', ' ')}; {evidence}")
    for label, key in (("Seen where", "where"), ("Note", "note"), ("Our reading", "our_reading")):
        if said := getattr(item, key, None):
            lines.append(f"{label}: {said}")
    if rests := getattr(item, "rests_on", ()):
        lines.append(f"Rests on: {', '.join(rests)}")
    for label, key in (("Kind", "kind"), ("For", "audience"), ("Themes", "themes")):
        value = getattr(item, key, None)
        if value:
            said = value if isinstance(value, str) else ", ".join(value)
            lines.append(f"{label}: {said.replace('_', ' ')}")
    carried = carriers(library).get(source, ())
    if item.library_only:
        lines.append(f"In the library only: {item.library_only}")
    lines.append(f"Carried by: {', '.join(carried) if carried else 'nothing that is said'}")
    return "\n".join(lines)


def documents_text(library: Library) -> str:
    """Return every document with publisher, date, standing, what replaced it, and how many of its lines are used here."""
    counts: dict[str, int] = {}
    for part in PARTS:
        for item in getattr(library.content, part):
            counts[item.document] = counts.get(item.document, 0) + 1
    lines = []
    for document in library.content.documents:
        lines.append(f"{document.id}: {document.title}")
        said = [
            document.publisher,
            document.date,
            document.status.replace("_", " "),
            f"{counts.get(document.id, 0)} lines here",
        ]
        lines.append("    " + " · ".join(said))
        if document.replaced_by:
            lines.append(f"    replaced by: {document.replaced_by}")
        if document.address:
            lines.append(f"    {document.address}")
        if document.note:
            lines.append(f"    {document.note}")
    return "\n".join(lines)
