"""Sentence vectors: the compact form that is shipped, the full weights, and what happens when a file is not whole."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import yaml

from bot.errors import SetupError
from bot.kept import KeptWeights
from bot.library import read_content
from bot.matching import vectors as kept_vectors
from bot.reading import content_root
from bot.routing import learned_from
from bot.vectors.encoder import MAX_PIECES
from bot.vectors.files import COMPACT, FourBits, four_bits, npz, pack, read_compact, read_full, read_safetensors, verify

if TYPE_CHECKING:
    from bot.vectors import Encoder

ROOT = Path(__file__).parents[1]
FULL = os.environ.get("THINKCHILD_FULL_WEIGHTS", "")
"""A folder of the full weights, where there is one: 91 MB are not fetched for a test."""


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    """Return the compact form, as everybody has it."""
    return read_compact()


def test_texts_that_mean_much_the_same_lie_near_each_other(encoder: Encoder) -> None:
    """Though they share no word; and far from what is about something else."""
    hit, struck, invoice = encoder(["he was hit by his dad", "the father struck his son", "the invoice is not paid"])
    assert hit @ struck > 0.6
    assert hit @ invoice < 0.3


def test_a_text_has_the_same_vector_alone_and_among_others(encoder: Encoder) -> None:
    """Texts are run end to end, and none looks at another."""
    texts = ["a bruise", "she has not been to school for three weeks and nobody has rung", "x", "", "a " * 500]
    together = encoder(texts)
    assert np.allclose(together, np.concatenate([encoder([text]) for text in texts]), atol=1e-5)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(
    "text", ["", " ", "\0", "😀" * 200, "漢字", "é" * 5000, "\u202e\u200b", "_" * 900, "<b>" * 400]
)
def test_any_text_has_a_vector(encoder: Encoder, text: str) -> None:
    """And no more of it is read than the model was taught on."""
    assert np.isfinite(encoder([text])).all()
    assert len(encoder._cut(text, MAX_PIECES)) <= MAX_PIECES


def test_four_bits_lose_little_and_the_same_every_time() -> None:
    """Each group has the scale that loses least."""
    table = np.random.default_rng(7).standard_normal((20, 384)).astype(np.float32)
    packed, scales = four_bits(table)
    back = FourBits(packed, scales).all()
    assert np.abs(back - table).mean() < 0.12
    assert np.array_equal(FourBits(packed, scales)[np.array([3, 0])], back[[3, 0]])
    assert packed.nbytes + scales.nbytes < table.nbytes / 7


def test_the_same_arrays_make_the_same_file() -> None:
    """No time of day stands in it, so a file that was made anew shows no difference."""
    assert npz({"a": np.arange(9)}) == npz({"a": np.arange(9)})


def test_what_is_shipped_is_what_the_shipped_examples_teach(encoder: Encoder) -> None:
    """Else everybody's first words would wait for the learning: run 'thinkchild model learn' after examples change."""
    library = read_content(content_root()).library
    assert library is not None
    shipped = KeptWeights().shipped()
    assert shipped is not None

    def never(*_: object) -> object:
        raise AssertionError("A vector or the weights would have to be worked out anew: run 'thinkchild model learn'.")

    class Watched:
        name = encoder.name

        def __call__(self, texts: list[str]) -> object:
            return never() if texts else np.zeros((0, 384), dtype=np.float32)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.matching.model.solve", never)
        arrays = learned_from(library, KeptWeights().english(), Watched(), shipped)  # type: ignore[arg-type]
    some = [0, 1000, 5000, len(arrays["vectors"]) - 1]
    flows = sorted(set(library.content.examples))
    assert len(arrays["weights"]) == sum(len(library.content.examples[flow]) for flow in flows)
    assert np.isfinite(kept_vectors.rows(arrays)[some]).all()


