"""The plan for all buckets of a stage or an account: what is declared against what is live. Pure.

    plan(declared, live) -> Plan(actions, diff, outcomes, notes, unmanaged)

Three kinds of resources, each with actions in order: the role, a bucket, and a bucket's replication, which is apart so
that two buckets may replicate to each other. Nothing is ever deleted but a setting of a bucket.
"""

from __future__ import annotations

import fnmatch
import json
from typing import Any, NamedTuple

from ansible.module_utils.dm_buckets_shapes import SETTINGS, Setting, kept_replication, same_policy, show_policy
from ansible.module_utils.dm_plan import Action

_MFA_PAGE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html"

# What AWS has its own idea of for a new bucket. The idea changes over the years, so these are always said.
_DEFAULTED = ("encryption", "public_access_block")


class LiveBucket(NamedTuple):
    """A bucket of this account. answers: what the reading calls said, by the setting's name, for what is declared."""

    region: str
    answers: dict[str, dict] = {}


class LiveRole(NamedTuple):
    """The replication role; policy is None where it has none of the declared name."""

    path: str
    trust: dict
    policy: dict | None = None


class Live(NamedTuple):
    """What the account has. failed: resource -> why it could not be read; young: resources made a moment ago."""

    buckets: dict[str, LiveBucket]
    role: LiveRole | None = None
    failed: dict[str, str] = {}
    young: frozenset[str] = frozenset()


class Plan(NamedTuple):
    actions: list[Action]
    diff: list[dict]  # {"before_header", "after_header", "before", "after"}
    outcomes: list[dict]  # {"method", "resource", "status", "why"} of what had to be left out of the plan
    notes: list[str]
    unmanaged: list[dict]  # {"resource", "adopt"}


class _Step(NamedTuple):
    bucket: str
    setting: str
    action: Action


def bucket_resource(name: str) -> str:
    return f"bucket {name}"


def replication_resource(name: str) -> str:
    return f"replication of {name}"


def role_resource(role: dict) -> str:
    return f"role {role['name']}"


def _text(policy: dict) -> str:
    return json.dumps(policy, separators=(",", ":"))


def outcome(method: str, resource: str, status: str, why: str) -> dict[str, str]:
    return {"method": method, "resource": resource, "status": status, "why": why}


# --- the role ---------------------------------------------------------------------------------------------------------


def _is_role(arn: str, role: dict | None) -> bool:
    return role is not None and arn.endswith(f":role{role.get('path') or '/'}{role['name']}")


def _names_role(policy: Any, role: dict | None) -> bool:
    """Whether a bucket's policy has the role as principal: AWS refuses a principal that does not exist yet."""
    if isinstance(policy, dict):
        return any(_names_role(value, role) for value in policy.values())
    if isinstance(policy, list):
        return any(_names_role(value, role) for value in policy)
    return isinstance(policy, str) and _is_role(policy, role)


def _plan_role(role: dict, live: LiveRole | None) -> list[Action]:
    """The role's other inline policies are another declaration's, and never looked at."""
    resource, name = role_resource(role), role["name"]
    actions = []
    if live is None:
        params = {"Path": role.get("path") or "/", "RoleName": name, "AssumeRolePolicyDocument": _text(role["trust"])}
        actions.append(Action("add", resource, "iam.create_role", params))
    elif not same_policy(live.trust, role["trust"]):
        params = {"RoleName": name, "PolicyDocument": _text(role["trust"])}
        actions.append(Action("change", resource, "iam.update_assume_role_policy", params))
    if live is None or not same_policy(live.policy, role["policy"]):
        params = {"RoleName": name, "PolicyName": role["policy_name"], "PolicyDocument": _text(role["policy"])}
        actions.append(Action("change" if live else "add", resource, "iam.put_role_policy", params))
    return actions


