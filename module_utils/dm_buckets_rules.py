"""The rules that a bucket's settings are made of, and which objects they are for. Pure: AWS's words to ours and back.

A filter's own shape is {"prefix": "", "tags": {}}; AWS writes the same thing in four ways (and a fifth, older one):
https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRuleFilter.html and API_ReplicationRuleFilter.html.
"""

from __future__ import annotations

from typing import Any


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": str(tags[key])} for key in sorted(tags)]


def tag_dict(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def filter_shape(rule: dict[str, Any]) -> dict[str, Any]:
    """{"prefix", "tags" and "other" where there are any} of AWS's rule, whichever way it writes it."""
    found = rule.get("Filter") or {}
    both = found.get("And") or {}
    tags = tag_dict([*([found["Tag"]] if found.get("Tag") else []), *both.get("Tags", [])])
    other = {
        key: value
        for part, named in ((found, ("Prefix", "Tag", "And")), (both, ("Prefix", "Tags")))
        for key, value in part.items()
        if key not in named
    }
    shape: dict[str, Any] = {"prefix": found.get("Prefix") or both.get("Prefix") or rule.get("Prefix") or ""}
    return shape | ({"tags": tags} if tags else {}) | ({"other": other} if other else {})


def aws_filter(prefix: str | None, tags: dict[str, str] | None) -> dict[str, Any]:
    """The one way that AWS accepts for this many tags."""
    if not tags:
        return {"Prefix": prefix or ""}
    if len(tags) == 1 and not prefix:
        return {"Tag": tag_list(tags)[0]}
    return {"And": ({"Prefix": prefix} if prefix else {}) | {"Tags": tag_list(tags)}}


def wanted_filter(rule: dict[str, Any]) -> dict[str, Any]:
    """The shape of a declared rule's filter."""
    tags = {key: str(value) for key, value in (rule.get("tags") or {}).items()}
    return {"prefix": rule.get("prefix") or ""} | ({"tags": tags} if tags else {})


def rest(given: dict[str, Any], *known: str) -> dict[str, Any]:
    """What AWS says that this project has no word for: it must show in a diff rather than vanish."""
    other = {key: value for key, value in given.items() if key not in known}
    return {"other": other} if other else {}


# Lifecycle: {rule id: {"prefix", "tags"?, "expire_days"?, "noncurrent_days"?, "abort_upload_days"?}}
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
_DAYS = {
    "expire_days": ("Expiration", "Days"),
    "noncurrent_days": ("NoncurrentVersionExpiration", "NoncurrentDays"),
    "abort_upload_days": ("AbortIncompleteMultipartUpload", "DaysAfterInitiation"),
}


def lifecycle_shape(rule: dict[str, Any]) -> dict[str, Any]:
    shape = filter_shape(rule)
    other = shape.pop("other", {})
    for word, (part, days) in _DAYS.items():
        given = rule.get(part) or {}
        if days in given:
            shape[word] = given[days]
        # ExpiredObjectDeleteMarker: false is how AWS may say nothing.
        other |= {key: value for key, value in given.items() if key != days and value is not False}
    other |= rest(rule, "ID", "Filter", "Prefix", "Status", *(part for part, _ in _DAYS.values())).get("other", {})
    if rule.get("Status") != "Enabled":
        other["Status"] = rule.get("Status")
    return shape | ({"other": other} if other else {})


def wanted_lifecycle(rule: dict[str, Any]) -> dict[str, Any]:
    return wanted_filter(rule) | {word: rule[word] for word in _DAYS if rule.get(word)}


def aws_lifecycle(rule: dict[str, Any]) -> dict[str, Any]:
    parts = {part: {days: rule[word]} for word, (part, days) in _DAYS.items() if rule.get(word)}
    return {"ID": rule["id"], "Status": "Enabled", "Filter": aws_filter(rule.get("prefix"), rule.get("tags")), **parts}


# Replication: {rule id: {"priority", "bucket", "prefix", "tags"?, "delete_markers", "metrics", …}}
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_ReplicationRule.html
def _on(part: dict[str, Any] | None) -> bool:
    return bool(part) and (part or {}).get("Status") == "Enabled"


def replication_shape(rule: dict[str, Any]) -> dict[str, Any]:
    """Of AWS's rule. A rule of version 1 (no Filter) says so, since it treats delete markers differently."""
    to = rule["Destination"]
    criteria = rule.get("SourceSelectionCriteria") or {}
    shape = {"priority": rule.get("Priority", 0), "bucket": to["Bucket"].split(":::")[-1]} | filter_shape(rule)
    other = shape.pop("other", {})
    shape |= {
        "delete_markers": _on(rule.get("DeleteMarkerReplication")),
        "metrics": _on(to.get("Metrics")),
        "replication_time_control": _on(to.get("ReplicationTime")),
        "owner_override": bool(to.get("AccessControlTranslation")),
    }
    if to.get("Account"):
        shape["account"] = to["Account"]
    if to.get("StorageClass"):
        shape["storage_class"] = to["StorageClass"]
    if _on(criteria.get("SseKmsEncryptedObjects")):
        shape["kms_key"] = (to.get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID", "")
    if "Filter" not in rule:
        other["version"] = 1
    if rule.get("Status") != "Enabled":
        other["Status"] = rule.get("Status")
    if _on(criteria.get("ReplicaModifications")):
        other["ReplicaModifications"] = criteria["ReplicaModifications"]
    if _on(rule.get("ExistingObjectReplication")):
        other["ExistingObjectReplication"] = rule["ExistingObjectReplication"]
    return shape | ({"other": other} if other else {})


def wanted_replication(rule: dict[str, Any]) -> dict[str, Any]:
    shape = {"priority": rule.get("priority") or 0, "bucket": rule["bucket"]} | wanted_filter(rule)
    for word in ("delete_markers", "metrics", "replication_time_control", "owner_override"):
        shape[word] = bool(rule.get(word))
    return shape | {word: rule[word] for word in ("account", "storage_class", "kms_key") if rule.get(word)}


def aws_replication(rule: dict[str, Any], partition: str) -> dict[str, Any]:
    """Version 2. Fifteen minutes is the only time AWS has, and only time control takes it."""
    to: dict[str, Any] = {"Bucket": f"arn:{partition}:s3:::{rule['bucket']}"}
    if rule.get("account"):
        to["Account"] = rule["account"]
    if rule.get("storage_class"):
        to["StorageClass"] = rule["storage_class"]
    if rule.get("owner_override"):
        to["AccessControlTranslation"] = {"Owner": "Destination"}
    if rule.get("kms_key"):
        to["EncryptionConfiguration"] = {"ReplicaKmsKeyID": rule["kms_key"]}
    if rule.get("metrics"):
        to["Metrics"] = {"Status": "Enabled"}
    if rule.get("replication_time_control"):
        to["ReplicationTime"] = {"Status": "Enabled", "Time": {"Minutes": 15}}
        to["Metrics"] = {"Status": "Enabled", "EventThreshold": {"Minutes": 15}}
    given = {
        "ID": rule["id"],
        "Priority": rule.get("priority") or 0,
        "Status": "Enabled",
        "Filter": aws_filter(rule.get("prefix"), rule.get("tags")),
        "DeleteMarkerReplication": {"Status": "Enabled" if rule.get("delete_markers") else "Disabled"},
        "Destination": to,
    }
    if rule.get("kms_key"):
        given["SourceSelectionCriteria"] = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    return given


# Cross-origin rules, in order since the first that matches is taken; the lists inside a rule have none.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_CORSRule.html
_CORS = {
    "origins": "AllowedOrigins",
    "methods": "AllowedMethods",
    "headers": "AllowedHeaders",
    "expose": "ExposeHeaders",
}


def cors_shape(rule: dict[str, Any]) -> dict[str, Any]:
    shape: dict[str, Any] = {"id": rule.get("ID", "")}
    shape |= {word: sorted(rule[key]) for word, key in _CORS.items() if rule.get(key)}
    return shape | ({"max_age": rule["MaxAgeSeconds"]} if rule.get("MaxAgeSeconds") is not None else {})


def wanted_cors(rule: dict[str, Any]) -> dict[str, Any]:
    shape: dict[str, Any] = {"id": rule["id"]} | {word: sorted(rule[word]) for word in _CORS if rule.get(word)}
    return shape | ({"max_age": rule["max_age"]} if rule.get("max_age") is not None else {})


def aws_cors(rule: dict[str, Any]) -> dict[str, Any]:
    given = {"ID": rule["id"]} | {key: list(rule[word]) for word, key in _CORS.items() if rule.get(word)}
    return given | ({"MaxAgeSeconds": rule["max_age"]} if rule.get("max_age") is not None else {})


# Notifications: {"topics": {id: {"arn", "events", "prefix"?, "suffix"?}}, …, "event_bridge": true}; without, {}.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_NotificationConfiguration.html
TARGETS = {
    "topics": ("TopicConfigurations", "TopicArn"),
    "queues": ("QueueConfigurations", "QueueArn"),
    "functions": ("LambdaFunctionConfigurations", "LambdaFunctionArn"),
}


def notifications_shape(answer: dict[str, Any]) -> dict[str, Any]:
    shape: dict[str, Any] = {}
    for word, (key, arn) in TARGETS.items():
        entries = {}
        for entry in answer.get(key) or []:
            # AWS answers "Prefix" where it was told "prefix".
            rules = {
                rule["Name"].lower(): rule["Value"]
                for rule in ((entry.get("Filter") or {}).get("Key") or {}).get("FilterRules", [])
                if rule.get("Value")
            }
            entries[entry.get("Id", "")] = {"arn": entry[arn], "events": sorted(entry["Events"])} | rules
        if entries:
            shape[word] = entries
    return shape | ({"event_bridge": True} if "EventBridgeConfiguration" in answer else {})


def wanted_notifications(declared: dict[str, Any]) -> dict[str, Any]:
    shape: dict[str, Any] = {}
    for word in TARGETS:
        entries = {
            entry["id"]: {"arn": entry["arn"], "events": sorted(entry["events"])}
            | {side: entry[side] for side in ("prefix", "suffix") if entry.get(side)}
            for entry in declared.get(word) or []
        }
        if entries:
            shape[word] = entries
    return shape | ({"event_bridge": True} if declared.get("event_bridge") else {})


def aws_notifications(declared: dict[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {"EventBridgeConfiguration": {}} if declared.get("event_bridge") else {}
    for word, (key, arn) in TARGETS.items():
        for entry in declared.get(word) or []:
            rules = [{"Name": side, "Value": entry[side]} for side in ("prefix", "suffix") if entry.get(side)]
            one = {"Id": entry["id"], arn: entry["arn"], "Events": list(entry["events"])}
            given.setdefault(key, []).append(one | ({"Filter": {"Key": {"FilterRules": rules}}} if rules else {}))
    return given
