"""Where we listen, and the token that callers show. It is in no message, log line or repr, and never in an address."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.errors import SetupError
from bot.network import MAKE_ONE, is_loopback


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
