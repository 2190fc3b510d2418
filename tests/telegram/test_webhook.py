"""The webhook from outside: who may bring what, what is answered, and what becomes of updates when the way changes."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest
from harness import BOT_TOKEN, TelegramWorld, request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_channel import begin, bot_command, count, rows, settled, until
from test_channel_process import refused
from worlds import PATH, free_port, hook_settings, world_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.telegram

HEADER = "X-Telegram-Bot-Api-Secret-Token"
SECRET = "a-secret-of-our-own_0123456789"  # noqa: S105 - opens nothing but a bot of these tests


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the record of this module is kept."""
    return tmp_path_factory.mktemp("webhook") / "advice.db"


@pytest.fixture(scope="module")
def port() -> int:
    """Return where the bot listens."""
    return free_port()


@pytest.fixture(scope="module")
def running(db: Path, port: int) -> Iterator[TelegramWorld]:
    """Start one bot with a secret of its own."""
    file = db.with_name("secret")
    file.write_text(SECRET + "\n", encoding="ascii")
    file.chmod(0o600)
    given = hook_settings(port, THINKCHILD_WEBHOOK_SECRET_FILE=str(file))
    with TelegramWorld(bot_command(db), given, ready_timeout=90.0) as started:
        yield started


@pytest.fixture
def world(running: TelegramWorld) -> Iterator[TelegramWorld]:
    """Give the running bot; whatever was thrown at it, it runs, and its log holds no secret and nothing that was sent."""
    yield running
    log = running.bot_log()
    assert running.bot_running, log
    for unwanted in (SECRET, BOT_TOKEN.partition(":")[2], "Traceback", "Zebedee"):
        assert unwanted not in log


def bring(port: int, body: bytes, *, path: str = PATH, verb: str = "POST", **headers: str) -> tuple[int, str, Any]:
    """Make a request as somebody from outside might; returns status, body and headers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(verb, path, body, {"Content-Type": "application/json", **named})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers
    finally:
        connection.close()


def update_of(number: int, text: str = "/help", user: int = 555_001) -> dict[str, Any]:
    """Return a whole update as Telegram brings it."""
    who = {"id": user, "is_bot": False, "first_name": "Zebedee"}
    chat = {"id": user, "type": "private", "first_name": "Zebedee"}
    message = {"message_id": number, "date": int(time.time()), "chat": chat, "from": who, "text": text}
    return {"update_id": number, "message": message}


def test_telegram_is_told_the_address_and_the_secret(world: TelegramWorld, port: int) -> None:
    """The secret goes to Telegram as the Bot API has it, nothing that waits is dropped, and the address holds no secret."""
    (call,) = world.journal("setWebhook")
    assert call["params"]["url"] == f"http://127.0.0.1:{port}{PATH}"
    assert call["params"]["secret_token"] == SECRET
    assert json.loads(call["params"]["allowed_updates"]) == ["message", "edited_message", "callback_query"]
    assert "true" not in str(call["params"].get("drop_pending_updates", "")).lower()
    assert world.journal("deleteWebhook") == []


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET[:-1], SECRET + "x", SECRET.upper(), "é" * 30])
def test_who_does_not_know_the_secret_is_refused(world: TelegramWorld, db: Path, port: int, secret: str | None) -> None:
    """403, in a word, whatever is brought; nothing of it is kept."""
    before = count(db), count(db, "inbox")
    headers = {} if secret is None else {HEADER: secret.encode().decode("latin-1")}
    status, said, given = bring(port, json.dumps(update_of(700_001, "Zebedee")).encode(), **headers)
    assert (status, said) == (403, "Forbidden\n")
    assert "Server" not in given
    assert (count(db), count(db, "inbox")) == before
    assert world.bot_running


def test_a_stranger_is_refused_before_the_body_is_read(world: TelegramWorld, port: int) -> None:
    """Whoever announces a large body without the secret hears 403 at once, and nobody waits for it."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 403")
    assert world.bot_running


