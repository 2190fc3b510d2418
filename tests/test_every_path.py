"""Every path of every flow, walked through the engine, and the promises read off what was said on it.

Nothing here asks `bot.checks` or `bot.graph`: those prove the promises over the graph; here somebody answers each
question in each way, at each hour, and what they are told is looked at, word by word.

The full product of all answers has some four hundred thousand paths. Two paths are followed as one from where they ask
the same question, have been told the same so far, and differ in no answer that any condition looks at; the engine can
then only go on alike. In the smaller flows every answer to every question is given on every such class of paths.

In the larger flows that is done for the first `MOST_FOLLOWED` classes. From there on two paths are also followed as one
where they were told different things but differ in no answer that any condition looks at: every answer is still given at
every question in each such state, and each is taken on to an end, but by one way and not by all. In the very largest, from
`MOST_STATES` on, every answer is given at every question with harm suspected and without. What holds of all ways of the
larger flows is proved by `bot.checks`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from walking import answers_to, least, looked_at, question_of, side_trips, step_named

from bot.asking import actions_so_far, is_closed, open_question, urgency
from bot.dialogue import new_state, step
from bot.events import Chose, Do, Open
from bot.library import read_content
from bot.models import URGENCY_ORDER, ActionClass, AskStep, By, CallStep, Moment, ReplyKind, Urgency
from bot.reading import content_root
from bot.replay import walk
from bot.state import State
from bot.wording import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.dialogue import Turn
    from bot.events import Event, Reply
    from bot.library import Library
    from bot.models import Step

FLOWS = sorted(path.stem for path in (content_root() / "dialogues" / "flows").glob("*.yaml"))
HARM = "means.harm_suspected"
SOON = {By.NOW, By.BEFORE_CONTACT, By.TODAY}
LONGEST_PATH = 60
MOST_FOLLOWED, MOST_STATES = 200, 500
"""Questions met in one flow until paths are followed as one more freely, and more freely still."""
OTHER_CHILDREN = (
    "which other children live there",
    "how many children are in or around this home",
    "which other children is this adult with",
    "which children, and other children they visit or teach",
    "is this child, or any other child, hurt or at risk?",
)
"""What asks about brothers, sisters and other children, in a household, a family, an organisation and long ago."""
Spoken = tuple[str, tuple[str, ...]]
"""A step, and what was advised in it: the same words each time."""

pytestmark = pytest.mark.parametrize("flow", FLOWS)


@dataclass(frozen=True)
class Told:
    """One thing said: in which step, advising what by when, and whether harm was suspected by then."""

    step: str
    kind: ReplyKind
    advised: tuple[tuple[str, str, str], ...]
    harm: bool
    ladder: bool = False
    """It shows the rungs of the ladder."""

    @property
    def spoken(self) -> Spoken:
        """What finds the words again."""
        return (self.step, tuple(do + by for do, _, by in self.advised) + ("ladder",) * self.ladder)


@dataclass(frozen=True)
class Trail:
    """What somebody has been told so far, and how many answers came before the first thing to do."""

    told: frozenset[Told] = frozenset()
    asked: str = ""
    """The first question that was asked."""
    answers: int = 0
    to_first: int | None = None

    def after(self, turn: Turn, *, answered: bool, harm: bool) -> Trail:
        """Add what a turn said."""
        answers = self.answers + answered
        acts = any(reply.kind in {ReplyKind.ACT, ReplyKind.DANGER} for reply in turn.replies)
        to_first = answers if self.to_first is None and acts else self.to_first
        said = frozenset(
            Told(r.step, r.kind, tuple((a.do, a.who, str(a.by)) for a in r.actions), harm, bool(r.rungs))
            for r in turn.replies
        )
        asked = self.asked or next((r.step for r in turn.replies if r.options), "")
        # Once something has been said to do, it no longer matters how many answers were given.
        return Trail(self.told | said, asked, answers if to_first is None else 0, to_first)


@dataclass(frozen=True)
class Place:
    """Somewhere on a path: the state, what is asked, what was told on the way, and the way."""

    state: State
    asked: Reply | None
    trail: Trail
    way: tuple[Event, ...]

    def __str__(self) -> str:
        names = [",".join(getattr(event, "options", ())) or type(event).__name__ for event in self.way]
        return " > ".join(names)


@dataclass
class Walked:
    """All that was met in one flow, at one hour."""

    library: Library
    moment: Moment
    questions: list[Place] = field(default_factory=list)
    endings: list[Place] = field(default_factory=list)
    given: set[tuple[str, str]] = field(default_factory=set)
    """(question, option) for every answer that was given."""
    replies: dict[Spoken, Reply] = field(default_factory=dict)
    texts: dict[Spoken, str] = field(default_factory=dict)

    def told(self, place: Place) -> Iterator[Reply]:
        """Return everything that was said on the way to a place."""
        for told in place.trail.told:
            yield self.replies[told.spoken]

    def words(self, place: Place) -> str:
        """Return all the words on the way to a place, in small letters, each after one space."""
        return " ".join(self.texts[told.spoken] for told in place.trail.told)

    def hear(self, reply: Reply) -> None:
        """Keep what was said, once; of a summary, which depends on every mark, the longest that was met."""
        spoken = (
            reply.step,
            tuple(action.do + action.by for action in reply.actions) + ("ladder",) * bool(reply.rungs),
        )
        if spoken in self.replies and reply.kind is not ReplyKind.CLOSE:
            return
        text = " ".join(f"{reply.text} {plain(self.library, reply)}".lower().split())
        if len(text) > len(self.texts.get(spoken, "")):
            self.replies[spoken], self.texts[spoken] = reply, text


@cache
def _library() -> Library:
    loaded = read_content(content_root())
    assert loaded.library is not None
    return loaded.library.at("england", "2026-11-21")


@cache
def walked(flow: str, moment: Moment) -> Walked:
    """Walk every class of paths of a flow once."""
    found = Walked(_library(), moment)
    turn = step(found.library, new_state(found.library), Open(flow, moment=moment))
    waiting = [_place(found, Place(new_state(found.library), None, Trail(), ()), turn, Open(flow, moment=moment))]
    seen: set[object] = set()
    while waiting:
        place = waiting.pop()
        if place.asked is None:
            found.endings.append(place)
            continue
        facts = looked_at(found.library, place.state)
        question = (place.asked.step, place.state.interrupt, HARM in facts)
        state, whole = (question, facts), (question, facts, place.trail)
        if whole in seen:
            continue
        met = len(found.questions)
        only_one = (met >= MOST_STATES and question in seen) or (met >= MOST_FOLLOWED and state in seen)
        seen |= {question, state, whole}
        assert len(place.way) < LONGEST_PATH, f"no end in sight: {place}"
        if place.state.interrupt is not None:
            events: list[Event] = [Chose(("rung_999",), moment=moment)]
        else:
            found.questions.append(place)
            events = answers_to(found.library, place.asked, moment)
        if only_one:
            events = [events[len(place.way) % len(events)]]
        waiting += [_place(found, place, step(found.library, place.state, event), event) for event in events]
    return found


def _place(found: Walked, before: Place, turn: Turn, event: Event) -> Place:
    """Go on to where a turn leads, with the state written out and read back, as in a conversation."""
    for reply in turn.replies:
        found.hear(reply)
    answered = isinstance(event, Chose) and before.state.interrupt is None
    if isinstance(event, Chose) and before.asked is not None:
        found.given |= {(before.asked.step, option) for option in event.options}
    state = State.from_json(turn.state.to_json())
    assert state == turn.state
    harm = state.top is not None and HARM in walk(found.library, state.top).facts
    trail = before.trail.after(turn, answered=answered, harm=harm)
    return Place(state, question_of(turn), trail, (*before.way, event))


def hours() -> tuple[Moment, ...]:
    """Return every hour; where no condition of the content looks at the hour, one is as good as another."""
    items = [item for r in _library().routes.values() for s in r.steps for item in (s, *getattr(s, "act", ()))]
    return tuple(Moment) if any(item.when for item in items) else (Moment.UNKNOWN,)


def endings(flow: str) -> Iterator[tuple[Walked, Place]]:
    """Return every ending of a flow, at every hour."""
    for moment in hours():
        found = walked(flow, moment)
        assert found.endings
        for place in found.endings:
            yield found, place


def advised(place: Place) -> set[tuple[str, str, str]]:
    """Return (action, who, by) of everything advised on the way to a place."""
    return {action for told in place.trail.told for action in told.advised}


def harm_suspected(place: Place) -> bool:
    """Say whether harm was suspected on the way to a place."""
    return any(told.harm for told in place.trail.told)


def actions_of_class(library: Library, *classes: ActionClass) -> set[str]:
    """Return the ids of actions of some classes."""
    return {word.id for word in library.content.vocabulary.actions if word.is_ in classes}


def exempt(flow: str, promise: str) -> bool:
    """Say whether a flow is exempt from a promise by name."""
    return promise in _library().flows[flow].exempt


# --- the promises --------------------------------------------------------------------------------------


def test_danger_is_asked_about_before_anything_else(flow: str) -> None:
    """The first question of every path is the danger question, and it says 999 (P1)."""
    for found, place in endings(flow):
        assert place.trail.asked == f"{flow}/danger_check/signs"
        asked = found.replies[place.trail.asked, ()]
        assert "999" in asked.text
        assert any(step_option.emergency for step_option in step_named(found.library, asked.step).options)


def test_danger_soon_is_asked_about_or_help_is_already_called(flow: str) -> None:
    """Before any other question somebody is asked who the child will be with, or told to ring now (P1)."""
    for moment in hours():
        for place in walked(flow, moment).questions:
            assert place.asked is not None
            if "danger_check" in place.asked.step:
                continue
            asked_soon = any(told.step == f"{flow}/danger_check/before_contact" for told in place.trail.told)
            called = any(do == "ring_social_care" and by == "now" for do, _, by in advised(place))
            assert asked_soon or called, place


def test_every_path_ends_closed_with_something_to_do(flow: str) -> None:
    """Every path ends closed, with a summary that says who does what by when (P3)."""
    actors = {actor.says for actor in _library().actors.values() if actor.always}
    for found, place in endings(flow):
        assert is_closed(found.library, place.state), place
        closing = [reply for reply in found.told(place) if reply.kind is ReplyKind.CLOSE]
        assert len(closing) == 1, place
        assert all(action.text and action.who and action.by_text for action in closing[0].actions)
        assert any(action.who in actors for action in closing[0].actions), place
        assert closing[0].summary is not None
        assert {action.do for action in closing[0].actions} == {do for do, _, _ in advised(place)}, place


def test_everything_said_has_words_and_sources(flow: str) -> None:
    """Everything said has words, and sources that exist, unless it is a fixed line (P4)."""
    for moment in hours():
        found = walked(flow, moment)
        for reply in found.replies.values():
            assert plain(found.library, reply).strip(), reply
            assert set(reply.sources) <= set(found.library.sources), reply
            assert reply.sources or reply.step in found.library.lines, reply
            for action in reply.actions:
                assert reply.kind is ReplyKind.CLOSE or action.sources, action
                assert action.text, action


def test_men_are_covered_both_ways_and_not_contacted(flow: str) -> None:
    """What fathers and other men offer and risk is asked, and nobody is told to contact them (P5)."""
    if exempt(flow, "P5"):
        assert len(_library().flows[flow].exempt["P5"]) > 20
        return
    for found, place in endings(flow):
        said = found.words(place)
        assert "what can the father" in said, place
        assert "risk from any of them" in said, place
        assert "don't contact him" in said, place


def test_nothing_waits_for_consent_once_harm_is_suspected(flow: str) -> None:
    """No action that waits for agreement, or could warn, is advised after harm was suspected (P6)."""
    waiting = actions_of_class(_library(), ActionClass.CONSENT, ActionClass.ALERT)
    for _, place in endings(flow):
        for told in place.trail.told:
            if told.harm and told.kind is ReplyKind.ACT:
                assert not waiting & {do for do, _, _ in told.advised}, place


def test_every_path_records_out_of_the_familys_reach(flow: str) -> None:
    """Every path says to write it down, and where not to (P7)."""
    for found, place in endings(flow):
        assert "record" in {do for do, _, _ in advised(place)}, place
        assert re.search(r"(never|nothing|not) (in )?(anything )?(the|a) family can open", found.words(place)), place


def test_the_first_thing_to_do_comes_within_three_taps(flow: str) -> None:
    """At most three answers come before the first thing to do, or the 999 card (P8)."""
    for _, place in endings(flow):
        assert place.trail.to_first is not None, place
        assert place.trail.to_first <= 3, place


def test_whoever_reports_is_offered_a_reminder_and_the_ladder(flow: str) -> None:
    """Where somebody is told to report, the ladder is shown and a reminder offered, other eyes asked about first (P9)."""
    reports = {word.id for word in _library().content.vocabulary.actions if word.reports}
    for found, place in endings(flow):
        if not reports & {do for do, _, _ in advised(place)}:
            continue
        told = list(found.told(place))
        assert any(reply.rungs for reply in told), place
        assert any("could anyone else see this phone" in reply.text for reply in told), place


def test_a_reminder_comes_before_the_first_action_is_due(flow: str) -> None:
    """The reminders offered fit the soonest action: within the hour for one that is due now (P9)."""
    offered = 0
    for moment in hours():
        for place in walked(flow, moment).questions:
            assert place.asked is not None
            for option in place.asked.options:
                if option.offer is None:
                    continue
                offered += 1
                soonest = min((By(by) for _, _, by in advised(place)), key=list(By).index)
                assert option.by is soonest, place
                limit = 60 if soonest in {By.NOW, By.BEFORE_CONTACT} else 180 if soonest in SOON else None
                assert limit is None or (option.offer.minutes or 10_000) <= limit, place
    assert offered


def test_a_mark_on_a_baby_reaches_social_care_the_same_day(flow: str) -> None:
    """Not getting about, or not known to, always reaches children's social care the same day (P10)."""
    met = 0
    for _, place in endings(flow):
        gets_about = [answer.chosen for answer in place.state.runs[-1].answers if answer.step == "mobile"]
        if gets_about in ([("not_mobile",)], [("dont_know",)]):
            met += 1
            assert any(do == "ring_social_care" and By(by) in SOON for do, _, by in advised(place)), place
    assert bool(met) == (flow == "mark_on_child")


