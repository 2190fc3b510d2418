"""A Rasa server asked where words lead: its suggestion, or nothing in good time (`THINKCHILD_NLU=rasa:http://...`).

Rules of this file
- What was typed goes to the one address that was given, and nowhere else: no redirect is followed and no proxy used.
- Whoever waits, waits WAIT seconds at most, whatever the server does; after a failure it is left alone for a while.
- An answer is a suggestion. What is too little sure, no flow of ours, or no answer of Rasa's at all, is none.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import queue
import threading
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.errors import SetupError
from bot.matching import MAX_CHARS, Suggestion
from bot.network import is_loopback, read_secret

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from http.client import HTTPResponse

LOGGER = logging.getLogger(__name__)
NLU, TOKEN_FILE = "THINKCHILD_NLU", "THINKCHILD_NLU_TOKEN_FILE"
RASA, SILENT, UNSURE = "rasa", "builtin, rasa did not answer", "builtin, rasa was not sure"
"""What the record says of who answered."""
WAIT = 1.5
"""Seconds that an answer may take, all in all."""
PAUSE = 30.0
"""Seconds for which a server that did not answer is not asked again."""
LONGEST_ANSWER = 1_000_000
SURE, AHEAD = 0.3, 0.1
"""How sure, and how much surer than of the second: the cuts of Rasa's own FallbackClassifier."""
EXAMPLE = "for instance rasa:http://127.0.0.1:5005"


class RasaServer:
    """One Rasa server, and what it suggested last."""

    def __init__(self, url: str, flows: Collection[str], secret: str = "", *, wait: float = WAIT) -> None:
        self._secure, self._host, self._port, self._path = _address(url)
        self._flows, self._secret, self._wait = frozenset(flows), secret, wait
        self._rest_until = 0.0
        self._said = ""

    def ask(self, text: str) -> Suggestion:
        """Return what the server suggests; never raises, and never takes longer than it may."""
        now = time.monotonic()
        if now < self._rest_until:
            return Suggestion(None, 0.0, SILENT)
        box: queue.SimpleQueue[object] = queue.SimpleQueue()
        # A thread of its own: a server that sends a letter a second would pass every time limit of a socket.
        threading.Thread(target=self._fetch, args=(text[:MAX_CHARS], box), daemon=True).start()
        try:
            answer = box.get(timeout=self._wait)
        except queue.Empty:
            answer = TimeoutError()
        if isinstance(answer, Exception):
            self._rest_until = time.monotonic() + PAUSE
            self._say(f"Rasa did not answer ({type(answer).__name__}); our own matcher answers alone for now.")
            return Suggestion(None, 0.0, SILENT)
        self._say("Rasa answers.")
        return suggestion(answer, self._flows)

    def _fetch(self, text: str, box: queue.SimpleQueue[object]) -> None:
        """Put the answer, parsed, or what went wrong, into the box."""
        make = HTTPSConnection if self._secure else HTTPConnection
        connection = make(self._host, self._port, timeout=self._wait)
        try:
            headers = {"Content-Type": "application/json", "Accept": "application/json"}
            if self._secret:
                headers["Authorization"] = f"Bearer {_signed(self._secret)}"
            connection.request("POST", f"{self._path}/model/parse", json.dumps({"text": text}).encode(), headers)
            box.put(json.loads(_body(connection.getresponse())))
        except (OSError, HTTPException, ValueError, RecursionError) as error:
            box.put(error)
        finally:
            with suppress(OSError):
                connection.close()

    def _say(self, says: str) -> None:
        """Log how it stands, when that has changed; what was typed is in neither sentence."""
        if says != self._said:
            self._said = says
            LOGGER.info(says)


def _body(response: HTTPResponse) -> bytes:
    """Read an answer; raises HTTPException when it is none, as a redirect is none, or too long."""
    body = response.read(LONGEST_ANSWER + 1)
    if response.status != 200 or len(body) > LONGEST_ANSWER:  # noqa: PLR2004 - the one status that is an answer
        raise HTTPException(f"status {response.status}")
    return body


def suggestion(answer: object, flows: Collection[str]) -> Suggestion:
    """Read what `/model/parse` answered: a flow of ours, if it is sure enough of one."""
    try:
        ranking = _ranking(answer)
    except (AttributeError, KeyError, TypeError, ValueError):
        return Suggestion(None, 0.0, SILENT)
    name, best = ranking[0]
    second = max((score for _, score in ranking[1:]), default=0.0)
    if name not in flows or best < SURE or best - second < AHEAD:
        return Suggestion(None, 0.0, UNSURE)
    return Suggestion(name, round(best, 4), RASA)


def _ranking(answer: Any) -> list[tuple[str, float]]:  # noqa: ANN401 - parsed JSON
    """Return (intent, confidence), the chosen one first; raises what a wrong form leads to."""
    chosen = answer["intent"]
    others = [one for one in answer.get("intent_ranking", []) if one["name"] != chosen["name"]]
    found = [(str(one["name"]), float(one["confidence"])) for one in (chosen, *others)]
    if not all(0.0 <= score <= 1.0 for _, score in found):
        raise ValueError("no confidence")
    return found


def rasa_from(environ: Mapping[str, str], flows: Collection[str]) -> RasaServer | None:
    """Return the server that the environment names, or None; raises SetupError with the sentence that helps."""
    given = environ.get(NLU, "").strip()
    if given in {"", "builtin"}:
        return None
    kind, _, url = given.partition(":")
    if kind != "rasa":
        raise SetupError(f"{NLU} says which matcher is asked besides our own: leave it out, or set it {EXAMPLE}.")
    file = environ.get(TOKEN_FILE, "").strip()
    return RasaServer(url, flows, read_secret(Path(file), TOKEN_FILE) if file else "")


def _address(url: str) -> tuple[bool, str, int, str]:
    """Read (secure, host, port, path) of an address; raises SetupError in one sentence."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise SetupError(f"The address in {NLU} cannot be read: write it {EXAMPLE}.") from None
    if parts.scheme not in {"http", "https"} or not host or url != url.strip() or not url.isascii():
        raise SetupError(f"The address in {NLU} has to begin with http:// or https://, {EXAMPLE}.")
    if parts.username is not None or parts.query or parts.fragment:
        raise SetupError(
            f"The address in {NLU} may hold no name, token or question mark: a secret goes into {TOKEN_FILE}."
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise SetupError(
            f"What people type would go to {host} for all to read: use https:// in {NLU}, or Rasa on this machine."
        )
    secure = parts.scheme == "https"
    return secure, host, port or (443 if secure else 80), parts.path.rstrip("/")


def _signed(secret: str) -> str:
    """Sign a pass (a JSON Web Token) for the next minute, as Rasa's `--jwt-secret` wants it: the secret itself stays here."""
    head = _plain({"alg": "HS256", "typ": "JWT"})
    claims = _plain({"user": {"username": "thinkchild", "role": "admin"}, "exp": int(time.time()) + 60})
    seal = hmac.new(secret.encode(), f"{head}.{claims}".encode(), hashlib.sha256).digest()
    return f"{head}.{claims}.{_base64(seal)}"


def _plain(data: object) -> str:
    return _base64(json.dumps(data, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
