"""Exercises as Twine stories: out and back the same, playable in between, and strangers' stories as drafts."""

from __future__ import annotations

import json
import re
import time
import uuid
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scenarios import reworked, sample, scenarios

from bot.models.scenarios import Scenario
from bot.scenarios.twee import Imported, from_twee, ifid, to_twee

TRIED = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def through_twine(text: str) -> str:
    """Return a story as Twine's own editor saves it: passages by name, texts trimmed, no metadata but places."""
    kept = []
    for part in re.split(r"^::", text.replace("\r\n", "\n"), flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        found = re.fullmatch(r"\s*(.*?)\s*(\[.*?\])?\s*(\{.*\})?\s*", head)
        assert found
        lines = [re.sub(r"^\\:", ":", line) for line in body.split("\n")]
        kept.append((found[1], (found[2] or "[]")[1:-1].split(), "\n".join(lines).strip()))
    special = [one for one in kept if one[0] in {"StoryTitle", "StoryData"}]
    made = []
    for name, tags, body in (*special, *sorted(one for one in kept if one not in special)):
        shown = f" [{' '.join(tags)}]" if tags else ""
        made.append(
            f':: {name}{shown} {{"position":"1,2","size":"3,4"}}\n' + re.sub(r"^::", r"\\::", body, flags=re.MULTILINE)
        )
    return "\r\n\r\n".join(made).replace("\n", "\r\n")


def links(text: str) -> dict[str, list[str]]:
    """Return, for each passage of a story we wrote, the passages it leads to."""
    found = {}
    for part in re.split(r"^:: ", text, flags=re.MULTILINE)[1:]:
        name = re.split(r" [\[{]|\n", part, maxsplit=1)[0]
        found[name] = re.findall(r"\[\[[^\[\]]*->([^\[\]]*)\]\]", part)
    found["StoryTitle"] = []  # a name, in which nothing is a link
    return found


def scenario_of(imported: Imported) -> Scenario:
    """Return what was brought in, which has to be a whole scenario."""
    assert not imported.problems
    return Scenario.model_validate(imported.scenario_data)


def test_a_scenario_with_every_key_comes_back_the_same() -> None:
    """Nothing left out, nothing to look at."""
    story = to_twee(sample())
    back = from_twee(story.text, "sample_scenario")
    assert story.left_out == ()
    assert back.notes == ()
    assert scenario_of(back) == sample()


@TRIED
@given(scenarios())
def test_any_scenario_comes_back_the_same_from_twine_itself(scenario: Scenario) -> None:
    """Whatever its words are, and though Twine sorts passages, trims them and keeps no metadata of ours."""
    story = to_twee(scenario)
    assert story.left_out == ()
    for text in (story.text, through_twine(story.text)):
        back = from_twee(text, scenario.id)
        assert scenario_of(back) == scenario
        assert back.notes == ()


@TRIED
@given(scenarios(unique=False))
def test_what_does_not_come_back_is_named(scenario: Scenario) -> None:
    """Where ids stand twice, each part that differs has a sentence with its scene; what has none is the same."""
    story = to_twee(scenario)
    back = scenario_of(from_twee(story.text, scenario.id))
    said = "\n".join(story.left_out)
    assert (said == "") == (back == scenario)
    for scene in scenario.scenes:
        twin = next(one for one in back.scenes if one.id == scene.id)
        for key in Scenario.model_fields["scenes"].annotation.__args__[0].model_fields:  # type: ignore[union-attr]
            if getattr(twin, key) != getattr(scene, key):
                assert f"'{scene.id}': its {key.replace('_', ' ')}" in said


def test_a_character_no_text_can_hold_is_named() -> None:
    """A control character in a narrative is left out, and the sentence says where; so is what Twee itself would unescape."""
    assert to_twee(reworked(title="\\: so")).left_out == (
        "The title of the exercise does not come back from Twine as it stands.",
    )
    story = to_twee(reworked(scene={"narrative": "One\x07two."}))
    assert story.left_out == ("Scene 'changing_mat': its narrative does not come back from Twine as it stands.",)


@TRIED
@given(scenarios())
def test_every_link_leads_to_a_passage_and_every_way_to_the_end(scenario: Scenario) -> None:
    """A reader never stands before a missing passage, and comes from wherever they are to what follows."""
    found = links(to_twee(scenario).text)
    assert {target for targets in found.values() for target in targets} <= found.keys()
    for scene in scenario.scenes:
        for decision in scene.decisions:
            for option in decision.options:
                assert found[f"{scene.id}/decision/{decision.id}/{option.id}"]
        for fact in scene.facts:
            assert found[f"{scene.id}/fact/{fact.id}"] == [scene.id]
            assert (f"{scene.id}/fact/{fact.id}" in found[scene.id]) == bool(fact.prompt)


def test_the_sample_is_played_from_link_to_link() -> None:
    """From the title through facts, an option, what happens after it, the talk and the reflection to the end."""
    found = links(to_twee(sample()).text)
    way = [
        "Scenario", "changing_mat", "changing_mat/fact/mark", "changing_mat", "changing_mat/decision/who_first",
        "changing_mat/decision/who_first/the_lead", "changing_mat/inject/dawn_early", "changing_mat/inject/everybody",
        "changing_mat/decision/what_to_say", "changing_mat/decision/what_to_say/what_i_saw", "changing_mat/hold", "changing_mat/reflect",
        "at_five", "at_five/hold", "at_five/decision/dawn_asks", "at_five/decision/dawn_asks/deny", "End", "Objectives",
    ]  # fmt: skip
    for here, there in pairwise(way):
        assert there in found[here], here
    # Who waits is on Monday at once, with what happens to everybody in between.
    assert found["changing_mat/decision/who_first/wait"] == ["changing_mat/inject/everybody"]
    assert set(found["changing_mat/inject/everybody"]) == {"changing_mat/decision/what_to_say", "monday"}


def test_what_twine_does_not_do_is_said_by_scene() -> None:
    """Typed questions, needs, limits, times, live guidance and holding points stand in the file, and Twine ignores them."""
    said = to_twee(sample()).not_played
    for words in (
        "only typed words bring out sister_said",
        "ask_ella",
        "3 questions",
        "phone, facilitator",
        "mark_on_child",
        "at_five",
    ):
        assert any(words in line for line in said), words
    assert all(line.startswith("Scene '") for line in said)
    assert not any("monday" in line for line in said)


def test_the_story_is_twee_3() -> None:
    """StoryTitle, StoryData as JSON with an IFID and a start that is there; metadata of places alone."""
    text = to_twee(sample()).text
    data = json.loads(text.split(":: StoryData\n")[1].split("\n\n\n")[0])
    assert str(uuid.UUID(data["ifid"])).upper() == data["ifid"] == ifid("sample_scenario")
    assert ifid("sample_scenario") != ifid("another")
    assert data["start"] in links(text)
    for place in re.findall(r"^:: .*?(\{.*\})$", text, flags=re.MULTILINE):
        assert json.loads(place).keys() == {"position", "size"}
    assert text == to_twee(sample()).text


def test_what_was_changed_in_twine_counts() -> None:
    """A new order of facts, a label, a tag, a way on, a source and a text."""
    text = to_twee(sample()).text
    for old, new in (
        ("facts: mark gets_about sister_said", "facts: gets_about mark sister_said"),
        ("[[Can Leo get about?->", "[[How does he get about?->"),
        ("[feedback worse source:H9]", "[feedback partly source:H9 source:H3]"),
        ("It buys a minute", "It buys a moment"),
        ("have.\n\n[[Go on->End]]", "have.\n\n[[Go on->monday]]"),
    ):
        assert old in text
        text = text.replace(old, new)
    imported = from_twee(text, "sample_scenario")
    scene, five, _ = scenario_of(imported).scenes
    assert imported.notes == ()
    assert [fact.id for fact in scene.facts] == ["gets_about", "mark", "sister_said"]
    assert scene.facts[0].prompt == "How does he get about?"
    wait = scene.decisions[0].options[2]
    assert (wait.quality, wait.sources, wait.next) == ("partly", ("H9", "H3"), "monday")
    assert five.decisions[0].options[1].says.startswith("It buys a moment")
    assert five.decisions[0].options[1].next == "monday"


def test_what_was_added_in_twine_and_has_no_place_is_told() -> None:
    """A passage without a kind becomes a scene; a macro, a tag, a hidden line and a link that fit nowhere get a note each."""
    text = to_twee(sample()).text
    text = text.replace(":: changing_mat/hold [hold]", ":: changing_mat/hold [hold loud]")
    text = text.replace("minutes: 8\n", "minutes: some\nmood: calm\n")
    text = text.replace("Leo is not in.", "Leo is (if: $late)[not] in.").replace(
        "[[Go on->monday/reflect]]", "[[Go on->monday/reflect]]\n[[Home->Cast]]"
    )
    text += "\n\n:: A walk\nThey walk.\n\n[[Back to work->monday]]\n\n:: Lost [fact]\nNobody asks."
    imported = from_twee(text, "sample_scenario", "mine.twee")
    notes = "\n".join(imported.notes)
    for said in (
        "the tag loud",
        "'some' is no number",
        "mood: calm",
        "«(if: $late)»",
        "'Cast' is not brought in",
        "'A walk'",
        "'Lost'",
    ):
        assert said in notes, said
    assert all(re.match(r"line \d+: passage '", note) for note in imported.notes)
    scenario = scenario_of(imported)
    assert [scene.id for scene in scenario.scenes] == ["changing_mat", "at_five", "monday", "a_walk"]
    assert scenario.scenes[-1].next == "monday"
    assert scenario.scenes[0].hold is not None
    assert scenario.scenes[0].hold.minutes is None


def test_what_was_taken_out_in_twine_is_to_be_written() -> None:
    """Without its warning, cast, title, sources or words, the draft says where they are missing, and is still a scenario."""
    text = to_twee(sample()).text
    text = re.sub(r"^:: (Warning|Cast|Objectives|StoryTitle)\b.*?(?=^::|\Z)", "", text, flags=re.MULTILINE | re.DOTALL)
    text = text.replace(" source:H3]", "]").replace("It is true and calm, and it leaves Dawn her dignity.", "")
    imported = from_twee(text, "sample_scenario")
    scenario = scenario_of(imported)
    said = "\n".join(imported.notes)
    assert scenario.warning.startswith("TO WRITE")
    assert scenario.cast[0].name == scenario.title.partition(":")[0] == "TO WRITE"
    assert scenario.scenes[1].decisions[0].options[0].sources == ("TO-WRITE",)
    assert "title is missing" in said
    assert "no tag names a source" in said
    assert "no id in a list" in said
    assert "no point in a list" in said


STRANGER = """\
:: StoryTitle
The old house

:: StoryData
{"ifid": "D674C58C-DEFA-4F70-B7A2-27742230C0FC", "format": "SugarCube", "start": "The door"}

:: The door [dark] {"position":"600,400"}
<<set $seen to 1>>You stand before ''the door'' of No. 5 & wait.
The bell hangs [[over there->Bell]].

[[Knock->Hall]]
[[Garden<-Go round the house, slowly and without a sound]]
[[Ring the bell|Bell]]
[[Hall]]
[[Look it up|https://example.org/door]]
[[Jump->Nowhere]]

:: Hall
(set: $tired to true)It is cold.  [[Go on->Garden]]

:: Garden
The end &mdash; of \\[the] path.

:: Bell
:: Cellar
Nobody comes here.

:: Sound [script]
alert(1)
"""


def test_a_strangers_story_becomes_a_draft() -> None:
    """Passages are scenes in the order a reader meets them; links in all forms are options; the rest says TO WRITE."""
    imported = from_twee(STRANGER, "old_house", "old.twee")
    scenario = scenario_of(imported)
    assert scenario.title == "The old house"
    assert [scene.id for scene in scenario.scenes] == ["the_door", "bell", "hall", "garden", "cellar"]
    door, bell, hall, garden, _ = scenario.scenes
    assert door.narrative == "You stand before the door of No. 5 & wait.\nThe bell hangs over there."
    ways = [(option.label, option.next) for option in door.decisions[0].options]
    assert ways == [
        ("over there", "bell"),
        ("Knock", "hall"),
        ("Go round the house, slowly and without a sound", "garden"),
        ("Ring the bell", "bell"),
        ("Hall", "hall"),
    ]
    assert {option.quality for option in door.decisions[0].options} == {"partly"}
    assert door.decisions[0].options[2].short == "Go round the house,"
    assert all(option.says.startswith("TO WRITE") for option in door.decisions[0].options)
    assert bell.narrative.startswith("TO WRITE")
    assert (bell.next, hall.next, garden.next) == ("end", "garden", "end")
    assert (hall.narrative, garden.narrative) == ("It is cold.  Go on", "The end — of \\[the] path.")


def test_what_of_a_strangers_story_is_not_brought_in_is_told_with_its_passage() -> None:
    """Macros of both formats, links to the web and to nowhere, scripts, passages nobody reaches, and every TO WRITE."""
    notes = from_twee(STRANGER, "old_house", "old.twee").notes
    for line, said in (
        (7, "'The door': not brought in: «<<set $seen to 1>>», marks for bold"),
        (7, "'The door': a link leads to the web"),
        (7, "'The door': a link leads to 'Nowhere'"),
        (7, "'The door': what there is to decide"),
        (18, "'Hall': not brought in: «(set: $tired to true)»"),
        (24, "'Bell' has no words"),
        (25, "'Cellar'"),
        (28, "'Sound' is not brought in: it holds no tale (script)"),
    ):
        assert any(note.startswith(f"line {line}: ") and said in note for note in notes), (said, notes)
    assert any("TO WRITE" in note and "warning" in note for note in notes)


def test_a_draft_that_is_too_long_says_so() -> None:
    """A narrative, a title and a label over their lengths, more scenes and options than an exercise has."""
    passages = [
        f":: {'A long name ' * 9}{n}\n{'word ' * 300}\n" + "\n".join(f"[[{n}{m} {'x' * 80}->P]]" for m in range(9))
        for n in range(31)
    ]
    imported = from_twee("\n".join([*passages, ":: P\nx"]), "long")
    notes = "\n".join(imported.notes)
    for said in (
        "characters, and a scene at most 900",
        "its title has more than 60",
        "label has more than 60",
        "at most 30",
        "at most 8",
        "StoryData",
    ):
        assert said in notes, said
    assert len(imported.scenario_data["scenes"]) == 32
    assert len(imported.scenario_data["scenes"][0]["title"]) == 60


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("", 1, "no_passages"),
        ("Just words.\n: no\n", 1, "no_passages"),
        (":: One\nx\n\n:: One\ny", 4, "duplicate_passage"),
        (":: One\nx\n::\ny", 3, "no_name"),
        (":: One [tag\nx", 1, "odd_header"),
        ("::Sound[script]\nalert(1)", 1, "no_passages"),
        ("x" * 2_000_001, 1, "file_too_large"),
        (":: a\n" * 2_001, 1, "too_many_passages"),
        ("\ufeff\r\n:: One\r\nx\r\n:: One\r\n", 4, "duplicate_passage"),
    ],
)
def test_what_cannot_be_read_has_a_sentence_with_its_line(text: str, line: int, code: str) -> None:
    """Nothing is brought in then; the problem says what to do."""
    imported = from_twee(text, "some", "some.twee")
    assert imported.scenario_data == {}
    assert (imported.problems[0].file, imported.problems[0].line, imported.problems[0].code) == (
        "some.twee",
        line,
        code,
    )
    assert imported.problems[0].says.endswith(".")


