#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_files
short_description: Write all files of a report at once
description:
  - A report of the world is no change to it, so nothing is ever changed, and it is written in check mode, too.
  - A file is replaced whole, so that whoever reads it meanwhile has the old one or the new one.
author: [Digital Marketplace developers]
options:
  directory:
    description: Where they go; made where it is not there.
    type: path
    required: true
  files:
    description: The text of each, by its name.
    type: dict
    required: true
attributes:
  check_mode:
    support: full
    description: Writes as ever.
"""
EXAMPLES = r"""
- name: Write the review
  dm_files:
    directory: build
    files: "{{ __access_review['files'] }}"
"""
RETURN = r"""
paths:
  description: The files.
  returned: success
  type: list
  elements: str
"""

import os
from pathlib import Path

from ansible.module_utils.estate.run import estate_module


def write(directory: Path, files: dict[str, str]) -> list[str]:
    directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    for name, text in files.items():
        half = directory / f".{name}.{os.getpid()}"
        try:
            half.write_text(text, encoding="utf-8")
            half.chmod(0o644)
            half.replace(directory / name)
        finally:
            half.unlink(missing_ok=True)
    return [str(directory / name) for name in files]


def main() -> None:
    module = estate_module(DOCUMENTATION)
    directory = Path(module.params["directory"])
    try:
        module.exit_json(changed=False, paths=write(directory, module.params["files"]))
    except OSError as exc:
        module.fail_json(msg=f"cannot write the report into {directory}: {exc.strerror}.")


if __name__ == "__main__":
    main()
