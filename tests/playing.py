"""Playing exercises in tests: one player who makes moves, the ways people may play, and small stories of every shape."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from content import shipped
from hypothesis import strategies as st

from bot.library import read_scenarios
from bot.models.scenarios import END, Quality, Scenario
from bot.reading import content_root
from bot.scenarios import asking, play
from bot.scenarios.asking import Table
from bot.scenarios.debrief import Met, debrief
from bot.scenarios.moves import (
    BEGIN,
    DECIDE,
    GO_ON,
    KEEP_MINE,
    OPEN_GUIDE,
    SKIP_GUIDE,
    WRITE_NOTHING,
    Asked,
    Happened,
    Opened,
    Tapped,
    Wrote,
)
from bot.scenarios.recorded import move_in, move_out
from bot.scenarios.run import Group, Run, Stage
from bot.scenarios.story import Story

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import DrawFn

    from bot.events import Reply
    from bot.library import Library
    from bot.scenarios.moves import Move

TOO_MANY = 500
"""Moves that nobody needs for an exercise."""


@cache
def here() -> Library:
    """Return the shipped content as exercises see it."""
    return shipped().at("england", "2026-11-21")


@cache
def shipped_stories() -> dict[str, Story]:
    """Return the shipped exercises by id."""
    return {name: Story(scenario) for name, scenario in read_scenarios(content_root()).scenarios.items()}


STORIES = sorted(path.stem for path in (content_root() / "dialogues" / "scenarios").glob("*.yaml"))


class Player:
    """One person in an exercise; whatever they do goes through JSON and back, as between two turns of a real one."""

    def __init__(self, story: Story, group: Group | None = None, library: Library | None = None) -> None:
        self.table = Table(library or here(), story, group)
        self.now = 0
        played = play.begin(self.table)
        self.run, self.said = played.run, played.said
        self.moves = [move_out(None, group)]

    def make(self, move: Move) -> tuple[Reply, ...]:
        """Make a move, and return what is said to it."""
        kept = move_out(move, self.table.group)
        assert move_in(kept) == (move, self.table.group)
        self.moves.append(kept)
        before = Run.from_json(self.run.to_json())
        assert before == self.run
        played = play.step(self.table, self.run, move)
        assert play.step(self.table, before, move) == played, "the same move leads to the same"
        self.run, self.said = played.run, played.said
        return played.said

    def tap(self, *options: str) -> tuple[Reply, ...]:
        """Tap options that are on offer, one after the other, ten seconds apart; return all that is said to them."""
        said: list[Reply] = []
        for option in options:
            assert option in self.options, f"'{option}' is not on offer, but {self.options}"
            said += self.make(Tapped(option, self.later()))
        return tuple(said)

    def ask(self, fact: str) -> tuple[Reply, ...]:
        """Type a question that brings out a fact, or nothing."""
        return self.make(Asked(fact, self.later()))

    def opens(self) -> tuple[Reply, ...]:
        """Let the facilitator open the holding point somebody waits at."""
        group = self.table.group or Group()
        self.group(Group(group.opened + 1, group.sent))
        return self.make(Opened(self.later()))

    def group(self, group: Group | None) -> None:
        """Let the facilitator have done something, before this person hears of it."""
        self.table = Table(self.table.library, self.table.story, group)

    def happens(self, inject: str) -> tuple[Reply, ...]:
        """Let an inject come."""
        return self.make(Happened(inject, self.later()))

    def later(self, seconds: int = 10) -> int:
        """Let time pass."""
        self.now += seconds
        return self.now

    @property
    def question(self) -> Reply:
        """Return what is open."""
        return asking.question(self.table, self.run)

    @property
    def options(self) -> list[str]:
        """Return what may be tapped."""
        return [option.id for option in self.question.options]

    @property
    def found(self) -> list[str]:
        """Return the facts that came out, in order."""
        return [found.fact for found in self.run.found]

    @property
    def decided(self) -> list[str]:
        """Return what was decided, in order."""
        return [f"{one.decision}.{one.option}" for one in self.run.decided]

    def to_the_end(self, choose: Callable[[Player], str | None]) -> Player:
        """Play on until it is over: `choose` names what to tap; None lets the rest go its plainest way."""
        for _ in range(TOO_MANY):
            if self.run.stage is Stage.OVER:
                return self
            if asking.waits(self.table, self.run):
                self.opens()
            elif self.run.stage is Stage.REFLECTING and not self.run.wrote and choose(self) is None:
                self.make(Wrote(self.later()))
            else:
                self.tap(choose(self) or self.plainest())
        raise AssertionError(f"no end in {TOO_MANY} moves: {self.run}")

    def plainest(self) -> str:
        """Return what leads on without asking or going through anything."""
        leads_on = (BEGIN, DECIDE, SKIP_GUIDE, GO_ON, KEEP_MINE, WRITE_NOTHING)
        return next((one for one in leads_on if one in self.options), self.options[0])

    def choose(self, quality: Quality) -> str:
        """Return the option of the open decision that is of a quality, or the nearest to it that is on offer."""
        decision = asking.open_decision(self.table, self.run)
        order = list(Quality) if quality is Quality.BETTER else list(reversed(Quality))
        open_now = [option for option in decision.options if option.id in self.options]
        return min(open_now, key=lambda option: order.index(option.quality)).id


def curious_and_better(player: Player) -> str | None:
    """Ask whatever can be tapped, first what the exercise is for; decide as well as one can; look into the guidance."""
    if player.run.stage is Stage.ASKING:
        aims = what_for(player)
        return min(player.options, key=lambda option: (option == DECIDE, option not in aims))
    if player.run.stage is Stage.DECIDING:
        return player.choose(Quality.BETTER)
    return next((one for one in (OPEN_GUIDE, "no_sign") if one in player.options), None)


def what_for(player: Player) -> set[str]:
    """Return the facts to tap for objectives that are not met yet, with those that have to be known before them."""
    story = player.table.story
    unmet = {one.objective.point for one in debrief(story, player.run).points if one.met is not Met.MET}
    facts = {fact.id: fact for fact in player.table.scene(player.run).facts}
    aims = {fact.id for fact in facts.values() if fact.prompt and unmet.intersection(fact.sources)}
    while more := {need for one in aims for need in facts[one].needs if need in facts} - aims:
        aims |= more
    return aims


def incurious_and_worse(player: Player) -> str | None:
    """Ask nothing, decide as badly as one can, use nothing, write nothing."""
    if player.run.stage is Stage.DECIDING:
        return player.choose(Quality.WORSE)
    return player.plainest()


# --- small stories ------------------------------------------------------------------------------------

POINTS = ("H2", "H9", "g-18")


def scenario_of(scenes: list[dict[str, Any]], **changes: Any) -> Scenario:
    """Make a scenario of some scenes, with the least of everything else."""
    data = {
        "id": "small",
        "title": "A small story",
        "about": "What this is about.",
        "audience": "Anybody.",
        "minutes": 240,
        "warning": "Anybody may stop.",
        "objectives": [{"point": "H9", "take_back": "Ask what the child can do."}],
        "cast": [{"id": "ida", "name": "Ida", "who": "A baby."}],
        "scenes": scenes,
        "closing": "That was all.",
    }
    return Scenario.model_validate(data | changes)


@st.composite
def small_stories(draw: DrawFn, *, most: int = 5, needs: bool = True, whole: bool = True) -> Story:
    """Make a story in which time goes forward; every decision leaves somebody who found nothing two options.

    Without `needs` no option depends on what was found; only with `whole` are there injects, talks and the rest.
    """
    count = draw(st.integers(1, most))
    facts = [[f"f{scene}{letter}" for letter in "abc"[: draw(st.integers(0, 3))]] for scene in range(count)]
    every = [fact for row in facts for fact in row]
    scenes = []
    for place in range(count):
        later = [*(f"s{one}" for one in range(place + 1, count)), END]
        some = st.lists(st.sampled_from(every), max_size=2, unique=True) if every else st.just([])
        scene: dict[str, Any] = {
            "id": f"s{place}",
            "title": f"Scene {place}",
            "minutes": draw(st.integers(1, 9)),
            "narrative": f"What happens in {place}.",
            "next": draw(st.none() | st.sampled_from(later)),
            "questions": draw(st.none() | st.integers(1, 3)),
            "facts": [
                {
                    "id": fact,
                    "text": f"It is so: {fact}.",
                    "prompt": draw(st.sampled_from([f"What of {fact}?", None])) if whole else f"What of {fact}?",
                    "asks": [f"tell me of {fact}"],
                    "needs": draw(some),
                    "sources": [draw(st.sampled_from(POINTS))],
                }
                for fact in facts[place]
            ],
            "decisions": [
                {
                    "id": f"d{place}{number}",
                    "ask": f"What of {place}, {number}?",
                    "options": [
                        {
                            "id": f"o{place}{number}{which}",
                            "label": f"Do {place}{number}{which}",
                            "quality": draw(st.sampled_from(Quality)),
                            "says": f"You did {place}{number}{which}.",
                            "sources": draw(st.lists(st.sampled_from(POINTS), min_size=1, max_size=2, unique=True)),
                            "next": draw(st.none() | st.sampled_from(later)),
                            "needs": draw(some) if needs and which > 1 else [],
                        }
                        for which in range(draw(st.integers(2, 3)))
                    ],
                }
                for number in range(draw(st.integers(0, 2)))
            ],
        }
        if whole:
            scene |= _more(draw, place, scene["decisions"])
        scenes.append(scene)
    points = draw(st.lists(st.sampled_from(POINTS), min_size=1, unique=True))
    objectives = [{"point": point, "take_back": f"Take {point} back."} for point in points]
    return Story(scenario_of(scenes, objectives=objectives))


def _more(draw: DrawFn, place: int, decisions: list[dict[str, Any]]) -> dict[str, Any]:
    """Make what a scene may hold beside facts and decisions."""
    after = [None, *(one["id"] for one in decisions)]
    after += [f"{one['id']}.{option['id']}" for one in decisions for option in one["options"]]
    injects = [
        {
            "id": f"i{place}{number}",
            "text": f"Something happens in {place}: {number}.",
            "after": draw(st.sampled_from(after)),
            "minutes": draw(st.none() | st.integers(1, 3)),
            "sources": ["H2"],
        }
        for number in range(draw(st.integers(0, 3)))
    ]
    hold = {"discuss": f"What do you say to {place}?", "before_deciding": draw(st.booleans())}
    return {
        "injects": injects,
        "hold": draw(st.sampled_from([hold, None])),
        "live": draw(st.sampled_from(["mark_on_child", None, None])),
        "reflect": draw(st.sampled_from([f"What would you do in {place}?", None])),
    }
