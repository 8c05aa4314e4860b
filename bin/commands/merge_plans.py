"""merge_plans.py WHOLE PART...: writes plans as one, by the means of the callback that wrote them. Needs .venv."""

import json
import sys
from pathlib import Path

import ansible.module_utils

ROOT = Path(__file__).resolve().parents[2]
# In place of this directory, whose estate.py is not the package.
sys.path[:1] = [str(ROOT / "callback_plugins")]
ansible.module_utils.__path__.append(str(ROOT / "module_utils"))

from ansible.module_utils.estate.merged import merged
from dm_report import CallbackModule  # type: ignore[import-not-found] # a plugin of Ansible, which mypy knows by its path

try:
    plan = merged([json.loads(Path(path).read_text(encoding="utf-8")) for path in sys.argv[2:]])
except ValueError as why:
    sys.exit(str(why))
print(f"{CallbackModule().write(plan, Path(sys.argv[1]))} shows all of it.")
