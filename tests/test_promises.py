"""The promises are proved, not sampled: a flow that breaks one is refused, and only the promise itself sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from content import PLACE, SMALL, changed, copy_shipped, edited, promises_broken, shipped_text

from bot.checks import promises
from bot.models import By

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DANGER, HEARD = "dialogues/blocks/danger_check.yaml", "dialogues/blocks/being_heard.yaml"
RECORDING, TONIGHT = "dialogues/blocks/recording.yaml", "dialogues/blocks/tonight.yaml"
MEN, OTHERS = "dialogues/blocks/men_known.yaml", "dialogues/blocks/brothers_and_sisters.yaml"
MEN_STEP = "  - {id: men_known, call: men_known}\n"
ACTION = "  - {{id: {0}, act: [{{do: {1}, who: you, by: {2}, text: Words., sources: [H2]}}], next: {3}}}\n"


def question(calm: str, worried: str, *, name: str = "q", worried_id: str = "worse") -> str:
    """Write a question with a calm and a worrying answer."""
    return (
        f"  - id: {name}\n    ask: What is so?\n    sources: [H2]\n    options:\n"
        f"      - {{id: calm, label: Calm, concern: 0{calm}}}\n      - {{id: {worried_id}, label: Worse, concern: 1{worried}}}\n"
    )


def two_ways(
    calm: str, worried: str, *, calm_by: str = "today", worried_by: str = "today", more: str = ""
) -> dict[str, str]:
    """Write a question whose calm answer leads to one action and whose worrying answer to another."""
    steps = question(", next: one", ", next: two" + more)
    steps += ACTION.format("one", calm, calm_by, "men_known") + ACTION.format("two", worried, worried_by, "men_known")
    return {MEN_STEP: steps + MEN_STEP}


@dataclass(frozen=True, slots=True)
class Broken:
    """One way to break a promise: what is changed, and what has to be said of it."""

    promise: str
    code: str
    says: str
    flow: dict[str, str] = field(default_factory=dict)
    blocks: dict[str, dict[str, str]] = field(default_factory=dict)


HARM = {"order: 9\n": "order: 9\nmeans: [harm_suspected]\n"}
BROKEN: dict[str, Broken] = {
    "no_danger_check": Broken(
        "danger_comes_first", "P1", "first step", {"  - {id: danger_check, call: danger_check}\n": ""}
    ),
    "danger_check_second": Broken(
        "danger_comes_first",
        "P1",
        "first step",
        {"  - {id: danger_check,": "  - {id: hello, say: Hello., sources: [H2]}\n  - {id: danger_check,"},
    ),
    "danger_check_sometimes": Broken(
        "danger_comes_first",
        "P1",
        "no condition",
        {"call: danger_check}": "call: danger_check, unless: [means.need_not_harm]}"},
    ),
    "danger_check_in_hours": Broken(
        "danger_comes_first", "P1", "no condition", {"call: danger_check}": "call: danger_check, when: [in_hours]}"}
    ),
    "danger_soon_not_asked": Broken(
        "danger_check_has_two_limbs",
        "P1",
        "neither limb",
        blocks={
            DANGER: {
                "short: No sign now, concern: 0, next: before_contact}": "short: No sign now, concern: 0, next: end}"
            }
        },
    ),
    "unsure_is_left_alone": Broken(
        "danger_check_has_two_limbs",
        "P1",
        "neither limb",
        blocks={DANGER: {"means: [harm_suspected], next: ring_now}": "means: [harm_suspected], next: end}"}},
    ),
    "worse_is_later": Broken(
        "concern_never_lowers_protection",
        "P2",
        "assures 'ring_social_care' later, or not at all",
        two_ways("ring_social_care", "ring_social_care", worried_by="one_working_day"),
    ),
    "worse_is_lost": Broken(
        "concern_never_lowers_protection",
        "P2",
        "assures 'tell_lado' later, or not at all",
        two_ways("tell_lado", "look_again"),
    ),
    "worse_is_lost_for_a_rung": Broken(
        "concern_never_lowers_protection",
        "P2",
        "assures 'ring_social_care'",
        two_ways("ring_social_care", "tell_social_worker"),
    ),
    "worse_is_told_to_some": Broken(
        "concern_never_lowers_protection",
        "P2",
        "assures 'tell_lado'",
        {
            MEN_STEP: question(", next: one", ", next: two")
            + ACTION.format("one", "tell_lado", "today", "men_known")
            + question(", next: one", ", next: men_known", name="two")
            + MEN_STEP
        },
    ),
    "worse_by_the_hour": Broken(
        "concern_never_lowers_protection",
        "P2",
        "assures 'tell_lado'",
        {
            **two_ways("tell_lado", "tell_lado"),
            "act: [{do: tell_lado, who: you, by: today, text: Words., sources: [H2]}], next: men_known}\n"
            "  - {id: two,": "act: [{do: tell_lado, who: you, by: today, text: Words., sources: [H2]}], next: men_known}\n"
            "  - {id: two, when: [in_hours],",
        },
    ),
    "worse_warns": Broken(
        "concern_never_lowers_protection", "P2b", "brings 'tell_family'", two_ways("look_again", "tell_family")
    ),
    "worse_warns_sooner": Broken(
        "concern_never_lowers_protection",
        "P2b",
        "brings 'visit_family'",
        two_ways("visit_family", "visit_family", calm_by="one_working_day"),
    ),
    "dont_know_ranks_low": Broken(
        "not_knowing_counts_as_concern",
        "P2",
        "'dont_know' at 'q' has to rank with the most worrying answer",
        {MEN_STEP: question("", "").replace("id: calm", "id: dont_know") + MEN_STEP},
    ),
    "never_closes": Broken(
        "every_path_ends_in_something_to_do",
        "P3",
        "never reaches the closing summary",
        {"{id: close, close:": "{id: close, if: [means.harm_suspected], close:"},
    ),
    "nobody_to_be_had": Broken(
        "every_path_ends_in_something_to_do",
        "P3",
        "nobody who can be had at any hour",
        {
            "who: you, by: today": "who: lead, by: today",
            "  - {id: recording, call: recording}\n": "",
            "  - {id: tonight, call: tonight}\n": "",
        },
    ),
    "harm_is_not_rung": Broken("suspected_harm_reaches_social_care", "P2", "social care is not rung today (H2)", HARM),
    "harm_is_rung_tomorrow": Broken(
        "suspected_harm_reaches_social_care",
        "P2",
        "social care is not rung today (H2)",
        {**HARM, MEN_STEP: ACTION.format("ring", "ring_social_care", "one_working_day", "men_known") + MEN_STEP},
    ),
    "alike_but_not_protected_alike": Broken(
        "concern_never_lowers_protection",
        "P2",
        "assures 'tell_lado'",
        {
            MEN_STEP: question(", next: one", ", next: two").replace("concern: 1", "concern: 0")
            + ACTION.format("one", "tell_lado", "today", "men_known")
            + ACTION.format("two", "look_again", "today", "men_known")
            + MEN_STEP
        },
    ),
    "men_are_left_out": Broken("men_are_seen_both_ways", "P5", "'men_offer'", {MEN_STEP: ""}),
    "only_the_risk": Broken(
        "men_are_seen_both_ways", "P5", "'men_offer'", blocks={MEN: {"covers: [men_offer]": "covers: []"}}
    ),
    "only_the_good": Broken(
        "men_are_seen_both_ways", "P5", "'men_risk'", blocks={MEN: {"covers: [men_risk]": "covers: []"}}
    ),
    "contact_is_not_warned_of": Broken(
        "men_are_seen_both_ways", "P5", "'no_contact'", blocks={MEN: {"covers: [no_contact]": "covers: []"}}
    ),
    "harm_waits_for_agreement": Broken(
        "nothing_waits_for_consent",
        "P6",
        "'agree_help' waits for agreement",
        {**HARM, MEN_STEP: ACTION.format("help", "agree_help", "today", "men_known") + MEN_STEP},
    ),
    "an_answer_means_harm_yet_it_waits": Broken(
        "nothing_waits_for_consent",
        "P6",
        "'seek_agreement' waits for agreement",
        {
            MEN_STEP: question("", ", means: [harm_suspected]")
            + ACTION.format("help", "seek_agreement", "today", "men_known")
            + MEN_STEP
        },
    ),
    "shares_with_everyone": Broken(
        "nothing_waits_for_consent",
        "P6b",
        "only those who need it",
        {MEN_STEP: "  - {id: sharing, share: Tell them., sources: [H2]}\n" + MEN_STEP},
    ),
    "shares_everything": Broken(
        "nothing_waits_for_consent",
        "P6b",
        "only those who need it",
        {MEN_STEP: ACTION.format("sharing", "share_information", "today", "men_known") + MEN_STEP},
    ),
    "not_recorded": Broken(
        "everything_is_recorded", "P7", "never says to write it down", {"  - {id: recording, call: recording}\n": ""}
    ),
    "recorded_for_some": Broken(
        "everything_is_recorded",
        "P7",
        "never says to write it down",
        {"{id: recording, call: recording}": "{id: recording, if: [means.harm_suspected], call: recording}"},
    ),
    "recorded_in_their_sight": Broken(
        "everything_is_recorded",
        "P7",
        "'not_family_readable'",
        blocks={RECORDING: {"covers: [not_family_readable]": "covers: []"}},
    ),
    "help_comes_late": Broken(
        "help_comes_within_three_taps",
        "P8",
        "after 4 taps, not 3",
        {"  - id: first\n": question("", "", name="one") + question("", "", name="two") + "  - id: first\n"},
    ),
    "help_never_comes": Broken(
        "help_comes_within_three_taps",
        "P8",
        "to do",
        {
            SMALL[SMALL.index("  - id: first") : SMALL.index("  - {id: men_known")]: "",
            "  - {id: recording, call: recording}\n": "",
            "  - {id: tonight, call: tonight}\n": "",
        },
    ),
    "nobody_is_chased": Broken(
        "whoever_reports_is_chased", "P9", "no reminder is offered", {"  - {id: being_heard, call: being_heard}\n": ""}
    ),
    "no_reminder": Broken(
        "whoever_reports_is_chased",
        "P9",
        "no reminder is offered",
        blocks={HEARD: {"    covers: [who_else_may_see]\n": ""}},
    ),
    "no_ladder": Broken(
        "whoever_reports_is_chased", "P9", "the ladder is not shown", blocks={HEARD: {"    ladder: true\n": ""}}
    ),
    "reminder_too_late": Broken(
        "whoever_reports_is_chased",
        "P9",
        "comes too late for an action due 'now'",
        blocks={HEARD: {"minutes: 15,": "minutes: 90,"}},
    ),
    "reminder_of_a_working_day_for_today": Broken(
        "whoever_reports_is_chased",
        "P9",
        "comes too late for an action due 'today'",
        blocks={
            HEARD: {
                "by: [one_working_day, five_working_days, next_review]}": "by: [today, one_working_day, five_working_days, next_review]}"
            }
        },
    ),
    "no_reminder_for_a_week": Broken(
        "whoever_reports_is_chased",
        "P9",
        "offers no reminder when the soonest action is due 'five_working_days'",
        blocks={HEARD: {"five_working_days, next_review]}": "next_review]}"}},
    ),
    "baby_tomorrow": Broken(
        "marks_on_babies_are_referred",
        "P10",
        "does not reach social care the same day",
        {
            "order: 9\n": "order: 9\nmeans: [non_mobile_injury]\n",
            MEN_STEP: ACTION.format("ring", "ring_social_care", "one_working_day", "men_known") + MEN_STEP,
        },
    ),
    "baby_if_unexplained": Broken(
        "marks_on_babies_are_referred",
        "P10",
        "does not reach social care the same day",
        {
            "order: 9\n": "order: 9\nmeans: [non_mobile_injury]\n",
            MEN_STEP: question(", next: men_known", "")
            + ACTION.format("ring", "ring_social_care", "today", "men_known")
            + MEN_STEP,
        },
    ),
    "tonight_is_forgotten": Broken(
        "tonight_is_settled", "P13", "'out_of_hours'", {**HARM, "  - {id: tonight, call: tonight}\n": ""}
    ),
    "nobody_keeps_them_safe": Broken(
        "tonight_is_settled", "P13", "'tonight'", HARM, {TONIGHT: {"covers: [tonight]": "covers: []"}}
    ),
    "offices_shut": Broken(
        "tonight_is_settled", "P13", "'out_of_hours'", HARM, {TONIGHT: {"covers: [out_of_hours]": "covers: []"}}
    ),
    "one_child_only": Broken(
        "other_children_are_asked_about",
        "P14",
        "'siblings'",
        {"  - {id: brothers_and_sisters, call: brothers_and_sisters}\n": ""},
    ),
    "siblings_not_named": Broken(
        "other_children_are_asked_about", "P14", "'siblings'", blocks={OTHERS: {"covers: [siblings]": "covers: []"}}
    ),
    "danger_set_aside": Broken(
        "exemptions_are_allowed",
        "not_exemptable",
        "'P1' may not be set aside",
        {"steps:\n": "exempt:\n  P1: In the way.\nsteps:\n"},
    ),
    "urgency_set_aside": Broken(
        "exemptions_are_allowed",
        "not_exemptable",
        "'P2' may not be set aside",
        {"steps:\n": "exempt:\n  P2: In the way.\nsteps:\n"},
    ),
    "no_such_promise": Broken(
        "exemptions_are_allowed",
        "not_exemptable",
        "'P99' may not be set aside",
        {"steps:\n": "exempt:\n  P99: No such thing.\nsteps:\n"},
    ),
    "tag_without_words": Broken(
        "topics_are_said",
        "topic_not_said",
        "'interpreter'",
        {MEN_STEP: "  - {id: words, say: Words., sources: [H2], covers: [interpreter]}\n" + MEN_STEP},
    ),
    "tag_of_an_action_without_words": Broken(
        "topics_are_said", "topic_not_said", "'siblings'", {"sources: [H2]}\n": "sources: [H2], covers: [siblings]}\n"}
    ),
    "tag_of_a_prompt_without_words": Broken(
        "topics_are_said",
        "topic_not_said",
        "'men_risk'",
        blocks={
            MEN: {
                "What is known of any risk from any of them, such as violence, drink or drugs, or earlier worries about children?": "What is he like?"
            }
        },
    ),
}
BESIDE = ("topics_are_said", "danger_check_has_two_limbs")
"""Promises about the whole content rather than one flow; they are not in the tuple PROMISES."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the shipped content once."""
    root = tmp_path_factory.mktemp("content")
    copy_shipped(root)
    return root


