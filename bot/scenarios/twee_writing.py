"""A scenario as the passages of a Twine story: texts to read, links to follow, tags for kinds, hidden lines for the rest.

A scene's passage leads to its facts (each leads back) and on through its stations: holding point, decisions, talk, reflection,
the next scene. What no reader is meant to see stands in a comment at the head of a passage, as `key: value` lines: Twine keeps
those, shows none of them, and drops keys of its own metadata that it does not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.models.scenarios import END
from bot.scenarios.twee_form import Passage, hidden, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.models.scenarios import Decision, Inject, Scenario, Scene, SceneOption

    Head = Mapping[str, str | int | tuple[str, ...] | None]

START, WARNING, CAST, CLOSING, OBJECTIVES = "Scenario", "Warning", "Cast", "End", "Objectives"
BANNER = "EXERCISE, not real."
BEGIN, ON, BACK = "Begin", "Go on", "Back"
SOURCE = "source:"
KINDS = frozenset(
    {
        "scenario",
        "warning",
        "cast",
        "closing",
        "objectives",
        "scene",
        "fact",
        "decision",
        "feedback",
        "inject",
        "hold",
        "reflect",
    }
)
SPLIT = " | "
"""Between an id and its words: the bar itself is never written plain, so the first one is this."""


def passages_of(scenario: Scenario) -> list[Passage]:
    """Return the passages of a scenario in the order of play."""
    first = scenario.scenes[0].id
    made = [
        _passage(
            START,
            ("scenario",),
            f"{BANNER}\n\n{written(scenario.about)}",
            [("Before you begin", WARNING), ("Who is in it", CAST), (BEGIN, first)],
            {
                "audience": scenario.audience,
                "minutes": scenario.minutes,
                "scenes": " ".join(scene.id for scene in scenario.scenes),
            },
        ),
        _passage(WARNING, ("warning",), written(scenario.warning), [(BACK, START), (BEGIN, first)]),
        _passage(
            CAST,
            ("cast",),
            "\n".join(
                SPLIT.join((one.id, written(one.name, one_line=True), written(one.who, one_line=True)))
                for one in scenario.cast
            ),
            [(BACK, START)],
        ),
    ]
    for place, scene in enumerate(scenario.scenes):
        after = scenario.scenes[place + 1].id if place + 1 < len(scenario.scenes) else END
        made += _Scene(scene, scene.next or after).passages()
    points = "\n".join(SPLIT.join((aim.point, written(aim.take_back, one_line=True))) for aim in scenario.objectives)
    made += [
        _passage(CLOSING, ("closing",), written(scenario.closing), [("What to take back", OBJECTIVES)]),
        _passage(OBJECTIVES, ("objectives",), points, []),
    ]
    return list({passage.name: passage for passage in reversed(made)}.values())[::-1]


def place_of(scene: str) -> str:
    """Return the passage a `next` leads to."""
    return CLOSING if scene == END else scene


class _Scene:
    """The passages of one scene, each of which has to know what follows it."""

    def __init__(self, scene: Scene, onward: str) -> None:
        self.scene = scene
        self.onward = place_of(onward)
        self.stations = stations(scene)

    def after(self, station: str) -> str:
        """Return the passage that follows a station of this scene."""
        place = self.stations.index(station) + 1
        return self.stations[place] if place < len(self.stations) else self.onward

    def passages(self) -> list[Passage]:
        """Return the scene's passage, then those it leads to."""
        scene = self.scene
        kept: Head = {
            "title": scene.title,
            "minutes": scene.minutes,
            "questions": scene.questions,
            "facts": " ".join(fact.id for fact in scene.facts),
            "decisions": " ".join(decision.id for decision in scene.decisions),
            "injects": " ".join(inject.id for inject in scene.injects),
            "live": scene.live,
            "next": scene.next,
        }
        asked = [(fact.prompt, f"{scene.id}/fact/{fact.id}") for fact in scene.facts if fact.prompt]
        links = [*asked, (ON, self.after(scene.id))]
        made = [_passage(scene.id, ("scene",), written(scene.narrative), links, kept)]
        for fact in scene.facts:
            head: Head = {"short": fact.short, "asks": fact.asks, "needs": " ".join(fact.needs)}
            name, tags = f"{scene.id}/fact/{fact.id}", ("fact", *_tagged(fact.sources))
            made.append(_passage(name, tags, written(fact.text), [(BACK, scene.id)], head))
        for decision in scene.decisions:
            made += self._decided(decision)
        made += [self._happening(inject) for inject in scene.injects]
        if scene.hold:
            hold = scene.hold
            head = {
                "listen_for": hold.listen_for,
                "minutes": hold.minutes,
                "before_deciding": "true" if hold.before_deciding else None,
            }
            name = f"{scene.id}/hold"
            made.append(_passage(name, ("hold",), written(hold.discuss), [(ON, self.after(name))], head))
        if scene.reflect:
            name = f"{scene.id}/reflect"
            made.append(_passage(name, ("reflect",), written(scene.reflect), [(ON, self.after(name))]))
        return made

    def _decided(self, decision: Decision) -> list[Passage]:
        name = f"{self.scene.id}/decision/{decision.id}"
        links = [(option.label, f"{name}/{option.id}") for option in decision.options]
        made = [_passage(name, ("decision",), written(decision.ask), links)]
        for option in decision.options:
            head: Head = {"short": option.short, "needs": " ".join(option.needs), "next": option.next}
            onward = self._ways(decision, option)[0]
            tags = ("feedback", option.quality.value, *_tagged(option.sources))
            made.append(_passage(f"{name}/{option.id}", tags, written(option.says), [(ON, onward)], head))
        return made

    def _ways(self, decision: Decision, option: SceneOption) -> list[str]:
        """Return the passages that follow an option one after the other: what happens after it, then the way on."""
        refs = {decision.id, f"{decision.id}.{option.id}"}
        happens = [f"{self.scene.id}/inject/{inject.id}" for inject in self.scene.injects if inject.after in refs]
        end = place_of(option.next) if option.next else self.after(f"{self.scene.id}/decision/{decision.id}")
        return [*happens, end]

    def _happening(self, inject: Inject) -> Passage:
        name = f"{self.scene.id}/inject/{inject.id}"
        ways: dict[str, list[str]] = {}
        for decision in self.scene.decisions:
            for option in decision.options:
                follows = self._ways(decision, option)
                if name in follows:
                    ways.setdefault(follows[follows.index(name) + 1], []).append(option.label)
        # Where what follows depends on what was decided, the reader says which it was.
        links = [(ON if len(ways) == 1 else f"{ON}: {'; '.join(labels)}", end) for end, labels in ways.items()]
        head: Head = {"after": inject.after, "minutes": inject.minutes}
        return _passage(name, ("inject", *_tagged(inject.sources)), written(inject.text), links, head)


