#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_person
short_description: Let a person in, disable a person's access, or delete a person's user
description:
  - V(present) makes the user, puts it in its groups and sets a console password that must be replaced at the first
    sign-in.
  - V(disabled) makes keys, certificates and service credentials inactive, removes the console password and the MFA
    devices, revokes sessions and takes the user out of every group.
  - V(absent) deletes a disabled user with everything that hangs on it, so that C(DeleteConflict) cannot occur.
  - Each is planned from what is live, so that a run that was cut off is finished by the next.
  - A password is written to the terminal of whoever runs this and nowhere else. Without a terminal nothing is done.
  - Sessions of roles that the person has assumed elsewhere last until they expire; they are not the user's.
  - Follows U(https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users_remove.html) and
    U(https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html).
author: [Digital Marketplace developers]
options:
  name:
    description: IAM user name.
    type: str
    required: true
  state:
    description: What is to become of the person.
    type: str
    choices: [present, disabled, absent]
    required: true
  account:
    description: The account's name in the inventory, for messages.
    type: str
    required: true
  account_id:
    description: The account's id, 12 digits.
    type: str
    required: true
  path:
    description: IAM path of a new user.
    type: str
    default: /
  groups:
    description: Groups to be in. None is left because it is missing here.
    type: list
    elements: str
    default: []
  everyone:
    description: Groups that everybody is in. Joined first and left last, since their policies deny.
    type: list
    elements: str
    default: []
  admins:
    description: Groups whose last member is not offboarded.
    type: list
    elements: str
    default: []
  listed:
    description: Lists that still name the person. Whoever is listed is not offboarded.
    type: list
    elements: str
    default: []
  people_file:
    description: Where the lists are, for messages.
    type: str
    default: vars/people.yml of the credentials repo
  new_password:
    description: Replace a console password that is there already.
    type: bool
    default: false
  records:
    description: Directory where a record of what was done is written, as JSON.
    type: path
    required: true
  now:
    description: The time, ISO 8601 with a zone; by default that of this machine.
    type: str
attributes:
  check_mode:
    support: full
    description: Reads and plans; changes, shows and records nothing.
  diff_mode:
    support: full
    description: Shows what the user has before and after.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""
EXAMPLES = r"""
- name: Take all access away
  dm_person:
    name: ada.example
    state: disabled
    account: main
    account_id: "111111111111"
    records: build/records
"""
RETURN = r"""
plan:
  description: The plan as M(dm_plan) tells it; ids of credentials are shortened.
  returned: always
  type: dict
outcomes:
  description: What became of each action; empty in check mode.
  returned: always
  type: list
  elements: dict
record:
  description: The file that says who did what when.
  returned: when something was to be done, outside check mode
  type: str
"""

import datetime
import difflib
import functools
import getpass
from typing import Any

try:
    import botocore
    from botocore.config import Config
except ImportError:
    pass  # AnsibleAWSModule reports it

from ansible.module_utils import dm_person, dm_person_live
from ansible.module_utils.dm_iam_rules import name_problem
from ansible.module_utils.dm_person_record import Record, devices_seen
from ansible.module_utils.dm_plan import Action, Outcome, carry_out, failures, result
from ansible.module_utils.dm_terminal import say, terminal
from ansible.module_utils.estate.errors import sentence
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleBotocoreError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

ARGUMENTS: dict[str, dict] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "disabled", "absent"], "required": True},
    "account": {"type": "str", "required": True},
    "account_id": {"type": "str", "required": True},
    "path": {"type": "str", "default": "/"},
    "groups": {"type": "list", "elements": "str", "default": []},
    "everyone": {"type": "list", "elements": "str", "default": []},
    "admins": {"type": "list", "elements": "str", "default": []},
    "listed": {"type": "list", "elements": "str", "default": []},
    "people_file": {"type": "str", "default": "vars/people.yml of the credentials repo"},
    "new_password": {"type": "bool", "default": False, "no_log": False},  # whether, not which
    "records": {"type": "path", "required": True},
    "now": {"type": "str"},
}
PURPOSE = {"present": "onboard", "disabled": "offboard", "absent": "delete"}
# Ahead of this machine's clock: sessions from while this runs are revoked too, whatever AWS's clock says.
AHEAD = datetime.timedelta(minutes=5)


def why_not(
    client: Any, params: dict[str, Any], live: dm_person.Person | None, caller: str, seen: list[str]
) -> list[str]:
    """Why nothing may be done, one sentence each."""
    name, state = params["name"], params["state"]
    if live and live.name != name:
        return [f"the user is called {live.name}, not {name}: write it as it is"]
    if state == "present":
        missing = sorted(set(params["groups"]) - set(dm_person_live.groups(client)))
        return [f"group {group} is not there: converge access first" for group in missing]
    if live is None and name not in seen:
        near = difflib.get_close_matches(name, dm_person_live.users(client), n=1)
        return [f"there is no user {name}" + (f"; did you mean {near[0]}?" if near else "")]
    admins = {
        group: dm_person_live.members(client, group) for group in params["admins"] if live and group in live.groups
    }
    listed, file = params["listed"], params["people_file"]
    return dm_person.refusals(name, live, caller, listed, file, admins, state == "absent")


