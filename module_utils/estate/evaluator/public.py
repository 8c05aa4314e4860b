"""Whether S3 takes a bucket's policy for public, which is what its public access block goes by.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
"""

from __future__ import annotations

from ansible.module_utils.estate.evaluator.conditions import network, operator
from ansible.module_utils.estate.evaluator.document import Statement, Statements
from ansible.module_utils.estate.policy_check import BOUNDS, WIDEST

# A fixed value of one of these says for whom or from where.
_FIXED = {
    *BOUNDS, "aws:principalaccount", "aws:principalarn", "aws:sourceorgid",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
}  # fmt: skip


def is_public(policy: Statements) -> bool:
    return any(one.allows and _open(one) for one in policy)


def _open(statement: Statement) -> bool:
    if statement.not_principals or statement.odd:
        return True
    return any(name == "*" for kind, name in statement.principals if kind == "AWS") and not any(
        _limits(name, key, values) for name, key, values in statement.conditions
    )


def _limits(name: str, key: str, values: tuple[str, ...]) -> bool:
    of = operator(name)
    if key.lower() not in _FIXED or of.negated or of.if_exists or of.every == "forallvalues":
        return False
    if of.base == "ipaddress":  # a range of more than a /8 (IPv6 /32) is as good as the whole world
        nets = [network(value) for value in values]
        return all(net is not None and net.prefixlen >= WIDEST[net.version] for net in nets)
    return all("${" not in value and "*" not in value and "?" not in value for value in values)
