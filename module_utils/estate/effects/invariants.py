"""What must never be, whatever the policies are: declared as data with a reason, judged on a whole state of the estate.

invariant = {
  "name": "dumps_keep_their_versions",
  "never": ["s3:DeleteObjectVersion"],        # actions; patterns
  "of": ["arn:aws:s3:::*-database-backups/*"],  # resources; patterns, of which a bucket's ends at its slash
  "who": ["*"],          # "people", "unsigned", "user:ada.*", roles as "account:role"; patterns; by default everybody
  "but": ["*:admins"],   # who may; the same
  "without": "MFA",      # only where nobody has signed in with a device; left out: in every context
  "because": "…",
}

Somebody may what he may himself, and what the roles may that he can become: by assuming them, or by writing what they
are (able.py). A role's session has no MFA of its own, so that "without MFA" is asked of the first step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from ansible.module_utils.estate.effects.askers import UNSIGNED, Asker, others, ours
from ansible.module_utils.estate.effects.classes import ANY_CASE, ARN, Undecided, overlap, representatives
from ansible.module_utils.estate.effects.contexts import Contexts
from ansible.module_utils.estate.effects.judged import Held, Thing, allowed, things
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.evaluator.composed import Estate
from ansible.module_utils.estate.evaluator.document import Statement
from ansible.module_utils.estate.evaluator.evaluate import acts, applies
from ansible.module_utils.estate.evaluator.patterns import filled, like, resource_like
from ansible.module_utils.estate.evaluator.request import MFA
from ansible.module_utils.estate.evaluator.words import Open
from ansible.module_utils.estate.review.able import HAND, STARTS, WRITES

KEYS = {"name", "never", "of", "who", "but", "without", "because"}
REQUIRED = {"name", "never", "of", "because"}
_WITH_MFA = Open("Bool", "aws:MultiFactorAuthPresent", ("true",))


class Judged(NamedTuple):
    """verdict: "proved", "failed" or "not proved"; why says who may, or what was not decided."""

    name: str
    verdict: str
    why: str


def check(invariants: Sequence[Mapping[str, Any]]) -> None:
    """Raises Refusal, naming the invariant and what is allowed."""
    for place, one in enumerate(invariants, start=1):
        where = f"access_review_invariants: {one.get('name') or f'item {place}'}"
        if unknown := set(one) - KEYS:
            raise Refusal(f"{where} has {', '.join(sorted(map(str, unknown)))}; allowed are {', '.join(sorted(KEYS))}")
        if missing := REQUIRED - set(one):
            raise Refusal(f"{where} lacks {', '.join(sorted(missing))}")
        if one.get("without") not in (None, "MFA"):
            raise Refusal(f"{where}: without is {one['without']!r}; allowed is MFA")


def judge(invariants: Sequence[Mapping[str, Any]], estate: Estate) -> list[Judged]:
    """Each invariant on a state of the estate."""
    check(invariants)
    world = World(estate)
    return [world.judge(one) for one in invariants]


def proofs(judged: Iterable[Judged]) -> Iterator[dict[str, str]]:
    """As modules tell what was proved."""
    for one in judged:
        yield {
            "subject": f"invariant {one.name}",
            "verdict": "failed" if one.verdict != "proved" else "proved",
            "why": one.why,
        }


class World:
    def __init__(self, estate: Estate) -> None:
        self.estate, self.things = estate, things(estate)
        buckets = [bucket.policy or () for bucket in estate.buckets.values()]
        self.askers = {**ours(estate), **others(iter([*estate.trusts.values(), *buckets]), estate)}
        # A bucket that no account has holds nothing; where buckets were not read any may be there.
        self._all_buckets = any(account.live.get("buckets") is not None for account in estate.accounts)
        self._next: dict[tuple[str, bool], list[str]] = {}
        self._allows: dict[tuple[str, tuple[str, ...]], list[str]] = {}

    def judge(self, invariant: Mapping[str, Any]) -> Judged:
        without = invariant.get("without") == "MFA"
        undecided: dict[str, None] = {}
        broken: dict[str, None] = {}
        for arn, asker in self.askers.items():
            if not among(asker, invariant.get("who", ["*"])) or among(asker, invariant.get("but", [])):
                continue
            try:
                for via, reached in self.reached(arn, without, invariant.get("but", [])):
                    for action, resource in self._breaks(self.askers[reached], invariant, without and not via):
                        through = f" as {self.askers[reached].name}" if via else ""
                        broken[f"{asker.name}{through} may {action} on {resource}"] = None
                        break
            except Undecided as exc:
                undecided[f"{asker.name}: {exc}"] = None
        if broken:
            return Judged(
                invariant["name"], "failed", f"{_some(broken)}; it must not be, because {invariant['because']}"
            )
        if undecided:
            return Judged(invariant["name"], "not proved", _some(undecided))
        return Judged(invariant["name"], "proved", "")

    def reached(self, start: str, without: bool, but: Sequence[str]) -> Iterator[tuple[bool, str]]:
        """(whether as somebody else, who) of everybody that somebody can become; who is excepted leads no further."""
        seen, queue = {start}, [(start, False)]
        while queue:
            here, via = queue.pop(0)
            yield via, here
            for there in self._steps(here, without and not via):
                if there not in seen and not among(self.askers[there], but):
                    seen.add(there)
                    queue.append((there, True))

    def _steps(self, arn: str, without: bool) -> list[str]:
        if (arn, without) not in self._next:
            asker = self.askers[arn]
            targets = {role: who for role, who in self.estate.who.items() if role != arn}
            found = [
                there
                for there, who in targets.items()
                if (who.kind == "role" and self._becomes(asker, there, without))
                or self._writes(asker, there, who.kind, without)
            ]
            self._next[arn, without] = found
        return self._next[arn, without]

    def _becomes(self, asker: Asker, role: str, without: bool) -> bool:
        verb = {"Federated": ("sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML")}.get(
            asker.kind, ("sts:AssumeRole",)
        )
        return any(self.may(asker, action, role, without) for action in verb)

    def _writes(self, asker: Asker, there: str, kind: str, without: bool) -> bool:
        """Whether the asker may write what somebody of its account is."""
        if not asker.ours or self.askers[there].principal.account != asker.principal.account:
            return False
        if any(self.may(asker, action, there, without) for action in self._tries(asker, WRITES[kind])):
            return True
        if not self._tries(asker, (HAND,)):
            return False
        services = {
            name
            for one in self.estate.trusts.get(there, ())
            if one.allows
            for k, name in one.principals
            if k == "Service"
        }
        return any(
            self.may(asker, HAND, there, without) and self.may(asker, action, "*", without)
            for service in services & set(STARTS)
            for action in STARTS[service]
        )

    def _tries(self, asker: Asker, actions: tuple[str, ...]) -> list[str]:
        """Which of these some own policy allows at all: of IAM's nothing else does, and most people's allow none."""
        key = (asker.principal.arn, actions)
        if key not in self._allows:
            held = [one for source in asker.principal.sources for one in source.statements if one.allows]
            self._allows[key] = [action for action in actions if any(acts(one, action) for one in held)]
        return self._allows[key]

    def _meant(self, pattern: str, arn: str) -> bool:
        """Of objects: whether it is in a bucket that is there, and whose own name the pattern means."""
        if ":s3:::" not in arn:
            return True
        bucket = arn.split("/", 1)[0]
        named = resource_like(pattern.split("/", 1)[0], bucket)
        return named and (bucket in self.things or not self._all_buckets)

    def may(self, asker: Asker, action: str, resource: str, without: bool) -> bool:
        """Whether there is a context in which the asker may. What is not known of it may be."""
        thing = self.things.get(resource) or self.things.get(resource.split("/", 1)[0])
        statements = [one for source in asker.principal.sources for one in source.statements]
        # Most questions are of what only an own policy could allow.
        if asker.ours and thing is None and not any(one.allows and acts(one, action) for one in statements):
            return False
        about = tuple(_about(asker, thing, action, resource))
        if not any(held.statement.allows for held, *_ in about):
            return False
        contexts = Contexts([*(one for _, opens, _ in about for one in opens), *([_WITH_MFA] if without else [])])
        found = allowed(contexts, asker, about, thing, action.startswith("sts:"))
        if without and MFA not in asker.known:
            found &= contexts.all & ~contexts.where(_WITH_MFA)
        return found != 0

    def _breaks(self, asker: Asker, invariant: Mapping[str, Any], without: bool) -> Iterator[tuple[str, str]]:
        """Actions and resources of the invariant that the asker may."""
        wanted = [(action, resource) for action in invariant["never"] for resource in invariant["of"]]
        for action, resource in wanted:
            held = [one for source in asker.principal.sources for one in source.statements]
            arns = [arn for arn in self.things if overlap(arn, resource) or overlap(f"{arn}/*", resource)]
            policies = [one for arn in arns for one in self.things[arn].policy]
            everything = [*held, *(asker.principal.boundary or ()), *policies]
            relevant = [one for one in everything if _acts_like(one, action)]
            if not any(one.allows for one in relevant):
                continue
            actions = representatives([action, *(a for one in relevant for a in one.actions)], ANY_CASE)
            written = {filled(p, asker.known)[0] if one.variables else p for one in relevant for p in one.resources}
            for roots in self._apart(resource, arns):
                near = [one for one in {*written, *roots, resource} if any(overlap(one, root) for root in roots)]
                for where in representatives(near, ARN):
                    if (
                        resource_like(resource, where)
                        and self._meant(resource, where)
                        and any(
                            like(action, what, ignore_case=True) and self.may(asker, what, where, without)
                            for what in actions
                        )
                    ):
                        yield action, resource
                        return

    def _apart(self, resource: str, arns: Sequence[str]) -> list[list[str]]:
        """What can be looked at by itself: no pattern of one bucket tells apart what is in another."""
        objects = [[arn, f"{arn}/*"] for arn in arns if ":s3:" in arn]
        if ":s3:::" in resource and self._all_buckets:
            return objects
        return [[resource, *arns, *(arn for _, arn in objects)]]


def _about(asker: Asker, thing: Thing | None, action: str, resource: str) -> Iterator[tuple[Held, Any, str]]:
    for source in asker.principal.sources:
        for one in source.statements:
            if is_ := applies(one, action, resource, asker.known):
                yield Held("identity", source.holder, source.policy, one), is_.opens, ""
    for one in asker.principal.boundary or ():
        if is_ := applies(one, action, resource, asker.known):
            yield Held("boundary", "", "boundary", one), is_.opens, ""
    if thing is None or (thing.kind == "role" and not action.startswith("sts:")):
        return
    for one in thing.policy:
        asked = None if thing.kind == "role" else resource
        if acts(one, action) and (them := asker.meant(one)) and (is_ := applies(one, action, asked, asker.known)):
            for how, more in them:
                yield Held("resource", thing.name, "policy", one), is_.opens | more, how


def _acts_like(statement: Statement, action: str) -> bool:
    return statement.not_actions or any(overlap(pattern.lower(), action.lower()) for pattern in statement.actions)


def among(asker: Asker, patterns: Sequence[str]) -> bool:
    names = {asker.name, asker.kind, asker.name.removeprefix("role ")}
    if asker.kind == "user":
        names |= {"people", f"user:{asker.name}"}
    if asker.kind == "role" and "/aws-reserved/sso.amazonaws.com/" in asker.principal.arn:
        names.add("people")
    if asker.kind == UNSIGNED:
        names.add("unsigned")
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def _some(found: Iterable[str], most: int = 5) -> str:
    listed = list(found)
    return "; ".join(listed[:most]) + (f"; and {len(listed) - most} more" if len(listed) > most else "")
