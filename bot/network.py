"""What whoever listens, or asks another server, has to know: which addresses are this machine, and the secret in a file."""

from __future__ import annotations

import re
import stat
from ipaddress import ip_address
from typing import TYPE_CHECKING

from bot.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

SECRET = re.compile(r"[!-~]{16,512}", re.ASCII)
MAKE_ONE = "make one with: (umask 077; openssl rand -hex 32 > token)"


def is_loopback(host: str) -> bool:
    """Say whether an address is this machine, and nobody else can come in there."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def read_secret(path: Path, named: str, *, make_one: str = MAKE_ONE, guarded: bool = False) -> str:
    """Read a secret from its file; raises SetupError that says what to do. `named` is what named the file.

    It is in no message, log line or address. `guarded`: whoever put the file there, such as systemd, keeps others from
    its folder, so that the file's own mode says nothing.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise SetupError(f"{named}: {path} is not a file; {make_one}.")
        if mode & (stat.S_IRWXG | stat.S_IRWXO) and not guarded:
            raise SetupError(f"{named}: others can read {path}; run 'chmod 600 {path}', and make a new token.")
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SetupError(f"{named}: {path} cannot be read ({why}); {make_one}.") from None
    if SECRET.fullmatch(text) is None:
        raise SetupError(f"{named}: {path} has to hold one line of 16 to 512 letters and signs; {make_one}.")
    return text
