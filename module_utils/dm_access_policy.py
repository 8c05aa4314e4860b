"""Who may assume which role: IAM's evaluation of sts:AssumeRole, as far as it can be known beforehand.

No Ansible, no boto3, no I/O. Follows
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html.

A condition on what is known of the caller (ARN, account, name, tags, the time) is decided; any other (MFA, address,
external id) stays open and is handed back as an Open, so that an answer reads "may, if …".

Not seen, so the answer may be wider than the truth: service and resource control policies, session policies, whether
open conditions exclude each other. Deny with NotPrincipal spares only principals that it names by ARN.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

ACTION = "sts:AssumeRole"
UNGIVEN = "no policy gives it"

MFA = "aws:multifactorauthpresent"
MFA_AGE = "aws:multifactorauthage"
ADDRESS = "aws:sourceip"
NOW = "aws:currenttime"
ISSUED = "aws:tokenissuetime"


class Open(NamedTuple):
    """A condition that only the call itself decides."""

    operator: str
    key: str  # in lower case: IAM does not tell them apart
    values: tuple[str, ...]


class Allow(NamedTuple):
    holder: str  # "group Admins", "user ada.example", "role jenkins"
    policy: str  # name
    explicit: bool  # names the role; else a wildcard, NotAction or NotResource covers it
    conditions: frozenset[Open]


class Deny(NamedTuple):
    holder: str
    policy: str
    conditions: frozenset[Open]  # it denies when all hold; none: always


class Trust(NamedTuple):
    how: str  # the principal is "named", or its "account" is, or "anyone" is
    conditions: frozenset[Open]


class Source(NamedTuple):
    """A policy of a principal, and who brings it."""

    holder: str
    policy: str
    document: Mapping[str, Any]


class Principal(NamedTuple):
    arn: str
    account: str  # 12 digits
    sources: tuple[Source, ...]
    boundary: Mapping[str, Any] | None
    tags: Mapping[str, str]


class Way(NamedTuple):
    """One way in: through whose policy, and under which conditions (those of denials included)."""

    holder: str
    policy: str
    explicit: bool
    conditions: tuple[str, ...]


class Verdict(NamedTuple):
    ways: tuple[Way, ...]
    why_not: str  # "" where there is a way


def statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = document.get("Statement", [])
    return [found] if isinstance(found, Mapping) else list(found)


def many(value: Any) -> list[str]:
    """IAM takes one value for a list of one, and true for "true"."""
    values = value if isinstance(value, list | tuple) else [value]
    return [str(v).lower() if isinstance(v, bool) else str(v) for v in values]


@lru_cache(maxsize=20_000)
def _glob(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    written = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
    return re.compile(written, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def like(pattern: str, value: str, ignore_case: bool = False) -> bool:
    """IAM's wildcards: * for any characters, ? for one."""
    return _glob(pattern, ignore_case).fullmatch(value) is not None


def context(principal: Principal, now: str, role_account: str) -> dict[str, tuple[str, ...] | None]:
    """Condition keys known beforehand, in lower case; None: known to be missing. now is ISO 8601 with a zone."""
    kind = principal.arn.split(":")[5].split("/")[0]
    known: dict[str, tuple[str, ...] | None] = {
        "aws:principalarn": (principal.arn,),
        "aws:principalaccount": (principal.account,),
        "aws:principaltype": ("User" if kind == "user" else "AssumedRole",),
        "aws:principalisawsservice": ("false",),
        "aws:resourceaccount": (role_account,),
        "aws:securetransport": ("true",),
        "aws:viaawsservice": ("false",),
        NOW: (now,),
    }
    known |= {f"aws:principaltag/{key.lower()}": (value,) for key, value in principal.tags.items()}
    if kind == "user":
        known["aws:username"] = (principal.arn.rsplit("/", 1)[1],)
    else:
        # The credentials of a role's session say nothing of MFA, however the role was assumed:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
        known |= {MFA: None, MFA_AGE: None, "aws:username": None}
    return known


_VARIABLE = re.compile(r"\$\{([^},]+?)(?:,\s*'([^']*)')?\}")


def _written_out(pattern: str, known: Mapping[str, Any], variables: bool) -> tuple[str, frozenset[Open]]:
    """A pattern with its policy variables replaced; one that is not known stands for anything, and is a condition."""
    if not variables or "${" not in pattern:
        return pattern, frozenset()
    unknown: set[Open] = set()

    def replace(found: re.Match[str]) -> str:
        name, default = found[1].strip(), found[2]
        if name in ("*", "?", "$"):
            return name
        if value := known.get(name.lower()):
            return value[0]
        if name.lower() in known:
            return default if default is not None else "\0"  # what is missing matches nothing
        unknown.add(Open("Variable", name.lower(), (pattern,)))
        return "*"

    return _VARIABLE.sub(replace, pattern), frozenset(unknown)


