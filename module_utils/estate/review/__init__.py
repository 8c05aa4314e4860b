"""The access review: who gets where, through what and if, and what somebody should look at. Pure.

lives → grants, sides, outsiders, able, buckets → findings → table, picture, csv.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible.module_utils.estate.evaluator.composed import Estate, Lives, Who
from ansible.module_utils.estate.review import able as ables
from ansible.module_utils.estate.review import buckets, findings, sides
from ansible.module_utils.estate.review.credentials import can_sign_in
from ansible.module_utils.estate.review.grants import Grant, Reach, grants
from ansible.module_utils.estate.review.outsiders import outsiders

NO_WAY_IN = "has nothing to sign in with yet"


class Review(NamedTuple):
    grants: list[Grant]
    dangling: list[dict[str, Any]]
    unreachable: list[dict[str, str]]
    outsiders: list[dict[str, Any]]
    able: list[dict[str, Any]]
    administrators: list[dict[str, Any]]
    buckets: list[dict[str, Any]]
    findings: list[dict[str, str]]


def review(
    lives: Lives,
    now: str,
    until: Mapping[str, Mapping[str, str]] | None = None,
    *,
    key_days: int = 90,
    everyone: list[str] | None = None,
    administrators: list[str] | None = None,
) -> Review:
    """Of everything that was read. Raises Refusal where a policy that is attached was not.

    now is ISO 8601 with a zone; until has last days of memberships by group and user; everyone names groups that
    everybody is in; administrators the roles that are to be able to do anything, as account:role.
    """
    estate = Estate(lives)
    reach = Reach(estate, now)
    strangers = list(outsiders(estate))
    found = grants(reach, strangers, until or {})
    for grant in found:
        if grant["kind"] == "user" and not can_sign_in(lives[grant["account"]], grant["who"]):
            grant["conditions"] = [*grant["conditions"], NO_WAY_IN]
    dangling, outside = sides.dangling(reach)
    all_able, each = ables.able(estate, reach.evaluator)
    reached = {(grant["role_account"], grant["role"]) for grant in found}
    reached |= {(estate.roles[one.role].account.name, estate.roles[one.role].name) for one in strangers}
    ours = {(who.account.name, who.name) for who in estate.roles.values() if not who.of_identity_center}
    unreachable = sorted(ours - reached)
    looked = [
        *findings.of_sides(dangling, outside),
        *findings.of_able(all_able, each, administrators or ()),
        *findings.of_credentials(lives, now, key_days, everyone or []),
        *(
            findings.finding("unreachable", account, f"role {role}", "can be assumed by nobody")
            for account, role in unreachable
        ),
    ]
    for one in strangers:
        who = estate.roles[one.role]
        if not who.of_identity_center:
            looked += findings.of_outsider(one, who.account.name, who.name)
    return Review(
        found,
        dangling,
        [{"role_account": account, "role": role} for account, role in unreachable],
        [
            {
                **_role(estate.roles[one.role]),
                "kind": one.kind,
                "names": one.names,
                "conditions": list(one.conditions),
                "anyone": one.anyone,
            }
            for one in strangers
        ],
        [
            {**_named(one.who), "action": one.action, "target": one.target, "conditions": list(one.conditions)}
            for one in each
        ],
        [{**_named(one.who), "conditions": list(one.conditions)} for one in all_able],
        buckets.buckets(estate, reach.evaluator),
        findings.ordered(looked),
    )


def _named(who: Who) -> dict[str, str]:
    return {"who": who.name, "kind": who.kind, "account": who.account.name}


def _role(there: Who) -> dict[str, str]:
    return {"role_account": there.account.name, "role": there.name}