def _role_diff(role: dict, live: LiveRole | None) -> dict:
    name = role["policy_name"]
    before = {"trust": show_policy(live.trust)} if live else {}
    if live and live.policy:
        before[name] = show_policy(live.policy)
    return _diff(role_resource(role), before, {"trust": show_policy(role["trust"]), name: show_policy(role["policy"])})


def _diff(header: str, before: dict, after: dict) -> dict:
    """Nothing before is no text, rather than {}."""
    return {"before_header": header, "after_header": header, "before": before or "", "after": after}


# --- one bucket -------------------------------------------------------------------------------------------------------


def _refusal(bucket: dict, live: LiveBucket) -> str:
    """Why a live bucket must not be touched; "" where nothing speaks against it."""
    if live.region != bucket["region"]:
        return (
            f"declared in {bucket['region']} but lives in {live.region}, and a bucket cannot move: "
            f"say region: {live.region}, or give the new bucket another name"
        )
    if bucket.get("lifecycle") and _frozen(live):
        return "it has MFA delete, beside which S3 allows no lifecycle rules: declare lifecycle: []"
    answer = live.answers.get("replication", {})
    replicates = bool((answer.get("ReplicationConfiguration") or {}).get("Rules"))
    if bucket.get("versioning") is False and bucket.get("replication") is None and replicates:
        return "versioning is false, but the bucket replicates: declare its replication without rules first"
    if bucket.get("replication"):
        declared = {rule.get("priority") or 0: rule["id"] for rule in bucket["replication"]["rules"]}
        for rule in kept_replication(bucket, answer):
            kept = f"keep_rules keeps the live rule {rule.get('ID')}"
            if "Filter" not in rule and declared:
                return f"{kept}, which is of version 1 and cannot stay beside others: declare it, or do not keep it"
            if rule.get("Priority", 0) in declared:
                return f"{kept}, whose priority {declared[rule.get('Priority', 0)]} has too: choose another priority"
    return ""


def _create(bucket: dict) -> Action:
    """us-east-1 is where S3 began: it must not be named. Ownership goes along, so that no moment passes without it."""
    params: dict[str, Any] = {"Bucket": bucket["name"]}
    if bucket["region"] != "us-east-1":
        params["CreateBucketConfiguration"] = {"LocationConstraint": bucket["region"]}
    if bucket.get("ownership"):
        params["ObjectOwnership"] = bucket["ownership"]
    return Action("add", bucket_resource(bucket["name"]), "s3.create_bucket", params, bucket["region"])


def _frozen(live: LiveBucket | None) -> bool:
    """Whether only the root user may change versioning."""
    return live is not None and live.answers.get("versioning", {}).get("MFADelete") == "Enabled"


def _mfa_notes(bucket: dict, live: LiveBucket | None) -> list[str]:
    """Only the account's root user can switch MFA delete, with the device at hand; so it is reported, not planned."""
    on, notes = _frozen(live), []
    if bucket.get("mfa_delete") and not on:
        notes.append(f"MFA delete is declared but off; only the root user can switch it on ({_MFA_PAGE})")
    if bucket.get("mfa_delete") is False and on:
        notes.append(f"MFA delete is on but declared off; only the root user can switch it off ({_MFA_PAGE})")
    versioned = live is not None and live.answers.get("versioning", {}).get("Status") == "Enabled"
    if on and bucket.get("versioning") is not None and bucket["versioning"] != versioned:
        word = "on" if bucket["versioning"] else "off"
        notes.append(
            f"versioning is declared {word}, but under MFA delete only the root user can change it ({_MFA_PAGE})"
        )
    return [f"{bucket['name']}: {note}" for note in notes]


class _Shown(NamedTuple):
    """A setting that is declared: its shape live (None: no such bucket) and as wanted."""

    setting: Setting
    live: Any
    wanted: Any
    answer: dict

    @property
    def differs(self) -> bool:
        return not self.setting.same(self.live, self.wanted)