def test_words_fit_a_phone(flow: str) -> None:
    """A message is at most 600 characters, a label 40 and its short form 20 (P11); some lists of prompts are longer."""
    for moment in hours():
        for reply in walked(flow, moment).replies.values():
            if reply.kind is not ReplyKind.CLOSE:
                # As it is shown; only an area's numbers come on top, since they cannot be split from their action.
                bare = replace(reply, actions=tuple(replace(action, contacts=()) for action in reply.actions))
                assert len(plain(_library(), bare)) <= 600, reply
            for option in reply.options:
                assert 0 < len(option.label) <= 40, option
                assert 0 < len(option.short) <= 20, option
            assert all(len(prompt.text) <= 170 for prompt in reply.prompts)


def test_harm_paths_say_what_happens_tonight_and_out_of_hours(flow: str) -> None:
    """Where harm is suspected it is said who keeps the child safe tonight, and whom to ring when offices are shut (P13)."""
    met = 0
    for found, place in endings(flow):
        if harm_suspected(place):
            said = found.words(place)
            assert "who keeps the child safe tonight" in said, place
            assert "emergency duty team. do not wait for morning" in said, place
            met += 1
    assert met


def test_other_children_are_asked_about(flow: str) -> None:
    """Every path asks about brothers, sisters and other children (P14)."""
    for found, place in endings(flow):
        assert any(asked in found.words(place) for asked in OTHER_CHILDREN), place


