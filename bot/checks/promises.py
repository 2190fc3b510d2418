"""The promises of the design, proved over every path of every flow in every hour, blocks included.

Each function takes a `Proof` (one flow, all its outcomes) and yields problems coded by the promise. They look at
what is advised, by whom and by when, never at samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from bot.asking import DANGER_CHECK
from bot.checks.words import texts_of
from bot.graph import Branch, Choice, Comparison, Graph, Outcome, Outcomes, TooManyWaysError, graphs_of, soonest_of
from bot.models import (
    URGENCY_ORDER,
    ActionClass,
    ActStep,
    AskStep,
    By,
    CallStep,
    PromptsStep,
    RemindStep,
    Urgency,
)
from bot.outline import steps_below

if TYPE_CHECKING:
    from bot.errors import Problem
    from bot.library import Library, Origins
    from bot.models import Flow, Step

DONT_KNOW = frozenset({"dont_know", "not_sure", "unsure", "cannot_tell"})
MAX_TAPS = 3
LONGEST_REMINDER = {By.NOW: 60, By.BEFORE_CONTACT: 60, By.BEFORE_YOU_GO_OFF_DUTY: 180, By.TODAY: 180}
"""Minutes: a reminder for an action due so soon may not wait longer than this."""
EXEMPTABLE = frozenset({"P5", "P9", "P13", "P14"})


@dataclass(frozen=True, slots=True)
class Way:
    """A way through a flow; written out only where a problem names it."""

    choices: tuple[Choice, ...]

    def __str__(self) -> str:
        return " > ".join(f"{choice.step.split('/', 1)[-1]}={','.join(choice.chosen)}" for choice in self.choices)


@dataclass(frozen=True, slots=True)
class Proof:
    """One flow, with every outcome it can have, at each hour."""

    library: Library
    origins: Origins
    flow: Flow
    graphs: tuple[Graph, ...]

    def problem(self, code: str, says: str, where: tuple[str | int, ...] = ()) -> Problem:
        """Make a problem of this flow."""
        return self.origins.problem("flows", self.flow.id, where, code, f"{code}: {says}")

    def outcomes(self, *, begun_here: bool = False) -> Iterator[tuple[Outcome, Way]]:
        """Yield each outcome with a way that leads to it.

        `begun_here` leaves out the ways of a flow opened from another one, where that one has done its part.
        """
        for graph in self.graphs:
            if begun_here and graph.means != self.flow.means:
                continue
            for outcome, way in graph.outcomes.items():
                yield outcome, Way(way)

    def actions(self, *classes: ActionClass) -> set[str]:
        """Return the ids of the actions of some classes."""
        return {word.id for word in self.library.actions.values() if word.is_ in classes}


Promise = Callable[[Proof], Iterable["Problem"]]


def danger_comes_first(proof: Proof) -> Iterator[Problem]:
    """P1: the first step of every flow is the danger check, without conditions."""
    first = proof.flow.steps[0]
    if not isinstance(first, CallStep) or first.call != DANGER_CHECK or first.if_ or first.unless or first.when:
        yield proof.problem("P1", f"the first step has to be 'call: {DANGER_CHECK}', with no condition.", ("steps", 0))


def concern_never_lowers_protection(proof: Proof) -> Iterator[Problem]:
    """P2 and P2b, at every question on every path: compare each answer with each less worrying one."""
    protective = proof.actions(ActionClass.PROTECT)
    warning = proof.actions(ActionClass.ALERT, ActionClass.CONSENT)
    for graph in proof.graphs:
        known: dict[int, list[_Side]] = {}
        for comparison in graph.compared:
            # The same answers are met after different advice: what they lead to is worked out once.
            sides = known.get(id(comparison.branches))
            if sides is None:
                sides = known[id(comparison.branches)] = [
                    _Side(branch, guaranteed(ways, protective), possible(ways, warning))
                    for branch, ways in comparison.branches
                ]
            for less in sides:
                for more in sides:
                    if less is not more and less.branch.concern <= more.branch.concern and not _excused(more.branch):
                        yield from _compare(proof, comparison, less, more)


class _Side(NamedTuple):
    """One answer of a comparison: what it assures on every way, and what it may bring on any."""

    branch: Branch
    assured: dict[str, int]
    brought: dict[str, int]


def _excused(branch: Branch) -> bool:
    return branch.option is not None and branch.option.exception is not None


def _compare(proof: Proof, asked: Comparison, less: _Side, more: _Side) -> Iterator[Problem]:
    calm, worried, name = _label(less.branch), _label(more.branch), asked.step
    for action, soon in sorted(less.assured.items()):
        if max(more.assured.get(action, -1), asked.prior.get(action, -1)) < soon:
            yield proof.problem(
                "P2",
                f"at '{name}' the answer '{worried}' is at least as worrying as '{calm}' but assures '{action}' later, or not at all.",
            )
    if less.branch.concern == more.branch.concern:
        return  # what ranks alike has to protect alike; how the family is told may differ
    for action, soon in sorted(more.brought.items()):
        if max(less.brought.get(action, -1), asked.prior.get(action, -1)) < soon:
            yield proof.problem(
                "P2b",
                f"at '{name}' the more worrying answer '{worried}' brings '{action}', which could warn or probe, sooner than '{calm}'.",
            )


def _label(branch: Branch) -> str:
    return ", ".join(branch.chosen) or ("worries me" if branch.concern else "not known yet")


def guaranteed(ways: Outcomes, actions: set[str]) -> dict[str, int]:
    """Return the actions advised on all of these ways, each with the least urgency it has on any of them."""
    each = [soonest_of(outcome.features) for outcome in ways]
    found = {action: min(soonest.get(action, -1) for soonest in each) for action in actions}
    return {action: least for action, least in found.items() if least >= 0}


def possible(ways: Outcomes, actions: set[str]) -> dict[str, int]:
    """Return the actions advised on any of these ways, each with the greatest urgency it has."""
    each = [soonest_of(outcome.features) for outcome in ways]
    found = {action: max(soonest.get(action, -1) for soonest in each) for action in actions}
    return {action: most for action, most in found.items() if most >= 0}


def not_knowing_counts_as_concern(proof: Proof) -> Iterator[Problem]:
    """P2: "don't know" ranks with the most worrying answer, unless the content says why not."""
    for path, step in steps_below(proof.library, proof.flow):
        if not isinstance(step, AskStep):
            continue
        most = max((option.concern for option in step.options if not option.open), default=0)
        for option in step.options:
            if option.id in DONT_KNOW and option.concern < most and option.exception is None:
                name = f"{path}/{step.id}" if path else step.id
                yield proof.problem(
                    "P2", f"'{option.id}' at '{name}' has to rank with the most worrying answer, or say why not."
                )


def every_path_ends_in_something_to_do(proof: Proof) -> Iterator[Problem]:
    """P3: every path closes, and somebody who can be had at any hour has something to do."""
    for outcome, way in proof.outcomes():
        if not outcome.has("close"):
            yield proof.problem("P3", f"this path never reaches the closing summary: {way}.")
        doers = {f.who for f in outcome.features if f.kind == "action"}
        if not any(proof.library.actors[who].always for who in doers):
            yield proof.problem("P3", f"on this path nobody who can be had at any hour has anything to do: {way}.")


def suspected_harm_reaches_social_care(proof: Proof) -> Iterator[Problem]:
    """P2, by hard rule H2: where harm is suspected, social care is rung today at the latest."""
    for outcome, way in proof.outcomes(begun_here=True):
        if (
            outcome.has("means", "harm_suspected")
            and outcome.soonest("ring_social_care") < URGENCY_ORDER[Urgency.TODAY]
        ):
            yield proof.problem("P2", f"harm is suspected on this path, but social care is not rung today (H2): {way}.")


def men_are_seen_both_ways(proof: Proof) -> Iterator[Problem]:
    """P5: what men offer, what they risk, and not to contact them to find out."""
    yield from _topics_on_every_path(proof, "P5", ("men_offer", "men_risk", "no_contact"))


def nothing_waits_for_consent(proof: Proof) -> Iterator[Problem]:
    """P6: where harm is suspected nothing waits for agreement; P6b: sharing is never wider than needed."""
    waiting = proof.actions(ActionClass.CONSENT)
    for outcome, way in proof.outcomes():
        if outcome.has("means", "harm_suspected"):
            for action in sorted(f.what for f in outcome.features if f.kind == "action" and f.what in waiting):
                yield proof.problem("P6", f"harm is suspected on this path, yet '{action}' waits for agreement: {way}.")
        shares = outcome.has("share") or outcome.has("action", "share_information")
        if shares and not outcome.has("topic", "need_to_know"):
            yield proof.problem("P6b", f"this path shares without saying 'only those who need it': {way}.")


def everything_is_recorded(proof: Proof) -> Iterator[Problem]:
    """P7: every path records, out of the family's reach."""
    for outcome, way in proof.outcomes():
        if not outcome.has("action", "record"):
            yield proof.problem("P7", f"this path never says to write it down: {way}.")
    yield from _topics_on_every_path(proof, "P7", ("not_family_readable",))


