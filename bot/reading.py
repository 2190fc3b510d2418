"""Find and read the YAML files: the only module that opens content.

Rules of this file:

* A file is read as YAML nodes, never as objects: nothing in it can run, and every value keeps its line.
* What YAML would quietly change (`yes`, `no`, `on`, `0330`, `10:30`) is refused, with what to write.
* Aliases are refused, so a small file cannot grow into a large one.
* Every mistake of every file is collected; nothing stops at the first.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from bot.errors import Problem, SetupError, near_miss

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # pragma: no cover - a PyYAML built without libyaml reads the same, more slowly
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

Where = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)

MAX_BYTES = 2_000_000
MAX_DEPTH = 40
MAX_BRACKETS = 400
"""Open brackets and dashes at once: the parser itself would run out of stack long before memory."""
MOST_BRACKETS = 40_000
LONGEST_NUMBER = 24
MOST_MISTAKES = 500
"""Of one file: a file with more is not one that somebody wrote."""
STEP_KINDS = frozenset({"say", "share", "escalate", "act", "ask", "prompts", "remind", "call", "close"})
"""A validator's path names the kind of a step right after its place; a file does not."""
YAML_HINTS = {
    "cannot start any token": "There may be a tab here: use spaces.",
    "mapping values are not allowed": (
        "Either a text here holds ': ', and has to stand in quotes (straight ones: \"), or this line does not begin in "
        "the same column as the keys above it."
    ),
    "while parsing a flow": "A bracket, brace or quote is not closed, or a text in braces needs quotes.",
    "expected <block end>": "The indent is not that of the lines around it, or a quote is missing.",
    "did not find expected key": "A quote is not closed, or this line does not begin in the same column as its neighbours.",
    "expected ',' or": "A bracket or brace is not closed, or a text in it needs quotes.",
}
"""What is usually wrong when YAML says so."""
_WANTED = {"int_type": "a whole number", "bool_type": "true or false", "float_type": "a number such as 0.9"}
_LIMITS = {
    "greater_than": "above {gt:g}",
    "less_than": "below {lt:g}",
    "greater_than_equal": "at least {ge:g}",
    "less_than_equal": "at most {le:g}",
}
_OWN_CODE = {"step_kind": "step_kind", "out_of_range": "out_of_range"}
"""Mistakes that our own models name."""
_UNSOURCED = {"sources": "P4"}
"""A line without a source breaks a promise, and is no mere slip of form."""
SCENARIOS = "dialogues/scenarios"
QUOTED = frozenset({"'", '"', "|", ">"})
_EATEN_BOOL = re.compile(r"^(y|yes|n|no|on|off)$", re.IGNORECASE)
_PLAIN_INT = re.compile(r"^[-+]?(0|[1-9]\d*)$")
_PLAIN_FLOAT = re.compile(r"^[-+]?\d+\.\d+$")
_SPOILT_NUMBER = re.compile(r"^[-+]?(0\d[\d_]*|0[xob][0-9a-fA-F_]+|\d[\d_]*_[\d_]*|\d+(:[0-5]?\d)+(\.\d+)?)$")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@dataclass(slots=True)
class Document:
    """One YAML file: its plain data, the line of each value and key, and what is wrong with it."""

    file: str
    data: Any = None
    lines: dict[Where, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, where: Where) -> int:
        """Return the line of a place, or of the nearest place around it."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 1)

    def refuse(self, where: Where, code: str, says: str) -> None:
        """Note a problem at a place."""
        self.problems.append(Problem(self.file, self.line(where), code, says))


def content_root() -> Path:
    """Return the folder that holds `dialogues/` and `knowledge/`.

    `THINKCHILD_CONTENT` wins; then the content inside an installed wheel; then the checkout.
    Raises SetupError when there is none.
    """
    named = os.environ.get("THINKCHILD_CONTENT")
    here = Path(__file__).resolve().parent
    for root in (Path(named),) if named else (here / "_content", here.parent):
        if (root / "dialogues").is_dir() and (root / "knowledge").is_dir():
            return root
    raise SetupError(
        f"There is no content in {named or here.parent}: a folder with dialogues/ and knowledge/ is needed; "
        "name one with THINKCHILD_CONTENT."
    )


def content_files(root: Path) -> list[Path]:
    """List every YAML file that live guidance rests on, in an order that is the same everywhere: no exercises."""
    found = [path for part in ("dialogues", "knowledge") for path in (root / part).rglob("*.y*ml")]
    return sorted(path for path in found if _is_content(path) and root / SCENARIOS not in path.parents)


def scenario_files(root: Path) -> list[Path]:
    """List every file of an exercise; a mistake in one of them must not stop live guidance."""
    return sorted(filter(_is_content, (root / SCENARIOS).rglob("*.y*ml")))


def _is_content(path: Path) -> bool:
    return path.suffix in {".yaml", ".yml"} and path.is_file()


def source_hash(root: Path, salt: str) -> str:
    """Hash the names and bytes of every content file; `salt` names the program that will read them."""
    digest = hashlib.sha256(salt.encode())
    for path in content_files(root):
        data = path.read_bytes()
        digest.update(f"{path.relative_to(root)}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()


def read_yaml(path: Path, name: str) -> Document:
    """Read one file into plain data with line numbers; never raises for what the file holds."""
    try:
        # What is too much is not read: anything as long gets the same answer.
        data = path.read_bytes() if path.stat().st_size <= MAX_BYTES else bytes(MAX_BYTES + 1)
    except OSError as error:
        document = Document(name)
        document.refuse((), "unreadable", f"The file cannot be read: {error.strerror or error}.")
        return document
    return read_yaml_bytes(data, name)


def read_yaml_bytes(data: bytes, name: str) -> Document:
    """Read what a file holds into plain data with line numbers; `name` is what problems call it."""
    document = Document(name)
    if len(data) > MAX_BYTES:
        document.refuse((), "file_too_large", f"The file is larger than {MAX_BYTES:,} bytes: split it.")
        return document
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        document.refuse((), "not_utf8", f"The file is not UTF-8 text (byte {error.start}): save it as UTF-8.")
        return document
    if _too_nested(text):
        document.refuse((), "too_deep", "This is nested too deeply to be content.")
        return document
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        quoted = "quoted scalar" in str(getattr(error, "context", ""))  # what matters is where the quote was opened
        mark = getattr(error, "context_mark" if quoted else "problem_mark", None)
        what = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read as YAML"
        line = mark.line + 1 if mark else 1
        hint = next((says for sign, says in YAML_HINTS.items() if sign in what), "Check the indent and the quotes.")
        document.problems.append(Problem(name, line, "not_yaml", f"This is not valid YAML: {what}. {hint}"))
        return document
    if node is None:
        document.refuse((), "empty", "The file is empty: write the content or remove the file.")
        return document
    _Builder(document).build(node)
    if document.data is None and not document.problems:
        document.refuse((), "empty", "The file is empty: write the content or remove the file.")
    return document


def _too_nested(text: str) -> bool:
    """Say whether brackets or dashes are nested beyond anything that could be content, without parsing."""
    if text.count("[") + text.count("{") > MOST_BRACKETS:
        return True  # a closing one inside quotes would make a deep nest look shallow
    depth = deepest = 0
    for sign in re.findall(r"[\[\]{}]", text):
        depth = depth + 1 if sign in "[{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return deepest > MAX_BRACKETS or re.search(rf"^ *(?:[-?] +){{{MAX_BRACKETS}}}", text, re.MULTILINE) is not None


class _Builder:
    """Turns YAML nodes into plain data, noting the line of everything."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.seen: set[int] = set()

    def build(self, node: yaml.Node) -> None:
        self.document.data = self._value(node, ())

    def _value(self, node: yaml.Node, where: Where) -> Any:  # noqa: ANN401 - plain data of any kind
        self.document.lines.setdefault(where, node.start_mark.line + 1)
        if id(node) in self.seen:
            self.document.refuse(
                where, "alias", "Aliases (*name) are not used here: write the text out, or make it a block."
            )
            return None
        self.seen.add(id(node))
        if len(where) > MAX_DEPTH:
            self.document.refuse(where, "too_deep", "This is nested too deeply to be content.")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, where)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*where, place)) for place, item in enumerate(node.value)]
        return self._scalar(node, where)

    def _mapping(self, node: yaml.MappingNode, where: Where) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None or key == "<<":
                self._refuse_at(line, "odd_key", "A key has to be a plain word.")
                continue
            if key_node.style not in QUOTED and _EATEN_BOOL.match(key):
                self._refuse_at(line, "eaten", f'YAML reads the bare key {key} as true or false: write "{key}".')
            if key in data:
                self._refuse_at(line, "duplicate_key", f"'{key}' stands twice in the same place: keep one.")
                continue
            self.document.lines[(*where, key)] = line
            data[key] = self._value(value_node, (*where, key))
        return data

    def _scalar(self, node: yaml.Node, where: Where) -> Any:  # noqa: ANN401 - plain data of any kind
        text: str = node.value
        if _INVISIBLE.search(text):
            self.document.refuse(where, "invisible", "There are invisible characters here: type the text again.")
        if not isinstance(node, yaml.ScalarNode) or node.style in QUOTED:
            return text
        line = node.start_mark.line + 1
        if _EATEN_BOOL.match(text):
            self._refuse_at(line, "eaten", f'YAML reads the bare word {text} as true or false: write "{text}".')
            return text
        if len(text) <= LONGEST_NUMBER * 2 and _SPOILT_NUMBER.match(text):
            self._refuse_at(line, "eaten", f'YAML would change the number {text}: write "{text}".')
            return text
        plain: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}
        if text.lower() in plain:
            return plain[text.lower()]
        if len(text) <= LONGEST_NUMBER and _PLAIN_INT.match(text):
            return int(text)
        return float(text) if len(text) <= LONGEST_NUMBER and _PLAIN_FLOAT.match(text) else text

    def _refuse_at(self, line: int, code: str, says: str) -> None:
        self.document.problems.append(Problem(self.document.file, line, code, says))