@pytest.mark.parametrize(
    "body",
    [b"", b"hello", b"<html>", b"\xff\xfe", b"[" * 100_000, b"[1]", b'"text"', b"3", b"null", b'{"update_id": 1', b"{}" * 2],
)  # fmt: skip
def test_what_is_no_object_is_refused(world: TelegramWorld, db: Path, port: int, body: bytes) -> None:
    """400, in two words, and no word of it in the log."""
    before = count(db)
    assert bring(port, body, **{HEADER: SECRET})[:2] == (400, "Bad Request\n")
    assert count(db) == before
    assert world.bot_running


@pytest.mark.parametrize(
    "body",
    [{}, {"update_id": "Zebedee"}, {"message": {}}, {"update_id": 5, "message": {"text": "Zebedee"}}, {"update_id": 6, "callback_query": 7}],
)  # fmt: skip
def test_an_update_that_nobody_can_read_is_not_brought_for_ever(
    world: TelegramWorld, db: Path, port: int, body: dict[str, Any]
) -> None:
    """Telegram is told that it was taken, or it would bring it again and again, and nothing behind it."""
    before = count(db), count(db, "inbox")
    assert bring(port, json.dumps(body).encode(), **{HEADER: SECRET})[0] == 200
    assert (count(db), count(db, "inbox")) == before
    assert world.bot_running


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [("GET", PATH, 405), ("PUT", PATH, 405), ("POST", "/", 404), ("GET", "/", 404), ("POST", PATH + "/more", 404),
     ("POST", "/bot" + BOT_TOKEN, 404), ("GET", "/../etc/passwd", 404), ("POST", PATH.upper(), 404)],
)  # fmt: skip
def test_there_is_one_address_and_one_verb(world: TelegramWorld, port: int, verb: str, path: str, status: int) -> None:
    """Everything else is refused in a few words, with the secret or without."""
    for headers in ({}, {HEADER: SECRET}):
        found, said, _ = bring(port, b"{}", path=path, verb=verb, **headers)
        assert found == status
        assert re.fullmatch(r"[A-Z][A-Za-z ]+\n", said)
    assert world.bot_running


