"""Jobs of S3 Batch Operations: made to wait until somebody confirms them, followed, and read to the last failure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-create-job.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-examples-reports.html
"""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote_plus

from ansible.module_utils.estate.errors import Refusal
from ansible.module_utils.estate.plan import Action, Ref
from ansible.module_utils.estate.progress import Progress

OVER = ("Complete", "Failed", "Cancelled")
_ENDING = (*OVER, "Failing", "Cancelling")
_FIELDS = ["Bucket", "Key", "VersionId"]
# Dollars in eu-west-1 and eu-west-2: https://aws.amazon.com/s3/pricing/ (management, requests, data transfer)
_JOB, _TASK, _PUT, _GIGABYTE = 0.25, 1 / 1e6, 0.0053 / 1000, 0.02


class Manifest(NamedTuple):
    path: str
    digest: str
    number: int
    size: int  # bytes of the objects

    def costs(self, copies: int) -> float:
        """The job, its tasks, and of each copy the request and the way there; not the storage."""
        return _JOB + self.number * (_TASK + copies * _PUT) + copies * self.size / 1e9 * _GIGABYTE


def manifest(bucket: str, rows: Iterable[tuple[str, str, int]]) -> Manifest | None:
    """Of (key, version, size); None where there are none. In a file of one's own, named by what it holds."""
    descriptor, name = tempfile.mkstemp(prefix="estate-manifest-", suffix=".csv")
    digest, number, size = hashlib.sha256(), 0, 0
    with os.fdopen(descriptor, "wb") as out:
        for key, version, length in rows:
            line = f"{bucket},{quote(key, safe='/')},{version}\n".encode()
            digest.update(line)
            out.write(line)
            number, size = number + 1, size + length
    if not number:
        Path(name).unlink()
        return None
    path = Path(name).with_name(f"estate-manifest-{digest.hexdigest()[:32]}.csv")
    Path(name).rename(path)
    return Manifest(str(path), digest.hexdigest(), number, size)


class Wanted(NamedTuple):
    """A job that there should be, or is."""

    name: str  # its description at AWS, and the resource in the plan: "backfill of a-bucket"
    region: str
    operation: Mapping[str, Any]
    manifest: Manifest | None  # None: it is there already
    job: str = ""
    status: str = ""
    before: str = ""  # the last one of that name that ended

    @property
    def resource(self) -> str:
        return f"job: {self.name}"


