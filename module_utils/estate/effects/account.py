"""One account as it is and as it will be, for its effects: what dm_access plans, as accounts that were read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Shape = dict[str, Any]


def as_wanted(
    before: Shape, wanted: Mapping[str, Any], joins: Iterable[tuple[str, str]], leaves: Iterable[tuple[str, str]]
) -> Shape:
    """The same after the plan: what is declared is so, and what is not stays as it is.

    joins and leaves are (user, group). A policy, group or role keeps the path that it has.
    """
    account = before["account_id"]

    def arn(kind: str, item: Mapping[str, Any], there: Mapping[str, Any] | None) -> str:
        return there["arn"] if there else f"arn:aws:iam::{account}:{kind}{item['path']}{item['name']}"

    own = {one.rsplit("/", 1)[-1]: one for one in before["policies"] if one.split(":")[4] == account}
    policies, moved = dict(before["policies"]), {}
    for one in wanted["policies"]:
        declared = arn("policy", one, None)
        moved[declared] = own.get(one["name"], declared)
        policies[moved[declared]] = one["document"]
    gone: dict[str, set[str]] = {}
    come: dict[str, list[str]] = {}
    for user, group in leaves:
        gone.setdefault(user, set()).add(group)
    for user, group in joins:
        come.setdefault(user, []).append(group)
    users = {user["name"]: user for user in before["users"]}
    for one in wanted["users"]:
        if one["name"] not in users:
            users[one["name"]] = _new(one, arn("user", one, None)) | {"groups": (), "managed": (), "inline": {}}
        elif users[one["name"]]["path"] != one["path"]:
            users[one["name"]] = users[one["name"]] | {"path": one["path"], "arn": arn("user", one, None)}
    for name in {*gone, *come} & set(users):
        kept = [group for group in users[name]["groups"] if group not in gone.get(name, ())]
        users[name] = users[name] | {"groups": (*kept, *come.get(name, ()))}
    found: dict[str, dict[str, Any]] = {}
    for kind in ("group", "role"):
        there = {one["name"]: one for one in before[f"{kind}s"]}
        for one in wanted[f"{kind}s"]:
            live = there.get(one["name"])
            made = live or _new(one, arn(kind, one, None))
            more = {key: one[key] for key in ("trust", "boundary") if one.get(key) is not None}
            held = {"managed": [moved.get(p, p) for p in one["policies"]], "inline": one["inline"]}
            there[one["name"]] = {**made, **held, **more, "arn": arn(kind, one, live)}
        found[f"{kind}s"] = there
    return {
        "account_id": account,
        "users": list(users.values()),
        **{kind: list(items.values()) for kind, items in found.items()},
        "policies": policies,
    }


def _new(one: Mapping[str, Any], arn: str) -> Shape:
    return {"name": one["name"], "path": one["path"], "arn": arn, "boundary": "", "tags": {}}


def aws_policies(shapes: Iterable[Shape]) -> set[str]:
    """ARNs of AWS's own policies that something holds, of which the sweep of an account does not tell the documents."""
    held = (one for shape in shapes for kind in ("users", "groups", "roles") for one in shape[kind])
    arns = {arn for one in held for arn in (*one["managed"], one.get("boundary", "")) if arn}
    return {arn for arn in arns if arn.split(":")[4] == "aws"}
