"""S3 Batch Operations: jobs that replicate what is there already, or work out checksums, with states and reports.

moto has none. A job takes a moment in each state, so that nobody can do without waiting; Control.settle() waits.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_CreateJob.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-job-status.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-batch-replication-batch.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshooting-batch-operations.html
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.iam import policy_validation
from moto.s3control import urls
from moto.s3control.responses import S3ControlResponse

from local_aws import batch_worker
from local_aws.errors import AwsError, invalid_request
from local_aws.patches.body_checksums import DIGESTS

OPERATIONS = {"S3ReplicateObject", "S3ComputeObjectChecksum"}
CSV, REPORT = "S3BatchOperations_CSV_20180820", "Report_CSV_20180820"
OVER = {"Complete", "Failed", "Cancelled", "Failing", "Cancelling", "Completing"}
LONGEST_PAGE, HIGHEST = 1000, 2**31 - 1
UNSUPPORTED = ("MatchAnyObjectEncryption",)  # of a manifest's filter
_lock = threading.Lock()


@dataclass(eq=False)
class Job:
    given: dict[str, Any]  # CreateJob's parameters
    account: str
    region: str
    priority: int
    token: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "New"
    created: datetime = field(default_factory=utcnow)
    suspended: datetime | None = None
    ended: datetime | None = None
    reason: str = ""
    failures: list[dict[str, str]] = field(default_factory=list)
    tasks: list[Any] = field(default_factory=list)
    succeeded: int = 0
    failed: int = 0
    seconds: float = 0.0
    CAUSE: ClassVar[str] = "AWAITING_CONFIRMATION"

    @property
    def arn(self) -> str:
        return f"arn:aws:s3:{self.region}:{self.account}:job/{self.id}"

    @property
    def operation(self) -> str:
        return next(iter(self.given["Operation"]))

    def move(self, to: str, *allowed: str) -> bool:
        """Into that state, where it is in one of the allowed."""
        with _lock:
            if self.status not in allowed:
                return False
            self.status = to
            self.ended = utcnow() if to in {"Complete", "Failed", "Cancelled"} else None
            self.suspended = utcnow() if to == "Suspended" else self.suspended
            return True

    def brief(self) -> dict[str, Any]:
        progress = {
            "TotalNumberOfTasks": len(self.tasks),
            "NumberOfTasksSucceeded": self.succeeded,
            "NumberOfTasksFailed": self.failed,
            "Timers": {"ElapsedTimeInActiveSeconds": int(self.seconds)},
        }
        return {
            "JobId": self.id, "Description": self.given.get("Description"), "Operation": self.operation,
            "Priority": self.priority, "Status": self.status, "CreationTime": self.created,
            "TerminationDate": self.ended, "ProgressSummary": progress,
        }  # fmt: skip

    def described(self) -> dict[str, Any]:
        names = ("Manifest", "ManifestGenerator", "Operation", "Report", "RoleArn")
        found = self.brief() | {name: self.given.get(name) for name in names}
        found |= {"JobArn": self.arn, "ConfirmationRequired": bool(self.given.get("ConfirmationRequired"))}
        found |= {"FailureReasons": self.failures, "StatusUpdateReason": self.reason or None}
        if self.suspended:
            found |= {"SuspendedDate": self.suspended, "SuspendedCause": self.CAUSE}
        return found


def check(given: dict[str, Any], account: str) -> None:
    """Raise what AWS would of CreateJob's parameters."""
    operation, report = given.get("Operation") or {}, given.get("Report") or {}
    if len(operation) != 1:
        raise invalid_request("Exactly one operation must be specified")
    if not operation.keys() <= OPERATIONS:
        raise NotImplementedError(f"jobs of {', '.join(operation)}")
    if bool(given.get("Manifest")) == bool(given.get("ManifestGenerator")):
        raise invalid_request("Either a manifest or a manifest generator must be specified")
    if not str(given.get("RoleArn")).startswith(f"arn:aws:iam::{account}:role/"):
        raise invalid_request("Invalid role ARN")
    if not 0 <= int(given.get("Priority") or 0) <= HIGHEST:
        raise invalid_request("Invalid priority")
    if report.get("Enabled") and not (report.get("Bucket") and report.get("ReportScope") and report.get("Format")):
        raise invalid_request("Bucket, Format and ReportScope are required where a report is enabled")
    if report.get("Format", REPORT) != REPORT or report.get("ReportScope", "AllTasks") not in batch_worker.SCOPES:
        raise invalid_request("Invalid report")
    if given.get("Manifest"):
        _check_manifest(given["Manifest"])
    else:
        _check_generator(given["ManifestGenerator"].get("S3JobManifestGenerator") or {}, next(iter(operation)))
    wanted = operation.get("S3ComputeObjectChecksum") or {}
    if wanted.get("ChecksumType", "FULL_OBJECT") != "FULL_OBJECT":
        raise NotImplementedError("composite checksums of jobs")
    if wanted.get("ChecksumAlgorithm", "CRC64NVME") not in DIGESTS:
        raise invalid_request("Invalid checksum algorithm")


