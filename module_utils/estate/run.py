"""How every module of this project begins and ends: options from its documentation, and one ending for each plan."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import yaml
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.estate.errors import Refusal, sentence
from ansible.module_utils.estate.findings.collect import causes
from ansible.module_utils.estate.fragment import ModuleDocFragment
from ansible.module_utils.estate.lock import held
from ansible.module_utils.estate.plan import Action, Outcome, Plan, Ref, carry_out, failures
from ansible.module_utils.estate.progress import Progress

# --- the beginning ----------------------------------------------------------------------------------------------------


def estate_module(documentation: str, *, secret: Iterable[str] = (), **rules: Any) -> Any:
    """The module whose DOCUMENTATION this is: AWS's where that extends dm_aws, else a plain one.

    secret names the options that must never be shown; rules are AnsibleModule's, such as mutually_exclusive.
    """
    spec, fragments = argument_spec(documentation)
    for name in secret:
        spec = {**spec, name: {**spec[name], "no_log": True}}
    base: Any = AnsibleModule
    if "dm_aws" in fragments:
        from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

        base = AnsibleAWSModule
    made = base(argument_spec=spec, supports_check_mode=True, **rules)
    settings = sys.modules.get("ansible.module_utils.estate.buckets.settings")  # of a module that reads buckets
    if settings and not settings.WHOLE:
        why = "ansible_python_interpreter must be {{ ansible_playbook_python }}, without become, async and kept files"
        made.fail_json(msg=f"{made._name} runs in Ansible's own process alone: {why}.")
    return made


@functools.cache
def argument_spec(documentation: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """(the options as AnsibleModule takes them, the names of the documentation's fragments)."""
    said = _read(documentation)
    fragments = tuple(said.get("extends_documentation_fragment", ()))
    options: dict[str, Any] = {}
    for name, _, section in (one.partition(".") for one in fragments):
        if name == "dm_estate":
            options |= _read(getattr(ModuleDocFragment, section.upper() or "DOCUMENTATION"))["options"]
    return _options(options | (said.get("options") or {})), fragments


def _read(documentation: str) -> dict[str, Any]:
    return yaml.load(documentation, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 both are safe


def _options(said: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    kept = ("type", "elements", "required", "default", "choices", "aliases")
    spec: dict[str, Any] = {}
    for name, option in said.items():
        # Without a word on it Ansible takes every name with "key" or "password" in it for a secret, and warns.
        spec[name] = {key: option[key] for key in kept if key in option} | {"no_log": False}
        if "suboptions" in option:
            spec[name]["options"] = _options(option["suboptions"])
    return spec


# --- the ending -------------------------------------------------------------------------------------------------------


def run(
    module: Any,
    plan: Plan,
    call: Callable[[Action], Any],
    refusals: Iterable[str] = (),
    facts: Callable[[Mapping[Ref, Any]], Mapping[str, Any]] = lambda _known: {},
    proofs: Callable[[], Iterable[Mapping[str, Any]]] = tuple,
    *,
    known: Mapping[Ref, Any] | None = None,
    explain: Callable[[Exception], str] = lambda exc: sentence(exc, "AWS refused"),
    workers: int = 16,
) -> None:
    """Exit the module: with the plan in check mode, else with what became of each of its actions.

    refusals are the reasons why nothing may be done. proofs tells what was proved, and fails the run where a verdict is
    "failed"; facts is asked last, with what the plan's Refs stand for, and tells what else the module returns, also
    where a proof failed.
    Only this function looks at check mode and at what was reviewed, and only it writes a module's answer.
    """
    subject, left_out = f"{plan.purpose} of {plan.account}", plan.left_out
    answer: dict[str, Any] = {"changed": bool(plan.actions), "diff": list(plan.diff), "plan": plan.told()}
    if caller := getattr(getattr(module, "estate_clients", None), "caller", ""):
        answer["caller"] = caller

    def refuse(*reasons: str) -> None:
        said = "; ".join(reason.rstrip(".") for reason in reasons)
        module.fail_json(msg=f"{subject}: nothing was changed: {said}.", **answer | {"changed": False, "outcomes": []})

    if against := [*refusals, *_unreviewed(module, plan)]:
        refuse(*against)
    known = dict(known or {})
    outcomes: list[Outcome] = []
    if module.check_mode:
        # For an audit's last play, which asks CloudTrail who changed what (dm_changed_by).
        fact = re.sub(r"\W", "_", f"dm_pending_{plan.purpose}")
        answer["ansible_facts"] = {fact: causes(answer["plan"], answer["diff"])}
    else:
        try:
            # Only what writes is locked. A module without clients calls no AWS.
            with held(getattr(module, "estate_clients", None) if plan.actions else None, call) as guarded:
                counted = Progress(subject, len(plan.actions)).after(guarded)
                outcomes = carry_out(plan.actions, counted, explain, workers, known)
        except Exception as exc:  # of the lock: carry_out raises nothing
            refuse(str(exc) if isinstance(exc, Refusal) else explain(exc))
        answer["changed"] = any(outcome.status == "done" for outcome in outcomes)
    answer["outcomes"] = [
        *({"method": "plan", "resource": name, "status": "failed", "why": why} for name, why in left_out.items()),
        *(outcome.told() for outcome in outcomes),
    ]
    failed = failures(outcomes, left_out)
    # Ansible copies what a module returns before it writes it: of ten thousand people that is room enough for one.
    del plan, outcomes
    if failed:
        module.fail_json(msg=f"{subject}: not all of it is as declared: {failed}; run it again.", **answer)
    answer["proofs"] = [dict(proof) for proof in proofs()]
    missed = [proof for proof in answer["proofs"] if proof["verdict"] == "failed"]
    answer |= facts(known)
    if missed:
        said = failures((), {proof["subject"]: proof["why"] for proof in missed})
        module.fail_json(msg=f"{subject}: not proved: {said}.", **answer)
    module.exit_json(**answer)


def _unreviewed(module: Any, plan: Plan) -> list[str]:
    """Why a run that carries out a reviewed plan must not carry out this one. A plan that nobody looked at is one."""
    reviewed = module.params.get("reviewed")
    if reviewed is None:
        return []
    if plan.purpose not in reviewed:
        return [f"the plan that was reviewed has no {plan.purpose} here: plan again and review that"]
    if reviewed[plan.purpose] != plan.digest:
        return ["the world has moved since the plan was reviewed: plan again and review that"]
    return []