def test_more_concern_never_lowers_the_urgency(flow: str) -> None:
    """Changing one answer to a more worrying one, all else the same, leaves it at least as urgent (P2)."""
    library = _library()
    compared = 0
    for place in _one_ending_for_each_question(walked(flow, Moment.UNKNOWN)):
        before = urgency(library, place.state)
        assert before is not None
        for name, option in _more_worrying(library, place.state):
            turn = step(library, place.state, Do("change", name))
            turn = step(library, turn.state, Chose((option,)))
            if turn.state.interrupt is not None:
                turn = step(library, turn.state, Chose(("rung_999",)))
            after = urgency(library, _answered_least(library, turn))
            assert after is not None
            assert URGENCY_ORDER[after] >= URGENCY_ORDER[before], f"{place}: {name} = {option}"
            compared += 1
    assert compared > 20


def _one_ending_for_each_question(found: Walked) -> list[Place]:
    """Return endings, so many that every answer to every question stands on one of them."""
    kept, met = [], set()
    for place in found.endings:
        given = {(a.path, a.step, a.chosen, a.marks) for a in place.state.runs[-1].answers}
        pairs = {(x, y) for x, y in pairwise(sorted(given, key=str))}
        if not pairs <= met:
            met |= pairs
            kept.append(place)
    return kept


