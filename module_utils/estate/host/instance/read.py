"""Everything there is of the Jenkins host, each part read for itself. The clients are passed in."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.estate.errors import or_none
from ansible.module_utils.estate.host.instance.choose import has_zone, newest_image, one_instance, one_vpc, subnets

_LIVE = ["pending", "running", "stopping", "stopped"]


def filters(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"Name": k, "Values": v if isinstance(v, list) else [str(v)]} for k, v in values.items()]


def network(ec2: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    vpc = one_vpc(ec2.describe_vpcs(Filters=filters(given["vpc_filters"]))["Vpcs"], given["vpc_filters"])
    in_vpc = {"vpc-id": vpc["id"]}
    found = ec2.describe_subnets(Filters=filters(in_vpc))["Subnets"]
    subnet, lb_subnets = subnets(found, given["subnets"], given["availability_zone"])
    names = [given["name"], f"{given['name']}-lb"]
    groups = ec2.describe_security_groups(Filters=filters({**in_vpc, "group-name": names}))["SecurityGroups"]
    return {
        "vpc": vpc,
        "subnet": subnet,
        "lb_subnets": lb_subnets,
        "groups": {group["GroupName"]: group["GroupId"] for group in groups},
    }


def machine(ec2: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    name = {"tag:Name": given["name"]}
    reservations = ec2.describe_instances(Filters=filters({**name, "instance-state-name": _LIVE}))["Reservations"]
    instance = one_instance([i for r in reservations for i in r["Instances"]], given["name"])
    image = {}
    if not instance or given["replace"]:
        images = ec2.describe_images(Owners=[given["image_owner"]], Filters=filters(given["image_filters"]))["Images"]
        image = newest_image(images, given["image_owner"], given["image_filters"])
    addresses = ec2.describe_addresses(Filters=filters(name))["Addresses"]
    return {"instance": instance, "image": image, "public_ip": addresses[0]["PublicIp"] if addresses else ""}


def key_pair(ec2: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    words = {"KeyNames": [given["name"]], "IncludePublicKey": True}
    pairs = or_none(lambda: ec2.describe_key_pairs(**words)["KeyPairs"], "InvalidKeyPair.NotFound")
    return {"public_key": pairs[0].get("PublicKey", "").strip() if pairs else ""}


def load_balancer(elb: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    names = {"arn": "LoadBalancerArn", "dns_name": "DNSName", "zone_id": "CanonicalHostedZoneId"}
    ask = elb.describe_load_balancers
    found = or_none(lambda: ask(Names=[given["name"]])["LoadBalancers"], "LoadBalancerNotFound")
    return {"load_balancer": {ours: lb[theirs] for lb in found or () for ours, theirs in names.items()}}


def dns(route53: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    zones = route53.list_hosted_zones_by_name(DNSName=given["dns_zone"], MaxItems="5")["HostedZones"]
    return {"dns_zone_known": has_zone(zones, given["dns_zone"])}


def backups(backup: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    plans = backup.get_paginator("list_backup_plans").paginate().build_full_result()["BackupPlansList"]
    return {"backup_plan_known": any(plan["BackupPlanName"] == given["name"] for plan in plans)}


def profile(iam: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    found = or_none(lambda: iam.get_instance_profile(InstanceProfileName=given["instance_profile"]), "NoSuchEntity")
    return {"profile_known": found is not None}


def backup_role(iam: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    found = or_none(lambda: iam.get_role(RoleName=given["backup_role"]), "NoSuchEntity")
    return {"backup_role_known": found is not None}


def log_bucket(s3: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Only this account's: a bucket of that name elsewhere answers 403."""
    found = or_none(lambda: s3.head_bucket(Bucket=given["log_bucket"]), "404", "403", "NoSuchBucket")
    return {"log_bucket_known": found is not None}


def read(clients: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """All parts side by side; clients["ec2"] is a client of EC2."""
    parts = [
        ("ec2", network),
        ("ec2", machine),
        ("ec2", key_pair),
        ("elbv2", load_balancer),
        ("route53", dns),
        ("backup", backups),
        ("iam", profile),
        ("iam", backup_role),
        ("s3", log_bucket),
    ]
    found: dict[str, Any] = {}
    with ThreadPoolExecutor(max_workers=len(parts)) as pool:
        for part in [pool.submit(part, clients[service], given) for service, part in parts]:
            found |= part.result()
    return found
