"""IAM of one account as it is, from one sweep of GetAccountAuthorizationDetails. No Ansible, no boto3.

    live = parse(pages(client.get_account_authorization_details))

Follows https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html: one call answers
with every user, group, role and managed policy, up to 1,000 a page; not with a role's description or longest session.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from urllib.parse import unquote

from ansible.module_utils.estate.errors import Refusal, or_none

# AWS's own managed policies are left out: they are over a thousand, and nothing here changes them.
FILTER = ("User", "Group", "Role", "LocalManagedPolicy")
PAGE = 1000
WORKERS = 16  # calls at a time


class PartialRead(Refusal):
    """Live state is incomplete, so nothing may be concluded from what is missing in it; the message says why."""


class User(NamedTuple):
    name: str
    path: str
    arn: str
    groups: tuple[str, ...]
    managed: tuple[str, ...]  # ARNs of attached policies
    inline: dict[str, dict[str, Any]]  # policy document by name
    boundary: str  # ARN, or ""
    tags: dict[str, str]


class Group(NamedTuple):
    name: str
    path: str
    arn: str
    managed: tuple[str, ...]
    inline: dict[str, dict[str, Any]]


class Role(NamedTuple):
    name: str
    path: str
    arn: str
    trust: dict[str, Any]
    managed: tuple[str, ...]
    inline: dict[str, dict[str, Any]]
    instance_profiles: tuple[str, ...]  # names
    boundary: str
    tags: dict[str, str]


class Version(NamedTuple):
    id: str  # "v3"
    default: bool
    document: dict[str, Any]


class Policy(NamedTuple):
    name: str
    path: str
    arn: str
    versions: tuple[Version, ...]  # oldest first

    @property
    def document(self) -> dict[str, Any]:
        """What the policy says now: its default version."""
        return next(version.document for version in self.versions if version.default)


class Live(NamedTuple):
    """Each by name, as AWS spells it."""

    users: dict[str, User]
    groups: dict[str, Group]
    roles: dict[str, Role]
    policies: dict[str, Policy]

    def members(self) -> dict[str, tuple[str, ...]]:
        """Users by group, in order of name; a group without members has none."""
        found: dict[str, list[str]] = {name: [] for name in self.groups}
        for user in sorted(self.users.values()):
            for group in user.groups:
                found[group].append(user.name)
        return {group: tuple(names) for group, names in found.items()}


def pages(fetch: Callable[..., dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every page; fetch is the client's get_account_authorization_details."""
    return paged(fetch, Filter=list(FILTER), MaxItems=PAGE)


def paged(fetch: Callable[..., dict[str, Any]], **asked: Any) -> Iterator[dict[str, Any]]:
    """Every page of an answer of IAM's. Raises PartialRead where one is cut off."""
    marker: dict[str, str] = {}
    while True:
        page = fetch(**asked, **marker)
        yield page
        if not page.get("IsTruncated"):
            return
        if not page.get("Marker") or page["Marker"] == marker.get("Marker"):
            raise PartialRead("AWS said that there is more to read, but not where to go on")
        marker = {"Marker": page["Marker"]}


def parse(answered: Iterable[dict[str, Any]]) -> Live:
    """The pages as one value. Raises PartialRead where they name what they do not describe."""
    live = Live({}, {}, {}, {})
    for page in answered:
        for detail in page.get("UserDetailList", []):
            _add(live.users, _user(detail))
        for detail in page.get("GroupDetailList", []):
            _add(live.groups, Group(**_holder("Group", detail)))
        for detail in page.get("RoleDetailList", []):
            _add(live.roles, _role(detail))
        for detail in page.get("Policies", []):
            if not _of_aws(detail["Arn"]):
                _add(live.policies, _policy(detail))
    _check(live)
    return live


def _add(found: dict[str, Any], item: Any) -> None:
    if item.name in found:
        raise PartialRead(f"{type(item).__name__.lower()} {item.name} was listed twice: IAM changed while it was read")
    found[item.name] = item


def _check(live: Live) -> None:
    arns = {policy.arn for policy in live.policies.values()}
    for kind, items in (("user", live.users), ("group", live.groups), ("role", live.roles)):
        for item in items.values():
            for arn in item.managed:
                if not _of_aws(arn) and arn not in arns:
                    raise PartialRead(f"{kind} {item.name} has policy {arn}, which AWS did not describe")
    for user in live.users.values():
        for group in user.groups:
            if group not in live.groups:
                raise PartialRead(f"user {user.name} is in group {group}, which AWS did not describe")
    for policy in live.policies.values():
        if sum(version.default for version in policy.versions) != 1:
            raise PartialRead(f"policy {policy.name} came without its default version")


def _of_aws(arn: str) -> bool:
    """AWS's own managed policies have no account: the filter leaves them out, and so does every reader."""
    return arn.startswith("arn:aws:iam::aws:")


