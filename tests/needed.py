"""What a test needs of the machine: without it the test is skipped, unless a setting says that it is there."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(why: str, required: str) -> NoReturn:
    """Skip the test and say why; fail it where the setting `required` is 1, as in `.ci/run`."""
    if os.environ.get(required) == "1":
        pytest.fail(f"{why} ({required}=1 forbids to skip)")
    pytest.skip(why)