@pytest.fixture
def broken_by(root: Path) -> Callable[[Broken], list]:
    """Return a way to break a promise in a copy and to hear what is said of it."""

    def find(broken: Broken) -> list:
        files = {
            PLACE: edited(SMALL, broken.flow),
            **{name: edited(shipped_text(name), edits) for name, edits in broken.blocks.items()},
        }
        with changed(root, files):
            for name, text in files.items():
                (root / name).write_text(text, encoding="utf-8")
            return promises_broken(root)

    return find


def _says(broken: Broken, found: list) -> bool:
    return any(problem.code == broken.code and broken.says in problem.says for problem in found)


def _without(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    if name in BESIDE:
        monkeypatch.setattr(promises, name, lambda *_: ())
    else:
        kept = tuple(promise for promise in promises.PROMISES if promise.__name__ != name)
        assert len(kept) == len(promises.PROMISES) - 1, f"no promise is called {name}"
        monkeypatch.setattr(promises, "PROMISES", kept)


def test_the_small_flow_keeps_every_promise(broken_by: Callable[[Broken], list]) -> None:
    """What the tests below start from breaks nothing, so what is reported comes from the change."""
    assert broken_by(Broken("", "", "")) == []


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_promise_is_named(broken_by: Callable[[Broken], list], name: str) -> None:
    """Each way to break a promise is reported under its code, in words that say what is wrong."""
    found = broken_by(BROKEN[name])
    assert _says(BROKEN[name], found), (
        "\n".join(f"{problem} [{problem.code}]" for problem in found) or "nothing is reported"
    )


@pytest.mark.parametrize("name", BROKEN)
def test_only_the_promise_itself_sees_it(
    broken_by: Callable[[Broken], list], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """With its promise taken out nothing else notices, so no promise could be removed without a test failing."""
    _without(monkeypatch, BROKEN[name].promise)
    assert not _says(BROKEN[name], broken_by(BROKEN[name]))


def test_every_promise_is_broken_by_some_test() -> None:
    """No promise is without a flow that breaks it."""
    known = {promise.__name__ for promise in promises.PROMISES} | set(BESIDE)
    assert {broken.promise for broken in BROKEN.values()} == known


ACCEPTED: dict[str, tuple[dict[str, str], str]] = {
    "an exception that is explained": (
        two_ways("tell_lado", "look_again", more=", exception: The lead decided so."),
        "P2",
    ),
    "don't know, with its exception": (
        {
            MEN_STEP: question(", exception: It is only a side question.", "").replace("id: calm", "id: dont_know")
            + MEN_STEP
        },
        "P2",
    ),
    "worse, but told sooner": (
        two_ways("ring_social_care", "ring_social_care", calm_by="one_working_day", worried_by="now"),
        "P2",
    ),
    "before contact is as soon as now": (
        two_ways("tell_lado", "tell_lado", calm_by="now", worried_by="before_contact"),
        "P2",
    ),
    "what was advised before need not be said again": (two_ways("tell_lead", "look_again"), "P2"),
    "calm people may be told": (two_ways("tell_family", "look_again"), "P2b"),
    "help is agreed where nothing points to harm": (
        {
            MEN_STEP: ACTION.format("help", "agree_help", "today", "men_known").replace(
                "{do:", "{unless: [means.harm_suspected], do:"
            )
            + MEN_STEP
        },
        "P6",
    ),
    "shared with those who need it": (
        {
            MEN_STEP: "  - {id: sharing, share: Only those who need it., sources: [H2], covers: [need_to_know]}\n"
            + MEN_STEP
        },
        "P6b",
    ),
    "harm is rung the same day": (
        {**HARM, MEN_STEP: ACTION.format("ring", "ring_social_care", "today", "men_known") + MEN_STEP},
        "P2",
    ),
    "alike, but the family is told otherwise": (
        {
            MEN_STEP: question(", next: one", ", next: two").replace("concern: 1", "concern: 0")
            + ACTION.format("one", "tell_family", "today", "men_known")
            + ACTION.format("two", "look_again", "today", "men_known")
            + MEN_STEP
        },
        "P2b",
    ),
    "set aside with a reason: men": (
        {"steps:\n": "exempt:\n  P5: Not about a household.\nsteps:\n", MEN_STEP: ""},
        "P5",
    ),
    "set aside with a reason: the chase": (
        {
            "steps:\n": "exempt:\n  P9: Nobody has to answer.\nsteps:\n",
            "  - {id: being_heard, call: being_heard}\n": "",
        },
        "P9",
    ),
    "three taps": ({"  - id: first\n": question("", "", name="one") + "  - id: first\n"}, "P8"),
    "a baby the same day": (
        {
            "order: 9\n": "order: 9\nmeans: [non_mobile_injury]\n",
            MEN_STEP: ACTION.format("ring", "ring_social_care", "today", "men_known") + MEN_STEP,
        },
        "P10",
    ),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_keeps_a_promise_is_not_refused(broken_by: Callable[[Broken], list], name: str) -> None:
    """A promise refuses what breaks it and nothing more."""
    edits, code = ACCEPTED[name]
    found = [problem for problem in broken_by(Broken("", "", "", edits)) if problem.code == code]
    assert not found, "\n".join(map(str, found))


def test_every_anchor_of_time_has_its_limit_or_its_morning() -> None:
    """Whatever is due within the day has a longest wait for the reminder; the rest may wait for a morning."""
    assert set(promises.LONGEST_REMINDER) == {By.NOW, By.BEFORE_CONTACT, By.BEFORE_YOU_GO_OFF_DUTY, By.TODAY}
    assert max(promises.LONGEST_REMINDER.values()) <= 180
