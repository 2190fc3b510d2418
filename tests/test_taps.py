"""Taps on buttons: in whatever order, however often, by whomever, they leave what the in-order run leaves."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from walking import Clock, offered

from bot.advice_log import AdviceLog, verify
from bot.clock import stamp
from bot.events import Do, Open
from bot.session import Desk
from bot.wire import ALWAYS, REFUSED, STALE, Pressed, question, resolve

if TYPE_CHECKING:
    from pathlib import Path

    from bot.library import Library
    from bot.session import Said

PATH = ("no_sign", "not_soon", "not_mobile")
KEPT = (
    "SELECT t.n, t.event, t.flow, t.step, t.urgency, w.body FROM turns t LEFT JOIN words w ON w.part = 'turns' AND w.row = t.id "
    "ORDER BY t.seq"
)
ADVISED = "SELECT step, kind, words, overtaken FROM advice_report"


@dataclass
class Phone:
    """One person's chat with buttons: every tap is an update with a key of its own, as Telegram delivers them."""

    desk: Desk
    name: str
    said: list[Said] = field(default_factory=list)
    done: dict[str, str] = field(default_factory=dict)
    """Key -> button data of every update so far, which may be delivered again."""

    def __post_init__(self) -> None:
        self.person = self.desk.person(self.name)

    def open(self, flow: str) -> None:
        """Open a flow by its link."""
        self.said.append(self.desk.handle(self.person, Open(flow), f"{self.name}-open"))

    def button(self, option: str) -> str:
        """Return what stands behind a button of the newest message."""
        last = self.said[-1]
        return f"{last.nonce}:o{offered(last).index(option)}"

    def tap(self, data: str, key: str) -> Said | str:
        """Deliver a tap, as the channel does: a key seen before gets its old answer, a button is resolved, then handled."""
        pressed = resolve(self.desk.log, data, self.person)
        if isinstance(pressed, str):
            return pressed
        said = self.desk.handle(self.person, pressed.event, key)
        self.done.setdefault(key, data)
        if not said.repeated:
            self.said.append(said)
        return said


def start(folder: Path, content: Library) -> Desk:
    """Return a desk on a record of its own."""
    log = AdviceLog.open(folder / "advice.db")
    clock = Clock()
    log.keep_content(content.version, "shipped", content.compiled, stamp(clock()))
    return Desk(log, content, channel="telegram", can_remind=True, clock=clock)


def kept(desk: Desk) -> tuple[list[Any], list[Any]]:
    """Return all that a record holds of turns and advice, without ids drawn by chance and without labels."""
    label = desk.log.connection.execute("SELECT label, receipt FROM sessions").fetchall()
    turns = desk.log.connection.execute(KEPT).fetchall()
    advice = desk.log.connection.execute(ADVISED).fetchall()
    written = json.dumps([turns, advice])
    for pair in label:
        for number, word in enumerate(pair):
            written = written.replace(word, f"<{number}>")
    found: list[Any] = json.loads(written)
    return found[0], found[1]


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory, content: Library) -> tuple[list[Any], list[Any]]:
    """Run the conversation once, each button tapped once."""
    desk = start(tmp_path_factory.mktemp("order"), content)
    phone = Phone(desk, "ann")
    phone.open("mark_on_child")
    for number, option in enumerate(PATH):
        phone.tap(phone.button(option), f"tap-{number}")
    result = kept(desk)
    desk.log.close()
    return result


NOISE = st.tuples(
    st.sampled_from(["again", "double", "other option", "back", "why", "foreign", "forged", "link again"]),
    st.integers(0, 40),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.lists(st.lists(NOISE, max_size=5), min_size=len(PATH) + 1, max_size=len(PATH) + 1))
@example(noise=[[("double", 0), ("again", 0)], [("other option", 0)], [("back", 0), ("why", 1)], [("link again", 0)]])
def test_repeated_late_foreign_and_forged_taps_leave_the_in_order_run(
    noise: list[list[tuple[str, int]]],
    tmp_path_factory: pytest.TempPathFactory,
    content: Library,
    in_order: tuple[list[Any], list[Any]],
) -> None:
    """Between the taps of a conversation anything may be delivered again, late, twice, by somebody else, or made up."""
    desk = start(tmp_path_factory.mktemp("taps"), content)
    phone, foreign = Phone(desk, "ann"), desk.person("eve")
    phone.open("mark_on_child")
    for number, option in enumerate((*PATH, "")):
        for turn, (what, seed) in enumerate(noise[number]):
            _disturb(phone, foreign, what, seed, f"{number}-{turn}")
        if option:
            assert not isinstance(phone.tap(phone.button(option), f"tap-{number}"), str)
    assert kept(desk) == in_order
    assert verify(desk.log.connection)[1] is None
    desk.log.close()


