"""Area packs: what is current, what is said of what is not, and which may be used for real work."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from content import keep, shipped
from walking import Talk, texts

from bot.areas import findings, release_problems
from bot.library import Library
from bot.models.knowledge import Area
from bot.session import Desk

if TYPE_CHECKING:
    from collections.abc import Callable

    from walking import Clock

    from bot.advice_log import AdviceLog

DAY = "2026-11-23"
EMPTY = sorted(set(shipped().areas) - {"demonstration"})
STAMPED = {"checked_on": "2026-11-01", "review_by": "2027-05-01", "evidence": "primary"}


def filled(**changed: Any) -> dict[str, Any]:
    """Return a pack in which everything is set, checked and current."""
    content = shipped()
    held = {"name": "The one", "address": "example.org", **STAMPED}
    return {
        "id": "anytown",
        "name": "Anytown",
        "note": "Ours.",
        "hours": {"days": ["mon", "tue", "wed", "thu", "fri"], "opens": "08:30", "closes": "17:00"},
        "partnership": held,
        "thresholds": held,
        "early_help": held,
        "procedures": held,
        "contacts": {
            name: {"name": word.says, "number": f"01632 9600{place:02}", **STAMPED}
            for place, (name, word) in enumerate(content.contacts.items())
        },
        "ladder": [{"rung": rung.id, "within": "two days", **STAMPED} for rung in content.content.rungs],
        **changed,
    }


def pack(**changed: Any) -> Area:
    """Return that pack as it is read."""
    return Area.model_validate(filled(**changed))


def with_team(**stamp: Any) -> Area:
    """Return that pack with another stamp under the emergency duty team's number."""
    whole = filled()
    team = {key: value for key, value in {**whole["contacts"]["emergency_duty_team"], **stamp}.items() if value}
    return pack(contacts={**whole["contacts"], "emergency_duty_team": team})


def test_a_filled_pack_is_fit_for_release(content: Library) -> None:
    """Nothing to say, nothing against it, from the day of checking to the day of review, both included."""
    assert findings(content, pack(), DAY) == ["everything is set, checked and current"]
    for day in ("2026-11-01", DAY, "2027-05-01"):
        assert release_problems(pack(), day) == []


@pytest.mark.parametrize(
    ("stamp", "says"),
    [
        ({"number": None}, "no number for the emergency duty team"),
        ({"checked_on": None}, "never checked"),
        ({"checked_on": "2026-11-24"}, "checked on 2026-11-24, which is still to come"),
        ({"review_by": None}, "no review date"),
        ({"review_by": "2026-11-22"}, "its review date 2026-11-22 is past"),
        ({"evidence": "unverified"}, "not verified"),
    ],
)
def test_without_a_current_number_of_the_duty_team_a_pack_is_refused(
    content: Library, stamp: dict[str, Any], says: str
) -> None:
    """Missing, never checked, checked in the future, expired or unverified: one sentence that says which."""
    area = with_team(**stamp)
    (problem,) = release_problems(area, DAY)
    assert says in problem
    assert problem.startswith("anytown: ")
    said = " ".join(findings(content, area, DAY))
    assert (says in said) or "no number; to be filled by" in said


@pytest.mark.parametrize("name", EMPTY)
def test_no_shipped_pack_of_a_real_area_is_fit_for_release(content: Library, name: str) -> None:
    """They ship empty: nobody of the area has checked a number yet."""
    problems = release_problems(content.areas[name], DAY)
    assert len(problems) == 1
    assert "emergency duty team" in problems[0]


def test_the_invented_pack_is_never_fit(content: Library) -> None:
    """Whatever it holds, it is invented."""
    assert "invented" in release_problems(content.areas["demonstration"], DAY)[0]
    assert any("invented" in problem for problem in release_problems(pack(demonstration=True), DAY))


