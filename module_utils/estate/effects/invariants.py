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

Somebody may what he may himself, and what those may whom he can become (world.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from ansible.module_utils.estate.effects.askers import Asker
from ansible.module_utils.estate.effects.classes import ANY_CASE, ARN, Undecided, beginning, overlap, representatives
from ansible.module_utils.estate.effects.world import World, among
from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.evaluator.composed import Estate
from ansible.module_utils.estate.evaluator.document import Statement
from ansible.module_utils.estate.evaluator.evaluate import is_personal
from ansible.module_utils.estate.evaluator.patterns import filled, like, resource_like
from ansible.module_utils.estate.evaluator.request import Known

KEYS = {"name", "never", "of", "who", "but", "without", "because"}
REQUIRED = {"name", "never", "of", "because"}


class Judged(NamedTuple):
    """verdict: "proved", "failed" or "not proved"; why says who may, or what was not decided."""

    name: str
    verdict: str
    why: str
    who: tuple[str, ...] = ()  # ARNs of those who may


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


def judge(invariants: Sequence[Mapping[str, Any]], estate: Estate, whole: bool = False) -> list[Judged]:
    """Each invariant on a state of the estate; where that is the whole of it, what is named has to be there."""
    check(invariants)
    world = _Judge(estate)
    return [(whole and world.of_nothing(one)) or world.judge(one) for one in invariants]


def proofs(judged: Iterable[Judged]) -> Iterator[dict[str, str]]:
    """As modules tell what was proved."""
    for one in judged:
        verdict = "proved" if one.verdict == "proved" else "failed"
        yield {"subject": f"invariant {one.name}", "verdict": verdict, "why": one.why}


class _Judge(World):
    def __init__(self, estate: Estate) -> None:
        super().__init__(estate)
        # A bucket that no account has holds nothing; where buckets were not read any may be there.
        self._all_buckets = bool(estate.buckets)
        self._accounts = [*estate.by_id, "aws"]
        self._breaking: dict[tuple[int, int, bool], tuple[str, str] | None] = {}
        self._broken: dict[tuple, bool] = {}
        self._near: dict[str, list[str]] = {}
        self._held: dict[tuple, list[Statement]] = {}
        self._policies: dict[tuple[str, str], list[Statement]] = {}
        self._told: dict[tuple, tuple[str, ...]] = {}

    def of_nothing(self, invariant: Mapping[str, Any]) -> Judged | None:
        """Of a misspelt name anything holds: of nobody, of a bucket or an account that is not there."""
        who = [one for one in invariant.get("who", ()) if ":" in one]
        nobody = [one for one in who if not any(among(asker, [one]) for asker in self.askers.values())]
        why = [f"who names {', '.join(nobody)}, and nobody there is called so"] if nobody else []
        nothing = [one for one in invariant["of"] if not self._is_there(one)]
        why += [f"of names {', '.join(nothing)}, and nothing there is called so"] if nothing else []
        return Judged(invariant["name"], "not proved", "; ".join(why)) if why else None

    def _is_there(self, pattern: str) -> bool:
        """Of what was read: buckets, and accounts."""
        service, account = ([*pattern.split(":"), *[""] * 5][place] for place in (2, 4))
        if service == "s3" and self._all_buckets:
            return any(":s3:::" in arn and self._meant(pattern, arn) for arn in self.things)
        return not account or any(fnmatchcase(known, account) for known in self._accounts)

    def judge(self, invariant: Mapping[str, Any]) -> Judged:
        without = invariant.get("without") == "MFA"
        whose, but = invariant.get("who", ["*"]), invariant.get("but", [])
        undecided: dict[str, None] = {}
        broken: dict[str, None] = {}
        who: dict[str, None] = {}
        asked = [arn for arn, asker in self.askers.items() if among(asker, whose) and not among(asker, but)]
        # Of whom nobody asks and whom nobody asked for can become, what he may is of no interest.
        ends = [arn for arn in self.led_to(asked, but) if self._perhaps(self.askers[arn], invariant)]
        leading = self.leading_to(ends, but)
        for arn in asked:
            asker = self.askers[arn]
            # Without MFA nobody may what he may not with it, or with no word on it.
            if arn not in leading:
                continue
            try:
                for via, reached in self.reached(arn, without, but):
                    if breaks := self._breaks(self.askers[reached], invariant, without and not via):
                        through = f" as {self.askers[reached].name}" if via else ""
                        broken[f"{asker.name}{through} may {breaks[0]} on {breaks[1]}"] = None
                        who[asker.principal.arn] = None
            except Undecided as exc:
                undecided[f"{asker.name}: {exc}"] = None
        if broken:
            why = f"{_some(broken)}; it must not be, because {invariant['because']}"
            return Judged(invariant["name"], "failed", why, tuple(who))
        if undecided:
            return Judged(invariant["name"], "not proved", _some(undecided))
        return Judged(invariant["name"], "proved", "")

    def _perhaps(self, asker: Asker, invariant: Mapping[str, Any]) -> bool:
        """Whether the asker itself may in any context; what is not decided may be."""
        try:
            return self._breaks(asker, invariant, False) is not None
        except Undecided:
            return True

    def _meant(self, pattern: str, arn: str) -> bool:
        """Of objects: whether it is in a bucket that is there, and whose own name the pattern means."""
        if ":s3:::" not in arn:
            return True
        bucket = arn.split("/", 1)[0]
        named = resource_like(pattern.split("/", 1)[0], bucket)
        return named and (bucket in self.things or not self._all_buckets)

    def _breaks(self, asker: Asker, invariant: Mapping[str, Any], without: bool) -> tuple[str, str] | None:
        """An action and resource of the invariant that the asker may; many become the same."""
        key = (id(asker), id(invariant), without)
        if key not in self._breaking:
            wanted = ((action, resource) for action in invariant["never"] for resource in invariant["of"])
            self._breaking[key] = next((one for one in wanted if self._any(asker, *one, without)), None)
        return self._breaking[key]

    def _any(self, asker: Asker, action: str, resource: str, without: bool) -> bool:
        """Whether the asker may anything of a pattern on anything of another: once for all who are alike in it."""
        if resource not in self._near:
            self._near[resource] = [a for a in self.things if overlap(a, resource) or overlap(f"{a}/*", resource)]
        arns, me = self._near[resource], asker.principal
        if (action, resource) not in self._policies:
            said = [one for arn in arns for one in self.things[arn].policy if _acts_like(one, action)]
            self._policies[action, resource] = said
        policies = self._policies[action, resource]
        sources = (action, *(id(source.statements) for source in me.sources))
        if sources not in self._held:
            self._held[sources] = [one for source in me.sources for one in source.statements if _acts_like(one, action)]
        held = self._held[sources]
        if not any(one.allows for one in policies) and not any(_about_any(one, resource, asker.known) for one in held):
            return False
        relevant = [*held, *(one for one in me.boundary or () if _acts_like(one, action)), *policies]
        how = tuple(tuple(asker.meant(one)) for one in policies)
        alone = 0 if asker.ours and not any(is_personal(one) for one in relevant) else id(asker)
        key = (alone, action, resource, without, asker.kind, me.account, id(me.boundary), how, *map(id, held))
        if key not in self._broken:
            self._broken[key] = self._may_any(asker, action, resource, without, relevant, arns)
        return self._broken[key]

    def _may_any(
        self, asker: Asker, action: str, resource: str, without: bool, relevant: Sequence[Statement],
        arns: Sequence[str],
    ) -> bool:  # fmt: skip
        # AWS's own policies name a thousand actions: what means nothing of the asked one tells none of it apart.
        named = {a for one in relevant for a in one.actions if overlap(a.lower(), action.lower())}
        actions = representatives([action, *sorted(named)], ANY_CASE)
        actions = tuple(what for what in actions if like(action, what, ignore_case=True))
        written = frozenset(
            filled(p, asker.known)[0] if one.variables else p for one in relevant for p in one.resources
        )
        # No pattern of one bucket tells apart what is in another.
        inside = ":s3:::" in resource and self._all_buckets
        alone = [arn for arn in arns if ":s3:" in arn and self._meant(resource, arn)] if inside else [""]
        return any(
            self.may(asker, what, where, without)
            for bucket in alone
            for where in self._places(resource, bucket, written, arns)
            for what in actions
        )

    def _places(self, resource: str, bucket: str, written: frozenset[str], arns: Sequence[str]) -> tuple[str, ...]:
        """What a resource means, in a bucket or ("") anywhere: one of each kind that what is written tells apart."""
        # Policies repeat what they name from bucket to bucket and from asker to asker.
        key = written, resource, bucket
        if key not in self._told:
            roots = [bucket, f"{bucket}/*"] if bucket else [resource, *arns, *(f"{a}/*" for a in arns if ":s3:" in a)]
            near = {one for one in {*written, *roots, resource} if any(overlap(one, root) for root in roots)}
            found = (bucket, *beginning(f"{bucket}/", near)) if bucket else representatives(near, ARN)
            meant = (one for one in found if resource_like(resource, one) and self._meant(resource, one))
            self._told[key] = tuple(meant)
        return self._told[key]


def _about_any(statement: Statement, resource: str, known: Known) -> bool:
    """Whether a statement allows anything of a pattern."""
    return statement.allows and (
        statement.not_resources
        or any(overlap(filled(p, known)[0] if statement.variables else p, resource) for p in statement.resources)
    )


def _acts_like(statement: Statement, action: str) -> bool:
    return statement.not_actions or any(overlap(pattern.lower(), action.lower()) for pattern in statement.actions)


def _some(found: Iterable[str], most: int = 5) -> str:
    listed = list(found)
    return "; ".join(listed[:most]) + (f"; and {len(listed) - most} more" if len(listed) > most else "")