def _check_manifest(manifest: dict[str, Any]) -> None:
    fields = manifest["Spec"].get("Fields") or []
    if manifest["Spec"]["Format"] != CSV:
        raise NotImplementedError(f"manifests of the format {manifest['Spec']['Format']}")
    missing = [name for name in ("Bucket", "Key") if fields.count(name) != 1]
    if missing:
        raise invalid_request(f"Required fields are missing in the schema: + {', '.join(missing)}")
    if not manifest["Location"]["ObjectArn"].startswith("arn:aws:s3:::"):
        raise invalid_request("Invalid manifest object ARN")


def _check_generator(generator: dict[str, Any], operation: str) -> None:
    wanted = generator.get("Filter") or {}
    if not str(generator.get("SourceBucket")).startswith("arn:aws:s3:::"):
        raise invalid_request("Invalid source bucket ARN")
    if operation == "S3ReplicateObject" and not wanted.get("EligibleForReplication"):
        raise invalid_request("EligibleForReplication must be true for S3ReplicateObject")
    if generator.get("EnableManifestOutput") or any(name in wanted for name in UNSUPPORTED):
        raise NotImplementedError("the generated manifest as an object, and filters by encryption")


def _jobs(self: Any) -> dict[str, Job]:
    return vars(self.backend).setdefault("jobs", {})


def _found(self: Any) -> Job:
    job = _jobs(self).get(self._get_param("JobId"))
    if job is None or job.region != self.region:
        raise AwsError("NoSuchJobException", "The specified job does not exist")
    return job


def create_job(self: Any) -> ActionResult:
    given = dict(self.params)
    token = given.pop("ClientRequestToken", "")
    check(given, self.current_account)
    for job in list(_jobs(self).values()):
        if job.region == self.region and job.token == token != "":
            if job.given != given:
                message = "The client request token was used before, with other parameters"
                raise AwsError("IdempotencyException", message)
            return ActionResult({"JobId": job.id})
    job = Job(given, self.current_account, self.region, int(given.get("Priority") or 0), token or "")
    _jobs(self)[job.id] = job
    batch_worker.poke(job)
    return ActionResult({"JobId": job.id})


def describe_job(self: Any) -> ActionResult:
    return ActionResult({"Job": _found(self).described()})


def list_jobs(self: Any) -> ActionResult:
    statuses, size = self._get_param("JobStatuses", None), int(self._get_param("MaxResults", None) or LONGEST_PAGE)
    if not 1 <= size <= LONGEST_PAGE:
        raise invalid_request("MaxResults must be between 1 and 1000")
    jobs = [job for job in reversed(list(_jobs(self).values())) if job.region == self.region]
    token = self._get_param("NextToken", None)
    if token:
        ids = [job.id for job in jobs]
        if token not in ids:
            raise AwsError("InvalidNextTokenException", "The continuation token is not valid")
        jobs = jobs[ids.index(token) + 1 :]
    jobs = [job for job in jobs if not statuses or job.status in statuses]
    page = jobs[:size]
    more = {"NextToken": page[-1].id} if len(jobs) > size else {}
    return ActionResult({"Jobs": [job.brief() for job in page], **more})


def update_job_priority(self: Any) -> ActionResult:
    job, priority = _found(self), int(self._get_param("Priority"))
    if job.status in OVER or not 0 <= priority <= HIGHEST:
        raise AwsError("BadRequestException", f"The priority of a job that is {job.status} cannot become {priority}")
    job.priority = priority
    return ActionResult({"JobId": job.id, "Priority": priority})


def update_job_status(self: Any) -> ActionResult:
    job, wanted = _found(self), self._get_param("RequestedJobStatus")
    known = {"Ready": ("Ready", ["Suspended"]), "Cancelled": ("Cancelling", [*batch_worker.BEFORE_END])}
    if wanted not in known:
        raise invalid_request(f"Invalid requested job status {wanted}")
    to, allowed = known[wanted]
    if not job.move(to, *allowed):
        raise AwsError("JobStatusException", f"A job that is {job.status} cannot become {wanted}")
    job.reason = self._get_param("StatusUpdateReason", "") or ""
    batch_worker.poke(job)
    return ActionResult({"JobId": job.id, "Status": to, "StatusUpdateReason": job.reason or None})


def apply() -> None:
    for name in (create_job, describe_job, list_jobs, update_job_priority, update_job_status):
        setattr(S3ControlResponse, name.__name__, name)
    for path in ("jobs", "jobs/<job_id>", "jobs/<job_id>/priority", "jobs/<job_id>/status"):
        urls.url_paths[f"/v20180820/{path}"] = S3ControlResponse.dispatch
    # Policies may name a job by its ARN, which has a region.
    regional = policy_validation.SERVICE_TYPE_REGION_INFORMATION_ERROR_ASSOCIATIONS["s3"]["valid_starting_values"]
    regional.append("job/")
    batch_worker.start()
