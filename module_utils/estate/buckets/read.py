"""Reading what the plan needs of an account's buckets: concurrently, and in as few calls as there are settings.

The caller passes the clients, so that this runs against anything that answers like boto3.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from ansible.module_utils.estate.buckets.live import (
    Live,
    LiveBucket,
    LiveRole,
    bucket_resource,
    role_resource,
    unmanaged,
)
from ansible.module_utils.estate.buckets.setting import Setting
from ansible.module_utils.estate.buckets.settings import SETTINGS, to_read
from ansible.module_utils.estate.buckets.settings.ownership import ENFORCED, rule
from ansible.module_utils.estate.buckets.settings.replication import rules as live_rules
from ansible.module_utils.estate.errors import Refusal, error_code, or_none, sentence

# One page holds most accounts; asking for pages is also what makes S3 say each bucket's region.
PAGE = 1000
# Buckets that nobody declares, of which everything is read so that they can be adopted as they are.
ADOPTED = 20
# How long AWS may take to see a new thing everywhere.
_MOMENT = datetime.timedelta(minutes=2)


def list_buckets(client: Any) -> dict[str, dict[str, Any]]:
    """name -> what S3 lists of each of the account's own buckets.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
    """
    pages = client.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": PAGE})
    return {bucket["Name"]: bucket for page in pages for bucket in page["Buckets"]}


def _region(client: Any, name: str) -> str:
    """For a bucket that was listed without one. us-east-1 and eu-west-1 have older names."""
    region = client.get_bucket_location(Bucket=name).get("LocationConstraint") or "us-east-1"
    return "eu-west-1" if region == "EU" else region


def _made_since(client: Any, name: str, account_id: str) -> str:
    """The region of a bucket that was not listed and is ours, since somebody made it meanwhile; "" of a free name.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
    """
    try:
        answer = client.head_bucket(Bucket=name, **({"ExpectedBucketOwner": account_id} if account_id else {}))
    except Exception as exc:
        code = error_code(exc)
        if code in ("404", "NoSuchBucket", "NotFound"):
            return ""
        if code in ("403", "301", "AccessDenied", "Forbidden", "PermanentRedirect"):
            said = "the name belongs to another AWS account, and names are unique worldwide: choose another"
            raise Refusal(said) from exc
        raise
    return answer.get("BucketRegion") or _region(client, name)


_OF_A_PAGE = ("IsTruncated", "ContinuationToken", "NextContinuationToken")


def answered(client: Any, name: str, setting: Setting) -> dict[str, Any]:
    """What S3 says of the bucket's setting; {} where there is none."""
    ask = getattr(client, setting.read)
    answer = page = or_none(lambda: ask(Bucket=name), setting.absent) or {}
    # Lists of configurations come in pages of a hundred, for which boto3 has no paginator.
    while token := page.get("NextContinuationToken"):
        page = ask(Bucket=name, ContinuationToken=token)
        more = {key: [*answer.get(key, []), *value] for key, value in page.items() if isinstance(value, list)}
        answer = {**answer, **more}
    return {key: value for key, value in answer.items() if key not in ("ResponseMetadata", *_OF_A_PAGE)}


class _Failures(dict[str, str]):
    """resource -> why; the first failure of a resource is the one that is told."""

    def result(self, future: Future[Any], resource: str, doing: str) -> Any:
        try:
            return future.result()
        except Refusal as exc:
            self.setdefault(resource, str(exc))
        except Exception as exc:
            self.setdefault(resource, sentence(exc, doing).rstrip("."))
        return None


def _is_young(made: Any) -> bool:
    return isinstance(made, datetime.datetime) and datetime.datetime.now(datetime.UTC) - made < _MOMENT


def _ask_role(
    client: Any, role: Mapping[str, Any], pool: ThreadPoolExecutor
) -> Callable[[_Failures], tuple[LiveRole | None, bool]]:
    """Starts asking; what it returns waits for the answers: the role, and whether it is young."""
    name = role["name"]
    found = pool.submit(or_none, lambda: client.get_role(RoleName=name)["Role"], "NoSuchEntity")
    ask = {"RoleName": name, "PolicyName": role["policy_name"]}
    policy = pool.submit(or_none, lambda: client.get_role_policy(**ask)["PolicyDocument"], "NoSuchEntity")

    def wait(failures: _Failures) -> tuple[LiveRole | None, bool]:
        live = failures.result(found, role_resource(role), "cannot read the role")
        document = failures.result(policy, role_resource(role), "cannot read the role's policy")
        if not live:
            return None, False
        return LiveRole(live["Path"], live["AssumeRolePolicyDocument"], document), _is_young(live.get("CreateDate"))

    return wait