def stations(scene: Scene) -> list[str]:
    """Return the names of the passages a reader goes through in one scene, in order."""
    hold = [f"{scene.id}/hold"] if scene.hold else []
    early = scene.hold is not None and scene.hold.before_deciding
    decisions = [f"{scene.id}/decision/{decision.id}" for decision in scene.decisions]
    reflect = [f"{scene.id}/reflect"] if scene.reflect else []
    return [scene.id, *(hold if early else []), *decisions, *([] if early else hold), *reflect]


def _tagged(sources: Iterable[str]) -> list[str]:
    return [f"{SOURCE}{source}" for source in sources]


def _passage(
    name: str,
    tags: tuple[str, ...],
    text: str,
    links: Iterable[tuple[str, str]],
    head: Head | None = None,
) -> Passage:
    """Make a passage: hidden lines, text, links."""
    lines = [
        f"{key}: {hidden(str(one))}"
        for key, value in (head or {}).items()
        for one in (value if isinstance(value, tuple) else (value,))
        if one
    ]
    ways = [f"[[{written(label, one_line=True)}->{target}]]" for label, target in links]
    above = "\n".join(("<!--", *lines, "-->")) + "\n" if lines else ""
    return Passage(name, tags, above + text + ("\n\n" + "\n".join(ways) if ways else ""))
