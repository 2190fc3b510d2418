"""The project for Rasa, without Rasa: the same bytes, nothing overwritten, flows that say in CALM what they say here."""

from __future__ import annotations

import ast
import json
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from calm_walking import holds, ours, theirs
from jsonschema import Draft202012Validator

from bot.errors import SetupError
from bot.models import AskStep, Moment
from bot.rasa.calm import HEAD, Calm
from bot.rasa.export import MARKER, project, write
from bot.rasa.written import plain_example, yaml_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.library import Library

SCHEMA = json.loads((Path(__file__).parent / "data/calm_flows.schema.json").read_text(encoding="utf-8"))
FEWEST_WALKS, MOST_WALKS = 6, 400
PINS = ("rasa==3.6.21", "python-socketio<5.10", "python-engineio<4.8")


@pytest.fixture(scope="module")
def made(content: Library) -> dict[str, str]:
    """Return the files of the whole project."""
    return project(content)


@pytest.fixture(scope="module")
def calm(content: Library) -> Calm:
    """Return the flows as CALM has them."""
    return Calm(content)


def test_the_same_content_gives_the_same_bytes(content: Library, made: dict[str, str]) -> None:
    """In another process, with another order of hashes, too."""
    script = (
        "import hashlib, json\nfrom bot.library import read_content\nfrom bot.reading import content_root\n"
        "from bot.rasa.export import project\n"
        "print(hashlib.sha256(json.dumps(project(read_content(content_root()).library)).encode()).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1
    assert project(content) == made


def test_every_yaml_file_reads_back(made: dict[str, str]) -> None:
    """As plain data, without a key twice."""
    for name, text in made.items():
        if name.endswith(".yml"):
            assert isinstance(yaml.safe_load(text), dict), name


def test_every_example_is_there_and_none_reads_as_markup(content: Library, made: dict[str, str]) -> None:
    """Intents are the flows, what no flow is for, and the two that teach the alarm."""
    nlu = yaml.safe_load(made["data/nlu.yml"])
    assert nlu["version"] == "3.1"
    found = {item["intent"]: [line[2:] for line in item["examples"].splitlines()] for item in nlu["nlu"]}
    assert found == {intent: list(map(plain_example, texts)) for intent, texts in content.content.examples.items()}
    assert not set("[]{}") & set("".join(text for texts in found.values() for text in texts))
    assert plain_example("his [arm](entity) {x}") == "his arm (entity) x"


def test_every_intent_leads_to_the_guide_and_an_emergency_past_the_999_line(made: dict[str, str]) -> None:
    """Whatever Rasa understood, the engine answers; a rule names each intent exactly once."""
    domain, rules = yaml.safe_load(made["domain.yml"]), yaml.safe_load(made["data/rules.yml"])
    assert domain["actions"] == ["action_guide", "action_restart", "action_back"]
    first, second = (rule["steps"] for rule in rules["rules"])
    asked = [step["intent"] for step in first[0]["or"]]
    assert first[1:] == [{"action": "action_guide"}]
    assert second == [{"intent": "danger_live"}, {"action": "utter_danger_first"}, {"action": "action_guide"}]
    assert sorted([*asked, "danger_live"]) == sorted([*domain["intents"], "nlu_fallback"])
    assert "999" in domain["responses"]["utter_danger_first"][0]["text"]
    assert not any("core_fallback" in made[name] for name in made if name.startswith("config"))


def test_a_project_is_private_and_pinned(made: dict[str, str]) -> None:
    """Telemetry is off, everything listens on loopback, and the three pins are there."""
    assert [line for line in made["requirements.txt"].splitlines() if not line.startswith("#")] == list(PINS)
    assert "RASA_TELEMETRY_ENABLED=false" in made[".env"]
    assert "THINKCHILD_ACTIONS=http://127.0.0.1:" in made[".env"]
    starts = [line for line in made["README.md"].splitlines() if "rasa run" in line]
    assert len(starts) == 2
    assert all("-i 127.0.0.1" in line for line in starts)
    assert all("--jwt-secret" in line for line in starts if "--enable-api" in line)
    assert "0.0.0.0" not in "".join(made.values())  # noqa: S104 - it is not there


def test_silence_has_words(content: Library, made: dict[str, str]) -> None:
    """What is said where the guide cannot answer names 999 and who to tell, and comes before Rasa's lock ends."""
    (channel,) = yaml.safe_load(made["credentials.yml"]).values()
    assert channel["cannot_answer"] == content.lines["cannot_answer"].text
    assert "999" in channel["cannot_answer"]
    lock = next(line for line in made[".env"].splitlines() if line.startswith("TICKET_LOCK_LIFETIME="))
    assert channel["timeout"] < int(lock.partition("=")[2])


def test_what_runs_inside_rasa_is_sound_python_310(made: dict[str, str]) -> None:
    """It parses as Python 3.10, and our own linter finds nothing of substance in it."""
    code = made["thinkchild_rasa.py"]
    ast.parse(code, feature_version=(3, 10))
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--isolated",
            "--line-length=120",
            "-",
            "--select=E,F,B,S,ARG,PL,D1",
            "--ignore=PLR0913,ARG002,ARG003,ARG001,E501,D107",
        ],
        input=code,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("pipeline", "there"),
    [("light", {"config_light.yml"}), ("diet", {"config_diet.yml"}), ("both", {"config_light.yml", "config_diet.yml"})],
)
def test_a_pipeline_can_be_chosen(tmp_path: Path, content: Library, pipeline: str, there: set[str]) -> None:
    """One that was exported before and is not asked for now goes away."""
    write(tmp_path, project(content, "both"))
    write(tmp_path, project(content, pipeline), force=True)
    assert {path.name for path in tmp_path.glob("config_*.yml")} == there
    assert (tmp_path / "config.yml").exists()


