"""One scene of an exercise, read from its passages in Twine: a link is the truth about a label, an order and a way on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.models.scenarios import Quality
from bot.scenarios.twee_form import shown
from bot.scenarios.twee_plain import MINUTES_A_SCENE, TO_CITE, TO_WRITE, Ids, labelled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.scenarios.twee_form import Link
    from bot.scenarios.twee_pages import Page, Pages

PARTS = frozenset({"fact", "decision", "inject", "hold", "reflect"})
"""Kinds of passages that belong to a scene; feedback belongs to the decision that leads to it."""


class SceneReader:
    """Reads scenes; `goes` has the scene, or the end, behind the name of every passage that is one."""

    def __init__(self, pages: Pages, goes: Mapping[str, str], scenes: Sequence[Page]) -> None:
        self.pages = pages
        self.goes = goes
        self.parts: dict[str, dict[str, list[Page]]] = {scene.name: {kind: [] for kind in PARTS} for scene in scenes}
        self._share_out(scenes)

    def _share_out(self, scenes: Sequence[Page]) -> None:
        """Give each part to its scene: by its name, else to the first scene from which links lead to it."""
        owners: dict[str, str] = {}
        for page in self.pages.pages.values():
            before, slash, _ = page.name.partition("/")
            if slash and page.kind in PARTS and before in self.parts:
                owners[page.name] = before
        for scene in scenes:
            seen, waiting = {scene.name}, [scene]
            for page in waiting:
                for link in page.passage.links:
                    there = self.pages.pages.get(link.target)
                    if there is None or there.name in seen or there.kind not in {*PARTS, "feedback"}:
                        continue
                    if owners.setdefault(there.name, scene.name) == scene.name:
                        seen.add(there.name)
                        waiting.append(there)
        for name, owner in owners.items():
            part = self.pages.pages[name]
            if part.kind in PARTS:
                self.parts[owner][part.kind].append(part)

    def data(self, scene: Page, after: str) -> dict[str, Any]:
        """Return the data of one scene; `after` is what follows it in the order of scenes."""
        pages, parts = self.pages, self.parts[scene.name]
        facts, decisions, injects = (self._ordered(scene, kind) for kind in ("fact", "decision", "inject"))
        hold, reflect = self._single(scene, parts["hold"]), self._single(scene, parts["reflect"])
        early = hold is not None and hold.one("before_deciding") == "true"
        talk = [hold] if hold else []
        stations = [
            scene,
            *(talk if early else []),
            *decisions,
            *([] if early else talk),
            *([reflect] if reflect else []),
        ]
        last = stations[-1]
        onward = scene.one("next") or None if last.kind == "decision" else self._next(scene, last, after)
        minutes = pages.number(scene, "minutes")
        if minutes is None:
            minutes = MINUTES_A_SCENE
            pages.note(scene, f"how long it takes is missing: {minutes} minutes were put.")
        data: dict[str, Any] = {
            "id": scene.id,
            "title": pages.line(scene, "title", "the title"),
            "minutes": minutes,
            "narrative": pages.text(scene, "what happens here"),
            "facts": [self._fact(scene, fact) for fact in facts],
            "questions": pages.number(scene, "questions"),
            "decisions": [
                self._decision(scene, decision, (onward or after) if decision is last else None)
                for decision in decisions
            ],
            "injects": [self._inject(inject) for inject in injects],
            "live": scene.one("live"),
            "hold": self._hold(hold) if hold else None,
            "reflect": pages.text(reflect, "a question to oneself") if reflect else None,
            "next": onward,
        }
        return {key: value for key, value in data.items() if value}

    def _ordered(self, scene: Page, kind: str) -> list[Page]:
        """Return a scene's parts of one kind: in the order of its hidden line, then of its links."""
        found = self.pages.identified(self.parts[scene.name][kind], kind)
        by_id = {page.id: page for page in found}
        linked = {link.target for link in scene.passage.links}
        first = [one for one in scene.ids(f"{kind}s") if one in by_id]
        rest = sorted(by_id, key=lambda one: by_id[one].name not in linked)
        ordered = [by_id[one] for one in dict.fromkeys([*first, *rest])]
        self.pages.standard |= {page.name: f"{scene.id}/{kind}/{page.id}" for page in ordered}
        return ordered

    def _single(self, scene: Page, found: list[Page]) -> Page | None:
        for page in found[1:]:
            self.pages.note(
                page, f"the scene '{shown(scene.name)}' has another {page.kind}; this one is not brought in."
            )
            self.pages.standard[page.name] = ""
        for page in found[:1]:
            self.pages.standard[page.name] = f"{scene.id}/{page.kind}"
        return found[0] if found else None

    def _next(self, told_by: Page, page: Page, default: str | None) -> str | None:
        """Return where a passage explicitly goes on to: its link counts, but one that leads where it would anyway says nothing.

        `told_by` has the hidden line `next`, which says that an author named the scene although it would have followed.
        """
        named = told_by.one("next") or None
        targets = [link.target for link in page.passage.links]
        if not targets or any(getattr(self.pages.pages.get(target), "kind", "") == "inject" for target in targets):
            return named
        goes = next((self.goes[target] for target in targets if target in self.goes), None)
        return goes if goes is not None and (goes == named or goes != default) else None

    def _fact(self, scene: Page, page: Page) -> dict[str, Any]:
        labels = {link.target: link.label for link in reversed(scene.passage.links)}
        found = {
            "id": page.id,
            "text": self.pages.text(page, "what is told to whoever asks"),
            "prompt": labels.get(page.name),
            "short": page.one("short"),
            "asks": page.head.get("asks"),
            "needs": page.ids("needs"),
            "sources": self.pages.sources(page),
        }
        return {key: value for key, value in found.items() if value}

    def _decision(self, scene: Page, page: Page, onward: str | None) -> dict[str, Any]:
        """Return a decision; `onward` is the scene its options lead to when they name none, if nothing comes before that."""
        links = list({link.target: link for link in reversed(page.passage.links)}.values())[::-1]
        known = [link for link in links if self._is_option(page, link)]
        replies = [self.pages.pages[link.target] for link in known if link.target not in self.goes]
        ids = Ids(reply.id for reply in self.pages.identified(replies, "option"))
        options = []
        for link in known:
            if link.target in self.goes:
                options.append(self._bare(page, link, ids.new(link.label, "option")))
                continue
            reply = self.pages.pages[link.target]
            self.pages.standard[reply.name] = f"{scene.id}/decision/{page.id}/{reply.id}"
            options.append(self._option(link, reply, onward))
        if len(options) < 2:  # noqa: PLR2004 - less than two is no decision
            self.pages.note(page, f"there is less than two ways to decide: {TO_WRITE}.")
        return {"id": page.id, "ask": self.pages.text(page, "what is to be decided?"), "options": options}

    def _is_option(self, page: Page, link: Link) -> bool:
        there = self.pages.pages.get(link.target)
        if link.target in self.goes or (there is not None and there.kind == "feedback"):
            if not (there and there.name in self.pages.standard and there.kind == "feedback"):
                return True
            self.pages.note(page, f"'{shown(link.target)}' belongs to another decision already; give this one its own.")
        return False

    def _option(self, link: Link, page: Page, onward: str | None) -> dict[str, Any]:
        qualities = [tag for tag in page.passage.tags if tag in {quality.value for quality in Quality}]
        if len(qualities) != 1:
            self.pages.note(page, "one tag has to say how good it is: better, partly or worse.")
        found = {
            "id": page.id,
            "label": link.label,
            "short": page.one("short"),
            "quality": qualities[0] if qualities else Quality.PARTLY.value,
            "says": self.pages.text(page, "what is said to whoever decides so"),
            "sources": self.pages.sources(page),
            "next": self._next(page, page, onward),
            "needs": page.ids("needs"),
        }
        return {key: value for key, value in found.items() if value}

    def _bare(self, page: Page, link: Link, name: str) -> dict[str, Any]:
        """Return an option that leads to a scene with nothing said in between."""
        self.pages.note(page, f"nothing is said to whoever decides '{shown(link.label)}': TO WRITE.")
        says, quality = f"{TO_WRITE}: what is said to whoever decides so.", Quality.PARTLY.value
        label = labelled(self.pages.story, page.passage, link.label)
        found = {"id": name, **label, "quality": quality, "says": says, "sources": [TO_CITE]}
        return {**found, "next": self.goes[link.target]}

    def _inject(self, page: Page) -> dict[str, Any]:
        found = {
            "id": page.id,
            "text": self.pages.text(page, "what happens"),
            "sources": self.pages.sources(page, needed=False),
            "after": page.one("after"),
            "minutes": self.pages.number(page, "minutes"),
        }
        return {key: value for key, value in found.items() if value}

    def _hold(self, page: Page) -> dict[str, Any]:
        before = page.one("before_deciding")
        if before not in {"", "true"}:
            self.pages.note(page, f"before_deciding is '{shown(before)}', but can only be true; it was left out.")
        found = {
            "discuss": self.pages.text(page, "what to talk over"),
            "listen_for": page.head.get("listen_for"),
            "minutes": self.pages.number(page, "minutes"),
            "before_deciding": before == "true",
        }
        return {key: value for key, value in found.items() if value}
