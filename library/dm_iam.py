#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_iam
short_description: Make an account's users, groups, roles and policies exist as declared
description:
  - Reads everything in one paginated sweep of C(GetAccountAuthorizationDetails), plans, and carries the plan out in the
    order that things need each other and side by side where they do not.
  - Declared groups and roles hold exactly the declared policies, and declared groups exactly the listed members.
    What is live but not declared is reported, and never changed.
  - Refuses, before the first write, what would lock people out or remove more of them than is likely to be meant.
  - Follows U(https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html).
author: [Digital Marketplace developers]
options:
  account:
    description: The account's name in the inventory, for messages.
    type: str
    required: true
  account_id:
    description: The account's id, 12 digits.
    type: str
    required: true
  users:
    description: Users that must exist. None is ever deleted.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: IAM user name.
        type: str
        required: true
      path:
        description: IAM path.
        type: str
        default: /
  groups:
    description: Groups that must exist, with exactly these policies.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the group.
        type: str
        required: true
      path:
        description: IAM path.
        type: str
        default: /
      policies:
        description: ARNs of the managed policies.
        type: list
        elements: str
        default: []
      inline:
        description: Inline policies, document by name.
        type: dict
        default: {}
      grants:
        description: What being in it gives, for people; C(account:role), or words.
        type: list
        elements: str
        default: []
      everyone:
        description: Whether everybody is in it, so that being left with it alone counts as gone.
        type: bool
        default: false
      protected:
        description: Whether it must never be empty, nor change all of its members in one run.
        type: bool
        default: false
  members:
    description: The names in each declared group; a group that is left out, or has no list, stops the run.
    type: raw
    default: {}
  roles:
    description: Roles that must exist, with exactly this trust and these policies.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the role.
        type: str
        required: true
      path:
        description: IAM path.
        type: str
        default: /
      trust:
        description: Who may assume it; a policy document.
        type: dict
        required: true
      policies:
        description: ARNs of the managed policies.
        type: list
        elements: str
        default: []
      inline:
        description: Inline policies, document by name.
        type: dict
        default: {}
      instance_profile:
        description: Whether EC2 instances carry it, through a profile of the same name.
        type: bool
        default: false
  policies:
    description: Managed policies that must exist and say this. The oldest version makes room where there are five.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the policy.
        type: str
        required: true
      path:
        description: IAM path.
        type: str
        default: /
      document:
        description: What it says; a policy document.
        type: dict
        required: true
  known_roles:
    description: Roles that are declared elsewhere. Neither changed nor reported as unmanaged.
    type: list
    elements: str
    default: []
  alias:
    description: The account's alias. Left out, it is neither read nor changed.
    type: str
  password_policy:
    description: Settings of the account's password policy, by the names of AWS. What is left out keeps its value.
    type: dict
  removal_share:
    description: Part of the memberships, and of the people, that may go in one run.
    type: float
    default: 0.3
  removal_number:
    description: How many may go even if that is a larger part.
    type: int
    default: 5
  removals_allowed:
    description: How many may go in this run, whatever O(removal_share) and O(removal_number) say.
    type: int
  reviewed:
    description: Digest of the plan that was reviewed; any other plan is refused.
    type: str
  notes:
    description: What else the report should say, such as memberships that end soon.
    type: list
    elements: str
    default: []
  workers:
    description: How many calls may run at the same time.
    type: int
    default: 16
attributes:
  check_mode:
    support: full
    description: Reads and plans, changes nothing.
  diff_mode:
    support: full
    description: Shows what changes for whom, then each resource before and after.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""
EXAMPLES = r"""
- name: Keep the people of main
  dm_iam:
    account: main
    account_id: "111111111111"
    users: [{name: ada.example}]
    groups:
      - name: Auditors
        policies: [arn:aws:iam::aws:policy/SecurityAudit]
    members:
      Auditors: [ada.example]
"""
RETURN = r"""
plan:
  description: The plan as M(dm_plan) tells it, and as C(people) what it means for whom.
  returned: always
  type: dict
outcomes:
  description: What became of each action; empty in check mode.
  returned: always
  type: list
  elements: dict
"""

try:
    import botocore
    from botocore.config import Config
except ImportError:
    pass  # AnsibleAWSModule reports it

from typing import Any

from ansible.module_utils.dm_iam import Plan, changes, plan
from ansible.module_utils.dm_iam_calls import Calls
from ansible.module_utils.dm_iam_guard import Limits, lists, refusals
from ansible.module_utils.dm_iam_live import Live, PartialRead, pages, parse
from ansible.module_utils.dm_iam_rules import problems
from ansible.module_utils.dm_plan import carry_out, digest, failures, result
from ansible.module_utils.estate.errors import error_code, sentence
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleBotocoreError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.policy import compare_policies

PURPOSE = "access"


