"""A plan as a value, and how it is carried out. No Ansible, no boto3: the caller passes the function that calls AWS."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from queue import SimpleQueue
from typing import Any, NamedTuple


class Action(NamedTuple):
    """One call of AWS.

    Actions on the same resource run in the order given; different resources run side by side.
    needs names resources whose actions must all be done first; one that the plan does not mention is taken to be there.
    """

    verb: str  # "add", "change" or "remove": what becomes of the resource
    resource: str  # "bucket digitalmarketplace-dev-uploads", "group Admins"
    method: str  # boto3 client and method: "s3.put_bucket_policy"
    params: dict[str, Any]
    region: str = ""  # where the client must be; "" is the module's own region
    needs: tuple[str, ...] = ()


class Outcome(NamedTuple):
    action: Action
    status: str  # "done", "failed" or "not tried"
    why: str = ""

    def told(self) -> dict[str, str]:
        """What a module returns, in a list, as `outcomes`."""
        action = self.action
        return {"method": action.method, "resource": action.resource, "status": self.status, "why": self.why}


NAMED = 20  # failures that a message names; where the session ends midway thousands fail alike


def failures(outcomes: Sequence[Outcome]) -> str:
    """What failed and why, as part of a sentence; "" where nothing did."""
    statuses = Counter(outcome.status for outcome in outcomes)
    failed = (outcome for outcome in outcomes if outcome.status == "failed")
    said = [f"{outcome.action.resource}: {outcome.why.rstrip('.')}" for outcome in islice(failed, NAMED)]
    if statuses["failed"] > NAMED:
        said.append(f"and {statuses['failed'] - NAMED} more failed")
    rest = f" ({statuses['not tried']} more calls were not tried)" if said and statuses["not tried"] else ""
    return "; ".join(said) + rest


def digest(actions: Iterable[Action]) -> str:
    """The same for the same plan: what apply compares with the plan that was reviewed."""
    made = hashlib.sha256()
    for action in actions:  # one by one, since together they may be many megabytes
        made.update(json.dumps(action._asdict(), sort_keys=True, default=str).encode() + b"\n")
    return made.hexdigest()


def counts(actions: Iterable[Action]) -> dict[str, int]:
    """Resources, not calls: {"add": 1, "change": 0, "remove": 2}. Creating wins over changing what was just created."""
    rank = {"change": 0, "remove": 1, "add": 2}
    verbs: dict[str, str] = {}
    for action in actions:
        verbs[action.resource] = max(verbs.get(action.resource, action.verb), action.verb, key=rank.__getitem__)
    return {verb: list(verbs.values()).count(verb) for verb in ("add", "change", "remove")}


def result(purpose: str, account: str, actions: list[Action], unmanaged: list[dict], notes: list[str]) -> dict:
    """What a module returns as `plan`, and the dm_report callback shows and stores.

    unmanaged is [{"resource": str, "adopt": str}]: what is live but not declared, with the YAML to paste to adopt it.
    """
    return {
        "purpose": purpose,
        "account": account,
        "digest": digest(actions),
        "counts": counts(actions),
        "actions": [_told(action) for action in actions],
        "unmanaged": unmanaged,
        "notes": notes,
    }


def _told(action: Action) -> dict[str, Any]:
    """An action as it is stored: needs only say how it is carried out, and of ten thousand people are megabytes."""
    told = {"verb": action.verb, "resource": action.resource, "method": action.method, "params": action.params}
    return told | ({"region": action.region} if action.region else {})


def carry_out(
    actions: list[Action], call: Callable[[Action], object], explain: Callable[[Exception], str], workers: int = 16
) -> list[Outcome]:
    """Run each action whose needs are done; a failure holds back only what needs it. Outcomes keep the plan's order.

    Looks at a resource only when what it waited for has ended: one of ten thousand costs as little as one of ten.
    Hands out no more than the workers can take, so that whoever stops it waits for the calls under way alone.
    """
    left: dict[str, list[int]] = {}
    for index, action in enumerate(actions):
        left.setdefault(action.resource, []).append(index)
    for queue in left.values():
        queue.reverse()  # the next one is the last
    outcomes: dict[int, Outcome] = {}
    broken: set[str] = set()
    waiting: dict[str, list[str]] = {}  # resources to look at again when this one has ended
    ready = deque(left)
    ended: SimpleQueue[Future[Outcome]] = SimpleQueue()

    def run(index: int) -> Outcome:
        try:
            call(actions[index])
        except Exception as exc:  # whatever AWS answers, the other resources go on
            return Outcome(actions[index], "failed", explain(exc))
        return Outcome(actions[index], "done")

    def end(resource: str) -> None:
        del left[resource]
        ready.extend(waiting.pop(resource, ()))

    def give_up(resource: str, why: str) -> None:
        broken.add(resource)
        for index in reversed(left[resource]):
            outcomes[index] = Outcome(actions[index], "not tried", why)
        end(resource)

    with ThreadPoolExecutor(max_workers=workers) as pool:
        running: dict[Future[Outcome], int] = {}
        while ready or running:
            while ready and len(running) < workers:
                resource = ready.popleft()
                index = left[resource][-1]
                needs = [need for need in actions[index].needs if need != resource]
                failed = next((need for need in needs if need in broken), None)
                pending = next((need for need in needs if need in left), None)
                if failed:
                    give_up(resource, f"{failed} failed")
                elif pending:
                    waiting.setdefault(pending, []).append(resource)
                else:
                    future = pool.submit(run, index)
                    running[future] = index
                    future.add_done_callback(ended.put)
            if not running:
                break
            future = ended.get()
            index = running.pop(future)
            resource = actions[index].resource
            outcomes[index] = future.result()
            left[resource].pop()
            if outcomes[index].status == "failed":
                give_up(resource, f"{resource} failed")
            elif left[resource]:
                ready.append(resource)
            else:
                end(resource)
    for resource in list(left):
        give_up(resource, "its needs form a circle")
    return [outcomes[index] for index in range(len(actions))]
