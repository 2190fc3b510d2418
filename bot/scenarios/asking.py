"""What is open to somebody in an exercise: what they are played from, what they may ask, decide, write, or wait for. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.asking import line
from bot.events import OptionShown, Reply
from bot.models import ReplyKind
from bot.scenarios import guide
from bot.scenarios.moves import (
    BEGIN,
    DECIDE,
    GO_ON,
    KEEP_MINE,
    KEEP_NOT,
    KEEP_SHARED,
    OPEN_GUIDE,
    OWN,
    SKIP_GUIDE,
    WRITE_NOTHING,
)
from bot.scenarios.run import STOPS, Group, Run, Stage

if TYPE_CHECKING:
    from bot.library import Library
    from bot.models.scenarios import Decision, Scene, SceneFact
    from bot.scenarios.story import Story

KEEPS = (KEEP_MINE, KEEP_SHARED, KEEP_NOT)


@dataclass(frozen=True, slots=True)
class Table:
    """What a run is played from: the content, the story, and the group if there is one."""

    library: Library
    story: Story
    group: Group | None = None

    def line(self, line_id: str, **values: str) -> Reply:
        """Return a fixed line."""
        return line(self.library, line_id, **values)

    def scene(self, run: Run) -> Scene:
        """Return the scene somebody is in."""
        return self.story.scenes[run.scene]


def waits(table: Table, run: Run) -> bool:
    """Say whether somebody stands at a holding point that is still closed."""
    return run.stage in STOPS and table.group is not None and table.group.opened <= run.stops


def question(table: Table, run: Run) -> Reply:
    """Return what is open: something to tap, to write, or to wait for."""
    match run.stage:
        case Stage.OPENING if waits(table, run):
            return table.line("exercise_waiting_to_begin")
        case Stage.OPENING:
            return with_options(table.line("exercise_ready"), (shown(table.library, BEGIN),))
        case Stage.ASKING:
            return _facts_question(table, run)
        case Stage.STOP | Stage.STOP_FIRST:
            return _stop_question(table, run)
        case Stage.DECIDING:
            decision = open_decision(table, run)
            options = tuple(
                OptionShown(one.id, one.label, one.short or one.label)
                for one in decision.options
                if run.knows(*one.needs)
            )
            return with_options(Reply(ReplyKind.ASK, decision.ask, step=f"{run.scene}/{decision.id}"), options)
        case Stage.LIVE if run.guide:
            return guide.question(table.library, run.guide, shown(table.library, SKIP_GUIDE))
        case Stage.LIVE if table.scene(run).live not in table.library.flows:  # taken out since the exercise began
            return with_options(table.line("exercise_go_on"), (shown(table.library, GO_ON),))
        case Stage.LIVE:
            title = table.library.flows[table.scene(run).live or ""].title
            offered = (shown(table.library, OPEN_GUIDE), shown(table.library, GO_ON))
            return with_options(table.line("exercise_guide_offer", title=title), offered)
        case Stage.REFLECTING if run.wrote:
            return _keep_question(table)
        case Stage.REFLECTING:
            asked = table.line("exercise_reflect", answers=table.scene(run).reflect or "")
            reflect = replace(asked, step=f"{run.scene}/reflect")
            return with_options(reflect, (shown(table.library, WRITE_NOTHING),))
        case Stage.GOING_ON:
            return with_options(table.line("exercise_go_on"), (shown(table.library, GO_ON),))
        case _:
            return table.line("exercise_over")


def askable(table: Table, run: Run) -> tuple[SceneFact, ...]:
    """Return the facts that could come out now: those not known yet whose turn it is."""
    if run.stage is not Stage.ASKING:
        return ()
    return tuple(fact for fact in table.scene(run).facts if not run.knows(fact.id) and run.knows(*fact.needs))


def heard_of(table: Table, run: Run) -> frozenset[str]:
    """Return the facts of this scene that a typed question may be about: those that could come out, and those that have."""
    if run.stage is not Stage.ASKING:
        return frozenset()
    known = (fact.id for fact in table.scene(run).facts if run.knows(fact.id))
    return frozenset((*known, *(fact.id for fact in askable(table, run))))


def known_question(table: Table, run: Run) -> Reply:
    """Return the prompts of this scene that were asked already, as options: their words still mean them."""
    known = (fact for fact in table.scene(run).facts if run.knows(fact.id))
    prompts = tuple(OptionShown(fact.id, fact.prompt, fact.short or fact.prompt) for fact in known if fact.prompt)
    return Reply(ReplyKind.ASK, "", options=prompts)


def questions_left(table: Table, run: Run) -> int | None:
    """Return how many questions there is still time for; None where there is no limit."""
    limit = table.scene(run).questions
    if limit is None:
        return None
    return max(0, limit - sum(found.scene == run.scene for found in run.found))


def open_decision(table: Table, run: Run) -> Decision:
    """Return the decision that has to be made now."""
    made = {one.decision for one in run.decided if one.scene == run.scene}
    return next(decision for decision in table.scene(run).decisions if decision.id not in made)


def _facts_question(table: Table, run: Run) -> Reply:
    prompts = tuple(
        OptionShown(fact.id, fact.prompt, fact.short or fact.prompt) for fact in askable(table, run) if fact.prompt
    )
    left = questions_left(table, run)
    asked = any(found.scene == run.scene for found in run.found)
    some = "exercise_ask_some" if asked else "exercise_ask_first"
    which = "exercise_ask" if left is None else "exercise_ask_last" if left == 1 else some
    return with_options(table.line(which, count=str(left)), (*prompts, shown(table.library, DECIDE)))


def _stop_question(table: Table, run: Run) -> Reply:
    hold = table.scene(run).hold
    discuss = hold.discuss if hold else ""
    if waits(table, run):
        return table.line("exercise_stop_group", answers=discuss)
    return with_options(table.line("exercise_stop_alone", answers=discuss), (shown(table.library, GO_ON),))


def _keep_question(table: Table) -> Reply:
    """Ask whether a reflection may be kept; somebody alone has no group to share it with."""
    line_id, ways = ("exercise_keep", KEEPS) if table.group else ("exercise_keep_alone", (KEEP_MINE, KEEP_NOT))
    return with_options(table.line(line_id), tuple(shown(table.library, one) for one in ways))


def shown(library: Library, option: str) -> OptionShown:
    """Return one of the engine's own options, in the words of the content."""
    label = library.lines[f"exercise_option_{option.removeprefix(OWN)}"].text
    return OptionShown(option, label, label)


def with_options(reply: Reply, options: tuple[OptionShown, ...]) -> Reply:
    """Return a reply as a question with options."""
    return replace(reply, kind=ReplyKind.ASK, options=options)
