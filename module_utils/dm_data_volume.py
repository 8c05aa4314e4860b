"""The data volume that outlives its instance: what to do to it. Pure; library/dm_data_volume.py calls AWS.

There is no action here that deletes or formats a volume, and none may be added: the volume is the service's memory.
"""

from __future__ import annotations

from typing import Any

from ansible.module_utils.dm_plan import Action

# Live states in which a volume no longer counts as there
# (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Volume.html).
GONE = {"deleting", "deleted", "error"}


class Refusal(ValueError):
    """The live volume is not what was declared, and only a person may decide what to do about it."""


def choose(volumes: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    """The one volume of that name among DescribeVolumes' answers, or None. Of two, either could be the right one."""
    live = [volume for volume in volumes if volume["State"] not in GONE]
    if len(live) > 1:
        ids = ", ".join(sorted(volume["VolumeId"] for volume in live))
        raise Refusal(
            f"{len(live)} volumes are named {name} ({ids}): find out which is the right one, rename the others."
        )
    return live[0] if live else None


def _tags(pairs: list[dict[str, str]] | None) -> dict[str, str]:
    return {pair["Key"]: pair["Value"] for pair in pairs or []}


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
        "tags": _tags(volume.get("Tags")),
    }


def plan(
    volume: dict[str, Any] | None,
    wanted: dict[str, Any],
    devices: dict[str, str],
    leaving: str | None = None,
) -> tuple[list[Action], dict[str, Any], list[str]]:
    """(actions, what the volume will be, notes). Ids that do not exist yet are filled in by the caller.

    volume: one of DescribeVolumes' answers, or None.
    wanted: name, size (GiB), type, iops, throughput (None: AWS's default), zone, kms_key, snapshot, tags,
        instance (None: as it is; "": attached to none), device.
    devices: the instance's devices and the ids of the volumes on them.
    leaving: an instance that is about to be terminated; being attached to it is as good as not being attached.
    """
    resource = f"volume {wanted['name']}"
    instance = wanted["instance"]
    before = describe(volume)
    after = dict(before)
    actions: list[Action] = []
    notes: list[str] = []
    if volume is None:
        after = {
            "size": wanted["size"],
            "type": wanted["type"],
            "iops": wanted["iops"],
            "throughput": wanted["throughput"],
            "instance": None,
            "device": None,
            "delete_on_termination": False,
            "tags": dict(wanted["tags"]),
        }
        params: dict[str, Any] = {
            "AvailabilityZone": wanted["zone"],
            "Encrypted": True,
            "Size": wanted["size"],
            "VolumeType": wanted["type"],
            "TagSpecifications": [
                {"ResourceType": "volume", "Tags": [{"Key": k, "Value": v} for k, v in wanted["tags"].items()]}
            ],
        }
        optional = {"iops": "Iops", "throughput": "Throughput", "kms_key": "KmsKeyId", "snapshot": "SnapshotId"}
        params |= {theirs: wanted[ours] for ours, theirs in optional.items() if wanted[ours]}
        actions.append(Action("add", resource, "ec2.create_volume", params))
    else:
        _refuse_what_cannot_be_changed(volume, wanted)
        changes: dict[str, Any] = {}
        if wanted["size"] > volume["Size"]:
            changes["Size"] = after["size"] = wanted["size"]
        elif wanted["size"] < volume["Size"]:
            notes.append(f"{resource} has {volume['Size']} GiB, {wanted['size']} are declared: volumes never shrink.")
        if wanted["type"] != volume["VolumeType"]:
            changes["VolumeType"] = after["type"] = wanted["type"]
        for ours, theirs in (("iops", "Iops"), ("throughput", "Throughput")):
            if wanted[ours] and wanted[ours] != volume.get(theirs):
                changes[theirs] = after[ours] = wanted[ours]
        if changes:
            actions.append(Action("change", resource, "ec2.modify_volume", changes))
        live = before["tags"]
        missing = {key: value for key, value in wanted["tags"].items() if live.get(key) != value}
        if missing:
            after["tags"] = {**live, **missing}
            pairs = [{"Key": key, "Value": value} for key, value in missing.items()]
            actions.append(Action("change", resource, "ec2.create_tags", {"Tags": pairs}))
        if before["delete_on_termination"]:
            after["delete_on_termination"] = False
            ebs = {"DeviceName": before["device"], "Ebs": {"DeleteOnTermination": False}}
            actions.append(
                Action(
                    "change",
                    resource,
                    "ec2.modify_instance_attribute",
                    {"InstanceId": before["instance"], "BlockDeviceMappings": [ebs]},
                )
            )
    actions += _attachment(before, after, resource, wanted, devices, leaving, instance)
    return actions, after, notes


def _attachment(
    before: dict[str, Any],
    after: dict[str, Any],
    resource: str,
    wanted: dict[str, Any],
    devices: dict[str, str],
    leaving: str | None,
    instance: str | None,
) -> list[Action]:
    """The calls that attach or detach; after is updated to match."""
    attached_to = before.get("instance")
    if instance is None:
        return []
    if instance == "":
        if attached_to is None:
            return []
        after |= {"instance": None, "device": None}
        return [Action("change", resource, "ec2.detach_volume", {"InstanceId": attached_to})]
    if attached_to == instance:
        return []
    if attached_to and attached_to != leaving:
        raise Refusal(
            f"{resource} is attached to {attached_to}, not to {instance}: detach it there once nothing uses it, "
            "or terminate that instance, and run again."
        )
    taken = devices.get(wanted["device"])
    if taken:
        raise Refusal(f"{wanted['device']} of {instance} holds another volume ({taken}): detach it, and run again.")
    after |= {"instance": instance, "device": wanted["device"], "delete_on_termination": False}
    params = {"InstanceId": instance, "Device": wanted["device"]}
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
