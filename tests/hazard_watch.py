"""Watches a run of the tests: what the hazard log names has to have run, or the run has failed.

Nothing is asked of a part of the tests (a file, `-k`, `-m` and the like, as somebody typed it). When all of them are run, a named test
that was skipped, left out by a setting, or is not there fails the run with a sentence: what nobody tried proves no control.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hazard_log import parse

if TYPE_CHECKING:
    from hazard_log import Hazard

LOG = Path("tests/HAZARDS.md")
EXCUSES = {
    "THINKCHILD_REQUIRE_TELEGRAM": ("the Telegram emulator", "the Telegram channel is an extra"),
    "THINKCHILD_REQUIRE_RASA": ("THINKCHILD_RASA names no Python",),
}
"""Why a test may be skipped, unless the setting is 1: because of what a machine lacks, and for no other reason."""


class Watch:
    """What became of each test in this run."""

    def __init__(self, config: pytest.Config) -> None:
        """Begin with nothing known."""
        self.config = config
        self.ran: dict[str, bool] = {}
        """Node -> whether it passed."""
        self.skipped: dict[str, str] = {}
        """Node, or file that was skipped whole -> why."""
        self.unproved: list[str] = []
        self.excused: list[str] = []
        self.failed: list[str] = []
        self.proved = ""

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file that is skipped whole."""
        if report.skipped:
            self.skipped[report.nodeid] = _why(report)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what became of a test; one that is expected to fail proves nothing."""
        if report.skipped or hasattr(report, "wasxfail"):
            self.skipped[report.nodeid] = _why(report)
        elif report.when == "call" or report.failed:
            self.ran[report.nodeid] = self.ran.get(report.nodeid, True) and report.passed

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Fail the run if all of it was asked for and something that the log names was not tried."""
        log = self.config.rootpath / LOG
        if not log.is_file() or hasattr(self.config, "workerinput"):
            return
        hazards, _ = parse(log.read_text(encoding="utf-8"))
        self._failures(hazards)
        ended = exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
        if not ended or session.shouldstop or session.shouldfail or not asked_for_all(self.config):
            return
        for hazard in hazards:
            for test in hazard.tests:
                self._look(hazard, test)
        if self.unproved and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if not self.unproved:
            named = {test for hazard in hazards for test in hazard.tests}
            self.proved = f"{len(hazards)} hazards, {len(named)} tests that prove their controls: "
            self.proved += "each of them ran" if not self.excused else f"all but {len(self.excused)} ran"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what the log names and nobody tried."""
        lines = [*self.failed, *self.excused, *self.unproved, *([self.proved] if self.proved else [])]
        if lines:
            terminalreporter.section("hazard log", sep="-", bold=True)
            for line in lines:
                terminalreporter.write_line(line, red=line in self.unproved, yellow=line in self.excused)

    def _failures(self, hazards: list[Hazard]) -> None:
        failed = {node.partition("[")[0] for node, passed in self.ran.items() if not passed}
        for hazard in hazards:
            self.failed += [
                f"{hazard.id} ({hazard.title}): {test} failed, so this control does not hold."
                for test in hazard.tests
                if test.partition("[")[0] in failed
            ]

    def _look(self, hazard: Hazard, test: str) -> None:
        file = test.partition("::")[0]
        reasons = {why for node, why in self.skipped.items() if node == file or _is_of(test, node)}
        if not reasons and any(_is_of(test, node) for node in self.ran):
            return
        why = f"was skipped ({'; '.join(sorted(reasons))})" if reasons else "did not run"
        says = f"{hazard.id} ({hazard.title}): {test} {why}"
        if reasons and all(_is_excused(reason) for reason in reasons):
            self.excused.append(f"{says}: not proved here.")
        else:
            self.unproved.append(f"{says}, so nothing proves this control. Let it run, or correct {LOG}.")


def asked_for_all(config: pytest.Config) -> bool:
    """Say whether whoever typed the command wanted all tests, whatever became of that by settings."""
    option, typed = config.option, " ".join(str(one) for one in config.invocation_params.args)
    parts = [
        option.keyword,
        option.markexpr,
        *(option.deselect or ()),
        *(option.ignore or ()),
        *(option.ignore_glob or ()),
    ]
    if any(part and str(part) in typed for part in parts):
        return False
    if any(getattr(option, name, False) for name in ("collectonly", "lf", "stepwise", "setuponly", "setupplan")):
        return False
    tests = (config.rootpath / LOG.parent).resolve()
    given = ((config.invocation_params.dir / argument).resolve() for argument in config.args)
    return any(path == tests or path in tests.parents for path in given)


def _is_of(test: str, node: str) -> bool:
    """Say whether a node is a named test, or one of the ways in which it is run."""
    return node == test or node.partition("[")[0] == test


def _is_excused(reason: str) -> bool:
    return any(
        os.environ.get(setting) != "1" and any(word in reason for word in words) for setting, words in EXCUSES.items()
    )


def _why(report: pytest.CollectReport | pytest.TestReport) -> str:
    if hasattr(report, "wasxfail"):
        return f"expected to fail: {report.wasxfail}"
    told = report.longrepr
    says = told[2] if isinstance(told, tuple) else str(told)
    return says.removeprefix("Skipped: ").splitlines()[0] if says else "no reason given"


def pytest_configure(config: pytest.Config) -> None:
    """Begin to watch."""
    config.pluginmanager.register(Watch(config), "hazard-watch")
