"""A real Rasa takes the export: it validates, it trains, and what it trained can be asked."""

from __future__ import annotations

import json
import secrets
import subprocess
from typing import TYPE_CHECKING

import pytest

from bot.rasa.written import plain_example
from bot.rasa_nlu import RASA, SILENT, rasa_from

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from servers import Project, Server

    from bot.library import Library

TOKEN, SECRET = secrets.token_hex(16), secrets.token_hex(16)
READ_BACK = """
import json, sys
from rasa.shared.importers.importer import TrainingDataImporter
data = TrainingDataImporter.load_from_config("config_light.yml", "domain.yml", ["data/nlu.yml"]).get_nlu_data()
found = {}
for example in data.intent_examples:
    assert not example.get("entities"), example.get("text")
    found.setdefault(example.get("intent"), []).append(example.get("text"))
json.dump(found, sys.stdout)
"""


def test_rasa_validates_the_export_without_a_warning(rasa_project: Project) -> None:
    """Messages, domain and rules fit together; every intent is used."""
    done = rasa_project.rasa(
        *("data", "validate", "--domain", "domain.yml", "--data", "data", "--config", "config_light.yml"),
        "--fail-on-warnings",
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-3000:]
    assert "No story structure conflicts found" in said
    assert not [line for line in said.splitlines() if "UserWarning" in line and "rasa" in line.lower()]


def test_the_validation_would_notice(rasa_project: Project, tmp_path: Path) -> None:
    """With one intent taken out of the domain, Rasa refuses."""
    domain = (rasa_project.folder / "domain.yml").read_text(encoding="utf-8")
    spoilt = tmp_path / "domain.yml"
    spoilt.write_text(domain.replace("  - new_partner\n", ""), encoding="utf-8")
    assert spoilt.read_text(encoding="utf-8") != domain
    done = rasa_project.rasa("data", "validate", "--domain", str(spoilt), "--data", "data", "--fail-on-warnings")
    assert done.returncode != 0


def test_rasa_reads_every_example_as_it_was_written(rasa_project: Project, content: Library) -> None:
    """None is cut, changed, or taken for one with an entity."""
    done = subprocess.run(
        [rasa_project.python, "-c", READ_BACK],
        cwd=rasa_project.folder,
        env=rasa_project.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    for intent, texts in content.content.examples.items():
        assert sorted(set(found[intent])) == sorted({plain_example(text) for text in texts}), intent


def test_diet_trains_on_the_export(rasa_project: Project) -> None:
    """Two epochs on two intents: that it takes the pipeline and the data, not how well it does."""
    folder = rasa_project.folder
    config = (folder / "config_diet.yml").read_text(encoding="utf-8")
    (folder / "config_short.yml").write_text(config.replace("epochs: 100", "epochs: 2"), encoding="utf-8")
    head, *intents = (folder / "data/nlu.yml").read_text(encoding="utf-8").split("- intent: ")
    (folder / "few.yml").write_text("- intent: ".join((head, *intents[:2])), encoding="utf-8")
    done = rasa_project.rasa(
        *("train", "nlu", "--config", "config_short.yml", "--nlu", "few.yml", "--out", "models"),
        *("--fixed-model-name", "diet"),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert (folder / "models/diet.tar.gz").exists()


@pytest.fixture(scope="module")
def light(rasa_project: Project) -> Iterator[Server]:
    """Train logistic regression on all of the data, and serve it as the project's README says."""
    done = rasa_project.rasa(
        *("train", "nlu", "--config", "config_light.yml", "--nlu", "data/nlu.yml", "--out", "models"),
        *("--fixed-model-name", "light"),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    guarded = ("--enable-api", "-t", TOKEN, "--jwt-secret", SECRET)
    with rasa_project.serve(*guarded, "-m", "models/light.tar.gz") as running:
        running.wait_for("/")
        running.wait_for(f"/status?token={TOKEN}")
        yield running


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("I've seen a mark on a child", "mark_on_child"),
        ("the family won't engage", "family_wont_engage"),
        ("a new partner has moved in", "new_partner"),
        ("he isn't breathing, call someone", "danger_live"),
    ],
)
def test_what_was_trained_knows_our_flows(light: Server, text: str, intent: str) -> None:
    """`/model/parse` names one of our intents first, and ranks others."""
    status, found = light.post(f"/model/parse?token={TOKEN}", {"text": text})
    assert status == 200
    assert found["intent_ranking"][0]["name"] in {intent, "nlu_fallback"}
    assert intent in [each["name"] for each in found["intent_ranking"][:3]]


def test_nobody_asks_without_the_token(light: Server) -> None:
    """Whoever could load a model could run code."""
    assert light.post("/model/parse", {"text": "hello"})[0] == 401
    assert light.post("/model/parse?token=wrong", {"text": "hello"})[0] == 401


def test_our_matcher_asks_it(light: Server, tmp_path: Path) -> None:
    """`THINKCHILD_NLU` with the secret: a suggestion comes, and it is asked about, never opened for being Rasa's."""
    file = tmp_path / "secret"
    file.write_text(SECRET, encoding="utf-8")
    file.chmod(0o600)
    named = {"THINKCHILD_NLU": f"rasa:{light.url}", "THINKCHILD_NLU_TOKEN_FILE": str(file)}
    server = rasa_from(named, ("mark_on_child", "new_partner"))
    assert server is not None
    found = server.ask("a new partner has moved in with mum and the children")
    assert (found.flow, found.says) == ("new_partner", RASA)
    file.write_text(SECRET[::-1], encoding="utf-8")
    stranger = rasa_from(named, ("new_partner",))
    assert stranger is not None
    assert stranger.ask("a new partner has moved in").says == SILENT