def _time(text: str) -> float:
    """ISO 8601 as IAM takes it, or seconds since 1970."""
    try:
        return float(text)
    except ValueError:
        moment = datetime.datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()


def _compare(base: str, value: str, wanted: str) -> bool | None:
    """One value against one wanted value, for operators without Not; None for an operator that is not known."""
    if base in ("StringEquals", "Bool", "ArnEquals", "ArnLike", "StringEqualsIgnoreCase", "StringLike"):
        if base in ("ArnEquals", "ArnLike"):  # the two are the same: both know wildcards, in each part of an ARN alone
            ours, theirs = value.split(":", 5), wanted.split(":", 5)
            return len(ours) == len(theirs) and all(like(t, o) for t, o in zip(theirs, ours, strict=True))
        if base == "StringLike":
            return like(wanted, value)
        return value.lower() == wanted.lower() if base in ("Bool", "StringEqualsIgnoreCase") else value == wanted
    order = re.fullmatch(r"(?:Date|Numeric)(Equals|LessThan|LessThanEquals|GreaterThan|GreaterThanEquals)", base)
    if not order:
        return None
    try:
        one, other = _time(value), _time(wanted)
    except ValueError:
        return False
    return {
        "Equals": one == other,
        "LessThan": one < other,
        "LessThanEquals": one <= other,
        "GreaterThan": one > other,
        "GreaterThanEquals": one >= other,
    }[order[1]]


def _decide(operator: str, key: str, wanted: list[str], known: Mapping[str, Any]) -> bool | None:
    """Whether a condition holds; None where that is open."""
    if key in known:
        values = known[key]
    elif key.startswith("aws:principaltag/") and known.get("aws:principaltype") == ("User",):
        values = None  # a user has the tags that are read with it and no others; a session may bring more
    else:
        return None
    name = operator.rsplit(":", 1)[-1]
    if name == "Null":
        return (values is None) == (wanted[0].lower() == "true")
    base, negated = name.removesuffix("IfExists").replace("Not", "", 1), "Not" in name
    if values is None:
        return negated or name.endswith("IfExists") or operator.startswith("ForAllValues:")
    results = [[_compare(base, value, want) for want in wanted] for value in values]
    if any(result is None for row in results for result in row):
        return None
    matched = [any(row) for row in results]
    if operator.startswith("ForAllValues:"):
        return all(not m if negated else m for m in matched)
    if operator.startswith("ForAnyValue:"):
        return any(not m if negated else m for m in matched)
    return not any(matched) if negated else any(matched)


def _ends(operator: str, now: str, wanted: str) -> str:
    """What a condition on the present time says: "never", "always", "until" or "from" (of a statement that applies)."""
    name = operator.rsplit(":", 1)[-1].removesuffix("IfExists")
    if not re.fullmatch(r"Date(LessThan|GreaterThan)(Equals)?", name):
        return "open"
    past = _time(wanted) <= _time(now)
    if "LessThan" in name:
        return "never" if past else "until"
    return "always" if past else "from"


def conditions(statement: Mapping[str, Any], known: Mapping[str, Any], variables: bool) -> frozenset[Open] | None:
    """What is open of a statement's conditions; None where one is known not to hold."""
    found: set[Open] = set()
    for operator, keys in statement.get("Condition", {}).items():
        for key, value in keys.items():
            wanted, unknown = [], frozenset[Open]()
            for text in many(value):
                written, more = _written_out(text, known, variables)
                wanted.append(written)
                unknown |= more
            lower = key.lower()
            if lower == NOW and len(wanted) == 1 and (when := _ends(operator, known[NOW][0], wanted[0])) != "open":
                if when == "never":
                    return None
                if when in ("until", "from"):
                    found.add(Open(operator, lower, tuple(wanted)))
                continue
            holds = None if unknown else _decide(operator, lower, wanted, known)
            if holds is False:
                return None
            if holds is None:
                found.add(Open(operator, lower, tuple(wanted)))
    return frozenset(found)


def acts(statement: Mapping[str, Any], action: str) -> bool:
    """Whether a statement is about an action."""
    if "NotAction" in statement:
        return not any(like(pattern, action, ignore_case=True) for pattern in many(statement["NotAction"]))
    return any(like(pattern, action, ignore_case=True) for pattern in many(statement.get("Action", [])))


def _covers(
    statement: Mapping[str, Any], resource: str, known: Mapping[str, Any], variables: bool
) -> tuple[bool, frozenset[Open]] | None:
    """(whether the resource is named, what is open), or None where the statement is about other resources."""
    if "NotResource" in statement:
        for pattern in many(statement["NotResource"]):
            written, unknown = _written_out(pattern, known, variables)
            if like(written, resource) and not unknown:
                return None
        return False, frozenset()
    best: tuple[bool, frozenset[Open]] | None = None
    for pattern in many(statement.get("Resource", [])):
        written, unknown = _written_out(pattern, known, variables)
        if not like(written, resource):
            continue
        if written == resource:
            return True, unknown
        if best is None or len(unknown) < len(best[1]):
            best = (False, unknown)
    return best