@pytest.mark.parametrize(
    "text",
    [
        ':: One {"position": }\nx',
        ":: One {" + "[" * 50_000 + "\nx",
        ":: StoryData\n{bad\n\n:: One\nx",
        ":: StoryData\n" + "[" * 100_000 + "\n:: One\nx",
        ':: StoryData\n{"start": 5, "ifid": []}\n:: One\nx',
        ":: One\n" + "[[" * 200_000,
        ":: One\n" + "[[a" * 200_000 + "]]",
        ":: One\n" + "[[a->One]]" * 50_000,
        ":: One\n" + "<<" * 200_000,
        ":: One\n" + "(set:" * 150_000,
        ":: One\n" + "<a" * 200_000,
        ":: One\n" + "<!--" * 100_000,
        ":: One\n" + "[img[" * 100_000,
        ":: One\n" + "\\" * 300_000,
        ":: One " + "\\" * 300_000 + "\n",
        ":: One [" + "tag " * 200_000 + "]\nx",
        ":: One [scenario]\n<!--\n" + "scenes: a\n" * 90_000 + "-->\n:: a [scene]\nx",
        ":: One [scenario]\n<!--\nscenes: " + "a b " * 200_000 + "\n-->\n:: a [scene]\nx",
        ":: One [scenario]\n:: Two [scene]\n:: Three [scenario fact]\n:: Four [feedback]\n[[Four]]\n:: Five [decision]\n[[Four]]\n[[Two]]",
        "\n".join(f":: P{n} [scene scenario]\n[[x->P{n + 1}]]" for n in range(1_900)),
        "\n".join(f":: P{n} [decision]\n[[x->P{n + 1}]]" for n in range(1_900))
        + "\n:: s [scenario]\n[[P0]]\n:: t [scene]\n[[P0]]",
        ":: Ö, 中文 \U0001f600\n[[中文->Ö, 中文 \U0001f600]]\u2028\u0085\x00\x0b\n",
        ":: One\n" + "line\n" * 100_000,
        ":: One\n&#99999999999; &#x110000; &#0; &notit; &" + "x" * 100_000,
    ],
    ids=range(24),
)
def test_hostile_stories_are_read_quickly_and_with_sentences(text: str) -> None:
    """No exception, no hang; what comes of it is data and sentences."""
    before = time.perf_counter()
    imported = from_twee(text, "some")
    assert time.perf_counter() - before < 5
    assert imported.scenario_data or imported.problems
    assert len(imported.notes) <= 201
    assert len(imported.problems) <= 201