def test_only_new_messages_are_run_through_the_model() -> None:
    """The vectors of the others are taken from what was there."""
    asked: list[str] = []

    class Counting:
        name = "counting"

        def __call__(self, texts: list[str]) -> np.ndarray:
            asked.extend(texts)
            return np.array([[len(text), 1.0] for text in texts], dtype=np.float32).reshape(-1, 2)

    first = kept_vectors.of_texts(["one", "three"], Counting(), {})
    second = kept_vectors.of_texts(["three", "seventeen", "one"], Counting(), first)
    assert asked == ["one", "three", "seventeen"]
    assert kept_vectors.rows(second).round(1).tolist() == [[5.0, 1.0], [9.0, 1.0], [3.0, 1.0]]


@pytest.mark.parametrize("spoil", ["missing", "cut short", "another file"])
def test_words_alone_are_compared_when_the_compact_form_is_spoilt(
    spoil: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With one line in the log, and no conversation ends for it."""
    path = tmp_path / "compact.npz"
    if spoil == "cut short":
        path.write_bytes(COMPACT.read_bytes()[:50_000])
    if spoil == "another file":
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("a.txt", "a")
    monkeypatch.setattr("bot.vectors.files.COMPACT", path)
    monkeypatch.setattr("bot.vectors.files.read_compact.__defaults__", (path,))
    monkeypatch.delenv("THINKCHILD_MODEL", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert KeptWeights(tmp_path).encoder() is None
    assert len(caplog.records) == 1


def test_full_weights_that_are_not_the_right_ones_are_never_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The compact form stands in, and one line says why."""
    (tmp_path / "model.safetensors").write_bytes(b"not the weights")
    (tmp_path / "vocab.txt").write_text("[UNK]\n", encoding="utf-8")
    monkeypatch.setenv("THINKCHILD_MODEL", str(tmp_path))
    found = KeptWeights(tmp_path).encoder()
    assert found is not None
    assert found.name.startswith("compact")
    assert "not the file it should be" in caplog.text
    with pytest.raises(SetupError, match="not the file it should be"):
        verify(tmp_path)


def test_none_does_without_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a small machine: words alone are compared."""
    monkeypatch.setenv("THINKCHILD_MODEL", "none")
    assert KeptWeights().encoder() is None


@pytest.mark.parametrize("data", [b"", b"\xff" * 40, b"\x02\0\0\0\0\0\0\0[]", (2).to_bytes(8, "little") + b"{"])
def test_what_is_no_safetensors_file_is_refused(data: bytes) -> None:
    """Or holds nothing; it is never read as anything else."""
    try:
        found = read_safetensors(data)
    except (ValueError, AttributeError):
        return
    assert found == {}


@pytest.mark.parametrize(
    "command", [["model", "verify"], ["model", "verify", "nowhere"], ["model", "install", "nowhere"]]
)
def test_missing_weights_are_said_in_a_sentence(command: list[str], tmp_path: Path) -> None:
    """What to do stands in it, and the exit code is 2."""
    env = {**os.environ, "XDG_DATA_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    env.pop("THINKCHILD_MODEL", None)
    run = subprocess.run(
        [sys.executable, "-m", "bot", *command], capture_output=True, text=True, cwd=tmp_path, env=env, check=False
    )
    assert run.returncode == 2
    assert "model install" in run.stderr
    assert "Traceback" not in run.stderr


def test_the_cuts_have_a_set_for_each_kind_of_matching() -> None:
    """What is opened with vectors is not what is opened without."""
    cuts = yaml.safe_load((ROOT / "knowledge/phrases/cuts.yaml").read_text(encoding="utf-8"))["cuts"]
    assert set(cuts) == {"words", "vectors"}
    assert cuts["words"] != cuts["vectors"]


@pytest.mark.skipif(not FULL, reason="THINKCHILD_FULL_WEIGHTS names no folder of the full weights")
def test_the_compact_form_is_made_from_the_full_weights(tmp_path: Path, encoder: Encoder) -> None:
    """The same bytes each time; and it points much the same way as they do."""
    texts = ["a bruise on a baby", "mum will not let us in", "who do i ring tonight"]
    assert pack(Path(FULL), texts, tmp_path / "one.npz") == pack(Path(FULL), texts, tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    full = read_full(Path(FULL))
    assert (encoder(texts) * full(texts)).sum(axis=1).min() > 0.9
    assert (read_compact(tmp_path / "one.npz")(texts) * full(texts)).sum(axis=1).min() > 0.9