class Said(NamedTuple):
    allows: tuple[tuple[bool, frozenset[Open]], ...]  # (explicit, conditions)
    denies: tuple[frozenset[Open], ...]


def says(document: Mapping[str, Any], resource: str, known: Mapping[str, Any], action: str = ACTION) -> Said:
    """What an identity's policy says about a resource."""
    variables = document.get("Version") == "2012-10-17"
    allows, denies = [], []
    for statement in statements(document):
        if not acts(statement, action):
            continue
        covers = _covers(statement, resource, known, variables)
        left = conditions(statement, known, variables) if covers else None
        if covers is None or left is None:
            continue
        explicit, unknown = covers
        if statement.get("Effect") == "Deny":
            denies.append(left | unknown)
        else:
            allows.append((explicit and "NotAction" not in statement, left | unknown))
    return Said(tuple(allows), tuple(denies))


def account_of(name: str) -> str:
    """The account that a trust names as a whole, or ""."""
    found = re.fullmatch(r"(?:arn:[\w-]+:iam::)?(\d{12})(?::root)?", name)
    return found[1] if found else ""


def named(statement: Mapping[str, Any], element: str = "Principal") -> list[tuple[str, str]]:
    """[(kind, name)] of a trust's principals: ("AWS", ARN, id or "*"), ("Service", …), ("Federated", …)."""
    principal = statement.get(element, {})
    if isinstance(principal, str):
        return [("AWS", principal)]
    return [(kind, name) for kind, names in principal.items() for name in many(names)]


def _is(principal: Principal, name: str) -> tuple[str, frozenset[Open]] | None:
    """How a name in a trust means a principal."""
    if name == "*":
        return "anyone", frozenset()
    if account_of(name) == principal.account:
        return "account", frozenset()
    if name == principal.arn:
        return "named", frozenset()
    # a session of a role, by the role's name without its path
    session = re.fullmatch(r"arn:[\w-]+:sts::(\d{12}):assumed-role/([^/]+)/(.+)", name)
    kind, _, path = principal.arn.split(":", 5)[5].partition("/")
    if session and kind == "role" and (session[1], session[2]) == (principal.account, path.rsplit("/", 1)[-1]):
        return "named", frozenset({Open("StringEquals", "sts:rolesessionname", (session[3],))})
    return None


def _meant(statement: Mapping[str, Any], principal: Principal) -> list[tuple[str, frozenset[Open]]]:
    if "NotPrincipal" in statement:
        there = [found for _, name in named(statement, "NotPrincipal") if (found := _is(principal, name))]
        if statement.get("Effect") == "Deny":
            there = [found for found in there if found[0] == "named"]
        return [] if there else [("anyone", frozenset())]
    return [found for kind, name in named(statement) if kind == "AWS" and (found := _is(principal, name))]


def trusts(
    document: Mapping[str, Any], principal: Principal, known: Mapping[str, Any]
) -> tuple[list[Trust], list[Deny]]:
    """What a role's trust says about a principal."""
    variables = document.get("Version") == "2012-10-17"
    allows: list[Trust] = []
    denies: list[Deny] = []
    for statement in statements(document):
        meant = _meant(statement, principal) if acts(statement, ACTION) else []
        left = conditions(statement, known, variables) if meant else None
        if left is None:
            continue
        for how, more in meant:
            if statement.get("Effect") == "Deny":
                denies.append(Deny("the role's trust", "trust", left | more))
            else:
                allows.append(Trust(how, left | more))
    return allows, denies


