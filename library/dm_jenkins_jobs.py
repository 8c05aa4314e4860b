#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_jenkins_jobs
short_description: Make Jenkins' jobs as they were rendered
description:
  - Creates and changes jobs through Jenkins' API, so that they do what the rendered XML files say.
  - What Jenkins adds to a job by itself is no difference, and is left alone.
  - Follows U(https://www.jenkins.io/doc/book/using/remote-access-api/).
author: [Digital Marketplace developers]
options:
  url:
    description: Where Jenkins is.
    type: str
    required: true
  user:
    description: A user who may create, change and delete jobs.
    type: str
    required: true
  password:
    description: That user's password or API token.
    type: str
    required: true
  directory:
    description: Where the rendered jobs are, a file of XML for each, named as the job.
    type: path
    required: true
  marker:
    description: What the description of each job of this project holds, and of no other.
    type: str
    required: true
  remove:
    description: Delete jobs that have the marker and are no longer declared. Otherwise they are only named.
    type: bool
    default: false
  timeout:
    description: Seconds to wait for an answer of Jenkins.
    type: int
    default: 30
attributes:
  check_mode:
    support: full
    description: Reads, and predicts what would be called.
  diff_mode:
    support: full
    description: Shows what a job does before and after.
"""
EXAMPLES = r"""
- name: Make Jenkins' jobs as declared
  dm_jenkins_jobs:
    url: https://jenkins.example/
    user: automation
    password: "{{ credentials['jenkins']['passwords']['automation'] }}"
    directory: build/jobs/xml
    marker: Declared in job_definitions/
"""
RETURN = r"""
plan:
  description: What there is to do; see module_utils/dm_plan.py.
  returned: always, once the live jobs could be read
  type: dict
outcomes:
  description: What became of each call; empty in check mode.
  returned: always, once the live jobs could be read
  type: list
  elements: dict
"""

import json
from pathlib import Path

from ansible.module_utils import dm_plan
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dm_jenkins_jobs import LiveJob, plan

try:
    import jenkins
    import requests
except ImportError:
    jenkins = None


def read(server: jenkins.Jenkins, declared: dict[str, str]) -> dict[str, LiveJob]:
    """One call for all names and descriptions, one for each declared job that is there."""
    question = requests.Request("GET", f"{server.server}api/json", params={"tree": "jobs[name,description]"})
    jobs = json.loads(server.jenkins_open(question))["jobs"]
    return {
        job["name"]: {
            "description": job.get("description") or "",
            "config": server.get_job_config(job["name"]) if job["name"] in declared else "",
        }
        for job in jobs
    }


def explain(exc: BaseException) -> str:
    """On one line, and never the password: neither library puts it into its messages."""
    return " ".join(str(exc).split()) or type(exc).__name__


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "required": True},
            "user": {"type": "str", "required": True},
            "password": {"type": "str", "required": True, "no_log": True},
            "directory": {"type": "path", "required": True},
            "marker": {"type": "str", "required": True},
            "remove": {"type": "bool", "default": False},
            "timeout": {"type": "int", "default": 30},
        },
        supports_check_mode=True,
    )
    if jenkins is None:
        module.fail_json(msg="The Python package python-jenkins is missing: make setup installs it.")
    params = module.params
    declared = {path.name: path.read_text(encoding="utf-8") for path in Path(params["directory"]).glob("*")}
    if not declared:
        module.fail_json(msg=f"No rendered job is in {params['directory']}: make jobs renders them.")
    server = jenkins.Jenkins(params["url"], params["user"], params["password"], timeout=params["timeout"])
    try:
        live = read(server, declared)
        actions, diffs, notes = plan(live, declared, params["marker"], params["remove"])
    except (jenkins.JenkinsException, requests.RequestException, ValueError, KeyError, SyntaxError) as exc:
        module.fail_json(msg=f"Cannot read the jobs of {params['url']} as {params['user']}: {explain(exc)}.")

    outcomes: list[dm_plan.Outcome] = []
    if not module.check_mode:
        # One at a time: python-jenkins' session is not made for more, and there are a few dozen jobs.
        outcomes = dm_plan.carry_out(
            actions,
            lambda action: getattr(server, action.method.partition(".")[2])(**action.params),
            explain,
            workers=1,
        )
    failed = [f"{outcome.action.resource} ({outcome.why})" for outcome in outcomes if outcome.status != "done"]
    result = {
        "changed": bool(actions),
        "diff": diffs,
        "plan": dm_plan.result("jobs", "jenkins", actions, [], notes),
        "outcomes": [outcome.told() for outcome in outcomes],
    }
    if failed:
        module.fail_json(msg=f"Not every job could be made as declared: {'; '.join(failed)}.", **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
