"""The one way to call AWS: clients, how often a call is tried again, and what an answer means for the action.

Throttling and AWS's own errors (5xx) are botocore's to retry. What is left are answers that are true for a moment only,
and answers that say that the world is as the call would have made it:
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel (bucket configurations)
"""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar

from ansible.module_utils.estate import account, answers, transport
from ansible.module_utils.estate.errors import Refusal, error_code, sentence
from ansible.module_utils.estate.kept import Sessions, memory
from ansible.module_utils.estate.plan import Action
from ansible.module_utils.estate.policy import same_policy
from ansible.module_utils.estate.session import session

try:
    from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info
    from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleBotocoreError
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError, ResponseStreamingError
except ImportError:
    pass  # AnsibleAWSModule reports it

T = TypeVar("T")

# --- already done, later, instead -------------------------------------------------------------------------------------

# Seconds between tries: half a minute and more, three times what a new role usually takes to be seen everywhere.
LONG = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 16.0)
# The same for what is more likely a mistake than a matter of time.
SHORT = LONG[:4]

# Codes that say the world is already as the call would have made it: after an interruption, or an answer that was lost.
ALREADY = {
    "iam.create_user": "EntityAlreadyExists",
    "iam.create_group": "EntityAlreadyExists",
    "iam.create_instance_profile": "EntityAlreadyExists",
    # disabling one: what is gone is disabled
    "iam.update_access_key": "NoSuchEntity",
    "iam.update_signing_certificate": "NoSuchEntity",
    "iam.update_ssh_public_key": "NoSuchEntity",
    "iam.update_service_specific_credential": "NoSuchEntity",
    "s3.create_bucket": "BucketAlreadyOwnedByYou",
    "logs.create_log_group": "ResourceAlreadyExistsException",
    "logs.create_log_stream": "ResourceAlreadyExistsException",
    "ec2.delete_volume": "InvalidVolume.NotFound",  # it went with its instance
    "ec2.delete_security_group": "InvalidGroup.NotFound",
}


class Wait(NamedTuple):
    """One of boto3's waiters, and the parameter that it shares with the call: by its name there, and here."""

    waiter: str
    theirs: str
    ours: str


BEFORE = {"ec2.attach_volume": Wait("volume_available", "VolumeIds", "VolumeId")}
AFTER = {
    "ec2.attach_volume": Wait("volume_in_use", "VolumeIds", "VolumeId"),
    "ec2.detach_volume": Wait("volume_available", "VolumeIds", "VolumeId"),
    "ec2.terminate_instances": Wait("instance_terminated", "InstanceIds", "InstanceIds"),
}


# The same of all methods that take something away.
_TAKES = ("iam.remove_", "iam.detach_", "iam.delete_", "iam.deactivate_")


def already(method: str, code: str) -> bool:
    return ALREADY.get(method) == code or (code == "NoSuchEntity" and method.startswith(_TAKES))


class Later(NamedTuple):
    """An answer that is true for a moment only, and how long to go on asking."""

    methods: str  # how the method begins
    codes: tuple[str, ...]
    pauses: tuple[float, ...]
    fresh: bool = False  # only where what the action is about, or needs, was made in this run or moments before
    saying: str = ""  # only where AWS's message has this word


LATER = (
    Later("", ("ResponseStreamingError",), SHORT),  # it may have taken effect: then the next answer says so
    Later("s3.", ("OperationAborted",), LONG),  # another change of this bucket is under way
    Later("iam.", ("ConcurrentModification", "EntityTemporarilyUnmodifiable"), LONG),
    # What was taken away a moment ago may still be seen.
    Later("iam.delete_", ("DeleteConflict",), SHORT),
    # A principal made a moment ago, perhaps in another account, is not known everywhere yet.
    Later("s3.put_bucket_policy", ("MalformedPolicy",), SHORT, saying="principal"),
    Later("iam.", ("MalformedPolicyDocument",), LONG, saying="principal"),
    Later("", ("NoSuchBucket", "NoSuchEntity"), LONG, fresh=True),
    # A topic, queue or function whose policy is new; a log bucket whose policy is.
    Later("s3.put_bucket_notification_configuration", ("InvalidArgument",), SHORT, saying="validate"),
    Later("s3.put_bucket_logging", ("InvalidTargetBucketForLogging",), LONG, fresh=True),
    # A new role cannot be assumed at once, nor is a new bucket's versioning seen everywhere at once.
    Later("s3.put_bucket_replication", ("InvalidRequest", "InvalidArgument"), LONG, fresh=True),
)