def test_nothing_is_written_over_what_is_no_export(tmp_path: Path) -> None:
    """Not even with --force; an export is written over with it alone, and models beside it stay."""
    made = {"a/b.yml": "one\n", MARKER: "{}\n"}
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    for force in (False, True):
        with pytest.raises(SetupError, match="not an export of ours"):
            write(tmp_path, made, force=force)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    folder = tmp_path / "new"
    write(folder, made)
    with pytest.raises(SetupError, match="--force"):
        write(folder, made)
    (folder / "models").mkdir()
    (folder / "a/b.yml").unlink()
    (folder / "a/b.yml").symlink_to(tmp_path / "mine.txt")
    write(folder, made, force=True)
    assert (folder / "models").is_dir()
    assert (folder / "a/b.yml").read_text(encoding="utf-8") == "one\n"
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_the_command_writes_and_refuses_in_one_sentence(tmp_path: Path, command: Callable[..., Any]) -> None:
    """Exit code 2 and what to do; a file in the way as well."""
    done = command("rasa", "export", str(tmp_path / "r"), "--pipeline", "light")
    assert done.code == 0, done
    assert (tmp_path / "r" / MARKER).exists()
    assert "--force" in command("rasa", "export", str(tmp_path / "r")).sentence()
    assert command("rasa", "export", str(tmp_path / "r"), "--force").code == 0
    assert "light" in command("rasa", "export", str(tmp_path / "q"), "--pipeline", "lihgt").sentence()
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert "file" in command("rasa", "export", str(tmp_path / "file")).sentence()
    assert "cannot be written" in command("rasa", "export", str(tmp_path / "file" / "below")).sentence()


@pytest.mark.parametrize("value", ["yes", "no", "null", "0330", "1e3", "a: b", "# c", 'q"\\', "- d", "ünï", "x\ny", ""])
def test_no_text_is_changed_by_yaml(value: str) -> None:
    """Whatever stands in the content comes back as it is."""
    data = {"key": value, "list": [value, {"in": value, "no": [value]}], "empty": {}, "none": []}
    assert yaml.safe_load(yaml_of(data, "head\n\nmore")) == data


def test_the_calm_flows_fit_our_schema(made: dict[str, str], calm: Calm) -> None:
    """A schema of our own of what we emit; and the text is the data."""
    flows = yaml.safe_load(made["calm/flows.yml"])
    Draft202012Validator.check_schema(SCHEMA)
    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(flows)] == []
    assert flows == json.loads(json.dumps(calm.flows_file()))
    assert yaml.safe_load(made["calm/domain.yml"]) == calm.domain_file()


@pytest.mark.parametrize(
    "spoilt",
    [
        {"id": "a", "action": "x", "call": "y"},
        {"id": "a", "collect": "x"},
        {"id": "a", "noop": True},
        {"id": "a", "action": "x", "next": [{"if": "slots.a", "then": "b"}]},
        {"id": "a-b", "action": "x"},
        {"id": "a", "action": "x", "text": "y"},
    ],
)
def test_the_schema_refuses(spoilt: dict[str, Any]) -> None:
    """Two kinds at once, a question that leads nowhere, a condition without `else`, and keys there are none of."""
    flow = {"name": "A", "description": "B", "steps": [spoilt]}
    assert not Draft202012Validator(SCHEMA).is_valid({"flows": {"f": flow}})