def _shapes(bucket: dict, live: LiveBucket | None) -> list[_Shown]:
    shown = []
    for setting in SETTINGS:
        if bucket.get(setting.name) is not None:
            answer = live.answers.get(setting.name, {}) if live else {}
            shown.append(_Shown(setting, setting.live(answer), setting.wanted(bucket, answer), answer))
    return shown


def _bucket_steps(bucket: dict, live: LiveBucket | None, shown: list[_Shown]) -> list[_Step]:
    """What differs, in order; needs come later."""
    name = bucket["name"]
    steps = [] if live else [_Step(name, "name", _create(bucket))]
    for one in shown:
        setting = one.setting
        if setting.name == "versioning" and _frozen(live):
            continue
        if live is None and setting.name == "ownership":
            continue  # went along with the creation
        if not one.differs and not (live is None and setting.name in _DEFAULTED):
            continue
        call, params = setting.write(bucket, one.answer)
        resource, verb = bucket_resource(name), "change" if live else "add"
        if setting.name == "replication":
            resource = replication_resource(name)
            verb = "remove" if call.startswith("delete") else "change" if one.live else "add"
        action = Action(verb, resource, f"s3.{call}", {"Bucket": name, **params}, bucket["region"])
        steps.append(_Step(name, setting.name, action))
    return steps


# --- all of them ------------------------------------------------------------------------------------------------------


def _needs(step: _Step, buckets: dict[str, dict], role: dict | None) -> tuple[str, ...]:
    """The resources that must be done first: a log's target, a replica, the role."""
    bucket = buckets[step.bucket]
    if step.setting == "policy" and role and _names_role(bucket["policy"], role):
        return (role_resource(role),)
    if step.setting == "logging":
        target = bucket["logging"].get("bucket")
        return (bucket_resource(target),) if target in buckets and target != step.bucket else ()
    if step.setting == "versioning" and not bucket["versioning"] and bucket.get("replication") is not None:
        return (replication_resource(step.bucket),)
    if step.setting == "replication" and step.action.verb != "remove":
        needs = [bucket_resource(name) for name in (step.bucket, *_targets(bucket)) if name in buckets]
        uses_role = _is_role(bucket["replication"].get("role") or "", role)
        return tuple(dict.fromkeys([*needs, *([role_resource(role)] if role and uses_role else [])]))
    return ()


def _targets(bucket: dict) -> list[str]:
    """Replicas in this account."""
    rules = (bucket.get("replication") or {}).get("rules") or []
    return [rule["bucket"] for rule in rules if not rule.get("account")]


def _depth(name: str, buckets: dict[str, dict]) -> int:
    """How many buckets the logs of this one pass through: whoever is logged to comes first."""
    depth, seen = 0, {name}
    while (target := (buckets[name].get("logging") or {}).get("bucket")) in buckets and target not in seen:
        seen.add(target)
        name, depth = target, depth + 1
    return depth


def _rank(step: _Step, buckets: dict[str, dict]) -> tuple[int, int]:
    """Buckets, then replication, then versioning that is to end: a replication source must not lose it."""
    if step.setting == "replication":
        return 1, 0
    if step.setting == "versioning" and not buckets[step.bucket]["versioning"]:
        return 2, 0
    return 0, _depth(step.bucket, buckets)


def _unmanaged(pattern: str, declared: dict[str, Any], live: Live) -> list[dict]:
    ours = {bucket["name"] for bucket in declared["buckets"]}
    variable = declared.get("adopt_under")
    return [
        {"resource": bucket_resource(name), "adopt": _adopt(name, live.buckets[name].region, variable)}
        for name in fnmatch.filter(sorted(live.buckets), pattern)
        if name not in ours and not any(fnmatch.fnmatchcase(name, known) for known in declared.get("known") or [])
    ]


def _adopt(name: str, region: str, variable: str | None) -> str:
    """YAML to paste: an entry of the mapping that the caller declares buckets in, or of this module's own list."""
    return f"{variable}:\n  {name}:\n    region: {region}\n" if variable else f"- name: {name}\n  region: {region}\n"


