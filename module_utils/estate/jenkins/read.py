"""The jobs that Jenkins has. The server, python-jenkins', is passed in."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.estate.jenkins.plan import LiveJob

with contextlib.suppress(ImportError):  # python-jenkins brings it, and dm_jenkins_jobs says that that is missing
    import requests


def read(server: Any, declared: Mapping[str, str]) -> dict[str, LiveJob]:
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
