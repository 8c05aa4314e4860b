"""Canaries, and what the router answers when it is asked for them. The caller passes the client that asks S3."""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import urllib3
from ansible.module_utils.estate.errors import or_none, sentence
from ansible.module_utils.estate.plan import Action

WORKERS = 16
MOST = 1_000_000  # bytes that are read of an answer; no canary has as many


def missing(s3: Any, documents: Sequence[Mapping[str, Any]]) -> tuple[list[Action], dict[str, str]]:
    """(what writes those that are not there as they should be, subject -> why one cannot be read)."""
    actions, failed = [], {}
    with ThreadPoolExecutor(WORKERS) as pool:
        asked = [(document, pool.submit(_is_there, s3, document)) for document in documents]
        for document, future in asked:
            try:
                actions += [] if future.result() else [_put(document)]
            except Exception as exc:
                failed[_subject(document)] = sentence(exc, "cannot read it").rstrip(".")
    return actions, failed


def _subject(document: Mapping[str, Any]) -> str:
    return f"canary {document['key']} of {document['bucket']}"


def body(document: Mapping[str, Any]) -> bytes:
    return bytes(document["content"].encode() * document["repeat"])


def _is_there(s3: Any, document: Mapping[str, Any]) -> bool:
    where = {"Bucket": document["bucket"], "Key": document["key"]}
    answer = or_none(lambda: s3.get_object(**where), "NoSuchKey")
    if answer is None:
        return False
    if answer["Body"].read() != body(document) or answer.get("CacheControl", "") != document["cache_control"]:
        return False
    tags = s3.get_object_tagging(**where)["TagSet"] if answer.get("TagCount") else []
    return {tag["Key"]: tag["Value"] for tag in tags} == document["tags"]


def _put(document: Mapping[str, Any]) -> Action:
    """Without its body, which would stand in every stored plan."""
    more = {"CacheControl": document["cache_control"], "Tagging": urllib.parse.urlencode(document["tags"])}
    params = {"Bucket": document["bucket"], "Key": document["key"], "ContentType": "text/plain"}
    return Action("add", _subject(document), "s3.put_object", params | {k: v for k, v in more.items() if v})


def proofs(url: str, host: str, checks: Sequence[Mapping[str, Any]], timeout: int) -> Iterator[dict[str, Any]]:
    """A verdict for each check, asked all at once, each once; redirects are not followed."""
    client = urllib3.PoolManager(maxsize=WORKERS, retries=False, timeout=timeout)

    def prove(check: Mapping[str, Any]) -> dict[str, Any]:
        begun = time.monotonic()
        why, seen = _wrong(client, url + check["path"], host, check)
        subject = f"{url}{check['path']} {check['range']}".strip()
        return {
            "subject": subject, "verdict": "failed" if why else "proved", "why": why,
            "expected": check["status"], "seen": seen, "seconds": round(time.monotonic() - begun, 3),
        }  # fmt: skip

    with ThreadPoolExecutor(WORKERS) as pool:
        yield from pool.map(prove, checks)


def _wrong(client: Any, url: str, host: str, check: Mapping[str, Any]) -> tuple[str, int | None]:
    """(what is wrong with the answer, or nothing; its status)."""
    headers = {"Host": host} | ({"Range": check["range"]} if check["range"] else {})
    try:
        with client.request("GET", url, headers=headers, preload_content=False) as answer:
            status, content = answer.status, answer.read(MOST + 1)
    except urllib3.exceptions.HTTPError as exc:
        return f"no whole answer: {exc.args[0]}", None
    if status != check["status"]:
        return f"the answer is {status}, wanted is {check['status']}", status
    if check["content"] and content != body(check):
        return "the answer has another content than wanted", status
    if check["without"] and check["without"].encode() in content:
        return "the answer has what must stay private", status
    return "", status
