"""The engine of exercises: a story, where somebody is in it, and a move -> what is said, and where they are then.

Rules of this file:

* Nothing is known that was not asked about: a fact comes out by a move, and by nothing else.
* Whatever does not fit where somebody is (an old button, a word for another scene) changes nothing, and the open question
  is asked again.
* The live guidance is gone through with the live engine, word for word; what it would record or set is left out.
* A group stops where its facilitator has not opened the holding point yet; somebody alone goes on when they like.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.events import Chose, Reply
from bot.models import ReplyKind
from bot.models.scenarios import END
from bot.scenarios import guide
from bot.scenarios.asking import Table, askable, heard_of, open_decision, question, questions_left, shown, waits
from bot.scenarios.debrief import debrief_replies
from bot.scenarios.moves import (
    DECIDE,
    OPEN_GUIDE,
    SKIP_GUIDE,
    Asked,
    Guided,
    Happened,
    Opened,
    Tapped,
    Why,
    Wrote,
)
from bot.scenarios.run import STOPS, Decided, Found, Run, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.models.scenarios import Scene
    from bot.scenarios.moves import Move


@dataclass(frozen=True, slots=True)
class Played:
    """What a move led to."""

    run: Run
    said: tuple[Reply, ...]


def begin(table: Table) -> Played:
    """Open the exercise: what it is, what may be hard in it, who is in it."""
    scenario = table.story.scenario
    cast = "\n".join(f"{one.name}: {one.who}" for one in scenario.cast)
    minutes = str(scenario.minutes)
    said = (
        table.line("exercise_opening", title=scenario.title, about=scenario.about, minutes=minutes),
        Reply(ReplyKind.SAY, scenario.warning),
        table.line("exercise_draft"),
        table.line("exercise_cast", answers=cast),
    )
    run = Run()
    return Played(run, (*said, question(table, run)))


def step(table: Table, run: Run, move: Move) -> Played:
    """Make one move; what does not fit changes nothing and asks again."""
    match move:
        case Tapped():
            return _tapped(table, run, move)
        case Asked() if run.stage is Stage.ASKING:
            return _asked(table, run, move.fact, typed=True, at=move.at)
        case Asked():
            says = "exercise_thought" if run.stage in (Stage.STOP, Stage.STOP_FIRST) else "exercise_not_followed"
            return Played(run, (table.line(says), question(table, run)))
        case Guided() if run.guide:
            return _guided(table, run, move)
        case Wrote() if run.stage is Stage.REFLECTING:
            return _ask(table, replace(run, wrote=True))
        case Happened():
            return _happened(table, run, move.inject)
        case Why():
            return Played(run, (_why(table, run), question(table, run)))
        case Opened() if run.stage in STOPS and not waits(table, run):
            return _go_on(table, run, move.at)
        case _:
            return _ask(table, run)


def due(table: Table, run: Run) -> int | None:
    """Return the second at which the next thing happens by the clock alone; None when nothing does."""
    if run.stage in (Stage.OPENING, Stage.OVER):
        return None
    waiting = [one.minutes for one in table.scene(run).injects if one.minutes and not _came(run, one.id)]
    return run.entered + 60 * min(waiting) if waiting else None


def timed(table: Table, run: Run, now: int) -> tuple[str, ...]:
    """Return the injects that the clock brings by a second."""
    if run.stage in (Stage.OPENING, Stage.OVER):
        return ()
    return tuple(
        f"{run.scene}.{one.id}"
        for one in table.scene(run).injects
        if one.minutes and not _came(run, one.id) and run.entered + 60 * one.minutes <= now
    )


# --- what a move does ----------------------------------------------------------------------------------


def _ask(table: Table, run: Run, *said: Reply) -> Played:
    return Played(run, (*said, question(table, run)))


def _tapped(table: Table, run: Run, move: Tapped) -> Played:
    option, at = move.option, move.at
    if option not in {one.id for one in question(table, run).options}:
        return _ask(table, run, table.line("exercise_not_followed"))
    match run.stage:
        case Stage.ASKING if option != DECIDE:
            return _asked(table, run, option, typed=False, at=at)
        case Stage.DECIDING:
            return _decided(table, run, option, at)
        case Stage.LIVE if option == OPEN_GUIDE:
            state, said = guide.opened(table.library, table.scene(run).live or "")
            run = replace(run, guide=state, guided_by=table.library.version)
            return Played(run, (table.line("exercise_guide_begins"), *_last(table, state, said)))
        case Stage.LIVE if run.guide and option != SKIP_GUIDE:
            return _guided(table, run, Guided(Chose((option,)), at))
        case _:
            return _go_on(table, replace(run, wrote=False, guide=""), at)


def _asked(table: Table, run: Run, fact: str, *, typed: bool, at: int) -> Played:
    """Let a fact come out; what cannot come out now is as if nothing had been asked."""
    found = next((one for one in askable(table, run) if one.id == fact), None)
    if found is None and fact in heard_of(table, run):
        return _ask(table, run, table.line("exercise_known_already"))
    if found is None:
        return _ask(table, run, table.line("exercise_nothing_found"))
    run = replace(run, found=(*run.found, Found(run.scene, fact, typed, at)))
    told = Reply(ReplyKind.SAY, found.text, found.sources, step=f"{run.scene}/{fact}")
    if questions_left(table, run) == 0:
        gone = _go_on(table, run, at)
        return Played(gone.run, (told, table.line("exercise_no_more_questions"), *gone.said))
    if not askable(table, run):
        gone = _go_on(table, run, at)
        return Played(gone.run, (told, table.line("exercise_all_asked"), *gone.said))
    return _ask(table, run, told)


def _decided(table: Table, run: Run, option: str, at: int) -> Played:
    """Note a decision and say what the author says of it; then what it sets off."""
    decision = open_decision(table, run)
    chosen = table.story.option(run.scene, decision.id, option)
    run = replace(run, decided=(*run.decided, Decided(run.scene, decision.id, option, at)))
    feedback = Reply(ReplyKind.SAY, chosen.says, chosen.sources, step=f"{run.scene}/{decision.id}/{option}")
    names = {decision.id, f"{decision.id}.{option}"}
    run, happened = _inject(table, run, (one.id for one in table.scene(run).injects if one.after in names))
    gone = _go_on(table, run, at)
    return Played(gone.run, (feedback, *happened, *gone.said))


def _guided(table: Table, run: Run, move: Guided) -> Played:
    """Go on in the live guidance; once it has come to its end, the exercise goes on."""
    state, said, finished = guide.step(table.library, run.guide, move.event)
    if not finished:
        return Played(replace(run, guide=state), _last(table, state, said))
    gone = _go_on(table, replace(run, guide=""), move.at)
    return Played(gone.run, (*said, table.line("exercise_guide_ends"), *gone.said))


def _last(table: Table, state: str, said: tuple[Reply, ...]) -> tuple[Reply, ...]:
    """Give the last question of the guidance the way back to the exercise."""
    return guide.with_way_back(said, guide.question(table.library, state, shown(table.library, SKIP_GUIDE)))


def _happened(table: Table, run: Run, inject: str) -> Played:
    scene, _, name = inject.partition(".")
    if run.stage in (Stage.OPENING, Stage.OVER) or scene != run.scene:
        return Played(run, ())
    if name not in {one.id for one in table.scene(run).injects}:
        return Played(run, ())
    run, said = _inject(table, run, (name,))
    return Played(run, (*said, question(table, run)) if said else ())


def _inject(table: Table, run: Run, names: Iterable[str]) -> tuple[Run, tuple[Reply, ...]]:
    """Let things happen, each once."""
    said: list[Reply] = []
    for name in names:
        if _came(run, name):
            continue
        inject = table.story.inject(run.scene, name)
        run = replace(run, injected=(*run.injected, f"{run.scene}.{name}"))
        heard = table.line("exercise_happens", answers=inject.text)
        said.append(replace(heard, sources=inject.sources, step=f"{run.scene}/{name}"))
    return run, tuple(said)


def _came(run: Run, inject: str) -> bool:
    return f"{run.scene}.{inject}" in run.injected


def _why(table: Table, run: Run) -> Reply:
    """Return the sources of what somebody last found out, or was last told of a decision."""
    # In a scene, questions come before decisions: so the order does not depend on what happened in the same second.
    told = [(one.scene, 0, table.story.fact(one.scene, one.fact).sources) for one in run.found]
    told += [(one.scene, 1, table.story.option(one.scene, one.decision, one.option).sources) for one in run.decided]
    told.sort(key=lambda one: (run.scenes.index(one[0]), one[1]))
    # What is no longer in the library has nothing to show.
    sources = tuple(one for one in (told[-1][2] if told else ()) if one in table.library.sources)
    return (
        Reply(ReplyKind.CITE, table.library.lines["why_heading"].text, sources)
        if sources
        else table.line("why_nothing")
    )


# --- from one part of a scene to the next --------------------------------------------------------------


def _go_on(table: Table, run: Run, at: int) -> Played:
    """Leave what somebody is doing for the next part of the scene, the next scene, or the end."""
    if waits(table, run):
        return _ask(table, run)
    if run.stage is Stage.OPENING:
        return _enter(table, replace(run, stops=run.stops + 1), table.story.first, at)
    if run.stage is Stage.DECIDING and len(run.chosen(run.scene)) < len(table.scene(run).decisions):
        return _ask(table, run)
    if run.stage in STOPS:
        run = replace(run, stops=run.stops + 1)
    scene = table.scene(run)
    stages = _stages(scene)
    after = stages[stages.index(run.stage) + 1 :]
    run, said = _alone(table, run, timed=True)
    if after:
        return _ask(table, replace(run, stage=after[0]), *said)
    following = table.story.next_after(scene, run.chosen(run.scene))
    if following == END:
        over = replace(run, stage=Stage.OVER)
        closing = Reply(ReplyKind.SAY, table.story.scenario.closing)
        return Played(over, (*said, closing, *debrief_replies(table, over)))
    entered = _enter(table, run, table.story.scenes[following], at)
    return Played(entered.run, (*said, *entered.said))


def _enter(table: Table, run: Run, scene: Scene, at: int) -> Played:
    """Come into a scene."""
    run = replace(run, scene=scene.id, scenes=(*run.scenes, scene.id), entered=at, stage=_stages(scene)[0])
    number = str(len(run.scenes))
    told = table.line("exercise_scene", title=scene.title, count=number, answers=scene.narrative)
    sent = table.group.sent if table.group is not None else ()
    run, happened = _inject(table, run, (one.id for one in scene.injects if f"{scene.id}.{one.id}" in sent))
    run, alone = _alone(table, run) if run.stage is not Stage.ASKING else (run, ())
    return _ask(table, run, replace(told, step=scene.id), *happened, *alone)


def _alone(table: Table, run: Run, *, timed: bool = False) -> tuple[Run, tuple[Reply, ...]]:
    """Let happen, for somebody alone, what a facilitator would have sent: once there is nothing, or nothing more, to ask.

    Also `timed`, what the clock has not brought by then: whoever is quick would miss it.
    """
    if table.group is not None:
        return run, ()
    due_now = (one.id for one in table.scene(run).injects if not one.after and (timed or not one.minutes))
    return _inject(table, run, due_now)


def _stages(scene: Scene) -> tuple[Stage, ...]:
    """Return what there is to do in a scene, in the order in which it is done."""
    first = scene.hold is not None and scene.hold.before_deciding
    there = (
        (Stage.ASKING, bool(scene.facts)),
        (Stage.STOP_FIRST, first),
        (Stage.DECIDING, bool(scene.decisions)),
        (Stage.LIVE, scene.live is not None),
        (Stage.STOP, scene.hold is not None and not first),
        (Stage.REFLECTING, scene.reflect is not None),
    )
    return tuple(stage for stage, is_there in there if is_there) or (Stage.GOING_ON,)
