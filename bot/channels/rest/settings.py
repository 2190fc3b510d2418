"""Where we listen, and the token that callers show. It is in no message, log line or repr, and never in an address."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING

from bot.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = re.compile(r"[!-~]{16,512}", re.ASCII)
MAKE_ONE = "make one with: (umask 077; openssl rand -hex 32 > token)"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where to listen; with a token, who does not show it gets no answer."""

    host: str
    port: int
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not self.token and not is_loopback(self.host):
            raise SetupError(
                f"Listening on {self.host} lets other machines in, which needs --token-file FILE ({MAKE_ONE}); "
                "or leave --host out to listen on this machine alone."
            )


def is_loopback(host: str) -> bool:
    """Say whether only this machine can come in at an address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def read_token(path: Path | None) -> str:
    """Read the token from its file, which only its owner may read; raises SetupError with what to do."""
    if path is None:
        return ""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise SetupError(f"The token file {path} is not a file: {MAKE_ONE}.")
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SetupError(f"Others can read the token file {path}: run 'chmod 600 {path}', and make a new token.")
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SetupError(f"The token file {path} cannot be read ({why}): {MAKE_ONE}.") from None
    if TOKEN.fullmatch(text) is None:
        raise SetupError(f"The token file {path} has to hold one line of 16 to 512 letters and signs: {MAKE_ONE}.")
    return text
