#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_buckets
short_description: Converge all S3 buckets of a stage or an account, and their replication
description:
  - Reads every declared bucket at once, plans what differs, and carries the plan out; a bucket that fails does not
    stop the others, and a re-run does the rest.
  - A setting that is left out is neither read nor written. A setting that is empty is removed.
  - What closes a bucket comes first; a setting that fails stops only those that need it.
  - Never deletes a bucket, never changes versioning of a bucket with MFA delete.
options:
  buckets:
    description: The buckets, complete but for settings that stay as they are.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: After U(https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
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
        description:
          - Whether live statements that O(buckets[].policy) does not have stay, if they are somebody else's.
          - Those whose C(Sid) begins with C(Estate), or is in O(buckets[].own), are this declaration's, and never kept.
        type: bool
        default: false
      own:
        description: Names of statements and rules that only this declaration gives, also where it no longer has them.
        type: list
        elements: str
        default: []
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
          id: &rule_id
            description: The rule's name, unique in the bucket.
            type: str
            required: true
          prefix: &prefix
            description: Only objects whose names begin so.
            type: str
            default: ""
          tags: &tags
            description: Only objects with all of these tags.
            type: dict
          larger_than:
            description: Only objects of more bytes.
            type: int
          smaller_than:
            description: Only objects of fewer bytes.
            type: int
          expire_days:
            description: Days after which an object expires.
            type: int
          expire_date:
            description: The day on which objects expire, C(2030-01-31).
            type: str
          expired_markers:
            description: Whether delete markers go that have no older versions left.
            type: bool
          noncurrent_days:
            description: Days after which a version that is no longer current is deleted.
            type: int
          newer_noncurrent:
            description: How many versions that are no longer current stay beyond that.
            type: int
          abort_upload_days:
            description: Days after which an upload that was not finished is dropped.
            type: int
          transitions:
            description: When objects move to another storage class.
            type: list
            elements: dict
            suboptions:
              days: &days
                description: Days after which they do.
                type: int
              date:
                description: The day on which they do.
                type: str
              storage_class: &storage_class
                description: Where to.
                type: str
                required: true
          noncurrent_transitions:
            description: When versions that are no longer current move to another storage class.
            type: list
            elements: dict
            suboptions:
              days: *days
              newer:
                description: How many of them stay where they are beyond that.
                type: int
              storage_class: *storage_class
          enabled: &enabled
            description: Whether the rule is carried out.
            type: bool
            default: true
      keep_lifecycle_rules:
        description: Whether live rules that are somebody else's stay, as with O(buckets[].keep_statements).
        type: bool
        default: false
      tags:
        description: The bucket's tags, complete. Tags that AWS sets itself stay.
        type: dict
      purge_tags:
        description: Whether tags go that O(buckets[].tags) does not have.
        type: bool
        default: true
      ignored_tags:
        description: What tags begin with that others set, and that stay as they are.
        type: list
        elements: str
        default: []
      cors:
        description: Cross-origin rules, in the order in which S3 tries them.
        type: list
        elements: dict
        suboptions:
          id: *rule_id
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
      object_lock:
        description:
          - Keeps versions from being deleted before their time. C({}) without a time for every new object.
          - Once on it stays on. Needs versioning.
        type: dict
        suboptions:
          mode:
            description: Who may shorten it; nobody with C(COMPLIANCE).
            type: str
            choices: [GOVERNANCE, COMPLIANCE]
          days:
            description: Days that every new version is kept; or O(buckets[].object_lock.years).
            type: int
          years:
            description: Years that every new version is kept.
            type: int
          confirm:
            description: The bucket's name, typed by who means C(COMPLIANCE).
            type: str
      metrics:
        description: Request metrics in CloudWatch, complete.
        type: list
        elements: dict
        suboptions: &listed
          id: &id
            description: Its name, unique in the bucket.
            type: str
            required: true
          prefix: *prefix
          tags: *tags
      intelligent_tiering:
        description: When objects of the storage class C(INTELLIGENT_TIERING) are archived, complete.
        type: list
        elements: dict
        suboptions:
          <<: *listed
          archive_days:
            description: Days without a look after which they are archived, 90 or more.
            type: int
          deep_archive_days:
            description: Days without a look after which they are archived deeply, 180 or more.
            type: int
      inventory:
        description: Lists of all objects that S3 delivers, complete.
        type: list
        elements: dict
        suboptions:
          id: *id
          prefix: *prefix
          bucket:
            description: Where they are delivered, in the same region; its policy must admit C(s3.amazonaws.com).
            type: str
            required: true
          to:
            description: What their names begin with.
            type: str
            default: ""
          format:
            description: How they are written.
            type: str
            choices: [CSV, ORC, Parquet]
            default: Parquet
          frequency:
            description: How often.
            type: str
            choices: [Daily, Weekly]
            default: Daily
          versions:
            description: Whether all versions are listed.
            type: bool
            default: false
          fields:
            description: More columns, as AWS names them.
            type: list
            elements: str
            default: []
      request_payer:
        description: Who pays for requests and transfer.
        type: str
        choices: [BucketOwner, Requester]
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
            description: Whether live rules that are somebody else's stay, as with O(buckets[].keep_statements).
            type: bool
            default: false
          rules:
            description: One for each replica or kind of object.
            type: list
            elements: dict
            required: true
            suboptions:
              id: *rule_id
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
                description: Where the replica is. Needed unless the replica is in O(buckets).
                type: str
              prefix: *prefix
              tags: *tags
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
              replica_modifications:
                description: Whether changes of a copy's tags come back, where two buckets replicate to each other.
                type: bool
                default: false
              enabled: *enabled
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
        description: What it may do, a policy document. C({}) where nothing is replicated any more, which removes it.
        type: dict
        required: true
  account_id:
    description: The account's id, to tell a bucket that was made meanwhile from somebody else's.
    type: str
  accounts:
    description: Names of accounts by their id, for what is said of them.
    type: dict
    default: {}
  invariants:
    description:
      - What must never be of buckets, as M(dm_access_review) takes them. A plan that would break one is
        refused.
    type: list
    elements: dict
    default: []
  managed_tags:
    description:
      - Tags by which a bucket of this project is known. Where no bucket is declared, and such ones are there, the
        declaration was lost, and nothing is planned.
    type: dict
    default: {}
  known:
    description: Names or shell wildcards of this account's buckets that are declared elsewhere, and so not unmanaged.
    type: list
    elements: str
    default: []
  adopt_under:
    description: The variable that unmanaged buckets would be declared in, a mapping by name; for the YAML to paste.
    type: str
    default: ""
  adopt_in:
    description: The file that they would be declared in.
    type: str
    default: ""
  unmanaged_pattern:
    description: Shell wildcards; live buckets whose names match and that are neither declared nor known are reported.
    type: str
    default: ""
  workers:
    description:
      - How many calls may run at the same time. One is some 2 ms of Python, a thread at a time, and 40 ms of waiting
        for AWS, so that 32 keep a processor busy.
    type: int
    default: 32
extends_documentation_fragment: [dm_estate, dm_aws]
"""
EXAMPLES = r"""
- name: Converge a bucket, its replica and the role that replicates
  dm_buckets:
    account: preview
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

"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
estate:
  description: The account as it was and what changes of it, where the plan writes what decides who may do what.
  returned: success
  type: dict
outcomes:
  sample: [{method: s3.put_bucket_policy, resource: bucket digitalmarketplace-dev-uploads, status: done, why: ""}]
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.estate.access.read import managed, pages, parse, policies_of_aws
from ansible.module_utils.estate.buckets.check import mistakes, told
from ansible.module_utils.estate.buckets.effects import before_and_after, looked_into
from ansible.module_utils.estate.buckets.guard import forgotten
from ansible.module_utils.estate.buckets.live import Live
from ansible.module_utils.estate.buckets.plan import plan
from ansible.module_utils.estate.buckets.read import read
from ansible.module_utils.estate.buckets.settle import settled
from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.effects.planned import of_buckets, planned
from ansible.module_utils.estate.effects.together import state
from ansible.module_utils.estate.errors import sentence
from ansible.module_utils.estate.plan import Plan
from ansible.module_utils.estate.review.read import shape
from ansible.module_utils.estate.run import estate_module, run

SERVICES = ("s3", "sts")  # that any run of it calls: models of others would take room in each of its processes
LEAST_WORKERS = 8


def with_effects(
    made: Plan, live: Live, params: dict[str, Any], clients: Any
) -> tuple[Plan, list[str], dict[str, Any]]:
    """(the plan with what it means for people, why it must not be carried out, the account): with all own policies."""
    if not params["account_id"] or not looked_into(made):
        return made, [], {}
    try:
        iam = clients["iam"]
        there = parse(pages(iam.get_account_authorization_details))
        access = {"account_id": params["account_id"], **shape(there, policies_of_aws(iam, managed(there)))}
    except Exception as exc:  # whoever may not read IAM may plan, and everything counts as granted
        why = f"not proved: IAM could not be read ({sentence(exc, 'AWS refused')})"
        return made._replace(effects=[*made.effects, why], grants=True), [], {}
    asked = [one for one in params["invariants"] if of_buckets(one)]
    was, will_be = before_and_after(made, live, access)
    # Invariants name roles by their account, which a host may be called otherwise than.
    name = params["accounts"].get(params["account_id"], made.account)
    meant, broken = planned({name: was}, {name: will_be}, params["accounts"], asked)
    told = state(was, will_be, params["accounts"], params["invariants"])
    said = [*made.effects, *meant.lines]
    return made._replace(effects=said, grants=meant.grants or bool(made.effects)), broken, told


def main() -> None:
    module = estate_module(DOCUMENTATION)
    declared = module.params
    if wrong := told(mistakes(declared)):
        module.fail_json(msg=" ".join(wrong), mistakes=wrong)
    # botocore's own checks cost time for each call; the tests hold every call against its models.
    home = next((bucket["region"] for bucket in declared["buckets"]), "")
    workers = declared["workers"]
    clients = Clients(module, workers=workers, validate=False, region=home)
    # A connection takes as long to make as several calls, so that it is worth it only where it makes some.
    with ThreadPoolExecutor(min(workers, max(LEAST_WORKERS, len(declared["buckets"])))) as pool:
        live = clients.ask(lambda: read(declared, clients, clients.region, pool), "Cannot read the buckets")
    clients.fresh |= live.young
    made, broken, account = with_effects(plan(declared, live), live, declared, clients)
    refusals = [*forgotten(declared, live), *broken]
    run(module, made, settled(clients), refusals, lambda _known: {"estate": account}, workers=workers)


if __name__ == "__main__":
    main()
