"""Sentence vectors: a small language model that says which messages mean much the same.

The model is all-MiniLM-L6-v2 (Apache-2.0). A compact form of it stands in `data/` and is always there; its full weights are
used instead where `THINKCHILD_MODEL` or `thinkchild model install` brings them. numpy runs both; no code of the
model's makers is run, and nothing is fetched but by the command that says so.
"""

from __future__ import annotations

from bot.vectors.encoder import Encoder

__all__ = ["Encoder"]
