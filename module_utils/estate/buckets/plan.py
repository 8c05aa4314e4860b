"""The plan for all buckets of a stage or an account: what is declared against what is live. Pure.

Three kinds of resources, each with actions in order: the role, a bucket, and a bucket's replication, which is apart so
that two buckets may replicate to each other. What closes a bucket comes first, and a setting that fails stops only
those that need it. Nothing is ever deleted but a setting of a bucket.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ansible.module_utils.estate.buckets.adopt import adopt
from ansible.module_utils.estate.buckets.live import (
    Live,
    LiveBucket,
    bucket_resource,
    replication_resource,
    role_resource,
    unmanaged,
)
from ansible.module_utils.estate.buckets.publicity import becomes_public
from ansible.module_utils.estate.buckets.role import is_role, plan_role, role_diff, with_kept
from ansible.module_utils.estate.buckets.setting import Bucket, Setting
from ansible.module_utils.estate.buckets.settings import SETTINGS
from ansible.module_utils.estate.buckets.settings.object_lock import means as irreversible
from ansible.module_utils.estate.buckets.settings.replication import clash, kept
from ansible.module_utils.estate.buckets.settings.replication import rules as live_rules
from ansible.module_utils.estate.diff import diff_of
from ansible.module_utils.estate.plan import Action, Plan, Unmanaged
from ansible.module_utils.estate.policy import principals

_MFA_PAGE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html"

# What AWS has its own idea of for a new bucket. The idea changes over the years, so these are always said.
_DEFAULTED = ("encryption", "public_access_block")


_NEW = LiveBucket("", {})


class _Shown(NamedTuple):
    """A setting that is declared: its shape live and as wanted."""

    setting: Setting
    live: Any
    wanted: Any
    answer: Mapping[str, Any]


class _Step(NamedTuple):
    bucket: str
    setting: str
    action: Action
    live: Any = None


def step(name: str, setting: str) -> str:
    """What a need on one setting of a bucket is called."""
    return f"{bucket_resource(name)}: {setting}"


# --- one bucket -------------------------------------------------------------------------------------------------------


def _create(bucket: Bucket) -> Action:
    """us-east-1 is where S3 began: it must not be named. Ownership goes along, so that no moment passes without it."""
    params: dict[str, Any] = {"Bucket": bucket["name"]}
    if bucket["region"] != "us-east-1":
        params["CreateBucketConfiguration"] = {"LocationConstraint": bucket["region"]}
    if bucket.get("ownership"):
        params["ObjectOwnership"] = bucket["ownership"]
    return Action("add", bucket_resource(bucket["name"]), "s3.create_bucket", params, bucket["region"])


def _shapes(bucket: Bucket, live: LiveBucket | None) -> list[_Shown]:
    shown = []
    for setting in SETTINGS:
        if bucket.get(setting.name) is not None:
            answer = live.answers.get(setting.name, {}) if live else {}
            shown.append(_Shown(setting, setting.live(answer), setting.wanted(bucket, answer), answer))
    return shown


def _steps(bucket: Bucket, live: LiveBucket | None, shown: list[_Shown]) -> Iterator[_Step]:
    """What differs, in order; needs come later."""
    name = bucket["name"]
    if live is None:
        yield _Step(name, "", _create(bucket))
    for one in shown:
        setting = one.setting
        if live is None and setting.name == "ownership":
            continue  # went along with the creation
        if setting.same(one.live, one.wanted) and not (live is None and setting.name in _DEFAULTED):
            continue
        for call, params in setting.write(bucket, one.answer):
            resource, verb, at = bucket_resource(name), "change" if live else "add", setting.name
            if setting.name == "replication":
                resource, at = replication_resource(name), ""
                verb = "remove" if call.startswith("delete") else "change" if one.live else "add"
            action = Action(verb, resource, f"s3.{call}", {"Bucket": name, **params}, bucket["region"], step=at)
            yield _Step(name, setting.name, action, one.live)


def _mfa_drift(bucket: Bucket, live: LiveBucket | None) -> list[str]:
    """Only the account's root user can switch MFA delete, with the device at hand; so it is reported, not planned."""
    on, found = live is not None and live.frozen, []
    if bucket.get("mfa_delete") and not on:
        found.append(f"MFA delete is declared but off; only the root user can switch it on ({_MFA_PAGE})")
    if bucket.get("mfa_delete") is False and on:
        found.append(f"MFA delete is on but declared off; only the root user can switch it off ({_MFA_PAGE})")
    if on and live and bucket.get("versioning") not in (None, live.versioned):
        word = "on" if bucket["versioning"] else "off"
        found.append(
            f"versioning is declared {word}, but under MFA delete only the root user can change it ({_MFA_PAGE})"
        )
    if on and bucket.get("lifecycle"):
        found.append(
            "MFA delete is on, beside which S3 takes no lifecycle rules, so they are left out: "
            f"say mfa_delete: true, or have the root user switch it off ({_MFA_PAGE})"
        )
    return [f"{bucket['name']}: {note}" for note in found]


