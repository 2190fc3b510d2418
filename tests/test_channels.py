"""The terminal and the JSON channel, as the people and programs that use them see them."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bot.advice_log import AdviceLog
from bot.channels.jsonl import chat_schema, converse
from bot.channels.terminal import Terminal
from bot.session import Desk

if TYPE_CHECKING:
    from pathlib import Path

    from bot.library import Library

SCHEMA = chat_schema()
OUT = Draft202012Validator({"$ref": "#/$defs/out", "$defs": SCHEMA["$defs"]})
IN = Draft202012Validator({"$ref": "#/$defs/in", "$defs": SCHEMA["$defs"]})


@pytest.fixture
def desk(log: AdviceLog, content: Library) -> Desk:
    """Return a desk on a record of its own."""
    return Desk(log, content)


def talk_json(desk: Desk, *lines: object, flow: str | None = None) -> list[dict[str, Any]]:
    """Send lines, raw or as objects, and return what came out, each held against the published schema."""
    sent = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    out = io.StringIO()
    converse(desk, desk.person("someone"), io.StringIO(sent), out, flow=flow)
    answers = [json.loads(line) for line in out.getvalue().splitlines()]
    for answer in answers:
        OUT.validate(answer)
    return answers


def talk(desk: Desk, *lines: str, flow: str | None = None) -> str:
    """Type lines into a piped terminal and return what it showed."""
    out = io.StringIO()
    Terminal(desk, desk.person("someone"), io.StringIO("".join(f"{line}\n" for line in lines)), out).converse(flow)
    return out.getvalue()


def test_the_first_line_out_is_an_opening_object_and_each_line_in_gets_exactly_one(desk: Desk) -> None:
    """An opening object, then one object out for each line in."""
    answers = talk_json(desk, {"text": "a new partner has moved in"}, {"choose": "no_sign"}, {"do": "why"})
    assert len(answers) == 4
    assert answers[0]["flow"] is None
    assert answers[1]["decision"] == "flow"
    assert answers[1]["flow"] == "new_partner"
    assert answers[3]["replies"][0]["kind"] == "cite"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("not json", "not JSON"),
        ("[]", "not a JSON object"),
        ("", "empty"),
        ({"txt": "hello"}, "Did you mean 'text'?"),
        ({"text": "a", "do": "back"}, "exactly one of"),
        ({"open": "mark_on_chid"}, "Did you mean 'mark_on_child'?"),
        ({"do": "bak"}, "Did you mean 'back'?"),
        ({"do": "begin"}, "not a command"),
        ({"mark": {"day": "maybe"}}, "known, unknown, worry"),
        ({"choose": []}, "'choose' cannot be"),
        ({"choose": [1]}, "'choose' cannot be"),
        ({"text": 5}, "'text' cannot be"),
        ({"do": "back", "step": "x"}, "'step' goes with"),
        ("[" * 100_000, "not JSON"),
        ('"' + "x" * 1_000_001 + '"', "longer than"),
    ],
)
def test_a_bad_line_gets_one_sentence_and_the_process_goes_on(desk: Desk, line: object, says: str) -> None:
    """A line that cannot be taken is answered with what to send instead; the next line is taken as usual."""
    answers = talk_json(desk, line, {"do": "help"})
    assert len(answers) == 3
    assert says in answers[1]["error"]
    assert "replies" in answers[2]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.fixed_dictionaries({"text": st.text(max_size=80)}),
            st.fixed_dictionaries(
                {"choose": st.sampled_from(["no_sign", "yes_now", "dont_know", "done", "nonsense", "menu"])}
            ),
            st.fixed_dictionaries(
                {"do": st.sampled_from(["back", "menu", "why", "help", "danger", "change", "resume", "stop"])}
            ),
            st.fixed_dictionaries({"open": st.sampled_from(["mark_on_child", "information_sharing", "no_such_flow"])}),
            st.text(max_size=30).filter(lambda text: "\n" not in text and "\r" not in text),
        ),
        max_size=8,
    )
)
def test_whatever_is_sent_every_answer_fits_the_published_schema(desk: Desk, lines: list[object]) -> None:
    """No line of any kind breaks the contract: one answer each, of the published form."""
    sent = [line for line in lines if not isinstance(line, str) or len(line.splitlines()) <= 1]
    assert len(talk_json(desk, *sent)) == len(sent) + 1


def test_what_the_readme_sends_fits_the_schema_of_what_goes_in() -> None:
    """The published schema takes every form of line that the documentation names."""
    for line in (
        {"text": "x"},
        {"open": "new_partner"},
        {"choose": "a"},
        {"choose": ["a", "b"]},
        {"mark": {"day": "worry"}},
        {"do": "back"},
        {"do": "change", "step": "mark_on_child/mobile"},
    ):
        IN.validate(line)
    assert not IN.is_valid({"text": "x", "do": "back"})


def test_the_terminal_and_the_json_channel_say_the_same_words(desk: Desk, content: Library, tmp_path: Path) -> None:
    """Channels are equal: the same conversation gives the same canonical words."""
    other_log = AdviceLog.open(tmp_path / "other.db")
    other_log.keep_content(content.version, "shipped", content.compiled, "2026-11-23T12:00:00Z")
    other = Desk(other_log, content)
    spoken = [
        r["text"]
        for a in talk_json(desk, {"choose": "no_sign"}, {"choose": "not_soon"}, flow="mark_on_child")
        for r in a["replies"]
    ]
    shown = " ".join(talk(other, "3", "no", flow="mark_on_child").split())
    for text in spoken:
        if "receipt" not in text:  # each session has a label and a receipt of its own
            assert " ".join(text.split()) in shown
    other_log.close()


def test_a_piped_terminal_takes_numbers_words_and_marks(desk: Desk) -> None:
    """Numbers, labels and one-letter marks all answer, with no terminal in sight and no colour."""
    shown = talk(
        desk,
        "I've seen a mark on a child",
        "No sign of that now",
        "no",
        "2",
        "go on",
        "k",
        "n",
        "w",
        "n",
        "d",
        "d",
        "not that I know of",
        flow=None,
    )
    words = " ".join(shown.split())
    assert "goes to children's social care today" in words
    assert "could anyone else see this phone" in words
    assert "\x1b[" not in shown


def test_the_terminal_carries_on_where_it_stopped_with_danger_first(desk: Desk) -> None:
    """A new start in the middle of a flow asks of danger once more, and then the very step that was open."""
    first = talk(desk, "3", "no", flow="mark_on_child")
    assert "Is the child under six months" in first
    second = talk(desk, "3", "no")
    assert second.index("danger first, once more") < second.index("is any of these so right now")
    assert "Is the child under six months" in second


def test_words_typed_at_a_curiosity_prompt_are_taken_as_said_and_no_mark_is_lost(desk: Desk) -> None:
    """Danger typed between two marks raises the card; the marks given before it stay."""
    shown = talk(desk, "3", "no", "1", "1", "w", "he has stopped breathing", flow="mark_on_child")
    assert "Ring 999 now" in shown
    question = desk.question(desk.person("someone"))
    assert question is not None
    assert question["kind"] == "danger"
    after = talk_json(desk, {"choose": "not_emergency"})[-1]["replies"][-1]
    assert [prompt.get("mark") for prompt in after["prompts"]] == ["worry", None, None, None]


def test_an_empty_line_asks_again_and_leaving_keeps_everything(desk: Desk) -> None:
    """Return alone repeats the question; q leaves, with the receipt."""
    shown = talk(desk, "", "3", "no", "q", "never read", flow="mark_on_child")
    assert shown.count("is any of these so right now") == 2
    assert "thinkchild log receipt" in shown
    assert "never read" not in shown


def test_hostile_words_are_answered_and_never_repeated(desk: Desk) -> None:
    """Markup, emoji, right-to-left text and very long messages get a sentence, and no echo."""
    for text in ("<b>x</b>&amp;", "🙂🙂🙂", "\u202eevil", "שלום", "x" * 100_000, "\x00\x07", "{receipt} {label}"):
        answer = talk_json(desk, {"text": text})[-1]
        said = " ".join(reply["text"] for reply in answer["replies"])
        assert said
        assert text not in said
