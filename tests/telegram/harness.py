"""An offline Telegram for end-to-end tests: an emulated Bot API, the bot under test, people who talk to it.

    with TelegramWorld(["thinkchild", "telegram"]) as world:
        alice = world.person("Alice")
        alice.send("/start")
        alice.expect(contains="Hello", buttons=["Yes"])
        alice.press("Yes")

Only the standard library is used here; the emulator itself (`emulator.js`) needs node and `npm ci`.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

Json = dict[str, Any]
Kind = Literal["message", "edit", "document", "photo", "alert", "action", "deleted"]
Fault = Literal[
    "429", "status", "502", "garbage", "reset", "timeout",
    "delay", "lost_reply", "reset_after", "duplicate", "reorder",
]  # fmt: skip

HERE = Path(__file__).resolve().parent
HOST = "127.0.0.1"
BOT_TOKEN = "5000000001:AAemulatoremulatoremulatoremulator"  # noqa: S105 - opens nothing but the emulator
BOT_USERNAME = "TestNameBot"
REQUIRE = "THINKCHILD_REQUIRE_TELEGRAM"
SEEN_BY_PEOPLE: frozenset[str] = frozenset({"message", "edit", "document", "photo"})

# Starts a program that the kernel kills when the test run itself is killed. The program takes over this
# process, so its pid is the one we know. A preexec_fn would do as much, but is unsafe beside threads.
_LAUNCHER = """
import os, signal, sys
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != int(sys.argv[1]):
        sys.exit("the test run ended before its child began")
os.execvp(sys.argv[2], sys.argv[2:])
"""


class ExpectationError(AssertionError):
    """The bot did not do what the test expected; the text tells what happened instead."""


class StartError(RuntimeError):
    """The emulator or the bot did not come up."""


def why_unavailable() -> str | None:
    """Say in one sentence what the emulator lacks on this machine, or None when it can run."""
    if shutil.which("node") is None:
        return "the Telegram emulator needs node (18 or newer), which is not installed"
    for package in ("telegram-test-api", "multer"):
        if not (HERE / "node_modules" / package / "package.json").is_file():
            return f"the Telegram emulator lacks {package}: run `npm ci` in tests/telegram"
    return None


def require_telegram() -> None:
    """Skip the test when the emulator cannot run, or fail it when THINKCHILD_REQUIRE_TELEGRAM=1."""
    reason = why_unavailable()
    if reason is None:
        return
    if os.environ.get(REQUIRE) == "1":
        raise ExpectationError(f"{reason} ({REQUIRE}=1 forbids to skip)")
    raise unittest.SkipTest(reason)


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP, whether or not it is JSON."""

    status: int
    body: bytes

    @property
    def json(self) -> Json:
        """The body as the JSON object every Bot API answer is."""
        value = json.loads(self.body)
        if not isinstance(value, dict):
            raise TypeError(f"not an object: {value!r}")
        return value

    @property
    def result(self) -> Any:
        """The result of a call that went well."""
        if self.status != http.client.OK:
            raise ExpectationError(f"HTTP {self.status}: {self.body.decode(errors='replace')}")
        return self.json["result"]

    @property
    def description(self) -> str:
        """The reason of a call that was refused."""
        return str(self.json.get("description", ""))


def request(
    port: int,
    verb: str,
    path: str,
    body: bytes | None = None,
    *,
    content_type: str = "application/json",
    timeout: float = 30.0,
) -> Answer:
    """Make one plain HTTP request to the emulator; broken connections raise OSError or HTTPException."""
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout)
    try:
        headers = {} if body is None else {"Content-Type": content_type}
        connection.request(verb, path, body=body, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, response.read())
    finally:
        connection.close()


