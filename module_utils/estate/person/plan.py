"""Plans of a person's coming and going: one IAM user and all that hangs on it. No Ansible, no boto3, no I/O.

Coming: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users_create.html
Going: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users_remove.html, which lists what must go before the user,
and https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html for the sessions.

Every plan is made from what is live, so that one that was carried out in part is finished by the next. Whole ids of
credentials are in no plan: an action has a Ref in place of each, and ids() says what they stand for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from ansible.module_utils.estate.access.check import INLINE_SIZE, size
from ansible.module_utils.estate.diff import diff_of
from ansible.module_utils.estate.plan import Action, Ref
from ansible.module_utils.estate.policy import written

REVOKE = "AWSRevokeOlderSessions"  # the name that AWS's own console gives it
DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"  # where a user's own policies leave no room for one more


class Credential(NamedTuple):
    kind: str  # a key of CALLS
    id: str
    active: bool
    used: str = ""  # the day of the last use, where AWS tells one


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
    room: int = INLINE_SIZE["user"]  # characters that its own inline policies leave for one more

    @property
    def revoked(self) -> bool:
        return REVOKE in self.inline or DENY_ALL in self.attached


# What the calls that list, update and delete it are called after; what has its id; and where an answer lists them.
CALLS = {
    "access key": ("access_key", "AccessKeyId", "AccessKeyMetadata"),
    "signing certificate": ("signing_certificate", "CertificateId", "Certificates"),
    "SSH key": ("ssh_public_key", "SSHPublicKeyId", "SSHPublicKeys"),
    "service credential": (
        "service_specific_credential", "ServiceSpecificCredentialId", "ServiceSpecificCredentials"
    ),
}  # fmt: skip


def masked(id_: str) -> str:
    """Enough of an id to tell it from its neighbours."""
    return f"{id_[:4]}…{id_[-4:]}"


def called(credential: Credential, name: str) -> str:
    return f"{credential.kind} {masked(credential.id)} of {name}"


def ids(live: Person | None) -> dict[Ref, Any]:
    """What the Refs in a plan stand for."""
    return {Ref(called(one, live.name), "id"): one.id for one in live.credentials} if live else {}


def virtual(serial: str) -> bool:
    """Whether an MFA device is a virtual one, which outlives its use until it is deleted; a key fob is not IAM's."""
    return serial.startswith("arn:") and ":mfa/" in serial


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
        (noun, id_, _), resource = CALLS[credential.kind], called(credential, self.name)
        params: dict[str, Any] = {"UserName": self.name, id_: Ref(resource, "id")}
        if delete:
            self.add("remove", resource, f"delete_{noun}", **params)
        elif credential.active:
            self.add("change", resource, f"update_{noun}", **params, Status="Inactive")

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

    def join(self, group: str, needs: Iterable[str]) -> None:
        self.add("add", f"{self.name} in {group}", "add_user_to_group", needs, GroupName=group, UserName=self.name)

    def revoke(self, live: Person, before: str) -> None:
        """First of all, and whatever else fails."""
        document, sessions = revoke_document(before), f"sessions of {self.name}"
        verb = "change" if live.revoked else "add"
        if size(document) <= live.room:
            params = {"PolicyName": REVOKE, "PolicyDocument": written(document)}
            self.add(verb, sessions, "put_user_policy", UserName=self.name, **params)
        else:
            self.add(verb, sessions, "attach_user_policy", UserName=self.name, PolicyArn=DENY_ALL)

    def restore(self, live: Person, needs: Iterable[str]) -> None:
        """What revoked the sessions goes last: until then nobody may do anything with them."""
        sessions = f"sessions of {self.name}"
        if REVOKE in live.inline:
            self.add("remove", sessions, "delete_user_policy", needs, UserName=self.name, PolicyName=REVOKE)
        if DENY_ALL in live.attached:
            self.add("remove", sessions, "detach_user_policy", needs, UserName=self.name, PolicyArn=DENY_ALL)