PIECES = (
    ":: ", "[[", "]]", "->", "<!--", "-->", "\n", "[scene]", "[fact]", "[feedback]", "[decision]", "[hold]", "[reflect]", "[inject]",
    "[scenario]", "[closing]", "minutes: x\n", "next: nowhere\n", "facts: a a mark\n", "a", "/", "|", " | ", "\\", "{", "}", "(if:", "\u2028",
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_story_spoilt_anywhere_is_read_all_the_same(data: st.DataObject) -> None:
    """Lines dropped, doubled, moved or broken: what comes of it is data in which nothing is lost without a sentence, or problems."""
    lines = to_twee(sample()).text.split("\n")
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(lines) - 1))
        how = data.draw(st.sampled_from(["drop", "double", "move", "break", "cut"]))
        if how in {"double", "move"}:
            lines.insert(data.draw(st.integers(0, len(lines))), lines[place])
        if how in {"drop", "move"} and len(lines) > 1:
            lines.pop(place)
        if how == "break":
            at = data.draw(st.integers(0, len(lines[place])))
            lines[place] = lines[place][:at] + data.draw(st.sampled_from(PIECES)) + lines[place][at:]
        if how == "cut":
            lines = [*lines[:place], *lines[place + data.draw(st.integers(1, 30)) :]] or [""]
    imported = from_twee("\n".join(lines), "sample_scenario")
    assert imported.scenario_data or imported.problems
    assert all(isinstance(note, str) and note.endswith(".") for note in imported.notes)


def test_problems_without_number_are_cut_short() -> None:
    """A thousand of one kind are two hundred and a count."""
    imported = from_twee(":: One\n" * 1_500, "some")
    assert len(imported.problems) == 201
    assert imported.problems[-1].says == "... and 1299 more."


def test_names_and_tags_are_escaped_as_the_notation_says() -> None:
    r"""`\[`, `\{` and `\\` in a name are themselves; unescaped they begin tags and metadata."""
    text = ':: A \\[quiet\\] \\{room\\} \\\\ [t\\]ag other] {"position":"1,1"}\nx\n\n\\:: no header\n\n[[On->B]]\n\n::B{"size":"1,1"}\ny'
    imported = from_twee(text, "some")
    one, two = scenario_of(imported).scenes
    assert one.title == "A [quiet] {room} \\"
    assert one.narrative == "x\n\n:: no header"
    assert (one.next, two.title) == ("b", "B")
