"""Who may do what: allow, deny, boundary and the resource's own policy, put together as IAM does.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html

A condition on what is known of a request is decided; any other stays an Open, so that an answer reads "may, if …".
Not seen, so that an answer may be wider than the truth: service and resource control policies, session policies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ansible.module_utils.estate.evaluator import words
from ansible.module_utils.estate.evaluator.conditions import holds, operator
from ansible.module_utils.estate.evaluator.document import Statement, Statements, account_of
from ansible.module_utils.estate.evaluator.patterns import NEVER, any_like, filled, resource_like
from ansible.module_utils.estate.evaluator.request import NOW, SESSION, Known, Principal, Values, known_of
from ansible.module_utils.estate.evaluator.words import Open

UNGIVEN = "no policy gives it"
Opens = frozenset[Open]
NONE: Opens = frozenset()


class Applied(NamedTuple):
    """A statement that is about a request, if what is open holds."""

    explicit: bool  # names the resource; else a wildcard, NotAction or NotResource covers it
    opens: Opens


class Way(NamedTuple):
    """One way in: through whose policy, and under which conditions (those of denials included)."""

    holder: str
    policy: str
    explicit: bool
    conditions: tuple[str, ...]


class Verdict(NamedTuple):
    ways: tuple[Way, ...]
    why_not: str  # "" where there is a way


# --- one statement ----------------------------------------------------------------------------------------------------


def acts(statement: Statement, action: str) -> bool:
    """Whether a statement is about an action."""
    return statement.not_actions != any_like(statement.actions, action)


def applies(statement: Statement, action: str, resource: str | None, known: Known) -> Applied | None:
    """How a statement is about a request; None where it is not. resource None: the policy hangs on the resource."""
    if not acts(statement, action):
        return None
    explicit, opens = True, NONE
    if resource is not None:
        covered = covers(statement, resource, known)
        if covered is None:
            return None
        explicit, opens = covered
    left = left_open(statement, known)
    return None if left is None else Applied(explicit and not statement.not_actions, opens | left)


def covers(statement: Statement, resource: str, known: Mapping[str, Values]) -> tuple[bool, Opens] | None:
    """How a statement's resources mean one; None where they do not."""
    best: tuple[bool, Opens] | None = None
    unless: set[Open] = set()
    for pattern in statement.resources:
        written, unknown = filled(pattern, known) if statement.variables else (pattern, ())
        if statement.not_resources and NEVER in written:
            unless.add(Open("?", "", (f"{pattern} has a variable without a value",)))
        if not resource_like(written, resource):
            continue
        if statement.not_resources:
            if not unknown:
                return None
            unless |= {Open("NotVariable", name, (pattern,)) for name in unknown}
        elif written == resource:
            return True, NONE
        elif best is None or len(unknown) < len(best[1]):
            best = (False, frozenset(Open("Variable", name, (pattern,)) for name in unknown))
    return (False, frozenset(unless)) if statement.not_resources else best


def left_open(statement: Statement, known: Known) -> Opens | None:
    """What is open of a statement, of whatever action and resource; None where a condition is known not to hold."""
    left = {Open("?", "", (statement.odd,))} if statement.odd else set()
    for name, key, values in statement.conditions:
        lower = key.lower()
        wanted, unknown = values, False
        if statement.variables:
            pairs = [filled(value, known) for value in values]
            wanted, unknown = tuple(text for text, _ in pairs), any(more for _, more in pairs)
        answer = None if unknown or lower not in known else holds(name, wanted, known.get(lower))
        # What is so now and will end is a condition, as is what is to begin.
        passing = operator(name).base if lower == NOW and not known.whole else ""
        if answer is False and not passing.startswith("dategreaterthan"):
            return None
        if answer is not True or passing.startswith("datelessthan"):
            left.add(Open(name, key, values if unknown else wanted))
    return frozenset(left)


# --- the resource's own policy ----------------------------------------------------------------------------------------

_SESSION = re.compile(r"arn:[\w-]+:sts::(\d{12}):assumed-role/([^/]+)/(.+)")


