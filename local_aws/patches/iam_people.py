"""Passwords, devices and the credential report of people, as AWS keeps them.

moto forgets that a first password must be changed, takes any device and any code, knows no root user, and dates every
report to 2015.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableMFADevice.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.iam.models import AccountSummary, IAMBackend
from moto.iam.responses import IamResponse

from local_aws import callers
from local_aws.errors import AwsError
from local_aws.replacing import extends, replaces

COLUMNS = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,"
    "mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"
    "access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"
    "access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
    "cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
)
BEGINNING = datetime(2020, 1, 1)


def check_password(backend: IAMBackend, password: str) -> None:
    policy = backend.account_password_policy
    if policy is None:
        return
    for wanted, pattern, what in (
        (True, f".{{{policy.minimum_password_length},}}", f"minimum length {policy.minimum_password_length}"),
        (policy.require_lowercase_characters, "[a-z]", "lowercase characters"),
        (policy.require_uppercase_characters, "[A-Z]", "uppercase characters"),
        (policy.require_numbers, "[0-9]", "numbers"),
        (policy.require_symbols, r"[^a-zA-Z0-9]", "symbols"),
    ):
        if wanted and not re.search(pattern, password):
            message = f"Password does not conform to the account password policy: {what}"
            raise AwsError("PasswordPolicyViolation", message)


@replaces(IamResponse)
def create_login_profile(self: IamResponse) -> ActionResult:
    name, password = self._get_param("UserName"), self._get_param("Password")
    user = self.backend.get_user(name)
    if user.password:
        raise AwsError("EntityAlreadyExists", f"Login Profile for user {name} already exists.")
    check_password(self.backend, password)
    self.backend.create_login_profile(name, password)
    user.password_reset_required = bool(self._get_bool_param("PasswordResetRequired", False))
    user.password_date = utcnow()
    return _profile(user)


@replaces(IamResponse)
def update_login_profile(self: IamResponse) -> EmptyResult:
    """Only what is given changes."""
    user = self.backend.get_login_profile(self._get_param("UserName"))
    password, reset = self._get_param("Password"), self._get_bool_param("PasswordResetRequired", None)
    if password:
        check_password(self.backend, password)
        user.password, user.password_changed = password, utcnow()
    if reset is not None:
        user.password_reset_required = reset
    return EmptyResult()


@replaces(IamResponse)
def get_login_profile(self: IamResponse) -> ActionResult:
    return _profile(self.backend.get_login_profile(self._get_param("UserName")))


def _profile(user: Any) -> ActionResult:
    date = getattr(user, "password_date", user.create_date)
    profile = {"UserName": user.name, "CreateDate": date, "PasswordResetRequired": user.password_reset_required}
    return ActionResult({"LoginProfile": profile})


@replaces(IamResponse)
def get_user(self: IamResponse) -> ActionResult:
    """Without a name: the caller, who then has to be a user."""
    name = self._get_param("UserName")
    if not name:
        caller = callers.of(self.normalized_request.environ)
        if caller.kind != "user":
            raise AwsError("ValidationError", "Must specify userName when calling with non-User credentials")
        name = caller.name
    return ActionResult({"User": self.backend.get_user(name)})


@extends(IAMBackend)
def enable_mfa_device(
    original: Any, self: IAMBackend, user_name: str, serial_number: str, code_1: str, code_2: str
) -> None:
    self.get_user(user_name)
    device = self.virtual_mfa_devices.get(serial_number)
    if device is None and ":mfa/" in serial_number:
        raise AwsError("NoSuchEntity", f"VirtualMFADevice with serial number {serial_number} doesn't exist.")
    if device is not None and device.user is not None:
        raise AwsError("EntityAlreadyExists", "MFA Device is already in use.")
    if code_1 == code_2:
        raise AwsError("InvalidAuthenticationCode", "Authentication code for device is not valid.")
    original(self, user_name, serial_number, code_1, code_2)


def root_of(backend: IAMBackend) -> dict[str, Any]:
    """{mfa, access_keys, password_last_used}: how locked the root user is; tests say otherwise."""
    return getattr(backend, "root_user", {"mfa": True, "access_keys": False, "password_last_used": "no_information"})


@extends(AccountSummary)
def summary_map(original: Any, self: AccountSummary) -> dict[str, Any]:
    root = root_of(self._iam_backend)
    found = original(self)
    found |= {"AccountMFAEnabled": int(root["mfa"]), "AccountAccessKeysPresent": int(root["access_keys"])}
    return {**found, "AccountPasswordPresent": 1}


def _moment(value: Any) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%S+00:00") if value else "N/A"


def _key(key: Any) -> list[str]:
    if key is None:
        return ["false", "N/A", "N/A", "N/A", "N/A"]
    used = key.last_used
    seen = [_moment(used.timestamp), used.region, used.service] if used else ["N/A"] * 3
    return ["true" if key.status == "Active" else "false", _moment(key.create_date), *seen]


def _row(user: Any, policy: Any) -> list[str]:
    password = ["false", "N/A", "N/A", "N/A"]
    if user.password:
        changed = getattr(user, "password_changed", None) or getattr(user, "password_date", user.create_date)
        used = _moment(user.password_last_used) if user.password_last_used else "no_information"
        password = ["true", used, _moment(changed), "N/A" if not policy else "not_supported"]
    keys = [*user.access_keys, None, None][:2]
    known = [user.name, user.arn, _moment(user.create_date), *password, "true" if user.mfa_devices else "false"]
    return [*known, *_key(keys[0]), *_key(keys[1]), "false", "N/A", "false", "N/A"]


@replaces(IAMBackend)
def generate_report(self: IAMBackend) -> None:
    root = root_of(self)
    mfa, keyed = ("true" if root[name] else "false" for name in ("mfa", "access_keys"))
    arn = f"arn:aws:iam::{self.account_id}:root"
    first = ["<root_account>", arn, _moment(BEGINNING), "not_supported", root["password_last_used"]]
    key = [keyed, _moment(BEGINNING) if root["access_keys"] else "N/A", "N/A", "N/A", "N/A"]
    rows = [[*first, "not_supported", "not_supported", mfa, *key, *_key(None), "false", "N/A", "false", "N/A"]]
    rows += [_row(user, self.account_password_policy) for user in list(self.users.values())]
    self.credential_report = "\n".join([COLUMNS, *(",".join(row) for row in rows)])
    self.credential_report_time = utcnow()


@replaces(IamResponse)
def get_credential_report(self: IamResponse) -> ActionResult:
    report = self.backend.credential_report
    if not report:
        raise AwsError("ReportNotPresent", "Credential report not present. Please generate it first.")
    words = {"ReportFormat": "text/csv", "GeneratedTime": self.backend.credential_report_time}
    return ActionResult({"Content": report, **words})
