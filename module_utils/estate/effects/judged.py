"""Allow, deny, boundary and the resource's own policy put together on all contexts at once, as evaluate.judge does."""

from __future__ import annotations

from typing import NamedTuple

from ansible.module_utils.estate.effects.askers import UNSIGNED, Asker
from ansible.module_utils.estate.effects.contexts import Contexts
from ansible.module_utils.estate.evaluator.composed import Estate
from ansible.module_utils.estate.evaluator.document import Statement, Statements
from ansible.module_utils.estate.evaluator.evaluate import Opens
from ansible.module_utils.estate.evaluator.public import is_public


class Thing(NamedTuple):
    """What has a policy of its own."""

    arn: str
    kind: str  # "role", "bucket" or "key"
    name: str  # "production:developers", "bucket digitalmarketplace-…"
    account: str
    policy: Statements
    blocked: bool  # whether RestrictPublicBuckets keeps others from it, where its policy is public

    @property
    def whose(self) -> str:
        """Of the policy, as a line can tell of it."""
        return "the role's trust" if self.kind == "role" else f"the policy of {self.name}"

    @property
    def closed(self) -> bool:
        return self.blocked and is_public(self.policy)


def things(estate: Estate) -> dict[str, Thing]:
    found = {
        arn: Thing(arn, "role", who.role, who.account.id, estate.trusts[arn], False)
        for arn, who in estate.roles.items()
    }
    for bucket in estate.buckets.values():
        arn = f"arn:aws:s3:::{bucket.name}"
        name = f"bucket {bucket.name}"
        found[arn] = Thing(arn, "bucket", name, bucket.account.id, bucket.policy or (), bucket.blocked is True)
    return found


class Held(NamedTuple):
    """A statement of one side, as a line can tell of it."""

    side: str  # "identity", "boundary" or "resource"
    holder: str
    policy: str
    statement: Statement


def held(asker: Asker) -> list[Held]:
    """All of an asker's own."""
    me = asker.principal
    found = [Held("identity", of.holder, of.policy, one) for of in me.sources for one in of.statements]
    return found + [Held("boundary", "", "boundary", one) for one in me.boundary or ()]


About = tuple[tuple[Held, Opens, str], ...]  # with what a statement leaves open, and how a resource's means the asker


def allowed(contexts: Contexts, asker: Asker, about: About, thing: Thing | None, becoming: bool) -> int:
    """The contexts in which the asker may: as evaluate.judge puts it together, on all contexts at a time."""
    identity = within = direct = named = anyhow = denied = 0
    for held, opens, how in about:
        where = contexts.where_all(opens)
        if not held.statement.allows:
            denied |= where
        elif held.side == "identity":
            identity |= where
        elif held.side == "boundary":
            within |= where
        else:
            anyhow |= where
            if how == "named" and asker.kind == "role":
                named |= where
            elif how != "account":
                direct |= where
    if asker.principal.boundary is None:
        within = contexts.all
    if asker.kind == UNSIGNED:
        signed = thing is not None and thing.kind == "bucket" and not thing.closed
        return anyhow & ~denied if signed else 0
    if not asker.ours and asker.kind != "account":  # a service, or somebody for whom another vouches
        return anyhow & ~denied
    if thing is None:
        return identity & within & ~denied
    same = thing.account == asker.principal.account
    if not same and thing.closed:
        return 0
    # Of a key, too, what its account's policies allow counts only where its own policy lets the account say so.
    trusting = thing.kind == "key" or (thing.kind == "role" and becoming)
    if thing.kind == "role" and not becoming:
        return (identity & within & ~denied) if same else 0
    gate = contexts.all if same and not trusting else anyhow
    found = identity & within & gate
    return (found | (direct | (named & within) if same else 0)) & ~denied
