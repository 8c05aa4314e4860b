"""Carries out the jobs of S3 Batch Operations, one after the other, the most urgent first.

Of a job's own failures AWS publishes InvalidManifestContent only; the others have here the code that S3 gives.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-job-status.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-batch-replication-policies.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-failure-codes.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-examples-reports.html
"""

from __future__ import annotations

import queue
import sys
import threading
import time
import traceback
from typing import Any

from local_aws import batch_manifests, batch_reports, batch_tasks, control_access
from local_aws.batch_manifests import Failure, Task
from local_aws.callers import Caller
from local_aws.service_roles import assumed

SCOPES = {"AllTasks", "FailedTasksOnly"}
BEFORE_END = ("New", "Preparing", "Suspended", "Ready", "Active")
PAUSE = 0.1  # seconds in each state
ENOUGH = 1000  # tasks, after which a job whose tasks fail for the most part is given up
_queue: queue.Queue[Any] = queue.Queue()


def poke(job: Any) -> None:
    """There is something to do for the job."""
    _queue.put(job)


def settle() -> None:
    """Return when every job is over, or waits to be confirmed."""
    _queue.join()


def start() -> None:
    threading.Thread(target=_work, daemon=True, name="batch jobs").start()


def _work() -> None:
    while True:
        job = _queue.get()
        try:
            _advance(job)
        except Failure as failure:
            _fail(job, failure)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            _fail(job, Failure("InternalError", "We encountered an internal error."))
        finally:
            _queue.task_done()


def _fail(job: Any, failure: Failure) -> None:
    job.failures = [{"FailureCode": failure.code, "FailureReason": failure.reason}]
    job.move("Failed", *BEFORE_END, "Completing", "Failing", "Cancelling")


def _advance(job: Any) -> None:
    if job.status == "New":
        _prepare(job)
        if job.status == "Ready":
            poke(job)
    elif job.status == "Ready":
        waiting = [job, *(one for one in list(_queue.queue) if one.status == "Ready")]
        first = max(waiting, key=lambda one: one.priority)
        if first is not job:
            poke(job)
        job = first
        _run(job)
    if job.status == "Cancelling":
        job.move("Cancelled", "Cancelling")


def _role(job: Any) -> Caller:
    role = assumed(job.given["RoleArn"], control_access.SERVICE, "s3-batch-operations", job.account, job.arn)
    if role is None:
        raise Failure("AccessDenied", "S3 Batch Operations cannot assume the role of the job")
    return role


def _prepare(job: Any) -> None:
    time.sleep(PAUSE)
    if job.move("Preparing", "New"):
        time.sleep(PAUSE)
        job.tasks = batch_manifests.tasks(job, _role(job))
        job.move("Suspended" if job.given.get("ConfirmationRequired") else "Ready", "Preparing")


def _run(job: Any) -> None:
    time.sleep(PAUSE)
    if not job.move("Active", "Ready"):
        return
    began, done = time.monotonic(), []
    role = _role(job)
    time.sleep(PAUSE)
    for task in job.tasks:
        if job.status != "Active":
            break
        done.append(_carried_out(job, role, task))
        job.seconds = time.monotonic() - began
        if job.failed > ENOUGH / 2 and len(done) >= ENOUGH and job.failed > len(done) / 2:
            job.move("Failing", "Active")
    job.move("Completing", "Active")
    time.sleep(PAUSE)
    batch_reports.write(job, role, done)
    if job.status == "Failing":
        raise Failure("TasksFailed", "More than half of the tasks failed")
    job.move("Complete", "Completing")


def _carried_out(job: Any, role: Caller, task: Task) -> Task:
    done = batch_tasks.OPERATIONS[job.operation](job, role, task)
    job.failed, job.succeeded = job.failed + bool(done.code), job.succeeded + (not done.code)
    return done