def _more_worrying(library: Library, state: State) -> Iterator[tuple[str, str]]:
    """Return (question, option) for each answer that would have been more worrying than the one given."""
    for visit in walk(library, state.runs[-1]).answered():
        if not isinstance(visit.step, AskStep) or visit.answer is None:
            continue
        concern = {option.id: option.concern for option in visit.step.options if not option.open}
        given = max(concern[option] for option in visit.answer.chosen)
        for option in visit.step.options:
            if option.id in concern and option.concern > given and not option.exception:
                yield visit.name, option.id


def _answered_least(library: Library, turn: Turn) -> State:
    """Answer what is asked anew in the least worrying way, to the end."""
    for _ in range(LONGEST_PATH):
        asked = question_of(turn)
        if asked is None:
            return turn.state
        turn = step(library, turn.state, least(library, asked))
    raise AssertionError("no end in sight")


# --- how it is walked ----------------------------------------------------------------------------------


def test_every_answer_of_the_content_is_given(flow: str) -> None:
    """Every option of every question of the flow and its blocks is chosen on some path, side trips apart."""
    library, found = _library(), walked(flow, Moment.UNKNOWN)
    offered = {
        (name, option.id)
        for name, asks in _steps_of(library, flow, flow)
        if isinstance(asks, AskStep)
        for option in asks.options
        if not option.open
    }
    assert offered
    assert offered <= found.given