def help_comes_within_three_taps(proof: Proof) -> Iterator[Problem]:
    """P8: at most three taps from the start of a flow to the first thing to do."""
    for outcome, way in proof.outcomes():
        if outcome.taps is None or outcome.taps > MAX_TAPS:
            yield proof.problem("P8", f"the first thing to do comes after {outcome.taps} taps, not {MAX_TAPS}: {way}.")


def whoever_reports_is_chased(proof: Proof) -> Iterator[Problem]:
    """P9: a reminder before the action is due, and the ladder, for whoever is told to report."""
    if "P9" in proof.flow.exempt:
        return
    reports = {word.id for word in proof.library.actions.values() if word.reports}
    for outcome, way in proof.outcomes():
        if any(f.kind == "action" and f.what in reports for f in outcome.features):
            if not outcome.has("topic", "who_else_may_see"):
                yield proof.problem("P9", f"this path reports, but no reminder is offered: {way}.")
            if not outcome.has("ladder"):
                yield proof.problem("P9", f"this path reports, but the ladder is not shown: {way}.")
    for path, step in steps_below(proof.library, proof.flow):
        if isinstance(step, RemindStep):
            yield from _reminders_come_in_time(proof, f"{path}/{step.id}" if path else step.id, step)


def _reminders_come_in_time(proof: Proof, name: str, step: RemindStep) -> Iterator[Problem]:
    for by in By:
        offers = [offer for offer in step.offers if by in offer.by]
        if not offers:
            yield proof.problem("P9", f"'{name}' offers no reminder when the soonest action is due '{by}'.")
        limit = LONGEST_REMINDER.get(by)
        for offer in offers:
            if limit is not None and (offer.minutes is None or offer.minutes > limit):
                yield proof.problem(
                    "P9", f"the reminder '{offer.id}' at '{name}' comes too late for an action due '{by}'."
                )


