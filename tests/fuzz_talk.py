"""What people and programs send in conversations: lines of JSON, updates of Telegram, pressed buttons, words.

`chat --json` is a process of its own. Telegram's classes are the real ones, with a bot that has no network: what it would send is
taken as sent. Held of each: it answers, it goes on, nothing that was typed is in the record or in a log line, and the record verifies.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from content import keep, shipped
from fuzz_common import HANGS, Target, anything, nested, spoils, spoilt, texts
from hypothesis import strategies as st

from bot.advice_log import AdviceLog, verify
from bot.channels.jsonl import LONGEST_LINE
from bot.door import Door, Rules
from bot.guard import identifiers
from bot.kept import KeptWeights
from bot.routing import matcher_of, routed
from bot.session import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
CANARY = "zqvanrykcx"
"""A word that nobody writes: it is put into whatever is typed, and may stand in no file and no log line."""
RULES = Rules(is_open=True, per_minute=0)


def holds_nothing_typed(folder: Path) -> None:
    """Hold that no byte of any file is of what was typed."""
    for path in folder.iterdir():
        assert CANARY.encode() not in path.read_bytes(), f"{path.name} holds what was typed"


# --- lines of JSON -----------------------------------------------------------------------------------------

words = texts.map(lambda text: f"{text} {CANARY}") | st.sampled_from(
    [
        "a new partner has moved in",
        "my name is Ann Example",
        "he is not breathing",
        "why",
        "1",
        "/menu",
        "what is a section 47",
    ]
)
ids = st.sampled_from(["mark_on_child", "new_partner", "no_sign", "not_soon", "yes", "no", "done", "not_sure"]) | texts
near = st.one_of(
    st.builds(lambda text: {"text": text}, words),
    st.builds(lambda one: {"open": one}, ids),
    st.builds(lambda one: {"choose": one}, ids | st.lists(ids, max_size=4)),
    st.builds(
        lambda one: {"mark": one}, st.dictionaries(ids, st.sampled_from(["known", "unknown", "worry", "w"]), max_size=4)
    ),
    st.builds(
        lambda one: {"do": one},
        st.sampled_from(["back", "menu", "why", "stop", "help", "danger", "resume", "change", "x"]),
    ),
    st.builds(lambda one, step: {"do": one, "step": step}, st.sampled_from(["change", "why"]), ids),
    st.dictionaries(
        st.sampled_from(["text", "open", "choose", "mark", "do", "step", "x"]) | texts, anything, max_size=3
    ),
)
written = near.map(json.dumps) | near.map(lambda one: json.dumps(one, ensure_ascii=False))
raw = st.one_of(
    written.map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.builds(lambda text, change: spoilt(text.encode("utf-8", "surrogatepass"), [change]), written, spoils),
    anything.map(json.dumps).map(str.encode),
    st.binary(max_size=200),
    st.integers(0, 11).map(lambda place: LARGE[place]),
)
LARGE: tuple[bytes, ...] = (
    nested(100_000).encode(),
    nested(50_000, '{"a":', "}").encode(),
    b'{"text": "' + b"x" * (LONGEST_LINE + 10) + b'"}',
    b'{"open": "' + b"m" * 400_000 + b'"}',
    b'{"do": "' + b"n" * 300_000 + b'"}',
    b'{"' + b"k" * 300_000 + b'": 1}',
    b'{"choose": [' + b'"a",' * 100_000 + b'"b"]}',
    b'{"text": ' + b"9" * 5_000 + b"}",
    b'{"text": NaN}',
    b'{"text": "a", "text": "b"}',
    b"\xef\xbb\xbf" + b'{"do": "help"}',
    b"\xff\xfe{\x00",
)


class Line(bytes):
    """A line to send, which is shown in short."""

    __slots__ = ()

    def __repr__(self) -> str:
        return super().__repr__() if len(self) < 400 else f"<{len(self):,} bytes: {bytes(self[:60])!r}...>"


lines = st.lists(raw.map(lambda line: Line(re.sub(rb"[\r\n]+", b" ", line))), min_size=1, max_size=6)


class Chat:
    """A process that holds a conversation in lines of JSON."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder, 0
        self.start()

    def start(self) -> None:
        """Start it anew: what failed must not spoil the next case."""
        program = "import sys; from bot.cli import main; sys.argv = ['thinkchild', 'chat', '--json', '--db', sys.argv[1]]; main()"
        self.errors = self.folder.with_name("chat.log").open("w+b")
        env = {**os.environ, "PYTHONPATH": str(ROOT), "THINKCHILD_MODEL": "none"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, str(self.folder / "advice.db")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            cwd=ROOT,
            env=env,
        )
        self.out: deque[bytes] = deque()
        self.came = threading.Condition()
        self.reader = threading.Thread(target=self._read, args=(self.process, self.out), daemon=True)
        self.reader.start()
        self._next()

    def _read(self, process: subprocess.Popen[bytes], out: deque[bytes]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            with self.came:
                out.append(line)
                self.came.notify()
        with self.came:
            out.append(b"")
            self.came.notify()

    def _next(self) -> Any:
        with self.came:
            assert self.came.wait_for(lambda: self.out, HANGS), "it does not answer"
            line = self.out.popleft()
        assert line, f"it ended: {self.told()[-1500:]}"
        return json.loads(line)

    def told(self) -> str:
        """Return what it said beside the conversation."""
        self.errors.seek(0)
        return self.errors.read().decode("utf-8", "replace")

    def try_one(self, sent: Sequence[bytes]) -> None:
        """Send lines; each gets one object, and the next line its own."""
        try:
            self._try(sent)
        except BaseException:
            self.close()
            self.start()
            raise

    def close(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()
        self.process.wait()
        self.reader.join(HANGS)
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            with suppress(OSError):
                stream.close()  # type: ignore[union-attr] # all three are there

    def _try(self, sent: Sequence[bytes]) -> None:
        self.count += 1
        assert self.process.stdin is not None
        asked = f"line-{self.count}"
        self.process.stdin.write(b"".join(line + b"\n" for line in sent) + json.dumps({asked: 1}).encode() + b"\n")
        self.process.stdin.flush()
        for line in sent:
            said = self._next()
            assert isinstance(said, dict), said
            assert set(said) == {"error"} or {"session", "replies", "closed"} <= set(said), said
            if "error" in said:
                assert len(said["error"]) < 6_000, f"an error of {len(said['error']):,} letters for {line[:80]!r}"
                assert "\n" not in said["error"]
        last = self._next()
        assert asked in last.get("error", ""), f"not one object a line: {last}"
        holds_nothing_typed(self.folder)

    def end(self) -> None:
        """End the conversation; it ends well, and quietly."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(HANGS) == 0, self.told()
        assert not self.told(), self.told()


@contextmanager
def chat(folder: Path) -> Iterator[Callable[[Sequence[bytes]], None]]:
    """Start one process for all cases."""
    place = folder / "chat"
    place.mkdir()
    running = Chat(place)
    try:
        yield running.try_one
        running.end()
    finally:
        running.close()
    log = AdviceLog.open(place / "advice.db")
    assert verify(log.connection)[1] is None
    log.close()


# --- Telegram ----------------------------------------------------------------------------------------------


@cache
def request_class() -> Any:
    """Return a way for PTB to send that needs no network: whatever is sent was sent."""
    from telegram.request import BaseRequest  # noqa: PLC0415 - an extra, which not every target needs

    class Offline(BaseRequest):
        def __init__(self) -> None:
            self.sent: deque[dict[str, Any]] = deque(maxlen=60)

        async def initialize(self) -> None: ...

        async def shutdown(self) -> None: ...

        @property
        def read_timeout(self) -> float:
            return 1.0

        async def do_request(
            self,
            url: str,
            method: str,  # noqa: ARG002 - as it is called
            request_data: Any = None,
            *_: Any,
            **__: Any,
        ) -> tuple[int, bytes]:
            name = url.rpartition("/")[2].lower()
            given = request_data.json_parameters if request_data is not None else {}
            if "/file/" in url:
                return 200, b"id: sent\ntitle: x\n"
            found: Any = True
            if name.startswith(("send", "edit")):
                self.sent.append(given)
                chat = {"id": int(given.get("chat_id", 1)), "type": "private"}
                found = {"message_id": len(self.sent) + 7, "date": 1, "chat": chat, "text": "x"}
            if name == "getfile":
                found = {"file_id": "f", "file_unique_id": "u", "file_path": "https://example.org/file/bot/x.yaml"}
            return 200, json.dumps({"ok": True, "result": found}).encode()

    return Offline


USERS = (5001, 5002, 5003)
pressing = st.one_of(
    st.tuples(st.just("known"), st.integers(0, 500)),
    st.tuples(st.just("spoilt"), st.integers(0, 500), spoils),
    st.tuples(
        st.just("text"),
        texts | st.from_regex(r"[\w-]{1,20}:(o\d{1,4}(,\d{1,4}){0,3}|m\d{1,4}[kuwx]|[a-z]{1,14}|)", fullmatch=True),
    ),
    st.tuples(
        st.just("text"),
        st.sampled_from(
            [
                f"{'A' * 12}:o0",
                f"{'A' * 16}:o0",
                "x:danger",
                "x:menu",
                ":" * 64,
                "n:1:here",
                "n:9999999999999999999:done",
            ]
        ),
    ),
)
updates = st.one_of(
    st.tuples(
        st.just("text"),
        st.sampled_from(USERS),
        words
        | st.sampled_from(
            [
                "/start",
                "/start new_partner",
                "/exercise",
                "/search x",
                "/change",
                "/receipt",
                "/case",
                "/join ABC-123",
                "/records",
                "/people",
                "/leave",
            ]
        ),
    ),
    st.tuples(st.just("press"), st.sampled_from(USERS), pressing),
    st.tuples(st.just("press"), st.sampled_from(USERS), pressing),
    st.tuples(
        st.just("odd"),
        st.sampled_from(USERS),
        st.lists(st.tuples(st.integers(0, 40), anything), min_size=1, max_size=3),
    ),
    st.tuples(
        st.just("any"),
        st.sampled_from(USERS),
        st.dictionaries(
            st.sampled_from(["update_id", "message", "callback_query", "edited_message", "poll"]), anything
        ),
    ),
)


def whole(number: int, user: int) -> dict[str, Any]:
    """Return an update with everything in it that we look at."""
    who = {"id": user, "is_bot": False, "first_name": CANARY}
    chat = {"id": user, "type": "private", "first_name": CANARY}
    message = {"message_id": number, "date": 1_700_000_000, "chat": chat, "from": who}
    document = {"file_id": "f", "file_unique_id": "u", "file_name": "a.yaml", "file_size": 10}
    return {
        "update_id": number,
        "message": {**message, "text": f"hello {CANARY}", "document": document, "media_group_id": "1"},
        "callback_query": {"id": "1", "from": who, "chat_instance": "1", "data": "x:menu", "message": message},
    }


class Talks:
    """The channel of a bot, from an update as Telegram brings it to what is sent."""

    def __init__(self, folder: Path) -> None:
        from telegram import Bot  # noqa: PLC0415 - as above

        from bot.exercises.opening import open_hall  # noqa: PLC0415 - as above
        from bot.exercises.store import ExerciseStore, beside  # noqa: PLC0415 - as above

        self.folder, self.number = folder, 0
        self.log = AdviceLog.open(folder / "advice.db")
        keep(self.log, shipped())
        self.desk = Desk(self.log, shipped(), channel="telegram", can_remind=True, door=Door(self.log, RULES))
        self.store = ExerciseStore.open(beside(folder / "advice.db"))
        self.hall, _ = open_hall(shipped(), self.store, channel="telegram", trainers=None)
        self.request = request_class()()
        self.bot = Bot("1:" + "a" * 35, request=self.request, get_updates_request=request_class()())
        self.noted = Noted()

    async def _open(self) -> None:
        from bot.channels.telegram.channel import Channel  # noqa: PLC0415 - as above
        from bot.channels.telegram.exercise_post import Post  # noqa: PLC0415 - as above
        from bot.channels.telegram.exercising import Exercising  # noqa: PLC0415 - as above
        from bot.channels.telegram.incoming import ChatLocks, DurableQueue  # noqa: PLC0415 - as above
        from bot.channels.telegram.outgoing import Outgoing  # noqa: PLC0415 - as above
        from bot.channels.telegram.sending import Sender  # noqa: PLC0415 - as above
        from bot.channels.telegram.tries import Tries  # noqa: PLC0415 - as above

        locks, tries = ChatLocks(), Tries(self.log)
        self.queue = DurableQueue(self.desk, "1", locks, tries)
        self.queue.username = "thinkchild_bot"
        self.queue.may_send = lambda _: True
        outgoing = Outgoing(self.desk, Sender(self.bot, lambda: "again"), locks)
        post = Post(self.hall, outgoing)
        exercises = Exercising(self.hall, post, self.desk, "thinkchild_bot")
        self.channel = Channel(self.desk, outgoing, "thinkchild_bot", tries, exercises)

    def try_one(self, case: Sequence[Any]) -> None:
        """Bring updates one after the other, and look at what is left."""
        self.noted.lines.clear()
        self.log.forget_received(*(key for key, _ in self.log.received()))
        asyncio.run(self._bring(case))
        assert verify(self.log.connection)[1] is None
        waiting = self.log.received()
        assert not waiting, f"not handled: {waiting}"
        self.log.leave_no_trace()
        for path in self.folder.iterdir():
            assert CANARY.encode() not in path.read_bytes(), f"{path.name} holds what was typed"

    async def _bring(self, case: Sequence[Any]) -> None:
        from telegram import Update  # noqa: PLC0415 - as above

        await self._open()
        for one in case:
            self.number += 1
            owners = dict(self.log.connection.execute("SELECT session, person FROM owners").fetchall())
            before = self._turns()
            with self.noted:
                try:
                    update = Update.de_json(self._update(one), self.bot)
                except Exception:  # noqa: BLE001, S112 - what PTB cannot read is passed over where it comes in
                    continue
                await self.queue.put(update)
                while not self.queue.empty():
                    await self.channel.take(self.queue.get_nowait())
            mine = {self.desk.person(str(one[1])).id}
            others = [
                s for s, n in self._turns().items() if n != before.get(s, 0) and s in owners and owners[s] not in mine
            ]
            assert one[0] == "any" or one[0] == "odd" or not others, f"{one} was a turn in somebody else's session"
            for says in self.noted.lines:
                assert CANARY not in says, says
                assert "Traceback" not in says, says
                assert "A turn failed" not in says, f"{says} at {one}"
                assert "a" * 35 not in says, says
            self.noted.lines.clear()

    def _turns(self) -> dict[str, int]:
        return dict(self.log.connection.execute("SELECT session, max(n) FROM turns GROUP BY session").fetchall())

    def _update(self, one: Any) -> dict[str, Any]:
        kind, user, what = one
        data = whole(self.number, user)
        if kind == "any":
            return dict(what)
        if kind == "odd":
            places = list(_places(data))
            for number, value in what:
                holder, key = places[number % len(places)]
                holder[key] = value
            return data
        if kind == "text":
            data["message"] = {**data["message"], "text": what}
            del data["message"]["document"], data["message"]["media_group_id"], data["callback_query"]
            return data
        del data["message"]
        data["callback_query"]["data"] = self._data(what)
        return data

    def _data(self, what: Any) -> str:
        if what[0] == "text":
            return str(what[1])
        buttons = self._buttons() or ["x:menu"]
        data = buttons[what[1] % len(buttons)]
        return data if what[0] == "known" else spoilt(data.encode(), [what[2]]).decode("utf-8", "replace")

    def _buttons(self) -> list[str]:
        """Return what stands behind every button of the last messages."""
        found: list[str] = []
        for given in self.request.sent:
            markup = json.loads(given.get("reply_markup", "{}"))
            found += [
                button["callback_data"]
                for row in markup.get("inline_keyboard", ())
                for button in row
                if "callback_data" in button
            ]
        return found

    def close(self) -> None:
        """Close the files."""
        self.store.close()
        self.log.close()


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    for key in list(data):
        yield data, key
        if isinstance(data[key], dict):
            yield from _places(data[key])


class Noted(logging.Handler):
    """Keeps what the program logs."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line of ours."""
        if record.name.startswith("bot"):
            self.lines.append(self.format(record))

    def __enter__(self) -> None:
        logging.getLogger("bot").addHandler(self)

    def __exit__(self, *_: object) -> None:
        logging.getLogger("bot").removeHandler(self)


@contextmanager
def telegram(folder: Path) -> Iterator[Callable[[Sequence[Any]], None]]:
    """Open a record and a channel for all cases."""
    place = folder / "telegram"
    place.mkdir()
    talks = Talks(place)
    try:
        yield talks.try_one
    finally:
        talks.close()


# --- words -------------------------------------------------------------------------------------------------

pieces = st.sampled_from(
    [
        "he is not breathing",
        "new partner",
        "07700 900123",
        "SW1A 1AA",
        "943 476 5919",
        "@someone",
        "a@b.example",
        "1/2/2019",
        "Mr Featherstonehaugh",
        "( ",
        "))",
        "1 ",
        "a" * 60,
        "0" * 60,
        "-" * 40,
        ".",
        "@",
        "/",
        "é",
        "\u202e",
        "!",
        "\n",
        "www.",
        "http://",
        "is ",
        "he ",
        "not ",
    ]
)
long_texts = st.one_of(
    texts,
    st.builds(
        lambda piece, times: piece * times,
        pieces | texts.filter(lambda text: len(text) < 40),
        st.sampled_from([1, 10, 1_000, 20_000]),
    ),
    st.lists(pieces, max_size=60).map("".join),
    st.lists(pieces, max_size=60).map(" ".join),
    st.builds(lambda one, two, times: (one + two) * times, pieces, pieces, st.sampled_from([50, 5_000])),
)
WORK_SECONDS = 20.0
"""Seconds of work, not of waiting, that no text may take: a hundred times what the longest usually does."""


@contextmanager
def understanding(_folder: Path) -> Iterator[Callable[[str], None]]:
    """Read any text as the guard and the matcher do."""
    matcher = matcher_of(shipped(), KeptWeights())
    routed(matcher, "a new partner")

    def try_one(text: str) -> None:
        text = text[:1_000_000]
        begun = time.process_time()
        for found in identifiers(text):
            assert found
        took = time.process_time() - begun
        assert took < WORK_SECONDS, f"the guard worked {took:.1f} s on {len(text):,} letters"
        begun = time.process_time()
        said = routed(matcher, text)
        took = time.process_time() - begun
        assert said["decision"] in {"danger", "flow", "choose", "unknown"}
        assert took < WORK_SECONDS, f"the matcher worked {took:.1f} s on {len(text):,} letters"

    yield try_one


TARGETS = [
    Target("chat", "lines sent to 'chat --json', a process of its own", lines, chat, 60, b"\n".join),
    Target(
        "telegram",
        "updates and pressed buttons, through Telegram's own classes",
        st.lists(updates, min_size=1, max_size=6),
        telegram,
        40,
    ),
    Target("words", "any words, read by the guard and the matcher", long_texts, understanding, 60),
]
