"""A Bot API that answers at once, and people who answer at once: what `delivery.py` measures updates a second against.

`python benchmarks/delivery_stub.py UPDATES CHATS` prints its port and `asked` when the bot first asks for updates, begins at a line of input, and prints one line of
JSON when so many have been answered: the seconds, and the calls that answered each update of the first chat. Everybody
presses the last answer to everything and opens the next flow when one is finished, so each chat has one update on its way at
any time.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from typing import Any
from urllib.parse import parse_qs

FLOWS = ("new_partner", "mark_on_child", "missed_appointments", "neglect_concern")
FIRST_CHAT, MOST = 1000, 100
Json = dict[str, Any]


class Telegram:
    """What all connections share: what people will send next, and how much was answered."""

    def __init__(self, updates: int, chats: int, flows: tuple[str, ...]) -> None:
        self.updates, self.flows = updates, flows
        self.waiting: deque[Json] = deque()
        self.polls: list[tuple[Connection, int]] = []
        self.given: deque[Json] = deque()
        self.number, self.message, self.answered = 0, 10**6, 0
        self.begun, self.asked = 0.0, False
        self.opened = dict.fromkeys(range(FIRST_CHAT, FIRST_CHAT + chats), 0)
        self.owing: dict[int, bool] = dict.fromkeys(self.opened, False)
        self.calls: list[list[tuple[str, dict[str, str]]]] = []
        self.pressed: set[str] = set()
        """The presses of the first chat: their answer names no chat."""

    def begin(self) -> None:
        """Let everybody open their first flow."""
        sys.stdin.readline()
        self.begun = time.perf_counter()
        for chat in self.opened:
            self.type(chat)

    def type(self, chat: int) -> None:
        """Let somebody open the next flow."""
        flow = self.flows[self.opened[chat] % len(self.flows)]
        self.opened[chat] += 1
        who = {"id": chat, "is_bot": False, "first_name": "U"}
        there = {"id": chat, "type": "private", "first_name": "U"}
        text = f"/{flow}"
        said = {"date": 1700000000, "chat": there, "from": who, "text": text}
        self.message += 1
        self.queue(chat, {"message": {"message_id": self.message, **said}})

    def press(self, chat: int, message: int, data: str) -> None:
        """Let somebody press a button."""
        who = {"id": chat, "is_bot": False, "first_name": "U"}
        there = {"id": chat, "type": "private", "first_name": "U"}
        shown = {"message_id": message, "date": 1700000000, "chat": there, "text": "x"}
        number = str(self.number + 1)
        if chat == FIRST_CHAT:
            self.pressed.add(number)
        query = {"id": number, "from": who, "message": shown, "chat_instance": "1", "data": data}
        self.queue(chat, {"callback_query": query})

    def queue(self, chat: int, update: Json) -> None:
        """Hand an update to whoever asks, now or later."""
        self.number += 1
        self.owing[chat] = True
        if chat == FIRST_CHAT:
            self.calls.append([])
        self.waiting.append({"update_id": self.number, **update})
        if self.polls:
            asyncio.get_running_loop().call_soon(self.answer_polls)

    def answer_polls(self) -> None:
        """Answer those who wait for updates."""
        if not self.waiting or not self.polls:
            return
        connection, _ = self.polls.pop(0)
        self.hand_out(connection)

    def hand_out(self, connection: Connection) -> None:
        """Answer with what waits, at most a hundred updates."""
        batch = [self.waiting.popleft() for _ in range(min(MOST, len(self.waiting)))]
        self.given.extend(batch)
        connection.answer(batch)

    def poll(self, connection: Connection, offset: int, seconds: int) -> None:
        """Take an acknowledgement and hand out what came since."""
        while self.given and self.given[0]["update_id"] < offset:
            self.given.popleft()
        if self.waiting:
            self.hand_out(connection)
        elif not seconds:
            connection.answer([])
        else:
            self.polls.append((connection, seconds))

    def said(self, chat: int, message: int, keyboard: str) -> None:
        """Let somebody who sees buttons press the first answer, or open the next flow where there is none."""
        if not self.owing.get(chat):
            return
        data = [button["callback_data"] for row in json.loads(keyboard)["inline_keyboard"] for button in row]
        answers = [one for one in data if one.rpartition(":")[2].startswith("o")]
        self.owing[chat] = False
        self.answered += 1
        if self.answered == self.updates:
            seconds = time.perf_counter() - self.begun
            # The last update of the recording may be half answered.
            print(json.dumps({"seconds": seconds, "calls": self.calls[:-1]}), flush=True)
        if self.answered >= self.updates:
            return
        if answers:
            self.press(chat, message, answers[-1])
        else:
            self.type(chat)


class Connection(asyncio.Protocol):
    """One connection of the bot."""

    def __init__(self, telegram: Telegram) -> None:
        self.telegram = telegram
        self.held = b""
        self.out: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where answers go."""
        assert isinstance(transport, asyncio.Transport)
        self.out = transport

    def data_received(self, data: bytes) -> None:
        """Take whole requests out of what came."""
        self.held += data
        while (end := self.held.find(b"\r\n\r\n")) >= 0:
            head = self.held[:end].lower()
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0]) if b"content-length:" in head else 0
            if len(self.held) < end + 4 + length:
                return
            path = self.held.split(b" ", 2)[1]
            body = self.held[end + 4 : end + 4 + length]
            self.held = self.held[end + 4 + length :]
            self.take(path.rpartition(b"/")[2].decode(), {k: v[0] for k, v in parse_qs(body.decode()).items()})

    def take(self, method: str, given: dict[str, str]) -> None:
        """Answer one call."""
        if method == "getUpdates":
            seconds = int(float(given.get("timeout", "0")))
            if seconds and not self.telegram.asked:
                self.telegram.asked = True
                print("asked", flush=True)
            self.telegram.poll(self, int(given.get("offset", "0")), seconds)
            return
        first = given.get("chat_id") == str(FIRST_CHAT) or given.get("callback_query_id") in self.telegram.pressed
        if first and self.telegram.calls:
            self.telegram.calls[-1].append((method, given))
        if method == "getMe":
            self.answer({"id": 1, "is_bot": True, "first_name": "B", "username": "b_bot"})
        elif method in {"sendMessage", "editMessageText"}:
            chat = int(given["chat_id"])
            self.telegram.message += 1
            message = int(given["message_id"]) if "message_id" in given else self.telegram.message
            there = {"id": chat, "type": "private", "first_name": "U"}
            self.answer({"message_id": message, "date": 1700000000, "chat": there, "text": "x"})
            if "reply_markup" in given and "_" in given["reply_markup"]:
                self.telegram.said(chat, message, given["reply_markup"])
        else:
            self.answer(True)

    def answer(self, result: object) -> None:
        """Answer a call that went well."""
        body = json.dumps({"ok": True, "result": result}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.out.write(head.encode() + body)


async def main() -> None:
    """Serve until killed."""
    updates, chats = int(sys.argv[1]), int(sys.argv[2])
    telegram = Telegram(updates, chats, tuple(sys.argv[3:]) or FLOWS)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(telegram), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    asyncio.get_running_loop().add_reader(sys.stdin, telegram.begin)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
