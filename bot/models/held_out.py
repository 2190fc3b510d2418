"""Messages that nobody learns from: what the understanding of typed words is measured with."""

from __future__ import annotations

from pydantic import RootModel

from bot.models.base import Id, Text


class HeldOut(RootModel[dict[Id, tuple[Text, ...]]]):
    """Lists of messages by flow, and the names of the voices they were written in."""
