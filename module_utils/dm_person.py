"""Plans of a person's coming and going: one IAM user and all that hangs on it. No Ansible, no boto3, no I/O.

Coming: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users_create.html
Going: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users_remove.html, which lists what must go before the user,
and https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html for the sessions.

Every plan is made from what is live, so that one that was carried out in part is finished by the next.
"""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ansible.module_utils.dm_plan import Action

REVOKE = "AWSRevokeOlderSessions"  # the name that AWS's own console gives it
# Parameters that name a credential; people and records see only its ends.
_IDS = ("AccessKeyId", "CertificateId", "SSHPublicKeyId", "ServiceSpecificCredentialId")


class Credential(NamedTuple):
    kind: str  # a key of _CALLS
    id: str
    active: bool


class Person(NamedTuple):
    """What is live of one user."""

    name: str
    path: str
    groups: tuple[str, ...]
    password: bool  # may sign in to the console
    credentials: tuple[Credential, ...]
    devices: tuple[str, ...]  # serials of MFA devices in use
    inline: tuple[str, ...]  # names of policies
    attached: tuple[str, ...]  # ARNs of policies
    boundary: str  # ARN, or ""

    @property
    def revoked(self) -> bool:
        return REVOKE in self.inline


class Calls(NamedTuple):
    id: str  # the parameter that names it
    update: str
    delete: str


_CALLS = {
    "access key": Calls("AccessKeyId", "update_access_key", "delete_access_key"),
    "signing certificate": Calls("CertificateId", "update_signing_certificate", "delete_signing_certificate"),
    "SSH key": Calls("SSHPublicKeyId", "update_ssh_public_key", "delete_ssh_public_key"),
    "service credential": Calls(
        "ServiceSpecificCredentialId", "update_service_specific_credential", "delete_service_specific_credential"
    ),
}
KINDS = tuple(_CALLS)


def masked(id_: str) -> str:
    """Enough of an id to tell it from its neighbours."""
    return f"{id_[:4]}…{id_[-4:]}"


def virtual(serial: str) -> bool:
    """Whether an MFA device is a virtual one, which outlives its use until it is deleted; a key fob is not IAM's."""
    return serial.startswith("arn:") and ":mfa/" in serial


def shown(actions: Iterable[Action]) -> list[Action]:
    """The actions as they may be told: without whole ids of credentials."""
    return [
        action._replace(params={k: masked(v) if k in _IDS else v for k, v in action.params.items()})
        for action in actions
    ]


