"""What all policies together say of a request, in one account and across two. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from local_aws.policies import BY_ACCOUNT, BY_ROLE, DENY, DIRECT, Context, Principal, ways

Document = Mapping[str, Any]


class Held(NamedTuple):
    """The caller's own policies. boundary and session limit what the others allow; None where there is none."""

    identity: Iterable[Document] = ()
    boundary: Document | None = None
    session: Iterable[Document] | None = None
    everything: bool = False  # root, and whoever lets people in: allowed what nothing denies


class Verdict(NamedTuple):
    allowed: bool
    denied: bool = False  # by a statement, not for want of one
    reason: str = ""  # as AWS ends its sentence

    def __bool__(self) -> bool:
        return self.allowed


def judge(
    who: Principal,
    held: Held,
    action: str,
    resource: str,
    context: Context,
    *,
    policy: Document | None = None,  # the resource's own
    same_account: bool = True,
    policy_decides: bool = False,  # as a role's trust does: without it nobody is let in
    trusted: bool = True,  # whether what the resource's policy allows counts
) -> Verdict:
    """Whether who may; a deny wherever it stands wins.

    In the account of the resource its policy may let a user, a session or everybody in whatever their own limits are,
    and a role within them; an account it only lets decide. Across accounts it takes both sides.
    """
    granted = ways(policy, who, action, resource, context, held.boundary is not None)
    if DENY in granted:
        return _denied("a resource-based policy")
    if not trusted:
        granted = set()
    if not who.account:
        return Verdict(DIRECT in granted, reason="no resource-based policy allows")
    said = _own(held, action, resource, context)
    for kind, found in said.items():
        if DENY in found:
            return _denied(kind)
    short = next((kind for kind, found in said.items() if not found), "")
    limited = bool(said.keys() - {IDENTITY}) and any(not said[kind] for kind in said.keys() - {IDENTITY})
    if same_account:
        allowed = DIRECT in granted or (BY_ROLE in granted and not limited)
        allowed = allowed or (not short and (BY_ACCOUNT in granted or not policy_decides))
    else:
        allowed = bool(granted) and not short
    if not allowed and not short:
        short = "resource-based policy"
    return Verdict(allowed, reason="" if allowed else f"because no {short} allows the {action} action")


IDENTITY = "identity-based policy"


def _own(held: Held, action: str, resource: str, context: Context) -> dict[str, set[str]]:
    """What each kind of the caller's own policies says."""
    said = {IDENTITY: {DIRECT} if held.everything else set()}
    kinds = {
        IDENTITY: held.identity,
        "permissions boundary": None if held.boundary is None else [held.boundary],
        "session policy": held.session,
    }
    for kind, documents in kinds.items():
        if documents is not None:
            found = {way for document in documents for way in ways(document, None, action, resource, context)}
            said[kind] = said.get(kind, set()) | found
    return said


def _denied(kind: str) -> Verdict:
    article = "" if kind.startswith("a ") else "an " if kind.startswith("i") else "a "
    return Verdict(False, True, f"with an explicit deny in {article}{kind}")
