"""boto3's sessions, and what all of them read and make once in a process, or before it forks others."""

from __future__ import annotations

import contextlib
import functools
import gzip
import json
import os
from collections.abc import Iterable
from typing import Any

from ansible.module_utils.estate import transport
from ansible.module_utils.estate.kept import Sessions

try:
    import boto3
    import botocore.session
    from botocore.exceptions import SSLError
    from botocore.loaders import JSONFileLoader, Loader
except ImportError:
    pass  # AnsibleAWSModule reports it

SERVICES = ("acm", "cloudtrail", "cloudwatch", "events", "iam", "kms", "logs", "route53", "s3", "sns", "sts")


_spare: list[Any] = []  # a session that nobody has used: all that it is made of is the same for every process


@functools.cache
def _loader() -> Any:
    """What botocore reads of each service from disk: as long as all else together, so all sessions share it."""

    class Plain(JSONFileLoader):
        """botocore's makes ordered mappings, as large again and slower; mappings have been ordered since.

        And it keeps what help() would show of each operation, half of what a model is.
        """

        def load_file(self, file_path: str) -> Any:
            for name, opened in ((f"{file_path}.json", open), (f"{file_path}.json.gz", gzip.open)):
                if os.path.isfile(name):
                    with opened(name, "rb") as file:
                        found = json.load(file, object_hook=_without_documentation)
                    return _addressed(found) if os.path.basename(file_path) == "endpoints" else found
            return None

    class Quick(Loader):
        """botocore's looks into the folders of all four hundred services for each kind of file."""

        @functools.cache  # noqa: B019 there is one, for good
        def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 botocore's signature
            return [name for path in self.search_paths if os.path.isdir(path) for name in os.listdir(path)]

    return Quick(file_loader=Plain())


def _without_documentation(model: dict[str, Any]) -> dict[str, Any]:
    if isinstance(model.get("documentation"), str):  # else a thing of that name
        model["documentation"] = ""
    return model


def _addressed(endpoints: Any) -> Any:
    """Without the regions of three hundred services, 4 MB: each service's own rules say where it is in a region.

    They do not say of which region one is that a whole partition has once, such as IAM.
    """
    for partition in endpoints["partitions"]:
        services = partition["services"].items()
        partition["services"] = {name: where for name, where in services if "partitionEndpoint" in where}
    return endpoints


def _new() -> Any:
    core = botocore.session.Session()
    core.register_component("data_loader", _loader())
    return core


def session(kept: Sessions | None = None, **given: Any) -> Any:
    core = _spare.pop() if _spare else _new()
    made = boto3.session.Session(botocore_session=core, **given)
    if kept:
        core.get_component("credential_provider").get_provider("assume-role").cache = kept
        made.events.register("after-call", kept.forget)
    return made


def warm(services: Iterable[str] = SERVICES) -> None:
    """For a process that forks others, which each would read anew what all of them need."""
    _whatever_is_called()
    for service in services:
        _models(service)


@functools.cache
def _models(service: str) -> None:
    for kind in ("service-2", "endpoint-rule-set-1", "paginators-1"):
        _loader().load_service_model(service, kind)


@functools.cache
def _whatever_is_called() -> None:
    for name in ("endpoints", "partitions", "sdk-default-configuration", "_retry"):
        _loader().load_data_with_path(name)
    with contextlib.suppress(SSLError):  # who calls says so
        transport.authorities(os.environ.get("AWS_CA_BUNDLE") or True)
    # What botocore compiles and looks up for the first client of all, which nobody uses.
    session(aws_access_key_id="nobody", aws_secret_access_key="nothing").client("s3", region_name="us-east-1")  # noqa: S106
    _spare.append(_new())  # which has read no configuration: a task may have another
