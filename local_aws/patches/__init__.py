"""One file per gap of moto that this estate depends on; each closes it on moto's own classes, as upstream could.

Its docstring's first line says what it closes, and which page of AWS says so stands below: docs/embedded-aws.md has the
table. LOCAL_AWS_WITHOUT=name,name leaves some out: how a test is seen to fail without its patch.
"""

from __future__ import annotations

import importlib
import os
import pkgutil

from local_aws import replacing, worked_out


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def apply() -> None:
    left_out = os.environ.get("LOCAL_AWS_WITHOUT", "").split(",")
    replacing.apply(worked_out.__name__)
    for name in names():
        if name not in left_out:
            module = importlib.import_module(f"{__name__}.{name}")
            replacing.apply(module.__name__)
            if hasattr(module, "apply"):
                module.apply()