def revoke_document(before: str) -> dict[str, Any]:
    """Denies everything to sessions from before a moment, as AWS documents it."""
    statement = {
        "Effect": "Deny",
        "Action": ["*"],
        "Resource": ["*"],
        "Condition": {"DateLessThan": {"aws:TokenIssueTime": before}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


class _Plan:
    def __init__(self, name: str) -> None:
        self.name = name
        self.actions: list[Action] = []

    def add(self, verb: str, resource: str, method: str, needs: Iterable[str] = (), **params: Any) -> None:
        needs = tuple(dict.fromkeys(need for need in needs if need != resource))
        self.actions.append(Action(verb, resource, f"iam.{method}", params, needs=needs))

    def resources(self) -> list[str]:
        return list(dict.fromkeys(action.resource for action in self.actions))

    def credential(self, credential: Credential, delete: bool) -> None:
        calls = _CALLS[credential.kind]
        resource = f"{credential.kind} {masked(credential.id)} of {self.name}"
        params = {"UserName": self.name, calls.id: credential.id}
        if delete:
            self.add("remove", resource, calls.delete, **params)
        elif credential.active:
            self.add("change", resource, calls.update, **params, Status="Inactive")

    def password(self, live: Person) -> None:
        if live.password:
            self.add("remove", f"console password of {self.name}", "delete_login_profile", UserName=self.name)

    def devices(self, live: Person, left: Iterable[str]) -> None:
        """After what they protect: whoever still has a password or a key must not have it without the device."""
        guarded = self.resources()
        for serial in live.devices:
            resource = f"MFA device {serial}"
            self.add("remove", resource, "deactivate_mfa_device", guarded, UserName=self.name, SerialNumber=serial)
            if virtual(serial):
                self.add("remove", resource, "delete_virtual_mfa_device", SerialNumber=serial)
        self.left(left)

    def left(self, left: Iterable[str]) -> None:
        for serial in left:
            self.add("remove", f"MFA device {serial}", "delete_virtual_mfa_device", SerialNumber=serial)

    def groups(self, live: Person, everyone: Iterable[str]) -> None:
        """Groups that everybody is in deny (other addresses, no MFA): they are left last of all."""
        last = [group for group in live.groups if group in set(everyone)]
        for group in [group for group in live.groups if group not in last]:
            self.leave(group, [])
        others = self.resources()
        for group in last:
            self.leave(group, others)

    def leave(self, group: str, needs: Iterable[str]) -> None:
        resource = f"{self.name} in {group}"
        self.add("remove", resource, "remove_user_from_group", needs, GroupName=group, UserName=self.name)


def disable(live: Person, left: Iterable[str], everyone: Iterable[str], before: str) -> list[Action]:
    """What takes all access away and can be taken back. left are the person's virtual devices that nobody uses.

    before is the moment (ISO 8601) before which sessions end: a little ahead, so that what was begun while
    this was planned is among them.
    """
    made = _Plan(live.name)
    for credential in live.credentials:
        made.credential(credential, delete=False)
    made.password(live)
    made.devices(live, left)
    made.groups(live, everyone)
    if made.actions or not live.revoked:
        verb = "change" if live.revoked else "add"
        document = json.dumps(revoke_document(before), separators=(",", ":"))
        params = {"UserName": live.name, "PolicyName": REVOKE, "PolicyDocument": document}
        made.add(verb, f"sessions of {live.name}", "put_user_policy", **params)
    return made.actions


def delete(live: Person | None, left: Iterable[str], everyone: Iterable[str] = ()) -> list[Action]:
    """Everything that hangs on the user, then the user: DeleteUser refuses as long as anything is left."""
    if live is None:
        made = _Plan("")
        made.left(left)
        return made.actions
    made = _Plan(live.name)
    for credential in live.credentials:
        made.credential(credential, delete=True)
    made.password(live)
    made.devices(live, left)
    made.groups(live, everyone)
    for policy in live.inline:
        if policy != REVOKE:
            params = {"UserName": live.name, "PolicyName": policy}
            made.add("remove", f"policy {policy} of {live.name}", "delete_user_policy", **params)
    for arn in live.attached:
        made.add("remove", f"policy {arn} of {live.name}", "detach_user_policy", UserName=live.name, PolicyArn=arn)
    if live.boundary:
        resource = f"permissions boundary of {live.name}"
        made.add("remove", resource, "delete_user_permissions_boundary", UserName=live.name)
    others = made.resources()
    if live.revoked:  # keeps old sessions out until the very end
        made.add(
            "remove", f"user {live.name}", "delete_user_policy", others, UserName=live.name, PolicyName=REVOKE
        )  # fmt: skip
    made.add("remove", f"user {live.name}", "delete_user", others, UserName=live.name)
    return made.actions


def onboard(
    name: str,
    path: str,
    groups: Iterable[str],
    live: Person | None,
    everyone: Iterable[str],
    new_password: bool = False,
) -> list[Action]:
    """The user, its groups, and a first password; each only where it is not there yet.

    The password's call carries no password: it is made when the call is.
    """
    made = _Plan(name)
    user = f"user {name}"
    if live is None:
        made.add("add", user, "create_user", UserName=name, Path=path)
    have = live.groups if live else ()
    join = [group for group in groups if group not in have]
    first = [group for group in join if group in set(everyone)]
    for group in first:
        made.add("add", f"{name} in {group}", "add_user_to_group", [user], GroupName=group, UserName=name)
    # What everybody's groups deny must hold before anything else is given.
    needs = [user, *(f"{name} in {group}" for group in first)]
    for group in [group for group in join if group not in first]:
        made.add("add", f"{name} in {group}", "add_user_to_group", needs, GroupName=group, UserName=name)
    password = {"UserName": name, "PasswordResetRequired": True}
    if live is None or not live.password:
        made.add("add", f"console password of {name}", "create_login_profile", needs, **password)
    elif new_password:
        made.add("change", f"console password of {name}", "update_login_profile", needs, **password)
    return made.actions


def disabled(live: Person) -> list[str]:
    """What still gives access, and so must be disabled before the user may be deleted; [] when nothing does."""
    still = [f"{c.kind} {masked(c.id)} is active" for c in live.credentials if c.active]
    if live.password:
        still.append("the console password is there")
    if live.groups:
        still.append(f"is in {', '.join(live.groups)}")
    bare = not (live.credentials or live.devices or live.inline or live.attached)
    if not still and not live.revoked and not bare:
        still.append("sessions were not revoked")
    return still


def refusals(
    name: str,
    live: Person | None,
    caller: str,
    listed: list[str],
    file: str,
    admins: Mapping[str, list[str]],
    delete_: bool,
) -> list[str]:
    """Why the person may not be offboarded, one sentence each.

    listed are the lists of file that still name the person; admins the members of the admins' groups.
    """
    found = []
    kind, _, rest = caller.split(":", 5)[5].partition("/")
    if rest.rsplit("/", 1)[-1].lower() == name.lower():
        found.append(f"{name} is who runs this ({kind} {rest}): ask somebody else to do it")
    if listed:
        found.append(f"{name} is still in {', '.join(listed)} of {file}: take the name out first")
    for group, members in admins.items():
        if members == [name]:
            found.append(f"{name} is the last one in {group}: somebody else must be in it first")
    if live and delete_ and (still := disabled(live)):
        found.append(f"{name} is not disabled yet ({'; '.join(still)}): run it without delete=true first")
    return found


def view(live: Person | None) -> dict[str, str]:
    """What is live, a line for each thing: what a diff shows."""
    if live is None:
        return {}
    lines = {f"user {live.name}": live.path}
    lines |= {f"group {group}": "member" for group in live.groups}
    if live.password:
        lines["console password"] = "set"
    lines |= {f"{c.kind} {masked(c.id)}": "active" if c.active else "inactive" for c in live.credentials}
    lines |= {f"MFA device {serial}": "in use" for serial in live.devices}
    lines |= {f"policy {policy}": "inline" for policy in live.inline if policy != REVOKE}
    lines |= {f"policy {arn}": "attached" for arn in live.attached}
    if live.boundary:
        lines["permissions boundary"] = live.boundary
    if live.revoked:
        lines["sessions"] = "revoked"
    return lines


def diff(name: str, live: Person | None, left: Iterable[str], actions: list[Action]) -> list[dict[str, str]]:
    """What the actions change, as lines before and after."""
    before = view(live) | {f"MFA device {serial}": "unused" for serial in left}
    after = dict(before)
    for action in actions:
        _effect(after, action)
    if before == after:
        return []

    def text(lines: Mapping[str, str]) -> str:
        return "".join(f"{key}: {value}\n" for key, value in sorted(lines.items()))

    header = f"person {name}"
    return [{"before_header": header, "after_header": header, "before": text(before), "after": text(after)}]


def _effect(lines: dict[str, str], action: Action) -> None:
    method, params = action.method.removeprefix("iam."), action.params
    if method == "delete_user":
        lines.pop(f"user {params['UserName']}", None)
    elif method == "create_user":
        lines[f"user {params['UserName']}"] = params["Path"]
    elif method == "add_user_to_group":
        lines[f"group {params['GroupName']}"] = "member"
    elif method == "remove_user_from_group":
        lines.pop(f"group {params['GroupName']}", None)
    elif method in ("create_login_profile", "update_login_profile"):
        lines["console password"] = "to be replaced at the first sign-in"
    elif method == "delete_login_profile":
        lines.pop("console password", None)
    elif method == "deactivate_mfa_device" or method == "delete_virtual_mfa_device":
        lines.pop(f"MFA device {params['SerialNumber']}", None)
    elif method == "put_user_policy":
        before = json.loads(params["PolicyDocument"])["Statement"][0]["Condition"]["DateLessThan"]["aws:TokenIssueTime"]
        lines["sessions"] = f"revoked where begun before {before}"
    elif method == "delete_user_policy":
        lines.pop("sessions" if params["PolicyName"] == REVOKE else f"policy {params['PolicyName']}", None)
    elif method == "detach_user_policy":
        lines.pop(f"policy {params['PolicyArn']}", None)
    elif method == "delete_user_permissions_boundary":
        lines.pop("permissions boundary", None)
    else:
        for kind, calls in _CALLS.items():
            key = f"{kind} {masked(params.get(calls.id, ''))}"
            if method == calls.update:
                lines[key] = "inactive"
            elif method == calls.delete:
                lines.pop(key, None)


# IAM's own list of what counts as a symbol is longer; these survive being read out, typed and pasted.
_SYMBOLS = "!@#%^*_-+="
# Without letters and digits that look like each other.
_CLASSES = (
    "".join(set(string.ascii_uppercase) - set("IO")),
    "".join(set(string.ascii_lowercase) - set("lo")),
    "23456789",
    _SYMBOLS,
)


def password(policy: Mapping[str, Any], choice: Callable[[Any], Any] = secrets.choice) -> str:
    """A password that any password policy of IAM accepts: every class of characters, and never less than 20 of them.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
    """
    length = max(20, int(policy.get("MinimumPasswordLength", 0)))
    characters = [choice(kind) for kind in _CLASSES]
    characters += [choice("".join(_CLASSES)) for _ in range(length - len(characters))]
    mixed = []
    while characters:
        mixed.append(characters.pop(choice(range(len(characters)))))
    return "".join(mixed)
