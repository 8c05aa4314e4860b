from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError

# Ansible loads every filter alone; the evaluation of policies is a module's, where it is tested against a simulator.
sys.path.append(str(Path(__file__).parent.parent / "module_utils"))
from dm_access_policy import (
    ACTION,
    UNGIVEN,
    Evaluator,
    Principal,
    Source,
    Verdict,
    account_of,
    acts,
    context,
    many,
    named,
    says,
    statements,
)

DOCUMENTATION = r"""
name: access_grants
short_description: Work out who can reach which role in which account, both sides checked
description:
  - Takes what M(dm_access_info) read in each account and evaluates who may assume which role, through whose policy and
    under which conditions. Follows
    U(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html); what cannot be known
    beforehand is handed back as a condition.
  - A grant is explicit where a policy names the role, implied where a wildcard, C(NotAction) or C(NotResource)
    covers it.
  - A grant that only one side gives is dangling; only one that names the other side can be.
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
  until:
    description: Last days of memberships by group and user, as P(membership_ends#filter) returns them.
    type: dict
    default: {}
"""
EXAMPLES = r"""
- name: Show who may get where
  ansible.builtin.debug:
    msg: "{{ (__access_review_live | access_grants(now(utc=true).isoformat() ~ 'Z'))['grants'] }}"
"""
RETURN = r"""
_value:
  description:
    - C(grants), a line for each way from a user or role (C(who), C(kind), C(account)) to a role (C(role_account),
      C(role)), C(through) whose C(policy), C(explicit) or not, under C(conditions), C(via) other roles.
    - C(dangling), grants with one C(side) (V(policy) or V(trust)); C(unreachable), roles that nothing can assume;
      C(outside), trust in and grants for accounts that are not ours; C(services), roles of AWS services;
      C(dead), trust in principals that were deleted.
  type: dict
"""

_AWS_OWN = ("/aws-service-role/", "/aws-reserved/")


class _Account:
    """One account as read, with its principals ready to be evaluated."""

    def __init__(self, name: str, live: Mapping[str, Any]) -> None:
        self.name, self.id = name, live["account_id"]
        self.policies: Mapping[str, Any] = live["policies"]
        self.users = {user["name"]: user for user in live["users"]}
        self.groups = {group["name"]: group for group in live["groups"]}
        self.roles = {role["name"]: role for role in live["roles"] if not role["path"].startswith(_AWS_OWN)}
        self.members: dict[str, list[str]] = {group: [] for group in self.groups}
        for user in self.users.values():
            for group in user["groups"]:
                self.members[group].append(user["name"])

    def _held(self, holder: str, item: Mapping[str, Any]) -> list[Source]:
        managed = [Source(holder, arn.rsplit("/", 1)[-1], self.policies[arn]) for arn in item["managed"]]
        return managed + [Source(holder, name, document) for name, document in item["inline"].items()]

    def sources(self, kind: str, item: Mapping[str, Any]) -> tuple[Source, ...]:
        found = self._held(f"{kind} {item['name']}", item)
        for group in item.get("groups", []):
            found += self._held(f"group {group}", self.groups[group])
        return tuple(found)

    def principal(self, kind: str, item: Mapping[str, Any]) -> Principal:
        boundary = self.policies[item["boundary"]] if item["boundary"] else None
        return Principal(item["arn"], self.id, self.sources(kind, item), boundary, item["tags"])