def _steps_of(library: Library, route: str, name: str) -> Iterator[tuple[str, Step]]:
    """Return (full name, step) of a route and of all that it calls."""
    for part in library.routes[route].steps:
        if isinstance(part, CallStep):
            yield from _steps_of(library, part.call, f"{name}/{part.id}")
        else:
            yield f"{name}/{part.id}", part


def test_a_question_leaves_nothing_undone_when_999_is_not_needed_after_all(flow: str) -> None:
    """Saying that it is no emergency leads back to the same question, with nothing answered."""
    met = 0
    for place in one_for_each_question(flow):
        assert place.asked is not None
        asks = step_named(_library(), place.asked.step)
        for option in asks.options if isinstance(asks, AskStep) else ():
            if not option.emergency:
                continue
            raised = step(_library(), place.state, Chose((option.id,)))
            assert raised.replies[-1].kind is ReplyKind.DANGER
            lowered = step(_library(), raised.state, Chose(("not_emergency",)))
            assert question_of(lowered) == place.asked
            assert lowered.state.runs == place.state.runs
            met += 1
    assert met >= 3, met


def test_side_trips_come_back_to_the_same_question(flow: str) -> None:
    """What opens from a question leads back to that very question, and changes none of its answers."""
    library = _library()
    tried = set()
    for place in walked(flow, Moment.UNKNOWN).questions:
        assert place.asked is not None
        for option in side_trips(library, place.asked):
            if (place.asked.step, option, harm_suspected(place)) in tried:
                continue
            tried.add((place.asked.step, option, harm_suspected(place)))
            turn = step(library, place.state, Chose((option,)))
            for _ in range(LONGEST_PATH):
                if len(turn.state.runs) == 1:
                    break
                asked = question_of(turn)
                assert asked is not None
                turn = step(library, turn.state, answers_to(library, asked)[-1])
            assert question_of(turn) == place.asked, (place, option)
            assert turn.state.runs[0].answers == place.state.runs[0].answers
            assert len(turn.state.past) == 1
    assert tried


