"""The model's files: the compact form that is shipped, and the full weights where somebody has put them.

Numbers and letters are read, and nothing else: no pickle, no program. The full weights are taken only when their
SHA-256 is the one below, which ten public projects pin for sentence-transformers/all-MiniLM-L6-v2.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot.errors import SetupError
from bot.vectors.encoder import MAX_PIECES, SIZE, Encoder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from numpy.typing import NDArray

    from bot.vectors.encoder import Floats

COMPACT = Path(__file__).parent / "data" / "compact.npz"
EXAMPLES = Path(__file__).parent / "data" / "examples.npz"
"""What the examples that are shipped taught, and their vectors: learned once by us, not at everybody's first start."""
PASSAGES = Path(__file__).parent / "data" / "passages.npz"
"""The vectors of everything that a search can find, as it is shipped."""
WEIGHTS, VOCABULARY = "model.safetensors", "vocab.txt"
SHA256 = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    VOCABULARY: "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
"""The files of the full weights and what they hash to."""
_WORDS = "embeddings.word_embeddings.weight"
_GROUP = 32  # numbers that share a scale
_MOST = 7  # of four bits
_LONGEST_HEADER = 1_000_000
_CLIPS = (1.0, 0.9, 0.8, 0.7)


def verify(folder: Path) -> None:
    """Check that a folder holds the very files; raise `SetupError` with what is wrong."""
    for name, wanted in SHA256.items():
        try:
            found = _sha256(folder / name)
        except OSError:
            raise SetupError(
                f"There is no file {name} in {folder}: give the folder of all-MiniLM-L6-v2, or run 'thinkchild model install'."
            ) from None
        if found != wanted:
            raise SetupError(
                f"{folder / name} is not the file it should be (SHA-256 {found[:12]}…, wanted {wanted[:12]}…): "
                "run 'thinkchild model install' to fetch it again."
            )


def read_full(folder: Path) -> Encoder:
    """Read the full weights of a folder whose files are the right ones; raise `SetupError` when they are not."""
    verify(folder)
    weights = read_safetensors((folder / WEIGHTS).read_bytes())
    numbers = {piece: i for i, piece in enumerate((folder / VOCABULARY).read_text(encoding="utf-8").splitlines())}
    return Encoder(f"full {SHA256[WEIGHTS][:16]}", numbers, weights.pop(_WORDS), weights)


