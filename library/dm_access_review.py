#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_access_review
short_description: Say who gets where in all accounts, through what and under which conditions
description:
  - Takes what M(dm_access_info) read in each account, evaluates every policy, and says who may assume which role, who
    may do what in which bucket, who can make himself able, whom trusts let in from outside, and what to look at. Asks
    nothing of AWS.
  - Follows U(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html); what cannot be
    known beforehand is a condition of the answer.
  - A grant is explicit where a policy names the role, implied where a wildcard, C(NotAction) or C(NotResource) covers
    it, dangling where only one of its two sides is there.
  - An invariant that does not hold, or was not proved, is drift that no call can repair, and ends an audit with
    findings.
  - A review of the world is no change to it, so nothing is ever changed, and its files are written in check mode, too.
    A file is replaced whole, so that whoever reads it meanwhile has the old one or the new one.
options:
  lives:
    description: What RV(dm_access_info#module:access) is for each account, by the account's name.
    type: dict
    required: true
  unread:
    description: Accounts that could not be read. With one of them nothing can be told.
    type: list
    elements: str
    default: []
  now:
    description: The time, ISO 8601 with a zone.
    type: str
    required: true
  people:
    description: What is in C(vars/people.yml) of the credentials repo, for the last days of memberships.
    type: dict
    default: {}
  groups:
    description: The groups as declared, O(access_groups).
    type: dict
    default: {}
  key_days:
    description: An access key that is older, or was last used longer ago, is a finding.
    type: int
    default: 90
  administrators:
    description: Roles that are to be able to do anything, as C(account:role).
    type: list
    elements: str
    default: []
  invariants:
    description: What must never be, O(access_review_invariants). What does not hold, or was not proved, is a finding.
    type: list
    elements: dict
    default: []
  main:
    description: The account of all people.
    type: str
    default: main
  width:
    description: Columns of the terminal; V(0) where nobody looks at it, and RV(table) is empty.
    type: int
    default: 0
  colour:
    description: Whether the terminal shows colours.
    type: bool
    default: false
  directory:
    description:
      - Where the files go; made where it is not there. They are C(access.csv), a line for each way in;
        C(access_findings.csv); C(access_buckets.csv); C(access.svg), the picture; C(access.json), all of it as data,
        with C(grants), C(dangling), C(unreachable), C(outsiders), C(able), C(administrators) and C(buckets).
    type: path
    required: true
attributes:
  check_mode:
    support: full
    description: Writes its files as ever.
extends_documentation_fragment: [dm_estate]
"""
EXAMPLES = r"""
- name: Review who may get where
  dm_access_review:
    account: all
    lives: "{{ __access_review_live }}"
    now: "{{ now(utc=true, fmt='%Y-%m-%dT%H:%M:%S+00:00') }}"
    directory: build
    width: 120
  register: reviewed

- name: Show it
  ansible.builtin.debug:
    msg: "{{ reviewed.table }}"
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
plan:
  description: The plan as a value; its drift names the invariants that do not hold.
proofs:
  description: What was judged of the invariants, as every module tells what it proved.
table:
  description: The review as text for a terminal.
  returned: success
  type: str
files:
  description: Names of the files that were written.
  returned: success
  type: list
  elements: str
"""

import os
from pathlib import Path
from typing import Any

from ansible.module_utils.estate.effects.invariants import proofs
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.evaluator.composed import handed
from ansible.module_utils.estate.page import on_the_page
from ansible.module_utils.estate.plan import Action, Plan
from ansible.module_utils.estate.review.report import Report, report
from ansible.module_utils.estate.run import estate_module, run

ASKED = ("now", "people", "groups", "key_days", "administrators", "invariants", "main", "width", "colour")


def reviewed(asked: dict[str, Any]) -> Report:
    """Raises Refusal where it cannot be told."""
    if asked["unread"]:
        who = ", ".join(asked["unread"])
        raise Refusal(
            f"{who} could not be read, so who may go where cannot be told: a grant has a side in each of two accounts"
        )
    try:
        return report(handed(asked["lives"]), **{name: asked[name] for name in ASKED})
    except Refusal:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise Refusal(f"{exc}; lives must be what dm_access_info returned") from None


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
        found = reviewed(asked)
        write(Path(asked["directory"]), found.files)
    except Refusal as exc:
        module.fail_json(msg=f"access review: {exc}.")
    except OSError as exc:
        module.fail_json(msg=f"cannot write the review into {asked['directory']}: {exc.strerror}.")
    drift = [f"invariant {one.name} {one.verdict}: {one.why}" for one in found.judged if one.verdict != "proved"]
    page = on_the_page(
        {"findings": found.findings, "Who reaches which role": found.ways}, picture=found.files["access.svg"]
    )
    # A finding, not an error: whoever reads the review decides what becomes of it.
    told = {"proofs": list(proofs(found.judged)), "table": found.table, "files": [*found.files], **page}
    run(module, Plan("invariants of access", asked["account"], [], drift=drift), call, facts=lambda _known: told)


if __name__ == "__main__":
    main()