def marks_on_babies_are_referred(proof: Proof) -> Iterator[Problem]:
    """P10: whatever was explained, social care the same day."""
    for outcome, way in proof.outcomes():
        if (
            outcome.has("means", "non_mobile_injury")
            and outcome.soonest("ring_social_care") < URGENCY_ORDER[Urgency.TODAY]
        ):
            yield proof.problem("P10", f"a mark on a baby does not reach social care the same day on this path: {way}.")


def tonight_is_settled(proof: Proof) -> Iterator[Problem]:
    """P13: where harm is suspected, what to do when offices are shut and who keeps the child safe tonight."""
    yield from _topics_on_every_path(proof, "P13", ("out_of_hours", "tonight"), meaning="harm_suspected")


def other_children_are_asked_about(proof: Proof) -> Iterator[Problem]:
    """P14: brothers, sisters and other children."""
    yield from _topics_on_every_path(proof, "P14", ("siblings",))


def exemptions_are_allowed(proof: Proof) -> Iterator[Problem]:
    """Only some promises may be set aside, each with a reason."""
    for code in proof.flow.exempt:
        if code not in EXEMPTABLE:
            says = f"'{code}' may not be set aside; only {', '.join(sorted(EXEMPTABLE))}."
            yield proof.origins.problem("flows", proof.flow.id, ("exempt", code), "not_exemptable", says)


