"""Who asks, and what is known of a request before it is made."""

from __future__ import annotations

import calendar
import time
from collections.abc import Mapping
from typing import NamedTuple

from ansible.module_utils.estate.evaluator.conditions import moment
from ansible.module_utils.estate.evaluator.document import Statements

MFA = "aws:multifactorauthpresent"
MFA_AGE = "aws:multifactorauthage"
ADDRESS = "aws:sourceip"
NOW = "aws:currenttime"
ISSUED = "aws:tokenissuetime"
SESSION = "sts:rolesessionname"
TAG = "aws:principaltag/"

Values = tuple[str, ...] | None  # None: the request is known to lack the key


class Source(NamedTuple):
    """A policy of a principal, and who brings it."""

    holder: str  # "group Admins", "user ada.example", "role jenkins"
    policy: str  # name
    statements: Statements


class Principal(NamedTuple):
    arn: str  # of a user or role; a role's sessions are judged by its ARN
    account: str  # 12 digits
    sources: tuple[Source, ...]
    boundary: Statements | None
    tags: Mapping[str, str]

    @property
    def is_user(self) -> bool:
        return ":user/" in self.arn


class Known(dict[str, Values]):
    """Condition keys of which the value is known, in lower case. What is not in it is open."""

    whole = False  # whether what is not in it is missing, as of one request to the last key

    def __contains__(self, key: object) -> bool:
        # A user has the tags that are read with it and no others; a session may bring more.
        return super().__contains__(key) or (str(key).startswith(TAG) and self.get("aws:principaltype") == ("User",))

    def __missing__(self, _key: str) -> Values:
        return None


def known_of(principal: Principal, now: str, owner: str) -> Known:
    """What is known of any request of a principal for something of an account. now is ISO 8601 with a zone."""
    known = Known(
        {
            "aws:principalarn": (principal.arn,),
            "aws:principalaccount": (principal.account,),
            "aws:principaltype": ("User" if principal.is_user else "AssumedRole",),
            "aws:principalisawsservice": ("false",),
            "aws:resourceaccount": (owner,),
            "aws:securetransport": ("true",),
            "aws:viaawsservice": ("false",),
            NOW: (now,),
            "aws:epochtime": (str(int(moment(now) or calendar.timegm(time.gmtime(0)))),),
        }
    )
    known |= {f"{TAG}{key.lower()}": (value,) for key, value in principal.tags.items()}
    if principal.is_user:
        known["aws:username"] = (principal.arn.rsplit("/", 1)[1],)
    else:
        # The credentials of a role's session say nothing of MFA, however the role was assumed:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
        known |= {MFA: None, MFA_AGE: None, "aws:username": None}
    return known
