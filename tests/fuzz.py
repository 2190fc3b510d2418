"""Tries bad input for as long as it is given: `python tests/fuzz.py --minutes 10 [--seed N] [--only content] [--save FOLDER]`.

The time is shared among the targets. Each line says what was tried and how many cases a second. Of what fails the smallest
input is saved, with what went wrong beside it, and the exit code is 1. The same seed tries the same cases.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]
os.environ.setdefault("THINKCHILD_ACCESS", "open")
os.environ.setdefault("THINKCHILD_PER_MINUTE", "0")

import fuzz_content  # noqa: E402 - the path is set first
import fuzz_files  # noqa: E402 - as above
import fuzz_http  # noqa: E402 - as above
import fuzz_kill  # noqa: E402 - as above
import fuzz_settings  # noqa: E402 - as above
import fuzz_talk  # noqa: E402 - as above
from fuzz_common import Target, run  # noqa: E402 - as above
from hypothesis import strategies as st  # noqa: E402 - as above

ROUND = 250
"""Cases until other ones are drawn with the next number."""
NEED_TELEGRAM = {"telegram", "webhook"}


def targets() -> list[Target]:
    """Return everything that is tried."""
    parts = (fuzz_content, fuzz_talk, fuzz_http, fuzz_files, fuzz_kill, fuzz_settings)
    return [target for part in parts for target in part.TARGETS]


@contextmanager
def _breaks(_folder: Path) -> Iterator[Callable[[Any], None]]:
    def try_one(data: bytes) -> None:
        assert data < b"\x07"

    yield try_one


BROKEN = Target("broken", "a program that is broken, to see that this is found", st.binary(max_size=9), _breaks, 50)


def main() -> int:
    """Try, print, save; returns the exit code."""
    reads = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    known = {target.name: target for target in targets()}
    reads.add_argument("--minutes", type=float, default=10.0, help="for all targets together (default: 10)")
    reads.add_argument(
        "--seed", type=int, default=None, help="a number that chooses the cases (default: another each time)"
    )
    reads.add_argument(
        "--only", action="append", choices=[*known, BROKEN.name], help="a target; may be given several times"
    )
    reads.add_argument("--save", type=Path, default=Path(), help="the folder for what fails (default: here)")
    given = reads.parse_args()
    chosen = [{**known, BROKEN.name: BROKEN}[name] for name in given.only or known]
    number = given.seed if given.seed is not None else secrets.randbelow(10**6)
    print(f"seed {number}, {given.minutes:g} minutes for {', '.join(target.name for target in chosen)}", flush=True)  # noqa: T201
    failed = [
        target.name for target in chosen if not _try(target, number, 60 * given.minutes / len(chosen), given.save)
    ]
    if failed:
        again = " ".join(f"--only {name}" for name in failed)
        print(f"Failed: {', '.join(failed)}. Again with: python tests/fuzz.py --seed {number} {again}")  # noqa: T201
    return 1 if failed else 0


def _try(target: Target, number: int, seconds: float, folder: Path) -> bool:
    """Try one target for its share of the time; returns whether everything held."""
    count = 0
    with tempfile.TemporaryDirectory() as place, target.entry(Path(place)) as try_one:
        begun = time.monotonic()
        until = begun + seconds
        while True:
            tried = run(target, try_one, ROUND, number + count, lambda: time.monotonic() > until)
            count += max(tried.cases, 1)
            if tried.error is not None:
                break
            if time.monotonic() > until:
                break
        took = max(time.monotonic() - begun, 0.001)
    says = f"{target.name:9} {count:7,} cases, {count / took:7.1f} a second: {target.about}"
    print(says, flush=True)  # noqa: T201
    if tried.error is None:
        return True
    folder.mkdir(parents=True, exist_ok=True)
    saved = folder / f"{target.name}-{number}.bin"
    saved.write_bytes(target.written(tried.last))
    saved.with_suffix(".txt").write_text(
        f"{tried.told()}\n{tried.last!r}\n", encoding="utf-8", errors="backslashreplace"
    )
    print(f"  FAILED: {type(tried.error).__name__}; smallest input in {saved}, what went wrong in {saved.stem}.txt")  # noqa: T201
    return False


if __name__ == "__main__":
    sys.exit(main())