def parse_as(model: type[M], document: Document) -> M | None:
    """Turn a file's data into a model, or add a sentence to its problems for each mistake."""
    if document.data is None:
        return None
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        mistakes = error.errors(include_url=False)
        for mistake in mistakes[:MOST_MISTAKES]:
            if mistake["type"] == "too_short" and _has_mistakes_inside(mistakes, mistake["loc"]):
                continue  # its items are there, but wrong: saying so once is enough
            where, says, code = _sentence(model, document, mistake)
            document.refuse(where, code, says)
        return None


def _has_mistakes_inside(mistakes: Sequence[Mapping[str, Any]], loc: tuple[str | int, ...]) -> bool:
    return any(len(other["loc"]) > len(loc) and other["loc"][: len(loc)] == loc for other in mistakes)


def _sentence(model: type[BaseModel], document: Document, mistake: Mapping[str, Any]) -> tuple[Where, str, str]:
    """Say one mistake in plain words, and where in the file it is."""
    where = tuple(_plain_path(document.data, mistake["loc"]))
    # An entry of a list has no name but the list's.
    name = next((one for one in reversed(mistake["loc"]) if isinstance(one, str)), "the file")
    kind, context = str(mistake["type"]), mistake.get("ctx", {})
    given = _shown(mistake.get("input"))
    if kind == "extra_forbidden":
        known = _keys_of(model) - {name}
        return where, f"'{name}' is not a key that may stand here." + near_miss(name, known), "unknown_key"
    if kind == "missing":
        how = ": at least one id such as H9, which 'thinkchild search WORDS' finds" if name == "sources" else ""
        return where, f"'{name}' is missing here{how}.", _UNSOURCED.get(name, "missing_key")
    if kind in {"string_type", "string_sub_type"}:
        return where, f"'{name}' has to be text: put {given} in quotes, or write the text.", "not_text"
    if kind in _WANTED:
        return where, f"'{name}' has to be {_WANTED[kind]}, not {given}.", "wrong_type"
    if kind == "string_pattern_mismatch":
        return where, f"{given} does not have the form that '{name}' needs ({_form(context)}).", "wrong_form"
    if kind in {"string_too_long", "string_too_short"}:
        limit = context.get("max_length", context.get("min_length"))
        word = "longer than" if kind == "string_too_long" else "shorter than"
        return where, f"'{name}' is {word} {limit} characters: {given}.", "wrong_length"
    if kind in _LIMITS:
        return where, f"'{name}' is {given}, but has to be {_LIMITS[kind].format(**context)}.", "out_of_range"
    if kind == "too_short":
        least = context.get("min_length", 1)
        return (
            where,
            f"'{name}' needs at least {least} entr{'y' if least == 1 else 'ies'}.",
            _UNSOURCED.get(name, "too_few"),
        )
    if kind == "too_long":
        return (
            where,
            f"'{name}' has more than {context.get('max_length')} of them: take some out, or split it.",
            "too_long",
        )
    if kind in {"enum", "literal_error"}:
        options = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        return (
            where,
            (f"{given} is not one of {', '.join(options)}." + near_miss(str(mistake.get("input")), options)),
            "not_in_list",
        )
    if kind in {"tuple_type", "list_type"}:
        return where, f"'{name}' has to be a list, such as [{_shown_plain(mistake.get('input'))}].", "wrong_type"
    if kind in {"model_type", "model_attributes_type", "dict_type"}:
        return where, f"'{name}' has to be a set of 'key: value' lines.", "wrong_type"
    message = str(mistake["msg"]).removeprefix("Value error, ")
    if kind == "step_kind":
        message += _near_kinds(model, message, mistake.get("input"))
    return where, message, _OWN_CODE.get(kind, "wrong_form")


