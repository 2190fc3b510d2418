"""The facilitator's pack: an exercise as one page to print, with what only the facilitator sees and sheets to hand out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.models.scenarios import END
from bot.wording import cite_if_there, page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.library import Library
    from bot.models.scenarios import Decision, Inject, Scenario, Scene, SceneFact

HOW_TO_RUN = (
    (
        "Start",
        "On Telegram: /exercise, choose it, Lead a group. In a terminal: thinkchild exercise start {id}. You get a join code.",
    ),
    (
        "Join code",
        "Show the code, the link or the QR code. Whoever sends it is in, under a name they make up: /join CODE, or exercise join CODE --name NAME.",
    ),
    ("next, hold", "The group waits at each holding point until you say next; hold stops everybody where they are."),
    ("inject", "Something happens when you say so, or at its minute: the list stands with each scene."),
    (
        "show",
        "Shows how many found and decided what, without names; best just before the talk. say WORDS goes to all, note WORDS into the debrief.",
    ),
    (
        "end",
        "Ends it for everybody, with the debrief; print the group's page from there. Anybody may stop before, without saying why.",
    ),
)
"""How an evening goes, in six lines: a word to type, and what it does."""
QUALITY = {"better": "better (+)", "partly": "partly (o)", "worse": "worse (-)"}
"""Told by word and sign, so that it is as clear on a grey print."""
EMPTY_ROWS = 10
"""Of the observation sheet: as many as fill a page."""


def pack(library: Library, scenario: Scenario) -> str:
    """Return the pack of an exercise as a page that prints on A4; what is cited and unknown says so."""
    sources = {source: cite_if_there(library, source) for source in _all_sources(scenario)}
    return page(
        "pack.html.j2",
        scenario=scenario,
        version=library.version,
        objectives=[(sources[aim.point], aim.take_back) for aim in scenario.objectives],
        plan=list(_plan(scenario)),
        over=sum(scene.minutes for scene in scenario.scenes) - scenario.minutes,
        how_to_run=[(word, says.format(id=scenario.id)) for word, says in HOW_TO_RUN],
        scenes=[_scene(library, scenario, place) for place in range(len(scenario.scenes))],
        quality=QUALITY,
        sources=list(sources.values()),
        empty_rows=EMPTY_ROWS,
        draft=library.lines["exercise_draft"].text,
    )


def clock(minutes: int) -> str:
    """Return minutes as they stand on a running clock: 75 is 1:15."""
    return f"{minutes // 60}:{minutes % 60:02}"


def _all_sources(scenario: Scenario) -> Iterator[str]:
    """Yield every source of an exercise, those of its objectives first."""
    yield from (aim.point for aim in scenario.objectives)
    for scene in scenario.scenes:
        yield from (source for fact in scene.facts for source in fact.sources)
        yield from (source for one in scene.decisions for option in one.options for source in option.sources)
        yield from (source for inject in scene.injects for source in inject.sources)


def _plan(scenario: Scenario) -> Iterator[dict[str, Any]]:
    """Yield the rows of the plan: scenes in the order of the file, and what time is left for the debrief."""
    at = 0
    for place, scene in enumerate(scenario.scenes):
        yield {
            "at": clock(at),
            "title": scene.title,
            "minutes": scene.minutes,
            "happens": list(_happens(scene)),
            "stop": _stop(scene),
            "ways": list(_ways(scenario, place)),
        }
        at += scene.minutes
    left = scenario.minutes - at
    yield {
        "at": clock(at),
        "title": "Closing and debrief",
        "minutes": max(left, 0),
        "happens": ["Closing words, then everybody's own debrief; talk over what to take back."],
        "stop": "",
        "ways": [],
    }


def _happens(scene: Scene) -> Iterator[str]:
    yield "The scene is told."
    if scene.facts:
        most = f", {scene.questions} at most" if scene.questions else ""
        yield f"Questions{most}: {_count(len(scene.facts), 'fact')} to find."
    for decision in scene.decisions:
        yield f"To decide: {decision.ask}"
    if scene.live:
        yield "The real guidance is gone through."
    if scene.reflect:
        yield "A question to oneself, in silence."


def _stop(scene: Scene) -> str:
    if scene.hold is None:
        return ""
    when = (
        "Before anybody decides" if scene.hold.before_deciding else "After the decisions" if scene.decisions else "Then"
    )
    return f"{when}: stop and talk" + (f", {scene.hold.minutes} minutes." if scene.hold.minutes else ".")


def _ways(scenario: Scenario, place: int) -> Iterator[str]:
    """Yield what makes a group leave the order of the scenes."""
    scene = scenario.scenes[place]
    following = scenario.scenes[place + 1].id if place + 1 < len(scenario.scenes) else END
    for decision in scene.decisions:
        for option in decision.options:
            if option.next and option.next != (scene.next or following):
                yield f"“{option.label}” leads straight to {_title(scenario, option.next)}."
    if scene.next and scene.next != following:
        yield f"Then on to {_title(scenario, scene.next)}."


def _title(scenario: Scenario, scene: str) -> str:
    if scene == END:
        return "the end"
    return next((f"“{one.title}”" for one in scenario.scenes if one.id == scene), f"“{scene}”, which is not there")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _scene(library: Library, scenario: Scenario, place: int) -> dict[str, Any]:
    """Return what the pack says of one scene."""
    scene = scenario.scenes[place]
    return {
        "scene": scene,
        "number": place + 1,
        "at": clock(sum(one.minutes for one in scenario.scenes[:place])),
        "facts": [(fact, list(_needed(scene, fact.needs))) for fact in scene.facts],
        "decisions": [
            (
                decision,
                [
                    (option, list(_needed(scene, option.needs)), _title(scenario, option.next) if option.next else "")
                    for option in decision.options
                ],
            )
            for decision in scene.decisions
        ],
        "injects": [(inject, when(scene, inject)) for inject in scene.injects],
        "live": library.flows[scene.live].title if scene.live in library.flows else scene.live or "",
        "stop": _stop(scene),
    }


def _needed(scene: Scene, facts: Iterable[str]) -> Iterator[str]:
    """Yield facts by the words on their buttons, or by the words that bring them out."""
    known: dict[str, SceneFact] = {fact.id: fact for fact in scene.facts}
    for name in facts:
        fact = known.get(name)
        yield name.replace("_", " ") if fact is None else fact.prompt or next(iter(fact.asks), name.replace("_", " "))


def when(scene: Scene, inject: Inject) -> str:
    """Say in words when something happens."""
    times = []
    if inject.after:
        name, _, chosen = inject.after.partition(".")
        decision = next((one for one in scene.decisions if one.id == name), None)
        times.append(f"after {_decided(decision, chosen) if decision else inject.after.replace('_', ' ')}")
    if inject.minutes:
        times.append(f"{_count(inject.minutes, 'minute')} into the scene")
    return " or ".join(times) or "when you say so"


def _decided(decision: Decision, chosen: str) -> str:
    label = next((option.label for option in decision.options if option.id == chosen), "")
    return f"the answer “{label}”" if label else f"whatever is decided on “{decision.ask}”"
