#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_withdrawn_document
short_description: Make one assets router forget a document that S3 no longer has
description:
  - Deletes every file of the router's cache that holds the document, whatever its URL was spelt like, and has the
    router ask S3 anew through its own socket, so that "not found" stands where it was.
  - Proves that the router no longer has it; where S3 still has it, that fails, since it would come back.
author: [Digital Marketplace developers]
options:
  router:
    description: The router's name, for what is said.
    type: str
    required: true
  cache_dir:
    description: Where it caches.
    type: path
    required: true
  socket:
    description: Its own socket.
    type: path
    required: true
  domain:
    description: A host name that it answers to.
    type: str
    required: true
  kind:
    description: The kind that the document is of.
    type: str
    required: true
  key:
    description: The document's key.
    type: str
    required: true
  paths:
    description: The paths by which it is asked for.
    type: list
    elements: str
    required: true
attributes:
  check_mode:
    support: full
    description: Says which files it would delete, and asks nothing.
"""
EXAMPLES = r"""
- name: Forget a document
  dm_withdrawn_document:
    router: assets-router-preview
    cache_dir: /var/cache/assets_router
    socket: /var/lib/assets_router/own.sock
    domain: assets.preview.example
    kind: documents
    key: fw/documents/a.pdf
    paths: [/fw/documents/a.pdf]
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
proofs:
  description: What the router answers now, for each path.
  returned: success
"""

from collections.abc import Iterator
from pathlib import Path

from ansible.module_utils.estate.assets.router import ask
from ansible.module_utils.estate.assets.withdraw import of_document
from ansible.module_utils.estate.plan import Action, Plan
from ansible.module_utils.estate.run import estate_module, run


def main() -> None:
    module = estate_module(DOCUMENTATION)
    given = module.params
    cache, subject = Path(given["cache_dir"]), f"document {given['key']}"
    stored = list(of_document(cache, given["kind"], given["key"]))
    paths = dict.fromkeys([*given["paths"], *(one.path for one in stored if one.path)])
    plan = Plan(
        "withdrawal",
        given["router"],
        [Action("remove", subject, "cache.delete", {"file": str(one.file.relative_to(cache))}) for one in stored],
    )

    def delete(action: Action) -> None:
        (cache / action.params["file"]).unlink(missing_ok=True)

    def proofs() -> Iterator[dict[str, str]]:
        for path in () if module.check_mode else paths:
            try:
                # The router asks S3 anew; whatever that says replaces what was stored.
                status, _ = ask(given["socket"], given["domain"], path)
            except OSError as exc:
                yield {"subject": path, "verdict": "failed", "why": f"the router does not answer ({exc})"}
                continue
            why = "" if status == 404 else "S3 still has it" if status == 200 else f"the router answers {status}"
            yield {"subject": path, "verdict": "failed" if why else "proved", "why": why}

    run(module, plan, delete, proofs=proofs)


if __name__ == "__main__":
    main()
