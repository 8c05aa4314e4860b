"""Whoever may ask for something: users and roles of ours, and everybody else whom a policy of a resource names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ansible.module_utils.estate.evaluator.composed import Estate
from ansible.module_utils.estate.evaluator.document import ANYTHING, Statement, Statements, account_in, account_of, read
from ansible.module_utils.estate.evaluator.evaluate import NONE, Opens, meant
from ansible.module_utils.estate.evaluator.request import NOW, Known, Principal, Source, known_of

# Of others what their own account lets them do is not known, and so everything.
_ANYTHING = read(ANYTHING)
UNSIGNED = "unsigned"
ANYBODY = "anybody, unsigned"
# Known of a request beforehand, but not for all time.
_PASSING = {"aws:currenttime", "aws:epochtime", "aws:securetransport", "aws:viaawsservice", "aws:resourceaccount"}


class Asker(NamedTuple):
    kind: str  # "user", "role", "account", "Service", "Federated" or "unsigned"
    name: str  # as it is told: "user ada.example", "role production:developers", "anybody, unsigned"
    principal: Principal
    known: Known

    @property
    def ours(self) -> bool:
        return self.kind in ("user", "role")

    def meant(self, statement: Statement) -> list[tuple[str, Opens]]:
        """How a statement of a resource's policy means it."""
        if self.kind in ("user", "role", "account"):
            return meant(statement, self.principal, self.known)
        if statement.not_principals:
            return [("anyone", NONE)]
        if self.kind == UNSIGNED:
            return [("anyone", NONE)] if ("AWS", "*") in statement.principals else []
        return [("named", NONE)] if (self.kind, self.principal.arn) in statement.principals else []


def known_for_all_time(principal: Principal, now: str = "") -> Known:
    """Where it is known that it is now, what has ended ended for all time."""
    known = known_of(principal, now or "1970-01-01", principal.account)
    passing = _PASSING - {NOW} if now else _PASSING
    return Known({key: value for key, value in known.items() if key not in passing})


def ours(estate: Estate) -> dict[str, Asker]:
    found = {}
    for arn, who in estate.who.items():
        name = f"role {who.role}" if who.kind == "role" else who.name
        found[arn] = Asker(who.kind, name, who.principal, known_for_all_time(who.principal, estate.now))
    return found


def others(policies: Iterator[Statements], estate: Estate) -> dict[str, Asker]:
    """Everybody whom policies of resources name and who is none of ours, by what they are named."""
    found: dict[str, Asker] = {}
    for policy in policies:
        for statement in policy:
            if statement.not_principals or ("AWS", "*") in statement.principals:
                found[UNSIGNED] = Asker(UNSIGNED, ANYBODY, _other("*", ""), Known())
                found["*"] = _account("anybody with an account of AWS", "arn:aws:iam::000000000000:user/anybody")
            for kind, name in statement.principals:
                whole = account_of(name)
                account = whole or account_in(name)
                if kind != "AWS":
                    found[name] = Asker(kind, name, _other(name, ""), Known())
                elif account and (account not in estate.by_id or not (whole or name in estate.who)):
                    arn = name if name.startswith("arn:") and not whole else f"arn:aws:iam::{account}:user/any"
                    found[name] = _account(f"account {account}" if whole else name, arn)
    return found


def _other(arn: str, account: str) -> Principal:
    return Principal(arn, account, (Source("another account", "policy", _ANYTHING),), None, {})


def _account(name: str, arn: str) -> Asker:
    principal = _other(arn, account_in(arn))
    known = {"aws:principalarn": (arn,), "aws:principalaccount": (principal.account,)}
    return Asker("account", name, principal, Known(known))
