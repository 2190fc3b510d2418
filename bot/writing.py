"""Files that a command writes for an author: a new flow, a new area pack, a signature. Never over what is there."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import SetupError
from bot.files import KINDS
from bot.reading import content_root, read_yaml

if TYPE_CHECKING:
    from bot.library import Library

LONGEST_TITLE, LONGEST_SHORT = 34, 20
"""A title leaves room for ", so far" over the summary."""
ID = re.compile(r"[a-z][a-z0-9_]{0,63}")
NO_SIGNATURES = re.compile(r"^signatures:\s*\[\s*\]\s*$", re.MULTILINE)

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
    line = (
        "  - {"
        + ", ".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in signature.items())
        + "}\n"
    )
    try:
        held = path.read_text(encoding="utf-8") if path.exists() else "signatures: []\n"
        held = NO_SIGNATURES.sub("signatures:", held)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".signatures-")
        draft = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(held.rstrip("\n") + "\n" + line)
            if _last_signature(draft) != signature:
                raise SetupError(
                    f"{path} is not laid out as 'thinkchild sign' does it: under 'signatures:', put each on a line that begins "
                    "with two spaces and a dash."
                )
            draft.chmod(0o644)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise SetupError(
            f"{path} cannot be written ({error.strerror}): name a folder of your own with --content."
        ) from error
    return path


def _last_signature(path: Path) -> object:
    """Read back the last signature of a file, so that none is left behind that could not be read."""
    document = read_yaml(path, "knowledge/signatures.yaml")
    held = document.data.get("signatures") if isinstance(document.data, dict) and not document.problems else None
    return held[-1] if isinstance(held, list) and held else None
