"""Who can make himself able: a right to write a policy or trust is a right to become what it writes.

The ways are those of https://rhinosecuritylabs.com/aws/aws-privilege-escalation-methods-mitigation/ and of AWS's
https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html, by what the call is on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ansible.module_utils.estate.evaluator.composed import Account, Estate, Who
from ansible.module_utils.estate.evaluator.document import Statements
from ansible.module_utils.estate.evaluator.evaluate import Evaluator, acts, widest
from ansible.module_utils.estate.evaluator.patterns import filled, resource_like
from ansible.module_utils.estate.evaluator.request import Principal, known_of

WRITES: Mapping[str, tuple[str, ...]] = {
    "role": ("iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy", "iam:AttachRolePolicy",
             "iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"),
    "user": ("iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile", "iam:PutUserPolicy",
             "iam:AttachUserPolicy", "iam:DeleteUserPermissionsBoundary", "iam:PutUserPermissionsBoundary"),
    "group": ("iam:AddUserToGroup", "iam:PutGroupPolicy", "iam:AttachGroupPolicy"),
    "policy": ("iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion"),
}  # fmt: skip
# Taking a denial away is a way up as well, where what is taken away denies.
TAKES: Mapping[str, tuple[str, ...]] = {
    "role": ("iam:DetachRolePolicy", "iam:DeleteRolePolicy"),
    "user": ("iam:DetachUserPolicy", "iam:DeleteUserPolicy"),
    "group": ("iam:DetachGroupPolicy", "iam:DeleteGroupPolicy", "iam:RemoveUserFromGroup"),
}
# To hand a role to a service takes a call that starts something with it.
STARTS: Mapping[str, tuple[str, ...]] = {
    "ec2.amazonaws.com": ("ec2:RunInstances",),
    "lambda.amazonaws.com": ("lambda:CreateFunction",),
    "ecs-tasks.amazonaws.com": ("ecs:RunTask", "ecs:StartTask"),
    "codebuild.amazonaws.com": ("codebuild:CreateProject", "codebuild:UpdateProject"),
    "cloudformation.amazonaws.com": ("cloudformation:CreateStack",),
    "glue.amazonaws.com": ("glue:CreateJob", "glue:CreateDevEndpoint"),
    "sagemaker.amazonaws.com": ("sagemaker:CreateNotebookInstance",),
    "states.amazonaws.com": ("states:CreateStateMachine",),
    "datapipeline.amazonaws.com": ("datapipeline:CreatePipeline",),
    "batchoperations.s3.amazonaws.com": ("s3:CreateJob",),
}
HAND = "iam:PassRole"


class Able(NamedTuple):
    who: Who
    action: str
    target: str  # "role infrastructure"
    conditions: tuple[str, ...]


class Administrator(NamedTuple):
    who: Who
    conditions: tuple[str, ...]


def able(estate: Estate, evaluator: Evaluator) -> tuple[list[Administrator], list[Able]]:
    """(who may write any policy of the account, and so do anything; who may become what, one by one)."""
    administrators: list[Administrator] = []
    found: list[Able] = []
    targets = {account.id: targets_of(account) for account in estate.accounts}
    for who in estate.who.values():
        if not _writes(who):
            continue
        needs = _everything(evaluator, who)
        if needs is not None:
            administrators.append(Administrator(who, needs))
        else:
            found += _each(estate, evaluator, who, targets[who.account.id])
    return administrators, found


def _writes(who: Who) -> bool:
    """Whether any statement allows any of it: most people's do not."""
    asked = [HAND, *(action for ways in (WRITES, TAKES) for actions in ways.values() for action in actions)]
    allows = (one for source in who.principal.sources for one in source.statements if one.allows)
    return any(acts(one, action) for one in allows for action in asked)


def may(evaluator: Evaluator, who: Who, action: str, resource: str) -> tuple[str, ...] | None:
    """Under which conditions an identity's own policies allow something in its account; None where they do not."""
    ways = evaluator.verdict(who.principal, action, resource, None, who.account.id, trust=False).ways
    return min((way.conditions for way in widest(ways)), key=len) if ways else None


def _everything(evaluator: Evaluator, who: Who) -> tuple[str, ...] | None:
    for kind in ("role", "user"):
        resource = f"arn:aws:iam::{who.account.id}:{kind}/-any-{kind}-"
        for action in WRITES[kind]:
            if action.startswith(("iam:Put", "iam:Attach", "iam:Update")) and "Boundary" not in action:
                needs = may(evaluator, who, action, resource)
                # A boundary that what is written must have holds it back.
                if needs is not None and not any("iam:permissionsboundary" in need.lower() for need in needs):
                    return needs
    return None