def test_a_body_that_is_too_large_is_refused(world: TelegramWorld, db: Path, port: int) -> None:
    """Far above anything that Telegram brings, nothing is read; a long message within the limit is taken."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\n{HEADER}: {SECRET}\r\nContent-Length: 99000000\r\n\r\n".encode()
        )
        assert line.recv(100).startswith(b"HTTP/1.1 400")
    long = update_of(700_100, "it is a long story and " * 40_000, 555_100)
    before = count(db)
    assert bring(port, json.dumps(long).encode(), **{HEADER: SECRET})[0] == 200
    until(lambda: count(db) == before + 1)
    assert world.bot_running


def test_taken_means_on_disk(world: TelegramWorld, db: Path, port: int) -> None:
    """When 200 comes back the update is in the inbox or its turn in the record; brought again it is the same turn."""
    for number in range(700_200, 700_205):
        body = json.dumps(update_of(number, user=number)).encode()
        assert bring(port, body, **{HEADER: SECRET})[0] == 200
        key = f"telegram:{BOT_TOKEN.partition(':')[0]}:{number}:{number}"
        there = "SELECT (SELECT count(*) FROM inbox WHERE key = ?1) + (SELECT count(*) FROM turns WHERE key = ?1)"
        assert rows(db, there, key) == [(1,)]
        assert bring(port, body, **{HEADER: SECRET})[0] == 200
        until(lambda key=key: rows(db, "SELECT count(*) FROM turns WHERE key = ?", key) == [(1,)])
    assert world.bot_running


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["update_id", "message", "callback_query", "chat", "from", "id", "type", "text", "message_id", "date", "data", "is_bot", "first_name", "photo"]
    ), inner, max_size=6),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=json_values)
def test_any_json_is_survived(world: TelegramWorld, port: int, body: Any) -> None:
    """Whatever is brought with the secret: an answer of ours, never an error of the server, and never a traceback."""
    status, said, _ = bring(port, json.dumps(body).encode(), **{HEADER: SECRET})
    assert status in {200, 400}
    assert said in {"", "Bad Request\n"}
    assert world.bot_running


def test_after_all_that_people_are_answered(world: TelegramWorld, db: Path) -> None:
    """Whatever strangers threw at it."""
    begin(world.person("Alice"))
    settled(world, db)


# --- the way changes ---------------------------------------------------------------------------------------------


def test_nothing_is_dropped_when_the_way_changes(tmp_path: Path) -> None:
    """From asking to being told and back, with messages in between: each is answered once, and the buttons work on."""
    db = tmp_path / "advice.db"
    hook = hook_settings(free_port())
    with world_of("polling", db) as world:
        alice = world.person("Alice")
        event = begin(alice)
        settled(world, db)
        world.stop_bot()
        alice.press("No sign of that now", on=event)
        world.start_bot(hook)
        question = alice.expect(contains="before you next see", buttons=["No"])
        settled(world, db)
        world.stop_bot()
        assert world.state()["webhooks"]
        alice.press("No", on=question)
        time.sleep(0.3)
        assert len(world.pending()) == 1
        world.start_bot()
        alice.expect(contains="under six months")
        settled(world, db)
        assert not world.state()["webhooks"]
        assert count(db) == 3


def test_an_address_that_was_taken_away_is_set_again(tmp_path: Path) -> None:
    """Somebody else deletes our webhook, or sets another: it is noticed, set again, and what waited is answered."""
    db = tmp_path / "advice.db"
    changed = "import bot.channels.telegram.webhook as w; w.LOOK_EVERY = 0.3"
    with world_of("webhook", db, changed=changed) as world:
        alice = world.person("Alice")
        for url in ("", "http://127.0.0.1:9/elsewhere"):
            ours = len(world.journal("setWebhook"))
            world.call("deleteWebhook") if not url else world.call("setWebhook", url=url)
            begin(alice)
            assert len(world.journal("setWebhook")) > ours
        assert "was given another address" in world.bot_log()
        first, *more = [
            call["params"]["secret_token"] for call in world.journal("setWebhook") if "secret_token" in call["params"]
        ]
        assert set(more) == {first}
        assert len(first) >= 32
        assert first not in world.bot_log()


def test_what_cannot_be_put_on_disk_is_brought_again(tmp_path: Path) -> None:
    """The record fails a few times: 500 each time, and once it works the message is answered, once."""
    db = tmp_path / "advice.db"
    changed = (
        "import bot.advice_log.log as l\nfrom bot.errors import StoreError\nlive, left = l.AdviceLog.receive, [1] * 4\n"
        "def receive(*given):\n"
        "    if left: left.pop(); raise StoreError('The disk is full: make room.')\n"
        "    return live(*given)\n"
        "l.AdviceLog.receive = receive"
    )
    with world_of("webhook", db, changed=changed) as world:
        begin(world.person("Alice"))
        settled(world, db)
        statuses = [one["status"] for one in world.brought()]
        assert statuses[-1] == 200
        assert set(statuses[:-1]) == {500}
        assert count(db) == 1


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"THINKCHILD_WEBHOOK_URL": "http://bot.example.org/x"}, "https"),
        ({"THINKCHILD_WEBHOOK_URL": "bot.example.org"}, "https"),
        ({"THINKCHILD_WEBHOOK_URL": "https://u:p@bot.example.org/x"}, "no name of a user"),
        ({"THINKCHILD_WEBHOOK_URL": "https://bot.example.org/x?secret=1"}, "no '?'"),
        ({"THINKCHILD_WEBHOOK_URL": "https://bot.example.org:bad/x"}, "https"),
        ({"THINKCHILD_WEBHOOK_LISTEN": "127.0.0.1:8601"}, "THINKCHILD_WEBHOOK_URL is not set"),
        ({"THINKCHILD_WEBHOOK_URL": "https://bot.example.org/x", "THINKCHILD_WEBHOOK_LISTEN": "8601"}, "127.0.0.1:8601"),
        ({"THINKCHILD_WEBHOOK_URL": "https://bot.example.org/x", "THINKCHILD_WEBHOOK_LISTEN": "x:99999"}, "127.0.0.1:8601"),
        ({"THINKCHILD_WEBHOOK_URL": "https://bot.example.org/x", "THINKCHILD_WEBHOOK_SECRET_FILE": "/no/such"}, "cannot be read"),
        ({"THINKCHILD_DEAF_SECONDS": "1"}, "THINKCHILD_DEAF_SECONDS"),
        ({"TELEGRAM_BOT_TOKEN_FILE": "/no/such"}, "Both TELEGRAM_BOT_TOKEN and"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_meant_is_one_sentence(given: dict[str, str], names: str) -> None:
    """It says which setting, and what to write instead; no secret that stands in it is repeated."""
    from bot.channels.telegram.settings import settings as read  # noqa: PLC0415
    from bot.errors import SetupError  # noqa: PLC0415

    with pytest.raises(SetupError) as caught:
        read({"TELEGRAM_BOT_TOKEN": BOT_TOKEN, **given})
    assert names in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "u:p@" not in str(caught.value)
    assert "secret=1" not in str(caught.value)


def test_secrets_come_from_files_that_nobody_else_can_read(tmp_path: Path) -> None:
    """Token and secret are read from files of mode 600, or from where systemd puts them; else one sentence says what to do."""
    from bot.channels.telegram.settings import settings as read  # noqa: PLC0415
    from bot.errors import SetupError  # noqa: PLC0415

    file = tmp_path / "token"
    file.write_text(BOT_TOKEN + "\n", encoding="ascii")
    file.chmod(0o600)
    found = read({"TELEGRAM_BOT_TOKEN_FILE": str(file)})
    assert found.token == BOT_TOKEN
    assert BOT_TOKEN.partition(":")[2] not in repr(found)
    file.chmod(0o640)
    with pytest.raises(SetupError, match="chmod 600"):
        read({"TELEGRAM_BOT_TOKEN_FILE": str(file)})
    guarded = {"TELEGRAM_BOT_TOKEN_FILE": str(file), "CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert read(guarded).token == BOT_TOKEN
    hook = {"THINKCHILD_WEBHOOK_URL": "https://bot.example.org/telegram"}
    made, other = (read({**guarded, **hook}).webhook for _ in range(2))
    assert made is not None
    assert other is not None
    assert made.secret != other.secret
    assert made.secret not in repr(made)
    for wrong in ("short", "with a space in the middle", "käse" * 10):
        file.write_text(wrong, encoding="utf-8")
        with pytest.raises(SetupError) as caught:
            read({"TELEGRAM_BOT_TOKEN": BOT_TOKEN, **hook, "THINKCHILD_WEBHOOK_SECRET_FILE": str(file), "CREDENTIALS_DIRECTORY": str(tmp_path)})  # fmt: skip
        assert wrong not in str(caught.value)


def test_a_place_that_is_taken_is_said(tmp_path: Path) -> None:
    """Somebody else listens there: one sentence, exit code 2, and Telegram was not told of it."""
    with TelegramWorld() as world, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        told = {**world.bot_environment, **hook_settings(taken), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        said = refused(tmp_path / "advice.db", **told)
        assert f"127.0.0.1:{taken}" in said
        assert "THINKCHILD_WEBHOOK_LISTEN" in said
        assert world.journal("setWebhook") == []


def test_the_emulator_brings_the_secret() -> None:
    """These tests would notice a bot that takes updates without it: the emulator brings it as Telegram does."""
    with TelegramWorld() as world, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(10)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        assert (
            request(
                world.port,
                "POST",
                f"/bot{BOT_TOKEN}/setWebhook",
                json.dumps({"url": url, "secret_token": SECRET}).encode(),
            ).status
            == 200
        )
        world.person("Alice").send("/start")
        line, _ = listener.accept()
        with line:
            assert f"{HEADER}: {SECRET}".lower().encode() in line.recv(65536).lower()
