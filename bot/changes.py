"""What a changed answer changes: which words no longer stand, and which calls for help were withdrawn."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.asking import actions_so_far, line
from bot.events import Reply, Superseded
from bot.models import ActionClass, By, ReplyKind
from bot.replay import Visit, Walk, say

if TYPE_CHECKING:
    from bot.library import Library
    from bot.state import Run, State


def as_it_was(run: Run) -> Run:
    """A run that is being changed was last walked with its old answer in place."""
    return replace(run, reopened=None, pending=None)


def is_new_summary(visit: Visit, passed: Walk) -> bool:
    """The closing summary is said again whenever something before it has changed."""
    return passed.closed and visit is passed.visits[-1]


def has_words(reply: Reply) -> bool:
    """An act step all of whose actions are hidden on this path says nothing."""
    return reply.kind is not ReplyKind.ACT or bool(reply.actions)


def overtaken(library: Library, spoken: dict[str, Visit], passed: Walk) -> list[Superseded]:
    """Name the steps whose earlier words no longer stand, once the run is past the changed answer."""
    if passed.run.reopened is not None:
        return []
    now = {visit.name: visit for visit in passed.visits}
    return [
        Superseded(name, passed.run.number)
        for name, visit in spoken.items()
        if name not in now
        or (not visit.is_question and say(library, visit) != say(library, now[name]))
        or _answered_otherwise(visit, now[name])
    ]


def _answered_otherwise(before: Visit, now: Visit) -> bool:
    """Say whether a question that had its answer has another one now; adding a mark is not changing one."""
    old, new = before.answer, now.answer
    return old is not None and new is not None and old.done and (old.chosen, old.marks) != (new.chosen, new.marks)


def withdrawn(library: Library, before: State, after: State) -> tuple[Reply, ...]:
    """Say what no longer stands as it was advised, once a changed answer is in.

    A call for help that is gone or due later is named, and so is what could warn or probe and is no longer advised: the
    earlier message is still on the screen, and who now fears harm must not act on it (promise P2b).
    """
    then = {action.do: action for action in actions_so_far(library, before)}
    now = {action.do: action.by for action in actions_so_far(library, after)}
    order = list(By)
    later = [
        f"{action.says} ({action.by_text})"
        for do, action in then.items()
        if library.actions[do].is_ is ActionClass.PROTECT
        and (do not in now or order.index(now[do]) > order.index(action.by))
    ]
    undone = [
        action.says
        for do, action in then.items()
        if library.actions[do].is_ in {ActionClass.ALERT, ActionClass.CONSENT} and do not in now
    ]
    said = (line(library, "undone", answers="; ".join(undone)),) if undone else ()
    return (*said, line(library, "withdrawn", answers="; ".join(later))) if later else said
