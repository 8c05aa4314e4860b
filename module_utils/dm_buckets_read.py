"""Reading what the plan needs of an account's buckets: concurrently, and in as few calls as there are settings.

The caller passes the clients, so that this runs against anything that answers like boto3.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from ansible.module_utils.dm_buckets_plan import Live, LiveBucket, LiveRole, bucket_resource, role_resource
from ansible.module_utils.dm_buckets_shapes import Setting, to_read
from ansible.module_utils.estate.errors import error_code, sentence

# One page holds most accounts; asking for pages is also what makes S3 say each bucket's region.
PAGE = 1000
# How long AWS may take to see a new thing everywhere.
_MOMENT = datetime.timedelta(minutes=2)


def list_buckets(client: Any) -> dict[str, dict]:
    """name -> what S3 lists of each of the account's own buckets.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
    """
    found: dict[str, dict] = {}
    more: dict[str, str] = {}
    while True:
        page = client.list_buckets(MaxBuckets=PAGE, **more)
        found.update({bucket["Name"]: bucket for bucket in page["Buckets"]})
        if not page.get("ContinuationToken"):
            return found
        more = {"ContinuationToken": page["ContinuationToken"]}


def _region(client: Any, name: str) -> str:
    """For a bucket that was listed without one. us-east-1 and eu-west-1 have older names."""
    region = client.get_bucket_location(Bucket=name).get("LocationConstraint") or "us-east-1"
    return "eu-west-1" if region == "EU" else region


def _taken(client: Any, name: str) -> str:
    """Why a name that is not among ours cannot be had; "" where it is free.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
    """
    try:
        client.head_bucket(Bucket=name)
    except Exception as exc:
        code = error_code(exc)
        if code in ("404", "NoSuchBucket", "NotFound"):
            return ""
        if code not in ("403", "301", "AccessDenied", "Forbidden"):
            raise
    return "the name belongs to another AWS account, and names are unique worldwide: choose another"


def _answer(client: Any, name: str, setting: Setting) -> dict:
    try:
        answer = getattr(client, setting.read)(Bucket=name)
    except Exception as exc:
        if setting.absent and error_code(exc) == setting.absent:
            return {}
        raise
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def _or_none(call: Callable[[], Any]) -> Any:
    """IAM's answer, or None where there is no such thing."""
    try:
        return call()
    except Exception as exc:
        if error_code(exc) == "NoSuchEntity":
            return None
        raise


class _Failures(dict):
    """resource -> why; the first failure of a resource is the one that is told."""

    def result(self, future: Future, resource: str, doing: str) -> Any:
        try:
            return future.result()
        except Exception as exc:
            self.setdefault(resource, sentence(exc, doing).rstrip("."))
            return None


def _is_young(made: Any) -> bool:
    return isinstance(made, datetime.datetime) and datetime.datetime.now(datetime.UTC) - made < _MOMENT


def _ask_role(client: Any, role: dict, pool: ThreadPoolExecutor) -> Callable[[_Failures], tuple[LiveRole | None, bool]]:
    """Starts asking; what it returns waits for the answers: the role, and whether it is young."""
    name = role["name"]
    found = pool.submit(_or_none, lambda: client.get_role(RoleName=name)["Role"])
    policy = pool.submit(
        _or_none, lambda: client.get_role_policy(RoleName=name, PolicyName=role["policy_name"])["PolicyDocument"]
    )

    def wait(failures: _Failures) -> tuple[LiveRole | None, bool]:
        live = failures.result(found, role_resource(role), "cannot read the role")
        document = failures.result(policy, role_resource(role), "cannot read the role's policy")
        if not live:
            return None, False
        return LiveRole(live["Path"], live["AssumeRolePolicyDocument"], document), _is_young(live.get("CreateDate"))

    return wait


def read(
    declared: Mapping[str, Any],
    clients: Mapping[str, Any],  # region -> client, for every declared region
    iam: Callable[[], Any],
    pool: ThreadPoolExecutor,
) -> Live:
    """Live state of what is declared. Whatever cannot be read fails alone; only the listing may raise."""
    buckets = {bucket["name"]: bucket for bucket in declared["buckets"]}
    failures = _Failures()
    listing = pool.submit(list_buckets, next(iter(clients.values())))
    role = declared.get("replication_role")
    # The client is made while S3 is answering.
    waiting = _ask_role(iam(), role, pool) if role else None
    listed = listing.result()

    regions = {name: found.get("BucketRegion") or "" for name, found in listed.items()}
    asked = {
        name: pool.submit(_region, clients[bucket["region"]], name)
        for name, bucket in buckets.items()
        if regions.get(name) == ""
    }
    taken = {
        name: pool.submit(_taken, clients[bucket["region"]], name)
        for name, bucket in buckets.items()
        if name not in listed
    }
    for name in asked:
        regions[name] = failures.result(asked[name], bucket_resource(name), "cannot read its region") or ""
    reads = {
        (name, setting.name): pool.submit(_answer, clients[bucket["region"]], name, setting)
        for name, bucket in buckets.items()
        if regions.get(name) == bucket["region"]
        for setting in to_read(bucket)
    }
    answers: dict[str, dict[str, dict]] = {}
    for name, setting in reads:
        answer = failures.result(reads[name, setting], bucket_resource(name), f"cannot read its {setting}")
        answers.setdefault(name, {})[setting] = answer or {}
    for name in taken:
        why = failures.result(taken[name], bucket_resource(name), "cannot ask whether the name is free")
        if why:
            failures.setdefault(bucket_resource(name), why)
    live = {name: LiveBucket(region, answers.get(name, {})) for name, region in regions.items()}
    young = {bucket_resource(name) for name in buckets if _is_young(listed.get(name, {}).get("CreationDate"))}
    live_role = None
    if role and waiting:
        live_role, new = waiting(failures)
        young |= {role_resource(role)} if new else set()
    return Live(live, live_role, dict(failures), frozenset(young))