def meant(statement: Statement, principal: Principal, known: Known) -> list[tuple[str, Opens]]:
    """How a statement means a principal: it is "named" (a session of it "session"), its "account" is, or "anyone"."""
    found = [one for kind, name in statement.principals if kind == "AWS" and (one := _is(principal, name, known))]
    if not statement.not_principals:
        return found
    how = {one[0] for one in found}
    if statement.allows or not how or ("account" in how and how & {"named", "session"}):
        return [] if how else [("anyone", NONE)]
    # A denial is to name account and principal, AWS's page says; of whom it names by one alone the judges differ.
    return [("anyone", frozenset({Open("?", "", ("NotPrincipal names the principal or its account, not both",))}))]


def _is(principal: Principal, name: str, known: Known) -> tuple[str, Opens] | None:
    if name == "*":
        return "anyone", NONE
    if account_of(name) == principal.account:
        return "account", NONE
    if name == principal.arn:
        return "named", NONE
    session = _SESSION.fullmatch(name)
    if session and is_role(principal.arn, session[1], session[2]):
        if SESSION not in known:
            return "session", frozenset({Open("StringEquals", "sts:RoleSessionName", (session[3],))})
        return ("session", NONE) if known[SESSION] == (session[3],) else None
    return None


def is_role(arn: str, account: str, name: str) -> bool:
    """Whether an ARN is that of a role, which sessions name without its path."""
    parts = arn.split(":", 5)
    return len(parts) == 6 and parts[4] == account and parts[5].startswith("role/") and parts[5].endswith(f"/{name}")


def resource_says(
    policy: Statements, principal: Principal, action: str, resource: str | None, known: Known
) -> tuple[list[tuple[str, Opens]], list[Opens]]:
    """What a resource's policy allows (and how it means whom) and denies. resource None: it is a role's trust."""
    allows: list[tuple[str, Opens]] = []
    denies: list[Opens] = []
    for statement in policy:
        them = meant(statement, principal, known)
        applied = applies(statement, action, resource, known) if them else None
        if applied is None:
            continue
        for how, more in them:
            if statement.allows:
                allows.append((how, applied.opens | more))
            else:
                denies.append(applied.opens | more)
    return allows, denies


# --- all together -----------------------------------------------------------------------------------------------------


class Evaluator:
    """Answers for many principals and resources; remembers what does not depend on the principal's name."""

    def __init__(self, now: str) -> None:
        self.now = now
        self._verdicts: dict[tuple, Verdict] = {}
        self._profiles: dict[tuple[str, str], int] = {}
        self._alike: dict[tuple, int] = {}
        self._named: dict[int, tuple[frozenset[str], bool]] = {}
        self._kept: list[object] = []  # keeps alive what is remembered by id()

    def verdict(
        self, principal: Principal, action: str, resource: str, policy: Statements | None, owner: str, *, trust: bool
    ) -> Verdict:
        """How the principal may take an action on an account's resource. trust: the policy is a role's trust."""
        key = (self._profile(principal, action), resource, id(policy), self._by_name(policy, principal.arn))
        if key not in self._verdicts:
            known = known_of(principal, self.now, owner)
            self._kept.append(policy)
            self._verdicts[key] = judge(principal, action, resource, policy, owner, known, trust=trust)
        return self._verdicts[key]

    def alike(self, principals: Iterable[Principal], action: str, policy: Statements | None) -> list[list[Principal]]:
        """Principals whom neither their policies nor the resource's tell apart: one verdict is that of all of them."""
        found: dict[tuple[int, str], list[Principal]] = {}
        for one in principals:
            found.setdefault((self._profile(one, action), self._by_name(policy, one.arn)), []).append(one)
        return [*found.values()]

    def _profile(self, principal: Principal, action: str) -> int:
        """The same number for principals whom their policies do not tell apart."""
        key = (principal.arn, action)
        if key not in self._profiles:
            about = [s for s in principal.sources if any(acts(one, action) for one in s.statements)]
            everything = [one for s in about for one in s.statements] + list(principal.boundary or ())
            personal = any(acts(one, action) and is_personal(one) for one in everything)
            self._kept.append(principal)
            alike = (
                action,
                principal.account,
                principal.is_user,
                id(principal.boundary) if principal.boundary is not None else 0,
                tuple((s.holder, s.policy, id(s.statements)) for s in about),
                principal.arn if personal else "",
            )
            self._profiles[key] = self._alike.setdefault(alike, len(self._alike))
        return self._profiles[key]

    def _by_name(self, policy: Statements | None, arn: str) -> str:
        """The ARN where a resource's policy tells this principal from others like it, else ""."""
        if policy is None:
            return ""
        if id(policy) not in self._named:
            names = frozenset(name for one in policy for _, name in one.principals)
            self._named[id(policy)] = names, any(one.not_principals or is_personal(one) for one in policy)
            self._kept.append(policy)
        names, personal = self._named[id(policy)]
        sessions = ":role/" in arn and any(":assumed-role/" in name for name in names)
        return arn if personal or sessions or arn in names else ""


