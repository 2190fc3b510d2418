"""The smallest bot the harness can be tried with: it repeats what it is told; "stop" ends it.

It speaks plain HTTP, so that a mistake of a bot library cannot hide one of the emulator.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
from typing import Any
from urllib.parse import urlsplit

BASE = urlsplit(os.environ["TELEGRAM_BASE_URL"] + os.environ["TELEGRAM_BOT_TOKEN"])
BUTTONS = [{"text": "Yes", "callback_data": "yes"}, {"text": "Not now", "url": "https://example.org/"}]
KEYBOARD = {"inline_keyboard": [BUTTONS]}


def call(method: str, **params: Any) -> Any:
    """Call one method of the Bot API and return its result."""
    connection = http.client.HTTPConnection(BASE.netloc, timeout=30)
    headers = {"Content-Type": "application/json"}
    connection.request("POST", f"{BASE.path}/{method}", json.dumps(params), headers)
    return json.loads(connection.getresponse().read())["result"]


def main() -> None:
    """Answer updates for ever."""
    offset = 0
    while True:
        for update in call("getUpdates", offset=offset, timeout=20):
            offset = update["update_id"] + 1
            if query := update.get("callback_query"):
                chat, message = query["message"]["chat"]["id"], query["message"]["message_id"]
                call("answerCallbackQuery", callback_query_id=query["id"], text="noted")
                call("editMessageText", chat_id=chat, message_id=message, text=f"pressed {query['data']}")
                continue
            text = update["message"].get("text", "a file")
            if text == "stop":
                sys.exit(3)
            chat = update["message"]["chat"]["id"]
            call("sendMessage", chat_id=chat, text=f"you said: {text}", reply_markup=KEYBOARD)


if __name__ == "__main__":
    main()
