"""One exported project for all tests of the real Rasa, trained once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from needed import missing
from servers import Project

from bot.rasa.export import project, write

if TYPE_CHECKING:
    from bot.library import Library

PYTHON, REQUIRED = "THINKCHILD_RASA", "THINKCHILD_REQUIRE_RASA"


@pytest.fixture(scope="session")
def rasa_project(tmp_path_factory: pytest.TempPathFactory, content: Library) -> Project:
    """Export a project for the Rasa that THINKCHILD_RASA names; without one these tests are skipped, and say so."""
    python = os.environ.get(PYTHON, "")
    if not python or not Path(python).exists():
        missing(f"{PYTHON} names no Python with Rasa 3.6 (see tests/README.md)", REQUIRED)
    folder = tmp_path_factory.mktemp("rasa")
    write(folder, project(content, "both"))
    return Project(folder, python)


@pytest.fixture(scope="session")
def hosting_model(rasa_project: Project) -> Path:
    """Train the model that hosts the guide, with the command of the project's README."""
    done = rasa_project.rasa(
        *("train", "--quiet", "--config", "config.yml", "--domain", "domain.yml", "--data", "data/rules.yml"),
        *("--out", "models", "--fixed-model-name", "guide"),
    )
    model = rasa_project.folder / "models/guide.tar.gz"
    assert done.returncode == 0, done.stderr[-3000:]
    assert model.exists(), done.stdout[-3000:]
    return model
