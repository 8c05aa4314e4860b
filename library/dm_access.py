#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_access
short_description: Make an account's users, groups, roles and policies exist as declared
description:
  - Reads everything in one paginated sweep of C(GetAccountAuthorizationDetails), plans, and carries the plan out in the
    order that things need each other and side by side where they do not.
  - Declared groups and roles hold exactly the declared policies, and declared groups exactly the listed members.
    What is live but not declared is reported, and never changed.
  - Refuses, before the first write, what would lock people out or remove more of them than is likely to be meant.
  - Follows U(https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html).
options:
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
      name: &name
        description: IAM's name of it.
        type: str
        required: true
      path: &path
        description: IAM path.
        type: str
        default: /
  groups:
    description: Groups that must exist, with exactly these policies.
    type: list
    elements: dict
    default: []
    suboptions:
      name: *name
      path: *path
      policies: &managed
        description: ARNs of the managed policies.
        type: list
        elements: str
        default: []
      inline: &inline
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
  ended:
    description: Members by group whose last day is over; that they go does not count against the limits.
    type: dict
    default: {}
  titles:
    description: Names of lists of members that there are, so that what is to be adopted gets another.
    type: list
    elements: str
    default: []
  roles:
    description: Roles that must exist, with exactly this trust and these policies.
    type: list
    elements: dict
    default: []
    suboptions:
      name: *name
      path: *path
      trust:
        description: Who may assume it; a policy document.
        type: dict
        required: true
      policies: *managed
      inline: *inline
      instance_profile:
        description: Whether EC2 instances carry it, through a profile of the same name.
        type: bool
        default: false
      boundary:
        description: ARN of the policy that it can never do more than. One that is live and not declared stays.
        type: str
        default: ""
      max_session:
        description: How many seconds a session may last at most, 3600 to 43200. Left out, it stays as it is.
        type: int
      tags:
        description: Tags that it must have. Others stay.
        type: dict
        default: {}
  policies:
    description: Managed policies that must exist and say this. The oldest version makes room where there are five.
    type: list
    elements: dict
    default: []
    suboptions:
      name: *name
      path: *path
      document:
        description: What it says; a policy document.
        type: dict
        required: true
  known_roles:
    description: >-
      Roles that are declared elsewhere. Neither changed nor reported as unmanaged; what they hold, and whom they trust,
      beyond this is reported as drift.
    type: list
    elements: dict
    default: []
    suboptions:
      name: *name
      accounts:
        description: In which accounts, by name.
        type: list
        elements: str
        default: []
      trusts:
        description: Principals that it may trust.
        type: list
        elements: str
        default: []
      actions:
        description: Actions that its inline policies may allow, with wildcards.
        type: list
        elements: str
        default: []
      policies:
        description: ARNs of managed policies that it may have.
        type: list
        elements: str
        default: []
  alias:
    description: The account's alias. Left out, it is neither read nor changed.
    type: str
  password_policy:
    description: Settings of the account's password policy, by the names of AWS. What is left out keeps its value.
    type: dict
    suboptions:
      MinimumPasswordLength: {description: Characters at least (from 6 to 128)., type: int}
      MaxPasswordAge: {description: Days that a password is good for (from 1 to 1095)., type: int}
      PasswordReusePrevention: {description: Passwords before that may not come back (from 1 to 24)., type: int}
      RequireUppercaseCharacters: {description: Whether a capital must be in it., type: bool}
      RequireLowercaseCharacters: {description: Whether a small letter must be in it., type: bool}
      RequireNumbers: {description: Whether a digit must be in it., type: bool}
      RequireSymbols: {description: Whether a sign must be in it., type: bool}
      AllowUsersToChangePassword: {description: Whether people may change their own., type: bool}
      HardExpiry: {description: Whether nobody may sign in to change one that is no longer good., type: bool}
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
  invariants:
    description:
      - What must never be, as M(dm_access_review) takes them. A plan that breaks one is refused; for
        those about buckets the policies of the account's buckets are read, too.
    type: list
    elements: dict
    default: []
  accounts:
    description: Names of accounts by their ids, for what is told of roles elsewhere.
    type: dict
    default: {}
  confirmed:
    description: What is meant although it looks like a mistake, by the name that the refusal gives.
    type: list
    elements: str
    default: []
  quotas:
    description: Quotas that AWS has raised, C(attached) policies of a role and characters of a C(trust).
    type: dict
    default: {}
  notes:
    description: What else the report should say, such as memberships that end soon.
    type: list
    elements: str
    default: []
extends_documentation_fragment: [dm_estate, dm_aws]
"""
EXAMPLES = r"""
- name: Keep the people of main
  dm_access:
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
extends_documentation_fragment: [dm_estate]
plan:
  description: The plan as every module tells it; C(effects) is what it means for whom.
estate:
  description: The account as it was and what changes of it, for what plans of several accounts mean together.
  returned: success
  type: dict