def _out_of_reach(buckets: dict[str, dict], live: Live) -> dict[str, str]:
    """resource -> why it is left out: what could not be read, must not be touched, or waits for the root user."""
    out = dict(live.failed)
    for name, bucket in buckets.items():
        found, resource = live.buckets.get(name), bucket_resource(name)
        logs = (bucket.get("logging") or {}).get("bucket")
        if resource not in out and found and (why := _refusal(bucket, found)):
            out[resource] = why
        elif resource not in out and logs and logs not in buckets and logs not in live.buckets:
            out[resource] = f"its logging.bucket {logs} is neither declared nor in this account"
        stuck = [
            one
            for one in (name, *_targets(bucket))
            if _frozen(at := live.buckets.get(one)) and at and at.answers["versioning"].get("Status") != "Enabled"
        ]
        if bucket.get("replication") and bucket["replication"]["rules"] and stuck:
            out[replication_resource(name)] = f"only the root user can switch on versioning of {stuck[0]}"
    return out


def plan(declared: dict[str, Any], live: Live) -> Plan:
    """declared is what dm_buckets takes (checked by dm_buckets_check); live is what dm_buckets_read found.

    The actions stand in an order that also works one after the other; their needs say what may run side by side.
    """
    buckets = {bucket["name"]: bucket for bucket in declared["buckets"]}
    role = declared.get("replication_role")
    out = _out_of_reach(buckets, live)
    outcomes = [outcome("plan", resource, "failed", why) for resource, why in out.items()]
    actions: list[Action] = []
    diff: list[dict] = []
    if role and role_resource(role) not in out:
        if live.role and live.role.path != (role.get("path") or "/"):
            why = f"declared at path {role.get('path') or '/'} but lives at {live.role.path}, and a role cannot move"
            out[role_resource(role)] = why
            outcomes.append(outcome("plan", role_resource(role), "failed", why))
        elif role_actions := _plan_role(role, live.role):
            actions += role_actions
            diff.append(_role_diff(role, live.role))

    inside = {name: bucket for name, bucket in buckets.items() if bucket_resource(name) not in out}
    shapes = {name: _shapes(bucket, live.buckets.get(name)) for name, bucket in inside.items()}
    steps = [
        step for name, bucket in inside.items() for step in _bucket_steps(bucket, live.buckets.get(name), shapes[name])
    ]
    done: dict[str, set[str]] = {}  # bucket -> settings that the plan changes
    for step in sorted(steps, key=lambda step: _rank(step, buckets)):
        action = step.action._replace(needs=_needs(step, buckets, role))
        missing = next((need for need in action.needs if need in out), None)
        if missing:
            outcomes.append(outcome(action.method, action.resource, "not tried", f"{missing} failed"))
            if step.setting == "replication":  # what must come after it must wait too
                out.setdefault(action.resource, f"{missing} failed")
        if missing or action.resource in out:
            continue
        actions.append(action)
        done.setdefault(step.bucket, set()).add(step.setting)

    for name in (name for name in buckets if name in done):
        is_new = name not in live.buckets
        after: dict[str, Any] = {"region": buckets[name]["region"]}
        before: dict[str, Any] = {} if is_new else dict(after)
        for one in shapes[name]:
            if not is_new:
                before[one.setting.name] = one.setting.show(one.live)
            changes = one.setting.name in done[name] or (is_new and one.setting.name == "ownership")
            after[one.setting.name] = one.setting.show(one.wanted if changes else one.live)
        diff.append(_diff(bucket_resource(name), before, after))
    notes = [note for name, bucket in inside.items() for note in _mfa_notes(bucket, live.buckets.get(name))]
    return Plan(actions, diff, outcomes, notes, _unmanaged(declared.get("unmanaged_pattern") or "", declared, live))