def test_everything_that_is_not_current_is_named(content: Library) -> None:
    """Contacts, bodies, rungs and hours: each with what is wrong and who has to mend it."""
    stale = {"name": "The one", "address": "example.org", "checked_on": "2025-01-01", "review_by": "2025-06-01"}
    area = pack(
        partnership=stale,
        thresholds=None,
        hours=None,
        contacts={"lado": {"name": "LADO", "fill_by": "the lead of the hub"}},
        ladder=[{"rung": "managers", "within": "a day", "evidence": "primary"}],
    )
    said = "\n".join(findings(content, area, DAY))
    assert "partnership (The one): its review date 2025-06-01 is past, shown as 'check before use'" in said
    assert "thresholds document: not named" in said
    assert "office hours: not set" in said
    assert "to be filled by the lead of the hub" in said
    assert "to be filled by a safeguarding lead of this area" in said
    assert said.count("no time set") == len(content.content.rungs) - 1
    assert "never checked, shown as 'check before use'" in said


# --- in a conversation ---------------------------------------------------------------------------------


@pytest.fixture
def talk_in(log: AdviceLog, content: Library, clock: Clock, matchers: dict[str, Any]) -> Callable[[Area], Talk]:
    """Return a way to talk in an area of our making."""

    def begin(area: Area) -> Talk:
        held = Library(content.content.model_copy(update={"areas": (*content.content.areas, area)}))
        keep(log, held)
        desk = Desk(log, held, area=area.id, clock=clock)
        desk.shelf.matchers = {**matchers}
        return Talk(desk, desk.person("somebody"))

    return begin


def everything_said(talk: Talk) -> str:
    """Go through a flow that rings social care and shows the ladder; return all that is said."""
    said = talk.go("professional_disagreement", "no_sign", "soon")
    whole = [texts(said)]
    while not said.out["closed"]:
        said = talk.to_the_next(said)
        whole.append(texts(said))
    return "\n".join(whole)


def test_what_is_current_is_shown_without_a_doubt(talk_in: Callable[[Area], Talk]) -> None:
    """Number, ladder time and local bodies stand as they are."""
    said = everything_said(talk_in(pack()))
    assert "01632 9600" in said
    assert "two days" in said
    assert "The one" in said
    assert "check before use" not in said


@pytest.mark.parametrize(
    "stamp",
    [
        {"checked_on": "2025-01-01", "review_by": "2025-06-01", "evidence": "primary"},
        {"checked_on": "2026-11-01", "review_by": "2027-06-01", "evidence": "unverified"},
        {"checked_on": "2027-01-01", "review_by": "2027-06-01", "evidence": "primary"},
        {"evidence": "primary"},
    ],
    ids=["expired", "unverified", "of a day to come", "never checked"],
)
def test_what_is_not_current_is_shown_to_be_checked_before_use(
    talk_in: Callable[[Area], Talk], stamp: dict[str, str]
) -> None:
    """A number, the time of a rung and a local body: each says so beside it, and none is hidden."""

    def restamped(item: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in item.items() if key not in STAMPED} | stamp

    whole = filled()
    area = pack(
        contacts={name: restamped(contact) for name, contact in whole["contacts"].items()},
        ladder=[restamped(rung) for rung in whole["ladder"]],
        **{key: restamped(whole[key]) for key in ("partnership", "thresholds", "early_help", "procedures")},
    )
    said = everything_said(talk_in(area))
    for line in said.splitlines():
        numbers = line.count("01632 9600")
        assert line.count("check before use") >= numbers, line
    assert "two days (check before use)" in said
    assert "The one, example.org (check before use)" in said
    assert "01632 9600" in said


def test_a_number_that_expires_is_doubted_from_the_day_after(talk_in: Callable[[Area], Talk], clock: Clock) -> None:
    """On its last day it stands; the next day it is to be checked."""
    last = date.fromisoformat(STAMPED["review_by"])
    clock.now = datetime(last.year, last.month, last.day, 12, 0, tzinfo=UTC)
    assert "check before use" not in everything_said(talk_in(pack()))
    clock.now += timedelta(days=1)
    assert "check before use" in everything_said(talk_in(pack(name="Anytown, later")))
