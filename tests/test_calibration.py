"""The cuts are worked out by rules: as much opened as little is opened wrongly, recall first for the alarm."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from content import copy_shipped
from test_upkeep import tried

from bot.errors import SetupError
from bot.files import CutsFile
from bot.matching import Cuts
from bot.matching.learned import LIVE, NOT_LIVE
from bot.reading import parse_as, read_yaml
from bot.upkeep.calibration import LIVE_FOUND, as_cuts, as_text, calibrate
from bot.upkeep.messages import OUT
from bot.writing import set_cuts

if TYPE_CHECKING:
    from pathlib import Path

    from bot.upkeep.trial import Tried

NOW = Cuts(open_at=0.9, choose_at=0.15, alarm_at=-0.57)


def found_right(*shares: float) -> list[Tried]:
    """Messages whose flow was found first, with these shares."""
    return [tried("mark", ("mark", share)) for share in shares]


def found_wrong(*shares: float) -> list[Tried]:
    """Messages that another flow was found for, the right one not among three."""
    return [tried("mark", ("moved", share)) for share in shares]


def cries(about: str, *likeness: float, phrase: str | None = None) -> list[Tried]:
    """Messages about danger, with how like an emergency each is."""
    return [replace(tried(about, alarm=phrase), likeness=one) for one in likeness]


HELD = [
    *found_right(*[0.95] * 60, *[0.65] * 35),
    *found_wrong(0.72, 0.62, 0.62, 0.4, 0.1),
    *[tried(OUT, ("mark", share)) for share in [0.05] * 18 + [0.35, 0.8]],
    *cries(LIVE, *[0.4] * 97, -0.205, -0.405, -0.605),
    *cries(NOT_LIVE, -0.3, -0.5),
]


def test_as_much_is_opened_as_keeps_to_the_rule() -> None:
    """One wrong message in a hundred may open at 0.63; a hair lower there would be three."""
    opened, _, _ = calibrate(HELD, HELD, NOW)
    assert (opened.cut, opened.kept) == (0.63, True)
    assert opened.row.figures["wrongly, held out"].value == pytest.approx(0.01)
    assert opened.row.figures["rightly, held out"].value == pytest.approx(0.95)
    below = next(row for row in opened.table if row.cut == 0.62)
    assert below.figures["wrongly, held out"].value == pytest.approx(0.03)
    assert not below.holds


def test_left_out_examples_and_what_no_flow_is_for_count_too() -> None:
    """Either of them alone moves the cut up."""
    wrong = [*HELD, *found_wrong(*[0.85] * 10)]
    assert calibrate(HELD, wrong, NOW)[0].cut == 0.86
    nobodys = [*HELD, *[tried(OUT, ("mark", share)) for share in [0.77] * 3]]
    assert calibrate(nobodys, HELD, NOW)[0].cut == 0.78


def test_what_no_flow_is_for_is_unknown_as_far_as_nothing_understood_is_lost() -> None:
    """The highest cut at which at most three in a hundred are lost, and never at or above the cut for opening."""
    _, asked, _ = calibrate(HELD, HELD, NOW)
    assert asked.cut == 0.6  # the highest that is looked at: whatever was found right has a higher share
    with_doubt = [*HELD, *found_right(*[0.335] * 5)]
    assert calibrate(with_doubt, HELD, NOW)[1].cut == 0.33
    assert calibrate(HELD, with_doubt, NOW)[1].cut == 0.33


def test_the_alarm_finds_nearly_all_and_only_then_spares_false_alarms() -> None:
    """97 in 100 with the fewest false alarms; whoever asks for more gets more, and more false ones with it."""
    alarm = calibrate(HELD, HELD, NOW)[2]
    assert alarm.cut == 0.4
    more = calibrate(HELD, HELD, NOW, live=0.98)[2]
    assert more.cut == -0.21
    assert more.row.figures["sounds so, held out"].hits == 0
    most = calibrate(HELD, HELD, NOW, live=1.0)[2]
    assert most.cut == -0.61
    assert most.row.figures["sounds so, held out"].hits == 2
    assert LIVE_FOUND == 0.97


def test_a_phrase_raises_the_alarm_whatever_the_cut() -> None:
    """What the phrases find need not be found by likeness."""
    without = [one for one in HELD if one.about != LIVE]
    phrases = [*without, *cries(LIVE, *[-0.9] * 97, phrase="not_breathing"), *cries(LIVE, -0.95, -0.95, -0.95)]
    assert calibrate(phrases, phrases, NOW)[2].cut == 0.5


def test_where_nothing_keeps_to_the_rule_it_says_so() -> None:
    """Then the cut is the most careful one, and a sentence says that examples are missing."""
    wrong = found_wrong(*[0.999] * 50)
    worked = calibrate([*HELD, *wrong], HELD, NOW)
    assert (worked[0].cut, worked[0].kept) == (0.99, False)
    assert "No open_at keeps to this; 0.99 comes nearest." in as_text(worked)


def test_the_tables_show_the_cut_of_now_and_the_chosen_one() -> None:
    """Somebody who decides sees both, and what lies between."""
    text = as_text(calibrate(HELD, HELD, NOW))
    assert text.count("  chosen") + text.count(", chosen") == 3
    assert text.count("  now") == 3
    assert "wrongly, held out" in text


def test_the_file_gets_the_new_numbers_and_keeps_its_comments(tmp_path: Path) -> None:
    """What stands behind a number is read off anew; the other kind and every line of comment stay."""
    copy_shipped(tmp_path)
    path = tmp_path / "knowledge/phrases/cuts.yaml"
    before = path.read_text(encoding="utf-8").splitlines()
    worked = calibrate(HELD, HELD, NOW)
    assert set_cuts(tmp_path, "words", {one.name: (one.cut, one.read_off) for one in worked}) == path
    after = path.read_text(encoding="utf-8").splitlines()
    read = parse_as(CutsFile, read_yaml(path, "cuts.yaml"))
    assert read is not None
    assert replace(Cuts(**read.cuts.words.model_dump()), writer_at=1.0) == as_cuts(worked)
    assert read.cuts.words.open_at == 0.63
    changed = [place for place, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
    assert len(changed) == 3
    assert all(after[place].startswith("    ") and "  # " in after[place] for place in changed)
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "text",
    [
        "cuts: {words: {open_at: 0.9, choose_at: 0.15, alarm_at: -0.5}, vectors: {open_at: 0.9, choose_at: 0.15, alarm_at: -0.5}}\n",
        "nothing: here\n",
    ],
)
def test_a_file_laid_out_otherwise_is_left_alone(tmp_path: Path, text: str) -> None:
    """Rather no change than a wrong one."""
    path = tmp_path / "knowledge/phrases/cuts.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SetupError, match="not laid out as it is shipped"):
        set_cuts(tmp_path, "words", {"open_at": (0.5, "x"), "choose_at": (0.1, "x"), "alarm_at": (0.0, "x")})
    assert path.read_text(encoding="utf-8") == text
    assert list(path.parent.iterdir()) == [path]