class _Review:
    def __init__(self, lives: Mapping[str, Mapping[str, Any]], now: str, until: Mapping[str, Any]) -> None:
        self.accounts = [_Account(name, live) for name, live in lives.items()]
        self.by_id = {account.id: account for account in self.accounts}
        self.evaluator, self.until = Evaluator(now), until
        self.roles = {role["arn"]: (account, role) for account in self.accounts for role in account.roles.values()}
        # kind, account, item and principal by ARN
        self.principals = {
            item["arn"]: (kind, account, item, account.principal(kind, item))
            for account in self.accounts
            for kind, items in (("user", account.users), ("role", account.roles))
            for item in items.values()
        }
        self.verdicts: dict[tuple[str, str], Verdict] = {}
        self.grants: list[dict[str, Any]] = []
        self.dangling: list[dict[str, Any]] = []
        self.outside: list[dict[str, Any]] = []
        self.dead: list[dict[str, Any]] = []
        self.services: list[dict[str, Any]] = []

    def verdict(self, who: str, role: str) -> Verdict:
        if (who, role) not in self.verdicts:
            principal = self.principals[who][3]
            self.verdicts[who, role] = self.evaluator.verdict(principal, role, self.roles[role][1]["trust"])
        return self.verdicts[who, role]

    def run(self) -> dict[str, Any]:
        for who in self.principals:
            for role in self.roles:
                # that a role may assume itself again is no news
                if who != role:
                    for way in self.verdict(who, role).ways:
                        self.grants.append(self._line(who, role, way))
        self._chains()
        for account in self.accounts:
            self._policy_sides(account)
        for arn in self.roles:
            self._trust_side(arn)
        reached = {(grant["role_account"], grant["role"]) for grant in self.grants}
        reached |= {(line["role_account"], line["role"]) for line in (*self.services, *self.outside) if line["role"]}
        names = [(account.name, role["name"]) for account, role in self.roles.values()]
        return {
            "grants": sorted(self.grants, key=_order),
            "dangling": _once(self.dangling),
            "unreachable": [{"role_account": a, "role": r} for a, r in sorted(names) if (a, r) not in reached],
            "outside": _once(self.outside),
            "services": _once(self.services),
            "dead": _once(self.dead),
        }

    def _line(self, who: str, arn: str, way: Any) -> dict[str, Any]:
        kind, account, item, _ = self.principals[who]
        there, role = self.roles[arn]
        needs = list(way.conditions)
        group = way.holder.removeprefix("group ")
        if last := group != way.holder and self.until.get(group, {}).get(item["name"]):
            needs.append(f"until the end of {last}")
        return {
            "who": item["name"],
            "kind": kind,
            "account": account.name,
            "role_account": there.name,
            "role": role["name"],
            "through": way.holder,
            "policy": way.policy,
            "explicit": way.explicit,
            "conditions": needs,
            "via": [],
        }

    def _chains(self) -> None:
        """Roles that a user reaches only through other roles, by the shortest way; explicit where every step is."""
        steps: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for grant in self.grants:
            if grant["kind"] == "role":
                steps.setdefault((grant["account"], grant["who"]), []).append(grant)
        users: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for grant in self.grants:
            if grant["kind"] == "user":
                users.setdefault((grant["account"], grant["who"]), []).append(grant)
        for direct in users.values():
            reached = {(grant["role_account"], grant["role"]) for grant in direct}
            queue = sorted(direct, key=lambda grant: not grant["explicit"])
            while queue:
                here = queue.pop(0)
                for step in steps.get((here["role_account"], here["role"]), []):
                    if (step["role_account"], step["role"]) in reached:
                        continue
                    reached.add((step["role_account"], step["role"]))
                    further = here | {
                        "role_account": step["role_account"],
                        "role": step["role"],
                        "explicit": here["explicit"] and step["explicit"],
                        "policy": here["policy"] if step["explicit"] else step["policy"],
                        "conditions": list(dict.fromkeys([*here["conditions"], *step["conditions"]])),
                        "via": [*here["via"], f"{here['role_account']}:{here['role']}"],
                    }
                    self.grants.append(further)
                    queue.append(further)

    def _policy_sides(self, account: _Account) -> None:
        for kind, items in (("user", account.users), ("role", account.roles), ("group", account.groups)):
            for name, item in items.items():
                people = account.members[name] if kind == "group" else [name]
                who = {n: (account.users if kind == "group" else items)[n]["arn"] for n in people}
                for source in account._held(f"{kind} {name}", item):
                    for arn in _roles_named(source.document, self.evaluator.now, account, who):
                        self._policy_side(account, source, arn, who)

    def _policy_side(self, account: _Account, source: Source, arn: str, who: Mapping[str, str]) -> None:
        there = self.by_id.get(arn.split(":")[4])
        found: dict[str, Any] = {
            "side": "policy",
            "account": account.name,
            "holder": source.holder,
            "policy": source.policy,
        }
        if there is None:
            self.outside.append({**found, "role_account": "", "role": "", "names": arn})
            return
        name = arn.rsplit("/", 1)[-1]
        found |= {"role_account": there.name, "role": name, "people": []}
        if arn not in self.roles:
            wrong_path = name in there.roles
            why = f"the role is {there.roles[name]['arn']}" if wrong_path else "there is no such role"
            self.dangling.append({**found, "why": f"{why}; the policy names {arn}" if wrong_path else why})
        elif not who:
            if not _trusts_account(self.roles[arn][1]["trust"], account.id):
                self.dangling.append({**found, "why": "the role's trust does not accept it"})
        else:
            lost: dict[str, list[str]] = {}
            for person, theirs in who.items():
                if theirs != arn and (why := self.verdict(theirs, arn).why_not):
                    lost.setdefault(why, []).append(person)
            for why, people in lost.items():
                some = sorted(people) if len(people) < len(who) else []
                self.dangling.append({**found, "why": why, "people": some})

    def _trust_side(self, arn: str) -> None:
        there, role = self.roles[arn]
        for statement in statements(role["trust"]):
            if statement.get("Effect") == "Deny":
                continue
            found = {"role_account": there.name, "role": role["name"]}
            if "NotPrincipal" in statement:
                but = ", ".join(name for _, name in named(statement, "NotPrincipal"))
                self.outside.append({**found, "names": f"anyone but {but}", "conditions": []})
            for kind, name in named(statement):
                if kind == "AWS" and not acts(statement, ACTION):
                    continue
                if kind != "AWS":
                    self.services.append({**found, "names": name, "kind": kind})
                elif name == "*":
                    self.outside.append(
                        {**found, "names": "anyone", "conditions": sorted(statement.get("Condition", {}))}
                    )
                elif name.startswith(("AIDA", "AROA")):
                    self.dead.append({**found, "names": f"{name[:4]}…"})
                else:
                    self._trusted(arn, found, name)

    def _trusted(self, arn: str, found: dict[str, Any], name: str) -> None:
        """One principal of a trust: an account, a user or a role."""
        whole = account_of(name)
        account = self.by_id.get(whole or (name.split(":") + [""] * 5)[4])
        if account is None:
            self.outside.append({**found, "names": name, "conditions": []})
            return
        found = {**found, "side": "trust", "account": account.name, "policy": "trust", "people": []}
        if whole:
            ours = [who for who, (_, home, *_) in self.principals.items() if home is account and who != arn]
            # An empty group that is given the role is the other side too: whoever joins it gets in.
            waiting = [
                group
                for group, members in account.members.items()
                if not members
                for source in account._held(f"group {group}", account.groups[group])
                if arn in _roles_named(source.document, self.evaluator.now, account, {})
            ]
            # Where somebody is given it and yet kept out, the policy's side tells why.
            if not waiting and all(self.verdict(who, arn).why_not == UNGIVEN for who in ours):
                self.dangling.append({**found, "holder": f"account {account.name}", "why": "no policy there gives it"})
            return
        who = next((p for p in self.principals if p == name or _session_of(name, p)), None)
        short = name.split(":", 5)[5]
        kind, holder = short.split("/")[0], short.split("/")[-1]
        holder = (
            f"{'role' if kind == 'assumed-role' else kind} {holder if kind != 'assumed-role' else short.split('/')[1]}"
        )
        if who is None:
            self.dangling.append({**found, "holder": holder, "why": "there is no such user or role"})
        elif who != arn and (why := self.verdict(who, arn).why_not):
            self.dangling.append({**found, "holder": holder, "why": why})


