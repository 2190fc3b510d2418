# ruff: noqa: S310 - every address asked here is on loopback
"""Our matching and Rasa's, side by side in one run: `python benchmarks/rasa.py [--quick]`.

The same messages (`tests/data/messages_dev.yaml`, which nobody learned from) to our matcher, to ours with sentence vectors
where a model is there (`THINKCHILD_MODEL`), and to Rasa's logistic regression and DIET, trained here on the very same examples.
DIET, which would take hours over all of them, gets some of each intent, and ours the same ones beside it.
Then the same conversation through our REST endpoint and through a Rasa server that hosts us. Rasa's rows need
`THINKCHILD_RASA`, the Python of an environment with Rasa 3.6 (bot/rasa/requirements.txt). Nothing is asserted: it is to be read.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from bot.kept import KeptWeights
from bot.library import SUBJECTS_WITHOUT_FLOW, read_content
from bot.rasa.export import project, write
from bot.rasa.written import nlu_of
from bot.reading import content_root
from bot.routing import new_matcher
from bot.upkeep.messages import OUT, VOICES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent
MESSAGES = ROOT / "tests/data/messages_dev.yaml"
QUICK = 5
"""In a quick run each fifth message, which takes voices in turn, and no DIET: it alone takes many minutes to learn."""
MISSION = ("a new partner has moved in", "no sign of that now", "yes", "why", "menu")
WARNING_FREE = {"PYTHONWARNINGS": "ignore", "TF_CPP_MIN_LOG_LEVEL": "3"}
Row = dict[str, Any]


def main() -> None:
    """Measure everything that can be measured here."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer messages, and without DIET")
    parser.add_argument(
        "--diet-examples",
        type=int,
        default=20,
        help="examples of each intent for DIET, and for ours beside it (default 20)",
    )
    parser.add_argument("--diet-epochs", type=int, default=30, help="how often DIET goes through them (default 30)")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--few", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    messages = held_out(every=QUICK if given.quick else 1)
    if given.worker:
        print(json.dumps(our_row(messages, given.few)))
        return
    rasa = os.environ.get("THINKCHILD_RASA", "")
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        rows = {"ours": worker(quick=given.quick, model="", home=where / "home")}
        model = os.environ.get("THINKCHILD_MODEL", "")
        if model:
            row = worker(quick=given.quick, model=model, home=where / "vectors")
            if row["kind"] == "vectors":
                rows["ours, vectors"] = row
            else:
                print("SKIPPED: ours with vectors (what THINKCHILD_MODEL names was not taken)")
        else:
            print("SKIPPED: ours with vectors (THINKCHILD_MODEL names no folder with sentence vectors)")
        if not rasa:
            print("SKIPPED: Rasa's matching and a turn through Rasa (THINKCHILD_RASA names no Python with Rasa)")
        else:
            made = where / "project"
            write(made, project(shipped()))
            rows["rasa, light"] = rasa_row(rasa, made, "light", messages)
            if given.quick:
                print("SKIPPED: DIET (a quick run)")
            else:
                few = given.diet_examples
                rows[f"ours, {few} of each"] = worker(quick=False, model="", home=where / "few", few=few)
                lighten(made, few, given.diet_epochs)
                rows[f"rasa, DIET, {few} of each"] = rasa_row(rasa, made, "diet", messages)
        table(rows, len(messages))
        turns(where, rasa, rounds=4 if given.quick else 20)


def shipped() -> Any:  # noqa: ANN401 - a library
    """Return the shipped content."""
    library = read_content(content_root()).library
    assert library is not None
    return library


def held_out(every: int) -> list[tuple[str, str]]:
    """Return (flow, message), without what no flow is for."""
    held = yaml.safe_load(MESSAGES.read_text(encoding="utf-8"))
    return [(flow, text) for flow, texts in held.items() if flow not in {OUT, VOICES} for text in texts][::every]


# --- our own matching, each way in a process of its own ------------------------------------------------


def worker(*, quick: bool, model: str, home: Path, few: int = 0) -> Row:
    """Measure our matcher in a process that has learned nothing before, and in one that has."""
    env = {**os.environ, "XDG_CACHE_HOME": str(home), "XDG_DATA_HOME": str(home), "THINKCHILD_MODEL": model}
    if not model:
        del env["THINKCHILD_MODEL"]
    command = [sys.executable, __file__, "--worker", "--few", str(few), *(["--quick"] if quick else [])]
    rows = []
    for _ in range(2):
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
    first, second = rows
    return {**second, "training": first["start"] - second["start"], "memory": second["memory"]}