def read_safetensors(data: bytes) -> dict[str, Floats]:
    """Read the arrays of a safetensors file as 32-bit numbers; raise `ValueError` for what is not one."""
    long = int.from_bytes(data[:8], "little")
    if long > _LONGEST_HEADER:
        raise ValueError("This is not a safetensors file.")
    header = json.loads(data[8 : 8 + long])
    arrays: dict[str, Floats] = {}
    for name, told in header.items():
        if name != "__metadata__" and told["dtype"] == "F32":
            begin, end = told["data_offsets"]
            part = np.frombuffer(data, np.dtype("<f4"), count=(end - begin) // 4, offset=8 + long + begin)
            arrays[name] = part.reshape(told["shape"])
    return arrays


def read_compact(path: Path = COMPACT) -> Encoder:
    """Read the compact form; raises `OSError`, `ValueError` or `KeyError` when the file is not whole."""
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as kept:
        arrays = {name: kept[name] for name in kept.files}
    numbers = {piece: i for i, piece in enumerate(arrays["pieces"].tobytes().decode().split("\n"))}
    weights = {
        name.removeprefix("plain "): array.astype(np.float32)
        for name, array in arrays.items()
        if name.startswith("plain ")
    }
    for name in [name.removeprefix("four ") for name in arrays if name.startswith("four ")]:
        if name != _WORDS:
            weights[name] = FourBits(arrays[f"four {name}"], arrays[f"scale {name}"]).all()
    words = FourBits(arrays[f"four {_WORDS}"], arrays[f"scale {_WORDS}"])
    return Encoder(f"compact {arrays['made'].tobytes().decode()}", numbers, words, weights)


class FourBits:
    """A table of numbers of four bits each, of which every 32 share a scale."""

    def __init__(self, packed: NDArray[np.uint8], scales: NDArray[np.float16]) -> None:
        self._packed, self._scales = packed, scales

    def __getitem__(self, rows: Any) -> Floats:  # noqa: ANN401 - whatever numpy takes as an index
        """Give these rows as 32-bit numbers."""
        packed, scales = self._packed[rows], self._scales[rows]
        four = np.empty((*packed.shape, 2), dtype=np.float32)
        four[..., 0], four[..., 1] = packed & 15, packed >> 4
        four -= _MOST + 1
        grouped = four.reshape(*scales.shape, _GROUP)
        grouped *= scales[..., None].astype(np.float32)
        return grouped.reshape(len(packed), -1)

    def all(self) -> Floats:
        """Give the whole table."""
        return self[:]


def four_bits(table: Floats) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """Pack a table, each group with the scale that loses least."""
    groups = np.ascontiguousarray(table, dtype=np.float32).reshape(len(table), -1, _GROUP)
    widest = np.abs(groups).max(axis=-1, keepdims=True)
    best = np.zeros(groups.shape, dtype=np.float32)
    scales: NDArray[np.float16] = np.ones(widest.shape, dtype=np.float16)
    lost = np.full(widest.shape, np.inf, dtype=np.float32)
    for clip in _CLIPS:
        scale = np.maximum(widest * np.float32(clip / _MOST), np.float32(1e-7)).astype(np.float16)
        near = np.clip(np.rint(groups / scale.astype(np.float32)), -_MOST - 1, _MOST)
        loses = ((near * scale.astype(np.float32) - groups) ** 2).sum(axis=-1, keepdims=True)
        better = loses < lost
        best, scales = np.where(better, near, best), np.where(better, scale, scales)
        lost = np.minimum(lost, loses)
    whole: NDArray[np.uint8] = (best.reshape(len(table), -1, 2) + (_MOST + 1)).astype(np.uint8)
    packed: NDArray[np.uint8] = np.bitwise_or(whole[..., 0], np.left_shift(whole[..., 1], np.uint8(4)), dtype=np.uint8)
    return packed, scales[..., 0]


def pack(folder: Path, words: Iterable[str], to: Path) -> int:
    """Write the compact form of the full weights with the pieces that `words` need; give how many pieces."""
    verify(folder)
    weights = read_safetensors((folder / WEIGHTS).read_bytes())
    everything = (folder / VOCABULARY).read_text(encoding="utf-8").splitlines()
    kept = needed_pieces(everything, words)
    arrays: dict[str, NDArray[Any]] = {}
    for name, array in sorted(weights.items()):
        if name == _WORDS:
            array = array[[everything.index(piece) for piece in kept]]  # noqa: PLW2901 - the same table, cut down
        if name == "embeddings.position_embeddings.weight":
            array = array[:MAX_PIECES]  # noqa: PLW2901 - more than are ever read
        if array.ndim == 2 and name.endswith("weight") and "position" not in name and "token_type" not in name:  # noqa: PLR2004
            arrays[f"four {name}"], arrays[f"scale {name}"] = four_bits(array)
        elif "pooler" not in name and "position_ids" not in name:
            arrays[f"plain {name}"] = array.astype(np.float16)
    arrays = {name: array for name, array in arrays.items() if "pooler" not in name}
    arrays["pieces"] = np.frombuffer("\n".join(kept).encode(), dtype=np.uint8)
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(name.encode() + arrays[name].tobytes())
    arrays["made"] = np.frombuffer(digest.hexdigest()[:16].encode(), dtype=np.uint8)
    to.write_bytes(npz(arrays))
    return len(kept)


def needed_pieces(everything: list[str], words: Iterable[str]) -> list[str]:
    """Give the pieces that spell these words, all single signs, and the marks of beginning, end and the unknown."""
    from bot.vectors.wordpiece import WordPiece  # noqa: PLC0415 - only here

    cut = WordPiece({piece: i for i, piece in enumerate(everything)})
    used = {number for word in words for number in cut(word, SIZE)}
    used |= {i for i, piece in enumerate(everything) if len(piece.removeprefix("##")) == 1 and piece.isascii()}
    used |= {everything.index(mark) for mark in ("[UNK]", "[CLS]", "[SEP]", "[PAD]")}
    return [everything[i] for i in sorted(used)]


def npz(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Write arrays as numpy does, but with no time of day in it: the same arrays make the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name in sorted(arrays):
            part = io.BytesIO()
            np.lib.format.write_array(part, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(info, part.getvalue())
    return out.getvalue()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
