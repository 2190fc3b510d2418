"""How what is said becomes Telegram messages: markup, length, buttons; and what is taken out of an update."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("telegram.ext", reason="the Telegram channel is an extra")

from telegram import Update

from bot.channels.telegram import settings
from bot.channels.telegram.incoming import Incoming, Kind, command_of, incoming_of
from bot.channels.telegram.layout import (
    ROOM,
    again,
    answered_message,
    messages,
    question_message,
    spent_keyboard,
    split,
    units,
)
from bot.channels.telegram.service import warn_of
from bot.errors import SetupError
from bot.session import Desk

if TYPE_CHECKING:
    from bot.advice_log import AdviceLog
    from bot.library import Library

WORDS = {"known": "known", "unknown": "not known yet", "worry": "worries me"}
NONCE = "abcDEF123-_x"
TEXT = st.text(st.characters(codec="utf-8"), max_size=300)


def option(label: str, short: str = "") -> dict[str, str]:
    """Return an option as the contract has it."""
    return {"id": label.lower().replace(" ", "_"), "label": label, "short": short or label}


def reply(text: str, kind: str = "say", options: tuple[Any, ...] = (), prompts: tuple[Any, ...] = ()) -> dict[str, Any]:
    """Return a reply as the contract has it."""
    return {
        "kind": kind,
        "text": text,
        "multiple": False,
        "options": list(options),
        "prompts": list(prompts),
        "sources": [],
        "actions": [],
    }


def out(*replies: dict[str, Any], closed: bool = False) -> dict[str, Any]:
    """Return a turn as the contract has it."""
    return {"replies": list(replies), "closed": closed, "step": "flow/step", "receipt": "ABC-234"}


def labels(message: Any) -> list[list[str]]:
    """Return the captions of a message's buttons, row by row."""
    return [[button.text for button in row] for row in message.keyboard.inline_keyboard]


def test_headings_and_danger_are_bold_and_everything_is_escaped() -> None:
    """The first line of actions, sources and the summary is bold, the danger card all through; signs are signs."""
    for kind in ("act", "cite", "close"):
        (message,) = messages(out(reply("Do <this> now:\n\n1. A & B", kind)), NONCE, WORDS)
        assert message.html == "<b>Do &lt;this&gt; now:</b>\n\n1. A &amp; B"
        assert message.plain == "Do <this> now:\n\n1. A & B"
    (message,) = messages(out(reply("Ring\n\nnow", "danger")), NONCE, WORDS)
    assert message.html == "<b>Ring\n\nnow</b>"
    (message,) = messages(out(reply("Say\nso")), NONCE, WORDS)
    assert message.html == "Say\nso"


def test_short_labels_stand_in_pairs_and_long_ones_are_listed() -> None:
    """Two narrow buttons share a row; where a short form stands on a button, the message has every answer in full."""
    asked = reply(
        "Which?",
        "ask",
        (option("Yes"), option("No"), option("The child says someone did it", "Child says so")),
    )
    (message,) = messages(out(asked), NONCE, WORDS)
    assert labels(message) == [["Yes", "No"], ["Child says so"], ["Back", "Why?", "Menu", "999"]]
    assert message.plain.endswith("1. Yes\n2. No\n3. The child says someone did it")
    (message,) = messages(out(reply("Which?", "ask", (option("Yes"), option("No")))), NONCE, WORDS)
    assert message.plain == "Which?"


def test_only_the_last_question_has_buttons() -> None:
    """Earlier questions of a turn are words; where nothing is asked, menu and 999 are there all the same."""
    first, second = reply("One?", "ask", (option("A"),)), reply("Two?", "ask", (option("B"),))
    shown = messages(out(first, reply("and"), second), NONCE, WORDS)
    assert [message.keyboard is not None for message in shown] == [False, False, True]
    (message,) = messages(out(reply("Stopped.")), NONCE, WORDS)
    assert labels(message) == [["Menu", "999"]]
    (message,) = messages(out(reply("So far", "close"), closed=True), NONCE, WORDS)
    assert labels(message) == [["Change", "Receipt", "Menu", "999"]]
    assert messages(out(first), NONCE, WORDS, buttons=False)[0].keyboard is None


