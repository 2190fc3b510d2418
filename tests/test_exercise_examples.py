"""Exercises gone through again: the same words, as text and as tests that run; and the runs of `exercises/` themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playing import (
    STORIES,
    Player,
    curious_and_better,
    here,
    incurious_and_worse,
    scenario_of,
    shipped_stories,
    small_stories,
)
from scenarios import texts
from test_play import any_move, ids_of, injects_of, story

from bot.checks.scenarios import texts_of
from bot.errors import SetupError
from bot.exercise_examples import as_example, as_text, parse_example, run_example
from bot.models.scenarios import Scenario
from bot.scenarios.moves import BEGIN, DECIDE, GO_ON, KEEP_NOT, OPEN_GUIDE, SKIP_GUIDE, Opened, Wrote
from bot.scenarios.recorded import move_in, replayed
from bot.scenarios.run import Group, Stage
from bot.scenarios.story import Story

if TYPE_CHECKING:
    from bot.events import Reply
    from bot.scenarios.moves import Move

EXERCISES = sorted((Path(__file__).parent / "exercises").glob("*.txt"))
TRIED = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


class Listener(Player):
    """A player who remembers all that was said."""

    def __init__(self, story: Story, group: Group | None = None) -> None:
        super().__init__(story, group)
        self.heard = [self.said]

    def make(self, move: Move) -> tuple[Reply, ...]:
        """Make a move and remember what was said."""
        said = super().make(move)
        self.heard.append(said)
        return said


def example_of(player: Player) -> str:
    """Return what a player did as a test."""
    return as_example(here(), player.table.story, player.moves)


def failures(text: str, *stories: Story) -> list[str]:
    """Run a test and return what was not as it says."""
    return run_example(parse_example(text, "run.txt"), here(), {story.id: story for story in stories})


def wanders(which: Story, data: st.DataObject, *, in_group: bool) -> Listener:
    """Return somebody who did this and that: moves that fit and moves that do not, alone or led."""
    player = Listener(which, Group() if in_group else None)
    ids, injects = ids_of(which), injects_of(which)
    for _ in range(data.draw(st.integers(1, 20), label="moves")):
        group = player.table.group
        if group is not None and data.draw(st.integers(0, 3), label="facilitator") == 0:
            sent = data.draw(st.sampled_from([one for one in injects if "." in one]), label="sent")
            player.group(Group(group.opened + data.draw(st.integers(0, 1)), (*group.sent, sent)))
        player.make(any_move(data, player, ids, injects))
    return player


# --- the same words -------------------------------------------------------------------------------------


@given(st.one_of(small_stories(most=3), st.sampled_from(STORIES)), st.booleans(), st.data())
@TRIED
def test_a_run_gone_through_again_says_the_same_and_passes_as_a_test(
    which: Story | str, in_group: bool, data: st.DataObject
) -> None:
    """Whatever was done, in a group or alone: replayed it says the same, and written as a test it passes unedited."""
    story = shipped_stories()[which] if isinstance(which, str) else which
    player = wanders(story, data, in_group=in_group)
    again = list(replayed(here(), story, player.moves))
    assert [played.said for _, played in again] == player.heard
    assert again[-1][1].run == player.run
    assert failures(example_of(player), story) == []


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("in_group", [True, False])
def test_a_whole_run_of_a_shipped_exercise_passes_as_a_test(name: str, *, in_group: bool) -> None:
    """Played to its end, with the guidance gone into, and with everything that a facilitator can send."""
    story = shipped_stories()[name]
    player = Listener(story, Group() if in_group else None)
    if in_group:
        sent = tuple(f"{scene.id}.{one.id}" for scene in story.scenario.scenes for one in scene.injects)
        player.group(Group(1, sent))
    player.to_the_end(curious_and_better)
    assert [played.said for _, played in replayed(here(), story, player.moves)] == player.heard
    assert failures(example_of(player), story) == []


words = st.one_of(
    texts(20), st.sampled_from(["> a", "? b", "! c", "# d", "& 1", "+ {", "exercise: x", "Go on @12", "a  b"])
)


@given(st.data())
@TRIED
def test_a_run_passes_as_a_test_whatever_the_words_are(data: st.DataObject) -> None:
    """Words that look like the signs of such a text, labels that are the same twice, odd spaces and line ends."""

    def said() -> str:
        return data.draw(words)

    options = [
        {"id": f"o{n}", "label": said(), "quality": "better", "says": said(), "sources": ["H2"]} for n in range(3)
    ]
    facts = [{"id": f"f{n}", "prompt": said(), "text": said(), "sources": ["H2"]} for n in range(3)]
    scene: dict[str, Any] = {"id": "s", "title": said(), "minutes": 5, "narrative": said(), "facts": facts}
    scene |= {"decisions": [{"id": "d", "ask": said(), "options": options}], "hold": {"discuss": said()}}
    title = data.draw(words.filter(lambda one: one.strip("# ")))
    story = Story(scenario_of([scene], title=title, warning=said(), closing=said()))
    player = wanders(story, data, in_group=data.draw(st.booleans()))
    assert failures(example_of(player), story) == []


@pytest.mark.parametrize(
    "label", ["First\nsecond", "First\u2028> second", "Wait @3", "> Wait", "Wait  and  see", "The same"]
)
@pytest.mark.parametrize("at", [5, 12_345_678])
def test_a_label_that_would_be_read_otherwise_is_not_written_as_one(label: str, at: int) -> None:
    """A tap is then written as it is kept, so that the run passes still."""
    options = [
        {"id": f"o{n}", "label": one, "quality": "better", "says": f"You did {n}.", "sources": ["H2"]}
        for n, one in enumerate(("The same", label))
    ]
    decisions = [{"id": "d", "ask": "What now?", "options": options}]
    scene = {"id": "s", "title": "There", "minutes": 5, "narrative": "It rains.", "decisions": decisions}
    player = Player(Story(scenario_of([scene])))
    player.tap(BEGIN)
    player.later(at)
    player.tap("o1")
    text = example_of(player)
    assert "You did 1." in text
    assert failures(text, player.table.story) == []


# --- a word that changed ----------------------------------------------------------------------------------


def everything() -> Listener:
    """Return somebody who went through all that a scene can hold, as one of a group."""
    player = Listener(story(), Group(1))
    player.tap(BEGIN, "mark")
    player.ask("told")
    player.ask("")
    player.group(Group(1, ("morning.visitor",)))
    player.happens("morning.visitor")
    player.happens("morning.clock")
    player.tap("brother", "pass_on", "leave_it", OPEN_GUIDE, "no_sign", SKIP_GUIDE)
    player.opens()
    player.make(Wrote(player.later()))
    player.tap(KEEP_NOT, GO_ON)
    player.opens()
    player.tap("ring", "light", "after_brother")
    assert player.run.stage is Stage.OVER
    return player


def test_a_run_fails_as_a_test_where_a_word_that_was_said_has_changed() -> None:
    """Each text of the exercise that this run said or tapped, changed by one word, is missed, with the line it stands on."""
    player = everything()
    text = example_of(player)
    assert failures(text, story()) == []
    lines = text.splitlines()
    whole = "\n".join(reply.text for said in player.heard for reply in said) + text
    changed = 0
    for where, words_ in texts_of(story().scenario):
        if words_ not in whole or where[-1] == "short" or "asks" in where:
            continue
        data: Any = story().scenario.model_dump(mode="json")
        place = data
        for key in where[:-1]:
            place = place[key]
        place[where[-1]] = f"Zz{words_[2:]}"
        wrong = failures(text, Story(Scenario.model_validate(data)))
        assert wrong, f"{where} was changed, and the run did not notice"
        number = int(wrong[0].split(":")[0].removeprefix("line "))
        assert words_[2:20] in lines[number - 1], (where, wrong[0])
        changed += 1
    assert changed > 30


def test_a_run_fails_as_a_test_where_what_follows_has_changed() -> None:
    """Another quality, another way on, a fact that needs something now: what is said differs, and the run fails."""
    player = everything()
    text = example_of(player)
    changes: list[tuple[tuple[Any, ...], Any]] = [
        (("scenes", 0, "questions"), 2),
        (("scenes", 0, "decisions", 0, "options", 2, "quality"), "worse"),
        (("scenes", 0, "decisions", 1, "options", 1, "next"), "evening"),
        (("scenes", 0, "facts", 1, "needs"), ["moves"]),
        (("scenes", 0, "injects", 1, "after"), "then.write"),
        (("scenes", 2, "hold", "before_deciding"), False),
        (("scenes", 0, "reflect"), None),
    ]
    for where, value in changes:
        data: Any = story().scenario.model_dump(mode="json")
        place = data
        for key in where[:-1]:
            place = place[key]
        assert place[where[-1]] != value
        place[where[-1]] = value
        assert failures(text, Story(Scenario.model_validate(data))), where


# --- written by hand --------------------------------------------------------------------------------------

BY_HAND = """# Somebody asks, and decides
exercise: small
Shall we begin?

