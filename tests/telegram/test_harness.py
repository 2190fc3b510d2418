"""The emulator keeps Telegram's rules, and the harness reports what happened: tests of the tests' own tools.

The emulator is asked over plain HTTP, without any bot library.
"""

from __future__ import annotations

import http.client
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import harness
import pytest
from harness import BOT_TOKEN, Answer, Event, ExpectationError, StartError, TelegramWorld, request

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.telegram

HERE = Path(__file__).resolve().parent
ECHO_BOT = [sys.executable, str(HERE / "echo_bot.py")]
EVERY_BYTE = bytes(range(256)) * 300


@pytest.fixture
def world() -> Iterator[TelegramWorld]:
    """Give an emulator to which Alice has already written, with nothing left to fetch."""
    with TelegramWorld() as started:
        started.person("Alice").send("hello")
        fetch(started, offset=fetch(started)[0]["update_id"] + 1)
        yield started


@pytest.fixture
def echo() -> Iterator[TelegramWorld]:
    """Give a world with the echo bot running in it."""
    with TelegramWorld(ECHO_BOT) as started:
        yield started


def fetch(world: TelegramWorld, **params: Any) -> list[dict[str, Any]]:
    """Ask for updates as a bot would."""
    updates: list[dict[str, Any]] = world.call("getUpdates", **params).result
    return updates


def say(world: TelegramWorld, text: str = "hi", **params: Any) -> Answer:
    """Send Alice a message as the bot."""
    return world.call("sendMessage", chat_id=world.person("Alice").id, text=text, **params)


def keyboard(*buttons: dict[str, Any]) -> dict[str, Any]:
    """Make an inline keyboard of one row."""
    return {"inline_keyboard": [list(buttons)]}


def send_document(world: TelegramWorld, name: str, data: bytes) -> Answer:
    """Upload a document as the bot, in the multipart form a browser would use."""
    head = (
        f'--edge\r\nContent-Disposition: form-data; name="chat_id"\r\n\r\n{world.person("Alice").id}\r\n'
        f'--edge\r\nContent-Disposition: form-data; name="caption"\r\n\r\nYour record\r\n'
        f'--edge\r\nContent-Disposition: form-data; name="document"; filename="{name}"\r\n'
        "Content-Type: text/html\r\n\r\n"
    )
    body = head.encode() + data + b"\r\n--edge--\r\n"
    return world.call("sendDocument", body=body, content_type="multipart/form-data; boundary=edge")


def pressed(world: TelegramWorld) -> dict[str, Any]:
    """Let Alice press a button and return the callback query the bot fetches."""
    say(world, "choose", reply_markup=keyboard({"text": "Yes", "callback_data": "yes"}))
    world.person("Alice").press("Yes")
    query: dict[str, Any] = fetch(world)[-1]["callback_query"]
    return query


# ---------------------------------------------------------------- text