def test_prompts_have_three_buttons_each_and_show_their_marks() -> None:
    """Each curiosity prompt has a row, then comes Done; a mark stands beside its prompt."""
    prompts = ({"id": "a", "text": "Who?"}, {"id": "b", "text": "When?", "mark": "worry"})
    asked = reply("Ask\n\n1. Who?\n\n2. When?", "prompt", (option("Done: the rest is not known yet", "Done"),), prompts)
    (message,) = messages(out(asked), NONCE, WORDS)
    assert labels(message)[:3] == [
        ["1 ✓ known", "1 ? not yet", "1 ! worries"],
        ["2 ✓ known", "2 ? not yet", "2 ! worries"],
        ["Done: the rest is not known yet"],
    ]
    assert message.plain == "Ask\n\n1. Who?\n\n2. When? ! worries me"


def test_an_answered_message_keeps_its_words() -> None:
    """The choice is written below, the buttons go."""
    turn = out(reply("Which <one>?", "ask", (option("Yes"),)))
    message = answered_message(turn, WORDS, "Yes & no")
    assert message is not None
    assert message.html == "Which &lt;one&gt;?\n\n✓ Yes &amp; no"
    assert message.keyboard is None


def test_a_repeat_says_so(lines: dict[str, str]) -> None:
    """The notice stands first, and however long an answer is, each of its messages has room for it."""
    (short,) = messages(out(reply("Advice.")), NONCE, WORDS)
    assert again(short, "Once <more>").html == "<i>Once &lt;more&gt;</i>\n\nAdvice."
    for length in range(3600, 4200, 7):
        for part in messages(out(reply("x" * length)), NONCE, WORDS):
            assert again(part, lines["sent_again"]).plain.startswith(lines["sent_again"])
            assert units(again(part, lines["sent_again"]).html) <= 4096


@given(text=st.lists(TEXT, max_size=60).map("\n\n".join), kind=st.sampled_from(["say", "act", "danger", "cite"]))
def test_no_part_is_too_long_and_no_word_is_lost(text: str, kind: str) -> None:
    """Any text becomes messages that fit, with whole tags and signs, and all of it is there in order."""
    parts = messages(out(reply(text, kind)), NONCE, WORDS)
    for part in parts:
        assert units(part.html) <= 4096 - ROOM
        assert part.plain.strip()
        assert unescape(re.sub(r"</?b>", "", part.html)) == part.plain or "&" in part.plain
        assert part.html.count("<b>") == part.html.count("</b>")
    squeezed = re.sub(r"\s", "", text)
    assert re.sub(r"\s", "", "".join(part.plain for part in parts)) == squeezed


@pytest.mark.parametrize(
    "text",
    [
        "word " * 3000,
        "x" * 9000,
        "&" * 9000,
        "<" * 5000,
        "😀" * 5000,
        "line\n" * 2000,
        ("p" * 500 + "\n\n") * 30,
    ],
)
def test_long_texts_are_cut_where_it_hurts_least(text: str) -> None:
    """Signs that grow when escaped, and characters that count twice, are counted as Telegram counts them."""
    turn = out(reply(text, "danger", (option("Yes"), option("A label that is far too long", "Short"))))
    parts = messages(turn, NONCE, WORDS)
    assert len(parts) > 1
    assert all(units(part.html) <= 4096 - ROOM for part in parts)
    assert [part.keyboard is not None for part in parts] == [False] * (len(parts) - 1) + [True]
    assert question_message(turn, NONCE, WORDS) == parts[-1]


def test_paragraphs_stay_whole_where_they_can() -> None:
    """A text is cut between paragraphs, before it is cut between lines or words."""
    assert split("aa bb\ncc\n\ndd ee", lambda part: len(part) <= 10) == ["aa bb\ncc", "dd ee"]
    assert split("aa bb\ncc dd", lambda part: len(part) <= 8) == ["aa bb", "cc dd"]
    assert split("aaaa bbbb", lambda part: len(part) <= 6) == ["aaaa", "bbbb"]
    assert split("aaaaaaaa", lambda part: len(part) <= 3) == ["aaa", "aaa", "aa"]
    assert split("  ", lambda part: len(part) <= 3) == []


