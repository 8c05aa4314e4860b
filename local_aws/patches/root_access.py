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


@replaces(
    IamResponse, "list_organizations_features",
    "enable_organizations_root_credentials_management", "disable_organizations_root_credentials_management",
    "enable_organizations_root_sessions", "disable_organizations_root_sessions",
)  # fmt: skip
def features(self: IamResponse) -> ActionResult:
    if self.current_account != MAIN:
        message = "The request was rejected because the account is neither the management account nor delegated by it."
        raise AwsError("AccountNotManagementOrDelegatedAdministratorException", message)
    verb, _, feature = self._get_action().partition("Organizations")  # "EnableOrganizationsRootSessions"
    enabled = vars(self.backend).setdefault("organizations_features", set())
    if verb != "List":
        (enabled.add if verb == "Enable" else enabled.discard)(feature)
    return ActionResult({"OrganizationId": "o-invented00", "EnabledFeatures": sorted(enabled)})
