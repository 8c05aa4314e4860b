"""Drives an embedded AWS from tests and benchmarks: its calls, latency, failures, reset."""

from __future__ import annotations

import http.client
import json
import os
import ssl
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from local_aws.accounts import ACCOUNTS, REGION
from local_aws.state import launch, ready

# The environment's own credentials and trust must not reach what runs against the embedded AWS.
FOREIGN = ("AWS_", "LOCAL_AWS_", "DM_", "ANSIBLE_")


class Control:
    """A server of one's own in a state directory of one's own; ends with the process that made it."""

    def __init__(self, state: Path, serve: Sequence[str] = ("-m", "local_aws", "serve", "--die-with-parent")) -> None:
        self.state = state
        self._clients: dict[Any, Any] = {}
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._server = launch(state, serve)
        found = ready(state, self._server)
        if found is None:
            self._server.kill()
            raise RuntimeError(f"the embedded AWS did not come up: {(state / 'server.log').read_text()}")
        self.url, self.port, self.ca = found["url"], found["port"], found["ca"]
        self._token = {"x-local-aws-token": found["token"]}
        self.keys = json.loads((state / "keys.json").read_text())
        self._connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, context=ssl.create_default_context(cafile=self.ca)
        )
        self._turn = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._server.terminate()
        self._server.wait()

    @property
    def env(self) -> dict[str, str]:
        """The environment of a process that is to meet this AWS and none other."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        return {
            **own,
            "LOCAL_AWS_STATE": str(self.state),
            "AWS_CONFIG_FILE": str(self.state / "aws_config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.state / "aws_credentials"),
            "AWS_CA_BUNDLE": self.ca,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str, account: str = "main", region: str = REGION, root: bool = False) -> Any:
        """A boto3 client as the bootstrap role of the account ("main", "production" …), or as its root user."""
        wanted = (service, account, region, root)
        if wanted not in self._clients:
            account_id = ACCOUNTS[account][0]
            self._clients[wanted] = self.client_of(
                service, self.keys["root" if root else "session"][account_id], region
            )
        return self._clients[wanted]

    def client_of(self, service: str, key: Any, region: str = REGION, **config: Any) -> Any:
        """A boto3 client of [access key, secret, token or nothing]; of nobody when the key is None."""
        session: Any = boto3.Session(region_name=region)
        words = {"max_pool_connections": 50, "retries": {"total_max_attempts": 1}, **config}
        if key is None:
            words["signature_version"] = UNSIGNED
        access_key, secret, token = key or ("", "", "")
        return session.client(
            service,
            endpoint_url=self.url.replace("//", "//account@") if service == "s3control" else self.url,
            verify=self.ca,
            aws_access_key_id=access_key or None,
            aws_secret_access_key=secret or None,
            aws_session_token=token or None,
            config=Config(**words),
        )

    def calls(self, since: int = 0) -> list[dict[str, Any]]:
        """Every call since the last reset: {n, service, operation, account, region, write, path, status}."""
        return self._tell("calls", since=since)

    def writes(self, since: int = 0) -> list[dict[str, Any]]:
        return [call for call in self.calls(since) if call["write"]]

    def forget_calls(self) -> None:
        self._tell("forget_calls")

    def latency(self, ms: float) -> None:
        self._tell("latency", ms=ms)

    def fail(self, operation: str = "", **words: Any) -> None:
        """See local_aws.faults.Fault for the words: service, account, matching, nth, times, kind, code …"""
        self._tell("fail", operation=operation, **words)

    def heal(self) -> None:
        """No more failures."""
        self._tell("heal")

    def expire_sessions(self) -> None:
        """What AssumeRole handed out so far is answered with ExpiredToken."""
        self._tell("expire_sessions")

    def instance_session(self, account: str, role: str) -> list[str]:
        """The key that an EC2 instance with that role has: [access key, secret, token]."""
        return self._tell("instance_session", role=f"arn:aws:iam::{ACCOUNTS[account][0]}:role/{role}")

    def root_user(self, account: str, **words: Any) -> None:
        """What is known of an account's root: mfa (yes), access_keys (no), password_last_used ("no_information")."""
        self._tell("root_user", account=ACCOUNTS[account][0], **words)

    def system_tags(self, account: str, bucket: str, tags: dict[str, str]) -> None:
        """Tags that a service of AWS gave the bucket ("aws:cloudformation:stack-name")."""
        self._tell("system_tags", account=ACCOUNTS[account][0], bucket=bucket, tags=tags)

    def rot(self, account: str, bucket: str, key: str, etag: str = "") -> None:
        """The current version has other content of the same length; its ETag stays, unless another is given."""
        self._tell("rot", account=ACCOUNTS[account][0], bucket=bucket, key=key, etag=etag)

    def access_logs(self, wanted: bool = True) -> None:
        """Buckets that are logged get an object for each request, as moto makes them, until the next reset."""
        self._tell("access_logs", wanted=wanted)

    def reset(self) -> None:
        """Four empty accounts; no calls, latency or failures."""
        self._tell("reset")

    def settle(self) -> None:
        """Wait until replication and batch jobs have nothing left to do."""
        self._tell("settle")

    def _tell(self, command: str, **words: Any) -> Any:
        with self._turn:
            try:
                self._connection.request("POST", f"/__local_aws/{command}", json.dumps(words), self._token)
                answer = self._connection.getresponse()
                result = json.loads(answer.read())
            except OSError:  # too late, say: what comes next opens another
                self._connection.close()
                raise
        if answer.status != 200:
            raise ValueError(result["error"])
        return result
