"""One file per gap of moto that this estate depends on; each closes it on moto's own classes, as upstream could.

LOCAL_AWS_WITHOUT=name,name leaves some out: how a test is seen to fail without its patch.
"""

from __future__ import annotations

import importlib
import os
import pkgutil


def apply() -> None:
    left_out = os.environ.get("LOCAL_AWS_WITHOUT", "").split(",")
    for name in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        if name not in left_out:
            importlib.import_module(f"{__name__}.{name}").apply()
