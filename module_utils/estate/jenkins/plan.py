"""What makes Jenkins' jobs as they were rendered. Pure: no Ansible, no HTTP, no I/O."""

from __future__ import annotations

from typing import TypedDict

from ansible.module_utils.estate.jenkins.config_xml import parse, prepared, texts
from ansible.module_utils.estate.plan import Action, Plan


class LiveJob(TypedDict):
    description: str
    config: str  # config.xml, "" where it was not read since the job is not declared


def plan(live: dict[str, LiveJob], declared: dict[str, str], marker: str, remove: bool) -> Plan:
    """The calls that make Jenkins' jobs as declared, their diffs, and what to know about the rest.

    declared is {name: config.xml}. A live job with the marker in its description that is not declared is deleted where
    remove says so, and otherwise named; jobs without the marker are not ours, not even those of a declared name.
    """
    actions: list[Action] = []
    diffs: list[dict[str, str]] = []
    notes: list[str] = []

    def act(verb: str, name: str, method: str, params: dict, before: str, after: str) -> None:
        actions.append(Action(verb, f"job {name}", f"jenkins.{method}", {"name": name, **params}))
        diffs.append({"before_header": f"job {name}", "after_header": f"job {name}", "before": before, "after": after})

    left_out: dict[str, str] = {}
    alike = {name.lower(): name for name in live}  # one name to Jenkins (CopyOnWriteMap.Tree of ItemGroupMixIn)
    for name, rendered in sorted(declared.items()):
        config = prepared(rendered)
        if name not in live and name.lower() in alike:
            left_out[f"job {name}"] = (
                f"Jenkins has it as {alike[name.lower()]}, and takes both for one: rename or delete that"
            )
        elif name not in live:
            act("add", name, "create_job", {"config_xml": config}, "", texts(config, config)[1])
        elif marker not in live[name]["description"]:
            left_out[f"job {name}"] = (
                "somebody else's job has that name, or somebody took from its description the line that tells whose it "
                f"is: rename or delete it, or put the line back ({marker})"
            )
        elif (kind := parse(live[name]["config"]).tag) != parse(config).tag:
            left_out[f"job {name}"] = (
                f"it is no pipeline but {kind}, which no job can become another from: rename or delete it"
            )
        else:
            before, after = texts(live[name]["config"], config)
            if before != after:
                act("change", name, "reconfig_job", {"config_xml": config}, before, after)
    for name in sorted(name for name in live.keys() - declared.keys() if marker in live[name]["description"]):
        if remove:
            act("remove", name, "delete_job", {}, f"job {name}\n", "")
        else:
            notes.append(f"job {name} is no longer declared: make update-jobs REMOVE=yes deletes it")
    return Plan("jobs", "jenkins", actions, diffs, notes, left_out=left_out)