def pauses(action: Action, exc: BaseException, fresh: bool) -> tuple[float, ...]:
    """How long to wait before each further try; () where AWS's word is final."""
    code, said = error_code(exc), str(exc).lower()
    return next(
        (
            rule.pauses
            for rule in LATER
            if action.method.startswith(rule.methods)
            and code in rule.codes
            and (fresh or not rule.fresh)
            and rule.saying in said
        ),
        (),
    )


def _same_role(client: Any, params: dict[str, Any]) -> None:
    """Somebody made the role meanwhile: then its trust is made to say what it should, where it does not."""
    live = client.get_role(RoleName=params["RoleName"])["Role"]
    wanted = params["AssumeRolePolicyDocument"]
    if not same_policy(live["AssumeRolePolicyDocument"], json.loads(wanted)):
        client.update_assume_role_policy(RoleName=params["RoleName"], PolicyDocument=wanted)


def _same_policy(client: Any, params: dict[str, Any]) -> None:
    pages = client.get_paginator("list_policies").paginate(Scope="Local", PathPrefix=params.get("Path", "/"))
    arn = next(one["Arn"] for page in pages for one in page["Policies"] if one["PolicyName"] == params["PolicyName"])
    client.create_policy_version(PolicyArn=arn, PolicyDocument=params["PolicyDocument"], SetAsDefault=True)


def _same_profile_role(client: Any, params: dict[str, Any]) -> None:
    """A profile holds one role; that it holds one says nothing of which.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddRoleToInstanceProfile.html
    """
    name = params["InstanceProfileName"]
    held = [
        role["RoleName"] for role in client.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]
    ]
    if held != [params["RoleName"]]:
        raise Refusal(f"instance profile {name} holds the role {', '.join(held)}, not {params['RoleName']}")


def _same_zone(client: Any, params: dict[str, Any]) -> Any:
    """An answer was lost, and the call repeated: the zone of this reference is the one.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html
    """
    listed = client.get_paginator("list_hosted_zones").paginate().search("HostedZones[]")
    found = [zone["Id"] for zone in listed if zone["CallerReference"] == params["CallerReference"]]
    if not found:
        raise Refusal(f"the zone {params['Name']} was deleted once, and Route 53 remembers: make it in the console")
    return client.get_hosted_zone(Id=found[0].rpartition("/")[2])


# By method and code: it was made since it was looked for, so it is compared, and made to say what it should.
INSTEAD: dict[tuple[str, str], Callable[[Any, dict[str, Any]], None]] = {
    ("iam.create_role", "EntityAlreadyExists"): _same_role,
    ("iam.create_policy", "EntityAlreadyExists"): _same_policy,
    # An answer was lost, and the call repeated: the password that was shown last counts.
    ("iam.create_login_profile", "EntityAlreadyExists"): lambda client, params: client.update_login_profile(**params),
    ("iam.add_role_to_instance_profile", "LimitExceeded"): _same_profile_role,
    ("route53.create_hosted_zone", "HostedZoneAlreadyExists"): _same_zone,
}


def call(action: Action, client: Any, fresh: bool = False, sleep: Callable[[float], Any] = time.sleep) -> Any:
    """AWS's answer to the action; waits out what is true for a moment only, and raises what is final."""
    tried = 0
    _wait(BEFORE.get(action.method), client, action)
    while True:
        try:
            answer = getattr(client, action.method.split(".")[1])(**action.params)
            _wait(AFTER.get(action.method), client, action)
            return answer
        except Exception as exc:
            code = error_code(exc)
            if already(action.method, code):
                return None
            if instead := INSTEAD.get((action.method, code)):
                return instead(client, dict(action.params))
            left = pauses(action, exc, fresh)[tried:]
            if not left:
                raise
            tried += 1
            sleep(left[0] * random.uniform(0.8, 1.2))  # noqa: S311 - spreads the tries, hides nothing


def _wait(wait: Wait | None, client: Any, action: Action) -> None:
    if wait:
        value = action.params[wait.ours]
        what = {wait.theirs: value if isinstance(value, list) else [value]}
        client.get_waiter(wait.waiter).wait(**what, WaiterConfig={"Delay": 3})


# --- clients ----------------------------------------------------------------------------------------------------------


def whole(response_dict: dict[str, Any], operation_model: Any, **_: Any) -> None:
    """botocore takes what came for the answer, also where the connection broke in its middle: half a policy."""
    body, promised = response_dict["body"], int(response_dict["headers"].get("content-length") or 0)
    if isinstance(body, bytes) and len(body) < promised and operation_model.http.get("method") != "HEAD":
        raise ResponseStreamingError(error=f"{len(body)} of {promised} bytes came")


