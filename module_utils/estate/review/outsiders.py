"""Whom a role's trust lets in from outside: AWS services, other accounts, and whom somebody else vouches for.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ansible.module_utils.estate.evaluator import words
from ansible.module_utils.estate.evaluator.composed import Estate
from ansible.module_utils.estate.evaluator.conditions import operator
from ansible.module_utils.estate.evaluator.document import Statement, account_in, account_of
from ansible.module_utils.estate.evaluator.evaluate import acts
from ansible.module_utils.estate.evaluator.words import Open


def assumes(kind: str) -> tuple[str, ...]:
    """The actions by which a principal of a kind becomes a role."""
    return ("sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML") if kind == "Federated" else ("sts:AssumeRole",)


_WHOLE = r"[^*?]+"
# Who vouches for anybody on earth, and the claims of which one must say for whom: as much of it must be written out.
_PUBLIC = {
    "token.actions.githubusercontent.com": {
        "sub": r"(repo|repository_owner|enterprise):[^*?/:]+[/:].*",
        "repository": r"[^*?/]+/.*",
        "repository_owner": _WHOLE,
        "repository_id": _WHOLE,
        "job_workflow_ref": r"[^*?/]+/.*",
    },
    "gitlab.com": {
        "sub": r"project_path:[^*?/]+/.*",
        "namespace_path": r"[^*?/]+(/.*)?",
        "project_path": r"[^*?/]+/.*",
    },
    "app.terraform.io": {"sub": r"organization:[^*?:]+:.*"},
    "accounts.google.com": {"aud": _WHOLE, "oaud": _WHOLE, "sub": _WHOLE},
    "cognito-identity.amazonaws.com": {"aud": _WHOLE},
    "graph.facebook.com": {"app_id": _WHOLE},
    "www.amazon.com": {"app_id": _WHOLE},
    "oidc.vercel.com": {"sub": r"owner:[^*?:]+:.*", "aud": _WHOLE},
    "agent.buildkite.com": {"sub": r"organization:[^*?:]+:.*"},
}


class Outsider(NamedTuple):
    role: str  # ARN
    kind: str  # "service", "outside", "anyone", "federated" or "dead"
    names: str
    conditions: tuple[str, ...]
    anyone: bool  # whether anybody on earth may be it
    missing: str = ""  # the claim that would say who


def outsiders(estate: Estate) -> Iterator[Outsider]:
    for arn, trust in estate.trusts.items():
        for statement in trust:
            if statement.allows:
                yield from _of(estate, arn, statement)


def conditions_of(statement: Statement) -> tuple[str, ...]:
    """All of a statement's conditions in words."""
    odd = [Open("?", "", (statement.odd,))] if statement.odd else []
    return words.phrases([*odd, *(Open(*one) for one in statement.conditions)], ())


def _of(estate: Estate, arn: str, statement: Statement) -> Iterator[Outsider]:
    needs = conditions_of(statement)
    if statement.not_principals:
        but = ", ".join(name for _, name in statement.principals)
        yield Outsider(arn, "anyone", f"anyone but {but}", needs, True)
        return
    for kind, name in statement.principals:
        if not any(acts(statement, action) for action in assumes(kind)):
            continue
        if kind == "Federated":
            yield federated(arn, name, statement)
        elif kind == "Service":
            yield Outsider(arn, "service", name, needs, False)
        elif name == "*":
            yield Outsider(arn, "anyone", "anyone", needs, True)
        elif name.startswith(("AIDA", "AROA")):
            yield Outsider(arn, "dead", f"{name[:4]}…", needs, False)
        elif (account_of(name) or account_in(name)) not in estate.by_id:
            yield Outsider(arn, "outside", name, needs, False)


def federated(arn: str, name: str, statement: Statement) -> Outsider:
    """Somebody for whom an OpenID Connect or SAML provider vouches, and what limits who that may be."""
    issuer = re.sub(r"^arn:[\w-]+:iam::\d{12}:(oidc-provider|saml-provider)/", "", name)
    host = next((host for host in _PUBLIC if issuer.lower().startswith(host)), "")
    claims = _PUBLIC.get(host, {})
    limited = not claims or any(_limits(statement, f"{issuer}:{claim}", whose) for claim, whose in claims.items())
    shown = f"SAML {issuer}" if ":saml-provider/" in name else issuer
    missing = "" if limited else next(iter(claims))
    return Outsider(arn, "federated", shown, conditions_of(statement), not limited, missing)


def _limits(statement: Statement, key: str, whose: str) -> bool:
    """Whether a condition says whose the claim must be. IfExists and ForAllValues let pass what lacks it."""
    return any(
        name.lower() == key.lower()
        and operator(op).base in ("stringequals", "stringequalsignorecase", "stringlike")
        and not (operator(op).negated or operator(op).if_exists or operator(op).every == "forallvalues")
        and all(re.fullmatch(whose, value) for value in values)
        for op, name, values in statement.conditions
    )


def permission_set(role: str) -> str:
    """That of a role that Identity Center made, AWSReservedSSO_<set>_<16 hexadecimal digits>; of others ""."""
    found = re.fullmatch(r"AWSReservedSSO_(.+)_[0-9a-f]{16}", role)
    return found[1] if found else ""