@dataclass(frozen=True)
class Button:
    """One button of an inline keyboard."""

    text: str
    data: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class Event:
    """One thing the bot did in a chat, or one message as it stands there now."""

    kind: Kind
    chat_id: int | None
    message_id: int | None = None
    text: str = ""
    keyboard: tuple[tuple[Button, ...], ...] = ()
    entities: tuple[Json, ...] = ()
    file_name: str | None = None
    file_id: str | None = None
    raw: Json = field(default_factory=dict, repr=False)

    @property
    def buttons(self) -> list[Button]:
        """All buttons of the message, row by row."""
        return [button for row in self.keyboard for button in row]

    @property
    def labels(self) -> list[str]:
        """The texts on the buttons, row by row."""
        return [button.text for button in self.buttons]

    def marked(self, entity_type: str) -> list[str]:
        """Return the pieces of text set in one style, such as "bold" or "text_link"."""
        units = self.text.encode("utf-16-le")  # Telegram counts offsets in UTF-16 units of two bytes
        return [
            units[2 * e["offset"] : 2 * (e["offset"] + e["length"])].decode("utf-16-le")
            for e in self.entities
            if e["type"] == entity_type
        ]


def _event_of_message(message: Json, *, edited: bool = False) -> Event:
    document = message.get("document")
    photo = message.get("photo")
    kind: Kind = "message"
    if edited:
        kind = "edit"
    elif document:
        kind = "document"
    elif photo:
        kind = "photo"
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    file = document or (photo[-1] if photo else {})
    return Event(
        kind=kind,
        chat_id=message["chat"]["id"],
        message_id=message["message_id"],
        text=message.get("text") or message.get("caption") or "",
        keyboard=tuple(tuple(Button(b["text"], b.get("callback_data"), b.get("url")) for b in row) for row in rows),
        entities=tuple(message.get("entities") or message.get("caption_entities") or ()),
        file_name=file.get("file_name"),
        file_id=file.get("file_id"),
        raw=message,
    )


def _event_of_call(call: Json) -> Event | None:
    """Return what people could see of one entry of the journal; None when there was nothing to see."""
    method, params, chat_id = call["method"], call["params"], call["chat_id"]
    if not call["applied"] or call["status"] != http.client.OK:
        return None
    result = call["response"]["result"]
    if isinstance(result, dict) and method.startswith(("send", "edit")):
        return _event_of_message(result, edited=method.startswith("edit"))
    if method == "answerCallbackQuery":
        return Event("alert", chat_id, text=params.get("text", ""), raw=params)
    if method == "sendChatAction":
        return Event("action", chat_id, text=params["action"], raw=params)
    if method == "deleteMessage":
        return Event("deleted", chat_id, message_id=int(params["message_id"]), raw=params)
    return None