class Jobs:
    """All of an account's: finds, makes, confirms, follows and reads them."""

    def __init__(self, clients: Any, account: str, role: str, places: Mapping[str, str]) -> None:
        """places has for each region the bucket for manifests and reports there."""
        self._clients, self._account, self._role, self._places = clients, account, role, places
        self.ids: dict[str, str] = {}

    def find(self, name: str, region: str, operation: Mapping[str, Any]) -> Wanted:
        """One that was begun, whoever began it; else what is to be made."""
        known = sorted(
            (job for job in self._listed(region) if job.get("Description") == name),
            key=lambda job: job["CreationTime"],
        )
        live = [job for job in known if job["Status"] not in _ENDING]
        if live:
            self.ids[name] = live[-1]["JobId"]
            return Wanted(name, region, operation, None, live[-1]["JobId"], live[-1]["Status"])
        return Wanted(name, region, operation, None, before=known[-1]["JobId"] if known else "")

    def _listed(self, region: str) -> Iterator[dict[str, Any]]:
        more: dict[str, str] = {}
        while True:  # boto3 has no paginator for it
            page = self._clients["s3control", region].list_jobs(AccountId=self._account, MaxResults=1000, **more)
            yield from page.get("Jobs", [])
            if not page.get("NextToken"):
                return
            more = {"NextToken": page["NextToken"]}

    def place(self, region: str) -> str:
        if region not in self._places:
            has = ", ".join(self._places) or "none"
            raise Refusal(f"buckets_batch_places has no bucket in {region} for manifests and reports; it has {has}")
        return self._places[region]

    def actions(self, wanted: Wanted, confirmed: bool) -> list[Action]:
        found = []
        job: Any = wanted.job
        if not wanted.job and wanted.manifest:
            place, name = self.place(wanted.region), f"manifest {wanted.manifest.digest[:12]} of {wanted.name}"
            key = f"manifests/{wanted.manifest.digest}.csv"
            params: dict[str, Any] = {"Bucket": place, "Key": key, "Body": wanted.manifest.path}
            found.append(Action("add", name, "s3.put_object", params, wanted.region, outputs=(("etag", "ETag"),)))
            # Asked twice, S3 makes one job; after one that ended, another.
            token = hashlib.sha256(f"{wanted.name} {wanted.manifest.digest} {wanted.before}".encode()).hexdigest()
            location = {"ObjectArn": f"arn:aws:s3:::{place}/{key}", "ETag": Ref(name, "etag")}
            params = {
                "AccountId": self._account,
                "ConfirmationRequired": True,
                "Operation": wanted.operation,
                "Report": {
                    "Bucket": f"arn:aws:s3:::{place}",
                    "Format": "Report_CSV_20180820",
                    "Enabled": True,
                    "Prefix": "reports",
                    "ReportScope": "AllTasks" if "S3ComputeObjectChecksum" in wanted.operation else "FailedTasksOnly",
                },
                "ClientRequestToken": token[:64],
                "Manifest": {
                    "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": _FIELDS},
                    "Location": location,
                },
                "Description": wanted.name,
                "Priority": 10,
                "RoleArn": self._role,
            }
            made = Action(
                "add", wanted.resource, "s3control.create_job", params, wanted.region, (name,), (("id", "JobId"),)
            )
            found.append(made)
            job = Ref(wanted.resource, "id")
        if confirmed and (job and wanted.status in ("", "New", "Preparing", "Suspended")):
            params = {"AccountId": self._account, "JobId": job, "RequestedJobStatus": "Ready"}
            found.append(Action("change", wanted.resource, "s3control.update_job_status", params, wanted.region))
        return found

    def call(self, action: Action) -> Any:
        """What carry_out calls: a manifest is read from its file, and only a job that is prepared can be confirmed."""
        if action.method == "s3.put_object":
            with open(action.params["Body"], "rb") as body:
                return self._clients.call(action._replace(params={**action.params, "Body": body}))
        if action.method == "s3control.update_job_status":
            job = self._until(action.region, action.params["JobId"], lambda one: one not in ("New", "Preparing"))
            if job["Status"] in _ENDING:
                raise Refusal(_reasons(job))
            if job["Status"] != "Suspended":
                return None  # somebody else has confirmed it
        answer = self._clients.call(action)
        if action.method == "s3control.create_job":
            self.ids[action.params["Description"]] = answer["JobId"]
        return answer

    def _until(self, region: str, job: str, done: Callable[[str], bool], seconds: float = 1e9) -> dict[str, Any]:
        started, progress, before = time.monotonic(), None, 0
        while True:
            found = self._clients["s3control", region].describe_job(AccountId=self._account, JobId=job)["Job"]
            said = found.get("ProgressSummary") or {}
            total = said.get("TotalNumberOfTasks") or 0
            if total and not progress:
                progress = Progress(found.get("Description") or job, total)
            now = said.get("NumberOfTasksSucceeded", 0) + said.get("NumberOfTasksFailed", 0)
            if progress:
                progress.step(now - before)
                before = now
            waited = time.monotonic() - started
            if done(found["Status"]) or waited >= seconds:
                return found
            time.sleep(min(0.2 + waited / 10, 15))

    def followed(self, wanted: Wanted, seconds: float) -> dict[str, Any]:
        """What becomes of it, as far as one waits: {"status", "succeeded", "failed", "failures": [...], "why"}."""
        job = self._until(wanted.region, self.ids[wanted.name], OVER.__contains__, seconds)
        said = job.get("ProgressSummary") or {}
        why = _reasons(job) if job["Status"] != "Complete" else ""
        found: dict[str, Any] = {"job": job["JobId"], "status": job["Status"], "why": why}
        found |= {"succeeded": said.get("NumberOfTasksSucceeded", 0), "failed": said.get("NumberOfTasksFailed", 0)}
        if found["failed"] and job["Status"] in OVER:
            rows = (row for row in self.report(wanted) if row["code"])
            found["failures"] = list(itertools.islice(rows, 100))
        return found

    def report(self, wanted: Wanted) -> Iterator[dict[str, str]]:
        """{"key", "version", "code", "message"} of each task; code is "" of what succeeded."""
        client = self._clients["s3", wanted.region]
        place, folder = self.place(wanted.region), f"reports/job-{self.ids[wanted.name]}"
        top = json.loads(client.get_object(Bucket=place, Key=f"{folder}/manifest.json")["Body"].read())
        for result in top["Results"]:
            body = client.get_object(Bucket=result["Bucket"], Key=result["Key"])["Body"]
            for row in csv.reader(line.decode() for line in body.iter_lines()):
                # The documentation has the code before the HTTP status, and its examples have it after.
                code = next((one for one in row[4:6] if one and not one.isdigit()), "")
                done = row[3] == "succeeded"
                yield {
                    "key": unquote_plus(row[1]),
                    "version": row[2],
                    "code": "" if done else code or row[3],
                    "message": row[6],
                }


def _reasons(job: Mapping[str, Any]) -> str:
    said = [f"{one.get('FailureCode')}: {one.get('FailureReason')}" for one in job.get("FailureReasons") or ()]
    return f"the job {job['JobId']} is {job['Status']}" + (f" ({'; '.join(said)})" if said else "")


def forget(manifests: Sequence[Manifest | None]) -> None:
    """Keys are nobody else's business."""
    for one in manifests:
        if one:
            Path(one.path).unlink(missing_ok=True)