def test_the_data_behind_every_button_is_short_enough() -> None:
    """Telegram takes 64 bytes; ours are opaque and far shorter."""
    prompts = tuple({"id": f"p{number}", "text": f"{number}?"} for number in range(12))
    asked = reply("?", "prompt", tuple(option(f"Option {number}") for number in range(30)), prompts)
    (message,) = messages(out(asked), NONCE, WORDS)
    assert message.keyboard is not None
    data = [button.callback_data for row in message.keyboard.inline_keyboard for button in row]
    assert all(isinstance(one, str) and len(one.encode()) <= 32 for one in data)
    assert len(set(data)) == len(data)


# --- updates ---------------------------------------------------------------------------------------------

ALICE = {"id": 7, "is_bot": False, "first_name": "Alice", "last_name": "Liddell", "username": "alice"}
PRIVATE = {"id": 7, "type": "private", "first_name": "Alice"}


def read(**update: Any) -> Incoming | None:
    """Return what an update means to us."""
    return incoming_of(Update.de_json({"update_id": 5, **update}), "99", "OurBot", ["mark_on_child"])


def message(chat: dict[str, Any] = PRIVATE, **parts: Any) -> dict[str, Any]:
    """Return a message as Telegram sends it."""
    return {"message_id": 3, "date": 0, "chat": chat, "from": ALICE, **parts}


def test_names_places_and_pictures_are_left_out() -> None:
    """What is kept of an update is its numbers and its text: no name, no caption, no file, no place."""
    photo = [{"file_id": "SECRET", "file_unique_id": "u", "width": 1, "height": 1}]
    for parts in ({"photo": photo, "caption": "SECRET"}, {"location": {"longitude": 1.5, "latitude": 51.25}}):
        found = read(message=message(**parts))
        assert found == Incoming("telegram:99:5:3", Kind.MEDIA, "7", 7, 3)
        assert not re.search("SECRET|51.25|Alice|Liddell", found.to_json())
    typed = read(message=message(text="hello\ud83d"))
    assert typed is not None
    assert Incoming.from_json(typed.to_json().encode().decode()) == typed


def test_what_needs_no_answer_is_passed_over() -> None:
    """Channel posts, other bots, talk and edits in groups, edited captions and messages about the chat mean nothing to us."""
    group = {"id": -5, "type": "group", "title": "Team"}
    assert read(edited_message=message(group, text="he is unconscious", edit_date=1)) is None
    assert read(edited_message=message(photo=[], caption="he is unconscious", edit_date=1)) is None
    edited = read(edited_message=message(text="he is unconscious", edit_date=1))
    assert edited is not None
    assert (edited.kind, edited.text) == (Kind.EDIT, "he is unconscious")
    assert read(channel_post={**message({"id": -9, "type": "channel", "title": "c"}, text="/start@OurBot")}) is None
    assert read(message=message(text="hi") | {"from": {**ALICE, "is_bot": True}}) is None
    assert read(message=message(new_chat_title="t")) is None
    assert read(message=message(group, text="he is unconscious")) is None
    assert read(message=message(group, text="/start")) is None
    assert read(message=message(group, photo=[])) is None
    for text in ("/start@ourbot", "/mark_on_child", "/anything@OurBot now"):
        found = read(message=message(group, text=text))
        assert found is not None
        assert found.kind is Kind.GROUP


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("/start", ("start", "", "")),
        ("/START@OurBot mark_on_child", ("start", "OurBot", "mark_on_child")),
        ("/stop-reminders", ("stop_reminders", "", "")),
        ("/help he is\nblue", ("help", "", "he is\nblue")),
        ("/", None),
        ("stop", None),
        ("see /stop", None),
        ("//stop", None),
    ],
)
def test_commands_are_told_from_words(text: str, parts: tuple[str, str, str] | None) -> None:
    """A command stands at the beginning; hyphens do for underscores."""
    assert command_of(text) == parts