def _listed(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


@dataclass(frozen=True)
class _Wanted:
    """What a test waits for."""

    kinds: frozenset[str]
    text: str | None
    contains: list[str]
    buttons: list[str]
    document: str | None

    def fits(self, event: Event) -> bool:
        return (
            event.kind in self.kinds
            and (self.text is None or re.search(self.text, event.text, re.DOTALL) is not None)
            and all(part in event.text for part in self.contains)
            and all(label in event.labels for label in self.buttons)
            and (self.document is None or re.search(self.document, event.file_name or "") is not None)
        )

    def __str__(self) -> str:
        details = {name: getattr(self, name) for name in ("text", "contains", "buttons", "document")}
        given = [f"{name}={value!r}" for name, value in details.items() if value]
        return ", ".join([" or ".join(sorted(self.kinds)), *given])


class Person:
    """One person in one chat: what they type and press, and what they see of the bot."""

    def __init__(self, world: TelegramWorld, user: Json, chat: Json) -> None:
        self.world = world
        self.user = user
        self.chat = chat

    @property
    def id(self) -> int:
        """The person's user id."""
        return int(self.user["id"])

    @property
    def chat_id(self) -> int:
        """The id of the chat; in a private chat, the user id."""
        return int(self.chat["id"])

    def within(self, group: Json) -> Person:
        """Return the same person, speaking in a group made by `TelegramWorld.group`."""
        return Person(self.world, self.user, group)

    # -- what the person does --

    def send(self, text: str, **fields: Any) -> None:
        """Type a message; `fields` are further parts of a Message, such as reply_to_message."""
        message = self._message(text=text, **fields)
        command = re.match(r"/\w+(@\w+)?", text)
        if command:
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(command[0])}]
        self.world.post("/sendCommand" if command else "/sendMessage", message)
        self.world.tell(self.user["first_name"], text)

    def upload(
        self,
        name: str,
        data: bytes,
        mime: str = "application/octet-stream",
        *,
        caption: str | None = None,
        kind: Literal["document", "photo", "voice"] = "document",
    ) -> None:
        """Send a file."""
        query = urlencode({"name": name, "mime": mime})
        file: Json = self.world.post(f"/__h/upload?{query}", data)
        part: Any = file
        if kind == "photo":
            size = {k: file[k] for k in ("file_id", "file_unique_id", "file_size")}
            part = [{**size, "width": 1, "height": 1}]
        elif kind == "voice":
            part = {**{k: v for k, v in file.items() if k != "file_name"}, "duration": 1}
        extra = {} if caption is None else {"caption": caption}
        self.world.post("/sendMessage", self._message(**{kind: part}, **extra))
        self.world.tell(self.user["first_name"], f"[{kind} {name}, {len(data)} bytes]")

    def press(
        self, label: str, *, on: Event | None = None, partly: bool = False, timeout: float | None = None
    ) -> str | None:
        """Press the newest button with this label, waiting for it to appear; return the address of a link.

        With `on` the button is looked for on that message as it was then, the way somebody scrolls up or
        has an old view. With `partly` a label that contains the given text, in any case, will do.
        """
        end = time.monotonic() + self.world.patience(timeout)
        while True:
            messages = [on] if on else self.messages()[::-1]
            for message in messages:
                for button in message.buttons:
                    if button.text == label or (partly and label.casefold() in button.text.casefold()):
                        return self._press(message, button)
            if time.monotonic() > end:
                labels = [text for message in messages for text in message.labels]
                raise ExpectationError(self.world.report(f"no button {label!r}; there are {labels}"))
            self.world.check_bot()
            self.world.refresh(wait=0.2)

    def press_data(self, data: str, on: Event) -> None:
        """Press a button with any callback data on a message, even one the bot never offered."""
        self._press(on, Button(data, data))

    def block(self) -> None:
        """Block the bot, so that it can no longer send here; sending it a message unblocks it."""
        self.world.post("/__h/block", {"chat_id": self.chat_id})

    def unblock(self) -> None:
        """Let the bot send here again."""
        self.world.post("/__h/block", {"chat_id": self.chat_id, "blocked": False})

    # -- what the person sees --

    def expect(
        self,
        text: str | None = None,
        *,
        contains: str | Sequence[str] = (),
        absent: str | Sequence[str] = (),
        buttons: Sequence[str] = (),
        document: str | None = None,
        kind: Kind | None = None,
        strictly_next: bool = False,
        timeout: float | None = None,
    ) -> Event:
        """Wait for what the bot does next in this chat that fits, and return it.

        `text` is a regular expression searched in the text or caption; `contains` and `absent` are plain
        pieces of text that must and must not be in it; `buttons` are labels that must be there; `document`
        is a regular expression for a file name. Without `kind` any message, edit, document or photo will
        do. What does not fit is passed over, unless `strictly_next`.
        """
        kinds = frozenset({kind}) if kind else SEEN_BY_PEOPLE
        if document is not None and kind is None:
            kinds = frozenset({"document"})
        wanted = _Wanted(kinds, text, _listed(contains), list(buttons), document)
        end = time.monotonic() + self.world.patience(timeout)
        passed: list[Event] = []
        inbox = self.world.inbox(self.chat_id)
        while True:
            self.world.refresh()
            while inbox:
                event = inbox.popleft()
                if wanted.fits(event):
                    return self._without(event, _listed(absent))
                passed.append(event)
                if strictly_next and event.kind in SEEN_BY_PEOPLE:
                    raise ExpectationError(self.world.report(f"expected {wanted} next, but got {event}"))
            if time.monotonic() > end:
                problem = f"waited in vain for {wanted}; passed over {passed}"
                raise ExpectationError(self.world.report(problem))
            self.world.check_bot()
            self.world.refresh(wait=min(0.5, max(0.0, end - time.monotonic())))

    def expect_none(self, seconds: float = 1.0, kind: Kind | None = None) -> None:
        """Wait this long and fail if the bot wrote anything that was not yet expected."""
        time.sleep(seconds)
        self.world.refresh()
        kinds = {kind} if kind else SEEN_BY_PEOPLE
        unexpected = [event for event in self.world.inbox(self.chat_id) if event.kind in kinds]
        if unexpected:
            raise ExpectationError(self.world.report(f"expected silence, but got {unexpected}"))

    def forget(self) -> None:
        """Pass over everything the bot has done in this chat so far."""
        self.world.refresh()
        self.world.inbox(self.chat_id).clear()

    def messages(self, *, everyone: bool = False) -> list[Event]:
        """Return the bot's messages (or everyone's) as they stand in the chat now, oldest first."""
        found = self.world.get(f"/__h/messages?chat={self.chat_id}")
        return [_event_of_message(m) for m in found if everyone or m.get("from", {}).get("is_bot")]

    def buttons(self) -> list[str]:
        """Return the labels of all buttons that can be pressed now, newest message first."""
        return [label for message in reversed(self.messages()) for label in message.labels]

    def download(self, event: Event) -> bytes:
        """Return the bytes of the document or photo of an event."""
        if event.file_id is None:
            raise ExpectationError(f"there is no file in {event}")
        return request(self.world.port, "GET", f"/__h/file?id={event.file_id}").body

    # -- inside --

    def _message(self, **fields: Any) -> Json:
        return {"botToken": BOT_TOKEN, "from": self.user, "chat": self.chat, **fields}

    def _press(self, message: Event, button: Button) -> str | None:
        self.world.tell(self.user["first_name"], f"presses [{button.text}]")
        if button.data is None:
            return button.url
        press = {"botToken": BOT_TOKEN, "from": self.user, "message": message.raw, "data": button.data}
        self.world.post("/sendCallback", press)
        return None

    def _without(self, event: Event, absent: list[str]) -> Event:
        for part in absent:
            if part in event.text:
                raise ExpectationError(self.world.report(f"{part!r} must not be in {event.text!r}"))
        return event