# --- what is left out -------------------------------------------------------------------------------------------------


def _refused(bucket: Bucket, live: LiveBucket | None, buckets: Mapping[str, Bucket], all_live: Live) -> dict[str, str]:
    """resource or step -> why it must not be touched."""
    name, out = bucket["name"], {}
    if live and live.region != bucket["region"]:
        said = f"declared in {bucket['region']} but lives in {live.region}, and a bucket cannot move: "
        return {bucket_resource(name): f"{said}say region: {live.region}, or give the new bucket another name"}
    answer = live.answers.get("replication", {}) if live else {}
    if bucket.get("versioning") is False and bucket.get("replication") is None and live_rules(answer):
        said = "versioning is false, but the bucket replicates: declare its replication without rules first"
        out[step(name, "versioning")] = said
    if bucket.get("replication") and (why := clash(bucket, answer)):
        out[replication_resource(name)] = why
    logs = (bucket.get("logging") or {}).get("bucket")
    if logs and logs not in buckets and logs not in all_live.buckets:
        out[step(name, "logging")] = f"its logging.bucket {logs} is neither declared nor in this account"
    for one in (name, *_targets(bucket)) if (bucket.get("replication") or {}).get("rules") else ():
        at = all_live.buckets.get(one)
        if at and at.frozen and not at.versioned:
            out[replication_resource(name)] = f"only the root user can switch on versioning of {one}"
    return out


def _left_out(buckets: Mapping[str, Bucket], role: Mapping[str, Any] | None, live: Live) -> dict[str, str]:
    out = dict(live.failed)
    for name, bucket in buckets.items():
        if bucket_resource(name) not in out:
            out |= _refused(bucket, live.buckets.get(name), buckets, live)
    if role and live.role and live.role.path != (role.get("path") or "/"):
        said = f"declared at path {role.get('path') or '/'} but lives at {live.role.path}, and a role cannot move"
        out.setdefault(role_resource(role), said)
    return out


# --- all of them ------------------------------------------------------------------------------------------------------


def _targets(bucket: Bucket) -> list[str]:
    """Replicas in this account."""
    rules = (bucket.get("replication") or {}).get("rules") or []
    return [rule["bucket"] for rule in rules if not rule.get("account")]


