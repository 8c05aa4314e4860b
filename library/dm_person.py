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
    description: >-
      Groups of which two members that can sign in (a device, and a password or an active key) must be left: one where
      the group is in O(confirmed), and never none.
    type: list
    elements: str
    default: []
  confirmed:
    description: Groups of O(admins) that may be left with one such member in this run.
    type: list
    elements: str
    default: []
  listed:
    description: Lists that still name the person. Whoever is listed is not offboarded, unless O(still_listed).
    type: list
    elements: str
    default: []
  still_listed:
    description: Disable the person at once, although lists still say otherwise.
    type: bool
    default: false
  elsewhere:
    description: What else names the person, a sentence each; told when the person is offboarded.
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
extends_documentation_fragment: [dm_estate, dm_aws]
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
extends_documentation_fragment: [dm_estate]
plan:
  description: The plan as every module tells it; ids of credentials are shortened.
record:
  description: The file that says who did what when.
  returned: when something was to be done, outside check mode
  type: str
"""

import datetime
import getpass
from typing import Any

from ansible.module_utils.estate.access.names import name_problem
from ansible.module_utils.estate.access.read import password_policy
from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.errors import Refusal, sentence
from ansible.module_utils.estate.person import guard, plan, read
from ansible.module_utils.estate.person.password import Shown, sets_password
from ansible.module_utils.estate.person.record import Record, devices_seen
from ansible.module_utils.estate.plan import Action, Plan
from ansible.module_utils.estate.run import estate_module, run
from ansible.module_utils.estate.terminal import terminal

PURPOSE = {"present": "onboard", "disabled": "offboard", "absent": "delete"}
# Ahead of this machine's clock: sessions from while this runs are revoked too, whatever AWS's clock says.
AHEAD = datetime.timedelta(minutes=5)


def planned(params: dict[str, Any], live: plan.Person | None, left: list[str]) -> list[Action]:
    name, everyone = params["name"], params["everyone"]
    if params["state"] == "present":
        return plan.onboard(name, params["path"], params["groups"], live, everyone, params["new_password"])
    if params["state"] == "disabled" and live:
        before = datetime.datetime.now(datetime.UTC) + AHEAD
        return plan.disable(live, left, everyone, before.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return plan.delete(live, left, everyone)


def notes(params: dict[str, Any], live: plan.Person | None, actions: list[Action]) -> list[str]:
    name = params["name"]
    if params["state"] == "present" and live:
        surplus = sorted(set(live.groups) - set(params["groups"]))
        said = f"{name} is in {', '.join(surplus)} too, which the lists do not say: converging access ends it"
        idle = [f"{plan.called(one, name)} stays inactive" for one in live.credentials if not one.active]
        return [said] * bool(surplus) + idle
    if params["state"] == "disabled" and actions:
        lasting = f"role sessions that {name} began in any account last until they expire (12 hours at most)"
        return [lasting, *params["elsewhere"]]
    return params["elsewhere"] if params["state"] == "absent" else []


def against(params: dict[str, Any], iam: Any, live: plan.Person | None, deleted: bool, caller: str) -> list[str]:
    """Why nothing may be done, one sentence each."""
    if params["state"] == "present":
        return guard.letting_in(params["name"], live, params["groups"], read.groups(iam))
    mine = [group for group in params["admins"] if live and group in live.groups]
    admins = {group: [one for one in read.members(iam, group) if read.signs_in(iam, one)] for group in mine}
    users = [] if live or deleted else read.users(iam)
    return guard.letting_off(params, live, caller, admins, users)


def main() -> None:
    module = estate_module(DOCUMENTATION)
    params = module.params
    name, state = params["name"], params["state"]
    doing = f"{'Onboarding' if state == 'present' else 'Offboarding'} {name}"
    clients = Clients(module, workers=8)

    def looked() -> tuple[Any, ...]:
        if problem := name_problem("user", name):
            raise Refusal(problem)
        iam = clients["iam"]
        caller = clients["sts"].get_caller_identity()["Arn"]
        live = read.read(iam, name)
        devices, deleted = devices_seen(params["records"], name)
        left = [] if state == "present" else read.left_devices(iam, params["account_id"], name, devices)
        refused = against(params, iam, live, deleted, caller)
        actions = planned(params, live, left) if not refused else []
        policy = password_policy(iam) if any(map(sets_password, actions)) else {}
        return caller, live, left, refused, actions, policy

    caller, live, left, refused, actions, policy = clients.ask(looked, doing)
    where = terminal() if any(map(sets_password, actions)) else ""
    if any(map(sets_password, actions)) and not where:
        refused.append("there is no terminal to show the password on: run it from one")
    shown = Shown(clients.call, policy, where, name)

    def explain(exc: Exception) -> str:
        module.no_log_values.update(shown.secrets)
        return shown.hidden(sentence(exc, "AWS refused"))

    by = {"arn": caller, "user": getpass.getuser()}
    record = Record(params["records"], PURPOSE[state], name, params["account"], by, actions, live, shown, explain)
    clients.fresh.update(action.resource for action in actions if action.verb == "add")
    diff = plan.diff(name, live, left, actions)
    made = Plan(PURPOSE[state], params["account"], actions, diff, notes(params, live, actions))
    facts = lambda _: {"record": str(record.path)} if record.path else {}  # noqa: E731 run() asks it at the very end
    run(module, made, record, refused, facts, known=plan.ids(live), explain=explain, workers=8)


if __name__ == "__main__":
    main()