class Clients:
    """boto3's clients of a module: one session, so that a role is assumed once; a client per service and region.

    clients["s3"], clients["s3", "eu-west-2"]; safe to use from threads.
    """

    def __init__(
        self,
        module: Any,
        *,
        workers: int = 16,
        validate: bool = True,
        region: str = "",
        guard: account.Account | None = None,
    ) -> None:
        """validate=False leaves boto3's own checks of parameters out, for modules whose tests make them.

        guard is the account that this must be; by default the one that the play is about, where it says one.
        """
        self._module = module
        module.estate_clients = self  # for run.py, whatever a module wraps its call in
        self.began = time.monotonic()  # before anything is read
        params = module.params
        params["region"] = params.get("region") or region or None
        mine = guard or account.declared(params)
        if wrong := mine and account.mistake(mine, params):
            module.fail_json(msg=wrong)
        doing = account.way_in(mine, params) if mine else "Cannot set up the session"
        self.region, endpoint, options = self.ask(lambda: get_aws_connection_info(module), doing)
        if options.get("verify") is True:
            del options["verify"]  # said where nobody says anything; botocore would pass over the profile's ca_bundle
        names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "profile_name")
        given = {name: options.pop(name, None) for name in names}
        kept = Sessions(given["profile_name"] or "")
        self.session: Any = self.ask(lambda: session(kept, **given), doing)
        self.session.events.register("before-parse", whole)
        whose = self.session.profile_name, os.environ.get("AWS_ACCESS_KEY_ID", "")
        if getattr(module, "check_mode", False) and not given["aws_access_key_id"]:
            answers.share(self.session.events, whose)
        config = Config(
            max_pool_connections=workers,
            retries={"mode": "standard", "total_max_attempts": 8},
            connect_timeout=5,
            parameter_validation=validate,
            user_agent=f"Ansible/{module.ansible_version} estate",  # boto3 builds its own anew for every call
        )
        more = options.pop("aws_config", None)
        self._options = {"endpoint_url": endpoint, "config": config.merge(more) if more else config, **options}
        if not more:
            self.ask(lambda: transport.share(self.session.events, self._verify(), config), doing)
        self._clients: dict[tuple[str, str], Any] = {}
        self._others: dict[str, Clients] = {}
        self._lock = threading.Lock()
        self.fresh: set[str] = set()  # resources made or changed in this run, or a moment before it
        self.caller = ""  # as whom AWS knows these credentials, where there is a guard
        if mine:
            with memory().alone(kept.name):
                self.caller = self.ask(lambda: account.caller(self.session, self._asked_caller, kept), doing)
            if wrong := account.stranger(mine, self.caller, params):
                module.fail_json(msg=wrong)

    def _verify(self) -> Any:
        """True, False or a file of authorities, as botocore would find it."""
        given = self._options.get("verify")
        return (self.session._session.get_config_variable("ca_bundle") or True) if given is None else given

    def _asked_caller(self) -> str:
        few = self._options["config"].merge(Config(retries={"mode": "standard", "total_max_attempts": 3}))
        sts = self.session.client("sts", region_name=self.region, **{**self._options, "config": few})
        return str(sts.get_caller_identity()["Arn"])

    def __getitem__(self, which: str | tuple[str, str]) -> Any:
        service, region = which if isinstance(which, tuple) else (which, "")
        key = service, region or self.region or "us-east-1"
        with self._lock:  # making a client is not safe beside itself
            if key not in self._clients:
                self._clients[key] = self.new(*key)
            return self._clients[key]

    def new(self, service: str, region: str) -> Any:
        """A client of one's own, for who makes it do what others would not expect."""
        return self.session.client(service, region_name=region, **self._options)

    def of(self, profile: str) -> Clients:
        """The same of another account's profile; what AWS refuses there still ends this module."""
        with self._lock:
            if profile not in self._others:
                other = SimpleNamespace(
                    params={**self._module.params, "profile": profile},
                    ansible_version=self._module.ansible_version,
                    check_mode=self._module.check_mode,
                    fail_json=self._module.fail_json,
                )
                self._others[profile] = Clients(other)
            return self._others[profile]

    def ask(self, question: Callable[[], T], doing: str = "Cannot read what is live") -> T:
        """The answer; a refusal, AWS's or our own, ends the module in a sentence."""
        try:
            return question()
        except Refusal as exc:
            self._module.fail_json(msg=f"{doing}: {str(exc).rstrip('.')}. Nothing was changed.")
        except (BotoCoreError, ClientError, AnsibleBotocoreError) as exc:
            self._module.fail_json(msg=sentence(exc, doing))
        raise AssertionError("fail_json ends the module")

    def call(self, action: Action) -> Any:
        """What carry_out calls."""
        service = action.method.split(".")[0]
        fresh = any(need.partition(": ")[0] in self.fresh for need in (action.resource, *action.needs))
        answer = call(action, self[service, action.region], fresh)
        self.fresh.add(action.resource)
        return answer