def _needs(one: _Step, buckets: Mapping[str, Bucket], role: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The resources and steps that must be done first: a log target's policy, a replica's versioning, the role."""
    bucket, roles = buckets[one.bucket], (role_resource(role),) if role else ()
    if one.setting == "policy" and any(is_role(arn, role) for arn in principals(bucket["policy"])):
        return roles  # AWS refuses a principal that does not exist yet
    if one.setting == "ownership" and "LogDelivery" in (one.live or ""):
        return (step(one.bucket, "policy"),)  # it replaces what the ACL grants
    if one.setting == "logging":
        target = bucket["logging"].get("bucket")
        return (step(target, "policy"),) if target in buckets and target != one.bucket else ()
    if one.setting == "versioning" and not bucket["versioning"]:
        return (replication_resource(one.bucket),)
    if one.setting == "replication" and one.action.verb != "remove":
        needs = [step(name, "versioning") for name in (one.bucket, *_targets(bucket)) if name in buckets]
        uses_role = is_role(bucket["replication"].get("role") or "", role)
        return tuple(dict.fromkeys([*needs, *(roles if uses_role else ())]))
    if one.setting == "replication" and role and not role["policy"]:
        return roles  # the last rule goes only where its role has lost what it could do, so that a new run sees both
    return ()


def _depth(name: str, buckets: Mapping[str, Bucket]) -> int:
    """How many buckets the logs of this one pass through: whoever is logged to comes first."""
    depth, seen = 0, {name}
    while (target := (buckets[name].get("logging") or {}).get("bucket") or "") in buckets and target not in seen:
        seen.add(target)
        name, depth = target, depth + 1
    return depth


def _rank(one: _Step, buckets: Mapping[str, Bucket]) -> tuple[int, int]:
    """Buckets, then replication, then versioning that is to end: a replication source must not lose it."""
    if one.setting == "replication":
        return 1, 0
    if one.setting == "versioning" and not buckets[one.bucket]["versioning"]:
        return 2, 0
    return 0, _depth(one.bucket, buckets)


def _is_left_out(name: str, out: Mapping[str, str]) -> str:
    """The resource or step that is left out, of which this need is or is a part; "" where nothing is."""
    return next((one for one in (name, name.partition(": ")[0]) if one in out), "")


def _unmanaged(declared: Mapping[str, Any], live: Live) -> list[Unmanaged]:
    return [
        adopt(name, live.buckets[name], declared.get("adopt_under") or "", declared.get("adopt_in") or "", live.buckets)
        for name in unmanaged(declared, live.buckets)
    ]


def plan(declared: Mapping[str, Any], live: Live) -> Plan:
    """declared is what dm_buckets takes (checked by check.py); live is what read.py found.

    The actions stand in an order that also works one after the other; their needs say what may run side by side.
    """
    buckets = {bucket["name"]: bucket for bucket in declared["buckets"]}
    role = declared.get("replication_role")
    out = _left_out(buckets, role, live)
    inside = {name: bucket for name, bucket in buckets.items() if bucket_resource(name) not in out}
    shapes = {name: _shapes(bucket, live.buckets.get(name)) for name, bucket in inside.items()}
    steps = [one for name, bucket in inside.items() for one in _steps(bucket, live.buckets.get(name), shapes[name])]
    if role:
        role = with_kept(role, (rule for name in inside for rule in _kept(inside[name], live.buckets.get(name), role)))
    moving = [one.action.resource for one in steps if one.setting == "replication" and one.action.resource not in out]
    before: list[Action] = []
    after: list[Action] = []
    if role and role_resource(role) not in out:
        before, after = plan_role(role, live.role, moving)
    actions = list(before)
    done: dict[str, set[str]] = {}  # bucket -> settings that the plan changes
    for one in sorted(steps, key=lambda one: _rank(one, buckets)):
        action, found = one.action, live.buckets.get(one.bucket)
        here = step(one.bucket, one.setting) if action.step else action.resource
        if _is_left_out(here, out) or (found and found.frozen and one.setting in ("versioning", "lifecycle")):
            continue
        action = action._replace(needs=_needs(one, buckets, role))
        if missing := next(filter(None, (_is_left_out(need, out) for need in action.needs)), ""):
            out.setdefault(here, f"{missing} failed")  # what must come after it must wait too
            continue
        actions.append(action)
        done.setdefault(one.bucket, set()).add(one.setting)
    diff = role_diff(role, live.role) if role and (before or after) else []
    for name in (name for name in buckets if name in done):
        diff += _diff(buckets[name], live.buckets.get(name), shapes[name], done[name])
    return Plan(
        "buckets",
        declared["account"],
        actions + after,
        diff,
        unmanaged=_unmanaged(declared, live),
        declares=[bucket["name"] for bucket in declared["buckets"]],
        left_out=out,
        effects=[
            said
            for name, bucket in inside.items()
            if (found := live.buckets.get(name)) and "policy" in done.get(name, ())
            for said in becomes_public(bucket, found)
        ]
        + [
            said
            for name, bucket in inside.items()
            if "object_lock" in done.get(name, ())
            for said in irreversible(bucket, (live.buckets.get(name) or _NEW).answers.get("object_lock", {}))
        ],
        drift=[note for name, bucket in inside.items() for note in _mfa_drift(bucket, live.buckets.get(name))],
    )


def _kept(bucket: Bucket, live: LiveBucket | None, role: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Live rules that stay, and that the role replicates."""
    if not bucket.get("replication") or not is_role(bucket["replication"].get("role") or "", role):
        return []
    return kept(bucket, live.answers.get("replication", {}) if live else {})


def _diff(bucket: Bucket, live: LiveBucket | None, shown: list[_Shown], done: set[str]) -> list[dict[str, Any]]:
    """All of the bucket, since what stays says what a change is about."""
    after: dict[str, Any] = {"region": bucket["region"]}
    before: dict[str, Any] | None = dict(after) if live else None
    for one in shown:
        if before is not None:
            before[one.setting.name] = one.setting.show(one.live)
        changes = one.setting.name in done or (live is None and one.setting.name == "ownership")
        after[one.setting.name] = one.setting.show(one.wanted if changes else one.live)
    return diff_of(bucket_resource(bucket["name"]), before, after, whole=True)
