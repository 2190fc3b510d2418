"""Requests that no program of ours makes: to `thinkchild serve`, a process, and to the webhook, a server of Telegram's kind.

Held of every request: an answer that blames whoever sent it, or none where it was no HTTP; never a 5xx, no word of what was sent,
no secret, no traceback; and the next caller is answered.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from content import keep, shipped
from fuzz_common import HANGS, Target, anything, nested, spoils, spoilt, texts
from fuzz_talk import CANARY, RULES, Noted, request_class, whole
from hypothesis import strategies as st
from test_serve import server

from bot.advice_log import AdviceLog, verify
from bot.door import Door
from bot.session import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRET = "a-secret-of-the-fuzzing-0123456789"  # noqa: S105 - opens nothing
TOKEN = "1:" + "b" * 35
PLACE = "/from-telegram"
WHOLE = ("right", "chunked")
"""Ways of sending a body that leave nobody waiting for more of it."""


@dataclass(frozen=True)
class Asked:
    """A request as it goes over the wire."""

    verb: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    how: str
    """How long the body is said to be: right, chunked, more, less, both, none, odd."""
    secret: str

    def written(self) -> bytes:
        """Return its bytes."""
        more = {
            "right": [("Content-Length", str(len(self.body)))],
            "chunked": [("Transfer-Encoding", "chunked")],
            "broken chunks": [("Transfer-Encoding", "chunked")],
            "more": [("Content-Length", str(len(self.body) + 40))],
            "less": [("Content-Length", str(len(self.body) // 2))],
            "both": [("Content-Length", str(len(self.body))), ("Transfer-Encoding", "chunked")],
            "huge": [("Content-Length", "9" * 30)],
            "odd": [("Content-Length", "-1")],
            "none": [],
        }[self.how]
        body = self.body
        if self.how == "chunked":
            parts = [body[place : place + 1000] for place in range(0, len(body), 1000)]
            body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
        headers = [("Host", "localhost"), ("Connection", "close"), *self.headers, *more]
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        return f"{self.verb} {self.path} HTTP/1.1\r\n{head}\r\n".encode("utf-8", "surrogatepass") + body


def answer_to(place: tuple[str, int], asked: Asked) -> tuple[int, bytes]:
    """Send a request and return (status, all that came); status 0 where the other side only hung up."""
    with socket.create_connection(place, timeout=HANGS) as line:
        with suppress(OSError):  # it may hang up before it has read all
            line.sendall(asked.written())
            if asked.how not in WHOLE:  # nobody waits for what will not come
                line.shutdown(socket.SHUT_WR)
        came = b""
        with suppress(ConnectionResetError):
            while part := line.recv(65536):
                came += part
    found = re.match(rb"HTTP/1\.[01] (\d{3})", came)
    assert found or not came, came[:200]
    return (int(found[1]) if found else 0), came


def blames_the_sender(asked: Asked, status: int, came: bytes, repeats: tuple[str, ...] = ()) -> None:
    """Hold what holds of every answer."""
    assert status < 500, f"{status}: {came[:400]!r}"
    assert b"Traceback" not in came
    assert SECRET.encode() not in came
    assert TOKEN.encode() not in came
    if not any(word.encode() in asked.body for word in repeats):
        assert CANARY.encode() not in came, came[:400]
    if asked.how in WHOLE:
        assert status, "a whole request got no answer"


plain_texts = texts.map(lambda text: text.encode("utf-8", "ignore").decode())
header = st.tuples(
    st.sampled_from(
        [
            "Content-Type",
            "Content-Encoding",
            "Authorization",
            "Origin",
            "Expect",
            "X-A",
            "Cookie",
            "Accept",
            "Upgrade",
            "TE",
            "Host",
            "",
        ]
    ),
    st.sampled_from(
        [
            "application/json",
            "text/plain",
            "gzip",
            "deflate",
            "Bearer x",
            "Basic %%%",
            "100-continue",
            "null",
            "é",
            "x" * 3000,
            "a\x00b",
            f"{CANARY}",
            "websocket",
        ]
    ),
)
said = st.fixed_dictionaries(
    {
        "sender": st.sampled_from(["ann", 5, "", CANARY, "x" * 600, None, "\ud800", 10**30]) | anything,
        "message": texts.map(lambda t: f"{t} {CANARY}") | anything,
    },
    optional={"metadata": anything | st.fixed_dictionaries({"message_id": anything}), CANARY: anything},
)
called = st.fixed_dictionaries(
    {
        "next_action": st.sampled_from(["action_guide", "action_back", "", 5, None]) | anything,
        "tracker": anything
        | st.fixed_dictionaries(
            {
                "sender_id": st.sampled_from(["ann", "", 5]) | anything,
                "latest_message": anything
                | st.fixed_dictionaries({"text": anything, "metadata": anything, "message_id": anything}),
                "latest_input_channel": anything,
            }
        ),
    }
)
read = st.fixed_dictionaries({"text": texts.map(lambda t: f"{t} {CANARY}") | anything})
as_json = (said | called | read | anything).map(json.dumps).map(str.encode)
large = st.sampled_from([0, 1, 2, 3]).map(
    lambda n: (
        nested(200_000).encode(),
        nested(60_000, '{"a":', "}").encode(),
        b" " * 2_500_000,
        b'{"message": ' + b"9" * 6_000 + b', "sender": "a"}',
    )[n]
)
bodies = st.one_of(
    as_json,
    as_json,
    st.builds(lambda body, change: spoilt(body, [change]), as_json, spoils),
    st.binary(max_size=300),
    large,
    st.just(b""),
)
hows = st.sampled_from(
    ["right", "right", "right", "chunked", "broken chunks", "more", "less", "both", "huge", "odd", "none"]
)
secrets = st.sampled_from([SECRET, SECRET, SECRET, "", SECRET[:-1], SECRET + "x", SECRET.upper(), "é", "x" * 5000])
rest_requests = st.builds(
    Asked,
    st.sampled_from(["POST", "POST", "POST", "GET", "PUT", "OPTIONS", "HEAD", "G\u00e9T", ""]),
    st.sampled_from(
        [
            "/webhooks/rest/webhook",
            "/webhook",
            "/model/parse",
            "/health",
            "/webhooks/rest/",
            "/",
            "/../etc",
            "/%00",
            "/webhook?a=" + "b" * 9000,
            "*",
        ]
    ),
    st.lists(header, max_size=3).map(tuple),
    bodies,
    hows,
    st.just(""),
)


def _any_updates(draw: st.DrawFn) -> bytes:
    data = whole(draw(st.integers(1, 2**40)), 5001)
    for key in draw(st.lists(st.sampled_from(["update_id", "message", "callback_query"]), max_size=2)):
        data[key] = draw(anything)
    if draw(st.booleans()):
        data["message"] = {
            **whole(1, 5001)["message"],
            draw(st.sampled_from(["from", "chat", "text", "date", "message_id", "document", "photo", "x"])): draw(
                anything
            ),
        }
    return json.dumps(data).encode()


hook_requests = st.builds(
    Asked,
    st.sampled_from(["POST", "POST", "POST", "POST", "GET", "PUT", "HEAD", "PATCH"]),
    st.sampled_from([PLACE, PLACE, PLACE, PLACE + "/", "/", PLACE + "/x", "/%", "/" + "x" * 9000]),
    st.lists(header, max_size=2).map(tuple),
    st.composite(_any_updates)() | bodies,
    hows,
    secrets,
)


@contextmanager
def rest(folder: Path) -> Iterator[Callable[[Asked], None]]:
    """Run one server for all cases."""
    place = folder / "rest"
    place.mkdir()
    with server(place / "advice.db", first="import os; os.environ['THINKCHILD_MODEL'] = 'none'; ") as running:
        host, _, port = running.url.removeprefix("http://").rpartition(":")

        def try_one(asked: Asked) -> None:
            status, came = answer_to((host, int(port)), asked)
            # Rasa's format names the sender again, and the action that is not there.
            blames_the_sender(asked, status, came, ("sender", "next_action"))
            assert running.client.get("/health").status_code == 200
            assert CANARY not in running.log.read_text()
            for path in place.iterdir():
                assert path.name == "serve.log" or CANARY.encode() not in path.read_bytes(), path.name

        yield try_one
    log = AdviceLog.open(place / "advice.db")
    assert verify(log.connection)[1] is None
    log.close()


class Hooked:
    """The webhook's own server, in a thread, with a record behind it and no network before it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.noted = folder, Noted()
        self.loop = asyncio.new_event_loop()
        self.ready, self.ended = threading.Event(), asyncio.Event()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=(self._run(),), daemon=True)
        self.thread.start()
        assert self.ready.wait(HANGS)

    async def _run(self) -> None:
        from telegram import Bot  # noqa: PLC0415 - an extra, which not every target needs

        from bot.channels.telegram.incoming import ChatLocks, DurableQueue  # noqa: PLC0415 - as above
        from bot.channels.telegram.settings import WebhookSettings  # noqa: PLC0415 - as above
        from bot.channels.telegram.tries import Tries  # noqa: PLC0415 - as above
        from bot.channels.telegram.webhook import Webhook  # noqa: PLC0415 - as above

        log = AdviceLog.open(self.folder / "advice.db")
        keep(log, shipped())
        desk = Desk(log, shipped(), channel="telegram", can_remind=True, door=Door(log, RULES))
        self.log = log
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.place = ("127.0.0.1", int(one.getsockname()[1]))
        given = WebhookSettings(f"http://127.0.0.1:{self.place[1]}{PLACE}", *self.place, SECRET)

        class Application:
            bot = Bot(TOKEN, request=request_class()(), get_updates_request=request_class()())
            update_queue = DurableQueue(desk, "1", ChatLocks(), Tries(log))

        async def until(action: Any) -> object:
            return await action()

        self.queue = Application.update_queue
        hook = Webhook(given, asyncio.Event())
        await hook.begin(Application, until)  # type: ignore[arg-type] # what it needs of one
        self.ready.set()
        await self.ended.wait()
        await hook.end(Application)  # type: ignore[arg-type] # as above
        log.close()

    def try_one(self, asked: Asked) -> None:
        """Make a request, and see what is on disk."""
        secret = (("X-Telegram-Bot-Api-Secret-Token", asked.secret),) if asked.secret else ()
        sent = Asked(asked.verb, asked.path, (*secret, *asked.headers), asked.body, asked.how, asked.secret)
        before = self._kept()
        with self.noted:
            status, came = answer_to(self.place, sent)
            blames_the_sender(sent, status, came)
            if asked.secret != SECRET:
                assert status != 200, "it took something without the secret"
                assert self._kept() == before
            for says in self.noted.lines:
                assert CANARY not in says
                assert "Traceback" not in says
                assert SECRET not in says
            self.noted.lines.clear()
            ok = Asked("POST", PLACE, secret_header(), json.dumps({"update_id": 1}).encode(), "right", SECRET)
            assert answer_to(self.place, ok)[0] == 200, "the next caller is not answered"

    def _kept(self) -> int:
        done: list[int] = []
        seen = threading.Event()

        def look() -> None:
            done.append(self.log.connection.execute("SELECT count(*) FROM inbox").fetchone()[0])
            seen.set()

        self.loop.call_soon_threadsafe(look)
        assert seen.wait(HANGS)
        return done[0]

    def close(self) -> None:
        """End the server."""
        self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join(HANGS)
        self.loop.close()


def secret_header() -> tuple[tuple[str, str], ...]:
    """Return the header that shows that it is Telegram."""
    return (("X-Telegram-Bot-Api-Secret-Token", SECRET),)


@contextmanager
def webhook(folder: Path) -> Iterator[Callable[[Asked], None]]:
    """Run one server for all cases."""
    place = folder / "webhook"
    place.mkdir()
    hooked = Hooked(place)
    try:
        yield hooked.try_one
    finally:
        hooked.close()


def sent_bytes(asked: Asked) -> bytes:
    """Return a request as it is saved."""
    return asked.written()


TARGETS = [
    Target("rest", "requests to 'thinkchild serve', a process of its own", rest_requests, rest, 80, sent_bytes),
    Target(
        "webhook", "requests to the webhook, with the secret, another, or none", hook_requests, webhook, 80, sent_bytes
    ),
]