def is_personal(statement: Statement) -> bool:
    """Whether what a statement says may depend on who asks."""
    keys = [key.lower() for _, key, _ in statement.conditions]
    texts = [*statement.resources, *(value for *_, values in statement.conditions for value in values)]
    about_them = any(key.startswith(("aws:principal", "aws:user")) for key in keys)
    return about_them or any("${" in text for text in texts)


def judge(
    principal: Principal,
    action: str,
    resource: str,
    policy: Statements | None,
    owner: str,
    known: Known,
    *,
    trust: bool = False,
) -> Verdict:
    """One question with what is known of it; Evaluator.verdict for many."""
    allows: list[tuple[str, str, Applied]] = []
    denies: list[tuple[str, str, Opens]] = []
    for source in principal.sources:
        for statement in source.statements:
            if applied := applies(statement, action, resource, known):
                if statement.allows:
                    allows.append((source.holder, source.policy, applied))
                else:
                    denies.append((source.holder, source.policy, applied.opens))
    theirs, refused = resource_says(policy or (), principal, action, None if trust else resource, known)
    whose, called = ("the role's trust", "trust") if trust else ("the bucket's policy", "policy")
    denies += [(whose, called, opens) for opens in refused]
    within: list[Opens] = [NONE]
    if principal.boundary is not None:
        within = []
        for statement in principal.boundary:
            if applied := applies(statement, action, resource, known):
                if statement.allows:
                    within.append(applied.opens)
                else:
                    denies.append(("the permissions boundary", "boundary", applied.opens))
    never = next((deny for deny in denies if not deny[2]), None)
    if never:
        return Verdict((), f"denied by {never[1]} of {never[0]}")
    limits = [words.unless(opens) for *_, opens in denies]
    same = principal.account == owner
    ways: set[Way] = set()
    # Across accounts, and to become a role, both sides must agree; else the identity's own policy is enough.
    gates = [opens for _, opens in theirs] if trust or not same else [NONE]
    for gate in gates:
        for inside in within:
            for holder, name, applied in allows:
                needs = words.phrases(applied.opens | gate | inside, limits)
                ways.add(Way(holder, name, applied.explicit, needs))
    # In its own account the resource's policy is enough for whom it names. A boundary limits that of a role's ARN only:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    for how, opens in theirs if same else ():
        if how != "account":
            limited = how == "named" and not principal.is_user
            for inside in within if limited else [NONE]:
                ways.add(Way(whose, called, how != "anyone", words.phrases(opens | inside, limits)))
    if ways:
        return Verdict(tuple(sorted(widest(ways))), "")
    # Asked first: whom nothing gives the role does not use its trust, whatever that says of it.
    if not allows:
        return Verdict((), UNGIVEN)
    if not theirs and gates == []:
        return Verdict((), f"{whose} does not accept it")
    return Verdict((), "the permissions boundary does not allow it")


def widest(ways: Iterable[Way]) -> list[Way]:
    """Without ways that only ask for more than another way through the same policy."""
    ways = list(ways)
    return [
        way
        for way in ways
        if not any(
            (other.holder, other.policy) == (way.holder, way.policy)
            and other.explicit >= way.explicit
            and (set(other.conditions), other.explicit) != (set(way.conditions), way.explicit)
            and set(other.conditions) <= set(way.conditions)
            for other in ways
        )
    ]
