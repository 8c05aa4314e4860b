"""The WSGI application in front of moto: finds the service, records every call, delays and fails it on demand."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

from moto.iam import models as iam_models
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.s3.models import s3_backends

from local_aws import (
    accounts,
    authorization,
    batch_worker,
    bootstrap,
    callers,
    faults,
    operations,
    posts,
    requests,
    validation,
)  # fmt: skip
from local_aws.backends import Backend
from local_aws.http_server import Dropped
from local_aws.patches import access_logs, event_history, iam_people, replication, sessions
from local_aws.refusals import Refused

ADMIN, TOKEN = "/__local_aws/", "HTTP_X_LOCAL_AWS_TOKEN"
MOTOS_OWN = ("/moto-api", "/favicon.ico", "/latest/")
MOST_CALLS = 50_000  # that are remembered; the oldest go first


class Dispatcher(DomainDispatcherApplication):
    """Every service by its credential scope; what is not signed is S3's, under whatever name it was asked."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        # Else moto lists its own folder, and tries 400 patterns, for each call while all others wait.
        self.get_backend_for_host = functools.cache(super().get_backend_for_host)

    def get_application(self, environ: dict[str, Any]) -> Any:
        if requests.service(environ) == "s3":
            return self._s3(environ)
        if environ["PATH_INFO"].startswith(MOTOS_OWN):
            raise NotImplementedError("moto's own paths are closed")
        try:
            return super().get_application(environ)
        except AttributeError as exc:  # what moto makes of a service that it does not have
            raise NotImplementedError(f"moto has no service {requests.service(environ)}") from exc

    def _s3(self, environ: dict[str, Any]) -> Any:
        environ["PATH_INFO"] = environ["PATH_INFO"].replace("\n", " ")  # which routes only; keys are read from RAW_URI
        requests.settle_conditions(environ)
        control = requests.is_control(environ) or "s3-control" in environ.get("HTTP_HOST", "")
        name = "s3control" if control else "s3"
        with self.lock:
            if name not in self.app_instances:
                self.app_instances[name] = self.create_app(name)
            return self.app_instances[name]


