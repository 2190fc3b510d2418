"""Looking things up: a search by words and by meaning over everything the assistant knows, and one source in full.

The index is made in memory from a library (SQLite's FTS5, through sqlite-utils) each time it is asked: a few hundred
short texts take a few milliseconds, and an index that is kept could be stale. What was searched for is kept nowhere.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.advice_log.tables import Database
from bot.coverage import PARTS, carriers
from bot.meaning import Meaning

if TYPE_CHECKING:
    from typing import Self

    from bot.library import Library
    from bot.meaning import Keeps
    from bot.models import Citable

MOST = 10
MOST_SHOWN = 5
"""In a conversation: more would push the open question off the screen."""
LONGEST_QUERY = 200
MOST_TERMS = 5
"""Words asked for: who uses more tells of a situation."""
MOST_SURE = 12
"""Sources that have them all: more are about everything, and so about nothing."""
WORDS_COUNT = 0.5
"""How much the fit of the words counts beside the likeness of meaning; adding them up did better than joining two rankings."""
NEAR = 0.35
"""Likeness from which something is found by its meaning alone: words without any sense stay below .3."""
SURELY = 0.6
"""Likeness from which a question in the middle of a conversation is taken to be about it."""
OF_SOMEBODY = frozenset(
    (
        *("he", "she", "him", "her", "his", "hers", "hes", "shes", "they", "them", "their"),
        *("i", "im", "ive", "my", "mine", "we", "weve", "our", "this", "that"),
    )
)
"""Words of a question about somebody: that is a situation, for which there is a flow."""
IN_A_FLOW = "each line of a flow names its own source"
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
    source: str
    """Where it stands: the document and the place in it; for a step of the ladder the ids it rests on."""


def search(library: Library, words: str, most: int = MOST, meaning: Meaning | None = None) -> list[Found]:
    """Return what fits the words best, best first: word stems, any of them, more of them first.

    With `meaning`, what means the same is found too: how near it is and how well the words fit are added up, and a passage with the
    very words in their order comes first. An id means that very thing; where something is published comes after everything that says
    something.

    Odd characters and the search language of SQLite mean nothing here; without a word to search for, nothing is found.
    """
    terms = _terms(words)
    if not terms:
        return []
    rows, asked = _rows(library), words[:LONGEST_QUERY]
    named = {place for place, row in enumerate(rows) if row.id.lower() == words.strip().lower()}
    near = meaning.near(asked) if meaning is not None and not named else []
    with _Index(rows) as index:
        fit = index.fit(" OR ".join(f'"{term}"' for term in terms))
        score, very_words = fit, set()
        if near:
            share = index.share(terms)
            score = {place: near[place] + WORDS_COUNT * fit[place] * share[place] for place in fit}
            score |= {place: one for place, one in enumerate(near) if one >= NEAR and place not in fit}
            very_words = set(index.fit(f'"{_phrase(asked)}"'))

    def order(place: int) -> tuple[bool, bool, bool, float, int]:
        late = rows[place].kind == "document"
        return place not in named, late, place not in very_words, -score[place], place

    return [rows[place] for place in sorted(score, key=order)[:most]]


class _Index:
    """A full-text index in memory, for one search."""

    def __init__(self, rows: list[Found]) -> None:
        self._many = len(rows)
        self._database = Database(memory=True)
        known = self._database["known"]
        known.insert_all({"place": i, "id": row.id, "title": row.title, "text": row.text} for i, row in enumerate(rows))  # type: ignore[union-attr] # a table
        known.enable_fts(["id", "title", "text"], tokenize="porter unicode61")  # type: ignore[union-attr] # as above

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def fit(self, query: str) -> dict[int, float]:
        """Return how well each row fits that fits a query at all: 1 for the best."""
        sql = "SELECT rowid - 1, -bm25(known_fts, 1.0, 3.0, 1.0) FROM known_fts WHERE known_fts MATCH ?"
        found = dict(self._database.execute(sql, [query]).fetchall())
        best = max(found.values(), default=1.0)
        return {place: rank / best for place, rank in found.items()}

    def share(self, terms: list[str]) -> dict[int, float]:
        """Return how much of what was asked for each row has: a rare word is more of it, one that we never say the most."""
        having = [self.fit(f'"{term}"').keys() for term in terms]
        weights = [math.log(1 + self._many / (1 + len(places))) for places in having]
        shares: dict[int, float] = {}
        for places, weight in zip(having, weights, strict=True):
            for place in places:
                shares[place] = shares.get(place, 0.0) + weight / sum(weights)
        return shares


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def _terms(words: str) -> list[str]:
    return list(dict.fromkeys(term for term in _words(words[:LONGEST_QUERY]) if term not in NOT_SEARCHED))


def _phrase(words: str) -> str:
    """Return the words from the first that is searched for to the last: "in the bath" asks for "bath"."""
    told = _words(words)
    places = [place for place, word in enumerate(told) if word not in NOT_SEARCHED]
    return " ".join(told[places[0] : places[-1] + 1])


_meanings: dict[str, Meaning] = {}
"""The meaning of the content version asked for last: all views share it."""


def meaning_of(library: Library, keeper: Keeps) -> Meaning:
    """Return what everything that a library can find means; `keeper` spares it being worked out at every start."""
    if library.version not in _meanings:
        _meanings.clear()
        _meanings[library.version] = Meaning(passages_of(library), keeper)
    return _meanings[library.version]


def passages_of(library: Library) -> list[str]:
    """Return the text of everything that can be found, in the order of the rows."""
    return [f"{row.title} {row.text}".strip() for row in _rows(library)]


class Lookup:
    """Looks up what a library knows, for words typed in a conversation."""

    def __init__(self, library: Library, meaning: Meaning | None = None) -> None:
        self.library = library
        self.meaning = meaning

    def prepare(self) -> None:
        """Have everything ready, so that nobody's first search waits for it."""
        if self.meaning is not None:
            self.meaning.prepare()

    def find(self, words: str) -> tuple[str, ...]:
        """Return the ids of the sources that fit some words best."""
        return sources_for(self.library, words, self.meaning)

    def surely(self, question: str) -> tuple[str, ...]:
        """Return the ids of the sources that a question is surely about: each has all that was asked for, and they are few.

        Where no source has them all, one sentence that means nearly what a source says. A question about somebody is no question about
        what we know: its words say more than any source does, and nothing is found.
        """
        terms = [term for term in _terms(question.replace("'", "")) if term not in ASKED_WITH]
        if not terms:
            return ()
        rows, found = _rows(self.library), list[int]()
        if len(terms) <= MOST_TERMS:
            with _Index(rows) as index:
                fit = index.fit(" AND ".join(f'"{term}"' for term in terms))
            found = [place for place in sorted(fit, key=lambda place: (-fit[place], place)) if rows[place].kind in SAYS]
        if not found and self.meaning is not None and _asks_in_general(question):
            near = self.meaning.near(question)
            likely = [place for place, one in enumerate(near) if one >= SURELY and rows[place].kind in SAYS]
            found = sorted(likely, key=lambda place: (-near[place], place))
        return tuple(rows[place].id for place in found[:MOST_SHOWN]) if len(found) <= MOST_SURE else ()


