"""The data volume that outlives its instance: what to do to it. Pure; library/dm_data_volume.py calls AWS.

There is no action here that deletes or formats a volume, and none may be added: the volume is the service's memory.
"""

from __future__ import annotations

from typing import Any

from ansible.module_utils.estate.diff import KNOWN_AFTER_APPLY, diff_of
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.host.instance.choose import instance_of
from ansible.module_utils.estate.plan import Action, Plan, Ref

# Live states in which a volume no longer counts as there
# (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Volume.html).
GONE = {"deleting", "deleted", "error"}


def choose(volumes: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    """The one volume of that name among DescribeVolumes' answers, or None. Of two, either could be the right one."""
    live = [volume for volume in volumes if volume["State"] not in GONE]
    if len(live) > 1:
        ids = ", ".join(sorted(volume["VolumeId"] for volume in live))
        raise Refusal(
            f"{len(live)} volumes are named {name} ({ids}): find out which is the right one, rename the others."
        )
    return live[0] if live else None


def describe(volume: dict[str, Any] | None) -> dict[str, Any]:
    """The settings that plan compares, in the words that the diff shows; {} for no volume."""
    if volume is None:
        return {}
    attachment = next((a for a in volume.get("Attachments", []) if a["State"] in ("attached", "attaching")), None)
    return {
        "size": volume["Size"],
        "type": volume["VolumeType"],
        "iops": volume.get("Iops"),
        "throughput": volume.get("Throughput"),
        "instance": attachment["InstanceId"] if attachment else None,
        "device": attachment["Device"] if attachment else None,
        "delete_on_termination": bool(attachment and attachment.get("DeleteOnTermination")),
        "tags": {pair["Key"]: pair["Value"] for pair in volume.get("Tags") or []},
    }


def plan(
    account: str,
    volume: dict[str, Any] | None,
    wanted: dict[str, Any],
    devices: dict[str, str],
    leaving: str | None = None,
) -> Plan:
    """What makes the volume as declared.

    volume: one of DescribeVolumes' answers, or None.
    wanted: name, size (GiB), type, iops, throughput (None: AWS's default), zone, kms_key, snapshot, tags,
        instance (its name; None: as it is; "": attached to none), instance_id ("" where it is not there yet), device.
    devices: the instance's devices and the ids of the volumes on them.
    leaving: an instance that is about to be terminated; being attached to it is as good as not being attached.
    """
    resource, before, notes = f"volume {wanted['name']}", describe(volume), []
    if volume is None:
        actions, after = [_create(resource, wanted)], _new(wanted)
    else:
        _refuse_what_cannot_be_changed(volume, wanted)
        actions, after = _changes(resource, volume, before, wanted)
        if wanted["size"] < volume["Size"]:
            notes = [f"{resource} has {volume['Size']} GiB, {wanted['size']} are declared: volumes never shrink."]
    volume_id = volume["VolumeId"] if volume else Ref(resource, "id")
    actions += _attachment(before, after, resource, volume_id, wanted, devices, leaving)
    # Detaching is a step of its own in a run that attaches afterwards, and must not hide in its plan.
    purpose = "data volume detached" if wanted["instance"] == "" else "data volume"
    diff = diff_of(resource, before if volume else None, after) if actions else []
    return Plan(purpose, account, actions, diff, notes)


def _new(wanted: dict[str, Any]) -> dict[str, Any]:
    kept = {key: wanted[key] for key in ("size", "type", "iops", "throughput")}
    return {**kept, "instance": None, "device": None, "delete_on_termination": False, "tags": dict(wanted["tags"])}


def _create(resource: str, wanted: dict[str, Any]) -> Action:
    tags = [{"Key": key, "Value": value} for key, value in wanted["tags"].items()]
    params: dict[str, Any] = {
        "AvailabilityZone": wanted["zone"],
        "Encrypted": True,
        "Size": wanted["size"],
        "VolumeType": wanted["type"],
        "TagSpecifications": [{"ResourceType": "volume", "Tags": tags}],
    }
    optional = {"iops": "Iops", "throughput": "Throughput", "kms_key": "KmsKeyId", "snapshot": "SnapshotId"}
    params |= {theirs: wanted[ours] for ours, theirs in optional.items() if wanted[ours]}
    return Action("add", resource, "ec2.create_volume", params, outputs=(("id", "VolumeId"),))


def _changes(
    resource: str, volume: dict[str, Any], before: dict[str, Any], wanted: dict[str, Any]
) -> tuple[list[Action], dict[str, Any]]:
    """(the calls, what the volume will be)."""
    after, found = dict(before), volume["VolumeId"]
    actions: list[Action] = []
    changes: dict[str, Any] = {}
    if wanted["size"] > volume["Size"]:
        changes["Size"] = after["size"] = wanted["size"]
    if wanted["type"] != volume["VolumeType"]:
        changes["VolumeType"] = after["type"] = wanted["type"]
    for ours, theirs in (("iops", "Iops"), ("throughput", "Throughput")):
        if wanted[ours] and wanted[ours] != volume.get(theirs):
            changes[theirs] = after[ours] = wanted[ours]
    if changes:
        actions.append(Action("change", resource, "ec2.modify_volume", {"VolumeId": found, **changes}))
    missing = {key: value for key, value in wanted["tags"].items() if before["tags"].get(key) != value}
    if missing:
        after["tags"] = {**before["tags"], **missing}
        pairs = [{"Key": key, "Value": value} for key, value in missing.items()]
        actions.append(Action("change", resource, "ec2.create_tags", {"Resources": [found], "Tags": pairs}))
    if before["delete_on_termination"]:
        after["delete_on_termination"] = False
        ebs = {"DeviceName": before["device"], "Ebs": {"DeleteOnTermination": False}}
        params = {"InstanceId": before["instance"], "BlockDeviceMappings": [ebs]}
        actions.append(Action("change", resource, "ec2.modify_instance_attribute", params))
    return actions, after


def _attachment(
    before: dict[str, Any],
    after: dict[str, Any],
    resource: str,
    volume: str | Ref,
    wanted: dict[str, Any],
    devices: dict[str, str],
    leaving: str | None,
) -> list[Action]:
    """The calls that attach or detach; after is updated to match."""
    name, instance, attached_to = wanted["instance"], wanted["instance_id"], before.get("instance")
    if name is None or (name and attached_to and attached_to == instance):
        return []
    if name == "":
        if attached_to is None:
            return []
        after |= {"instance": None, "device": None}
        return [Action("change", resource, "ec2.detach_volume", {"InstanceId": attached_to, "VolumeId": volume})]
    if attached_to and attached_to != leaving:
        raise Refusal(
            f"{resource} is attached to {attached_to}, not to {instance or name}: detach it there once nothing uses "
            "it, or terminate that instance, and run again."
        )
    taken = devices.get(wanted["device"])
    if taken:
        raise Refusal(f"{wanted['device']} of {instance} holds another volume ({taken}): detach it, and run again.")
    after |= {"instance": instance or KNOWN_AFTER_APPLY, "device": wanted["device"], "delete_on_termination": False}
    params = {"InstanceId": instance_of(name), "VolumeId": volume, "Device": wanted["device"]}
    return [Action("change", resource, "ec2.attach_volume", params)]


def _refuse_what_cannot_be_changed(volume: dict[str, Any], wanted: dict[str, Any]) -> None:
    where, name, found = volume["AvailabilityZone"], wanted["name"], volume["VolumeId"]
    if not volume.get("Encrypted"):
        raise Refusal(
            f"Volume {name} ({found}) is not encrypted, which cannot be changed: take a snapshot, rename the volume, "
            "and restore the snapshot as an encrypted one (jenkins_instance_restore_snapshot)."
        )
    if where != wanted["zone"]:
        raise Refusal(
            f"Volume {name} ({found}) is in {where}, jenkins_instance_zone is {wanted['zone']}: a volume cannot move; "
            "set the variable to the volume's zone."
        )