class Application:
    def __init__(self, keys: accounts.Keys, token: str) -> None:
        self.keys, self.token = keys, token
        self.moto = Dispatcher(Backend)
        self.faults = faults.Faults()
        self.admin_fail, self.admin_heal = self.faults.add, self.faults.clear
        self.latency = 0.0
        self._calls: deque[dict[str, Any]] = deque(maxlen=MOST_CALLS)
        self._count = 0
        self._lock = threading.Lock()
        self._writing: dict[tuple[str, str], threading.Lock] = {}
        bootstrap.found(keys)

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith(ADMIN):
            return self._admin(environ, start)
        call = self._record(environ)
        environ[requests.OPERATION] = call["operation"]
        if self.latency:
            time.sleep(self.latency)
        if not self.faults:
            return self._carry_out(call, environ, start)
        old = self.faults.stale(environ["RAW_URI"]) if environ["REQUEST_METHOD"] == "GET" else None
        fault = self.faults.of(call, self._text(environ))
        if old:
            call["status"] = int(old[0].split()[0])
            start(*old[:2])
            return [old[2]]
        if fault is None:
            return self._carry_out(call, environ, start)
        if fault.kind == "stale":
            return self._carry_out_unseen(call, environ, start, fault)
        if fault.kind == "drop_after":
            self._carry_out(call, environ, lambda *_: None)
        if fault.kind == "half":
            return self._halve(call, environ, start)
        if fault.kind != "answer":
            call["status"] = "dropped"
            raise Dropped
        call["status"] = fault.status
        return self._refuse(environ, start, fault)

    def _halve(self, call: dict[str, Any], environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """The call takes effect, and its answer promises more than comes."""
        said: list[Any] = []
        data = b"".join(self._carry_out(call, environ, lambda status, headers, *_: said.extend([status, headers])))
        kept = [header for header in said[1] if header[0].lower() != "content-length"]
        start(said[0], [*kept, ("Content-Length", str(len(data)))])
        return [data[: len(data) // 2]]

    def _carry_out_unseen(
        self, call: dict[str, Any], environ: dict[str, Any], start: Callable[..., Any], fault: faults.Fault
    ) -> Iterable[bytes]:
        """What GET answered before the call, it answers for some time after it."""
        said: list[Any] = []
        question = {**environ, "REQUEST_METHOD": "GET", "CONTENT_LENGTH": "0", "wsgi.input": io.BytesIO()}
        question[requests.OPERATION] = requests.operation(question, "s3")
        question[callers.ENVIRON] = callers.find(environ)
        data = b"".join(self.moto(question, lambda status, headers, *_: said.extend([status, headers])))
        answer = self._carry_out(call, environ, start)
        if call["status"] < 300:
            self.faults.keep(environ["RAW_URI"], (said[0], said[1], data), fault)
        return answer

    def _carry_out(self, call: dict[str, Any], environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        def noted(status: str, headers: Any, exc: Any = None) -> Any:
            call["status"] = int(status.split()[0])
            return start(status, headers, exc)

        try:
            environ[callers.ENVIRON] = caller = callers.find(environ)
            environ.pop("HTTP_X_MOTO_ACCOUNT_ID", None)  # with which moto lets anybody into any account
            operations.check(environ, call["service"], call["operation"])
            validation.check(environ, call["service"], call["operation"])
            authorization.demand(environ, caller, call["service"], call["operation"])
        except Refused as refused:
            return self._refuse(environ, noted, refused)
        if "HTTP_AUTHORIZATION" not in environ and call["account"]:
            environ["HTTP_AUTHORIZATION"] = requests.as_header(environ)  # moto finds account and region there only
        try:
            if call["operation"] == "PostObject":
                return posts.carry_out(self.moto, environ, noted)
            names = event_history.words(call, environ)
            with self._alone(call):
                answer = self.moto(environ, noted)
            event_history.remember(call, caller, names)
            return answer
        except Refused as refused:
            return self._refuse(environ, noted, refused)
        except NotImplementedError as exc:
            # 501 is not retried, as the 500 that it would be otherwise.
            missing = Refused(501, "NotImplemented", f"{call['service']} {call['operation']}: {exc}")
            return self._refuse(environ, noted, missing)

    def _alone(self, call: dict[str, Any]) -> AbstractContextManager[Any]:
        """Of two changes at once moto forgets one where it writes a list anew; AWS never does.

        Objects of S3 are apart from each other, and one may take minutes to come; Route 53 refuses the second.
        """
        if not call["write"] or call["service"] in ("s3", "route53"):
            return contextlib.nullcontext()
        return self._writing.setdefault((call["service"], call["account"]), threading.Lock())

    @staticmethod
    def _refuse(environ: dict[str, Any], start: Callable[..., Any], wrong: faults.Wrong) -> Iterable[bytes]:
        status, headers, data = faults.error(environ, wrong)
        start(status, headers)
        return [data]

    def _record(self, environ: dict[str, Any]) -> dict[str, Any]:
        signed = requests.scope(environ)
        service = requests.service(environ)
        operation = requests.operation(environ, service)
        call = {
            "service": service,
            "operation": operation,
            "account": iam_models.get_account_id_from(signed.access_key) if signed else "",
            "region": signed.region if signed else "",
            "write": service != "sts" and requests.writes(operation),
            "path": environ["PATH_INFO"],
            "status": None,
        }
        with self._lock:
            call["n"] = self._count
            self._count += 1
            self._calls.append(call)
        return call

    @staticmethod
    def _text(environ: dict[str, Any]) -> str:
        host, url = environ.get("HTTP_HOST", ""), environ.get("RAW_URI", "")
        form = requests.body(environ).decode("utf-8", "replace") if requests.form_action(environ) else ""
        return f"{host}{url} {form}"

    def _admin(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        command = environ["PATH_INFO"].removeprefix(ADMIN)
        if not secrets.compare_digest(environ.get(TOKEN, ""), self.token):
            start("403 Forbidden", [("Content-Type", "application/json")])
            return [json.dumps({"error": f"{command}: x-local-aws-token is not the token of endpoint.json"}).encode()]
        words = json.loads(requests.body(environ) or b"{}")
        try:
            result = getattr(self, f"admin_{command}")(**words)
            status = "200 OK"
        except (AttributeError, TypeError, ValueError) as exc:
            result, status = {"error": f"{command}: {exc}"}, "400 Bad Request"
        start(status, [("Content-Type", "application/json")])
        return [json.dumps(result).encode()]

    # Each is POST /__local_aws/<name> with its parameters as a JSON object, and endpoint.json's token in a header.

    def admin_ready(self) -> dict[str, Any]:
        return {"ready": True}

    def admin_calls(self, since: int = 0) -> list[dict[str, Any]]:
        with self._lock:
            return [call for call in self._calls if call["n"] >= since]

    def admin_forget_calls(self) -> None:
        with self._lock:
            self._calls.clear()
            self._count = 0

    def admin_latency(self, ms: float = 0) -> None:
        self.latency = ms / 1000

    admin_expire_sessions = staticmethod(sessions.expire)

    def admin_instance_session(self, role: str) -> list[str]:
        session = sessions.of_instance(role)
        return [session.access_key_id, session.secret_access_key, session.session_token]

    def admin_root_user(self, account: str, **words: Any) -> None:
        backend = iam_models.iam_backends[account]["aws"]
        backend.root_user = {**iam_people.root_of(backend), **words}

    def admin_system_tags(self, account: str, bucket: str, tags: dict[str, str]) -> None:
        backend = s3_backends[account]["aws"]
        given = [{"Key": name, "Value": value} for name, value in tags.items()]
        backend.tagger.tag_resource(backend.get_bucket(bucket).arn, given)

    def admin_rot(self, account: str, bucket: str, key: str, etag: str = "") -> None:
        found = s3_backends[account]["aws"].get_bucket(bucket).keys[key]
        found.value = bytes(byte ^ 1 for byte in found.value)
        found._etag = etag or found.etag.strip('"')

    def admin_access_logs(self, wanted: bool = True) -> None:
        access_logs.wanted = wanted

    def admin_settle(self) -> None:
        batch_worker.settle()
        replication.settle()

    def admin_reset(self) -> None:
        """Four empty accounts again, as after a start; keys stay good."""
        self.faults.clear()
        self.latency, access_logs.wanted = 0.0, False
        self.admin_settle()
        moto_api_backend.reset()
        event_history.forget()
        bootstrap.found(self.keys)
        self.admin_forget_calls()
