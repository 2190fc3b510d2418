"""The documents say what is so: commands exist, schemas are fresh, the flows named are the flows there are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml
from jsonschema import Draft202012Validator

from bot.checks import check_content
from bot.cli import cli
from bot.files import KINDS, schemas
from bot.library import read_scenarios

if TYPE_CHECKING:
    from bot.models.scenarios import Scenario

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(path for path in ROOT.rglob("*.md") if not {"node_modules", ".venv", ".venv-rasa"} & set(path.parts))


def flows() -> dict[str, dict[str, Any]]:
    """Return the shipped flows by id, as plain data."""
    return {
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "dialogues/flows").glob("*.yaml"))
    }


def exercises() -> list[Scenario]:
    """Return the shipped exercises."""
    return list(read_scenarios(ROOT).scenarios.values())


def test_the_schemas_for_editors_are_those_of_the_models() -> None:
    """`thinkchild schema --write dialogues/schema` would change nothing."""
    for name, schema in schemas().items():
        kept = json.loads((ROOT / f"dialogues/schema/{name}.schema.json").read_text(encoding="utf-8"))
        assert kept == json.loads(json.dumps(schema)), (
            f"stale: run 'thinkchild schema --write dialogues/schema' ({name})"
        )


def test_every_shipped_file_fits_its_schema_and_the_editor_knows_which_is_whose() -> None:
    """The schema that an editor uses takes every shipped file, and its settings name every kind."""
    made = schemas()
    for kind in KINDS:
        files = list(ROOT.glob(kind.pattern))
        assert files, kind.pattern
        for path in files:
            Draft202012Validator(made[kind.name]).validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    settings = json.loads((ROOT / ".vscode/settings.json").read_text(encoding="utf-8"))["yaml.schemas"]
    assert settings == {f"./dialogues/schema/{kind.name}.schema.json": kind.pattern for kind in KINDS}


def test_the_schema_refuses_what_the_reader_refuses() -> None:
    """An unknown key in a flow is underlined in an editor too."""
    flow = flows()["new_partner"]
    flow["titel"] = flow.pop("title")
    assert not Draft202012Validator(schemas()["flow"]).is_valid(flow)


def test_the_readme_lists_the_flows_that_there_are() -> None:
    """The table of flows is the content's own, title for title."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.partition("## What it can talk about")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `([a-z_]+)` \| (.+?) \|$", table, re.MULTILINE)
    assert listed == [
        (name, flow["title"]) for name, flow in sorted(flows().items(), key=lambda item: item[1]["order"])
    ]


def test_the_readme_lists_the_exercises_that_there_are() -> None:
    """Each with the minutes it takes."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.partition("## Exercises for trainers")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `([a-z_]+)`.*\| (\d+) \|$", table, re.MULTILINE)
    assert sorted(listed) == [(one.id, str(one.minutes)) for one in sorted(exercises(), key=lambda one: one.id)]


def test_every_command_named_in_a_document_exists() -> None:
    """No document names a command or an option that is not there, and every command is in some document."""
    named: set[str] = set()
    for document in DOCUMENTS:
        for words in re.findall(
            r"thinkchild ((?:(?:log|people|area|new|transcript|rasa|nlu review|nlu|model|exercise twine|exercise) )?[a-z]+(?:-[a-z]+)*)((?: [^\n`]*)?)",
            document.read_text(encoding="utf-8"),
        ):
            command: Any = cli
            for word in words[0].split():
                command = getattr(command, "commands", {}).get(word)
                assert command is not None, (document.name, words[0])
                named.add(word)
            options = {option for parameter in command.params for option in parameter.opts}
            for option in re.findall(r"(?<!\S)--[a-z-]+", words[1].split("#")[0]):
                assert option in options | {"--help"}, (document.name, words[0], option)
    groups = [command for command in cli.commands.values() if isinstance(command, click.Group)]
    everything = {*cli.commands, *(name for group in groups for name in group.commands)}
    assert everything <= named, everything - named


def test_every_setting_is_in_the_readme() -> None:
    """Whatever the program reads from the environment is in the table of settings, and the table names nothing else."""
    used = {
        name
        for path in (ROOT / "bot").rglob("*.py")
        for name in re.findall(r"\b(?:THINKCHILD|TELEGRAM)_[A-Z_]+\b", path.read_text(encoding="utf-8"))
    }
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.partition("### All settings")[2].partition("\n## ")[0]
    assert set(re.findall(r"\b(?:THINKCHILD|TELEGRAM)_[A-Z_]+\b", table)) == used | {"TELEGRAM_BOT_TOKEN_FILE"}


def test_the_flow_shown_in_the_guide_is_clean(tmp_path: Path) -> None:
    """Whoever copies the guide's example gets a flow that passes every check."""
    for part in ("dialogues", "knowledge"):
        shutil.copytree(ROOT / part, tmp_path / part)
    example = re.search(r"```yaml\n(.*?)```", (ROOT / "dialogues/README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    (tmp_path / "dialogues/flows/home_visit_worry.yaml").write_text(example[1], encoding="utf-8")
    _, problems = check_content(tmp_path)
    assert problems == []


def test_the_links_between_documents_lead_somewhere() -> None:
    """Every relative link names a file that is there."""
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), (document.name, target)


def test_every_dependency_says_why_it_is_there() -> None:
    """One line in pyproject for each; lower bounds; and the extras that the README names."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    wanted = [
        *project["dependencies"],
        *(item for extra in project["optional-dependencies"].values() for item in extra),
    ]
    for item in wanted:
        line = next(line for line in text.splitlines() if f'"{item}"' in line)
        assert "#" in line, item
        assert ">=" in item or item.startswith("thinkchild["), item  # one of our own extras has its own bounds
    assert set(project["optional-dependencies"]) == {"telegram", "serve", "draw", "encrypted", "metrics", "web", "dev"}


def test_the_top_level_holds_what_was_agreed() -> None:
    """Nothing has crept in beside the agreed files and folders."""
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    tops = {path.split("/")[0] for path in tracked}
    agreed = {
        "pyproject.toml",
        "bot",
        "dialogues",
        "knowledge",
        "tests",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "benchmarks",
    }
    assert {top for top in tops if not top.startswith(".")} <= agreed
