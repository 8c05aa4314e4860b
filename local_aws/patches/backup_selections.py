"""AWS Backup: changing a plan, choosing what it covers, and the answer for a vault that does not exist.

moto 5.2.5 creates and reads plans but knows neither UpdateBackupPlan nor any of the selection calls.
Follows https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupSelection.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/API_UpdateBackupPlan.html.

DescribeBackupVault answers AccessDeniedException for a vault that is not there, as AWS does (its clients, among them
amazon.aws.backup_vault, rely on it); moto says ResourceNotFoundException.
"""

from __future__ import annotations

import json
from typing import Any

from moto.backup.exceptions import AlreadyExistsException, BackupClientError, ResourceNotFoundException
from moto.backup.models import BackupBackend, Plan
from moto.backup.responses import BackupResponse
from moto.core.utils import unix_time
from moto.moto_api._internal import mock_random

from local_aws.replacing import extends, replaces

BRIEF = ("SelectionId", "BackupPlanId", "CreationDate")


def _plan(response: BackupResponse) -> Plan:
    return response.backup_backend.get_backup_plan(response._get_param("backupPlanId"), None)


def _selections(response: BackupResponse) -> dict[str, dict[str, Any]]:
    """The plan's selections by id; ResourceNotFoundException without the plan."""
    return vars(_plan(response)).setdefault("selections", {})


def _selection(response: BackupResponse) -> dict[str, Any]:
    found = _selections(response).get(response._get_param("selectionId"))
    if found is None:
        raise ResourceNotFoundException("Failed reading Backup selection with provided id")
    return found


@replaces(BackupResponse)
def update_backup_plan(self: BackupResponse) -> str:
    """A new version of the plan under its old id; what the document leaves out gets AWS's defaults, as in creating."""
    plan = _plan(self)
    version = vars(Plan(self._get_param("BackupPlan"), plan.creator_request_id, self.backup_backend))
    vars(plan).update({name: version[name] for name in ("backup_plan", "version_id", "advanced_backup_settings")})
    return json.dumps(plan.to_dict())


@replaces(BackupResponse)
def create_backup_selection(self: BackupResponse) -> str:
    selections, selection = _selections(self), self._get_param("BackupSelection")
    if any(s["BackupSelection"]["SelectionName"] == selection["SelectionName"] for s in selections.values()):
        raise AlreadyExistsException("Backup selection with the same name already exists")
    created = {
        "SelectionId": str(mock_random.uuid4()),
        "BackupPlanId": self._get_param("backupPlanId"),
        "CreationDate": unix_time(),
        "CreatorRequestId": self._get_param("CreatorRequestId"),
        "BackupSelection": selection,
    }
    selections[created["SelectionId"]] = created
    return json.dumps({key: created[key] for key in BRIEF})


@replaces(BackupResponse)
def get_backup_selection(self: BackupResponse) -> str:
    return json.dumps({key: value for key, value in _selection(self).items() if value is not None})


@replaces(BackupResponse)
def list_backup_selections(self: BackupResponse) -> str:
    listed = [
        {key: s[key] for key in BRIEF} | {key: s["BackupSelection"][key] for key in ("SelectionName", "IamRoleArn")}
        for s in _selections(self).values()
    ]
    return json.dumps({"BackupSelectionsList": listed})


@replaces(BackupResponse)
def delete_backup_selection(self: BackupResponse) -> str:
    del _selections(self)[_selection(self)["SelectionId"]]
    return "{}"


@extends(BackupBackend)
def describe_backup_vault(original: Any, self: BackupBackend, backup_vault_name: str) -> Any:
    if backup_vault_name not in self.vaults:
        raise BackupClientError("AccessDeniedException", "Insufficient privileges to perform this action.")
    return original(self, backup_vault_name)
