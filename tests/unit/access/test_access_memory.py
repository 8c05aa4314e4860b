"""How much room dm_access takes for ten thousand people; benchmarks/bench_access.py measures it with real calls."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
# The module itself, but for AWS: an empty account that takes every call.
MODULE = """
import pathlib, re, runpy, sys
import ansible.module_utils
import botocore.client
ansible.module_utils.__path__.append("module_utils")
botocore.client.BaseClient._make_api_call = lambda self, operation, params: {"IsTruncated": False}
try:
    runpy.run_path("library/dm_access.py", run_name="__main__")
finally:
    # of this program alone: getrusage's figure begins at what whoever started it had
    peak = re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text())[1]
    print("peak", int(peak) // 1024, file=sys.stderr)
"""


def test_creating_ten_thousand_people_takes_less_than_150_mb(tmp_path: Path) -> None:
    names = [f"user{n:05}.example" for n in range(10_000)]
    members = {f"group{n:03}": names[n * 100 : n * 100 + 200] for n in range(99)} | {"group099": names[9900:]}
    wanted = {
        "account": "main",
        "account_id": "111111111111",
        "users": [{"name": name} for name in names],
        "groups": [{"name": name} for name in members],
        "members": members,
    }
    given = tmp_path / "args.json"
    given.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": wanted}))
    keys = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_REGION": "eu-west-1"}

    done = subprocess.run(
        [sys.executable, "-c", MODULE, str(given)], cwd=ROOT, env=keys, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert json.loads(done.stdout)["plan"]["counts"] == {"add": 10_000 + 100 + 19_900, "change": 0, "remove": 0}
    assert int(done.stderr.rsplit("peak", 1)[1]) < 150
