"""Plain data as YAML text, the same bytes everywhere: every string that is not a plain id stands in double quotes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_BARE = re.compile(r"[a-z][a-z0-9]*_[a-z0-9_]*|[a-z][a-z0-9]{3,}|\$\{[A-Z_]+\}")
"""Ids; and names from the environment, which Rasa fills in only where they stand without quotes."""
_EATEN = frozenset({"true", "false", "null"})
"""What YAML would read as something else; shorter ones (yes, no, on, off) are quoted in any case."""
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


def yaml_of(data: Mapping[str, Any], head: str = "") -> str:
    """Return a mapping as YAML, below a head of comment lines."""
    comments = "".join(f"# {line}".rstrip() + "\n" for line in head.splitlines())
    return comments + "\n".join(_mapping(data, 0)) + "\n"


def nlu_of(examples: Mapping[str, Sequence[str]], head: str = "") -> str:
    """Return example messages in Rasa's training format; no message may look like markup."""
    lines = [f"# {line}".rstrip() for line in head.splitlines()]
    lines += ['version: "3.1"', "", "nlu:"]
    for intent, texts in examples.items():
        lines += [f"- intent: {intent}", "  examples: |", *(f"    - {plain_example(text)}" for text in texts)]
    return "\n".join(lines) + "\n"


def plain_example(text: str) -> str:
    """Take out of a message what Rasa would read as an annotation: square brackets and braces."""
    return " ".join(re.sub(r"[\[\]{}]", " ", text).split())


def _mapping(data: Mapping[str, Any], depth: int) -> Iterator[str]:
    for key, value in data.items():
        yield from _entry(f"{'  ' * depth}{_key(key)}:", value, depth)


def _entry(begun: str, value: object, depth: int) -> Iterator[str]:
    """Yield a key with its value, behind it or below it."""
    if isinstance(value, dict) and value:
        yield begun
        yield from _mapping(value, depth + 1)
    elif isinstance(value, list | tuple) and value:
        if all(isinstance(item, str | int) for item in value) and len(value) <= _SHORT:
            yield f"{begun} [{', '.join(map(_scalar, value))}]"
            return
        yield begun
        yield from _items(value, depth + 1)
    else:
        yield f"{begun} {_scalar(value)}"


_SHORT = 40
"""Items of a list that stand on one line."""


def _items(items: Iterable[object], depth: int) -> Iterator[str]:
    for item in items:
        if not isinstance(item, dict) or not item:
            yield f"{'  ' * depth}- {_scalar(item)}"
            continue
        first, *rest = list(_mapping(item, depth + 1))
        yield f"{'  ' * depth}- {first.lstrip()}"
        yield from rest


def _key(key: str) -> str:
    return key if _KEY.fullmatch(key) and key.lower() not in {"y", "n", "yes", "no", "on", "off"} else json.dumps(key)


def _scalar(value: object) -> str:
    if isinstance(value, str) and _BARE.fullmatch(value) and value not in _EATEN:
        return value
    return json.dumps(value, ensure_ascii=False)
