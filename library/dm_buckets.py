#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_buckets
short_description: Converge all S3 buckets of a stage or an account, and their replication
description:
  - Reads every declared bucket at once, plans what differs, and carries the plan out; a bucket that fails does not
    stop the others, and a re-run does the rest.
  - A setting that is left out is neither read nor written. A setting that is empty is removed.
  - Never deletes a bucket, never changes versioning of a bucket with MFA delete.
author: [Digital Marketplace developers]
options:
  name:
    description: Whose buckets these are, for messages and the plan.
    type: str
    required: true
  buckets:
    description: The buckets, complete but for settings that stay as they are.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the bucket, after U(https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
        type: str
        required: true
      region:
        description: Where the bucket is. A bucket cannot move.
        type: str
        required: true
      versioning:
        description: Whether versions are kept. Ending it suspends versioning, since it cannot be removed.
        type: bool
      mfa_delete:
        description:
          - Whether deleting a version should need the root user's MFA device.
          - Only reported, since only the root user can change it.
        type: bool
      encryption:
        description: Default encryption of new objects.
        type: dict
        suboptions:
          algorithm:
            description: S3's own keys, or KMS.
            type: str
            required: true
            choices: [AES256, "aws:kms", "aws:kms:dsse"]
          key:
            description: ARN of the KMS key. Left out, AWS's own key for S3.
            type: str
          bucket_key:
            description: Whether S3 asks KMS once per bucket rather than once per object. On by default with C(aws:kms).
            type: bool
      public_access_block:
        description: All four blocks of public access, or none.
        type: bool
      ownership:
        description: Who owns objects that others write, and whether ACLs count.
        type: str
        choices: [BucketOwnerEnforced, BucketOwnerPreferred, ObjectWriter]
      policy:
        description: The bucket's policy. C({}) removes it.
        type: dict
      keep_statements:
        description: Whether live statements with a C(Sid) that O(buckets[].policy) does not have stay.
        type: bool
        default: false
      logging:
        description: Server access logs. C({}) switches them off.
        type: dict
        suboptions:
          bucket:
            description:
              - Where the logs go, in the same region and account.
              - Its policy must admit C(logging.s3.amazonaws.com).
            type: str
          prefix:
            description: What the names of the log objects begin with.
            type: str
            default: ""
      lifecycle:
        description: When objects expire.
        type: list
        elements: dict
        suboptions:
          id:
            description: The rule's name, unique in the bucket.
            type: str
            required: true
          prefix:
            description: Only objects whose names begin so.
            type: str
            default: ""
          tags:
            description: Only objects with all of these tags.
            type: dict
          expire_days:
            description: Days after which an object expires.
            type: int
          noncurrent_days:
            description: Days after which a version that is no longer current is deleted.
            type: int
          abort_upload_days:
            description: Days after which an upload that was not finished is dropped.
            type: int
      keep_lifecycle_rules:
        description: Whether live rules with an id that O(buckets[].lifecycle) does not have stay.
        type: bool
        default: false
      tags:
        description: The bucket's tags, complete. Tags that AWS sets itself stay.
        type: dict
      cors:
        description: Cross-origin rules, in the order in which S3 tries them.
        type: list
        elements: dict
        suboptions:
          id:
            description: The rule's name, unique in the bucket.
            type: str
            required: true
          origins:
            description: Origins that may ask.
            type: list
            elements: str
            required: true
          methods:
            description: What they may do.
            type: list
            elements: str
            choices: [GET, PUT, POST, DELETE, HEAD]
            required: true
          headers:
            description: Headers that a request may have.
            type: list
            elements: str
            default: []
          expose:
            description: Headers of the answer that the origin's scripts may see.
            type: list
            elements: str
            default: []
          max_age:
            description: Seconds for which a browser may keep the answer.
            type: int
      notifications:
        description: Who is told of events, complete.
        type: dict
        suboptions:
          topics:
            description: SNS topics.
            type: list
            elements: dict
            default: []
            suboptions: &target
              id:
                description: The entry's name, unique in its list.
                type: str
                required: true
              arn:
                description: Who is told.
                type: str
                required: true
              events:
                description: What is told, such as C(s3:ObjectCreated:*).
                type: list
                elements: str
                required: true
              prefix:
                description: Only of objects whose names begin so.
                type: str
                default: ""
              suffix:
                description: Only of objects whose names end so.
                type: str
                default: ""
          queues:
            description: SQS queues.
            type: list
            elements: dict
            default: []
            suboptions: *target
          functions:
            description: Lambda functions.
            type: list
            elements: dict
            default: []
            suboptions: *target
          event_bridge:
            description: Whether EventBridge is told of everything.
            type: bool
            default: false
      replication:
        description:
          - Where new objects are copied to (V2 rules). No rules removes it.
          - Needs versioning of both buckets; a replica that is declared too is made first.
        type: dict
        suboptions:
          role:
            description: ARN of the role that S3 assumes to replicate.
            type: str
          keep_rules:
            description: Whether live rules with an id that O(buckets[].replication.rules) does not have stay.
            type: bool
            default: false
          rules:
            description: One for each replica or kind of object.
            type: list
            elements: dict
            required: true
            suboptions:
              id:
                description: The rule's name, unique in the bucket.
                type: str
                required: true
              priority:
                description: Which rule wins where two name the same replica; unique in the bucket.
                type: int
                default: 0
              bucket:
                description: The replica.
                type: str
                required: true
              account:
                description: Id of the replica's account, where that is another one.
                type: str
              region:
                description: Where the replica is; not where the source is. Needed unless the replica is in O(buckets).
                type: str
              prefix:
                description: Only objects whose names begin so.
                type: str
                default: ""
              tags:
                description: Only objects with all of these tags.
                type: dict
              delete_markers:
                description: Whether delete markers are copied. Not with O(buckets[].replication.rules[].tags).
                type: bool
                default: false
              metrics:
                description: Whether S3 measures replication, and tells of failures.
                type: bool
                default: true
              replication_time_control:
                description: Whether AWS guarantees 15 minutes. Needs O(buckets[].replication.rules[].metrics).
                type: bool
                default: false
              storage_class:
                description: Storage class of the copies. Left out, that of the source's objects.
                type: str
              kms_key:
                description:
                  - ARN of the replica's KMS key.
                  - Objects that are encrypted with KMS are replicated only with it.
                type: str
              owner_override:
                description: Whether the copies belong to O(buckets[].replication.rules[].account).
                type: bool
                default: false
  replication_role:
    description: The role that replicates, made before the rules that use it.
    type: dict
    suboptions:
      name:
        description: Name of the role.
        type: str
        required: true
      path:
        description: Its path.
        type: str
        default: /
      trust:
        description: Who may assume it, a policy document.
        type: dict
        required: true
      policy_name:
        description: The inline policy that this declaration owns; others are left alone.
        type: str
        required: true
      policy:
        description: What it may do, a policy document.
        type: dict
        required: true
  known:
    description: Names or shell wildcards of this account's buckets that are declared elsewhere, and so not unmanaged.
    type: list
    elements: str
    default: []
  adopt_under:
    description: The variable that unmanaged buckets would be declared in, a mapping by name; for the YAML to paste.
    type: str
    default: ""
  unmanaged_pattern:
    description: Shell wildcards; live buckets whose names match and that are neither declared nor known are reported.
    type: str
    default: ""
  reviewed:
    description: Digest of the plan that was reviewed. Any other plan fails before anything is written.
    type: str
attributes:
  check_mode:
    support: full
    description: Reads from AWS and returns the very plan that would be carried out.
  diff_mode:
    support: full
    description: Shows the declared settings of each changed bucket before and after.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""
EXAMPLES = r"""
- name: Converge a bucket, its replica and the role that replicates
  dm_buckets:
    name: preview
    unmanaged_pattern: digitalmarketplace-*
    replication_role:
      name: replication
      trust: "{{ trust }}"
      policy_name: replication-preview
      policy: "{{ policy }}"
    buckets:
      - name: digitalmarketplace-cross-region-documents-preview-preview
        region: eu-west-2
        versioning: true
        encryption: {algorithm: AES256}
        public_access_block: true
      - name: digitalmarketplace-documents-preview-preview
        region: eu-west-1
        versioning: true
        encryption: {algorithm: AES256}
        public_access_block: true
        lifecycle:
          - {id: retention, noncurrent_days: 30}
        replication:
          role: arn:aws:iam::222222222222:role/replication
          rules:
            - id: documents
              bucket: digitalmarketplace-cross-region-documents-preview-preview
              delete_markers: true

- name: Show what would change, and carry out only that
  dm_buckets:
    name: preview
    buckets: "{{ buckets }}"
    reviewed: "{{ plan.digest }}"
"""
RETURN = r"""
plan:
  description: The plan, whether or not it was carried out.
  returned: whenever the buckets could be listed
  type: dict
  contains:
    purpose: {description: "C(buckets).", type: str}
    account: {description: O(name)., type: str}
    digest: {description: The same for the same plan., type: str}
    counts: {description: "How many resources are added, changed or removed.", type: dict}
    actions: {description: The calls in an order that works., type: list, elements: dict}
    unmanaged: {description: "Buckets that nobody declares, with the YAML to adopt them.", type: list, elements: dict}
    notes: {description: "What only a person can change, such as MFA delete.", type: list, elements: str}
outcomes:
  description:
    - What became of each action (C(done), C(failed), C(not tried)) and why.
    - Also in check mode what had to be left out of the plan, since a bucket could not be read or must not be touched.
  returned: whenever the buckets could be listed
  type: list
  elements: dict
  sample: [{method: s3.put_bucket_policy, resource: bucket digitalmarketplace-dev-uploads, status: done, why: ""}]
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    pass  # AnsibleAWSModule reports it

from ansible.module_utils.dm_buckets_call import carry_out_one
from ansible.module_utils.dm_buckets_check import mistakes
from ansible.module_utils.dm_buckets_plan import outcome, plan
from ansible.module_utils.dm_buckets_read import read
from ansible.module_utils.dm_plan import Action, carry_out, digest, result
from ansible.module_utils.estate.errors import sentence
from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleBotocoreError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

# A call is some 2 ms of Python, one thread at a time, and 40 ms of waiting for AWS: enough threads to wait side
# by side, and for an estate of some thirty buckets one for each.
WORKERS = 32


def _rule(**more: dict) -> dict:
    """Options that lifecycle and replication rules share."""
    return {
        "id": {"type": "str", "required": True},
        "prefix": {"type": "str", "default": ""},
        "tags": {"type": "dict"},
        **more,
    }


def _rules(options: dict, **more: Any) -> dict:
    return {"type": "list", "elements": "dict", "options": options, **more}


_STR = {"type": "str"}
_BOOL = {"type": "bool"}
_INT = {"type": "int"}
_DICT = {"type": "dict"}
_NEEDED = {"type": "str", "required": True}
_EMPTY = {"type": "str", "default": ""}
_OFF = {"type": "bool", "default": False}
_ON = {"type": "bool", "default": True}
_WORDS = {"type": "list", "elements": "str"}
_TARGET = {"id": _NEEDED, "arn": _NEEDED, "events": {**_WORDS, "required": True}, "prefix": _EMPTY, "suffix": _EMPTY}
_REPLICATION_RULE = _rule(
    priority={"type": "int", "default": 0},
    bucket=_NEEDED,
    account=_STR,
    region=_STR,
    delete_markers=_OFF,
    metrics=_ON,
    replication_time_control=_OFF,
    storage_class=_STR,
    kms_key=_STR,
    owner_override=_OFF,
)
_CORS_RULE = {
    "id": _NEEDED,
    "origins": {**_WORDS, "required": True},
    "methods": {**_WORDS, "required": True, "choices": ["GET", "PUT", "POST", "DELETE", "HEAD"]},
    "headers": {**_WORDS, "default": []},
    "expose": {**_WORDS, "default": []},
    "max_age": _INT,
}
_BUCKET = {
    "name": _NEEDED,
    "region": _NEEDED,
    "versioning": _BOOL,
    "mfa_delete": _BOOL,
    "encryption": {
        "type": "dict",
        "options": {
            "algorithm": {**_NEEDED, "choices": ["AES256", "aws:kms", "aws:kms:dsse"]},
            "key": _STR,
            "bucket_key": _BOOL,
        },
    },
    "public_access_block": _BOOL,
    "ownership": {"type": "str", "choices": ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]},
    "policy": _DICT,
    "keep_statements": _OFF,
    "logging": {"type": "dict", "options": {"bucket": _STR, "prefix": _EMPTY}},
    "lifecycle": _rules(_rule(expire_days=_INT, noncurrent_days=_INT, abort_upload_days=_INT)),
    "keep_lifecycle_rules": _OFF,
    "tags": _DICT,
    "cors": _rules(_CORS_RULE),
    "notifications": {
        "type": "dict",
        "options": {
            "topics": _rules(_TARGET, default=[]),
            "queues": _rules(_TARGET, default=[]),
            "functions": _rules(_TARGET, default=[]),
            "event_bridge": _OFF,
        },
    },
    "replication": {
        "type": "dict",
        "options": {"role": _STR, "keep_rules": _OFF, "rules": _rules(_REPLICATION_RULE, required=True)},
    },
}
ARGUMENT_SPEC: dict[str, Any] = {
    "name": _NEEDED,
    "buckets": _rules(_BUCKET, required=True),
    "replication_role": {
        "type": "dict",
        "options": {
            "name": _NEEDED,
            "path": {"type": "str", "default": "/"},
            "trust": {"type": "dict", "required": True},
            "policy_name": _NEEDED,
            "policy": {"type": "dict", "required": True},
        },
    },
    "known": {**_WORDS, "default": []},
    "adopt_under": {"type": "str", "default": ""},
    "unmanaged_pattern": _EMPTY,
    "reviewed": _STR,
}


class Clients:
    """boto3's clients: one session, so that a role is assumed once; one client per region, shared by all threads."""

    def __init__(self, module: AnsibleAWSModule) -> None:
        # IAM has no region of its own; without one, boto3 would make a session only to look for it.
        module.params["region"] = module.params.get("region") or module.params["buckets"][0]["region"]
        region, endpoint, options = get_aws_connection_info(module)
        names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "profile_name")
        self._session = boto3.session.Session(**{name: options.pop(name, None) for name in names})
        config = Config(
            max_pool_connections=WORKERS,
            retries={"mode": "standard", "total_max_attempts": 8},
            connect_timeout=5,
            parameter_validation=False,  # the tests hold every call against boto's models; here it only costs time
            user_agent=f"Ansible/{module.ansible_version} dm_buckets",  # boto3 builds its own anew for every call
        )
        given = options.pop("aws_config", None)
        self._options = {"endpoint_url": endpoint, "config": config.merge(given) if given else config, **options}
        self._region = region
        self._iam: Any = None
        self.s3: dict[str, Any] = {}

    def regions(self) -> set[str]:
        """Every region that boto3 knows, from a file that it reads anyway."""
        data = self._session._session.get_component("data_loader").load_data("partitions")
        names = {name for partition in data["partitions"] for name in partition["regions"]}
        return {name for name in names if not name.endswith("-global")}

    def open(self, regions: set[str]) -> None:
        for region in sorted(regions):
            self.s3[region] = self._session.client("s3", region_name=region, **self._options)

    def iam(self) -> Any:
        if self._iam is None:
            self._iam = self._session.client("iam", region_name=self._region or next(iter(self.s3)), **self._options)
        return self._iam

    def of(self, action: Action) -> Any:
        return self._iam if action.method.startswith("iam.") else self.s3[action.region]


