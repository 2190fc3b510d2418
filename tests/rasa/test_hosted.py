"""A real Rasa server in front of our action server: the same words as in the terminal, and never silence."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

import pytest
from servers import Terminal, guide, words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from servers import Project, Server

    from bot.library import Library

WEBHOOK = "/webhooks/rest/webhook"
TOKEN = secrets.token_hex(16)
SECRETWORD = "marmalade"
"""Stands in what is typed, and must not be found in a log."""
MISSION = ("I've seen a mark on a child", "the family won't engage", "a new partner has moved in")


@pytest.fixture(scope="module")
def actions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run `thinkchild rasa actions` as a process of its own."""
    folder = tmp_path_factory.mktemp("guide")
    with guide(folder / "guide.db", folder / "guide.log") as running:
        running.wait_for("/health")
        yield running


@pytest.fixture(scope="module")
def host(rasa_project: Project, hosting_model: Path, actions: Server) -> Iterator[Server]:
    """Run Rasa with the channel, the component and the store of the export."""
    with rasa_project.serve(
        *(
            "--enable-api",
            "-t",
            TOKEN,
            "-m",
            str(hosting_model),
            "--endpoints",
            "endpoints.yml",
            "--credentials",
            "credentials.yml",
        ),
        THINKCHILD_ACTIONS=f"{actions.url}/webhook",
    ) as running:
        running.wait_for("/webhooks/rest/")
        ready(running)
        yield running


def ready(running: Server) -> None:
    """Wait until the model is loaded: the channel answers a little sooner, and says then that it cannot answer."""
    for _ in range(300):
        if any("custom" in item for item in say(running, "nobody", "menu")):
            return
        time.sleep(0.2)
    raise AssertionError(running.log.read_text(encoding="utf-8", errors="replace")[-3000:])


def say(running: Server, sender: str, text: str, **more: Any) -> list[dict[str, Any]]:
    """Say something on Rasa's REST channel."""
    status, items = running.post(WEBHOOK, {"sender": sender, "message": text, **more})
    assert status == 200, items
    assert items, "silence"
    assert all(item["recipient_id"] == sender for item in items)
    return items


def texts(items: list[dict[str, Any]]) -> list[str]:
    """Return what is to be read, in order."""
    return [item["text"] for item in items if "text" in item]


def button(items: list[dict[str, Any]], title: str) -> str:
    """Return the payload of the button with a title."""
    found = [b["payload"] for item in items for b in item.get("buttons", ()) if b["title"] == title]
    assert len(found) == 1, (title, found)
    return str(found[0])


def question(out: dict[str, Any]) -> dict[str, Any]:
    """Return the last reply that can be answered."""
    found: dict[str, Any] = [reply for reply in out["replies"] if reply["options"]][-1]
    return found


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """Open the same assistant in a terminal of its own."""
    with Terminal(tmp_path / "terminal.db") as opened:
        yield opened


@pytest.mark.parametrize("phrase", MISSION)
def test_the_mission_word_for_word_as_in_the_terminal(host: Server, terminal: Terminal, phrase: str) -> None:
    """From the first words to the closing summary: `chat --json` and Rasa's REST channel say the same."""
    out = terminal.give(text=phrase)
    items = say(host, f"mission {phrase}", phrase)
    heard, said = texts(items), [reply["text"] for reply in out["replies"]]
    turns = 1
    while not out["closed"]:
        asked = question(out)
        option = asked["options"][-1 if turns % 2 else 0]
        option = asked["options"][-1] if option.get("id") == "done" else option
        items = say(host, f"mission {phrase}", button(items, option["label"]))
        out = terminal.give(choose=option["id"])
        said += [reply["text"] for reply in out["replies"]]
        heard += texts(items)
        turns += 1
        assert turns < 60, (out["step"], option)
    assert words(heard) == words(said)
    assert turns > 8
    custom = next(item["custom"] for item in items if "custom" in item)
    assert custom["closed"] is True
    assert custom["content_version"] == out["content_version"]


@pytest.mark.parametrize(
    "text",
    [
        "baby won't wake up, she's blue",
        "what's the weather",
        "99",
        "yes but she said he fell",
        "🙂",
        "x" * 20_000,
        "why",
    ],
)
def test_typed_words_word_for_word(host: Server, terminal: Terminal, text: str) -> None:
    """Danger, small talk, nonsense and too much: as the terminal answers it."""
    sender = f"typed {text[:20]}"
    for line in ("I've seen a mark on a child", text):
        out = terminal.give(text=line)
        items = say(host, sender, line)
        assert words(texts(items)) == words([reply["text"] for reply in out["replies"]])


