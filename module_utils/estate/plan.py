"""A plan as a value, and how it is carried out. No Ansible, no boto3: the caller passes the function that calls AWS."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import islice
from queue import SimpleQueue
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Ref:
    """Stands in params for what AWS names only when an earlier action is done: Ref("volume jenkins-data", "id")."""

    resource: str
    output: str


class Action(NamedTuple):
    """One call of AWS.

    Actions on the same resource run in the order given; different resources run side by side. Where one fails, those
    after it are not tried, unless it has a step: then only those go without that need it.
    needs names resources whose actions must all be done first, or steps of them ("bucket shop-logs: policy"); what the
    plan does not mention is taken to be there. A Ref in params is a need too.
    """

    verb: str  # "add", "change" or "remove": what becomes of the resource
    resource: str  # "bucket digitalmarketplace-dev-uploads", "group Admins"
    method: str  # boto3 client and method: "s3.put_bucket_policy"
    params: Mapping[str, Any]
    region: str = ""  # where the client must be; "" is the module's own region
    needs: tuple[str, ...] = ()
    outputs: Sequence[tuple[str, str]] = ()  # what a Ref may name, and where AWS's answer has it: (("id", "VolumeId"),)
    step: str = ""  # what this call alone sets, of a resource whose settings do not depend on each other


# How calls begin that may give somebody something.
GRANTING = (
    "iam.",
    "s3.put_bucket_policy",
    "s3.delete_bucket_policy",
    "s3.put_bucket_acl",
    "s3.put_public_access_block",
    "s3.delete_public_access_block",
    "s3.put_bucket_ownership_controls",
    "s3.delete_bucket_ownership_controls",
    "sns.set_topic_attributes",
    "sns.add_permission",
    "kms.put_key_policy",
)


class Unmanaged(NamedTuple):
    """What is live but not declared, with the YAML to paste to adopt it, and the file to paste it into."""

    resource: str
    adopt: str
    file: str = ""


class Plan(NamedTuple):
    """What there is to do: shown, guarded, stored and compared, and the same whether or not it is carried out."""

    purpose: str  # "buckets": what a reviewed plan is known by, beside its host
    account: str
    actions: Sequence[Action]
    diff: Sequence[dict[str, Any]] = ()  # of diff.diff_of
    notes: Sequence[str] = ()  # what no call can mend, or what ends soon
    unmanaged: Sequence[Unmanaged] = ()
    left_out: Mapping[str, str] = {}  # resource -> why nothing could be planned for it; the run then ends failed
    effects: Sequence[str] = ()  # what it means for people: who gains or loses what
    grants: bool | None = None  # whether anybody may get anything new; None: nobody looked, so the calls decide
    drift: Sequence[str] = ()  # what differs from what is declared and no call of ours can repair
    declares: Sequence[str] = ()  # names that no other host's plan may declare, too

    @property
    def digest(self) -> str:
        """The same for the same actions: what a run compares with the plan that was reviewed."""
        made = hashlib.sha256()
        for action in self.actions:  # one by one, since together they may be many megabytes
            made.update(json.dumps(action, sort_keys=True, default=_plain).encode() + b"\n")
        return made.hexdigest()

    @property
    def counts(self) -> dict[str, int]:
        """Resources, not calls: {"add": 1, "change": 0, "remove": 2}. Creating wins over changing what is created."""
        rank = {"change": 0, "remove": 1, "add": 2}
        verbs: dict[str, str] = {}
        for action in self.actions:
            verbs[action.resource] = max(verbs.get(action.resource, action.verb), action.verb, key=rank.__getitem__)
        return {verb: list(verbs.values()).count(verb) for verb in ("add", "change", "remove")}

    @property
    def may_grant(self) -> bool:
        """Whether it may give anybody something new: unless that was looked into, whatever writes a policy may."""
        return self.grants if self.grants is not None else any(a.method.startswith(GRANTING) for a in self.actions)

    def told(self) -> dict[str, Any]:
        """What a module returns as `plan`, and the dm_report callback shows and stores."""
        return {
            "purpose": self.purpose,
            "account": self.account,
            "digest": self.digest,
            "counts": self.counts,
            "actions": _told(self.actions),
            "unmanaged": [found._asdict() for found in self.unmanaged],
            "notes": list(self.notes),
            "effects": list(self.effects),
            "grants": self.may_grant,
            "drift": list(self.drift),
            "declares": list(self.declares),
        }


def _plain(value: Any) -> Any:
    return {"ref": value.resource, "output": value.output} if isinstance(value, Ref) else str(value)


def _told(actions: Sequence[Action]) -> list[dict[str, Any]]:
    """Actions as they are stored: needs only say how they are carried out, and of ten thousand people are megabytes."""
    keys = ("verb", "resource", "method", "params", "region")
    told = [{key: value for key in keys if (value := getattr(action, key)) or key == "params"} for action in actions]
    has_refs = any(next(_refs(action.params), None) for action in actions)
    return json.loads(json.dumps(told, default=_plain)) if has_refs else told


def _refs(value: Any) -> Iterator[Ref]:
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, (Mapping, list, tuple)):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _refs(part)


def resolve(value: Any, known: Mapping[Ref, Any]) -> Any:
    """The value with what is known in place of each Ref; a copy only where there is one."""
    if isinstance(value, Ref):
        if value not in known:
            raise ValueError(f"the {value.output} of {value.resource} is not known")
        return known[value]
    if isinstance(value, Mapping):
        return {key: resolve(part, known) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [resolve(part, known) for part in value]
    return value


class Outcome(NamedTuple):
    action: Action
    status: str  # "done", "failed" or "not tried"
    why: str = ""

    def told(self) -> dict[str, str]:
        """What a module returns, in a list, as `outcomes`."""
        action = self.action
        return {"method": action.method, "resource": action.resource, "status": self.status, "why": self.why}


NAMED, ALIKE = 20, 3  # reasons that a message names, and what each befell; the report names all of it


def failures(outcomes: Sequence[Outcome], left_out: Mapping[str, str] | None = None) -> str:
    """What failed and why, as part of a sentence; "" where nothing did. One reason is said once, for all it befell."""
    statuses = Counter(outcome.status for outcome in outcomes)
    befell: dict[str, list[str]] = {}
    for resource, why in (left_out or {}).items():
        befell.setdefault(why.rstrip("."), []).append(resource)
    for outcome in outcomes:
        if outcome.status == "failed":
            befell.setdefault(f"{outcome.action.method}: {outcome.why.rstrip('.')}", []).append(outcome.action.resource)
    said = [f"{_names(resources)}: {why}" for why, resources in islice(befell.items(), NAMED)]
    if len(befell) > NAMED:
        said.append(f"and {len(befell) - NAMED} more reasons")
    rest = f" ({statuses['not tried']} more calls were not tried)" if said and statuses["not tried"] else ""
    return "; ".join(said) + rest


def _names(resources: list[str]) -> str:
    more = len(resources) - ALIKE
    return ", ".join(dict.fromkeys(resources[:ALIKE])) + (f" and {more} more" if more > 0 else "")


def carry_out(
    actions: Sequence[Action],
    call: Callable[[Action], Any],
    explain: Callable[[Exception], str],
    workers: int = 16,
    known: dict[Ref, Any] | None = None,
) -> list[Outcome]:
    """Run each action whose needs are done; a failure holds back only what needs it. Outcomes keep the plan's order.

    call takes an action whose Refs are resolved, and returns AWS's answer. known holds what Refs stand for: what the
    caller knows beforehand, and, when this returns, the outputs of what was done.

    Hands out no more than the workers can take, so that whoever stops it waits for the calls under way alone.
    """
    known = {} if known is None else known
    with_refs = any(action.outputs for action in actions) or bool(known)
    last: dict[str, int] = {}  # where the last action stands of a resource, and of each step of it
    graph: TopologicalSorter[int] = TopologicalSorter()
    for index, action in enumerate(actions):
        graph.add(index, *([last[action.resource]] if action.resource in last else []))
        last |= {action.resource: index, _step(action): index}
    for index, action in enumerate(actions):
        # Who needs a step that is not in the plan needs what makes the resource.
        needed = _needs(action, with_refs)
        found = (last.get(need, last.get(f"{need.partition(': ')[0]}: ")) for need in needed)
        graph.add(index, *(before for before in found if before is not None))
    del last  # of ten thousand people that is megabytes
    with contextlib.suppress(CycleError):  # what is in no circle is done all the same
        graph.prepare()
    outcomes: dict[int, Outcome] = {}
    broken: set[str] = set()  # resources and steps that are not as they should be
    stopped: dict[str, str] = {}  # resources of which nothing more is tried, and why
    ended: SimpleQueue[Future[Outcome]] = SimpleQueue()

    def run(index: int) -> Outcome:
        action = actions[index]
        try:
            answer = call(action._replace(params=resolve(action.params, known)) if with_refs else action)
            known.update(outputs(action, answer))
        except Exception as exc:  # whatever AWS answers, the other resources go on
            return Outcome(action, "failed", explain(exc))
        return Outcome(action, "done")

    def held_back(index: int) -> str:
        """Why it cannot be tried. A step may take more than one call, each of which needs the one before it."""
        action = actions[index]
        wanted = (_step(action), *_needs(action, with_refs))
        failed = next((need for need in wanted if need in broken or need.partition(": ")[0] in stopped), "")
        return stopped.get(action.resource) or (f"{failed} failed" if failed else "")

    def end(index: int, outcome: Outcome) -> None:
        action, outcomes[index] = actions[index], outcome
        if outcome.status != "done":
            broken.update((action.resource, _step(action)))
            if not action.step:
                why = outcome.why if outcome.status == "not tried" else f"{action.resource} failed"
                stopped.setdefault(action.resource, why)
        graph.done(index)
        ready.extend(graph.get_ready())

    ready = deque(graph.get_ready())
    with ThreadPoolExecutor(max_workers=workers) as pool:
        running: dict[Future[Outcome], int] = {}
        while ready or running:
            while ready and len(running) < workers:
                index = ready.popleft()
                if why := held_back(index):
                    end(index, Outcome(actions[index], "not tried", why))
                else:
                    future = pool.submit(run, index)
                    running[future] = index
                    future.add_done_callback(ended.put)
            if running:
                future = ended.get()
                end(running.pop(future), future.result())
    circle = "its needs form a circle"
    return [outcomes.get(index, Outcome(action, "not tried", circle)) for index, action in enumerate(actions)]


def _step(action: Action) -> str:
    """What a need on this step of the resource is called."""
    return f"{action.resource}: {action.step}"


def _needs(action: Action, with_refs: bool) -> Iterator[str]:
    """What must be done first of other resources, and of other steps of its own."""
    refs = (ref.resource for ref in _refs(action.params)) if with_refs else ()
    return (need for need in (*action.needs, *refs) if need != action.resource)


def outputs(action: Action, answer: Any) -> dict[Ref, Any]:
    """What AWS named in its answer: {Ref("volume jenkins-data", "id"): "vol-…"}."""
    if not action.outputs:
        return {}
    import jmespath  # boto3 brings it; a plan that is only looked at needs neither

    found = {Ref(action.resource, name): jmespath.search(path, answer) for name, path in action.outputs}
    missing = [ref.output for ref, value in found.items() if value is None]
    if missing:
        raise ValueError(f"AWS's answer to {action.method} has no {', '.join(missing)}")
    return found
