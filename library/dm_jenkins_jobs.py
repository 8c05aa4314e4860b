#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_jenkins_jobs
short_description: Make Jenkins' jobs as they were rendered
description:
  - Creates and changes jobs through Jenkins' API, so that they do what the rendered XML files say.
  - What Jenkins adds to a job by itself is no difference, and is left alone.
  - Follows U(https://www.jenkins.io/doc/book/using/remote-access-api/).
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
extends_documentation_fragment: [dm_estate]
"""
EXAMPLES = r"""
- name: Make Jenkins' jobs as declared
  dm_jenkins_jobs:
    account: jenkins
    url: https://jenkins.example/
    user: automation
    password: "{{ credentials['jenkins']['passwords']['automation'] }}"
    directory: build/jobs/xml
    marker: Declared in job_definitions/
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.estate.jenkins.check import problems
from ansible.module_utils.estate.jenkins.plan import plan
from ansible.module_utils.estate.jenkins.read import read
from ansible.module_utils.estate.run import estate_module, run

try:
    import jenkins
    import requests
except ImportError:
    jenkins = None


def explain(exc: BaseException) -> str:
    """On one line, and never the password: neither library puts it into its messages."""
    return " ".join(str(exc).split()) or type(exc).__name__


def main() -> None:
    module = estate_module(DOCUMENTATION, secret=["password"])
    if jenkins is None:
        module.fail_json(msg="The Python package python-jenkins is missing: make setup installs it.")
    params = module.params
    declared = {path.name: path.read_text(encoding="utf-8") for path in Path(params["directory"]).glob("*")}
    if not declared:
        module.fail_json(msg=f"No rendered job is in {params['directory']}: make jobs renders them.")
    if wrong := problems(declared, params["marker"]):
        module.fail_json(msg=f"{'; '.join(wrong)}.")
    server = jenkins.Jenkins(params["url"], params["user"], params["password"], timeout=30)
    try:
        made = plan(read(server, declared), declared, params["marker"], params["remove"])
    except (jenkins.JenkinsException, requests.RequestException, ValueError, KeyError, SyntaxError) as exc:
        module.fail_json(msg=f"Cannot read the jobs of {params['url']} as {params['user']}: {explain(exc)}.")

    def call(action: Any) -> Any:
        return getattr(server, action.method.partition(".")[2])(**action.params)

    # One at a time: python-jenkins' session is not made for more, and there are a few dozen jobs.
    run(module, made, call, explain=explain, workers=1)


if __name__ == "__main__":
    main()
