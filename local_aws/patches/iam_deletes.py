"""What is still in use is not deleted: DeleteConflict, as AWS has it.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteGroup.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
"""

from __future__ import annotations

from typing import Any

from moto.iam.models import IAMBackend

from local_aws.errors import AwsError
from local_aws.replacing import extends


def demand_free(*holds: tuple[Any, str]) -> None:
    """Raise DeleteConflict for the first that there is, with what to do about it."""
    for held, what in holds:
        if held:
            raise AwsError("DeleteConflict", f"Cannot delete entity, must {what} first.")


@extends(IAMBackend)
def delete_user(original: Any, self: IAMBackend, user_name: str) -> None:
    user = self.get_user(user_name)
    demand_free(
        (user.managed_policies, "detach all policies"),
        (user.policies, "delete policies"),
        (self.get_groups_for_user(user_name), "remove users from group"),
        (user.access_keys, "delete access keys"),
        (user.password, "delete login profile"),
        (user.mfa_devices, "delete MFA device"),
        (user.ssh_public_keys, "delete SSH public keys"),
        (user.signing_certificates, "delete signing certificates"),
    )
    original(self, user_name)


@extends(IAMBackend)
def delete_group(original: Any, self: IAMBackend, group_name: str) -> None:
    group = self.get_group(group_name)
    demand_free(
        (group.users, "remove users from group"),
        (group.managed_policies, "detach all policies"),
        (group.policies, "delete policies"),
    )
    original(self, group_name)


@extends(IAMBackend)
def delete_policy(original: Any, self: IAMBackend, policy_arn: str) -> None:
    policy = self.get_policy(policy_arn)
    if policy_arn.startswith("arn:aws:iam::aws:"):
        raise AwsError("AccessDenied", f"Policies that AWS manages cannot be deleted: {policy_arn}")
    if policy.attachment_count:
        raise AwsError("DeleteConflict", "Cannot delete a policy attached to entities.")
    if len(policy.versions) > 1:
        message = "This policy has more than one version. Before you delete a policy, you must delete "
        raise AwsError(
            "DeleteConflict", message + "the policy's versions. The default version is deleted with the policy."
        )
    original(self, policy_arn)


@extends(IAMBackend)
def delete_virtual_mfa_device(original: Any, self: IAMBackend, serial_number: str) -> None:
    device = self.virtual_mfa_devices.get(serial_number)
    if device is not None and device.user is not None:
        raise AwsError("DeleteConflict", "MFA VirtualDevice in use. Must deactivate first.")
    original(self, serial_number)
