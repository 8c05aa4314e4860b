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


@replaces(BackupBackend)
def update_backup_plan(self: BackupBackend, backup_plan_id: str, backup_plan: dict[str, Any]) -> Plan:
    """A new version of the plan under its old id; what the document leaves out gets AWS's defaults, as in creating."""
    plan = self.get_backup_plan(backup_plan_id, None)
    version = Plan(backup_plan, plan.creator_request_id, self)
    plan.backup_plan = version.backup_plan
    plan.version_id = version.version_id
    plan.advanced_backup_settings = version.advanced_backup_settings
    return plan


@replaces(BackupBackend)
def selections_of(self: BackupBackend, backup_plan_id: str) -> dict[str, dict[str, Any]]:
    """The plan's selections by id; ResourceNotFoundException without the plan."""
    return self.get_backup_plan(backup_plan_id, None).__dict__.setdefault("selections", {})


@replaces(BackupBackend)
def create_backup_selection(
    self: BackupBackend, backup_plan_id: str, selection: dict[str, Any], creator_request_id: str | None
) -> dict[str, Any]:
    selections = selections_of(self, backup_plan_id)
    if any(s["BackupSelection"]["SelectionName"] == selection["SelectionName"] for s in selections.values()):
        raise AlreadyExistsException("Backup selection with the same name already exists")
    created = {
        "SelectionId": str(mock_random.uuid4()),
        "BackupPlanId": backup_plan_id,
        "CreationDate": unix_time(),
        "CreatorRequestId": creator_request_id,
        "BackupSelection": selection,
    }
    selections[created["SelectionId"]] = created
    return created


@replaces(BackupBackend)
def get_backup_selection(self: BackupBackend, backup_plan_id: str, selection_id: str) -> dict[str, Any]:
    selections = selections_of(self, backup_plan_id)
    if selection_id not in selections:
        raise ResourceNotFoundException("Failed reading Backup selection with provided id")
    return selections[selection_id]


def _ids(response: BackupResponse) -> tuple[str, str]:
    """(plan id, selection id or "") of /backup/plans/PLAN/selections/[SELECTION]."""
    parts = response.path.split("/plans/")[-1].split("/")
    return parts[0], parts[2] if len(parts) > 2 else ""


@replaces(BackupResponse, "update_backup_plan")
def answer_update_backup_plan(self: BackupResponse) -> str:
    plan = self.backup_backend.update_backup_plan(_ids(self)[0], json.loads(self.body)["BackupPlan"])
    return json.dumps(plan.to_dict())


@replaces(BackupResponse, "create_backup_selection")
def answer_create_backup_selection(self: BackupResponse) -> str:
    given = json.loads(self.body)
    created = self.backup_backend.create_backup_selection(
        _ids(self)[0], given["BackupSelection"], given.get("CreatorRequestId")
    )
    return json.dumps({key: created[key] for key in ("SelectionId", "BackupPlanId", "CreationDate")})


@replaces(BackupResponse, "get_backup_selection")
def answer_get_backup_selection(self: BackupResponse) -> str:
    found = self.backup_backend.get_backup_selection(*_ids(self))
    return json.dumps({key: value for key, value in found.items() if value is not None})


@replaces(BackupResponse, "list_backup_selections")
def answer_list_backup_selections(self: BackupResponse) -> str:
    listed = [
        {
            **{key: s[key] for key in ("SelectionId", "BackupPlanId", "CreationDate")},
            **{key: s["BackupSelection"][key] for key in ("SelectionName", "IamRoleArn")},
        }
        for s in self.backup_backend.selections_of(_ids(self)[0]).values()
    ]
    return json.dumps({"BackupSelectionsList": listed})


@replaces(BackupResponse, "delete_backup_selection")
def answer_delete_backup_selection(self: BackupResponse) -> str:
    plan_id, selection_id = _ids(self)
    self.backup_backend.get_backup_selection(plan_id, selection_id)
    del self.backup_backend.selections_of(plan_id)[selection_id]
    return "{}"


@extends(BackupBackend)
def describe_backup_vault(original: Any, self: BackupBackend, backup_vault_name: str) -> Any:
    if backup_vault_name not in self.vaults:
        raise BackupClientError("AccessDeniedException", "Insufficient privileges to perform this action.")
    return original(self, backup_vault_name)
