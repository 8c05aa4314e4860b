#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_canaries
short_description: Have a small known document in each of some buckets
description:
  - Reads all of them at the same time, and writes only those that are missing or different.
author: [Digital Marketplace developers]
options:
  documents:
    description: What is to be there, as plain text.
    type: list
    elements: dict
    required: true
    suboptions:
      bucket: {description: The bucket., type: str, required: true}
      key: {description: The document's key., type: str, required: true}
      content: {description: What it says., type: str, required: true}
      repeat: {description: How often it says so., type: int, default: 1}
      tags: {description: The tags on it., type: dict, default: {}}
      cache_control: {description: What it says to whoever would keep it., type: str, default: ""}
attributes:
  check_mode:
    support: full
    description: Says what would be written.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""
EXAMPLES = r"""
- name: Have a canary in the documents bucket
  dm_canaries:
    documents:
      - {bucket: digitalmarketplace-documents-preview-preview, key: canary.txt, content: "here\n"}
"""
RETURN = r"""
written:
  description: The buckets that a document was written to.
  returned: success
  type: list
  elements: str
"""

import concurrent.futures
import urllib.parse
from typing import Any

try:
    import botocore
    from botocore.config import Config
except ImportError:
    pass  # AnsibleAWSModule reports it

from ansible.module_utils.estate.errors import error_code, sentence
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def is_there(client: Any, document: dict[str, Any]) -> bool:
    try:
        answer = client.get_object(Bucket=document["bucket"], Key=document["key"])
    except botocore.exceptions.ClientError as exc:
        if error_code(exc) == "NoSuchKey":
            return False
        raise
    if answer["Body"].read() != body(document) or answer.get("CacheControl", "") != document["cache_control"]:
        return False
    if answer.get("TagCount", 0) != len(document["tags"]):
        return False
    if not document["tags"]:
        return True
    live = client.get_object_tagging(Bucket=document["bucket"], Key=document["key"])["TagSet"]
    return {tag["Key"]: tag["Value"] for tag in live} == document["tags"]


def body(document: dict[str, Any]) -> bytes:
    return bytes(document["content"].encode() * document["repeat"])


def put(client: Any, document: dict[str, Any], check_mode: bool) -> str | None:
    """The bucket where it was written, None where it was there, or RuntimeError in one sentence."""
    try:
        if is_there(client, document):
            return None
        if not check_mode:
            client.put_object(
                Bucket=document["bucket"],
                Key=document["key"],
                Body=body(document),
                ContentType="text/plain",
                **({"CacheControl": document["cache_control"]} if document["cache_control"] else {}),
                **({"Tagging": urllib.parse.urlencode(document["tags"])} if document["tags"] else {}),
            )
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as exc:
        raise RuntimeError(sentence(exc, f"{document['key']} cannot be kept in {document['bucket']}")) from None
    return str(document["bucket"])


def main() -> None:
    suboptions: dict[str, Any] = {name: {"type": "str", "required": True} for name in ("bucket", "content")}
    suboptions["key"] = {"type": "str", "required": True, "no_log": False}  # S3's word for a name
    suboptions |= {"repeat": {"type": "int", "default": 1}, "tags": {"type": "dict", "default": {}}}
    suboptions["cache_control"] = {"type": "str", "default": ""}
    module = AnsibleAWSModule(
        argument_spec={
            "documents": {
                "type": "list", "elements": "dict", "required": True, "no_log": False, "options": suboptions,
            },
        },
        supports_check_mode=True,
    )  # fmt: skip
    documents = module.params["documents"]
    client = module.client("s3", aws_config=Config(max_pool_connections=16, retries={"mode": "standard"}))
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        tried = [pool.submit(put, client, document, module.check_mode) for document in documents]
    wrong = [str(future.exception()) for future in tried if future.exception()]
    written = [future.result() for future in tried if not future.exception() and future.result()]
    if wrong:
        module.fail_json(msg=" ".join(wrong), changed=bool(written), written=written)
    module.exit_json(changed=bool(written), written=written)


if __name__ == "__main__":
    main()
