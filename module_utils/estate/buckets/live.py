"""What an account has of buckets, as it was read, and what its parts are called in a plan."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class LiveBucket(NamedTuple):
    """A bucket of this account. answers: what the reading calls said, by the setting's name, for what is declared."""

    region: str
    answers: Mapping[str, Mapping[str, Any]] = {}

    @property
    def frozen(self) -> bool:
        """Whether MFA delete is on: only the root user may change versioning, and S3 takes no lifecycle rules."""
        return self.answers.get("versioning", {}).get("MFADelete") == "Enabled"

    @property
    def versioned(self) -> bool:
        return self.answers.get("versioning", {}).get("Status") == "Enabled"


class LiveRole(NamedTuple):
    """The replication role; policy is None where it has none of the declared name."""

    path: str
    trust: Mapping[str, Any]
    policy: Mapping[str, Any] | None = None


class Live(NamedTuple):
    """What the account has. failed: resource -> why it could not be read; young: resources made a moment ago."""

    buckets: Mapping[str, LiveBucket]
    role: LiveRole | None = None
    failed: Mapping[str, str] = {}
    young: frozenset[str] = frozenset()


def bucket_resource(name: str) -> str:
    return f"bucket {name}"


def replication_resource(name: str) -> str:
    return f"replication of {name}"


def role_resource(role: Mapping[str, Any]) -> str:
    return f"role {role['name']}"


def unmanaged(declared: Mapping[str, Any], live: Iterable[str]) -> list[str]:
    """Names of live buckets that nobody declares, of those that this declaration looks after."""
    ours = {bucket["name"] for bucket in declared["buckets"]}
    known = declared.get("known") or []
    return [
        name
        for name in fnmatch.filter(sorted(live), declared.get("unmanaged_pattern") or "")
        if name not in ours and not any(fnmatch.fnmatchcase(name, one) for one in known)
    ]