def read(declared: Mapping[str, Any], clients: Any, home: str, pool: ThreadPoolExecutor) -> Live:
    """Live state of what is declared. Whatever cannot be read fails alone; only the listing may raise.

    home is the region that is asked what buckets there are: never one that the account has to opt in to.
    """
    buckets = {bucket["name"]: bucket for bucket in declared["buckets"]}
    failures = _Failures()
    listing = pool.submit(list_buckets, clients["s3", home])
    role = declared.get("replication_role")
    if role and not role["policy"]:
        role = None  # nothing is to be replicated; whether something was, is seen below
    # The client is made while S3 is answering.
    waiting = _ask_role(clients["iam", home], role, pool) if role else None
    listed = listing.result()

    regions = {name: found.get("BucketRegion") or "" for name, found in listed.items()}
    asked = {}
    for name, bucket in buckets.items():
        if name not in listed:
            account_id = declared.get("account_id") or ""
            asked[name] = pool.submit(_made_since, clients["s3", bucket["region"]], name, account_id)
        elif not regions[name]:
            asked[name] = pool.submit(_region, clients["s3", home], name)
    for name, future in asked.items():
        doing = "cannot read its region" if name in listed else "cannot ask whether the name is free"
        if region := failures.result(future, bucket_resource(name), doing):
            regions[name] = region
    reads = {
        (name, setting.name): pool.submit(answered, clients["s3", bucket["region"]], name, setting)
        for name, bucket in buckets.items()
        if regions.get(name) == bucket["region"]
        for setting in to_read(bucket)
    }
    answers: dict[str, dict[str, Any]] = {}
    for name, setting in reads:
        answer = failures.result(reads[name, setting], bucket_resource(name), f"cannot read its {setting}")
        answers.setdefault(name, {})[setting] = answer or {}
    # Who adopts a bucket must say what it is; of very many nobody reads it all, and they are left as they are.
    for name in unmanaged(declared, regions)[:ADOPTED]:
        client = clients["s3", regions[name] or home]
        answers[name] = _what_may_be_seen({one.name: pool.submit(answered, client, name, one) for one in SETTINGS})
    _add_acls(buckets, answers, clients, pool, failures)
    live = {name: LiveBucket(region, answers.get(name, {})) for name, region in regions.items()}
    young = {bucket_resource(name) for name in buckets if _is_young(listed.get(name, {}).get("CreationDate"))}
    live_role = None
    if (
        declared.get("replication_role")
        and not role
        and any(_ends(buckets.get(name, {}), found) for name, found in answers.items())
    ):
        role = declared["replication_role"]
        waiting = _ask_role(clients["iam", home], role, pool)
    if role and waiting:
        live_role, new = waiting(failures)
        young |= {role_resource(role)} if new else set()
    return Live(live, live_role, dict(failures), frozenset(young))


def _what_may_be_seen(asked: Mapping[str, Future[Any]]) -> dict[str, Any]:
    """Nobody declares the bucket, so what may not be seen of it is no failure."""
    found = {}
    for word, future in asked.items():
        with contextlib.suppress(Exception):
            found[word] = future.result()
    return found


def _ends(bucket: Mapping[str, Any], answers: Mapping[str, Any]) -> bool:
    """Whether its replication is to end."""
    return bool(bucket.get("replication")) and bool(live_rules(answers.get("replication", {})))


def _add_acls(
    buckets: Mapping[str, Any],
    answers: Mapping[str, dict[str, Any]],
    clients: Any,
    pool: ThreadPoolExecutor,
    failures: _Failures,
) -> None:
    """An ACL counts only where it is about to be switched off, since it may stand in the way of that."""
    asked = {
        name: pool.submit(clients["s3", buckets[name]["region"]].get_bucket_acl, Bucket=name)
        for name, found in answers.items()
        if name in buckets and buckets[name].get("ownership") == ENFORCED and rule(found["ownership"]) != ENFORCED
    }
    for name, future in asked.items():
        acl = failures.result(future, bucket_resource(name), "cannot read its ACL") or {}
        answers[name]["ownership"] = {**answers[name]["ownership"], "acl": acl}