def test_html_becomes_plain_text_and_entities(world: TelegramWorld) -> None:
    """HTML is turned into plain text with entities counted in UTF-16 units, as Telegram counts."""
    text = '\U0001f9f8 <b>Tell</b> &lt;them&gt; <a href="https://example.org/?a=1&amp;b=2">now</a>'
    message = say(world, text, parse_mode="HTML").result
    assert message["text"] == "\U0001f9f8 Tell <them> now"
    assert message["entities"] == [
        {"type": "bold", "offset": 3, "length": 4},
        {"type": "text_link", "offset": 15, "length": 3, "url": "https://example.org/?a=1&b=2"},
    ]
    assert world.person("Alice").messages()[-1].marked("bold") == ["Tell"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<p>one</p>", 'Unsupported start tag "p" at byte offset 0'),
        ("é <br>", 'Unsupported start tag "br" at byte offset 3'),
        ("age < 5", 'Unsupported start tag "" at byte offset 4'),
        ("I <3 you", 'Unsupported start tag "3" at byte offset 2'),
        ("a <b", "Unclosed start tag at byte offset 2"),
        ("<b>bold", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
def test_broken_html_is_refused(world: TelegramWorld, text: str, reason: str) -> None:
    """Broken HTML is refused in Telegram's words, and nobody sees the message."""
    answer = say(world, text, parse_mode="HTML")
    assert answer.status == 400
    assert answer.description == f"Bad Request: can't parse entities: {reason}"
    assert world.person("Alice").messages() == []


def test_html_is_plain_text_without_parse_mode(world: TelegramWorld) -> None:
    """Without a parse mode tags are shown as they are."""
    assert say(world, "<p>one & two").result["text"] == "<p>one & two"


def test_other_parse_modes_are_refused(world: TelegramWorld) -> None:
    """A parse mode the emulator does not know is refused rather than ignored."""
    assert say(world, "*x*", parse_mode="MarkdownV2").status == 400


def test_text_is_limited_to_4096_characters_after_parsing(world: TelegramWorld) -> None:
    """A text may have 4096 characters, tags not counted; one more is refused."""
    assert len(say(world, f"<b>{'x' * 4096}</b>", parse_mode="HTML").result["text"]) == 4096
    answer = say(world, "x" * 4097)
    assert (answer.status, answer.description) == (400, "Bad Request: message is too long")


def test_empty_text_is_refused(world: TelegramWorld) -> None:
    """A message of blanks, or of tags only, is refused."""
    for text in ("", "  \n", "<b></b>"):
        assert say(world, text, parse_mode="HTML").description == "Bad Request: message text is empty"


# ---------------------------------------------------------------- keyboards


def test_callback_data_is_limited_to_64_bytes(world: TelegramWorld) -> None:
    """Callback data may have 64 bytes, and letters beyond ASCII take more than one."""
    for data, status in (("x" * 64, 200), ("é" * 32, 200), ("x" * 65, 400), ("é" * 33, 400), ("", 400)):
        answer = say(world, reply_markup=keyboard({"text": "Go", "callback_data": data}))
        assert answer.status == status, data
        if status == 400:
            assert answer.description == "Bad Request: BUTTON_DATA_INVALID"


def test_buttons_need_a_text_and_an_action(world: TelegramWorld) -> None:
    """A button without text, or with nothing to do, is refused."""
    assert say(world, reply_markup=keyboard({"text": "", "callback_data": "x"})).status == 400
    assert "Text buttons are unallowed" in say(world, reply_markup=keyboard({"text": "Go"})).description


def test_callback_query_names_user_message_and_data(world: TelegramWorld) -> None:
    """A press brings the bot who pressed, on which message, and the data of the button."""
    query = pressed(world)
    assert query["from"]["id"] == world.person("Alice").id
    assert query["message"]["text"] == "choose"
    assert query["data"] == "yes"
    assert query["chat_instance"]


def test_callback_query_is_answered_once(world: TelegramWorld) -> None:
    """A press can be answered once; an answered or invented one is "too old"."""
    query = pressed(world)
    assert world.call("answerCallbackQuery", callback_query_id=query["id"], text="ok").result is True
    world.person("Alice").expect("^ok$", kind="alert")
    for query_id in (query["id"], "1234"):
        answer = world.call("answerCallbackQuery", callback_query_id=query_id)
        assert answer.status == 400
        assert "query is too old and response timeout expired or query ID is invalid" in answer.description


def test_old_press_can_neither_be_answered_nor_fetched() -> None:
    """After its time a press cannot be answered, and one nobody fetched never arrives."""
    with TelegramWorld(emulator_env={"EMULATOR_CALLBACK_TTL": "1"}) as world:
        world.person("Alice").send("hello")
        query = pressed(world)
        time.sleep(2.1)
        answer = world.call("answerCallbackQuery", callback_query_id=query["id"])
        assert "query is too old" in answer.description
        assert ["message" in update for update in fetch(world)] == [True]


# ---------------------------------------------------------------- edits


def test_unchanged_edit_is_refused(world: TelegramWorld) -> None:
    """An edit that changes neither text nor buttons is refused as "not modified"."""
    buttons = keyboard({"text": "Go", "callback_data": "x"})
    message_id = say(world, reply_markup=buttons).result["message_id"]
    place = {"chat_id": world.person("Alice").id, "message_id": message_id}
    answer = world.call("editMessageText", **place, text="hi", reply_markup=buttons)
    assert answer.status == 400
    assert answer.description.startswith("Bad Request: message is not modified: specified new")
    assert world.call("editMessageReplyMarkup", **place, reply_markup=buttons).status == 400


def test_edit_without_keyboard_removes_it(world: TelegramWorld) -> None:
    """Editing the text without giving the keyboard again takes the buttons away."""
    alice = world.person("Alice")
    message_id = say(world, reply_markup=keyboard({"text": "Go", "callback_data": "x"})).result["message_id"]
    assert alice.buttons() == ["Go"]
    world.call("editMessageText", chat_id=alice.id, message_id=message_id, text="done")
    assert alice.expect("done", kind="edit").labels == []
    assert [(m.text, m.labels) for m in alice.messages()] == [("done", [])]


def test_only_existing_messages_of_the_bot_can_be_edited(world: TelegramWorld) -> None:
    """A message that is not there, or is somebody else's, cannot be edited."""
    alice = world.person("Alice")
    hers = alice.messages(everyone=True)[0].message_id
    for message_id, reason in ((9999, "message to edit not found"), (hers, "message can't be edited")):
        answer = world.call("editMessageText", chat_id=alice.id, message_id=message_id, text="x")
        assert answer.description == f"Bad Request: {reason}"


def test_deleted_message_is_gone(world: TelegramWorld) -> None:
    """A deleted message is no longer in the chat and cannot be deleted again."""
    alice = world.person("Alice")
    place = {"chat_id": alice.id, "message_id": say(world).result["message_id"]}
    assert world.call("deleteMessage", **place).result is True
    alice.expect(kind="deleted")
    assert alice.messages() == []
    assert world.call("deleteMessage", **place).description == "Bad Request: message to delete not found"


# ---------------------------------------------------------------- chats


def test_bot_cannot_write_first(world: TelegramWorld) -> None:
    """A bot cannot write to somebody who has never written to it."""
    answer = world.call("sendMessage", chat_id=424242, text="hi")
    assert (answer.status, answer.description) == (400, "Bad Request: chat not found")


def test_blocked_bot_is_forbidden_until_the_user_writes(world: TelegramWorld) -> None:
    """A bot that was blocked gets 403 until the user writes to it again."""
    alice = world.person("Alice")
    alice.block()
    answer = say(world)
    assert (answer.status, answer.description) == (403, "Forbidden: bot was blocked by the user")
    alice.send("sorry")
    assert say(world).status == 200


def test_people_and_chats_are_kept_apart(world: TelegramWorld) -> None:
    """What the bot writes to a group or to one person is seen there only."""
    alice, bilal, team = world.person("Alice"), world.person("Bilal"), world.group("Team")
    bilal.within(team).send("/start@TestNameBot")
    message = fetch(world)[0]["message"]
    assert message["chat"] == team
    assert message["from"]["first_name"] == "Bilal"
    assert message["entities"] == [{"type": "bot_command", "offset": 0, "length": 18}]
    say(world, "to Alice")
    world.call("sendMessage", chat_id=team["id"], text="to the team")
    alice.within(team).expect("to the team", strictly_next=True)
    alice.expect("to Alice", strictly_next=True)
    assert bilal.messages() == []


def test_wrong_tokens_and_methods_are_refused(world: TelegramWorld) -> None:
    """A malformed token or unknown method is 404, a revoked token 401."""
    assert world.call("sendNothing").status == 404
    assert request(world.port, "POST", "/botnonsense/getMe").status == 404
    assert request(world.port, "POST", "/bot1:revoked/getMe").status == 401
    assert world.call("getMe").result["is_bot"] is True


def test_command_menus_are_kept_by_language(world: TelegramWorld) -> None:
    """The command menu is kept for each language, and bad command names are refused."""
    world.call("setMyCommands", commands=[{"command": "start", "description": "Begin"}])
    world.call("setMyCommands", commands=[{"command": "aide", "description": "Aide"}], language_code="fr")
    assert world.commands() == {"start": "Begin"}
    assert world.commands(language="fr") == {"aide": "Aide"}
    bad = world.call("setMyCommands", commands=[{"command": "Start!", "description": "x"}])
    assert bad.description == "Bad Request: BOT_COMMAND_INVALID"


# ---------------------------------------------------------------- updates


def test_updates_come_again_until_acknowledged(world: TelegramWorld) -> None:
    """An update is delivered again and again until a higher offset acknowledges it."""
    world.person("Alice").send("one")
    world.person("Alice").send("two")
    first = fetch(world)
    assert [u["message"]["text"] for u in first] == ["one", "two"]
    assert fetch(world) == first
    assert fetch(world, limit=1) == first[:1]
    assert fetch(world, offset=first[1]["update_id"]) == first[1:]
    assert world.pending() == first[1:]
    assert fetch(world, offset=first[1]["update_id"] + 1) == []
    assert world.pending() == []


def test_long_poll_blocks_until_timeout(world: TelegramWorld) -> None:
    """A long poll with nothing to deliver answers only when its time is over."""
    began = time.monotonic()
    assert fetch(world, timeout=1) == []
    assert time.monotonic() - began >= 0.95


def test_long_poll_ends_when_something_arrives(world: TelegramWorld) -> None:
    """A long poll answers as soon as somebody writes."""
    with ThreadPoolExecutor(1) as pool:
        polling = pool.submit(fetch, world, timeout=20)
        world.wait_for_poll(since=2)
        assert not polling.done()
        world.person("Alice").send("news")
        assert polling.result(timeout=5)[0]["message"]["text"] == "news"


def test_second_poller_ends_the_first_with_409(world: TelegramWorld) -> None:
    """When two programs poll for one bot, the earlier poll ends with 409."""
    with ThreadPoolExecutor(1) as pool:
        polling = pool.submit(world.call, "getUpdates", timeout=20)
        world.wait_for_poll(since=2)
        assert fetch(world, timeout=1) == []
        first = polling.result(timeout=5)
    assert first.status == 409
    assert first.description.startswith("Conflict: terminated by other getUpdates request")


def test_webhook_takes_the_place_of_polling(world: TelegramWorld) -> None:
    """A webhook gets each update with its secret, again after a failure, and polling is refused meanwhile."""
    seen: list[tuple[str | None, str]] = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Refuse the first delivery and take the second."""
            update = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append((self.headers["X-Telegram-Bot-Api-Secret-Token"], update["message"]["text"]))
            self.send_response(500 if len(seen) == 1 else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is given
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        world.call("setWebhook", url=f"http://127.0.0.1:{server.server_port}/", secret_token="s3cret")  # noqa: S106
        world.person("Alice").send("over the hook")
        assert world.call("getUpdates").status == 409
        world.wait_until_fetched()
        server.shutdown()
        thread.join()
    assert seen == [("s3cret", "over the hook")] * 2


def test_raw_updates_arrive_as_written(world: TelegramWorld) -> None:
    """Any kind of update can be queued, and arrives as the test wrote it."""
    alice = world.person("Alice")
    world.raw_update(edited_message={"from": alice.user, "chat": alice.chat, "text": "corrected"})
    assert fetch(world)[0]["edited_message"]["text"] == "corrected"


# ---------------------------------------------------------------- files


def test_uploaded_document_keeps_its_bytes(world: TelegramWorld) -> None:
    """A document the bot uploads arrives with its name, caption and every byte."""
    document = send_document(world, "récord.html", EVERY_BYTE).result["document"]
    assert (document["file_name"], document["file_size"]) == ("récord.html", len(EVERY_BYTE))
    event = world.person("Alice").expect("Your record", document=r"^récord\.html$")
    assert world.person("Alice").download(event) == EVERY_BYTE
    assert world.journal("sendDocument")[0]["files"][0]["size"] == len(EVERY_BYTE)


def test_empty_document_is_refused(world: TelegramWorld) -> None:
    """An empty file cannot be sent."""
    assert send_document(world, "empty.html", b"").description == "Bad Request: file must be non-empty"


def test_user_file_can_be_downloaded_by_the_bot(world: TelegramWorld) -> None:
    """A file a person sends can be downloaded by the bot, byte by byte."""
    world.person("Alice").upload("notes.pdf", EVERY_BYTE, "application/pdf", caption="see here")
    message = fetch(world)[0]["message"]
    assert message["caption"] == "see here"
    assert message["document"]["mime_type"] == "application/pdf"
    file = world.call("getFile", file_id=message["document"]["file_id"]).result
    answer = request(world.port, "GET", f"/file/bot{BOT_TOKEN}/{file['file_path']}")
    assert answer.body == EVERY_BYTE


# ---------------------------------------------------------------- faults


def seen_by_alice(world: TelegramWorld) -> list[str]:
    """Return the texts the bot has sent to Alice."""
    return [message.text for message in world.person("Alice").messages()]


def test_fault_429_names_the_time_to_wait(world: TelegramWorld) -> None:
    """The fault "429" refuses one call with retry_after; the next one goes through."""
    world.fault("sendMessage", "429", retry_after=7)
    answer = say(world)
    assert answer.status == 429
    assert answer.json["parameters"] == {"retry_after": 7}
    assert answer.description == "Too Many Requests: retry after 7"
    assert seen_by_alice(world) == []
    assert say(world).status == 200


def test_fault_status_gives_any_refusal(world: TelegramWorld) -> None:
    """The fault "status" answers with the code and words the test wants."""
    world.fault("sendMessage", "status", code=403, description="Forbidden: user is deactivated")
    answer = say(world)
    assert (answer.status, answer.description) == (403, "Forbidden: user is deactivated")


def test_fault_502_is_a_page_of_a_gateway(world: TelegramWorld) -> None:
    """The fault "502" answers with HTML, as a gateway does."""
    world.fault("*", "502")
    answer = say(world)
    assert answer.status == 502
    assert b"<html>" in answer.body


def test_fault_garbage_is_success_that_is_not_json(world: TelegramWorld) -> None:
    """The fault "garbage" answers 200 with something that is not JSON."""
    world.fault("sendMessage", "garbage")
    answer = say(world)
    assert answer.status == 200
    with pytest.raises(json.JSONDecodeError):
        _ = answer.json


def test_fault_reset_breaks_the_connection_before_the_call(world: TelegramWorld) -> None:
    """The fault "reset" breaks the connection, and the call never happens."""
    world.fault("sendMessage", "reset")
    with pytest.raises((OSError, http.client.HTTPException)):
        say(world)
    assert seen_by_alice(world) == []


def test_fault_reset_after_breaks_the_connection_after_the_call(world: TelegramWorld) -> None:
    """The fault "reset_after" breaks the connection although the message was sent."""
    world.fault("sendMessage", "reset_after")
    with pytest.raises((OSError, http.client.HTTPException)):
        say(world, "sent")
    assert seen_by_alice(world) == ["sent"]


def test_fault_timeout_answers_nothing(world: TelegramWorld) -> None:
    """The fault "timeout" lets the caller wait in vain, and the call never happens."""
    world.fault("sendMessage", "timeout")
    with pytest.raises(TimeoutError):
        world.call("sendMessage", chat_id=world.person("Alice").id, text="x", http_timeout=0.3)
    assert seen_by_alice(world) == []


def test_fault_delay_answers_late(world: TelegramWorld) -> None:
    """The fault "delay" carries the call out late."""
    world.fault("sendMessage", "delay", seconds=0.4)
    began = time.monotonic()
    assert say(world).status == 200
    assert time.monotonic() - began >= 0.4


def test_fault_lost_reply_sends_but_does_not_say_so(world: TelegramWorld) -> None:
    """The fault "lost_reply" sends the message, but the caller waits in vain for the answer."""
    world.fault("sendMessage", "lost_reply")
    with pytest.raises(TimeoutError):
        world.call("sendMessage", chat_id=world.person("Alice").id, text="sent", http_timeout=0.3)
    assert seen_by_alice(world) == ["sent"]
    assert [(c["fault"], c["applied"]) for c in world.journal("sendMessage")] == [("lost_reply", True)]


def test_fault_duplicate_delivers_an_acknowledged_update_again(world: TelegramWorld) -> None:
    """The fault "duplicate" delivers the last batch once more although it was acknowledged."""
    world.person("Alice").send("once")
    first = fetch(world)
    world.fault("getUpdates", "duplicate")
    after = first[0]["update_id"] + 1
    assert fetch(world, offset=after, timeout=5) == first
    assert fetch(world, offset=after) == []


def test_fault_reorder_delivers_newest_first(world: TelegramWorld) -> None:
    """The fault "reorder" waits for two updates and delivers the newer one first."""
    world.fault("getUpdates", "reorder")
    with ThreadPoolExecutor(1) as pool:
        polling = pool.submit(fetch, world, timeout=10)
        world.person("Alice").send("one")
        world.person("Alice").send("two")
        updates = polling.result(timeout=5)
    assert [u["message"]["text"] for u in updates] == ["two", "one"]


def test_fault_reaches_a_poll_that_is_already_open(world: TelegramWorld) -> None:
    """Setting a fault for getUpdates ends an open poll early, so that the very next one meets it."""
    with ThreadPoolExecutor(1) as pool:
        polling = pool.submit(fetch, world, timeout=20)
        world.wait_for_poll(since=2)
        world.fault("getUpdates", "502")
        assert polling.result(timeout=5) == []
    assert world.call("getUpdates").status == 502


def test_faults_can_be_aimed(world: TelegramWorld) -> None:
    """A fault can skip calls, last for several, and look at parameters; what is left can be taken back."""
    world.fault("sendMessage", "429", skip=1, times=2, match={"text": "x"})
    assert [say(world, text).status for text in ("x", "y", "x", "x", "x")] == [200, 200, 429, 429, 200]
    world.fault("sendMessage", "429", times=99)
    assert len(world.faults()) == 1
    world.clear_faults()
    assert world.faults() == []
    assert say(world).status == 200


def test_impossible_faults_are_refused(world: TelegramWorld) -> None:
    """A fault on a method that does not exist, or that makes no sense there, is an error of the test."""
    for method, kind in (("sendMesage", "429"), ("sendMessage", "reorder"), ("sendMessage", "nonsense")):
        with pytest.raises(ValueError, match="fault"):
            world.fault(method, kind)  # type: ignore[arg-type]


# ---------------------------------------------------------------- the harness and a running bot


def test_conversation_with_a_running_bot(echo: TelegramWorld) -> None:
    """People can type, press buttons and follow links, and see answers and edits."""
    alice = echo.person("Alice")
    alice.send("good morning")
    event = alice.expect("^you said: good", contains="morning", absent="evening", buttons=["Yes", "Not now"])
    assert isinstance(event, Event)
    assert event.labels == ["Yes", "Not now"]
    assert alice.press("now", partly=True) == "https://example.org/"
    assert alice.press("Yes") is None
    alice.expect("noted", kind="alert")
    assert alice.expect(kind="edit").text == "pressed yes"
    alice.expect_none(0.1)
    assert "presses [Yes]" in echo.transcript()


def test_old_buttons_can_still_be_pressed(echo: TelegramWorld) -> None:
    """A button of a message that has since changed can be pressed on the old view, with any data."""
    alice = echo.person("Alice")
    alice.send("hello")
    old = alice.expect("hello")
    alice.press("Yes")
    alice.expect(kind="edit")
    alice.press_data("forged", on=old)
    alice.expect("pressed forged", kind="edit")
    alice.press("Yes", on=old)
    alice.expect("pressed yes", kind="edit")


def test_expectations_fail_with_the_conversation(echo: TelegramWorld) -> None:
    """What does not happen fails, and the failure shows what was said instead."""
    alice = echo.person("Alice")
    alice.send("hello")
    with pytest.raises(ExpectationError, match="you said: hello"):
        alice.expect("good night", timeout=0.5)
    alice.send("hello")
    with pytest.raises(ExpectationError, match="must not be in"):
        alice.expect("you said", absent="hello")
    alice.send("hello")
    with pytest.raises(ExpectationError, match="next, but got"):
        alice.expect("good night", strictly_next=True)
    alice.send("hello")
    with pytest.raises(ExpectationError, match="expected silence"):
        alice.expect_none(0.5)
    with pytest.raises(ExpectationError, match="no button 'Maybe'; there are"):
        alice.press("Maybe", timeout=0.2)
    alice.forget()
    alice.expect_none(0.1)


def test_bot_that_ends_by_itself_fails_the_test_at_once(echo: TelegramWorld) -> None:
    """A bot that dies is noticed long before the time to wait is over."""
    echo.person("Alice").send("stop")
    with pytest.raises(ExpectationError, match="the bot ended by itself, exit code 3"):
        echo.person("Alice").expect("anything", timeout=60)


def test_bot_can_be_expected_to_end(echo: TelegramWorld) -> None:
    """A bot that shall end can be waited for, and its exit code is known."""
    echo.person("Alice").send("stop")
    assert echo.wait_for_exit() == 3


def test_messages_wait_while_the_bot_is_down(echo: TelegramWorld) -> None:
    """What people write while the bot is down is answered after its restart."""
    assert echo.kill_bot() == -signal.SIGKILL
    assert not echo.bot_running
    echo.person("Alice").send("are you there")
    assert len(echo.pending()) == 1
    echo.start_bot()
    echo.person("Alice").expect("are you there")
    echo.wait_until_fetched()
    old = echo.bot_pid
    assert echo.restart_bot(signal.SIGINT) != 0
    assert echo.bot_pid != old


def test_bot_environment_is_given_by_the_test() -> None:
    """The bot gets the emulator's addresses and what the test adds, less what the test removes."""
    script = "import json, os; print(json.dumps(dict(os.environ)))"
    env = {"ADDED": "1", "HOME": None}
    with TelegramWorld([sys.executable, "-c", script], env, start_bot=False) as world:
        world.start_bot({"MORE": "2"}, wait=False)
        assert world.wait_for_exit() == 0
        seen = json.loads(world.bot_log())
    assert seen["TELEGRAM_BOT_TOKEN"] == BOT_TOKEN
    assert seen["TELEGRAM_BASE_URL"].endswith("/bot")
    assert seen["TELEGRAM_BASE_FILE_URL"].endswith("/file/bot")
    assert (seen["ADDED"], seen["MORE"], "HOME" in seen) == ("1", "2", False)


def test_bot_that_never_polls_is_reported_with_its_log() -> None:
    """A bot that ends before it polls fails the start, and its last words are shown."""
    command = [sys.executable, "-c", "import sys; sys.exit('no content found')"]
    with pytest.raises(ExpectationError, match="no content found"), TelegramWorld(command):
        pass


def test_bot_is_not_started_twice(echo: TelegramWorld) -> None:
    """Starting a bot that runs is an error of the test."""
    with pytest.raises(StartError):
        echo.start_bot()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_children_die_with_the_harness(tmp_path: Path) -> None:
    """When the test run is killed, emulator and bot end with it."""
    harness.require_telegram()
    script = (
        "import sys, time; from harness import TelegramWorld\n"
        f"with TelegramWorld({ECHO_BOT!r}) as world:\n"
        "    print(world.emulator_pid, world.bot_pid, flush=True); time.sleep(60)\n"
    )
    env = {**os.environ, "TMPDIR": str(tmp_path)}  # a killed run cannot remove its logs
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, cwd=HERE, env=env, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        pids = [int(word) for word in run.stdout.readline().split()]
        run.kill()
    assert len(pids) == 2
    end = time.monotonic() + 5
    while any(is_alive(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    assert [pid for pid in pids if is_alive(pid)] == []


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended but was not collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


# ---------------------------------------------------------------- machines without node


def test_missing_packages_skip_with_a_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the npm packages tests are skipped, and the reason says what to run."""
    monkeypatch.delenv(harness.REQUIRE, raising=False)
    monkeypatch.setattr(harness, "HERE", tmp_path)
    with pytest.raises(unittest.SkipTest, match="npm ci"):
        TelegramWorld().__enter__()


def test_missing_node_skips_with_a_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without node tests are skipped, and the reason names it."""
    monkeypatch.delenv(harness.REQUIRE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(unittest.SkipTest, match="node"):
        harness.require_telegram()


def test_skipping_can_be_forbidden(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the emulator is required, its absence fails the test instead."""
    monkeypatch.setenv(harness.REQUIRE, "1")
    monkeypatch.setattr(harness, "HERE", tmp_path)
    with pytest.raises(ExpectationError, match=harness.REQUIRE):
        harness.require_telegram()
    assert os.environ[harness.REQUIRE] == "1"