> Begin @5
1. The morning
> What does the mark look like? @9
It is blue.
! She cannot.
? told
She told her brother.
? -
Try other words
> Go on to decide
What do you do?
"""


def test_a_test_can_be_written_by_hand() -> None:
    """Labels, facts by their ids, what must and must not be said; spaces do not matter, and times may be left out."""
    assert failures(BY_HAND, story()) == []
    assert failures(BY_HAND.replace("It is blue.", "It   is blue."), story()) == []
    assert failures(BY_HAND.replace("\n", "\r\n"), story()) == []
    for old, new, says in (
        ("It is blue.", "It is red.", "line 8: this was not said: 'It is red.'"),
        ("! She cannot.", "! is blue", "line 9: this was said, and may not be: 'is blue'"),
        (
            "> What does the mark",
            "> How does the mark",
            "line 7: 'How does the mark look like?' is not on offer; there are:",
        ),
        ("1. The morning\n", "Tap a question\n1. The morning\n", "line 7: this was said, but sooner"),
    ):
        (wrong,) = failures(BY_HAND.replace(old, new), story())
        assert wrong.startswith(says)


def test_a_group_written_by_hand_begins_as_a_group() -> None:
    """'& 0' before anything is said: it waits for the facilitator, then '& 1' lets it go on."""
    text = (
        "# Led\nexercise: small\n& 0\nIt begins when the facilitator says so\n! Shall we begin\n"
        '& 1\n+ {"move": "opened", "at": 3}\n1. The morning\n& 1 morning.visitor\n'
        '+ {"move": "happened", "inject": "morning.visitor", "at": 9}\nA visitor comes.\n'
    )
    assert failures(text, story()) == []
    (wrong, *_) = failures(text.replace("& 1\n", "& 0\n", 1), story())
    assert wrong.startswith("line 8: this was not said: '1. The morning'")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "begin with a line '# what it shows' and a line 'exercise: ID'."),
        ("# A title alone\n> Begin\n", "begin with a line '# what it shows'"),
        ("exercise: small\n> Begin\n", "begin with a line '# what it shows'"),
        ("# x\nexercise: \n", "and a line 'exercise: ID'"),
        ("# x\nexercise: smal\n> Begin\n", "There is no exercise 'smal' to test. Did you mean 'small'?"),
        ("# x\nexercise: small\n& many\n", "run.txt, line 3: after '&' comes how many holding points were opened."),
        ("# x\nexercise: small\n& " + "9" * 5000 + "\n", "run.txt, line 3: after '&' comes how many"),
        ("# x\nexercise: small\n& -1\n", "line 3: after '&' comes how many"),
    ],
)
def test_a_text_that_is_no_test_is_refused_in_a_sentence(text: str, says: str) -> None:
    """What is missing, or the line that cannot be read: one sentence, and no trace of the program."""
    with pytest.raises(SetupError) as told:
        failures(text, story())
    assert says in str(told.value)


NO_MOVES = [
    "{",
    "nothing",
    "[]",
    "3",
    "{}",
    '{"move": "flown", "at": 3}',
    '{"move": "tapped", "at": 3}',
    '{"move": "tapped", "option": 5, "at": 3}',
    '{"move": "tapped", "option": "mark"}',
    '{"move": "tapped", "option": "mark", "at": "soon"}',
    '{"move": "tapped", "option": "mark", "at": true}',
    '{"move": "asked", "fact": null, "at": 3}',
    '{"move": "happened", "inject": ["a"], "at": 3}',
    '{"move": "again", "at": 3, "more": 4}',
    '{"move": "guided", "at": 3}',
    '{"move": "guided", "event": "back", "at": 3}',
    '{"move": "guided", "event": {}, "at": 3}',
    '{"move": "guided", "event": {"event": "sung"}, "at": 3}',
    '{"move": "guided", "event": {"event": "do", "command": "fly"}, "at": 3}',
    '{"move": "guided", "event": {"event": "do", "command": ["back"]}, "at": 3}',
    '{"move": "guided", "event": {"event": "chose", "options": "no_sign"}, "at": 3}',
    '{"move": "guided", "event": {"event": "chose", "options": 5}, "at": 3}',
    '{"move": "guided", "event": {"event": "marked", "marks": [["a", "glad"]]}, "at": 3}',
    '{"move": "guided", "event": {"event": "marked", "marks": ["abc"]}, "at": 3}',
    '{"move": "guided", "event": {"event": "wroteas", "writer": "king"}, "at": 3}',
    '{"move": "guided", "event": {"event": "unclear", "instead": "nothing"}, "at": 3}',
    '{"move": "guided", "event": {"event": "open", "flow": ["a"]}, "at": 3}',
    '{"move": "guided", "event": {"event": "chose", "options": [], "moment": "noon"}, "at": 3}',
    '{"move": "again", "at": 3, "group": {"opened": "1", "sent": []}}',
    '{"move": "again", "at": 3, "group": {"opened": 1}}',
    '{"move": "again", "at": 3, "group": [1]}',
    "[" * 100_000,
]


@pytest.mark.parametrize("move", NO_MOVES, ids=lambda move: move[:60])
def test_a_move_that_is_none_is_named_with_its_line(move: str) -> None:
    """Of whatever shape it is, it is told as any other line that does not fit, and the rest is left."""
    text = f"# x\nexercise: small\n> Begin\n> Go on to decide\n> Tell the lead\n> Write it down\n> Use the guidance\n+ {move}\n> x\n"
    assert failures(text, story()) == ["line 8: this is no move as one is kept."]
    with pytest.raises(ValueError, match="This is no move"):
        move_in(move)


def test_an_exercise_begins_once() -> None:
    """A beginning in the middle is told as what it is."""
    text = '# x\nexercise: small\n> Begin\n+ {"move": "begin"}\n'
    assert failures(text, story()) == ["line 4: it has begun already."]


def test_a_line_that_cannot_be_done_ends_the_run() -> None:
    """What would follow from it is not guessed at: one sentence, which says what was on offer."""
    (wrong,) = failures("# x\nexercise: small\n> Fly\n> Begin\nNothing like this\n", story())
    assert wrong == "line 3: 'Fly' is not on offer; there are: Begin."
    (wrong,) = failures("# x\nexercise: small\n& 0\n> Begin\n", story())
    assert wrong == "line 4: 'Begin' is not on offer; there are: none."


# --- as text ------------------------------------------------------------------------------------------------


def test_a_run_as_text_says_what_was_done_when_and_what_was_said_to_it() -> None:
    """Marked as an exercise throughout; labels instead of ids; of typed words only what they brought out."""
    player = everything()
    text = as_text(here(), story(), player.moves)
    mark = here().lines["exercise_mark"].text
    assert text.startswith(f"[{mark}] A small story\n")
    assert ">>> 0:20 What does the mark look like?\n" in text
    assert ">>> 0:30 asked in their own words (told)\n" in text
    assert ">>> 0:40 asked in their own words (nothing came of it)\n" in text
    assert ">>> 0:50 it happened: morning.visitor\n" in text
    assert "  - Tell the lead\n" in text
    assert "do:" not in text
    said = [reply.text for replies in player.heard for reply in replies]
    assert all(one in text for one in said if "999" not in one), "all that was said is in it"
    assert text.count(f"[{mark}]") > len(said)


# --- the runs that are kept ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.stem)
def test_a_kept_run_of_a_shipped_exercise_goes_as_it_went(path: Path) -> None:
    """`exercises/` holds how each goes, well and badly; after a change of words: python tests/exercises/write.py."""
    example = parse_example(path.read_text(encoding="utf-8"), path.name)
    assert path.stem.startswith(example.exercise)
    assert len(example.exchanges) > 15
    assert sum(len(one.expected) for one in example.exchanges) > 50
    assert run_example(example, here(), shipped_stories()) == []


def test_every_shipped_exercise_has_a_run_well_and_one_badly() -> None:
    """One played alone and well, one led and badly."""
    assert [path.stem for path in EXERCISES] == sorted(f"{name}_{how}" for name in STORIES for how in ("badly", "well"))
    for path in EXERCISES:
        led = "\n& 1\n" in path.read_text(encoding="utf-8")
        assert led is path.stem.endswith("_badly")


def test_a_led_run_ends_as_one_played_alone_does() -> None:
    """The same choices say the same of the child, led or not."""
    for name in STORIES:
        alone = Player(shipped_stories()[name]).to_the_end(incurious_and_worse)
        led = Player(shipped_stories()[name], Group()).to_the_end(incurious_and_worse)
        assert alone.decided == led.decided
        assert any(isinstance(move_in(text)[0], Opened) for text in led.moves)
        assert DECIDE not in led.options