class TelegramWorld:
    """An emulated Telegram with one bot; use it as a context manager.

    `command` starts the bot; its environment is that of the test run, then TELEGRAM_BOT_TOKEN,
    TELEGRAM_BASE_URL and TELEGRAM_BASE_FILE_URL, then `env` (None removes a variable). Without a command
    only the emulator runs. `timeout` is how long people wait for the bot, in seconds.
    """

    def __init__(
        self,
        command: Sequence[str] = (),
        env: Mapping[str, str | None] | None = None,
        *,
        cwd: Path | None = None,
        timeout: float = 10.0,
        ready_timeout: float = 30.0,
        emulator_env: Mapping[str, str] | None = None,
        start_bot: bool = True,
    ) -> None:
        self.command = list(command)
        self.env = dict(env or {})
        self.cwd = cwd
        self.timeout = timeout
        self.ready_timeout = ready_timeout
        self.emulator_env = dict(emulator_env or {})
        self.port = 0
        self._start_bot = start_bot and bool(command)
        self._emulator: subprocess.Popen[str] | None = None
        self._bot: subprocess.Popen[bytes] | None = None
        self._bot_should_run = False
        self._logs = ""
        self._began = time.monotonic()
        self._journal_read = 0
        self._inboxes: dict[int, deque[Event]] = {}
        self._people: dict[str, Person] = {}
        self._groups: dict[str, Json] = {}
        self._transcript: list[str] = []

    # -- beginning and end --

    def __enter__(self) -> Self:
        require_telegram()
        self._logs = tempfile.mkdtemp(prefix="thinkchild-telegram-")
        try:
            self._start_emulator()
            if self._start_bot:
                self.start_bot()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the bot, then the emulator, and remove their logs."""
        self._bot_should_run = False
        for process in (self._bot, self._emulator):
            if process is not None:
                _stop(process, signal.SIGTERM, grace=10.0)
                if process.stdout is not None:
                    process.stdout.close()
        shutil.rmtree(self._logs, ignore_errors=True)

    def _start_emulator(self) -> None:
        # The errors go to a file: a pipe nobody reads would stop the emulator once it is full.
        with (Path(self._logs) / "emulator.log").open("wb") as log:
            self._emulator = subprocess.Popen(
                _launch(["node", str(HERE / "emulator.js")]),
                env={**os.environ, **self.emulator_env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        if self._emulator.stdout is None:
            raise StartError("the emulator has no output")
        words = self._emulator.stdout.readline().split()
        if words[:1] != ["READY"]:
            raise StartError(f"the emulator did not start: {self._log('emulator.log')}")
        self.port = int(words[1])

    # -- the bot as a process --

    @property
    def bot_environment(self) -> dict[str, str]:
        """The variables that lead a bot to this emulator."""
        return {
            "TELEGRAM_BOT_TOKEN": BOT_TOKEN,
            "TELEGRAM_BASE_URL": f"http://{HOST}:{self.port}/bot",
            "TELEGRAM_BASE_FILE_URL": f"http://{HOST}:{self.port}/file/bot",
        }

    @property
    def emulator_pid(self) -> int:
        """The process id of the emulator."""
        if self._emulator is None:
            raise StartError("the emulator was not started")
        return self._emulator.pid

    @property
    def bot_pid(self) -> int:
        """The process id of the bot started last."""
        return self._need_bot().pid

    @property
    def bot_running(self) -> bool:
        """Whether the bot's process is alive."""
        return self._bot is not None and self._bot.poll() is None

    def start_bot(self, env: Mapping[str, str | None] | None = None, *, wait: bool = True) -> None:
        """Start the bot, with further variables if wanted, and wait until it polls or has set its webhook."""
        if self.bot_running:
            raise StartError("the bot is already running")
        # A proxy that is set for the outside must not come between the bot and the loopback address.
        direct = {"NO_PROXY": HOST, "no_proxy": HOST, "PYTHONUNBUFFERED": "1"}
        wanted = {**os.environ, **direct, **self.bot_environment, **self.env, **(env or {})}
        before = self.poll_count()
        with (Path(self._logs) / "bot.log").open("ab") as log:
            self._bot = subprocess.Popen(
                _launch(self.command),
                env={name: value for name, value in wanted.items() if value is not None},
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._bot_should_run = True
        self.tell("--", "the bot is started")
        if wait:
            self.wait_for_poll(since=before)

    def wait_for_poll(self, since: int | None = None, timeout: float | None = None) -> None:
        """Wait until the bot asks for updates once more (than `since` times)."""
        before = self.poll_count() if since is None else since
        self._wait(
            lambda: self.poll_count() > before,
            self.ready_timeout if timeout is None else timeout,
            "the bot did not ask for updates",
        )

    def wait_until_fetched(self, timeout: float | None = None) -> None:
        """Wait until the bot has acknowledged every update."""
        self._wait(lambda: not self.pending(), self.patience(timeout), "updates were left unacknowledged")

    def signal_bot(self, number: signal.Signals) -> None:
        """Send the bot's process a signal and do not wait; use `stop_bot` to end it."""
        self._need_bot().send_signal(number)

    def stop_bot(self, number: signal.Signals = signal.SIGTERM, *, grace: float = 10.0) -> int:
        """End the bot with a signal (SIGKILL after `grace` seconds) and return its exit code."""
        self._bot_should_run = False
        code = _stop(self._need_bot(), number, grace)
        self.tell("--", f"the bot ended with {number.name}, exit code {code}")
        return code

    def kill_bot(self) -> int:
        """Kill the bot with no chance to tidy up, as a power cut would."""
        return self.stop_bot(signal.SIGKILL)

    def restart_bot(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End the bot with a signal, start it again, and return how the first one exited."""
        code = self.stop_bot(number)
        self.start_bot()
        return code

    def wait_for_exit(self, timeout: float | None = None) -> int:
        """Wait until the bot ends by itself and return its exit code."""
        self._bot_should_run = False
        try:
            return self._need_bot().wait(self.patience(timeout))
        except subprocess.TimeoutExpired:
            raise ExpectationError(self.report("the bot did not end")) from None

    def bot_log(self) -> str:
        """Return everything the bot printed, over all its starts."""
        return self._log("bot.log")

    # -- people and chats --

    def person(self, name: str = "Alice", *, language: str = "en", username: str | None = None) -> Person:
        """Return the person of that name, in their private chat with the bot."""
        if name not in self._people:
            user_id = 1001 + len(self._people)
            names = {"first_name": name, "username": username or name.casefold().replace(" ", "_")}
            user = {"id": user_id, "is_bot": False, **names, "language_code": language}
            self._people[name] = Person(self, user, {"id": user_id, "type": "private", **names})
        return self._people[name]

    def group(self, title: str = "Team", *, supergroup: bool = True) -> Json:
        """Return the group of that title; people speak in it through `Person.within`."""
        if title not in self._groups:
            number = len(self._groups) + 1
            chat_id = -1001000000000 - number if supergroup else -1000 - number
            kind = "supergroup" if supergroup else "group"
            self._groups[title] = {"id": chat_id, "type": kind, "title": title}
        return self._groups[title]

    # -- Telegram's side --

    def raw_update(self, **update: Any) -> None:
        """Queue any update, such as edited_message={...} or my_chat_member={...}."""
        self.post("/__h/update", {"token": BOT_TOKEN, "update": update})

    def pending(self) -> list[Json]:
        """Return the updates the bot has not acknowledged, oldest first."""
        found: list[Json] = self.get(f"/__h/pending?token={BOT_TOKEN}")
        return found

    def journal(self, method: str | None = None, *, since: int = 0) -> list[Json]:
        """Return all Bot API calls, or those of one method; polls that brought nothing are left out.

        Each has n, t, token, method, chat_id, params, files, fault, applied, status and response.
        """
        found: list[Json] = self.get(f"/__h/journal?since={since}")
        return [call for call in found if method is None or call["method"] == method]

    def commands(self, *, language: str = "", scope: str = "default") -> dict[str, str]:
        """Return the bot's command menu in a language and scope: command -> description."""
        for entry in self.state()["commands"]:
            if entry["language_code"] == language and entry["scope"]["type"] == scope:
                return {item["command"]: item["description"] for item in entry["commands"]}
        return {}

    def profile(self) -> Json:
        """Return the name, descriptions and menu button the bot gave itself."""
        found: Json = self.state()["profile"]
        return found

    def state(self) -> Json:
        """Return what else the emulator remembers: chats, webhooks, polls."""
        found: Json = self.get("/__h/state")
        return found

    def brought(self) -> list[Json]:
        """Return every delivery to the bot's webhook: update_id, and the status it answered with (0: nobody did)."""
        found: list[Json] = self.state()["brought"]
        return found

    def poll_count(self) -> int:
        """Return how many times the bot has asked for updates, or said where they are to be brought."""
        return int(self.state()["poll_counts"].get(BOT_TOKEN, 0))

    def call(
        self,
        method: str,
        *,
        body: bytes | None = None,
        content_type: str = "application/json",
        http_timeout: float = 60.0,
        **params: Any,
    ) -> Answer:
        """Call the Bot API over plain HTTP, as the bot would; a `timeout` is the Bot API's own parameter."""
        data = json.dumps(params).encode() if body is None else body
        path = f"/bot{BOT_TOKEN}/{method}"
        return request(self.port, "POST", path, data, content_type=content_type, timeout=http_timeout)

    # -- faults --

    def fault(
        self,
        method: str,
        kind: Fault,
        *,
        times: int = 1,
        skip: int = 0,
        match: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
        code: int | None = None,
        description: str | None = None,
        seconds: float | None = None,
    ) -> None:
        """Make the next `times` calls of a method ("*": of any) go wrong, after `skip` good ones.

        The method "webhook" is the bringing of an update to the bot: "reset", "delay", "duplicate" or "lost_reply".
        Only calls whose parameters equal those in `match` count. "429" takes `retry_after`, "status" takes
        `code` and `description`, "timeout", "delay" and "lost_reply" take `seconds`.
        """
        details = {"retry_after": retry_after, "code": code, "description": description, "seconds": seconds}
        rule: Json = {"method": method, "kind": kind, "times": times, "skip": skip}
        rule["match"] = dict(match or {})
        rule |= {name: value for name, value in details.items() if value is not None}
        self.tell("!!", f"fault {rule}")
        self.post("/__h/fault", rule)

    def faults(self) -> list[Json]:
        """Return the faults that still wait for their call."""
        found: list[Json] = self.get("/__h/fault")
        return found

    def clear_faults(self) -> None:
        """Take back every fault that still waits for its call."""
        request(self.port, "DELETE", "/__h/fault")

    # -- for Person and for messages to whoever reads a failed test --

    def get(self, path: str, timeout: float = 30.0) -> Any:
        """Read one of the emulator's own pages."""
        return json.loads(request(self.port, "GET", path, timeout=timeout).body)

    def post(self, path: str, body: Json | bytes) -> Any:
        """Tell the emulator something."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = request(self.port, "POST", path, data)
        if answer.status != http.client.OK:
            raise ValueError(f"{path}: HTTP {answer.status}: {answer.body.decode(errors='replace')}")
        return json.loads(answer.body)

    def patience(self, timeout: float | None) -> float:
        """Return the given time to wait, or that of this world."""
        return self.timeout if timeout is None else timeout

    def inbox(self, chat_id: int) -> deque[Event]:
        """Return what the bot did in a chat and no test has looked at."""
        return self._inboxes.setdefault(chat_id, deque())

    def refresh(self, wait: float = 0.0) -> None:
        """Sort what the bot did since last time into the inboxes; `wait` for something if that is nothing."""
        path = f"/__h/journal?since={self._journal_read}&wait={wait}"
        for call in self.get(path, timeout=wait + 30.0):
            self._journal_read = call["n"]
            event = _event_of_call(call)
            if event is not None and event.chat_id is not None:
                self.inbox(event.chat_id).append(event)
            self._tell_call(call, event)

    def check_bot(self) -> None:
        """Fail at once when the bot has ended although no test ended it."""
        if self._bot_should_run and not self.bot_running:
            code = self._need_bot().returncode
            raise ExpectationError(self.report(f"the bot ended by itself, exit code {code}"))

    def tell(self, who: str, what: str) -> None:
        """Write one line of the transcript."""
        self._transcript.append(f"{time.monotonic() - self._began:7.2f} {who:>8} {what}")

    def transcript(self) -> str:
        """Return the whole conversation, as people saw it."""
        self.refresh()
        return "\n".join(self._transcript)

    def report(self, problem: str) -> str:
        """Return a problem with the end of the conversation and of the bot's log."""
        talk = "\n".join(self._transcript[-25:])
        log = "\n".join(self.bot_log().splitlines()[-25:])
        return f"{problem}\n--- conversation ---\n{talk}\n--- the bot's log ---\n{log}"

    def _tell_call(self, call: Json, event: Event | None) -> None:
        if call["fault"] or call["status"] != http.client.OK:
            why = (call["response"] or {}).get("description", "")
            carried = "carried out" if call["applied"] else "not carried out"
            fault = f"fault {call['fault']} ({carried}) " if call["fault"] else ""
            self.tell("api", f"{call['method']}: {fault}status {call['status']} {why}")
        if event is not None:
            parts = [f"({event.kind})", event.text]
            parts += [f"[file {event.file_name}]"] if event.file_name else []
            parts += ["".join(f"[{label}]" for label in event.labels)] if event.labels else []
            self.tell("bot", " ".join(parts))

    def _need_bot(self) -> subprocess.Popen[bytes]:
        if self._bot is None:
            raise StartError("no bot was started")
        return self._bot

    def _log(self, name: str) -> str:
        path = Path(self._logs) / name
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""

    def _wait(self, ready: Callable[[], bool], timeout: float, problem: str) -> None:
        end = time.monotonic() + timeout
        while not ready():
            self.check_bot()
            if time.monotonic() > end:
                raise ExpectationError(self.report(f"{problem} within {timeout} s"))
            time.sleep(0.03)


def _launch(command: Sequence[str]) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), *command]


def _stop(process: subprocess.Popen[Any], number: signal.Signals, grace: float) -> int:
    """End a process we started, by its own pid."""
    if process.poll() is None:
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(grace)
        process.kill()
    return process.wait()
