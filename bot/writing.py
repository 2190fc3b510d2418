"""Files that a command writes for an author: a new flow, a new area pack, a signature, new cuts, an example."""

from __future__ import annotations

import json
import os
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import SetupError
from bot.files import KINDS, CutsFile, NluFile
from bot.reading import content_root, parse_as, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.library import Library

LONGEST_TITLE, LONGEST_SHORT = 34, 20
"""A title leaves room for ", so far" over the summary."""
ID = re.compile(r"[a-z][a-z0-9_]{0,63}")

NLU_HEAD = 'version: "3.1"\n\nnlu:\n'

FLOW = """\
# Say here, in a sentence, what this flow is for and which rules it keeps.
id: {id}
title: "{title}"
short: "{short}"
about: "Say in a line when somebody would choose this."
group: {group}
order: {order}
steps:
  - id: danger_check              # always first
    call: danger_check

  - id: which                     # the one question that sorts harm from need
    ask: "Do you suspect that a child is being harmed, or may be?"
    sources: [H2]
    options:
      - {{id: harm, label: "Yes, or likely", concern: 2, means: [harm_suspected], next: now}}
      - {{id: not_sure, label: I'm not sure, concern: 2, means: [harm_suspected], next: now}}
      - {{id: need, label: "No, they need help", concern: 0, next: lead}}

  - id: now
    intro: Do this now
    act:
      - {{do: ring_social_care, who: you_or_lead, by: today, text: "Ring children's social care where the child is now.", sources: [H2, H3, g-44]}}
      - {{do: tell_lead, who: you, by: today, text: "Tell your safeguarding lead, or someone senior who is not involved.", sources: [H2, g-05]}}
    next: men_known

  - id: lead
    act:
      - {{do: ring_social_care, if: [means.harm_suspected], who: you_or_lead, by: today, text: "You told me earlier that you fear for the child: if you have not rung children's social care, ring first.", sources: [H2, H41]}}
      - {{do: tell_lead, who: you, by: today, text: "Tell your safeguarding lead, or someone senior who is not involved.", sources: [H2, g-05]}}

  - {{id: men_known, call: men_known}}
  - {{id: brothers_and_sisters, call: brothers_and_sisters}}
  - {{id: additional_needs, call: additional_needs}}
  - {{id: recording, call: recording}}
  - {{id: tonight, call: tonight}}
  - {{id: being_heard, call: being_heard}}
  - {{id: close, close: "{title}, so far", sources: [H25]}}
"""


def new_flow(library: Library, name: str, title: str) -> str:
    """Return the YAML of a whole flow that passes every check, to be changed into the one that is wanted.

    Raises SetupError when the title does not fit a button.
    """
    plain = " ".join(title.split())
    fits = 0 < len(plain) <= LONGEST_TITLE and plain.isprintable() and re.search(r"\w", plain)
    if not fits or re.search(r"[\"\\{}:#]", plain):
        raise SetupError(
            "The title has to have 1 to 34 letters and no quotes, braces, colons or hashes: choose a shorter, plainer one."
        )
    for taken, what in (
        (library.flows, "a flow"),
        (library.blocks, "shared steps"),
        (library.groups, "a part of the menu"),
    ):
        if name in taken:
            raise SetupError(f"'{name}' is the id of {what} already: choose another id.")
    short = plain if len(plain) <= LONGEST_SHORT else plain[: LONGEST_SHORT + 1].rsplit(" ", 1)[0][:LONGEST_SHORT]
    group = library.content.vocabulary.groups[0].id
    order = max((flow.order for flow in library.flows.values()), default=0) + 1
    return FLOW.format(id=name, title=plain, short=short, group=group, order=order)


def new_file(kind: str, name: str, text: str, content: Path | None) -> Path:
    """Write a new content file and return its path.

    Raises SetupError when the name cannot be an id, the file is there, or it cannot be written.
    """
    if not ID.fullmatch(name):
        raise SetupError(
            f"'{name}' cannot be an id: use small letters, digits and underscores, beginning with a letter."
        )
    pattern = next(known.pattern for known in KINDS if known.name == kind)
    path = (content or content_root()) / pattern.replace("*", name)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise SetupError(f"{path} is there already: choose another id, or edit that file.") from None
    except OSError as error:
        raise SetupError(
            f"{path} cannot be written ({error.strerror}): name a folder of your own with --content."
        ) from error
    return path


