"""validate-trails against `aws cloudtrail validate-logs` on the same digests and log files: verdicts and seconds.

usage: python benchmarks/bench_trails.py [--hours 72] [--logs 12] [--latency 40]

Both ask a server of this file's, which answers after a latency like S3's. Ours is measured without Ansible around it,
which takes what it takes for any playbook. Needs awscli on PATH. Writes build/bench_trails.json, and fails where a
verdict differs or the promise is not kept.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from benchmarks.noted import note
from tests.support.trail_files import Bucket

PROMISE = 20
ACCOUNT, NAME, REGION = "111111111111", "main", "eu-west-1"
ARN = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{NAME}"
OURS = f"""
import boto3, datetime, json, sys
from botocore.config import Config
from concurrent.futures import ThreadPoolExecutor
import ansible.module_utils
ansible.module_utils.__path__.append("{ROOT}/module_utils")
from ansible.module_utils.estate.monitoring.trail_files import WORKERS, Trail, told
url, start, stop = sys.argv[1], *map(datetime.datetime.fromisoformat, sys.argv[2:4])
config = Config(max_pool_connections=WORKERS, parameter_validation=False, s3=dict(addressing_style="path"))
where = dict(endpoint_url=url, region_name="{REGION}", config=config)
clients = {{name: boto3.client(name, **where) for name in ("s3", "cloudtrail")}}
with ThreadPoolExecutor(WORKERS) as pool:
    (live,) = clients["cloudtrail"].describe_trails()["trailList"]
    trail = Trail(clients, "{ACCOUNT}", live, pool, start, stop)
    print(json.dumps(told("trail", [f for r in trail.regions() for f in trail.validated(r)], True)))
"""


class Server:
    """As much of S3 and CloudTrail as both need, each answer after the latency."""

    def __init__(self, bucket: Bucket, latency: float) -> None:
        self.bucket, self.latency = bucket, latency
        self.ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()
        self.ready.wait()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self.ready.set()
        await server.serve_forever()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                return
            first, *lines = head.decode().split("\r\n")
            headers = {line.split(":")[0].lower(): line.partition(":")[2].strip() for line in lines if line}
            await reader.readexactly(int(headers.get("content-length", 0)))
            await asyncio.sleep(self.latency / 1000)
            status, more, body = self._answer(first.split()[1], headers)
            said = "".join(f"{name}: {value}\r\n" for name, value in more.items())
            writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n{said}\r\n".encode() + body)
            await writer.drain()

    def _answer(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        target, bucket = headers.get("x-amz-target", ""), self.bucket
        if target.endswith("ListPublicKeys"):
            key = {"Fingerprint": bucket.fingerprint, "Value": base64.b64encode(bucket.public).decode()}
            return 200, {}, json.dumps({"PublicKeyList": [key]}).encode()
        if target:
            trail = {"Name": NAME, "TrailARN": ARN, "HomeRegion": REGION, "S3BucketName": bucket.name}
            return 200, {}, json.dumps({"trailList": [trail]}).encode()
        where = urllib.parse.urlsplit(path)
        asked = {name: values[0] for name, values in urllib.parse.parse_qs(where.query, keep_blank_values=True).items()}
        if "location" in asked:
            return 200, {}, f"<LocationConstraint>{REGION}</LocationConstraint>".encode()
        if "prefix" in asked:
            return 200, {}, self._list(asked)
        found = bucket.objects.get(urllib.parse.unquote(where.path).split("/", 2)[2])
        if found is None:
            return 404, {}, b"<Error><Code>NoSuchKey</Code><Message>not there</Message></Error>"
        return 200, {f"x-amz-meta-{name}": value for name, value in found[1].items()}, found[0]

    def _list(self, asked: dict[str, str]) -> bytes:
        after = asked.get("marker") or asked.get("start-after") or ""
        keys = sorted(key for key in self.bucket.objects if key.startswith(asked["prefix"]) and key > after)
        if "delimiter" in asked:
            names = {key[len(asked["prefix"]) :].split("/")[0] for key in keys}
            said = "".join(
                f"<CommonPrefixes><Prefix>{asked['prefix']}{one}/</Prefix></CommonPrefixes>" for one in names
            )
        else:
            said = "".join(f"<Contents><Key>{key}</Key></Contents>" for key in keys)
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{said}</ListBucketResult>".encode()


def timed(command: list[str], env: dict[str, str]) -> tuple[float, str]:
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    return time.perf_counter() - began, done.stdout + done.stderr


def counts(text: str) -> dict[str, int]:
    """Of the AWS CLI's summary."""
    found = {}
    for kind in ("digest", "log"):
        seen = re.search(rf"(\d+)/(\d+) {kind} files valid", text)
        good, total = (int(seen[1]), int(seen[2])) if seen else (0, 0)
        found |= {f"{kind}s_valid": good, f"{kind}s_invalid": total - good}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, default=72)
    parser.add_argument("--logs", type=int, default=12, help="log files an hour")
    parser.add_argument("--latency", type=float, default=40, help="ms")
    args = parser.parse_args()
    aws = shutil.which("aws")
    if aws is None:
        sys.exit("bench_trails: there is no aws on PATH; apt-get install awscli")
    stop = datetime.datetime.now(datetime.UTC).replace(minute=0, second=0, microsecond=0)
    env = {**os.environ, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_EC2_METADATA_DISABLED": "true",
           "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}  # fmt: skip
    results, wrong = {}, []
    for case, lost in (
        ("whole", ()),
        ("one digest missing", (5,)),
        ("two missing in a row", (5, 6)),
        ("a log spoilt", None),
    ):
        hours, logs = (args.hours, args.logs) if case == "whole" else (12, 2)
        bucket = Bucket(ACCOUNT, NAME, REGION, stop).fill(hours, logs)
        if lost is None:
            bucket.objects[bucket.logs[3]] = bucket.objects[bucket.logs[4]]
        for index in lost or ():
            del bucket.objects[bucket.digests[index]]
        server = Server(bucket, args.latency if case == "whole" else 0)
        since = stop - datetime.timedelta(hours=hours)
        theirs, said = timed(
            [aws, "--endpoint-url", server.url, "--region", REGION, "cloudtrail", "validate-logs", "--trail-arn", ARN,
             "--start-time", f"{since:%Y-%m-%dT%H:%M:%SZ}", "--end-time", f"{stop:%Y-%m-%dT%H:%M:%SZ}"],
            env | {"AWS_ENDPOINT_URL": server.url},
        )  # fmt: skip
        ours, text = timed([sys.executable, "-c", OURS, server.url, since.isoformat(), stop.isoformat()], env)
        found, peer = json.loads(text.splitlines()[-1]), counts(said)
        if {key: found[key] for key in peer} != peer:
            wrong.append(f"{case}: we say {found}, aws says {said}")
        results[case] = {"files": len(bucket.objects), "ours": round(ours, 2), "aws": round(theirs, 2), **peer,
                         "times": round(theirs / ours, 1)}  # fmt: skip
        print(
            f"{case:22} {len(bucket.objects):5} files: {ours:6.2f} s, aws {theirs:7.2f} s, {theirs / ours:5.1f} times"
        )
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build/bench_trails.json").write_text(json.dumps(results, indent=2))
    whole = results["whole"]
    beside = f"aws cloudtrail validate-logs, {whole['aws']} s"
    note(f"validate-trails: {whole['files']} files", f"{whole['ours']} s", beside=beside, times=whole["times"])
    if whole["times"] < PROMISE:
        wrong.append(f"{results['whole']['times']} times as fast, and {PROMISE} was promised")
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