def _document(raw: Any) -> dict[str, Any]:
    """botocore decodes documents; anything that did not pass through it is still URL-encoded JSON (RFC 3986)."""
    return raw if isinstance(raw, dict) else json.loads(unquote(raw))


def _holder(kind: str, detail: Mapping[str, Any]) -> dict[str, Any]:
    """What a user, group or role has as each of them has it."""
    inline = detail.get(f"{kind}PolicyList", [])
    return {
        "name": detail[f"{kind}Name"],
        "path": detail["Path"],
        "arn": detail["Arn"],
        "managed": tuple(attached["PolicyArn"] for attached in detail.get("AttachedManagedPolicies", [])),
        "inline": {policy["PolicyName"]: _document(policy["PolicyDocument"]) for policy in inline},
    }


def _limited(detail: Mapping[str, Any]) -> dict[str, Any]:
    """What a group has none of."""
    boundary = detail.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "")
    return {"boundary": boundary, "tags": {tag["Key"]: tag["Value"] for tag in detail.get("Tags", [])}}


def _user(detail: Mapping[str, Any]) -> User:
    return User(**_holder("User", detail), **_limited(detail), groups=tuple(detail.get("GroupList", [])))


def _role(detail: Mapping[str, Any]) -> Role:
    profiles = tuple(profile["InstanceProfileName"] for profile in detail.get("InstanceProfileList", []))
    trust = _document(detail["AssumeRolePolicyDocument"])
    return Role(**_holder("Role", detail), **_limited(detail), trust=trust, instance_profiles=profiles)


def _policy(detail: Mapping[str, Any]) -> Policy:
    # Version ids only ever grow, also after older ones were deleted: their number is their age.
    versions = sorted(detail["PolicyVersionList"], key=lambda version: int(version["VersionId"][1:]))
    return Policy(
        detail["Arn"].rsplit("/", 1)[1],
        detail["Path"],
        detail["Arn"],
        tuple(Version(v["VersionId"], v["IsDefaultVersion"], _document(v["Document"])) for v in versions),
    )


class Account(NamedTuple):
    """All that is live and declared here."""

    live: Live
    alias: str | None = None
    password_policy: Mapping[str, Any] = {}
    sessions: Mapping[str, int] = {}  # the longest session of each role that declares one


def read(client: Any, wanted: Mapping[str, Any]) -> Account:
    """Everything live; the alias and the password policy only where they are declared."""
    live = parse(pages(client.get_account_authorization_details))
    aliases = client.list_account_aliases()["AccountAliases"] if wanted["alias"] is not None else []
    passwords = password_policy(client) if wanted["password_policy"] is not None else {}
    # The sweep does not tell it.
    sessions = {
        role["name"]: client.get_role(RoleName=role["name"])["Role"]["MaxSessionDuration"]
        for role in wanted["roles"]
        if role["max_session"] and role["name"] in live.roles
    }
    return Account(live, next(iter(aliases), None), passwords, sessions)


def password_policy(client: Any) -> dict[str, Any]:
    """Empty where none was ever set: AWS's own then asks for less than any password made here has."""
    return or_none(lambda: client.get_account_password_policy()["PasswordPolicy"], "NoSuchEntity") or {}


def managed(live: Live) -> set[str]:
    """ARNs of all managed policies that are attached, or bound something."""
    holders: list[Any] = [*live.users.values(), *live.groups.values(), *live.roles.values()]
    return {arn for holder in holders for arn in (*holder.managed, getattr(holder, "boundary", "")) if arn}


def policies_of_aws(client: Any, arns: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Documents of AWS's own policies among these: the sweep leaves them out."""

    def document(arn: str) -> dict[str, Any]:
        version = client.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        answer = client.get_policy_version(PolicyArn=arn, VersionId=version)
        return _document(answer["PolicyVersion"]["Document"])

    asked = sorted(arn for arn in arns if _of_aws(arn))
    with ThreadPoolExecutor(WORKERS) as pool:
        return dict(zip(asked, pool.map(document, asked), strict=True))


def signed_in_from(clients: Any) -> list[str]:
    """Addresses that people signed in to the console from lately, by CloudTrail's event history; [] where it is closed.

    Sign-ins are events of the region of the page that was used, and of us-east-1 by default:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
    """
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "ConsoleLogin"}]
    found: dict[str, None] = {}
    for region in dict.fromkeys(["us-east-1", clients.region or "us-east-1"]):
        try:
            events = clients["cloudtrail", region].lookup_events(LookupAttributes=wanted, MaxResults=50)["Events"]
        except Exception as exc:
            if "response" not in vars(exc):
                raise
            continue  # AWS does not tell: then nothing is known, and the guard asks for a word
        said = [json.loads(event["CloudTrailEvent"]) for event in events]
        found |= {one["sourceIPAddress"]: None for one in said if _succeeded(one)}
    return list(found)


def _succeeded(event: Mapping[str, Any]) -> bool:
    return (event.get("responseElements") or {}).get("ConsoleLogin") == "Success"
