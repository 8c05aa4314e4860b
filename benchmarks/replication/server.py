"""An S3 that does nothing but list two buckets, as fast as this machine can: python -m replication.server FOLDER PORT.

Entries are rendered once, all of one length, into a file for each bucket and API; a page is a piece of it, sent as it
is. So what is measured is whoever lists. Answers ListObjectVersions and ListObjectsV2 (with continuation tokens) in
AWS's own shape, any marker, prefix and page size up to 1,000; checks no signature.
"""

from __future__ import annotations

import mmap
import os
import socket
import sys
import threading
from bisect import bisect_left, bisect_right
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

KEY = "g-cloud-{framework}/submissions/{supplier:07d}/{document:05d}-service-definition-document.pdf"
OWNER = "<Owner><ID>75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a</ID></Owner>"
VERSION = (
    "<Version><Key>{key}</Key><VersionId>{version}</VersionId><IsLatest>true</IsLatest>"
    "<LastModified>2026-03-01T12:00:00.000Z</LastModified><ETag>&quot;{etag}&quot;</ETag>"
    "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>"
    "<Size>{size:010d}</Size>" + OWNER + "<StorageClass>STANDARD</StorageClass></Version>"
)
OBJECT = (
    "<Contents><Key>{key}</Key><LastModified>2026-03-01T12:00:00.000Z</LastModified><ETag>&quot;{etag}&quot;</ETag>"
    "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>"
    "<Size>{size:010d}</Size><StorageClass>STANDARD</StorageClass></Contents>"
)
MISSING, DIFFERENT = 10_007, 15_013  # every so many-th is not in the replica, or is another there
PER_SUPPLIER, FRAMEWORKS = 10, 8


def keys(number: int) -> list[str]:
    each = number // FRAMEWORKS
    return [
        KEY.format(framework=10 + index // each, supplier=index % each // PER_SUPPLIER, document=index % PER_SUPPLIER)
        for index in range(number)
    ]


def differences(number: int) -> int:
    """How many of so many keys are missing or another in the replica."""
    return sum(index % MISSING == MISSING - 1 or index % DIFFERENT == DIFFERENT - 1 for index in range(number))


def render(folder: Path, number: int) -> None:
    """The files of both buckets, once."""
    if (folder / "done").exists():
        return
    names = keys(number)
    for bucket in ("source", "replica"):
        kept = [index for index in range(number) if bucket == "source" or index % MISSING != MISSING - 1]
        for api, shape in (("versions", VERSION), ("objects", OBJECT)):
            with (folder / f"{bucket}.{api}").open("w") as out:
                for index in kept:
                    other = bucket == "replica" and index % DIFFERENT == DIFFERENT - 1
                    etag = f"{index + number * other:032x}"
                    out.write(shape.format(key=names[index], version=f"{index:032x}", etag=etag, size=index % 5000))
        (folder / f"{bucket}.keys").write_text("\n".join(names[index] for index in kept))
    (folder / "done").touch()


class Bucket:
    def __init__(self, folder: Path, name: str) -> None:
        self.keys = (folder / f"{name}.keys").read_text().split("\n")
        self.files = {}
        for api in ("versions", "objects"):
            with (folder / f"{name}.{api}").open("rb") as file:
                self.files[api] = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    def page(self, query: dict[str, list[str]]) -> list[bytes | memoryview]:
        said = {name: values[0] for name, values in query.items()}
        versions, prefix = "versions" in said, said.get("prefix", "")
        after = said.get("key-marker" if versions else "continuation-token" if "continuation-token" in said else
                         "start-after" if "list-type" in said else "marker", "")  # fmt: skip
        start = max(bisect_right(self.keys, after) if after else 0, bisect_left(self.keys, prefix))
        last = bisect_left(self.keys, prefix + "\U0010ffff") if prefix else len(self.keys)
        stop = max(start, min(start + min(int(said.get("max-keys", 1000)), 1000), last))
        data = self.files["versions" if versions else "objects"]
        each, root = len(data) // len(self.keys), "ListVersionsResult" if versions else "ListBucketResult"
        more = ""
        if stop < last:
            key = self.keys[stop - 1]
            more = (f"<NextKeyMarker>{key}</NextKeyMarker><NextVersionIdMarker>{'0' * 32}</NextVersionIdMarker>"
                    if versions else f"<NextContinuationToken>{key}</NextContinuationToken>")  # fmt: skip
        head = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        head += f"<Name>b</Name><Prefix>{prefix}</Prefix><KeyMarker></KeyMarker><MaxKeys>1000</MaxKeys>{more}"
        head += f"<EncodingType>url</EncodingType><IsTruncated>{'true' if stop < last else 'false'}</IsTruncated>"
        return [head.encode(), data[start * each : stop * each], f"</{root}>".encode()]


def serve(folder: Path, port: int, processes: int = 2) -> None:
    buckets = {name: Bucket(folder, name) for name in ("source", "replica")}
    listener = socket.create_server(("127.0.0.1", port), backlog=256)
    for _ in range(processes - 1):
        if os.fork() == 0:
            break
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_answer, args=(connection, buckets), daemon=True).start()


def _answer(connection: socket.socket, buckets: dict[str, Bucket]) -> None:
    waiting = b""
    while True:
        while b"\r\n\r\n" not in waiting:
            read = connection.recv(65536)
            if not read:
                return
            waiting += read
        request, _, waiting = waiting.partition(b"\r\n\r\n")
        method, target, _ = request.split(b"\r\n", 1)[0].decode().split(" ", 2)
        url = urlsplit(target)
        bucket = buckets.get(unquote(url.path).strip("/"))
        listed = bucket and method == "GET"
        parts = bucket.page(parse_qs(url.query, keep_blank_values=True)) if bucket and listed else [b""]
        status = "200 OK" if bucket else "404 Not Found"
        length = sum(map(len, parts))
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {length}\r\n\r\n".encode()
        for part in (head, *parts):
            connection.sendall(part)


if __name__ == "__main__":
    where = Path(sys.argv[1])
    where.mkdir(parents=True, exist_ok=True)
    render(where, int(sys.argv[3]))
    serve(where, int(sys.argv[2]))