def test_everything_named_in_calm_is_there(calm: Calm, content: Library) -> None:
    """Steps, flows, responses and slots; every step can be reached; every question has its words and its buttons."""
    assert set(calm.flows) == set(content.routes)
    for name, flow in calm.flows.items():
        steps = {step["id"]: step for step in flow["steps"]}
        assert len(steps) == len(flow["steps"]), name
        reached, ways = set(), [flow["steps"][0]["id"]]
        while ways:
            here = ways.pop()
            if here == "END" or here in reached:
                continue
            assert here in steps, (name, here)
            reached.add(here)
            ways += _leads(calm, name, steps[here])
        assert reached == set(steps), (name, set(steps) - reached)
    assert set(re.findall(r"slots\.(\w+)", json.dumps(calm.flows))) <= set(calm.slots)
    assert {name.removeprefix("utter_ask_") for name in calm.responses if name.startswith("utter_ask_")} <= set(
        calm.slots
    )


def _leads(calm: Calm, flow: str, step: dict[str, Any]) -> list[str]:
    """Return where a step leads, after seeing that what it names is there."""
    if "action" in step:
        assert calm.responses[step["action"]][0]["text"]
    if "call" in step:
        assert step["call"] in calm.flows, (flow, step)
    if "collect" in step:
        slot, asked = calm.slots[step["collect"]], calm.responses[f"utter_ask_{step['collect']}"][0]
        payloads = [button["payload"] for button in asked["buttons"]]
        assert payloads == [f"/SetSlots({step['collect']}={value})" for value in slot["values"]]
    for each in step.get("set_slots", ()):
        assert set(each) <= set(calm.slots)
    following = step.get("next", [])
    if isinstance(following, str):
        return [following]
    found: list[str] = []
    for branch in following:
        way = branch.get("then", branch.get("else"))
        found += [way] if isinstance(way, str) else [to for inner in way for to in _leads(calm, flow, inner)]
    return found


def test_a_written_flow_asks_and_says_what_the_engine_does(content: Library, calm: Calm) -> None:
    """Every flow, walked with the same answers both ways: often enough that every answer to its own questions was given."""
    library = content.at("england", "2026-11-21")
    answers = {
        f"{route.id}_{step.id}": [option.id for option in step.options if not option.open]
        for route in library.routes.values()
        for step in route.steps
        if isinstance(step, AskStep)
    }
    for flow in library.flows.values():
        missing = {
            f"{flow.id}_{step.id}={answer}"
            for step in flow.steps
            if isinstance(step, AskStep)
            for answer in answers[f"{flow.id}_{step.id}"]
        }
        for turn in range(MOST_WALKS):
            chance = random.Random(f"{flow.id}{turn}")  # noqa: S311 - the same answers every time
            given: dict[str, str] = {}

            def choose(slot: str, values: tuple[str, ...], given: dict[str, str] = given, chance: Any = chance) -> str:
                """Choose once for each question: what opens another flow is the engine's business."""
                if slot not in given:
                    given[slot] = chance.choice(answers.get(slot, values))
                return given[slot]

            moment = list(Moment)[turn % 3]
            expected = ours(library, flow.id, choose, moment)
            assert theirs(calm, flow.id, choose, moment) == expected, (flow.id, turn)
            missing -= set(expected)
            if not missing and turn >= FEWEST_WALKS:
                break
        assert not missing


def test_conditions_are_read_as_they_are_meant() -> None:
    """The reader used above knows brackets, `not`, `and` and `or`."""
    slots = {"a": True, "b": False, "c": "x"}
    assert holds('(slots.a) and ((slots.c is "x") or slots.b)', slots)
    assert not holds('(slots.a) and (not (slots.c is "x"))', slots)
    assert not holds("slots.b", slots)


def test_what_calm_cannot_carry_is_said_first(made: dict[str, str]) -> None:
    """The head of the file says that it does not stand in for the engine, and names the alarm."""
    head = made["calm/flows.yml"].split("\nflows:")[0]
    assert all(line.startswith("#") for line in head.splitlines())
    assert "NOT TO RUN IN PLACE OF THE ENGINE" in HEAD
    assert "999 first at any moment" in head
