"""Targets that AWS hands out to whoever asks: a record that outlives its target gives its name away. Pure.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible.module_utils.estate.dns.records import VALIDATION, Rrset, matches, name_of, targets

LOAD_BALANCER = re.compile(r"\.(?:elb\.)?([a-z]{2}(?:-[a-z]+)+-\d)\.(?:elb\.)?amazonaws\.com\.$")
WEBSITE = re.compile(r"^(?:(.+)\.)?s3(?:-website)?(?:[.-]([a-z]{2}(?:-[a-z]+)+-\d))?\.amazonaws\.com\.$")


class Targets(NamedTuple):
    """What the account has, of the kinds that its records point to."""

    distributions: Mapping[str, Mapping[str, Any]] = {}  # by d….cloudfront.net.
    load_balancers: Sequence[Mapping[str, Any]] = ()
    buckets: frozenset[str] = frozenset()
    certificates: Sequence[Mapping[str, Any]] = ()  # DescribeCertificate's answers


def kinds(rrsets: Iterable[Rrset]) -> dict[str, set[str]]:
    """What has to be read to judge them, each with the regions to look in."""
    found: dict[str, set[str]] = {}
    for target in {target for rrset in rrsets for target in targets(rrset)}:
        if target.endswith(".cloudfront.net."):
            found["distributions"] = {""}
        elif match := LOAD_BALANCER.search(target):
            found.setdefault("load_balancers", set()).add(match[1])
        elif WEBSITE.match(target):
            found["buckets"] = {""}
    return found


def validations(certificate: Mapping[str, Any]) -> dict[str, str]:
    """Name and value of each DNS record that proves a name of the certificate to be ours; of several one."""
    options = certificate.get("DomainValidationOptions") or ()
    records = [option["ResourceRecord"] for option in options if option.get("ResourceRecord")]
    return {name_of(record["Name"]): name_of(record["Value"]) for record in records}


def gone(rrset: Rrset, there: Targets, elsewhere: Iterable[str]) -> str:
    """Why nobody of ours answers at its target; "" where somebody does, or where it is not of a kind to be claimed."""
    return next(filter(None, (_gone(rrset, target, there, elsewhere) for target in targets(rrset))), "")


def _gone(rrset: Rrset, target: str, there: Targets, elsewhere: Iterable[str]) -> str:
    if matches(target, elsewhere):
        return ""
    bare, name = target.rstrip("."), name_of(rrset["Name"]).rstrip(".")
    if target.endswith(".cloudfront.net."):
        found = there.distributions.get(target)
        if not found:
            return f"{bare} is no distribution of this account"
        if not found["Enabled"]:
            return f"the distribution {bare} is switched off"
        aliases = [alias.lower() for alias in found.get("Aliases", {}).get("Items", ())]
        return "" if matches(name, aliases) else f"the distribution {bare} does not serve {name}"
    if LOAD_BALANCER.search(target):
        live = {name_of(one["DNSName"]) for one in there.load_balancers}
        return "" if target.removeprefix("dualstack.") in live else f"{bare} is no load balancer of this account"
    if match := WEBSITE.match(target):
        bucket = match[1] or name
        return "" if bucket in there.buckets else f"{bucket} is no bucket of this account"
    if target.endswith(VALIDATION):
        known = any((f"{name}.", target) in validations(one).items() for one in there.certificates)
        return "" if known else "it validates no certificate of this account"
    return ""