def test_the_token_is_never_shown() -> None:
    """The settings do not print the token, and hold the bot's public number."""
    given = settings({"TELEGRAM_BOT_TOKEN": "12345:SECRET-secret"})
    assert "SECRET" not in repr(given)
    assert given.bot_id == "12345"
    assert given.base_url == "https://api.telegram.org/bot"
    with pytest.raises(SetupError, match="BotFather"):
        settings({})


def test_who_may_start_a_group_is_a_setting() -> None:
    """Nobody unless somebody is named; numbers with commas, or anyone; what is neither is refused in a sentence."""
    token = {"TELEGRAM_BOT_TOKEN": "12345:SECRET-secret"}
    assert settings(token).trainers == frozenset()
    assert settings({**token, "THINKCHILD_TRAINERS": " 7, 8 ,"}).trainers == {"7", "8"}
    assert settings({**token, "THINKCHILD_TRAINERS": "Anyone"}).trainers is None
    for wrong in ("@alice", "7 8", "7,bob"):
        with pytest.raises(SetupError, match="THINKCHILD_TRAINERS"):
            settings({**token, "THINKCHILD_TRAINERS": wrong})


def test_of_a_document_only_a_trainers_exercise_is_looked_at() -> None:
    """Where a file can be fetched is taken out for those who may send one, if it can be one; of all others nothing is."""

    def sent(name: str, size: int, user: str = "7") -> Incoming:
        document = {"file_id": "abc", "file_unique_id": "a", "file_name": name, "file_size": size}
        update = Update.de_json({"update_id": 5, "message": message(document=document)})
        found = incoming_of(update, "1", "OurBot", (), lambda _: user == "trainer")
        assert found is not None
        return found

    assert (sent("a.yaml", 10).kind, sent("a.yaml", 10).text) == (Kind.MEDIA, "")
    for name, size, text in (("a.YML", 200_000, "abc"), ("a.yaml", 200_001, ""), ("a.txt", 10, ""), ("a.yaml", 0, "")):
        assert (sent(name, size, "trainer").kind, sent(name, size, "trainer").text) == (Kind.FILE, text)


def in_exercise(*replies: dict[str, Any], exercise: str = "e", opened: str = "asking:s") -> dict[str, Any]:
    """Return what is said in an exercise as the channel takes it."""
    return {"exercise": exercise, "step": "s", "open": opened, "closed": False, "replies": list(replies)}


@pytest.mark.parametrize(
    ("said", "ways"),
    [
        ({}, ["Why?", "999", "Leave"]),
        ({"opened": "lead:0:0:"}, ["999", "Leave"]),
        ({"opened": "over:s"}, ["999"]),
        ({"exercise": "", "opened": ""}, ["999"]),
    ],
)
def test_exercises_have_their_own_ways_on(said: dict[str, str], ways: list[str]) -> None:
    """999 stands under everything; Leave only in an exercise, and Why? for whoever plays."""
    (made,) = messages(in_exercise(reply("What now?", "ask", (option("Begin"),)), **said), "n" * 16, WORDS)
    assert labels(made) == [["Begin"], ways]
    spent = spent_keyboard(in_exercise(reply("What now?", "ask", (option("Begin"),)), **said), "n" * 16)
    assert [button.text for row in spent.inline_keyboard for button in row] == [way for way in ways if way != "Why?"]


def test_a_pack_not_fit_for_real_work_is_warned_of(
    log: AdviceLog, content: Library, caplog: pytest.LogCaptureFixture
) -> None:
    """An invented pack, or one without a current number of an emergency duty team, is a warning at every start."""
    for area, warns in (("demonstration", "invented"), ("oxfordshire", "emergency duty team"), ("england", "")):
        caplog.clear()
        warn_of(Desk(log, content, area=area))
        assert warns in caplog.text
        assert bool(warns) == bool(caplog.records)
