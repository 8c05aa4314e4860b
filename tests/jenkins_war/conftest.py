"""Says at the end what a controller has proved, and what not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    war = os.environ.get("JENKINS_WAR")
    told = [(word, report) for word in ("passed", "failed", "skipped") for report in terminalreporter.getreports(word)]
    told = [(word, report) for word, report in told if Path(report.fspath).parent.name == "jenkins_war"]
    if not told:
        return
    terminalreporter.section(f"of {war}" if war else "of the stand-in, which proves the tests and nothing of Jenkins")
    words = {"passed": "proved:    ", "failed": "refuted:   ", "skipped": "not tried: "}
    for word, report in told:
        name = report.nodeid.rpartition("::test_")[2].replace("_", " ")
        terminalreporter.write_line(f"{words[word]}{name}")