def test_every_state_goes_through_json_and_goes_on_alike(flow: str) -> None:
    """A state written out and read back asks the same, and every answer to it gives the same turn."""
    library = _library()
    for place in one_for_each_question(flow):
        back = State.from_json(place.state.to_json())
        assert open_question(library, back) == place.asked
        for event in answers_to(library, place.asked):
            assert step(library, back, event) == step(library, place.state, event)


def test_stop_works_at_every_question(flow: str) -> None:
    """Stop ends the conversation at every question, and says where the record is."""
    for place in one_for_each_question(flow):
        turn = step(_library(), place.state, Do("stop"))
        assert turn.state.stopped
        assert [reply.step for reply in turn.replies] == ["stopped"]


def test_danger_can_be_said_at_every_question(flow: str) -> None:
    """The 999 card comes at every question when danger is said; a false alarm leads back to it, a real one protects."""
    library = _library()
    for place in one_for_each_question(flow):
        raised = step(library, place.state, Do("danger"))
        assert [reply.kind for reply in raised.replies] == [ReplyKind.DANGER]
        lowered = step(library, raised.state, Chose(("not_emergency",)))
        assert question_of(lowered) == place.asked, place
        assert lowered.state.runs == place.state.runs
        rung = step(library, raised.state, Chose(("rung_999",)))
        assert question_of(rung) is not None, place
        assert set(place.state.runs[0].answers) <= set(rung.state.runs[0].answers), place
        assert "harm_suspected" in walk(library, rung.state.runs[0]).meanings(), place
        soon = {action.do: action.by for action in actions_so_far(library, rung.state)}
        assert soon["ring_999"] is By.NOW
        assert soon["ring_social_care"] is By.NOW, place


def one_for_each_question(flow: str) -> list[Place]:
    """Return a place for each question of a flow, with harm suspected and without."""
    places = {(p.asked.step, harm_suspected(p)): p for p in walked(flow, Moment.UNKNOWN).questions if p.asked}
    assert len(places) > 8
    return list(places.values())


def test_no_path_is_less_urgent_than_the_coming_week(flow: str) -> None:
    """Whoever comes to the end has something to do within one working day, and within the day where harm is suspected."""
    for found, place in endings(flow):
        soon = urgency(found.library, place.state)
        assert soon in {Urgency.NOW, Urgency.TODAY, Urgency.ONE_WORKING_DAY}, place
        if harm_suspected(place):
            assert soon in {Urgency.NOW, Urgency.TODAY}, place
