"""An exercise as a picture: scenes, what is decided in them and where that leads, as DOT or as Mermaid text.

Pure. How good an option is stands in words before its label; the colour and the kind of line only repeat it.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.models.scenarios import END, Quality
from bot.picture import LONG, WIDE, escaped, opening, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.models.scenarios import Decision, Scenario, Scene

SCENE, DECISION, OVER, UNKNOWN = "scene", "decision", "over", "unknown"
BESIDE = 22
"""Characters of an arrow's label in one line."""
LOOKS = {
    Quality.BETTER: 'color="#1b6e34", fontcolor="#1b6e34", style=bold, penwidth=2',
    Quality.PARTLY: 'color="#8a5a00", fontcolor="#8a5a00", style=dashed',
    Quality.WORSE: 'color="#b00020", fontcolor="#b00020", style=dotted, penwidth=2',
}
LINES = {Quality.BETTER: "==>", Quality.PARTLY: "-->", Quality.WORSE: "-.->"}
STROKES = {Quality.BETTER: "#1b6e34", Quality.PARTLY: "#8a5a00", Quality.WORSE: "#b00020"}


@dataclass(frozen=True, slots=True)
class Box:
    """A scene, something to decide in it, or the end."""

    id: str
    kind: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """One way on; from a decision, by an option of some quality."""

    start: str
    end: str
    label: str = ""
    quality: Quality | None = None


def boxes(scenario: Scenario) -> Iterator[Box]:
    """Yield the scenes, each before its decisions; then the end, and what is led to but is not there."""
    for scene in scenario.scenes:
        yield Box(scene.id, SCENE, tuple(_told(scene)))
        for decision in scene.decisions:
            yield Box(_name(scene, decision), DECISION, (decision.ask,))
    ends = dict.fromkeys(arrow.end for arrow in arrows(scenario))
    known = {scene.id for scene in scenario.scenes}
    for end in ends:
        if end == END:
            yield Box(END, OVER, ("The end: closing words, then the debrief",))
        elif "/" not in end and end not in known:
            yield Box(end, UNKNOWN, (f"There is no scene '{end}'",))


def arrows(scenario: Scenario) -> Iterator[Arrow]:
    """Yield every way from a scene to its decisions and on: to the next decision, the next scene or the end."""
    for place, scene in enumerate(scenario.scenes):
        after = scenario.scenes[place + 1].id if place + 1 < len(scenario.scenes) else END
        stations = [scene.id, *(_name(scene, decision) for decision in scene.decisions), scene.next or after]
        yield Arrow(stations[0], stations[1])
        for number, decision in enumerate(scene.decisions, 1):
            for option in decision.options:
                label = f"{option.quality}: {option.label}"
                if option.needs:
                    label += f" (once known: {', '.join(map(_plain, option.needs))})"
                yield Arrow(stations[number], option.next or stations[number + 1], label, option.quality)


def _name(scene: Scene, decision: Decision) -> str:
    return f"{scene.id}/{decision.id}"


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _told(scene: Scene) -> Iterator[str]:
    """Yield what the box of a scene says."""
    yield f"{scene.title} ({scene.minutes} min)"
    if scene.facts:
        typed = sum(not fact.prompt for fact in scene.facts)
        count = f"{len(scene.facts)} fact{'s' if len(scene.facts) != 1 else ''}"
        yield f"• {count}" + (f", {typed} by typed words only" if typed else "")
    if scene.questions:
        yield f"• time for {scene.questions} question{'s' if scene.questions != 1 else ''}"
    if scene.hold:
        when = "before deciding" if scene.hold.before_deciding else "after deciding" if scene.decisions else ""
        length = f"{scene.hold.minutes} min" if scene.hold.minutes else ""
        more = ", ".join(filter(None, (when, length)))
        yield "• holding point" + (f" ({more})" if more else "")
    for inject in scene.injects:
        times = [f"after {_plain(inject.after).replace('.', ': ')}"] if inject.after else []
        times += [f"after {inject.minutes} min"] if inject.minutes else []
        yield f"• happens: {_plain(inject.id)} ({' or '.join(times) or 'when the facilitator says'})"
    if scene.live:
        yield f"• live guidance: {_plain(scene.live)}"
    if scene.reflect:
        yield "• a question to oneself"


def _label(box: Box) -> str:
    lines = []
    for line in box.lines:
        lines += textwrap.wrap(textwrap.shorten(line, LONG, placeholder=" …"), WIDE, subsequent_indent="  ")
    return "\n".join(lines)


def dot(scenario: Scenario) -> str:
    """Return an exercise in Graphviz's DOT language."""
    looks = {
        SCENE: 'fillcolor="#e7f0fa"',
        DECISION: 'fillcolor="#fff3cd", style="filled", shape=octagon',
        OVER: 'fillcolor="#dddddd", shape=ellipse',
        UNKNOWN: 'fillcolor="white", style="dashed"',
    }
    lines = opening(scenario.id)
    for box in boxes(scenario):
        label = quoted(_label(box), left=box.kind == SCENE)
        lines.append(f"  {quoted(box.id)} [label={label}, {looks[box.kind]}]")
    for arrow in arrows(scenario):
        label = quoted("\n".join(textwrap.wrap(arrow.label, BESIDE)))
        colour = f", {LOOKS[arrow.quality]}" if arrow.quality else ""
        lines.append(f"  {quoted(arrow.start)} -> {quoted(arrow.end)} [label={label}{colour}]")
    return "\n".join([*lines, "}"]) + "\n"


def mermaid(scenario: Scenario) -> str:
    """Return an exercise as Mermaid text."""
    shapes = {SCENE: ("[", "]"), DECISION: ("{{", "}}"), OVER: ("([", "])"), UNKNOWN: (">", "]")}
    lines, styles = ["flowchart TD"], []
    names = {}
    for number, box in enumerate(boxes(scenario)):
        names[box.id] = f"s{number}"
        before, behind = shapes[box.kind]
        lines.append(f'  s{number}{before}"{escaped(_label(box))}"{behind}')
    for number, arrow in enumerate(arrows(scenario)):
        label = f'|"{escaped(arrow.label)}"|' if arrow.label else ""
        line = LINES[arrow.quality] if arrow.quality else "-->"
        lines.append(f"  {names[arrow.start]} {line}{label} {names[arrow.end]}")
        if arrow.quality:
            styles.append(f"  linkStyle {number} stroke:{STROKES[arrow.quality]}")
    return "\n".join([*lines, *styles]) + "\n"
