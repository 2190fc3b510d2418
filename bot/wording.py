"""From replies to text: layout only, never advice. The plain text made here is what the advice log keeps."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from bot.models import ReplyKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.events import Reply
    from bot.library import Library


STANDING = {"passed_not_commenced": "; passed, not seen to have begun", "superseded": "; since replaced"}
"""What is said of a document that is not simply in force."""


@cache
def environment() -> Environment:
    """Return the templates: undefined names are mistakes, and whatever goes into HTML is escaped."""
    made = Environment(
        loader=PackageLoader("bot"),
        autoescape=lambda name: ".html" in str(name),  # noqa: S701 - pages are escaped; plain text is not HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    made.globals["ReplyKind"] = ReplyKind
    return made


def plain(library: Library, reply: Reply) -> str:
    """Return the canonical plain text of a reply: its words, and what belongs to them, without dressing."""
    if not (reply.actions or reply.prompts or reply.rungs or reply.summary or reply.kind is ReplyKind.CITE):
        return reply.text
    return _render("plain.txt.j2", library, reply)


def page(name: str, **values: Any) -> str:  # noqa: ANN401 - a template takes what it names
    """Lay out a whole page or document from a template."""
    return environment().get_template(name).render(**values)


def _render(template: str, library: Library, reply: Reply) -> str:
    cited = [cite(library, source) for source in reply.sources] if reply.kind is ReplyKind.CITE else []
    return environment().get_template(template).render(reply=reply, cited=cited).strip()


def cite(library: Library, source: str) -> Mapping[str, str]:
    """Return what is to be shown of one source: its id, what it says, where that stands, how well it was seen."""
    item = library.sources[source]
    document = library.documents[item.document]
    evidence = item.evidence  # type: ignore[attr-defined]
    return {
        "id": item.id,
        "title": getattr(item, "title", ""),
        "text": item.text,
        "document": document.title,
        "date": document.date,
        "locator": item.locator,
        "standing": STANDING.get(document.status, ""),
        "evidence": library.content.vocabulary.evidence[evidence],
    }


def cite_if_there(library: Library, source: str) -> Mapping[str, str]:
    """Return what is shown of a source; one that is not there is named as such, since a draft may be printed too."""
    if source in library.sources:
        return cite(library, source)
    unknown = dict.fromkeys(("title", "document", "date", "locator", "standing", "evidence"), "")
    return {**unknown, "id": source, "text": "There is no such source in this library: name one before you use this."}