def disable(live: Person, left: Iterable[str], everyone: Iterable[str], before: str) -> list[Action]:
    """What takes all access away and can be taken back. left are the person's virtual devices that nobody uses.

    before is the moment (ISO 8601) before which sessions end: a little ahead, so that what was begun while
    this was planned is among them.
    """
    first, made = _Plan(live.name), _Plan(live.name)
    for credential in live.credentials:
        made.credential(credential, delete=False)
    made.password(live)
    made.devices(live, left)
    made.groups(live, everyone)
    if made.actions or not live.revoked:
        first.revoke(live, before)
    return first.actions + made.actions


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
    who = {"UserName": live.name}
    for policy in live.inline:
        if policy != REVOKE:
            made.add("remove", f"policy {policy} of {live.name}", "delete_user_policy", **who, PolicyName=policy)
    for arn in live.attached:
        if arn != DENY_ALL:
            made.add("remove", f"policy {arn} of {live.name}", "detach_user_policy", **who, PolicyArn=arn)
    if live.boundary:
        made.add("remove", f"permissions boundary of {live.name}", "delete_user_permissions_boundary", **who)
    made.restore(live, made.resources())
    made.add("remove", f"user {live.name}", "delete_user", made.resources(), **who)
    return made.actions


def onboard(
    name: str,
    path: str,
    groups: Iterable[str],
    live: Person | None,
    everyone: Iterable[str],
    new_password: bool = False,
) -> list[Action]:
    """The user, its groups, and a first password; each only where it is not there yet. What an offboarding denied ends.

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
        made.join(group, [user])
    # What everybody's groups deny must hold before anything else is given.
    needs = [user, *(f"{name} in {group}" for group in first)]
    for group in [group for group in join if group not in first]:
        made.join(group, needs)
    password = {"UserName": name, "PasswordResetRequired": True}
    if live is None or not live.password:
        made.add("add", f"console password of {name}", "create_login_profile", needs, **password)
    elif new_password:
        made.add("change", f"console password of {name}", "update_login_profile", needs, **password)
    if live:
        made.restore(live, needs)
    return made.actions


def still_open(live: Person) -> list[str]:
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


def after(actions: Iterable[Action], live: Person | None, left: Iterable[str]) -> dict[str, str] | None:
    """What a diff shows of the person once the actions are done."""
    lines = dict(view(live, left) or {})
    for action in actions:
        method, params = action.method.removeprefix("iam."), action.params
        if method == "delete_user":
            return None
        if method == "create_user":
            lines[action.resource] = params["Path"]
        elif action.resource.startswith("sessions of "):
            lines.pop(action.resource, None)
            if action.verb != "remove":
                lines[action.resource] = "revoked"
        elif method.endswith("login_profile") and action.verb != "remove":
            lines[action.resource] = "to be replaced at the first sign-in"
        elif method.startswith("update_"):
            lines[action.resource] = "inactive"
        elif action.verb == "add":
            lines[action.resource] = "member"
        else:
            lines.pop(action.resource, None)
    return lines


def view(live: Person | None, left: Iterable[str] = ()) -> dict[str, str] | None:
    """What is live, a line for each thing by the name that its actions have."""
    lines = {f"MFA device {serial}": "unused" for serial in left}
    if live is None:
        return lines or None
    name = live.name
    lines |= {f"user {name}": live.path} | {f"{name} in {group}": "member" for group in live.groups}
    if live.password:
        lines[f"console password of {name}"] = "set"
    for one in live.credentials:
        used = f", last used {one.used}" if one.used else ""
        lines[called(one, name)] = ("active" if one.active else "inactive") + used
    lines |= {f"MFA device {serial}": "in use" for serial in live.devices}
    lines |= {f"policy {policy} of {name}": "inline" for policy in live.inline if policy != REVOKE}
    lines |= {f"policy {arn} of {name}": "attached" for arn in live.attached if arn != DENY_ALL}
    if live.boundary:
        lines[f"permissions boundary of {name}"] = live.boundary
    if live.revoked:
        lines[f"sessions of {name}"] = "revoked"
    return lines


def diff(name: str, live: Person | None, left: Iterable[str], actions: Iterable[Action]) -> list[dict[str, Any]]:
    left = list(left)
    return diff_of(f"person {name}", view(live, left), after(actions, live, left))