def _session_of(name: str, principal: str) -> bool:
    parts = name.split(":", 5)
    if parts[2] != "sts" or not parts[5].startswith("assumed-role/"):
        return False
    theirs = principal.split(":", 5)
    return (
        theirs[4] == parts[4] and theirs[5].startswith("role/") and theirs[5].split("/")[-1] == parts[5].split("/")[1]
    )


def _trusts_account(trust: Mapping[str, Any], account: str) -> bool:
    return any(
        kind == "AWS" and (name == "*" or account_of(name) == account)
        for statement in statements(trust)
        if statement.get("Effect") == "Allow"
        for kind, name in named(statement)
    )


def _roles_named(document: Mapping[str, Any], now: str, account: _Account, who: Mapping[str, str]) -> list[str]:
    """ARNs of roles that a policy names to be assumed; one whose time is over names nothing."""
    someone = Principal(next(iter(who.values()), f"arn:aws:iam::{account.id}:user/-"), account.id, (), None, {})
    known = context(someone, now, "")
    patterns = [
        pattern
        for statement in statements(document)
        if statement.get("Effect") == "Allow"
        for pattern in many(statement.get("Resource", []))
        if ":role/" in pattern and not set("*?$") & set(pattern)
    ]
    return [arn for arn in dict.fromkeys(patterns) if any(named for named, _ in says(document, arn, known).allows)]


def _order(grant: Mapping[str, Any]) -> tuple:
    return (
        grant["role_account"],
        grant["role"],
        not grant["explicit"],
        len(grant["via"]),
        grant["through"],
        grant["kind"],
        grant["account"],
        grant["who"],
        grant["policy"],
        grant["conditions"],
    )


def _once(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = []
    for item in found:
        if item not in kept:
            kept.append(item)
    return sorted(kept, key=lambda one: str(sorted(one.items())))


def access_grants(
    lives: Mapping[str, Mapping[str, Any]], now: str, until: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, Any]:
    """See RETURN. Raises KeyError where a policy that is attached was not read."""
    return _Review(lives, now, until or {}).run()


def _access_grants_filter(
    lives: Mapping[str, Mapping[str, Any]], now: str, until: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, Any]:
    try:
        return access_grants(lives, now, until)
    except KeyError as exc:
        raise AnsibleFilterError(f"access_grants: {exc} was not read; read every account again.") from None


class FilterModule:
    def filters(self) -> dict[str, Callable]:
        return {"access_grants": _access_grants_filter}
