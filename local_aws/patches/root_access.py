"""Whether AWS Organizations has taken root of the member accounts over: main manages them, and nobody else may ask.

Enabling it changes no account here.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOrganizationsFeatures.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableOrganizationsRootCredentialsManagement.html
"""

from __future__ import annotations

from moto.core.responses import ActionResult
from moto.iam.responses import IamResponse

from local_aws.accounts import MAIN
from local_aws.errors import AwsError
from local_aws.replacing import replaces

CREDENTIALS, SESSIONS = "RootCredentialsManagement", "RootSessions"


def _features(self: IamResponse, on: str = "", off: str = "") -> ActionResult:
    if self.current_account != MAIN:
        message = "The request was rejected because the account is neither the management account nor delegated by it."
        raise AwsError("AccountNotManagementOrDelegatedAdministratorException", message)
    enabled = vars(self.backend).setdefault("organizations_features", set())
    enabled |= {on} - {""}
    enabled -= {off}
    return ActionResult({"OrganizationId": "o-invented00", "EnabledFeatures": sorted(enabled)})


@replaces(IamResponse)
def list_organizations_features(self: IamResponse) -> ActionResult:
    return _features(self)


@replaces(IamResponse)
def enable_organizations_root_credentials_management(self: IamResponse) -> ActionResult:
    return _features(self, on=CREDENTIALS)


@replaces(IamResponse)
def disable_organizations_root_credentials_management(self: IamResponse) -> ActionResult:
    return _features(self, off=CREDENTIALS)


@replaces(IamResponse)
def enable_organizations_root_sessions(self: IamResponse) -> ActionResult:
    return _features(self, on=SESSIONS)


@replaces(IamResponse)
def disable_organizations_root_sessions(self: IamResponse) -> ActionResult:
    return _features(self, off=SESSIONS)
