"""What one state of the estate allows and another does not: for every asker, action, resource and context.

Both states are looked at together: the statements that are about a class of actions and a class of resources are the
same for most classes, so each such set of statements is judged once, on all contexts at a time.
"""

from __future__ import annotations

from typing import NamedTuple

from ansible.module_utils.estate.effects.askers import Asker, others, ours
from ansible.module_utils.estate.effects.classes import Undecided
from ansible.module_utils.estate.effects.judged import Thing, things
from ansible.module_utils.estate.effects.question import Gain, Question
from ansible.module_utils.estate.evaluator.composed import Estate
from ansible.module_utils.estate.evaluator.request import Principal
from ansible.module_utils.estate.evaluator.words import some


class Found(NamedTuple):
    gains: list[Gain]
    undecided: list[str]


def new_access(before: Estate, after: Estate) -> Found:
    """What after allows and before does not."""
    were, are = things(before), things(after)
    changed = {arn for arn in {**were, **are} if (_shape(were.get(arn)) != _shape(are.get(arn)))}
    askers_before, askers_after = ours(before), ours(after)
    strangers = others((are[arn].policy for arn in changed if arn in are), after)
    alike: dict[tuple, list[Asker]] = {}
    questions: dict[tuple, Question] = {}
    for arn, asker in {**askers_after, **strangers}.items():
        was = askers_before.get(arn) if asker.ours else asker
        if not changed and was is not None and _same(was.principal, asker.principal):
            continue
        question = Question(was, asker, were, are, changed, after.by_id)
        if question.seeds:
            key = question.key()
            alike.setdefault(key, []).append(asker)
            questions.setdefault(key, question)
    gains: list[Gain] = []
    undecided = []
    for key, question in questions.items():
        try:
            gains += [gain._replace(whose=tuple(alike[key])) for gain in question.gains()]
        except Undecided as exc:
            undecided.append(f"what {some([one.name for one in alike[key]], 4)} may do: {exc}")
    return Found(gains, undecided)


def _same(one: Principal, other: Principal) -> bool:
    """Whether two hold the very same documents, which were read once: of many people most have not changed."""
    held = [(s.policy, id(s.statements)) for s in one.sources] == [(s.policy, id(s.statements)) for s in other.sources]
    return held and one.boundary is other.boundary and one.tags == other.tags


def _shape(thing: Thing | None) -> tuple:
    return (frozenset(thing.policy), thing.closed) if thing else ()
