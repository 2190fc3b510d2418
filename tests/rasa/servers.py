"""A real Rasa, as somebody would start it from the README of an export, and our own action server beside it."""

# ruff: noqa: S310 - every address asked here is one of our own, on loopback
from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS, ANSWER_SECONDS = 180, 60
"""How long we wait at most; nothing is said of how long it takes."""


def free_port() -> int:
    """Return a port of loopback that nobody uses just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Project:
    """One exported project and the Rasa that is at home in it."""

    def __init__(self, folder: Path, python: str) -> None:
        self.folder, self.python = folder, python

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment that the project's own .env sets, as a shell would read it."""
        lines = (self.folder / ".env").read_text(encoding="utf-8").splitlines()
        set_by_file = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
        kept = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "LANG", "TMPDIR", "THINKCHILD_ACCESS", "THINKCHILD_PER_MINUTE")
            if name in os.environ
        }
        # The warnings of its libraries are not ours to mend.
        return {**kept, **set_by_file, "PYTHONWARNINGS": "ignore", **more}

    def rasa(self, *args: str) -> subprocess.CompletedProcess[str]:
        """Give Rasa a command and wait for its end."""
        return subprocess.run(
            [self.python, "-m", "rasa", *args],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    def serve(self, *args: str, **environment: str) -> Server:
        """Start `rasa run` on loopback."""
        port = free_port()
        command = [self.python, "-m", "rasa", "run", "-i", "127.0.0.1", "-p", str(port), *args]
        log = self.folder / f"run-{port}.log"
        return Server(command, f"http://127.0.0.1:{port}", log, cwd=self.folder, env=self.environment(**environment))


class Server:
    """A process that answers over HTTP."""

    def __init__(self, command: Sequence[str], url: str, log: Path, *, cwd: Path, env: dict[str, str]) -> None:
        self.command, self.url, self.log, self._cwd, self._env = command, url, log, cwd, env
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, or start it again at the same address."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, cwd=self._cwd, env=self._env, stdout=log, stderr=log)

    def wait_for(self, path: str) -> None:
        """Wait until an address answers with success."""
        ends = time.monotonic() + START_SECONDS
        while time.monotonic() < ends:
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8", errors="replace")[-3000:]
            with suppress(OSError), urllib.request.urlopen(self.url + path, timeout=5):
                return
            time.sleep(0.2)
        raise AssertionError(f"{self.command[:4]} did not begin to answer: {self.log}")

    def post(self, path: str, body: object, **headers: str) -> tuple[int, Any]:
        """Post JSON (or bytes as they are) and return (status, answer)."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        asked = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json", **headers})
        return self._answer(asked)

    def _answer(self, asked: urllib.request.Request) -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(asked, timeout=ANSWER_SECONDS) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def get(self, path: str) -> tuple[int, Any]:
        """Ask an address and return (status, answer)."""
        return self._answer(urllib.request.Request(self.url + path))

    def hang(self) -> None:
        """Let it take connections and answer nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it."""
        self.go_on()
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def guide(db: Path, log: Path) -> Server:
    """Start our action server on a record of its own."""
    port = free_port()
    command = [sys.executable, "-m", "bot", "rasa", "actions", "--db", str(db), "--port", str(port)]
    return Server(command, f"http://127.0.0.1:{port}", log, cwd=ROOT, env=dict(os.environ))


class Terminal:
    """The same assistant as `chat --json`, which is what the terminal says."""

    def __init__(self, db: Path) -> None:
        command = [sys.executable, "-m", "bot", "chat", "--json", "--db", str(db)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self.opening = self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def give(self, **line: Any) -> dict[str, Any]:
        """Send one line and return the object that answers it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def close(self) -> None:
        """End it, as the end of its input does."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


_LABEL = re.compile(r"I'll call this case ([\w ]+); your receipt is")
_RECEIPT = re.compile(r"\b[A-Z0-9]{3}-[A-Z0-9]{3}\b")


def words(texts: list[str]) -> list[str]:
    """Return what was said in a conversation without what no two share: the name it gives the case, and its receipt."""
    whole = _RECEIPT.sub("...", "\0".join(texts))
    for label in _LABEL.findall(whole):
        whole = whole.replace(label, "...")
    return whole.split("\0")
