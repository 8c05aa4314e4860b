"""compare_runs.py BASE RUN: says what is new in RUN since BASE; 2 where that is anything. Needs .venv."""

import sys
from pathlib import Path

import ansible.module_utils

ansible.module_utils.__path__.append(str(Path(__file__).resolve().parents[2] / "module_utils"))

from ansible.module_utils.estate.findings import keep, written
from ansible.module_utils.estate.findings.since import findings_of, since

runs = []
for path in sys.argv[1:]:
    run = keep.read(Path(path))
    if run is None:
        sys.exit(f"{path} is no stored run; build/report/runs has those that are kept")
    runs.append(run)
found = findings_of(runs[1])
told = since(runs[0], runs[1], found)
for _, line in written.lines(found, told, most=200):
    print(line)
keep.write_for_others(runs[1], Path(sys.argv[2]), told)
sys.exit(2 if told.new or told.wider else 0)
