"""A small S3 and IAM of one account that answers like boto3's clients, and refuses what AWS refuses.

It keeps what it is told, but answers in AWS's manner: lists in another order, defaults filled in, some words respelled.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from tests.support.paged import paginator

ABSENT = {
    "object_lock": "ObjectLockConfigurationNotFoundError",
    "encryption": "ServerSideEncryptionConfigurationNotFoundError",
    "ownership": "OwnershipControlsNotFoundError",
    "public_access_block": "NoSuchPublicAccessBlockConfiguration",
    "policy": "NoSuchBucketPolicy",
    "lifecycle": "NoSuchLifecycleConfiguration",
    "tags": "NoSuchTagSet",
    "cors": "NoSuchCORSConfiguration",
    "replication": "ReplicationConfigurationNotFoundError",
}


def refusal(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": {}}, "Operation")


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)
    elif isinstance(value, str):
        yield value


class Account:
    """buckets: name -> {"region", "settings": {name: AWS's document}}; roles: name -> {"Path", …, "policies": {}}."""

    def __init__(self, account: str = "111111111111") -> None:
        self.account = account
        self.buckets: dict[str, dict[str, Any]] = {}
        self.roles: dict[str, dict[str, Any]] = {}
        self.taken: set[str] = set()  # names that other accounts have
        self.broken: dict[tuple[str, str], str] = {}  # (method, bucket) -> error code
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def state(self) -> Any:
        return copy.deepcopy((self.buckets, self.roles))

    def get_paginator(self, method: str) -> Any:
        return paginator(self, method)

    def __getattr__(self, method: str) -> Callable[..., dict[str, Any]]:
        if not method.startswith(("get_", "put_", "delete_", "create_", "head_", "list_", "update_")):
            raise AttributeError(method)

        def call(**params: Any) -> dict[str, Any]:
            self.calls.append((method, params))
            code = self.broken.get((method, params.get("Bucket", params.get("RoleName", ""))))
            if code:
                raise refusal(code)
            return getattr(self, f"_{method}")(**copy.deepcopy(params)) or {}

        return call

    @property
    def writes(self) -> list[tuple[str, dict[str, Any]]]:
        return [call for call in self.calls if not call[0].startswith(("get_", "head_", "list_"))]

    # --- buckets ------------------------------------------------------------------------------------------------------

    def _settings(self, bucket: str) -> dict[str, Any]:
        if bucket not in self.buckets:
            raise refusal("NoSuchBucket")
        return self.buckets[bucket]["settings"]

    def _list_buckets(self, MaxBuckets: int, ContinuationToken: str = "") -> dict[str, Any]:
        """Pages of two, so that paging is seen."""
        assert MaxBuckets >= 1
        names = [name for name in sorted(self.buckets) if name > ContinuationToken]
        page = [{"Name": name, "BucketRegion": self.buckets[name]["region"]} for name in names[:2]]
        return {"Buckets": page} | ({"ContinuationToken": names[1]} if len(names) > 2 else {})

    def _head_bucket(self, Bucket: str) -> None:
        if Bucket in self.taken:
            raise refusal("403")
        if Bucket not in self.buckets:
            raise refusal("404")

    def _create_bucket(self, Bucket: str, CreateBucketConfiguration: Any = None, ObjectOwnership: str = "") -> None:
        if Bucket in self.buckets:
            raise refusal("BucketAlreadyOwnedByYou")
        region = (CreateBucketConfiguration or {}).get("LocationConstraint", "us-east-1")
        ownership = {"Rules": [{"ObjectOwnership": ObjectOwnership or "BucketOwnerEnforced"}]}
        encryption = {
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]
        }
        blocks = dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
        )
        settings = {"ownership": ownership, "encryption": encryption, "public_access_block": blocks}
        self.buckets[Bucket] = {"region": region, "settings": settings}

    def _get(self, bucket: str, setting: str, key: str, shown: Callable[[Any], Any] = lambda value: value) -> dict:
        settings = self._settings(bucket)
        if setting not in settings:
            raise refusal(ABSENT[setting])
        return {key: shown(copy.deepcopy(settings[setting])), "ResponseMetadata": {"HTTPStatusCode": 200}}

    def _set(self, bucket: str, setting: str, value: Any) -> None:
        self._settings(bucket)[setting] = value

    def _drop(self, bucket: str, setting: str) -> None:
        self._settings(bucket).pop(setting, None)

    def _get_bucket_versioning(self, Bucket: str) -> dict:
        return copy.deepcopy(self._settings(Bucket).get("versioning", {}))

    def _put_bucket_versioning(self, Bucket: str, VersioningConfiguration: dict) -> None:
        settings = self._settings(Bucket)
        if settings.get("versioning", {}).get("MFADelete") == "Enabled":
            raise refusal("AccessDenied", "only root")
        if VersioningConfiguration["Status"] != "Enabled" and "replication" in settings:
            raise refusal("InvalidBucketState", "it replicates")
        settings["versioning"] = VersioningConfiguration

    def _versioned(self, bucket: str) -> bool:
        return self.buckets[bucket]["settings"].get("versioning", {}).get("Status") == "Enabled"

    def _get_bucket_encryption(self, Bucket: str) -> dict:
        return self._get(Bucket, "encryption", "ServerSideEncryptionConfiguration")

    def _put_bucket_encryption(self, Bucket: str, ServerSideEncryptionConfiguration: dict) -> None:
        for rule in ServerSideEncryptionConfiguration["Rules"]:
            rule.setdefault("BucketKeyEnabled", False)
        self._set(Bucket, "encryption", ServerSideEncryptionConfiguration)

    def _get_bucket_ownership_controls(self, Bucket: str) -> dict:
        return self._get(Bucket, "ownership", "OwnershipControls")

    def _get_bucket_acl(self, Bucket: str) -> dict:
        own = {"Grantee": {"ID": "me"}, "Permission": "FULL_CONTROL"}
        return {"Owner": {"ID": "me"}, "Grants": [own, *self._settings(Bucket).get("acl", [])]}

    def _put_bucket_acl(self, Bucket: str, ACL: str) -> None:
        assert ACL == "private"
        self._drop(Bucket, "acl")

    def _put_bucket_ownership_controls(self, Bucket: str, OwnershipControls: dict) -> None:
        if OwnershipControls["Rules"][0]["ObjectOwnership"] == "BucketOwnerEnforced" and "acl" in self._settings(
            Bucket
        ):
            raise refusal("InvalidBucketAclWithObjectOwnership")
        self._set(Bucket, "ownership", OwnershipControls)

    def _get_public_access_block(self, Bucket: str) -> dict:
        return self._get(Bucket, "public_access_block", "PublicAccessBlockConfiguration")

    def _put_public_access_block(self, Bucket: str, PublicAccessBlockConfiguration: dict) -> None:
        self._set(Bucket, "public_access_block", PublicAccessBlockConfiguration)

    def _delete_public_access_block(self, Bucket: str) -> None:
        self._drop(Bucket, "public_access_block")

    def _get_bucket_policy(self, Bucket: str) -> dict:
        def shown(policy: dict) -> str:
            return json.dumps({"Statement": policy["Statement"][::-1], "Version": policy["Version"]})

        return self._get(Bucket, "policy", "Policy", shown)

    def _put_bucket_policy(self, Bucket: str, Policy: str) -> None:
        policy = json.loads(Policy)
        for text in strings([statement["Principal"] for statement in policy["Statement"]]):
            if f"{self.account}:role/" in text and text.rsplit("/", 1)[1] not in self.roles:
                raise refusal("MalformedPolicy", "Invalid principal in policy")
        self._set(Bucket, "policy", policy)

    def _delete_bucket_policy(self, Bucket: str) -> None:
        self._drop(Bucket, "policy")

    def _list_bucket_metrics_configurations(self, Bucket: str) -> dict:
        return {"MetricsConfigurationList": self._settings(Bucket).get("metrics", [])}

    def _list_bucket_inventory_configurations(self, Bucket: str) -> dict:
        return {"InventoryConfigurationList": self._settings(Bucket).get("inventory", [])}

    def _list_bucket_intelligent_tiering_configurations(self, Bucket: str) -> dict:
        return {"IntelligentTieringConfigurationList": self._settings(Bucket).get("intelligent_tiering", [])}

    def _get_object_lock_configuration(self, Bucket: str) -> dict:
        return self._get(Bucket, "object_lock", "ObjectLockConfiguration")

    def _put_object_lock_configuration(self, Bucket: str, ObjectLockConfiguration: dict) -> None:
        if not self._versioned(Bucket):
            raise refusal("InvalidBucketState", "Versioning must be 'Enabled' on the bucket to apply an Object Lock")
        self._set(Bucket, "object_lock", ObjectLockConfiguration)

    def _get_bucket_request_payment(self, Bucket: str) -> dict:
        return {"Payer": self._settings(Bucket).get("request_payer", "BucketOwner")}

    def _put_bucket_request_payment(self, Bucket: str, RequestPaymentConfiguration: dict) -> None:
        self._set(Bucket, "request_payer", RequestPaymentConfiguration["Payer"])

    def _get_bucket_logging(self, Bucket: str) -> dict:
        on = self._settings(Bucket).get("logging")
        return {"LoggingEnabled": copy.deepcopy(on)} if on else {}

    def _put_bucket_logging(self, Bucket: str, BucketLoggingStatus: dict) -> None:
        settings, on = self._settings(Bucket), BucketLoggingStatus.get("LoggingEnabled")
        if not on:
            settings.pop("logging", None)
            return
        target = on["TargetBucket"]
        if target not in self.buckets or self.buckets[target]["region"] != self.buckets[Bucket]["region"]:
            raise refusal("InvalidTargetBucketForLogging")
        if "logging.s3.amazonaws.com" not in strings(self._settings(target).get("policy")):
            raise refusal("InvalidTargetBucketForLogging", "its policy does not admit the logs")
        settings["logging"] = on

    def _get_bucket_lifecycle_configuration(self, Bucket: str) -> dict:
        return self._get(Bucket, "lifecycle", "Rules", lambda rules: rules[::-1])

    def _put_bucket_lifecycle_configuration(self, Bucket: str, LifecycleConfiguration: dict) -> None:
        if self._settings(Bucket).get("versioning", {}).get("MFADelete") == "Enabled":
            raise refusal("InvalidBucketState", "MFA delete")
        self._set(Bucket, "lifecycle", LifecycleConfiguration["Rules"])

    def _delete_bucket_lifecycle(self, Bucket: str) -> None:
        self._drop(Bucket, "lifecycle")

    def _get_bucket_tagging(self, Bucket: str) -> dict:
        return self._get(Bucket, "tags", "TagSet", lambda tags: tags[::-1])

    def _put_bucket_tagging(self, Bucket: str, Tagging: dict) -> None:
        own = [tag for tag in self._settings(Bucket).get("tags", []) if tag["Key"].startswith("aws:")]
        if any(tag not in Tagging["TagSet"] for tag in own):
            raise refusal("InvalidTag", "System tags cannot be removed")
        self._set(Bucket, "tags", Tagging["TagSet"])

    def _delete_bucket_tagging(self, Bucket: str) -> None:
        own = [tag for tag in self._settings(Bucket).get("tags", []) if tag["Key"].startswith("aws:")]
        self._drop(Bucket, "tags")
        if own:
            self._set(Bucket, "tags", own)

    def _get_bucket_cors(self, Bucket: str) -> dict:
        return self._get(Bucket, "cors", "CORSRules")

    def _put_bucket_cors(self, Bucket: str, CORSConfiguration: dict) -> None:
        self._set(Bucket, "cors", CORSConfiguration["CORSRules"])

    def _delete_bucket_cors(self, Bucket: str) -> None:
        self._drop(Bucket, "cors")

    def _get_bucket_notification_configuration(self, Bucket: str) -> dict:
        answer = copy.deepcopy(self._settings(Bucket).get("notifications", {}))
        for key, entries in answer.items():
            if key != "EventBridgeConfiguration":
                for entry in entries:
                    for rule in entry.get("Filter", {}).get("Key", {}).get("FilterRules", []):
                        rule["Name"] = rule["Name"].capitalize()
                    entry["Events"] = entry["Events"][::-1]
        return answer

    def _put_bucket_notification_configuration(self, Bucket: str, NotificationConfiguration: dict) -> None:
        self._set(Bucket, "notifications", NotificationConfiguration)

    def _get_bucket_replication(self, Bucket: str) -> dict:
        return self._get(
            Bucket,
            "replication",
            "ReplicationConfiguration",
            lambda config: {"Role": config["Role"], "Rules": config["Rules"][::-1]},
        )

    def _put_bucket_replication(self, Bucket: str, ReplicationConfiguration: dict) -> None:
        self._settings(Bucket)
        if not self._versioned(Bucket):
            raise refusal("InvalidRequest", "Versioning must be 'Enabled' on the bucket")
        role = ReplicationConfiguration["Role"].rsplit("/", 1)[1]
        if not self.roles.get(role, {}).get("policies"):
            raise refusal("InvalidRequest", "the role may not do anything")
        rules = ReplicationConfiguration["Rules"]
        if len({rule["Priority"] for rule in rules}) < len(rules):
            raise refusal("InvalidArgument", "Found duplicate priority")
        for rule in rules:
            target = rule["Destination"]["Bucket"].split(":::")[1]
            if "Account" in rule["Destination"]:
                continue
            if target not in self.buckets or not self._versioned(target):
                raise refusal("InvalidRequest", "Destination bucket must exist and have versioning enabled.")
        self._set(Bucket, "replication", ReplicationConfiguration)

    def _delete_bucket_replication(self, Bucket: str) -> None:
        self._drop(Bucket, "replication")

    # --- the role -----------------------------------------------------------------------------------------------------

    def _role(self, name: str) -> dict[str, Any]:
        if name not in self.roles:
            raise refusal("NoSuchEntity")
        return self.roles[name]

    def _get_role(self, RoleName: str) -> dict:
        role = self._role(RoleName)
        return {"Role": {"Path": role["Path"], "AssumeRolePolicyDocument": copy.deepcopy(role["trust"])}}

    def _create_role(self, Path: str, RoleName: str, AssumeRolePolicyDocument: str) -> None:
        if RoleName in self.roles:
            raise refusal("EntityAlreadyExists")
        self.roles[RoleName] = {"Path": Path, "trust": json.loads(AssumeRolePolicyDocument), "policies": {}}

    def _update_assume_role_policy(self, RoleName: str, PolicyDocument: str) -> None:
        self._role(RoleName)["trust"] = json.loads(PolicyDocument)

    def _get_role_policy(self, RoleName: str, PolicyName: str) -> dict:
        policies = self._role(RoleName)["policies"]
        if PolicyName not in policies:
            raise refusal("NoSuchEntity")
        return {"PolicyDocument": copy.deepcopy(policies[PolicyName])}

    def _delete_role_policy(self, RoleName: str, PolicyName: str) -> None:
        if self._role(RoleName)["policies"].pop(PolicyName, None) is None:
            raise refusal("NoSuchEntity")

    def _put_role_policy(self, RoleName: str, PolicyName: str, PolicyDocument: str) -> None:
        self._role(RoleName)["policies"][PolicyName] = json.loads(PolicyDocument)
