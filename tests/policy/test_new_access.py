"""That nothing new is granted, put to the test: every gain is real, and what is real is among the gains."""

from __future__ import annotations

import copy
import os
import random
from typing import Any

import pytest
from ansible.module_utils.estate.effects.compare import new_access
from ansible.module_utils.estate.evaluator.composed import Estate
from ansible.module_utils.estate.evaluator.document import account_in
from ansible.module_utils.estate.evaluator.evaluate import judge
from ansible.module_utils.estate.evaluator.public import is_public
from ansible.module_utils.estate.evaluator.request import known_of
from random_policies import ASKED, ASSUMED, MAIN, NOW, OTHER, PRINCIPALS, ROLE, USER, context, document, statement

from tests.support.requests_of_iam import Whole, in_a_word

BOB = f"arn:aws:iam::{MAIN}:user/bob.example"


def holder(arn: str, **more: Any) -> dict[str, Any]:
    name = arn.rsplit("/", 1)[1]
    return {"name": name, "path": "/", "arn": arn, "managed": [], "inline": {}, "boundary": "", "tags": {}, **more}


def trusted(dice: random.Random) -> dict[str, Any]:
    return document(dice, principals=PRINCIPALS, resource=False)


def lives(dice: random.Random) -> dict[str, Any]:
    """Two accounts: users in a group, roles, a boundary at times, a bucket that may be in either."""
    policies = {f"arn:aws:iam::{MAIN}:policy/boundary": document(dice)}
    bounded = dice.choice(["", *policies])
    bucket = {"documents": {"policy": document(dice, principals=PRINCIPALS), "restricted": dice.random() < 0.3}}
    where = dice.choice([MAIN, OTHER])
    main = {
        "account_id": MAIN,
        "users": [
            holder(USER, groups=["Team"], boundary=bounded),
            holder(BOB, groups=[], inline={"own": document(dice)}),
        ],
        "groups": [holder(f"arn:aws:iam::{MAIN}:group/Team", inline={"team": document(dice)})],
        "roles": [holder(ROLE, trust=trusted(dice), inline={"p": document(dice)})],
        "policies": policies,
        "buckets": bucket if where == MAIN else {},
    }
    roles = [holder(ASSUMED, trust=trusted(dice), inline={"p": document(dice)})]
    other = {"account_id": OTHER, "users": [], "groups": [], "roles": roles, "policies": {},
             "buckets": bucket if where == OTHER else {}}  # fmt: skip
    return {"main": main, "other": other}


def changed(dice: random.Random, before: dict[str, Any]) -> dict[str, Any]:
    after = copy.deepcopy(before)
    main, other = after["main"], after["other"]
    bucket = {**main["buckets"], **other["buckets"]}["documents"]
    documents = [
        (main["groups"][0]["inline"]["team"], {}),
        (main["users"][1]["inline"]["own"], {}),
        (main["roles"][0]["inline"]["p"], {}),
        (other["roles"][0]["inline"]["p"], {}),
        (main["roles"][0]["trust"], {"principals": PRINCIPALS, "resource": False}),
        (other["roles"][0]["trust"], {"principals": PRINCIPALS, "resource": False}),
        (bucket["policy"], {"principals": PRINCIPALS}),
        (next(iter(main["policies"].values())), {}),
    ]
    for _ in range(dice.randint(1, 2)):
        how = dice.random()
        if how < 0.1:
            bucket["restricted"] = not bucket["restricted"]
        elif how < 0.25:
            main["users"][0]["boundary"] = dice.choice(["", *main["policies"]])
        elif how < 0.4:
            main["users"][1]["groups"] = ["Team"]
        else:
            policy, more = dice.choice(documents)
            place = dice.randrange(len(policy["Statement"]) + 1)
            if dice.random() < 0.4 and len(policy["Statement"]) > 1:
                del policy["Statement"][place - 1]
            else:
                policy["Statement"].insert(place, statement(dice, **more))
    return after


def answer(estate: Estate, arn: str, action: str, resource: str, keys: dict[str, Any]) -> str:
    """The evaluator's answer to one request, which the simulator agrees with (test_evaluator)."""
    who = estate.who[arn].principal
    bucket = resource.removeprefix("arn:aws:s3:::").split("/")[0]
    there = estate.buckets.get(bucket) if resource.startswith("arn:aws:s3:::") else None
    trust = estate.trusts.get(resource) if action.lower().startswith("sts:") else None
    owner = there.account.id if there else account_in(resource) or who.account
    known = Whole(known_of(who, NOW, owner))
    for key in ("aws:securetransport", "aws:viaawsservice", "aws:epochtime", "aws:currenttime"):
        known.pop(key)
    known |= {
        key.lower(): tuple(v) if isinstance(v, list | tuple) else (v,) for key, v in keys.items() if v is not None
    }
    policy = trust if trust is not None else there.policy if there else None
    if there and there.blocked and owner != who.account and is_public(there.policy or ()):
        return "denied"
    return in_a_word(judge(who, action, resource, policy, owner, known, trust=trust is not None))


def possible(keys: dict[str, Any], arn: str) -> dict[str, Any]:
    """A request's keys as AWS sends them: with TLS or without, no MFA of a role's session, the principal's own tags."""
    never = ["aws:PrincipalTag/"]
    if ":role/" in arn:
        never.append("aws:MultiFactorAuth")
    elif keys.get("aws:MultiFactorAuthPresent") != "true":
        never.append("aws:MultiFactorAuthAge")
    always = {"aws:SecureTransport": "true"}
    return always | {key: value for key, value in keys.items() if not key.startswith(tuple(never))}


def check(seed: str, many: int) -> tuple[int, int]:
    dice, gains, nothing = random.Random(seed), 0, 0
    for _ in range(many):
        before = lives(dice)
        after = changed(dice, before)
        old, new = Estate(before), Estate(after)
        found = new_access(old, new)
        gainers = {one.principal.arn for gain in found.gains for one in gain.whose}
        undecided = " ".join(found.undecided)
        nothing += not found.gains
        for gain in found.gains:  # no false alarms
            gains += 1
            if gain.asker.ours and gain.sure:
                arn, keys = gain.asker.principal.arn, {"sts:rolesessionname": "any", **gain.context}
                now, then = (answer(one, arn, gain.action, gain.resource, keys) for one in (new, old))
                assert (now, then == "allowed") == ("allowed", False) or "unknown" in (now, then), (gain, now, then)
        for arn in new.who:  # nothing is missed
            if arn in gainers or arn.rsplit("/", 1)[1] in undecided:
                continue
            for action, resource in ASKED:
                keys = {**possible(context(dice), arn), "sts:RoleSessionName": dice.choice(["any", "other"])}
                then = answer(old, arn, action, resource, keys)
                assert then in ("allowed", "unknown") or answer(new, arn, action, resource, keys) != "allowed", (
                    arn, action, resource, keys, before, after,
                )  # fmt: skip
    return gains, nothing


def test_what_is_new_is_found_and_nothing_else() -> None:
    gains, nothing = check("some", 150)

    assert gains > 50
    assert nothing > 30


@pytest.mark.slow
def test_what_is_new_is_found_and_nothing_else_many_times() -> None:
    many = int(os.environ.get("DM_RANDOM_CHANGES", "5000"))
    gains, nothing = check("many", many)

    assert gains > many / 4
    assert nothing > many / 8
