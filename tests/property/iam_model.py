"""IAM as its API reference describes it, as far as dm_access goes: strict about order, limits and names.

Stands in for boto3's client. Sizes and counts: the page that module_utils/estate/access/check.py cites.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError


def refuse(code: str, said: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": said or code}}, "Operation")


def length(documents: dict[str, Any]) -> int:
    return sum(len("".join(json.dumps(d, separators=(",", ":")).split())) for d in documents.values())


class IamModel:
    def __init__(self, account: str = "111111111111", page: int = 1000) -> None:
        self.account, self.page = account, page
        self.users: dict[str, dict] = {}
        self.groups: dict[str, dict] = {}
        self.roles: dict[str, dict] = {}
        self.policies: dict[str, dict] = {}  # by ARN
        self.profiles: dict[str, str] = {}
        self.calls: list[str] = []
        self.before: Callable[[str], None] = lambda _: None  # may raise: before the call
        self.after: Callable[[str], None] = lambda _: None  # may raise: the call is done, but its answer is lost
        self._lock = threading.Lock()

    def __getattr__(self, method: str) -> Any:
        work = object.__getattribute__(self, f"do_{method}")

        def call(**params: Any) -> Any:
            with self._lock:
                self.calls.append(method)
                self.before(method)
                answer = work(**params)
                self.after(method)
                return answer

        return call

    def state(self) -> dict[str, Any]:
        """Everything that a declaration can mean: without version ids and call counts."""
        policies = {
            arn: next(v["Document"] for v in policy["versions"] if v["IsDefaultVersion"])
            for arn, policy in self.policies.items()
        }
        parts = (self.users, self.groups, self.roles, policies, self.profiles)
        return copy.deepcopy(dict(zip(("users", "groups", "roles", "policies", "profiles"), parts, strict=True)))

    # reading

    def do_get_account_authorization_details(self, Filter: list[str], MaxItems: int, Marker: str = "0") -> dict:
        assert "AWSManagedPolicy" not in Filter
        rows = [("UserDetailList", self._user(name)) for name in self.users]
        rows += [("GroupDetailList", self._holder("Group", name)) for name in self.groups]
        rows += [("RoleDetailList", self._role(name)) for name in self.roles]
        rows += [("Policies", self._policy(arn)) for arn in self.policies]
        begin, end = int(Marker), int(Marker) + min(MaxItems, self.page)
        answer: dict[str, Any] = {"IsTruncated": end < len(rows)}
        for kind, row in rows[begin:end]:
            answer.setdefault(kind, []).append(copy.deepcopy(row))
        return answer | ({"Marker": str(end)} if end < len(rows) else {})

    def _user(self, name: str) -> dict:
        user = self.users[name]
        return {
            "UserName": name,
            "Path": user["path"],
            "Arn": self._arn("user", user["path"], name),
            "GroupList": sorted(user["groups"]),
        }

    def _holder(self, kind: str, name: str) -> dict:
        item = (self.groups if kind == "Group" else self.roles)[name]
        return {
            f"{kind}Name": name,
            "Path": item["path"],
            "Arn": self._arn(kind.lower(), item["path"], name),
            "AttachedManagedPolicies": [{"PolicyName": a.rsplit("/", 1)[1], "PolicyArn": a} for a in item["attached"]],
            f"{kind}PolicyList": [{"PolicyName": n, "PolicyDocument": d} for n, d in item["inline"].items()],
        }

    def _role(self, name: str) -> dict:
        profiles = [{"InstanceProfileName": profile} for profile, role in self.profiles.items() if role == name]
        return self._holder("Role", name) | {
            "AssumeRolePolicyDocument": self.roles[name]["trust"],
            "InstanceProfileList": profiles,
        }

    def _policy(self, arn: str) -> dict:
        policy = self.policies[arn]
        return {
            "PolicyName": policy["name"],
            "Path": policy["path"],
            "Arn": arn,
            "PolicyVersionList": policy["versions"],
        }

    def _arn(self, kind: str, path: str, name: str) -> str:
        return f"arn:aws:iam::{self.account}:{kind}{path}{name}"

    # writing

    @staticmethod
    def _new(there: dict[str, Any], name: str) -> None:
        if name.lower() in (other.lower() for other in there):
            raise refuse("EntityAlreadyExists")

    @staticmethod
    def _there(items: dict[str, Any], name: str) -> Any:
        if name not in items:
            raise refuse("NoSuchEntity")
        return items[name]

    def do_create_user(self, UserName: str, Path: str) -> None:
        self._new(self.users, UserName)
        self.users[UserName] = {"path": Path, "groups": set()}

    def do_update_user(self, UserName: str, NewPath: str) -> None:
        self._there(self.users, UserName)["path"] = NewPath

    def do_create_group(self, GroupName: str, Path: str) -> None:
        self._new(self.groups, GroupName)
        self.groups[GroupName] = {"path": Path, "attached": set(), "inline": {}}

    def do_update_group(self, GroupName: str, NewPath: str) -> None:
        self._there(self.groups, GroupName)["path"] = NewPath

    def do_create_role(self, RoleName: str, Path: str, AssumeRolePolicyDocument: str) -> None:
        self._new(self.roles, RoleName)
        self._trusted(AssumeRolePolicyDocument)
        trust = json.loads(AssumeRolePolicyDocument)
        self.roles[RoleName] = {"path": Path, "attached": set(), "inline": {}, "trust": trust}

    def do_update_assume_role_policy(self, RoleName: str, PolicyDocument: str) -> None:
        self._trusted(PolicyDocument)
        self._there(self.roles, RoleName)["trust"] = json.loads(PolicyDocument)

    def _trusted(self, document: str) -> None:
        for statement in json.loads(document)["Statement"]:
            for arn in statement["Principal"].get("AWS", []):
                kind, _, name = arn.rpartition(":")[2].rpartition("/")
                if f"::{self.account}:" in arn and kind and name not in (self.roles if kind == "role" else self.users):
                    raise refuse("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{arn}"')

    def do_create_policy(self, PolicyName: str, Path: str, PolicyDocument: str) -> None:
        self._new({policy["name"]: 0 for policy in self.policies.values()}, PolicyName)
        version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": json.loads(PolicyDocument)}
        arn = self._arn("policy", Path, PolicyName)
        self.policies[arn] = {"name": PolicyName, "path": Path, "versions": [version], "next": 2}

    def do_create_policy_version(self, PolicyArn: str, PolicyDocument: str, SetAsDefault: bool) -> None:
        policy = self._there(self.policies, PolicyArn)
        if len(policy["versions"]) >= 5:
            raise refuse("LimitExceeded")
        if SetAsDefault:
            for version in policy["versions"]:
                version["IsDefaultVersion"] = False
        new = {
            "VersionId": f"v{policy['next']}",
            "IsDefaultVersion": SetAsDefault,
            "Document": json.loads(PolicyDocument),
        }
        policy["versions"].append(new)
        policy["next"] += 1

    def do_set_default_policy_version(self, PolicyArn: str, VersionId: str) -> None:
        versions = self._there(self.policies, PolicyArn)["versions"]
        self._there({version["VersionId"]: version for version in versions}, VersionId)
        for version in versions:
            version["IsDefaultVersion"] = version["VersionId"] == VersionId

    def do_delete_policy_version(self, PolicyArn: str, VersionId: str) -> None:
        versions = self._there(self.policies, PolicyArn)["versions"]
        version = self._there({version["VersionId"]: version for version in versions}, VersionId)
        if version["IsDefaultVersion"]:
            raise refuse("DeleteConflict")
        versions.remove(version)

    def _attach(self, holder: dict, arn: str) -> None:
        if ":aws:policy/" not in arn:
            self._there(self.policies, arn)
        holder["attached"].add(arn)
        if len(holder["attached"]) > 10:
            holder["attached"].discard(arn)
            raise refuse("LimitExceeded")

    def _detach(self, holder: dict, arn: str) -> None:
        if arn not in holder["attached"]:
            raise refuse("NoSuchEntity")
        holder["attached"].discard(arn)

    def _put(self, holder: dict, name: str, document: str, most: int) -> None:
        after = holder["inline"] | {name: json.loads(document)}
        if length(after) > most:
            raise refuse("LimitExceeded")
        holder["inline"] = after

    def _drop(self, holder: dict, name: str) -> None:
        self._there(holder["inline"], name)
        del holder["inline"][name]

    def do_attach_group_policy(self, GroupName: str, PolicyArn: str) -> None:
        self._attach(self._there(self.groups, GroupName), PolicyArn)

    def do_attach_role_policy(self, RoleName: str, PolicyArn: str) -> None:
        self._attach(self._there(self.roles, RoleName), PolicyArn)

    def do_detach_group_policy(self, GroupName: str, PolicyArn: str) -> None:
        self._detach(self._there(self.groups, GroupName), PolicyArn)

    def do_detach_role_policy(self, RoleName: str, PolicyArn: str) -> None:
        self._detach(self._there(self.roles, RoleName), PolicyArn)

    def do_put_group_policy(self, GroupName: str, PolicyName: str, PolicyDocument: str) -> None:
        self._put(self._there(self.groups, GroupName), PolicyName, PolicyDocument, 5120)

    def do_put_role_policy(self, RoleName: str, PolicyName: str, PolicyDocument: str) -> None:
        self._put(self._there(self.roles, RoleName), PolicyName, PolicyDocument, 10240)

    def do_delete_group_policy(self, GroupName: str, PolicyName: str) -> None:
        self._drop(self._there(self.groups, GroupName), PolicyName)

    def do_delete_role_policy(self, RoleName: str, PolicyName: str) -> None:
        self._drop(self._there(self.roles, RoleName), PolicyName)

    def do_create_instance_profile(self, InstanceProfileName: str) -> None:
        self._new(self.profiles, InstanceProfileName)
        self.profiles[InstanceProfileName] = ""

    def do_add_role_to_instance_profile(self, InstanceProfileName: str, RoleName: str) -> None:
        self._there(self.roles, RoleName)
        if self._there(self.profiles, InstanceProfileName):
            raise refuse("LimitExceeded")
        self.profiles[InstanceProfileName] = RoleName

    def do_add_user_to_group(self, GroupName: str, UserName: str) -> None:
        self._there(self.groups, GroupName)
        user = self._there(self.users, UserName)
        user["groups"].add(GroupName)
        if len(user["groups"]) > 10:
            user["groups"].discard(GroupName)
            raise refuse("LimitExceeded")

    def do_remove_user_from_group(self, GroupName: str, UserName: str) -> None:
        self._there(self.groups, GroupName)
        if GroupName not in self._there(self.users, UserName)["groups"]:
            raise refuse("NoSuchEntity")
        self.users[UserName]["groups"].discard(GroupName)
