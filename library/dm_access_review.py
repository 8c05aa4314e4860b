#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_access_review
short_description: Keep a review of access as files and on the page, and tell what was judged of the invariants
description:
  - Takes what the filter P(access_review#filter) worked out. An invariant that does not hold, or was not proved, is
    drift that no call can repair, and ends an audit with findings. Asks nothing of AWS.
  - A review of the world is no change to it, so nothing is ever changed, and its files are written in check mode, too.
    A file is replaced whole, so that whoever reads it meanwhile has the old one or the new one.
options:
  directory:
    description: Where the files go; made where it is not there.
    type: path
    required: true
  files:
    description: The text of each, by its name.
    type: dict
    required: true
  findings:
    description: What to look at.
    type: list
    elements: dict
    required: true
  ways:
    description: Who reaches which role.
    type: list
    elements: dict
    required: true
  judged:
    description: Each invariant's C(name), C(verdict) (V(proved), V(failed) or V(not proved)) and C(why).
    type: list
    elements: dict
    required: true
attributes:
  check_mode:
    support: full
    description: Writes its files as ever.
extends_documentation_fragment: [dm_estate]
"""
EXAMPLES = r"""
- name: Keep the review, and tell what was judged
  dm_access_review:
    account: all
    directory: build
    files: "{{ __access_review['files'] }}"
    findings: "{{ __access_review['findings'] }}"
    ways: "{{ __access_review['ways'] }}"
    judged: "{{ __access_review['judged'] }}"
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
plan:
  description: The plan as a value; its drift names the invariants that do not hold.
proofs:
  description: What was judged, as every module tells what it proved.
"""

import os
from pathlib import Path
from typing import Any

from ansible.module_utils.estate.effects.invariants import Judged, proofs
from ansible.module_utils.estate.page import on_the_page
from ansible.module_utils.estate.plan import Action, Plan
from ansible.module_utils.estate.run import estate_module, run


def write(directory: Path, files: dict[str, str]) -> None:
    directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    for name, text in files.items():
        half = directory / f".{name}.{os.getpid()}"
        try:
            half.write_text(text, encoding="utf-8")
            half.chmod(0o644)
            half.replace(directory / name)
        finally:
            half.unlink(missing_ok=True)


def call(action: Action) -> Any:
    raise NotImplementedError(action.method)  # nothing is ever planned


def main() -> None:
    module = estate_module(DOCUMENTATION)
    asked = module.params
    try:
        write(Path(asked["directory"]), asked["files"])
    except OSError as exc:
        module.fail_json(msg=f"cannot write the review into {asked['directory']}: {exc.strerror}.")
    judged = [Judged(**one) for one in asked["judged"]]
    drift = [f"invariant {one.name} {one.verdict}: {one.why}" for one in judged if one.verdict != "proved"]
    plan = Plan("invariants of access", asked["account"], [], drift=drift)
    tables = {"findings": asked["findings"], "Who reaches which role": asked["ways"]}
    page = on_the_page(tables, picture=asked["files"]["access.svg"])
    # A finding, not an error: whoever reads the review decides what becomes of it.
    run(module, plan, call, facts=lambda _known: {"proofs": list(proofs(judged)), **page})


if __name__ == "__main__":
    main()
