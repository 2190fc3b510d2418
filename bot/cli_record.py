"""Commands that prove, copy and protect the record: head, verify, backup, restore, encrypt, decrypt, datasette."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli_reading import now
from bot.cli_shared import db_option, default_db, put, read_log
from bot.errors import SetupError, StoreError

if TYPE_CHECKING:
    from bot.advice_log import AdviceLog
    from bot.advice_log.heads import Head

UNUSABLE = 2
FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("head")
@db_option
@click.option(
    "--append", "file", type=FILE, default=None, help="Add it to this file, which should lie on another machine."
)
@click.option("--json", "as_json", is_flag=True)
def head(db: Path | None, file: Path | None, *, as_json: bool) -> None:
    """Print how the record ends now, to be noted elsewhere: number of rows, hash and time."""
    from bot.advice_log import heads  # noqa: PLC0415
    from bot.clock import read, shown  # noqa: PLC0415

    held = read_log(db)
    noted = heads.noted(file) if file is not None and file.exists() else []
    _proven(held, noted)  # the head of a record that is broken, or was made anew, is worth nothing
    found, at = heads.head(held.connection), now()
    if found is None:
        raise SetupError("Nothing is in this record yet, so there is no head to note.")
    if file is not None:
        heads.note(file, found, at)
    if as_json:
        click.echo(json.dumps({"rows": found.rows, "hash": found.hash, "short": str(found), "at": at}))
    else:
        click.echo(f"{found}  {shown(read(at))} ({at})")


def _proven(held: AdviceLog, expected: list[Head]) -> int:
    """Return how many rows a record has that proves itself; ends with one sentence for one that does not."""
    from bot.advice_log.chain import damaged  # noqa: PLC0415
    from bot.advice_log.chain import verify as proof  # noqa: PLC0415
    from bot.advice_log.opening import readable  # noqa: PLC0415

    with readable(held.path):
        count, broken = proof(held.connection, expected)
        damage = "" if broken is not None else damaged(held.connection)
    if damage:
        raise StoreError(f"No row of the record was changed, but its file is damaged ({damage}): restore a backup.")
    if broken is not None:
        click.echo(f"The record is broken at {broken}.", err=True)
        sys.exit(UNUSABLE)
    return count


@click.command("verify")
@db_option
@click.option("--expect", multiple=True, metavar="ROWS:HASH", help="A head that was noted; may be given several times.")
@click.option(
    "--expect-file", "file", type=FILE, default=None, help="A file of heads, as 'log head --append' writes it."
)
def verify(db: Path | None, expect: tuple[str, ...], file: Path | None) -> None:
    """Prove that no row of the record was changed, removed or added out of turn, and that heads noted elsewhere are in it."""
    expected = _expected(expect, file)
    count = _proven(read_log(db), expected)
    noted = f" It holds {'the head' if len(expected) == 1 else f'all {len(expected)} heads'} noted." if expected else ""
    click.echo(f"The record holds: {count:,} rows, none changed.{noted}")


def _expected(expect: tuple[str, ...], file: Path | None) -> list[Head]:
    from bot.advice_log import heads  # noqa: PLC0415

    expected = [heads.parse(one) for one in expect]
    if file is not None:
        expected += (found := heads.noted(file))
        if not found:
            raise SetupError(f"There is no head in {file}: name the file that 'thinkchild log head --append' writes.")
    return expected


@click.command("backup")
@db_option
@click.argument("file", type=FILE)
@click.option(
    "--key", "key", type=FILE, default=None, help="Also copy the key of the pseudonyms here: not beside the backup."
)
def backup(db: Path | None, file: Path, key: Path | None) -> None:
    """Copy the record to FILE, also while the bot is running; the copy is verified before it takes its place."""
    from bot.advice_log import AdviceLog, copying  # noqa: PLC0415
    from bot.advice_log.opening import key_path  # noqa: PLC0415

    held = read_log(db)
    if key is not None and key.resolve().parent == file.resolve().parent:
        raise SetupError("The key is kept apart from the backup, so that neither is enough alone: name another folder.")
    stands = copying.back_up(held, file)
    if key is not None:
        copying.copy_key(held.path, key)
    click.echo(f"Wrote {file}: {stands.rows:,} rows, verified. It ends at {stands}.")
    try:
        writable = AdviceLog.open(held.path)
        copying.note_backup(writable, stands, now())
        writable.close()
    except (StoreError, SetupError) as error:
        click.echo(f"The backup is good, but that it was made could not be noted: {error}", err=True)
    if key is None:
        click.echo(f"Not in it: the key {key_path(held.path)}. Keep a copy of that elsewhere (--key FILE).")


@click.command("restore")
@db_option
@click.argument("file", type=FILE)
@click.option("--replace", is_flag=True, help="Put the record that is there aside, under another name.")
@click.option("--expect", multiple=True, metavar="ROWS:HASH", help="A head that the backup has to hold.")
@click.option("--expect-file", "heads", type=FILE, default=None, help="A file of such heads.")
def restore(db: Path | None, file: Path, expect: tuple[str, ...], heads: Path | None, *, replace: bool) -> None:
    """Put the backup FILE in the place of the record (--db); verified before and after, and nothing is overwritten."""
    from bot.advice_log import copying  # noqa: PLC0415

    aside = f"before-{now().replace(':', '').replace('-', '')}"
    target = db or default_db()
    stands, kept = copying.restore(file, target, _expected(expect, heads), replace=replace, aside=aside)
    click.echo(f"Restored {target} from {file}: {stands.rows:,} rows, verified. It ends at {stands}.")
    if kept is not None:
        click.echo(f"The record that was there is now {kept}; it is yours to keep or remove.")
    click.echo(
        "What was said after that backup is not in it, and reminders sent since may come once more. "
        "What was erased since is back: erase it again."
    )
    if kept is not None and (back := copying.erased_since(kept, target)):
        click.echo(f"These are: thinkchild log erase {' '.join(f'--receipt {code}' for code in back)} --yes")


@click.command("encrypt")
@db_option
@click.option("--key-file", "file", type=FILE, required=True, help="The key; made here if it is not there yet.")
def encrypt(db: Path | None, file: Path) -> None:
    """Encrypt the record and the exercises with a key, or change the key; nothing else may have them open."""
    from bot.advice_log import copying, engine  # noqa: PLC0415

    made = not file.exists()
    if made:
        engine.make_key(file)
    new, named = engine.read_key(file), engine.key_file()
    for path in _stores(db):
        old = None
        if not engine.is_plain(path):
            if named is None:
                raise SetupError(
                    f"{path} is encrypted already: to change its key, name the old one in {engine.KEY_FILE}."
                )
            old = engine.read_key(named)
        copying.convert(path, old, new)
        click.echo(f"Encrypted {path}.")
    click.echo(
        f"From now on set {engine.KEY_FILE}={file} for every command. Keep a copy of that key elsewhere: without it nobody "
        "reads the record again, you included. Backups and copies made before are not encrypted."
    )


@click.command("decrypt")
@db_option
@click.option(
    "--key-file", "file", type=FILE, default=None, help="The key, if THINKCHILD_DB_KEY_FILE does not name it."
)
def decrypt(db: Path | None, file: Path | None) -> None:
    """Take the encryption off the record and the exercises; nothing else may have them open."""
    from bot.advice_log import copying, engine  # noqa: PLC0415

    named = file or engine.key_file()
    if named is None:
        raise SetupError(f"Name the key with --key-file, or in {engine.KEY_FILE}.")
    key = engine.read_key(named)
    for path in _stores(db):
        if engine.is_plain(path):
            click.echo(f"{path} is not encrypted.")
            continue
        copying.convert(path, key, None)
        click.echo(f"Decrypted {path}.")
    click.echo(f"From now on leave {engine.KEY_FILE} out.")


def _stores(db: Path | None) -> list[Path]:
    """Return the files that are encrypted alike: the record, and the exercises beside it if there are any."""
    from bot.exercises.store import beside  # noqa: PLC0415

    path = db or default_db()
    if not path.exists():
        raise SetupError(f"There is no record at {path}: name another file with --db.")
    return [path, *([beside(path)] if beside(path).exists() else [])]


@click.command("datasette")
@db_option
@click.option("--out", type=FILE, default=None, help="Write it here, for 'datasette --metadata'.")
def datasette(db: Path | None, out: Path | None) -> None:
    """Print the file that makes a copy of the record readable in Datasette: open a backup there, not the record."""
    from bot.advice_log.datasette import metadata  # noqa: PLC0415

    put(metadata((db or default_db()).stem), out)


RECORD = (head, verify, backup, restore, encrypt, decrypt, datasette)
