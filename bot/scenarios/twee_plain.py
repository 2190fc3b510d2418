"""A Twine story that knows nothing of exercises, as a draft of one: passages are scenes, links are what can be decided.

What the format wants and Twine has no words for says TO WRITE, and a note names each such place.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from bot.models.scenarios import END, Quality
from bot.scenarios.twee_form import EDGES, plain, shown, story_data, without_links
from bot.scenarios.twee_markup import MAY_BE_CODE, listed, words_only

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.scenarios.twee_form import Link, Passage, Story

TO_WRITE = "TO WRITE"
TO_CITE = "TO-WRITE"
"""Stands where a source has to be named; no source has this id, so the check will not let it pass."""
DATA, TITLE = "StoryData", "StoryTitle"
APPARATUS = frozenset(
    {"script", "stylesheet", "widget", "startup", "header", "footer", "annotation", "Twine.private", "init"}
)
"""Tags of passages that are no part of the tale."""
MACHINERY = frozenset(
    (
        "StoryInit",
        "StoryCaption",
        "StoryMenu",
        "StoryAuthor",
        "StorySettings",
        "StoryInterface",
        "StoryBanner",
        "StoryDisplayTitle",
        "StorySubtitle",
        "StoryShare",
        "StoryIncludes",
        "PassageHeader",
        "PassageFooter",
        "PassageReady",
        "PassageDone",
    )
)
MINUTES_A_SCENE, LONGEST = 5, 240
TITLE_FITS, LABEL_FITS, SHORT_FITS, NARRATIVE_FITS = 60, 60, 20, 900
MOST_SCENES, MOST_OPTIONS = 30, 8


class Ids:
    """Ids made of names, no two alike."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = {END, *taken}
        self.times: dict[str, int] = {}

    def new(self, name: str, kind: str) -> str:
        """Return an id for a name; `kind` begins it where the name has no letter to begin with."""
        ascii_ = unicodedata.normalize("NFKD", name[:200]).encode("ascii", "ignore").decode().lower()
        base = re.sub(r"[^a-z0-9]+", "_", ascii_).strip("_")[:56].rstrip("_")
        base = base if base[:1].isalpha() else f"{kind}_{base}".rstrip("_")
        found = base
        while found in self.taken:
            self.times[base] = self.times.get(base, 1) + 1
            found = f"{base}_{self.times[base]}"
        self.taken.add(found)
        return found


def is_told(story: Story, passage: Passage) -> bool:
    """Say whether a passage is part of the tale; what is not gets a note."""
    if passage.name in {TITLE, DATA}:
        return False
    if passage.name in MACHINERY or APPARATUS & set(passage.tags):
        what = next(iter(sorted(APPARATUS & set(passage.tags))), "settings of the story")
        story.note(passage.line, f"passage '{shown(passage.name)}' is not brought in: it holds no tale ({what}).")
        return False
    return True


def words_of(story: Story, passage: Passage, text: str | None = None) -> str:
    """Return a passage's words: links and markup taken out, and the markup told."""
    bare, found = words_only(without_links(passage.text if text is None else text))
    if found:
        story.note(passage.line, f"passage '{shown(passage.name)}': not brought in: {listed(found)}.")
    code = list(dict.fromkeys(sign[0] for sign in MAY_BE_CODE.finditer(bare)))
    if code:
        story.note(
            passage.line, f"passage '{shown(passage.name)}': stands in the text, and may be code: {listed(code)}."
        )
    return plain(bare.strip(EDGES))


def draft(story: Story, name: str) -> dict[str, Any]:
    """Return the data of a draft exercise; the story has to have a passage that is told."""
    told = [passage for passage in story.passages.values() if is_told(story, passage)]
    if not told:
        story.refuse(1, "no_passages", "No passage of this story tells anything: write one, or link to it.")
        return {}
    known = {passage.name: passage for passage in told}
    start = str(story_data(story).get("start", "Start"))
    ordered = _in_order(told, known.get(start) or known.get("Start") or told[0])
    ids = Ids()
    names = {passage.name: ids.new(passage.name, "scene") for passage in ordered}
    scenes = [scene_of(story, passage, names) for passage in ordered]
    reached = {target for passage in ordered for target in passage.targets}
    for passage in ordered[1:]:
        if passage.name not in reached:
            story.note(
                passage.line, f"no link leads to passage '{shown(passage.name)}'; it stands among the last scenes."
            )
    if len(scenes) > MOST_SCENES:
        story.note(0, f"there are {len(scenes)} scenes, and an exercise has at most {MOST_SCENES}: take some out.")
    title = story.passages[TITLE].text if TITLE in story.passages else ""
    story.note(0, "a Twine story has no audience, warning, cast, objectives or sources: each place says TO WRITE.")
    story.note(
        0, f"every scene was given {MINUTES_A_SCENE} minutes, and every way to decide the quality 'partly': judge them."
    )
    return {
        "id": name,
        "title": fitting(story, title or name.replace("_", " "), TITLE_FITS, 0, "the title"),
        "about": f"{TO_WRITE}: what it is about, in a line or two.",
        "audience": f"{TO_WRITE}: who it is for.",
        "minutes": min(LONGEST, MINUTES_A_SCENE * len(scenes)),
        "warning": f"{TO_WRITE}: what in it may be hard to read, and that anybody may stop.",
        "objectives": [{"point": TO_CITE, "take_back": f"{TO_WRITE}: one thing to take back to practice."}],
        "cast": [{"id": "somebody", "name": TO_WRITE, "who": f"{TO_WRITE}: who they are in the story."}],
        "scenes": scenes,
        "closing": f"{TO_WRITE}: what is said at the end.",
    }