"""

import datetime
import functools
from typing import Any

from ansible.module_utils.estate.access.after import after, powers
from ansible.module_utils.estate.access.check import problems
from ansible.module_utils.estate.access.guard import Asked, Limits, refusals
from ansible.module_utils.estate.access.plan import plan
from ansible.module_utils.estate.access.read import Live, managed, policies_of_aws, read, signed_in_from
from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.effects.planned import of_buckets
from ansible.module_utils.estate.effects.planned import planned as planned_effects
from ansible.module_utils.estate.effects.together import state
from ansible.module_utils.estate.errors import Refusal, sentence
from ansible.module_utils.estate.person.read import signs_in
from ansible.module_utils.estate.plan import Plan
from ansible.module_utils.estate.policy import partition
from ansible.module_utils.estate.review.read import buckets, shape
from ansible.module_utils.estate.run import estate_module, run

SERVICES = ("iam", "sts")  # as in dm_buckets: what any run of it calls
WORKERS = 20  # calls at a time


def planned(params: dict[str, Any], clients: Clients) -> tuple[Plan, list[str], dict[str, Any]]:
    """(the plan, why it must not be carried out, the account for what plans of several mean together)"""
    if (where := partition(clients.region)) != "aws":
        raise Refusal(
            f"{clients.region} is of the partition {where}, and access is written for aws alone: its policies "
            "and trusts would name nobody there (dm_aws_region)"
        )
    if wrong := problems(params):
        raise Refusal(*wrong)
    account = read(clients["iam"], params)
    made, live = plan(params, account, params["notes"]), account.live
    # Of what nothing changes nothing more is asked.
    then = after(params, live) if made.actions else live
    documents = policies_of_aws(clients["iam"], managed(live) | managed(then)) if made.actions else {}
    # Whose access is at stake matters only where something goes or changes.
    takes = any(action.verb != "add" for action in made.actions)
    limits = Limits(params["removal_share"], params["removal_number"], params["removals_allowed"])
    asked = ask(params, clients, live, documents) if takes else Asked(confirmed=tuple(params["confirmed"]))
    clients.fresh.update(action.resource for action in made.actions if action.verb == "add")
    made, broken, told = with_effects(made, params, clients, (live, then), documents)
    return made, [*refusals(params, live, limits, asked), *broken], told


def ask(params: dict[str, Any], clients: Clients, live: Live, documents: dict[str, Any]) -> Asked:
    """What the guard wants to know beside the sweep."""
    iam, now = clients["iam"], datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")

    @functools.cache
    def can(name: str) -> bool:
        return name in live.users and signs_in(iam, name)

    return Asked(
        clients["sts"].get_caller_identity()["Arn"],
        lambda state: powers(state, documents, params["account_id"], now),
        can,
        lambda: signed_in_from(clients),
        tuple(params["confirmed"]),
        documents,
    )


def with_effects(
    made: Plan, params: dict[str, Any], clients: Clients, sides: tuple[Live, Live], documents: dict[str, Any]
) -> tuple[Plan, list[str], dict[str, Any]]:
    """(the plan with what it means for people, why it must not be carried out), proved over all of the account.

    And the account itself. sides are the account as it is, and as the plan leaves it.
    """
    name, numbers = params["account"], {"account_id": params["account_id"]}
    there, unread = read_buckets(params, clients) if made.actions else ({}, [])
    was, will_be = (shape(one, documents) | numbers | there for one in sides)
    told = state(was, will_be, params["accounts"], params["invariants"])
    if not made.actions:
        return made, [], told
    asked = [one for one in params["invariants"] if there.get("buckets") or not of_buckets(one)]
    meant, broken = planned_effects({name: was}, {name: will_be}, params["accounts"], asked)
    meant = meant._replace(undecided=(*meant.undecided, *unread))
    return made._replace(effects=[*made.effects, *meant.lines], grants=meant.grants), broken, told


def read_buckets(params: dict[str, Any], clients: Clients) -> tuple[dict[str, Any], list[str]]:
    """(the buckets and their policies, what is not proved without them), where an invariant is about any."""
    if not any(map(of_buckets, params["invariants"])):
        return {}, []
    try:
        found = buckets(
            clients["s3"], clients["s3control"], params["account_id"], keeping=lambda *_: None,
            there=lambda region: clients["s3", region],
        )  # fmt: skip
    except Exception as exc:  # whoever may not read them may plan
        return {}, [f"invariants of buckets, whose policies could not be read ({sentence(exc, 'AWS refused')})"]
    return {"buckets": found}, []


def main() -> None:
    module = estate_module(DOCUMENTATION)
    params = module.params
    clients = Clients(module, workers=WORKERS)
    doing = f"Cannot plan access to account {params['account']}"
    found: list[Any] = [*clients.ask(lambda: planned(params, clients), doing)]
    told = found.pop()
    # The plan is handed over, not kept: of ten thousand people there is room for one.
    run(module, found.pop(0), clients.call, found.pop(), lambda _known: {"estate": told}, workers=WORKERS)


if __name__ == "__main__":
    main()