class Evaluator:
    """Answers for many principals and roles; remembers what a policy says where that does not depend on the caller."""

    def __init__(self, now: str) -> None:
        self.now = now
        self._said: dict[tuple[int, str], Said] = {}
        self._personal: dict[int, bool] = {}
        self._kept: list[Mapping[str, Any]] = []  # keeps documents alive: their id() is their name here

    def says(self, document: Mapping[str, Any], role: str, known: Mapping[str, Any]) -> Said:
        name = id(document)
        if name not in self._personal:
            text = json.dumps(document).lower()
            self._personal[name] = "${" in text or "aws:principal" in text or "aws:username" in text
            self._kept.append(document)
        if self._personal[name]:
            return says(document, role, known)
        if (name, role) not in self._said:
            self._said[name, role] = says(document, role, known)
        return self._said[name, role]

    def verdict(self, principal: Principal, role: str, trust: Mapping[str, Any]) -> Verdict:
        """How the principal may assume the role (an ARN) that has this trust."""
        role_account = role.split(":")[4]
        known = context(principal, self.now, role_account)
        allows: list[Allow] = []
        denies: list[Deny] = []
        for source in principal.sources:
            said = self.says(source.document, role, known)
            allows += [Allow(source.holder, source.policy, explicit, left) for explicit, left in said.allows]
            denies += [Deny(source.holder, source.policy, left) for left in said.denies]
        trusted, refused = trusts(trust, principal, known)
        denies += refused
        within: list[frozenset[Open]] = [frozenset()]
        if principal.boundary is not None:
            said = self.says(principal.boundary, role, known)
            within = [left for _, left in said.allows]
            denies += [Deny("the permissions boundary", "boundary", left) for left in said.denies]
        never = next((deny for deny in denies if not deny.conditions), None)
        if never:
            return Verdict((), f"denied by {never.policy} of {never.holder}")
        limits = [_unless(deny.conditions) for deny in denies]
        ways: set[Way] = set()
        for how in trusted:
            for inside in within:
                for allow in allows:
                    needs = _phrases(allow.conditions | how.conditions | inside, limits)
                    ways.add(Way(allow.holder, allow.policy, allow.explicit, needs))
            # In the role's own account its trust is enough for whom it names; a boundary does not limit a user then.
            if principal.account == role_account and how.how != "account":
                user = ":user/" in principal.arn
                for inside in [frozenset[Open]()] if user else within:
                    needs = _phrases(how.conditions | inside, limits)
                    ways.add(Way("the role's trust", "trust", how.how == "named", needs))
        if ways:
            return Verdict(tuple(sorted(_widest(ways))), "")
        # Asked first: whom nothing gives the role does not use its trust, whatever that says of it.
        if not allows:
            return Verdict((), UNGIVEN)
        if not trusted:
            return Verdict((), "the role's trust does not accept it")
        return Verdict((), "the permissions boundary does not allow it")


def _widest(ways: Iterable[Way]) -> list[Way]:
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


def _phrases(opened: Iterable[Open], limits: Iterable[str]) -> tuple[str, ...]:
    said = {_phrase(condition) for condition in opened} | set(limits)
    if "MFA" in said:
        said.discard(_WEAK)
    return tuple(sorted(said - {""}, key=lambda phrase: (phrase != "MFA", phrase)))


# A condition "BoolIfExists … true", or a denial of "Bool … false": requests signed with an access key lack the key.
_WEAK = "MFA, or an access key"


def _phrase(condition: Open) -> str:
    """A condition under which something is allowed, in a person's words."""
    operator, key, values = condition
    name = operator.rsplit(":", 1)[-1]
    base, optional = name.removesuffix("IfExists"), name.endswith("IfExists")
    listed = ", ".join(values)
    if base == "Bool" and key == MFA:
        return "without MFA" if values != ("true",) else _WEAK if optional else "MFA"
    if base == "Null" and key in (MFA, MFA_AGE):
        return "MFA" if values == ("false",) and key != MFA else "an access key" if values == ("true",) else "a session"
    if key == MFA_AGE and base.startswith("NumericLessThan"):
        return f"MFA at most {listed} s ago"
    if key == ADDRESS and base in ("IpAddress", "NotIpAddress"):
        return f"address {'in' if base == 'IpAddress' else 'not in'} {listed}"
    if key == NOW:
        return f"{'until' if 'LessThan' in base else 'from'} {listed}"
    if key == ISSUED:
        return f"session from {'before' if 'LessThan' in base else 'after'} {listed}"
    if key == "sts:externalid":
        return "external id"
    if operator == "Variable":
        return f"as ${{{key}}} says in {listed}"
    return f"{operator} {key} {listed}"


_OPPOSITE = {
    "IpAddress": "NotIpAddress",
    "NotIpAddress": "IpAddress",
    "DateLessThan": "DateGreaterThanEquals",
    "DateLessThanEquals": "DateGreaterThan",
    "DateGreaterThan": "DateLessThanEquals",
    "DateGreaterThanEquals": "DateLessThan",
}


def _unless(denied: Iterable[Open]) -> str:
    """What a denial under these conditions asks of whoever gets in."""
    denied = sorted(denied)
    if len(denied) == 1:
        operator, key, values = denied[0]
        if key == MFA and operator in ("Bool", "BoolIfExists"):
            if values == ("false",):
                return "MFA" if operator == "BoolIfExists" else _WEAK
            return "without MFA"
        if key == MFA_AGE and (operator, values) == ("Null", ("true",)):
            return "MFA"
        if operator in _OPPOSITE and key in (ADDRESS, NOW, ISSUED):
            return _phrase(Open(_OPPOSITE[operator], key, values))
    return f"not with {' and '.join(_phrase(condition) for condition in denied)}"
