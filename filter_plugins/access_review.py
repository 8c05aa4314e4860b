from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible.errors import AnsibleFilterError

# Ansible puts what modules share there only for modules.
ansible.module_utils.__path__.append(str(Path(__file__).parent.parent / "module_utils"))
from ansible.module_utils.estate import people as listed
from ansible.module_utils.estate.effects.invariants import judge
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.evaluator.composed import Estate, handed
from ansible.module_utils.estate.origin import plain
from ansible.module_utils.estate.review import lines, review
from ansible.module_utils.estate.review.credentials import finding
from ansible.module_utils.estate.review.findings import ordered
from ansible.module_utils.estate.review.picture import picture
from ansible.module_utils.estate.review.ways import ways

DOCUMENTATION = r"""
name: access_review
short_description: Say who gets where in all accounts, through what and under which conditions
description:
  - Takes what M(dm_access_info) read in each account, evaluates every policy, and says who may assume which role, who
    may do what in which bucket, who can make himself able, whom trusts let in from outside, and what to look at.
  - Follows U(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html); what cannot be
    known beforehand is a condition of the answer.
  - A grant is explicit where a policy names the role, implied where a wildcard, C(NotAction) or C(NotResource) covers
    it, dangling where only one of its two sides is there.
positional: now
options:
  _input:
    description: What RV(dm_access_info#module:access) is for each account, by the account's name.
    type: dict
    required: true
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
    description: Columns of the terminal; V(0) where nobody looks at it, and C(table) is empty.
    type: int
    default: 120
  colour:
    description: Whether the terminal shows colours.
    type: bool
    default: false
"""
EXAMPLES = r"""
- name: Show who may get where
  ansible.builtin.debug:
    msg: "{{ (__access_review_live | access_review(now(utc=true).isoformat() ~ 'Z')).table }}"
"""
RETURN = r"""
_value:
  description:
    - C(table), text for a terminal; C(ways), its first part as data; C(findings), what to look at; C(files), contents
      by name; C(judged), C(name), C(verdict) and C(why) of each invariant.
    - C(files) are C(access.csv), a line for each way in; C(access_findings.csv); C(access_buckets.csv);
      C(access.svg), the picture; C(access.json), all of it as data, with C(grants), C(dangling), C(unreachable),
      C(outsiders), C(able), C(administrators) and C(buckets).
  type: dict
"""


def access_review(
    lives: Mapping[str, Mapping[str, Any]],
    now: str,
    people: Mapping[str, Any] | None = None,
    groups: Mapping[str, Mapping[str, Any]] | None = None,
    key_days: int = 90,
    administrators: list[str] | None = None,
    invariants: list[Mapping[str, Any]] | None = None,
    main: str = "main",
    width: int = 120,
    colour: bool = False,
) -> dict[str, Any]:
    groups = groups or {}
    everyone = [name for name, group in groups.items() if group.get("everyone") is True]
    until = listed.ends(listed.read(people, groups)) if people else {}
    found = review(lives, now, until, key_days=key_days, everyone=everyone, administrators=administrators)
    judged = judge(invariants or [], Estate(lives, now=now), whole=True)
    broken = [one for one in judged if one.verdict != "proved"]
    told = [finding("invariant", "all", one.name, f"{one.verdict}: {one.why}") for one in broken]
    found = found._replace(findings=ordered([*found.findings, *told]))
    title = f"Who can reach which role, {now[:10]}"
    files = {
        "access.csv": lines.written(found.grants, lines.COLUMNS["grants"]),
        "access_findings.csv": lines.written(found.findings, lines.COLUMNS["findings"]),
        "access_buckets.csv": lines.written(found.buckets, lines.COLUMNS["buckets"]),
        "access.svg": picture(found, lives, main, title),
    }
    data = {name: value for name, value in found._asdict().items() if name != "findings"}
    written = {"at": now, "review": data, "findings": found.findings}
    files["access.json"] = json.dumps(written, indent=1, sort_keys=True, ensure_ascii=False)
    shown = {"table": _table(found, int(width), colour, main) if width else "", "ways": ways(found.grants, main)}
    return {"findings": found.findings, "judged": [one._asdict() for one in judged], "files": files, **shown}


def _table(*of: Any) -> str:
    from ansible.module_utils.estate.review.table import table  # whoever shows none need not wait for rich

    return table(*of)


def _access_review_filter(lives: Any, now: str, **more: Any) -> dict[str, Any]:
    try:
        return access_review(handed(lives), now, **{name: plain(value) for name, value in more.items()})
    except Refusal as exc:
        raise AnsibleFilterError(f"access_review: {exc}.") from None
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise AnsibleFilterError(f"access_review: {exc}; the input must be what dm_access_info returned.") from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"access_review": _access_review_filter}
