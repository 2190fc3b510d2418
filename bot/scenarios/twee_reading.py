"""A Twine story that was written from an exercise, read back: what was changed in Twine counts, what is odd gets a note."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.models.scenarios import END, Scenario
from bot.scenarios.twee_form import plain, shown
from bot.scenarios.twee_pages import Pages
from bot.scenarios.twee_plain import TITLE, TO_CITE, TO_WRITE, Ids, scene_of
from bot.scenarios.twee_scene import SceneReader
from bot.scenarios.twee_writing import (
    BANNER,
    CAST,
    CLOSING,
    OBJECTIVES,
    SPLIT,
    START,
    WARNING,
    passages_of,
)

if TYPE_CHECKING:
    from bot.scenarios.twee_form import Story
    from bot.scenarios.twee_pages import Page

LONGEST = 240
"""Minutes an exercise may take."""


def read_exercise(story: Story, name: str) -> dict[str, Any]:
    """Return the data of an exercise that was written as a Twine story, and perhaps changed there."""
    pages = Pages(story)
    start = pages.only("scenario", START)
    assert start is not None, "only stories of ours come here"
    closing = pages.only("closing", CLOSING)
    scenes = _scenes(pages, start, closing)
    minutes = pages.number(start, "minutes")
    if minutes is None:
        minutes = max(1, min(LONGEST, sum(scene["minutes"] for scene in scenes)))
        pages.note(start, f"how long it takes is missing: {minutes} minutes were put.")
    if start.text.startswith(f"{BANNER}\n"):
        start.text = start.text.removeprefix(BANNER).lstrip("\n")
    title = story.passages[TITLE].text if TITLE in story.passages else ""
    if not title:
        story.note(0, "the title is missing: TO WRITE.")
    data = {
        "id": name,
        "title": title or f"{TO_WRITE}: the title",
        "about": pages.text(start, "what it is about"),
        "audience": pages.line(start, "audience", "who it is for"),
        "minutes": minutes,
        "warning": pages.text(pages.only("warning", WARNING), "what may be hard to read, and that anybody may stop"),
        "objectives": _rows(
            pages,
            pages.only("objectives", OBJECTIVES),
            ("point", "take_back"),
            (TO_CITE, f"{TO_WRITE}: what to take back."),
        ),
        "cast": _rows(
            pages,
            pages.only("cast", CAST),
            ("id", "name", "who"),
            ("somebody", TO_WRITE, f"{TO_WRITE}: who they are."),
        ),
        "scenes": scenes,
        "closing": pages.text(closing, "what is said at the end"),
    }
    for page in pages.pages.values():
        if page.name not in pages.standard:
            pages.note(page, f"it is tagged {page.kind}, but no scene or decision leads to it; it is not brought in.")
    _compare(pages, data)
    return data


def _rows(pages: Pages, page: Page | None, keys: tuple[str, ...], instead: tuple[str, ...]) -> list[dict[str, str]]:
    """Return what stands in lines such as `id | name | who`."""
    found = []
    # The lines as they stand in the file: once entities are characters, a bar may be one of the words.
    for line in page.passage.text.split("\n") if page else ():
        if not line.strip() or "[[" in line:
            continue
        parts = [plain(part.strip(" \t")) for part in line.split(SPLIT, len(keys) - 1)]
        if page and (len(parts) < len(keys) or not all(parts)):
            pages.note(page, f"the line '{shown(line)}' is not of the form {SPLIT.join(keys)}; it was left out.")
        else:
            found.append(dict(zip(keys, parts, strict=True)))
    if not found:
        pages.story.note(page.passage.line if page else 0, f"there is no {keys[0]} in a list that needs one: TO WRITE.")
    return found or [dict(zip(keys, instead, strict=True))]


def _scenes(pages: Pages, start: Page, closing: Page | None) -> list[dict[str, Any]]:
    """Return the scenes in their order; passages without a kind come last, as plain ones."""
    found = pages.identified(pages.of("scene"), "scene")
    by_id = {page.id: page for page in found}
    wanted = start.ids("scenes")
    for one in dict.fromkeys(wanted):
        if one not in by_id:
            pages.note(start, f"the scene '{shown(one)}' is in the order of scenes, but there is no such passage.")
    for page in found:
        if page.id not in wanted:
            pages.note(page, "it is not in the order of scenes, so it comes last.")
    ordered = list(dict.fromkeys([*(one for one in wanted if one in by_id), *by_id]))
    goes = {page.name: page.id for page in found} | {(closing.name if closing else CLOSING): END}
    ids = Ids(by_id)
    for passage in pages.plain:
        pages.note(passage, "no tag says what it is (scene, fact, decision ...); it was taken for a scene.")
        goes[passage.name] = ids.new(passage.name, "scene")
    plain_ones = [goes[passage.name] for passage in pages.plain]
    pages.standard |= {page.name: page.id for page in found} | {name: goes[name] for name in goes if goes[name] != END}
    reader = SceneReader(pages, goes, [by_id[one] for one in ordered])
    following = [*ordered, *plain_ones, END][1:]
    data = [reader.data(by_id[one], after) for one, after in zip(ordered, following, strict=False)]
    return [*data, *(scene_of(pages.story, passage, goes) for passage in pages.plain)]


def _compare(pages: Pages, data: dict[str, Any]) -> None:
    """Note each link that the exercise made of this has no place for: the order within a scene is always the same."""
    try:
        scenario = Scenario.model_validate(data)
    except ValueError:
        pages.story.note(0, "something is longer, or there is more of it, than an exercise may have: check the draft.")
        return
    kept = {(passage.name, target) for passage in passages_of(scenario) for target in passage.targets}
    for page in pages.pages.values():
        start = pages.standard.get(page.name)
        for target in sorted(page.passage.targets) if start else ():
            if target not in pages.story.passages:
                pages.note(page, f"a link leads to '{shown(target)}', where there is no passage; it is not brought in.")
            elif (start, pages.standard.get(target)) not in kept:
                pages.note(
                    page, f"the link to '{shown(target)}' is not brought in: no exercise goes on like that here."
                )