def _near_kinds(model: type[BaseModel], message: str, given: object) -> str:
    """Say, of keys that no step has, which kind of step was probably meant."""
    kinds = message.removesuffix(".").split(": ")[-1].split(", ")
    unknown = [key for key in given if key not in _keys_of(model)] if isinstance(given, dict) else []
    return "".join(near_miss(str(key), kinds) for key in unknown)


def _form(context: Mapping[str, Any]) -> str:
    """Describe a pattern in words where it is one that we use."""
    pattern = str(context.get("pattern", ""))
    if pattern.startswith("^[a-z][a-z0-9_]*$"):
        return "small letters, digits and underscores, beginning with a letter"
    if r"\." in pattern and "/" in pattern:
        return "step.option or call_step/step.option"
    if r"\." in pattern:
        return "decision.option, or a decision alone"
    if pattern.startswith(r"^\d{4}"):
        return "a day such as 2026-11-21"
    if "2[0-3]" in pattern:
        return "a time such as 08:30"
    if "{64}" in pattern:
        return "64 hexadecimal digits, as 'thinkchild sign' writes them"
    if pattern.startswith("^[A-Za-z]"):
        return "an id such as H9, g-17 or oxfordshire-q-31"
    return "for instance 01632 960001" if "0-9+" in pattern else pattern


def _shown_plain(value: object) -> str:
    return str(value) if isinstance(value, str | int) else "..."


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - one short line


def _plain_path(data: Any, loc: tuple[str | int, ...]) -> Iterator[str | int]:  # noqa: ANN401 - any data
    """Drop from a validator's path what is not in the file, such as the tag of a union."""
    parts = [part for place, part in enumerate(loc) if not (part in STEP_KINDS and loc[:place][-2:-1] == ("steps",))]
    for part in parts:
        inside = range(len(data)) if isinstance(data, list) else data if isinstance(data, dict) else ()
        if part in inside:
            data = data[part]
            yield part


@cache
def _keys_of(model: type[BaseModel]) -> frozenset[str]:
    """Collect every key that may stand anywhere in files of this model, for near misses."""
    found: set[str] = set()
    schema = model.model_json_schema(by_alias=True)
    for part in (schema, *schema.get("$defs", {}).values()):
        found.update(part.get("properties", {}))
    return frozenset(found)


def as_yaml(data: Any) -> str:  # noqa: ANN401 - plain data of any kind
    """Write plain data as YAML that `read_yaml` reads back to the same."""
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120)