def our_row(messages: list[tuple[str, str]], few: int) -> Row:
    """Make the matcher ready, of a few examples of each intent or of all, and route every message."""
    begun = time.perf_counter()
    library = shipped()
    before = time.perf_counter() - begun
    examples = first_few(library.content.examples, few) if few else None
    matcher = new_matcher(library, KeptWeights(), examples=examples)
    matcher.prepare()
    matcher.route("a first message")
    ready = time.perf_counter() - begun - before  # reading the content is not understanding words
    row = asked(messages, lambda text: [each.flow for each in matcher.route(text).candidates])
    disk = sum(path.stat().st_size for path in Path(os.environ["XDG_CACHE_HOME"]).rglob("*") if path.is_file())
    model = os.environ.get("THINKCHILD_MODEL")
    disk += sum(path.stat().st_size for path in Path(model).rglob("*") if path.is_file()) if model else 0
    kind = getattr(matcher, "kind", "words")
    return {**row, "start": ready, "memory": memory_of("self"), "disk": disk / 1e6, "kind": kind}


def asked(messages: list[tuple[str, str]], ranked: Callable[[str], list[str]]) -> Row:
    """Ask about every message; say how often the right flow came first or among three, and how long it took."""
    first, three, seconds = 0, 0, []
    for flow, text in messages:
        begun = time.perf_counter()
        found = ranked(text)
        seconds.append(time.perf_counter() - begun)
        first += found[:1] == [flow]
        three += flow in found[:3]
    seconds.sort()
    return {
        "first": first / len(messages),
        "three": three / len(messages),
        "p50": statistics.median(seconds) * 1000,
        "p95": seconds[int(len(seconds) * 0.95)] * 1000,
    }