def add_signature(content: Path | None, signature: dict[str, str]) -> Path:
    """Add one signature to the file of signatures, whole or not at all; raises SetupError when it cannot be written."""
    path = (content or content_root()) / "knowledge" / "signatures.yaml"
    return _add_row(path, "signatures", signature, "thinkchild sign")


def add_correction(content: Path | None, line: dict[str, object]) -> Path:
    """Add what an urgent correction changed, whole or not at all; raises SetupError when it cannot be written."""
    path = (content or content_root()) / "dialogues" / "corrections.yaml"
    return _add_row(path, "lines", line, "thinkchild correct")


def _add_row(path: Path, part: str, row: Mapping[str, object], command: str) -> Path:
    """Add a row, on one line, at the end of a file that is one list; what cannot be read back is not left behind."""
    told = ", ".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in row.items())
    with _written(path):
        held = path.read_text(encoding="utf-8") if path.exists() else f"{part}: []\n"
        held = re.sub(rf"^{part}:\s*\[\s*\]\s*$", f"{part}:", held, flags=re.MULTILINE)
        with _draft(path, f"{held.rstrip()}\n  - {{{told}}}\n") as draft:
            if _last_row(draft, part) != row:
                raise SetupError(
                    f"{path} is not laid out as '{command}' does it: under '{part}:', put each on a line that begins "
                    "with two spaces and a dash."
                )
    return path


def set_cuts(content: Path | None, kind: str, cuts: Mapping[str, tuple[float, str]]) -> Path:
    """Put new cuts of one kind into their file, each with what it was read off behind it; other lines stay as they are.

    Raises SetupError when the file is not laid out as it is shipped, or cannot be written.
    """
    path = (content or content_root()) / "knowledge" / "phrases" / "cuts.yaml"
    with _written(path):
        lines = path.read_text(encoding="utf-8").splitlines()
        inside = False
        for place, line in enumerate(lines):
            if re.match(r"  \S", line) and not line.lstrip().startswith("#"):
                inside = line.startswith(f"  {kind}:")
            found = re.match(r"    (\w+):", line) if inside else None
            if found and found[1] in cuts:
                value, comment = cuts[found[1]]
                lines[place] = f"    {found[1]}: {value:g}  # {comment}"
        with _draft(path, "\n".join(lines) + "\n") as draft:
            document = read_yaml(draft, path.name)
            read = parse_as(CutsFile, document)
            wanted = {name: value for name, (value, _) in cuts.items()}
            if read is None or document.problems or not wanted.items() <= getattr(read.cuts, kind).model_dump().items():
                raise SetupError(
                    f"{path} is not laid out as it is shipped: put each cut on a line of its own, as in the original."
                )
    return path


def add_example(content: Path | None, flow: str, text: str, file: str) -> Path:
    """Add an example message of a flow at the end of one file of `dialogues/nlu`, which is begun if it is not there.

    Raises SetupError when the file is not laid out as those that are shipped, or cannot be written.
    """
    path = (content or content_root()) / "dialogues" / "nlu" / file
    with _written(path):
        held = (path.read_text(encoding="utf-8") if path.exists() else NLU_HEAD).rstrip()
        if (re.findall(r"^- intent: (\w+)", held, re.MULTILINE) or [""])[-1] != flow:
            held += f"\n- intent: {flow}\n  examples: |"
        with _draft(path, f"{held}\n    - {text}\n") as draft:
            document = read_yaml(draft, path.name)
            read = parse_as(NluFile, document)
            last = read.nlu[-1] if read is not None and not document.problems else None
            if last is None or last.intent != flow or last.examples.splitlines()[-1:] != [f"- {text}"]:
                raise SetupError(
                    f"{path} is not laid out as the files of examples that are shipped, so nothing was added."
                )
    return path


@contextmanager
def _written(path: Path) -> Iterator[None]:
    """Turn what the system says of a file into a sentence."""
    try:
        yield
    except OSError as error:
        raise SetupError(
            f"{path} cannot be written ({error.strerror}): name a folder of your own with --content."
        ) from error


@contextmanager
def _draft(path: Path, text: str) -> Iterator[Path]:
    """Write beside a file, for a look at what came of it; on the way out it takes the file's place, whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        yield draft
        draft.chmod(0o644)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _last_row(path: Path, part: str) -> object:
    """Read back the last row of a file that is one list."""
    document = read_yaml(path, path.name)
    held = document.data.get(part) if isinstance(document.data, dict) and not document.problems else None
    return held[-1] if isinstance(held, list) and held else None