def _asks_in_general(question: str) -> bool:
    """Say whether a question is one short sentence that tells of nobody."""
    whole = len(question) <= LONGEST_QUERY and re.search(r"[.?!]\s+\S|\n", question.strip()) is None
    return whole and OF_SOMEBODY.isdisjoint(_words(question))


def sources_for(library: Library, words: str, meaning: Meaning | None = None) -> tuple[str, ...]:
    """Return the ids of the sources that fit some words best, as a conversation shows them."""
    found = search(library, words, 5 * MOST_SHOWN, meaning)
    return tuple(one.id for one in found if one.id in library.sources)[:MOST_SHOWN]


def _rows(library: Library) -> list[Found]:
    """Return everything that can be searched; rules first, so that of equals they come first."""
    content = library.content

    def stands(item: Citable) -> str:
        document = library.documents[item.document]
        return f"{document.title} ({document.publisher}, {document.date}); {item.locator}"

    found = [Found("rule", rule.id, rule.title, rule.text, stands(rule)) for rule in content.rules]
    found += [Found("rule", rule.id, rule.title, rule.text, stands(rule)) for rule in content.rules_for_sharing]
    found += [Found("fact", one.id, "", f"{one.text} {one.note or ''}".strip(), stands(one)) for one in content.facts]
    found += [Found("point", point.id, "", point.text, stands(point)) for point in content.points]
    found += [Found("flow", flow.id, flow.title, flow.about, IN_A_FLOW) for flow in library.flows.values()]
    found += [Found("step", rung.id, rung.title, rung.text, ", ".join(rung.sources)) for rung in content.rungs]
    for document in content.documents:
        said = f"{document.publisher} {document.note or ''}".strip()
        found.append(Found("document", document.id, document.title, said, f"{document.publisher}, {document.date}"))
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
