"""What is shipped for running it as a service: the unit's promises, the container's, and that the program fits both."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import cli

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "bot/deploy"
UNITS = ("thinkchild.service", "thinkchild-backup.service", "thinkchild-backup.timer")
CONTAINER = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
ANALYZE = shutil.which("systemd-analyze")
PROGRAM = "/opt/thinkchild/bin/thinkchild"


def unit(name: str) -> dict[str, list[str]]:
    """Return the settings of a unit: each name with its values, in order."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / name).read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def test_the_unit_restarts_what_helps_and_nothing_else() -> None:
    """Deaf and stuck processes start again, however often; a missing or revoked token does not."""
    pytest.importorskip("telegram.ext", reason="the Telegram channel is an extra")
    from bot.channels.telegram.watchdog import REVOKED, STUCK  # noqa: PLC0415
    from bot.cli import UNUSABLE  # noqa: PLC0415

    service = unit("thinkchild.service")
    assert service["Restart"] == ["on-failure"]
    left = {int(code) for code in service["RestartPreventExitStatus"][0].split()}
    assert left == {UNUSABLE, REVOKED}
    assert STUCK not in left
    assert service["StartLimitIntervalSec"] == ["0"]
    assert int(service["RestartSec"][0]) >= 1
    assert service["Type"] == ["notify"]
    assert int(service["WatchdogSec"][0]) > 60


def test_the_token_is_handed_over_as_a_file() -> None:
    """No unit and no container file holds a token, or asks for one in the environment."""
    service = unit("thinkchild.service")
    assert service["LoadCredential"] == ["telegram-token:/etc/thinkchild/telegram-token"]
    assert "TELEGRAM_BOT_TOKEN_FILE=%d/telegram-token" in service["Environment"]
    for text in (*((DEPLOY / name).read_text(encoding="utf-8") for name in UNITS), CONTAINER):
        assert not re.search(r"TELEGRAM_BOT_TOKEN=", text)
        assert not re.search(r"\d{6,}:[\w-]{20,}", text)


@pytest.mark.parametrize("name", UNITS[:2])
@pytest.mark.parametrize(
    "line",
    ["User=thinkchild", "NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes", "CapabilityBoundingSet=",
     "MemoryDenyWriteExecute=yes", "SystemCallFilter=@system-service", "UMask=0077", "StateDirectoryMode=0700"],
)  # fmt: skip
def test_the_services_are_shut_in(name: str, line: str) -> None:
    """Neither runs as root, writes outside its folders, or may do what it has no need of."""
    key, _, value = line.partition("=")
    assert value in unit(name)[key]


@pytest.mark.parametrize("name", UNITS[:2])
def test_what_is_set_for_the_service_holds_for_its_backup(name: str) -> None:
    """Both read the settings: no copy could be made of an encrypted record without the name of its key."""
    assert unit(name)["EnvironmentFile"] == ["-/etc/thinkchild/settings"]


@pytest.mark.skipif(ANALYZE is None, reason="there is no systemd-analyze here")
def test_systemd_takes_the_units_and_finds_them_shut_in(tmp_path: Path) -> None:
    """Systemd's own check finds nothing wrong, and its measure of exposure is low (it goes to 10)."""
    for name in UNITS:
        text = (DEPLOY / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(
            text.replace(PROGRAM, "/usr/bin/env"), encoding="utf-8"
        )  # it is not installed here
    files = [str(tmp_path / name) for name in UNITS]
    told = {**os.environ, "SYSTEMD_COLORS": "0", "LC_ALL": "C.UTF-8"}
    checked = subprocess.run(
        [str(ANALYZE), "verify", "--man=no", *files], env=told, capture_output=True, text=True, check=False
    )
    said = [line for line in checked.stderr.splitlines() if "thinkchild" in line]
    assert (checked.returncode, said) == (0, []), checked.stderr
    for file in files[:2]:
        measured = subprocess.run(
            [str(ANALYZE), "security", "--no-pager", "--offline=true", "--threshold=20", file],
            env=told,
            capture_output=True,
            text=True,
            check=False,
        )
        if "unrecognized option" in measured.stderr:
            pytest.skip("this systemd-analyze measures running services only")
        assert measured.returncode == 0, measured.stdout.splitlines()[-1:]


def test_what_the_units_start_is_there() -> None:
    """The commands named in units and container exist, with the options they are given."""
    started = [
        unit("thinkchild.service")["ExecStart"][0],
        *re.findall(r"^(?:CMD|HEALTHCHECK.*CMD) \[(.*)\]$", CONTAINER, re.MULTILINE),
    ]
    assert len(started) == 3
    for command in started:
        words = re.findall(r"[\w/-]+", command)
        name = next(word for word in words if word not in {PROGRAM, "thinkchild"})
        assert CliRunner().invoke(cli, [name, "--help"]).exit_code == 0, command


def test_the_container_holds_the_program_and_nothing_else() -> None:
    """It copies what the package is built from and no whole folder; it runs as nobody; it says whether it answers."""
    copied = {
        source for line in re.findall(r"^COPY (?!--from)(.*)$", CONTAINER, re.MULTILINE) for source in line.split()[:-1]
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {"pyproject.toml", project["project"]["readme"], *project["project"]["license-files"]}
    needed |= {*wheel["packages"], *wheel["force-include"]}
    assert copied == needed
    assert all((ROOT / one).exists() for one in copied)
    assert set(re.findall(r"^FROM (\S+)", CONTAINER, re.MULTILINE)) == {"python:3.12-slim"}
    *_, user = re.findall(r"^USER (\S+)", CONTAINER, re.MULTILINE)
    assert int(user.split(":")[0]) > 0
    assert "HEALTHCHECK" in CONTAINER
    assert "VOLUME /data" in CONTAINER
    assert "TELEGRAM_BOT_TOKEN_FILE=/run/secrets/telegram-token" in CONTAINER


@pytest.mark.skipif(sys.platform != "linux", reason="a promise of Linux")
def test_the_program_needs_no_memory_that_is_written_and_run(tmp_path: Path) -> None:
    """MemoryDenyWriteExecute is in the unit: a whole turn with typed words works under it."""
    program = (
        "import ctypes, os, sys\n"
        "if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0): sys.exit(77)\n"  # PR_SET_MDWE, kept across the next line
        f"os.execv(sys.executable, [sys.executable, '-m', 'bot', 'chat', '--db', {str(tmp_path / 'advice.db')!r}])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        input="a new partner has moved in\nno sign of that now\nq\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("this kernel cannot be asked to refuse it (6.3 or later can)")
    assert done.returncode == 0, done.stderr
    assert "A new partner" in done.stdout