class Targets:
    """What may be written or become, by ARN; of thousands of users a pattern that ends in a name means few."""

    def __init__(self, named: Mapping[str, str]) -> None:
        self.named = named
        self._by_end: dict[str, list[str]] = {}
        self._meant: dict[str, tuple[str, ...]] = {}
        for arn in named:
            self._by_end.setdefault(arn.rsplit("/", 1)[-1], []).append(arn)

    def meant(self, pattern: str, but: str = "") -> Iterable[str]:
        """but is whoever asks, where that is nothing to be become."""
        if not set("*?") & set(pattern):
            return (pattern,) if pattern in self.named else ()
        end = pattern.rsplit("/", 1)[-1]
        if not set("*?") & set(end):
            near = [arn for arn in self._by_end.get(end, ()) if arn != but]
            return [arn for arn in near if resource_like(pattern, arn)]
        if pattern not in self._meant:
            self._meant[pattern] = tuple(arn for arn in self.named if resource_like(pattern, arn))
        return self._meant[pattern]


def _each(estate: Estate, evaluator: Evaluator, who: Who, targets: Mapping[str, Targets]) -> Iterator[Able]:
    for kind, actions in WRITES.items():
        for action in (*actions, *TAKES.get(kind, ())):
            for arn in candidates(who.principal, action, targets[kind]):
                if action in TAKES.get(kind, ()) and not _denies(who.account, action, targets[kind].named[arn]):
                    continue
                if arn == who.principal.arn and action in ("iam:CreateAccessKey", "iam:UpdateLoginProfile"):
                    continue  # one's own password and keys make nobody more than he is
                if (needs := may(evaluator, who, action, arn)) is not None:
                    yield Able(who, action, targets[kind].named[arn], needs)
    yield from _passes(estate, evaluator, who)


def _denies(account: Account, action: str, target: str) -> bool:
    """Whether what a call takes away from a target denies anything."""
    kind, name = target.split(" ", 1)
    item = account.holders[kind][name]
    held, managed = account.held(kind, item), len(item["managed"])
    gone = held[:managed] if ":Detach" in action else held[managed:] if ":Delete" in action else held
    return any(not one.allows for source in gone for one in source.statements)


def targets_of(account: Account) -> dict[str, Targets]:
    kinds = account.holders.items()
    found = {kind: {item["arn"]: f"{kind} {name}" for name, item in items.items()} for kind, items in kinds}
    attached = {arn for _, items in kinds for item in items.values() for arn in item["managed"]}
    own = [arn for arn in attached if arn.split(":")[4] == account.id]
    found["policy"] = {arn: f"policy {arn.rsplit('/', 1)[-1]}" for arn in own}
    return {kind: Targets(named) for kind, named in found.items()}


def candidates(who: Principal, action: str, targets: Targets, but: str = "") -> list[str]:
    """Targets that some allowing statement's patterns mean: few, where a verdict on each would take long."""
    known = known_of(who, "1970-01-01", who.account)
    found: dict[str, None] = {}
    for source in who.sources:
        for one in source.statements:
            if not one.allows or not acts(one, action):
                continue
            for pattern in ("*",) if one.not_resources else one.resources:
                found |= dict.fromkeys(targets.meant(filled(pattern, known)[0] if one.variables else pattern, but))
    return list(found)


def starts(trust: Statements) -> list[tuple[str, str]]:
    """(service, call) of all that starts something with a role of this trust."""
    named = {name for one in trust if one.allows for kind, name in one.principals if kind == "Service"}
    return [(service, action) for service in sorted(named & set(STARTS)) for action in STARTS[service]]


def _passes(estate: Estate, evaluator: Evaluator, who: Who) -> Iterator[Able]:
    roles = {arn: one for arn, one in estate.roles.items() if one.account is who.account and arn != who.principal.arn}
    for arn in candidates(who.principal, HAND, Targets(dict.fromkeys(roles, ""))):
        if (passed := may(evaluator, who, HAND, arn)) is None:
            continue
        for service, action in starts(estate.trusts[arn]):
            started = may(evaluator, who, action, "*")
            if started is not None and _to(passed, service):
                needs = tuple(dict.fromkeys([*passed, *started]))
                yield Able(who, f"{HAND} and {action}", f"role {roles[arn].name}", needs)


def _to(conditions: Iterable[str], service: str) -> bool:
    """Whether a condition on whom a role may be passed to leaves this service."""
    said = [one for one in conditions if one.lower().startswith("iam:passedtoservice is ")]
    return all(service in one for one in said)