def _named(**extra: dict) -> dict[str, Any]:
    """The argument spec of a list of things with a name and a path."""
    options = {"name": {"type": "str", "required": True}, "path": {"type": "str", "default": "/"}, **extra}
    return {"type": "list", "elements": "dict", "default": [], "options": options}


_HELD: dict[str, dict] = {
    "policies": {"type": "list", "elements": "str", "default": []},
    "inline": {"type": "dict", "default": {}},
}
ARGUMENTS: dict[str, dict] = {
    "account": {"type": "str", "required": True},
    "account_id": {"type": "str", "required": True},
    "users": _named(),
    "groups": _named(
        **_HELD,
        grants={"type": "list", "elements": "str", "default": []},
        everyone={"type": "bool", "default": False},
        protected={"type": "bool", "default": False},
    ),
    "members": {"type": "raw", "default": {}},
    "roles": _named(
        **_HELD, trust={"type": "dict", "required": True}, instance_profile={"type": "bool", "default": False}
    ),
    "policies": _named(document={"type": "dict", "required": True}),
    "known_roles": {"type": "list", "elements": "str", "default": []},
    "alias": {"type": "str"},
    "password_policy": {"type": "dict", "no_log": False},  # settings, no password
    "removal_share": {"type": "float", "default": 0.3},
    "removal_number": {"type": "int", "default": 5},
    "removals_allowed": {"type": "int"},
    "reviewed": {"type": "str"},
    "notes": {"type": "list", "elements": "str", "default": []},
    "workers": {"type": "int", "default": 16},
}


def read(client: Any, wanted: dict[str, Any]) -> tuple[Live, str | None, dict[str, Any]]:
    """Everything live; the alias and the password policy only where they are declared."""
    live = parse(pages(client.get_account_authorization_details))
    alias = None
    if wanted["alias"] is not None:
        alias = next(iter(client.list_account_aliases()["AccountAliases"]), None)
    password_policy: dict[str, Any] = {}
    if wanted["password_policy"] is not None:
        try:
            password_policy = client.get_account_password_policy()["PasswordPolicy"]
        except botocore.exceptions.ClientError as exc:
            if error_code(exc) != "NoSuchEntity":  # none was ever set
                raise
    return live, alias, password_policy


def main() -> None:
    module = AnsibleAWSModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params = module.params
    account = params["account"]
    wrong = lists(params["groups"], params["members"], params["users"]) or problems(params)
    if wrong:
        refuse(module, wrong)
    config = Config(retries={"mode": "adaptive", "max_attempts": 6}, max_pool_connections=params["workers"])
    try:
        client = module.client("iam", aws_config=config)
        live, alias, password_policy = read(client, params)
        joins, leaves = changes(params["members"], live)
        made = plan(params, live, compare_policies, alias, password_policy)
        # Whose access is at stake matters only where something goes or changes.
        takes = any(action.verb != "add" for action in made.actions)
        caller = module.client("sts").get_caller_identity()["Arn"] if takes else ""
    except PartialRead as exc:
        module.fail_json(msg=f"IAM of account {account} could only be read in part, so nothing was changed: {exc}.")
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, AnsibleBotocoreError) as exc:
        module.fail_json(msg=sentence(exc, f"Could not read IAM of account {account}"))
    told = tell(params, made)
    limits = Limits(params["removal_share"], params["removal_number"], params["removals_allowed"])
    against = refusals(params, live, joins, leaves, limits, caller)
    if against:
        refuse(module, against, told)
    if params["reviewed"] and params["reviewed"] != digest(made.actions):
        refuse(module, ["the world has moved since the plan was reviewed: plan again"], told)
    failed = ""
    if not module.check_mode:
        fresh = {action.resource for action in made.actions if action.verb == "add"}
        calls = Calls(client, params["account_id"], fresh)
        outcomes = carry_out(made.actions, calls, lambda exc: sentence(exc, "AWS refused"), params["workers"])
        failed = failures(outcomes)
        told["outcomes"] = [outcome.told() for outcome in outcomes]
        told["changed"] = any(outcome.status == "done" for outcome in outcomes)
        del outcomes
    # Ansible copies what a module returns before it writes it: of ten thousand people that is room enough for one.
    del live, made
    if failed:
        module.fail_json(msg=f"IAM of account {account} is not as declared: {failed}; run it again.", **told)
    module.exit_json(**told)


def tell(params: dict[str, Any], made: Plan) -> dict[str, Any]:
    told = result(PURPOSE, params["account"], made.actions, made.unmanaged, [*made.notes, *params["notes"]])
    told["people"] = made.people
    return {"changed": bool(made.actions), "diff": made.diff, "plan": told, "outcomes": []}


def refuse(module: Any, reasons: list[str], told: dict[str, Any] | None = None) -> None:
    """One sentence for each reason, and that nothing happened."""
    said = "; ".join(reasons)
    msg = f"Access to account {module.params['account']} was not changed: {said}."
    module.fail_json(msg=msg, **(told or {}) | {"changed": False})


if __name__ == "__main__":
    main()