def _in_order(told: list[Passage], first: Passage) -> list[Passage]:
    """Return passages as a reader comes to them, nearest first; then those that nobody comes to."""
    known = {passage.name: passage for passage in told}
    ordered = {first.name: first}
    waiting = [first]
    for passage in waiting:
        for link in passage.links:
            if link.target in known and link.target not in ordered:
                ordered[link.target] = known[link.target]
                waiting.append(known[link.target])
    return [*ordered.values(), *(passage for passage in told if passage.name not in ordered)]


def scene_of(story: Story, passage: Passage, names: Mapping[str, str]) -> dict[str, Any]:
    """Return a plain passage as a scene; `names` has the scene of every passage that can be gone to."""
    narrative = words_of(story, passage)
    called = f"passage '{shown(passage.name)}'"
    if not narrative:
        narrative = f"{TO_WRITE}: what happens here."
        story.note(passage.line, f"{called} has no words of its own: TO WRITE.")
    elif len(narrative) > NARRATIVE_FITS:
        story.note(
            passage.line, f"{called} has {len(narrative)} characters, and a scene at most {NARRATIVE_FITS}: shorten it."
        )
    scene = {
        "id": names[passage.name],
        "title": fitting(story, passage.name, TITLE_FITS, passage.line, "its title"),
        "minutes": MINUTES_A_SCENE,
        "narrative": narrative,
    }
    ways = ways_on(story, passage, names)
    if len(ways) <= 1:
        return {**scene, "next": names[ways[0].target] if ways else END}
    if len(ways) > MOST_OPTIONS:
        story.note(passage.line, f"{called} has {len(ways)} links, and a decision at most {MOST_OPTIONS} options.")
    story.note(passage.line, f"{called}: what there is to decide, and what is said to each way, is TO WRITE.")
    ids = Ids()
    options = [
        {
            "id": ids.new(way.label, "option"),
            **labelled(story, passage, way.label),
            "quality": Quality.PARTLY.value,
            "says": f"{TO_WRITE}: what is said to whoever decides so.",
            "sources": [TO_CITE],
            "next": names[way.target],
        }
        for way in ways
    ]
    return {
        **scene,
        "decisions": [{"id": "what_now", "ask": f"{TO_WRITE}: what is to be decided?", "options": options}],
    }


def ways_on(story: Story, passage: Passage, names: Mapping[str, str]) -> list[Link]:
    """Return the links of a passage that lead to a scene, each once; any other gets a note."""
    found = []
    for link in dict.fromkeys(passage.links):
        if link.target in names:
            found.append(link)
        else:
            why = "to the web" if "://" in link.target else f"to '{shown(link.target)}', where there is no scene"
            story.note(passage.line, f"passage '{shown(passage.name)}': a link leads {why}; it is not brought in.")
    return found


def labelled(story: Story, passage: Passage, label: str) -> dict[str, str]:
    """Return the label of a button, and a short form where it needs one."""
    full = fitting(
        story, " ".join(words_only(label)[0].split()) or TO_WRITE, LABEL_FITS, passage.line, "a link's label"
    )
    if len(full) <= SHORT_FITS:
        return {"label": full}
    story.note(passage.line, f"the label '{full}' was cut for a button: choose its short form.")
    short = full[: SHORT_FITS + 1].rsplit(" ", 1)[0][:SHORT_FITS].strip()
    return {"label": full, "short": short}


def fitting(story: Story, text: str, longest: int, line: int, what: str) -> str:
    """Return a text cut to what fits, with a note that has the whole of it."""
    text = " ".join(words_only(text)[0].split()) or TO_WRITE
    if len(text) <= longest:
        return text
    story.note(line, f"{what} has more than {longest} characters and was cut: '{text[:300]}'.")
    return text[: longest - 1].rstrip() + "…"