def _disturb(phone: Phone, foreign: Any, what: str, seed: int, key: str) -> None:
    """Deliver something that must change nothing."""
    old = phone.said[:-1]
    if what == "again" and phone.done:
        again = sorted(phone.done.items())[seed % len(phone.done)]
        said = phone.desk.handle(phone.person, Do("again"), again[0])
        assert said.repeated
    elif what == "link again":
        assert phone.desk.handle(phone.person, Open("mark_on_child"), "ann-open").repeated
    elif what in ("double", "other option", "back", "why") and old:
        said = old[seed % len(old)]
        name = what if what in ("back", "why") else f"o{seed % len(offered(said))}"
        assert phone.tap(f"{said.nonce}:{name}", key) == STALE
    elif what == "foreign":
        data = f"{phone.said[seed % len(phone.said)].nonce}:o{seed % 3}"
        assert resolve(phone.desk.log, data, foreign) == REFUSED
    elif what == "forged":
        assert resolve(phone.desk.log, f"{'A' * 12}:o{seed % 3}", phone.person) == REFUSED
        assert resolve(phone.desk.log, f"{phone.said[-1].nonce}:o{90 + seed % 9}", phone.person) == REFUSED


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(range(3)), repeats=st.lists(st.integers(0, 2), max_size=4))
def test_marks_in_any_order_make_the_same_state(
    order: list[int], repeats: list[int], tmp_path_factory: pytest.TempPathFactory, content: Library
) -> None:
    """Quick taps on curiosity prompts may overtake each other: what is marked in the end is the same."""
    desk = start(tmp_path_factory.mktemp("marks"), content)
    person = desk.person("ann")
    said = desk.handle(person, Open("new_partner"), "open")
    number = 0
    while not (asked := question(said.out) or {"prompts": []})["prompts"]:
        option = next(one for one in offered(said) if one in ("no_sign", "not_soon", "no_worry", "done"))
        pressed = resolve(desk.log, f"{said.nonce}:o{offered(said).index(option)}", person)
        assert isinstance(pressed, Pressed)
        number += 1
        said = desk.handle(person, pressed.event, f"to-{number}")
    first = showing = said.nonce
    letters = "kuw"
    for turn, place in enumerate([*order, *repeats]):
        pressed = resolve(desk.log, f"{first}:m{place}{letters[place]}", person, showing)
        assert isinstance(pressed, Pressed), "the message shows the same prompts, so its taps count"
        showing = desk.handle(person, pressed.event, f"mark-{turn}").nonce
    shown = desk.question(person)
    assert shown is not None
    assert [prompt.get("mark") for prompt in shown["prompts"]][:3] == ["known", "unknown", "worry"]
    assert len(asked["prompts"]) >= 3
    desk.log.close()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.one_of(
        st.text(max_size=70), st.from_regex(r"[\w-]{12}:(o\d{1,3}|m\d{1,3}[kuw]|[a-z]{1,12})", fullmatch=True)
    )
)
def test_made_up_buttons_do_nothing(data: str, pressing: Phone) -> None:
    """Whatever stands behind a button that we did not make: it is refused, and 999 and the menu work all the same."""
    pressed = resolve(pressing.desk.log, data, pressing.person)
    if isinstance(pressed, Pressed):
        assert pressed.event in ALWAYS.values()
        assert pressed.out == {}
    else:
        assert pressed == REFUSED


@pytest.fixture(scope="module")
def pressing(tmp_path_factory: pytest.TempPathFactory, content: Library) -> Phone:
    """Return somebody with a question open."""
    phone = Phone(start(tmp_path_factory.mktemp("forged"), content), "ann")
    phone.open("mark_on_child")
    return phone


def test_change_on_an_older_message_asks_its_question_again(tmp_path: Path, content: Library) -> None:
    """The way to another answer stands on the message itself, as long as the conversation is open; for its owner alone."""
    desk = start(tmp_path, content)
    phone = Phone(desk, "ann")
    phone.open("mark_on_child")
    for number, option in enumerate(PATH):
        phone.tap(phone.button(option), f"tap-{number}")
    first = phone.said[0].nonce
    assert resolve(desk.log, f"{first}:change", desk.person("eve")) == REFUSED
    again = phone.tap(f"{first}:change", "change")
    assert not isinstance(again, str)
    assert again.out["step"] == "mark_on_child/danger_check/signs"
    phone.tap(phone.button("yes_now"), "other")
    assert phone.said[-1].out["urgency"] == "now"
    desk.handle(phone.person, Do("stop"), "stop")
    assert resolve(desk.log, f"{first}:change", phone.person) == STALE
    desk.log.close()