def planned(
    params: dict[str, Any], live: dm_person.Person | None, left: list[str], now: datetime.datetime
) -> list[Action]:
    name, everyone = params["name"], params["everyone"]
    if params["state"] == "present":
        return dm_person.onboard(name, params["path"], params["groups"], live, everyone, params["new_password"])
    if params["state"] == "disabled" and live:
        before = (now + AHEAD).strftime("%Y-%m-%dT%H:%M:%SZ")
        return dm_person.disable(live, left, everyone, before)
    return dm_person.delete(live, left, everyone)


def notes(params: dict[str, Any], live: dm_person.Person | None, actions: list[Action]) -> list[str]:
    name = params["name"]
    if params["state"] == "present":
        surplus = sorted(set(live.groups) - set(params["groups"])) if live else []
        said = [f"{name} is in {', '.join(surplus)} too, which the lists do not say: converging access ends it"]
        return said if surplus else []
    if params["state"] == "disabled" and actions:
        return [f"role sessions that {name} began in any account last until they expire (12 hours at most)"]
    return []


def reveal(name: str, where: str, password: str) -> None:
    say(
        where,
        f"\nOne-time console password of {name}:\n\n    {password}\n\n"
        "It is shown this once and stored nowhere, works if this run ends without a failure,\n"
        "and must be replaced at the first sign-in.\n\n",
    )


def main() -> None:
    module = AnsibleAWSModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params = module.params
    name, state = params["name"], params["state"]
    doing = f"{'Onboarding' if state == 'present' else 'Offboarding'} {name}"
    if problem := name_problem("user", name):
        module.fail_json(msg=f"{doing}: nothing was changed: {problem}.")
    now = datetime.datetime.fromisoformat(params["now"]) if params["now"] else datetime.datetime.now(datetime.UTC)
    try:
        client = module.client("iam", aws_config=Config(retries={"mode": "standard", "max_attempts": 5}))
        caller = module.client("sts").get_caller_identity()["Arn"]
        live = dm_person_live.read(client, name)
        devices, deleted = devices_seen(params["records"], name)
        left = [] if state == "present" else dm_person_live.left_devices(client, params["account_id"], name, devices)
        against = why_not(client, params, live, caller, [name] if deleted else [])
        actions = planned(params, live, left, now) if not against else []
        sets_password = any(action.method.endswith("login_profile") and action.verb != "remove" for action in actions)
        policy = dm_person_live.password_policy(client) if sets_password else {}
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, AnsibleBotocoreError) as exc:
        module.fail_json(msg=sentence(exc, f"{doing}: nothing was changed, since IAM could not be read"))
    shown = dm_person.shown(actions)
    told: dict[str, Any] = {
        "changed": bool(actions),
        "diff": dm_person.diff(name, live, left, actions),
        "plan": result(PURPOSE[state], params["account"], shown, [], notes(params, live, actions)),
        "outcomes": [],
    }
    where = terminal() if sets_password and not module.check_mode else ""
    if sets_password and not module.check_mode and not where:
        against.append("there is no terminal to show the password on: run it from one")
    if against:
        module.fail_json(msg=f"{doing}: nothing was changed: {'; '.join(against)}.", **told | {"changed": False})
    if module.check_mode or not actions:
        module.exit_json(**told)
    secret: list[str] = []

    def make() -> str:
        secret.append(dm_person.password(policy))
        module.no_log_values.update(secret)
        return secret[-1]

    def explain(exc: Exception) -> str:
        said = sentence(exc, "AWS refused")
        return functools.reduce(lambda text, hidden: text.replace(hidden, "…"), secret, said)

    by = {"arn": caller, "user": getpass.getuser()}
    try:
        record = Record.begin(params["records"], PURPOSE[state], name, params["account"], by, shown, live)
    except OSError as exc:
        said = f"no record can be kept in {params['records']} ({exc.strerror})"
        module.fail_json(msg=f"{doing}: nothing was changed: {said}.", **told | {"changed": False})
    fresh = {action.resource for action in actions if action.verb == "add"}
    calls = dm_person_live.PersonCalls(
        client, params["account_id"], fresh, make, functools.partial(reveal, name, where)
    )  # fmt: skip
    outcomes: list[Outcome] = carry_out(actions, calls, explain, workers=8)
    told["outcomes"] = [outcome.told() for outcome in outcomes]
    told["record"] = record.end(told["outcomes"])
    told["changed"] = any(outcome.status == "done" for outcome in outcomes)
    if failed := failures(outcomes):
        module.fail_json(msg=f"{doing} is half done: {failed}; run it again.", **told)
    module.exit_json(**told)


if __name__ == "__main__":
    main()
