#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_presigned_url
short_description: Sign a temporary URL of a private document, and show it on the terminal
description:
  - Signs with version 4, for no longer than the session that signs lasts, since S3 honours the URL no longer than that.
  - Whoever has the URL can read the document, so it is written to the terminal of whoever runs this and nowhere else.
  - Follows U(https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html).
author: [Digital Marketplace developers]
options:
  bucket:
    description: The document's bucket.
    type: str
    required: true
  key:
    description: The document's key.
    type: str
    required: true
  seconds:
    description: How long the URL is to work; at most seven days.
    type: int
    required: true
attributes:
  check_mode:
    support: full
    description: Only reads.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""
EXAMPLES = r"""
- name: Sign a URL for a day
  dm_presigned_url:
    bucket: digitalmarketplace-agreements-preview-preview
    key: g-cloud-9/agreements/1/signed.pdf
    seconds: 86400
"""
RETURN = r"""
lasts:
  description: Until when the URL works, and why not longer.
  returned: success
  type: str
  sample: until 2027-01-31 12:00 UTC
"""

import datetime
from typing import Any

try:
    import boto3
    import botocore
    from botocore.config import Config
except ImportError:
    pass  # AnsibleAWSModule reports it

from ansible.module_utils.estate.assets.presign import shown
from ansible.module_utils.estate.errors import sentence
from ansible.module_utils.estate.terminal import say, terminal
from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleBotocoreError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def lasting(asked: int, credentials: Any, now: datetime.datetime) -> tuple[int, str]:
    """(seconds to sign for, until when it works and why not longer). Takes botocore's credentials, refreshed."""
    until = now + datetime.timedelta(seconds=asked)
    ends = getattr(credentials, "_expiry_time", None)  # botocore has no other word for it
    if ends and ends < until:
        seconds = max(1, int((ends - now).total_seconds()))
        return seconds, f"until {ends:%Y-%m-%d %H:%M} UTC and no longer, since the session that signed it ends then"
    said = f"until {until:%Y-%m-%d %H:%M} UTC"
    if credentials.token and not ends:
        said += " at most: it ends with the session that signed it, whose end cannot be known here"
    return asked, said


def connect(module: AnsibleAWSModule) -> tuple[Any, Any]:
    """(S3 client, credentials); not by module.client, which keeps the credentials to itself."""
    region, endpoint, options = get_aws_connection_info(module)
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "profile_name")
    session = boto3.session.Session(**{name: options.pop(name, None) for name in names})
    # the bucket's own regional name: a new bucket's global one is redirected, which a signature does not survive
    config = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    client = session.client(
        "s3", region_name=region, endpoint_url=endpoint, verify=options.get("verify"), config=config
    )
    credentials = session.get_credentials()
    if credentials:
        credentials.get_frozen_credentials()  # gets the session, where a role is assumed
    return client, credentials


def why_unreadable(exc: Exception, bucket: str, key: str) -> str:
    status = getattr(exc, "response", {}).get("ResponseMetadata", {}).get("HTTPStatusCode")
    if status == 404:
        return f"{key} is not in {bucket}: check the key."
    if status == 403:
        return f"{key} is not in {bucket}, or may not be read with these credentials: check the key and the profile."
    return sentence(exc, f"{key} of {bucket} cannot be read")


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "bucket": {"type": "str", "required": True},
            "key": {"type": "str", "required": True, "no_log": False},  # S3's word for a name
            "seconds": {"type": "int", "required": True},
        },
        supports_check_mode=True,
    )
    bucket, key, asked = (module.params[name] for name in ("bucket", "key", "seconds"))
    where = terminal()
    if not where:
        module.fail_json(msg="There is no terminal to show the URL on: run it from one.")
    try:
        client, credentials = connect(module)
        client.head_object(Bucket=bucket, Key=key)
        seconds, lasts = lasting(asked, credentials, datetime.datetime.now(datetime.UTC))
        given = {"Bucket": bucket, "Key": key}
        url = client.generate_presigned_url("get_object", Params=given, ExpiresIn=seconds)
        document = f"{shown(key)}\nof {bucket}"
        say(where, f"\n{document}\n\n{url}\n\nWhoever has this URL can read the document. It works {lasts}.\n\n")
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, AnsibleBotocoreError) as exc:
        module.fail_json(msg=why_unreadable(exc, bucket, key))
    except OSError as exc:
        module.fail_json(msg=f"The URL cannot be shown: {exc}.")
    module.exit_json(changed=False, lasts=lasts)


if __name__ == "__main__":
    main()