def first_few(examples: Mapping[str, Sequence[str]], few: int) -> dict[str, tuple[str, ...]]:
    """Take a few examples of each intent, from all over: they stand in the order of who wrote them."""
    return {intent: tuple(texts[:: max(1, len(texts) // few)][:few]) for intent, texts in examples.items()}


def lighten(made: Path, few: int, epochs: int) -> None:
    """Leave a few examples of each intent, and fewer epochs: on all examples DIET needs hours without a graphics card."""
    config = made / "config_diet.yml"
    text = config.read_text(encoding="utf-8").replace("epochs: 100", f"epochs: {epochs}")
    config.write_text(text, encoding="utf-8")
    (made / "data/nlu.yml").write_text(nlu_of(first_few(shipped().content.examples, few)), encoding="utf-8")


# --- Rasa's matching ------------------------------------------------------------------------------------


def rasa_row(python: str, made: Path, name: str, messages: list[tuple[str, str]]) -> Row:
    """Train a pipeline on the exported examples, start a server, and ask it about every message."""
    begun = time.perf_counter()
    run_rasa(
        *(python, made, "train", "nlu", "--config", f"config_{name}.yml", "--nlu", "data/nlu.yml"),
        *("--out", "models", "--fixed-model-name", name),
    )
    training = time.perf_counter() - begun
    secret = secrets.token_hex(16)
    begun = time.perf_counter()
    with serving(rasa_run(python, "--enable-api", "-t", secret, "-m", f"models/{name}.tar.gz"), made) as (url, process):
        wait_for(f"{url}/status?token={secret}", process)
        parse = f"{url}/model/parse?token={secret}"
        post(parse, {"text": "a first message"})
        start = time.perf_counter() - begun
        row = asked(messages, lambda text: flows_of(post(parse, {"text": text})))
        memory = memory_of(str(process.pid))
    environment = Path(python).parent.parent
    disk = sum(path.lstat().st_size for path in environment.rglob("*") if path.is_file() and not path.is_symlink())
    disk += (made / "models" / f"{name}.tar.gz").stat().st_size
    return {**row, "training": training, "start": start, "memory": memory, "disk": disk / 1e6}


def flows_of(answer: Any) -> list[str]:  # noqa: ANN401 - parsed JSON
    """Return the flows that Rasa ranks, best first; what is no flow does not count against it."""
    aside = {*SUBJECTS_WITHOUT_FLOW, "nlu_fallback"}
    return [each["name"] for each in answer["intent_ranking"] if each["name"] not in aside]


# --- a turn ---------------------------------------------------------------------------------------------


def turns(where: Path, rasa: str, rounds: int) -> None:
    """Hold the same conversation through our REST endpoint and through a Rasa server that hosts us."""
    command = [sys.executable, "-m", "bot"]
    anybody = ["--access", "open", "--per-minute", "0"]
    found: dict[str, list[float]] = {}
    with serving(
        lambda port: [*command, "serve", *anybody, "--db", str(where / "ours.db"), "--port", str(port)], ROOT
    ) as (
        url,
        running,
    ):
        wait_for(f"{url}/health", running)
        found["ours"] = talked(f"{url}/webhooks/rest/webhook", rounds)
    if rasa:
        made = where / "project"
        data = ("--domain", "domain.yml", "--data", "data/rules.yml", "--out", "models", "--fixed-model-name", "guide")
        run_rasa(rasa, made, "train", "--quiet", "--config", "config.yml", *data)
        actions = [*command, "rasa", "actions", *anybody, "--db", str(where / "hosted.db"), "--port"]
        with serving(lambda port: [*actions, str(port)], ROOT) as (guide, acting):
            wait_for(f"{guide}/health", acting)
            hosted = rasa_run(
                rasa, "-m", "models/guide.tar.gz", "--endpoints", "endpoints.yml", "--credentials", "credentials.yml"
            )
            with serving(hosted, made, THINKCHILD_ACTIONS=f"{guide}/webhook") as (url, running):
                wait_for(f"{url}/webhooks/rest/", running)
                webhook = f"{url}/webhooks/rest/webhook"
                while not any("custom" in item for item in post(webhook, {"sender": "nobody", "message": "menu"})):
                    time.sleep(0.2)
                found["through Rasa"] = talked(webhook, rounds)
    print(f"\na turn of the same conversation, {rounds} people one after the other")
    base = statistics.median(found["ours"])
    for name, seconds in found.items():
        seconds.sort()
        p50, p95 = statistics.median(seconds), seconds[int(len(seconds) * 0.95)]
        print(f"{name:16} p50 {p50 * 1000:7.1f} ms   p95 {p95 * 1000:7.1f} ms   {p50 / base:5.1f} times ours")


def talked(url: str, rounds: int) -> list[float]:
    """Say the same things as so many people; returns the seconds of each turn but the first conversation's."""
    seconds = []
    for person in range(rounds + 1):
        for text in MISSION:
            begun = time.perf_counter()
            post(url, {"sender": f"person {person}", "message": text})
            seconds.append(time.perf_counter() - begun)
    return seconds[len(MISSION) :]


# --- processes --------------------------------------------------------------------------------------------


def rasa_run(python: str, *args: str) -> Callable[[int], list[str]]:
    """Return how `rasa run` is started on a port of loopback."""
    return lambda port: [python, "-m", "rasa", "run", "-i", "127.0.0.1", "-p", str(port), *args]


def run_rasa(python: str, made: Path, *args: str) -> None:
    """Give Rasa a command and wait; what it says is shown only when it fails."""
    env = {**os.environ, **WARNING_FREE, **dotenv(made)}
    done = subprocess.run([python, "-m", "rasa", *args], cwd=made, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"rasa {' '.join(args[:2])} failed:\n{done.stderr[-2000:]}")


def dotenv(folder: Path) -> dict[str, str]:
    """Read the .env of an exported project; other folders have none."""
    file = folder / ".env"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@contextmanager
def serving(
    command: Callable[[int], list[str]], folder: Path, **environment: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run a server on a free port; yields (its address, its process)."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    env = {**os.environ, **WARNING_FREE, **dotenv(folder), **environment}
    with subprocess.Popen(
        command(port), cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()


def wait_for(url: str, process: subprocess.Popen[bytes], seconds: float = 240) -> None:
    """Wait until an address answers with success."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if process.poll() is not None:
            sys.exit(f"the server of {url.partition('?')[0]} ended at once: is the extra 'serve' installed?")
        with suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.1)
    sys.exit("a server did not begin to answer")


def post(url: str, body: object) -> Any:  # noqa: ANN401 - parsed JSON
    """Post JSON and return what is answered."""
    asking = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(asking, timeout=120) as answer:
        return json.loads(answer.read())


def memory_of(process: str) -> float:
    """Return the memory of a process now, in MB; where that can't be asked, our own at its most."""
    status = Path("/proc") / process / "status"
    if status.exists() and (found := re.search(r"VmRSS:\s+(\d+)", status.read_text(encoding="utf-8"))):
        return int(found[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# --- what is printed ----------------------------------------------------------------------------------------


def table(rows: dict[str, Row], messages: int) -> None:
    """Print the figures, and below each what it is of ours."""
    ours = rows["ours"]
    names = {
        "p50": "ms p50",
        "p95": "ms p95",
        "memory": "MB memory",
        "disk": "MB disk",
        "training": "s learning",
        "start": "s to start",
    }
    width = shutil.get_terminal_size((120, 20)).columns
    print(
        f"\n{messages} held-out messages".ljust(min(width, 24))
        + "  first  three  "
        + "".join(f"{name:>12}" for name in names.values())
    )
    for name, row in rows.items():
        shares = f"{row['first']:7.1%}{row['three']:7.1%}  "
        print(f"{name:23}{shares}" + "".join(f"{row[key]:12.1f}" for key in names))
        if row is not ours:
            print(f"{'  times ours':39}" + "".join(f"{row[key] / max(ours[key], 1e-9):12.1f}" for key in names))
    print(
        "A process by itself: memory and start hold the program around it, too. Rasa's milliseconds hold one request on loopback."
    )


if __name__ == "__main__":
    main()
