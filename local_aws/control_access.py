"""Which permissions a call about an account's S3 takes: its public access block, its batch jobs.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-iam-role-policies.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-job-tags-examples.html
"""

from __future__ import annotations

from typing import Any

from moto.s3control.models import s3control_backends

from local_aws import context, parameters, requests
from local_aws.callers import Caller
from local_aws.policies import Context
from local_aws.refusals import Refused

ACTIONS = {
    "GetPublicAccessBlock": "GetAccountPublicAccessBlock",
    "PutPublicAccessBlock": "PutAccountPublicAccessBlock",
    "DeletePublicAccessBlock": "PutAccountPublicAccessBlock",
}
SERVICE = "batchoperations.s3.amazonaws.com"


def asks(environ: dict[str, Any], caller: Caller, operation: str) -> list[tuple[str, str, Context]]:
    """(action, resource, context) of each permission; raises Refused where it is not about the caller's own account."""
    if not caller.account or environ.get("HTTP_X_AMZ_ACCOUNT_ID", caller.account) != caller.account:
        raise Refused(403, "AccessDenied", "Access Denied")
    told = context.of(environ, caller)
    name, path = f"s3:{ACTIONS.get(operation, operation)}", environ["PATH_INFO"].removeprefix(requests.CONTROL)
    if not path.startswith("jobs"):
        return [(name, "*", told)]
    given = parameters.of(environ, "s3control", operation)
    told |= {"s3:requestjobpriority": [str(given["Priority"])]} if "Priority" in given else {}
    if operation != "CreateJob":
        return [(name, _job(path, environ, caller, told), told)]
    told["s3:requestjoboperation"] = list(given.get("Operation") or {})
    tags = {tag["Key"]: tag["Value"] for tag in given.get("Tags") or []}
    told |= {f"aws:requesttag/{key.lower()}": [value] for key, value in tags.items()}
    told |= {"aws:tagkeys": list(tags)} if tags else {}
    passed = told | {"iam:passedtoservice": [SERVICE]}
    found: list[tuple[str, str, Context]] = [(name, "*", told), ("iam:PassRole", given.get("RoleArn") or "*", passed)]
    return [*found, ("s3:PutJobTagging", "*", told)] if tags else found


def _job(path: str, environ: dict[str, Any], caller: Caller, told: dict[str, list[str]]) -> str:
    """The ARN of the job; what a policy may ask about it is put to the context."""
    number = path.removeprefix("jobs").strip("/").partition("/")[0]
    if not number:
        return "*"
    job = getattr(s3control_backends[caller.account]["aws"], "jobs", {}).get(number)
    if job:
        told["s3:existingjobpriority"] = [str(job.priority)]
        told["s3:existingjoboperation"] = [job.operation]
        if job.status == "Suspended":
            told["s3:jobsuspendedcause"] = [job.CAUSE]
    scope = requests.scope(environ)
    return f"arn:aws:s3:{scope.region if scope else ''}:{caller.account}:job/{number}"