def _topics_on_every_path(proof: Proof, code: str, topics: tuple[str, ...], meaning: str = "") -> Iterator[Problem]:
    if code in proof.flow.exempt:
        return
    for outcome, way in proof.outcomes():
        if meaning and not outcome.has("means", meaning):
            continue
        for topic in topics:
            if not outcome.has("topic", topic):
                says = proof.library.topics[topic].says if topic in proof.library.topics else topic
                yield proof.problem(code, f"this path never deals with '{topic}' ({says}): {way}.")


PROMISES: tuple[Promise, ...] = (
    danger_comes_first,
    concern_never_lowers_protection,
    not_knowing_counts_as_concern,
    every_path_ends_in_something_to_do,
    suspected_harm_reaches_social_care,
    men_are_seen_both_ways,
    nothing_waits_for_consent,
    everything_is_recorded,
    help_comes_within_three_taps,
    whoever_reports_is_chased,
    marks_on_babies_are_referred,
    tonight_is_settled,
    other_children_are_asked_about,
    exemptions_are_allowed,
)


def problems_of(library: Library, origins: Origins) -> list[Problem]:
    """Prove every promise of every flow; one problem a promise and flow is shown, with the first way to it."""
    found = list(topics_are_said(library, origins))
    found += danger_check_has_two_limbs(library, origins)
    for flow in library.content.flows:
        proof = Proof(library, origins, flow, graphs_of(library, flow))
        try:
            found += _kept_apart(problem for promise in PROMISES for problem in promise(proof))
        except TooManyWaysError:
            says = "This flow has more ways that differ than can be proved: make two flows of it, or ask less."
            found.append(origins.problem("flows", flow.id, ("steps",), "too_many_ways", says))
    return found


def _kept_apart(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Keep one problem for each promise and place of the content, and each comparison at a question."""
    seen: set[tuple[str, int]] = set()
    for problem in problems:
        if (problem.code, problem.line) not in seen or "at '" in problem.says:
            yield problem
        seen.add((problem.code, problem.line))


def danger_check_has_two_limbs(library: Library, origins: Origins) -> Iterator[Problem]:
    """P1: every way through the danger check asks of danger now, and of danger soon unless help is already called."""
    now = URGENCY_ORDER[Urgency.NOW]
    for graph in graphs_of(library, library.blocks[DANGER_CHECK]):
        for outcome in graph.outcomes:
            both = outcome.has("topic", "danger_now") and outcome.has("topic", "danger_soon")
            if not both and outcome.soonest("ring_social_care") < now:
                yield origins.problem(
                    "blocks",
                    DANGER_CHECK,
                    (),
                    "P1",
                    "P1: a way through the danger check asks neither limb nor calls for help.",
                )
                return


def topics_are_said(library: Library, origins: Origins) -> Iterator[Problem]:
    """A step that says it covers a topic has to use one of the topic's words: a tag alone proves nothing."""
    for part, some in (("flows", library.content.flows), ("blocks", library.content.blocks)):
        for route in some:
            for place, step in enumerate(route.steps):
                for where, topics, words in _tagged(step):
                    for topic in topics:
                        known = library.topics[topic].words
                        if not any(word.lower() in words.lower() for word in known):
                            yield origins.problem(
                                part,
                                route.id,
                                ("steps", place, *where),
                                "topic_not_said",
                                f"This is said to cover '{topic}' but has none of its words ({', '.join(known)}).",
                            )


def _tagged(step: Step) -> Iterator[tuple[tuple[str | int, ...], tuple[str, ...], str]]:
    yield (), step.covers, " ".join(words for _, words in texts_of(step))
    if isinstance(step, ActStep):
        for number, action in enumerate(step.act):
            yield ("act", number), action.covers, action.text
    if isinstance(step, PromptsStep):
        for number, prompt in enumerate(step.prompts):
            yield ("prompts", number), prompt.covers, prompt.text