def _failure(name: str, outcomes: list[dict]) -> str:
    """One sentence that names what failed, and counts what had to wait for it; "" where all is done."""
    failed: dict[str, list[str]] = {}  # what went wrong -> where: one outage is one reason, not thirty
    for entry in outcomes:
        if entry["status"] == "failed":
            failed.setdefault(f"{entry['method']}: {entry['why']}", []).append(entry["resource"])
    waiting = sum(entry["status"] == "not tried" for entry in outcomes)
    if not failed and not waiting:
        return ""
    said = "; ".join(f"{', '.join(resources)}: {why}" for why, resources in failed.items())
    held_back = f"; {waiting} calls that need them were not tried, a new run finishes the rest" if waiting else ""
    return f"Not all buckets of {name} could be converged: {said}{held_back}."


def main() -> None:
    module = AnsibleAWSModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    declared = module.params
    name = declared["name"]
    doing = f"Cannot read the buckets of {name}"
    if not declared["buckets"]:
        module.fail_json(msg=f"No bucket is declared for {name}; unset is not an empty list.")
    try:
        clients = Clients(module)
        wrong = mistakes(declared, clients.regions())
        if wrong:
            module.fail_json(msg=" ".join(wrong), mistakes=wrong)
        clients.open({bucket["region"] for bucket in declared["buckets"]})
    except (BotoCoreError, AnsibleBotocoreError, ValueError) as exc:
        module.fail_json(msg=sentence(exc, doing))
    with ThreadPoolExecutor(WORKERS) as pool:
        try:
            live = read(declared, clients.s3, clients.iam, pool)
        except (BotoCoreError, ClientError) as exc:
            module.fail_json(msg=sentence(exc, doing))
    made = plan(declared, live)
    answer: dict[str, Any] = {
        "changed": bool(made.actions),
        "diff": made.diff,
        "plan": result("buckets", name, made.actions, made.unmanaged, made.notes),
        "outcomes": made.outcomes,
    }
    if declared["reviewed"] and declared["reviewed"] != digest(made.actions):
        msg = f"The world has moved since the plan for the buckets of {name} was reviewed: plan again and review that."
        module.fail_json(**{**answer, "changed": False, "msg": msg})
    if not module.check_mode:
        fresh = {action.resource for action in made.actions} | live.young
        done = carry_out(
            made.actions, lambda action: carry_out_one(action, clients.of(action), fresh), explain=str, workers=WORKERS
        )
        answer["outcomes"] = made.outcomes + [
            outcome(one.action.method, one.action.resource, one.status, one.why) for one in done
        ]
        answer["changed"] = any(one.status == "done" for one in done)
    failure = _failure(name, answer["outcomes"])
    if failure:
        module.fail_json(msg=failure, **answer)
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
