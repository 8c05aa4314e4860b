"""Who may do what, judged by an implementation of IAM's rules that is not ours (npm @cloud-copilot/iam-simulate).

    with Simulator() as simulator:
        simulator.allows(Request("arn:aws:iam::111111111111:user/ada.example", "s3:GetObject", "arn:aws:s3:::b/key",
                                 account="222222222222", identity=[document], resource_policy=document))

One node process lives as long as the Simulator; some thousand requests take a second. Policies are AWS's documents,
as live AWS or the embedded one hands them back. A request or policy that the simulator refuses raises ValueError
with its reason, so that a mistyped action never passes for a denial.
Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

HERE = Path(__file__).parent
ALLOWED, DENIED, NOT_ALLOWED = "Allowed", "ExplicitlyDenied", "ImplicitlyDenied"


class Missing(Exception):
    """What the simulator needs is not on this machine; the message names it."""


@dataclass(frozen=True)
class Request:
    principal: str | None  # an ARN, a service ("s3.amazonaws.com"), or None for somebody who did not sign the request
    action: str
    resource: str
    account: str  # whose the resource is, 12 digits
    identity: list[dict] = field(default_factory=list)  # policies of the principal, all of them
    resource_policy: dict | None = None  # a bucket policy, a role's trust
    boundary: dict | None = None
    session: dict | None = None  # what the session was given on top, as AssumeRole's Policy
    context: dict[str, str | list[str]] = field(default_factory=dict)  # condition keys, over those of any TLS call
    block_public_access: bool = False

    def full_context(self) -> dict[str, str | list[str]]:
        context: dict[str, str | list[str]] = {"aws:SecureTransport": "true", "aws:ViaAWSService": "false"}
        if self.principal and self.principal.startswith("arn:"):
            # Of a role's session it is the role's.
            arn = re.sub(r"^arn:aws:sts::(\d+):assumed-role/([^/]+)/.*", r"arn:aws:iam::\1:role/\2", self.principal)
            context |= {"aws:PrincipalArn": arn, "aws:PrincipalAccount": arn.split(":")[4]}
            context |= {"aws:PrincipalIsAWSService": "false"}
        if self.principal and ":user/" in self.principal:
            context |= {"aws:username": self.principal.rsplit("/", 1)[1], "aws:PrincipalType": "User"}
        return context | self.context

    def simulation(self) -> dict:
        simulation: dict = {
            "request": {
                "principal": self.principal or {"type": "Anonymous"},
                "action": self.action,
                "resource": {"resource": self.resource, "accountId": self.account},
                "contextVariables": self.full_context(),
            },
            "identityPolicies": [{"name": str(i), "policy": policy} for i, policy in enumerate(self.identity)],
            "serviceControlPolicies": [],
            "resourceControlPolicies": [],
            "additionalSettings": {"s3": {"blockPublicAccess": self.block_public_access}},
        }
        if self.resource_policy is not None:
            simulation["resourcePolicy"] = self.resource_policy
        if self.boundary is not None:
            simulation["permissionBoundaryPolicies"] = [{"name": "boundary", "policy": self.boundary}]
        if self.session is not None:
            simulation["sessionPolicy"] = self.session
        return simulation


def install() -> None:
    """Install the locked packages beside this file where they are missing or older than the lock; safe side by side."""
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            raise Missing(f"{tool} is not installed (Debian package {'nodejs' if tool == 'node' else tool})")
    lock, stamp = HERE / "package-lock.json", HERE / "node_modules" / ".installed"
    with (HERE / ".install.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == lock.read_text():
            return
        done = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=HERE,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Missing(f"npm ci failed in tests/policy: {done.stderr.strip()[-400:]}")
        stamp.write_text(lock.read_text())


class Simulator:
    def __enter__(self) -> Self:
        install()
        self._node = subprocess.Popen(
            ["node", str(HERE / "simulator.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": os.environ["PATH"]},
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._node.stdin is not None
        assert self._node.stdout is not None
        self._node.stdin.close()
        self._node.wait(timeout=10)
        self._node.stdout.close()

    def judge(self, requests: Iterable[Request]) -> list[str]:
        """One of ALLOWED, DENIED (by a Deny) or NOT_ALLOWED (nothing allows it) for each request, in order."""
        assert self._node.stdin is not None
        assert self._node.stdout is not None
        requests = list(requests)
        asking = threading.Thread(target=self._ask, args=(requests,))
        asking.start()
        answers = [self._node.stdout.readline() for _ in requests]
        asking.join()
        return [_verdict(request, answer) for request, answer in zip(requests, answers, strict=True)]

    def _ask(self, requests: list[Request]) -> None:
        """Beside the reading of answers: the pipe holds fewer questions than a run has."""
        assert self._node.stdin is not None
        for request in requests:
            self._node.stdin.write(json.dumps(request.simulation()) + "\n")
        self._node.stdin.flush()

    def allows(self, request: Request) -> bool:
        return self.judge([request]) == [ALLOWED]


def _verdict(request: Request, answer: str) -> str:
    if not answer:
        raise RuntimeError("the policy simulator ended")
    verdict = json.loads(answer)
    if "errors" in verdict:
        raise ValueError(f"{request.action} on {request.resource}: {json.dumps(verdict['errors'])}")
    lost = set(verdict["ignored"]) & set(request.context)
    if lost:
        raise ValueError(f"{request.action} knows no condition key {', '.join(sorted(lost))}")
    return verdict["result"]