@pytest.mark.parametrize(
    "text", ["/restart", "/back", "/session_start", "/mark_on_child", "/", "//", "/ ", "", "/x{}", "/menu"]
)
def test_a_leading_slash_is_answered(host: Server, text: str) -> None:
    """Rasa would obey the first three without a word; here each gets an answer, and the answer to 999 stands in it."""
    say(host, f"slash {text}", "a new partner has moved in")
    items = say(host, f"slash {text}", text)
    assert any("custom" in item for item in items), "the guide itself did not answer"
    assert texts(items)
    again = say(host, f"slash {text}", "999")
    assert "Ring 999 now" in " ".join(texts(again))


def test_a_command_reaches_the_guide_as_it_was_typed(host: Server) -> None:
    """To name a flow behind a slash opens it, as it does where nobody stands between."""
    items = say(host, "opens", "/mark_on_child")
    assert next(item["custom"] for item in items if "custom" in item)["flow"] == "mark_on_child"


def test_a_message_that_comes_twice_is_answered_twice_and_taken_once(host: Server) -> None:
    """By the id that the client gives it; and one without an id is a message of its own."""
    first = say(host, "twice", "a new partner has moved in", metadata={"message_id": "m-1"})
    again = say(host, "twice", "a new partner has moved in", metadata={"message_id": "m-1"})
    assert again == first
    press = button(first, "No sign of that now")
    third = say(host, "twice", press, message_id="m-2")
    assert third != first
    assert say(host, "twice", press, message_id="m-2") == third
    assert texts(say(host, "twice", press)) != texts(third)


def test_two_people_never_meet(host: Server) -> None:
    """One in the middle of a flow, the other at its beginning."""
    say(host, "one", "a new partner has moved in")
    other = say(host, "two", "I've seen a mark on a child")
    assert next(item["custom"] for item in other if "custom" in item)["flow"] == "mark_on_child"
    back = say(host, "one", "no sign of that now")
    assert next(item["custom"] for item in back if "custom" in item)["flow"] == "new_partner"


@pytest.mark.parametrize(
    "body", [b"", b"xx", b"[]", b"{}", b'{"sender": "a"}', b'{"sender": 3, "message": "a"}', b'{"message": "hi"}']
)
def test_a_request_that_is_none_is_told_what_to_send(host: Server, body: bytes) -> None:
    """In the form that clients of the channel read."""
    status, items = host.post(WEBHOOK, body)
    assert status == 400
    assert '"sender" and "message"' in items[0]["text"]


def test_a_guide_that_is_slow_or_down_is_no_silence(host: Server, actions: Server, content: Library) -> None:
    """The fixed line with 999 comes; and when the guide is back, so is the conversation, where it stood."""
    line = content.lines["cannot_answer"].text
    before = say(host, "waits", "a new partner has moved in", metadata={"message_id": "w-1"})
    press = button(before, "No sign of that now")
    actions.hang()
    try:
        assert texts(say(host, "waits", f"{SECRETWORD} slow")) == [line]
    finally:
        actions.go_on()
    actions.stop()
    assert texts(say(host, "waits", press, metadata={"message_id": "w-2"})) == [line]
    assert texts(say(host, "waits", f"/{SECRETWORD}")) == [line]
    actions.start()
    actions.wait_for("/health")
    assert say(host, "waits", "a new partner has moved in", metadata={"message_id": "w-1"}) == before
    after = say(host, "waits", "why")
    assert any("custom" in item for item in after)
    assert next(item["custom"] for item in after if "custom" in item)["flow"] == "new_partner"


def test_no_word_that_was_typed_is_kept_by_rasa(host: Server, actions: Server, rasa_project: Project) -> None:
    """Not in its log, not in its folder; nor in ours."""
    say(host, "discreet", f"{SECRETWORD} is what he said")
    for path in [*rasa_project.folder.rglob("*"), actions.log, *actions.log.parent.glob("guide.db*")]:
        if path.is_file() and path.suffix != ".py":
            assert SECRETWORD.encode() not in path.read_bytes(), path


def test_rasa_remembers_no_conversation(host: Server) -> None:
    """Asked for what it knows of somebody who wrote a moment ago, it knows of no message: its store keeps nothing."""
    say(host, "unknown", "a new partner has moved in")
    tracker = host.get(f"/conversations/unknown/tracker?token={TOKEN}")[1]
    assert [event["event"] for event in tracker["events"] if event["event"] in {"user", "bot"}] == []
    assert host.get("/conversations/unknown/tracker")[0] == 401
