#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_presigned_url
short_description: Sign a temporary URL of a private document, and show it on the terminal
description:
  - Signs with version 4, for no longer than the session that signs lasts, since S3 honours the URL no longer than that.
  - Whoever has the URL can read the document, so it is written to the terminal of whoever runs this and nowhere else.
  - Follows U(https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html).
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
extends_documentation_fragment: [dm_estate, dm_aws]
"""
EXAMPLES = r"""
- name: Sign a URL for a day
  dm_presigned_url:
    account: preview
    bucket: digitalmarketplace-agreements-preview-preview
    key: g-cloud-9/agreements/1/signed.pdf
    seconds: 86400
"""
RETURN = r"""
extends_documentation_fragment: [dm_estate]
"""

import datetime
from typing import Any

from ansible.module_utils.estate.assets.presign import shown
from ansible.module_utils.estate.call import Clients
from ansible.module_utils.estate.errors import sentence
from ansible.module_utils.estate.plan import Plan
from ansible.module_utils.estate.run import estate_module, run
from ansible.module_utils.estate.terminal import say, terminal

# the bucket's own regional name: a new bucket's global one is redirected, which a signature does not survive
SIGNING = {"signature_version": "s3v4", "s3": {"addressing_style": "virtual"}}


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


def why_unreadable(exc: Exception, bucket: str, key: str) -> str:
    status = getattr(exc, "response", {}).get("ResponseMetadata", {}).get("HTTPStatusCode")
    name = shown(key)
    if status == 404:
        return f"{name} is not in {bucket}: check the key."
    if status == 403:
        return (
            f"{name} is not in {bucket}, or may not be read with these credentials: check the key, the profile, "
            "and that its role is among the readers of the kind (buckets_kinds)."
        )
    return sentence(exc, f"{name} of {bucket} cannot be read")


def main() -> None:
    module = estate_module(DOCUMENTATION)
    given = module.params
    where = terminal()
    if not where:
        module.fail_json(msg="There is no terminal to show the URL on: run it from one.")
    given["aws_config"] = SIGNING
    clients = Clients(module)
    document = {"Bucket": given["bucket"], "Key": given["key"]}
    try:
        clients["s3"].head_object(**document)
        # by now there is a session, where a role is assumed
        seconds, lasts = lasting(
            given["seconds"], clients.session.get_credentials(), datetime.datetime.now(datetime.UTC)
        )
        url = clients["s3"].generate_presigned_url("get_object", Params=document, ExpiresIn=seconds)
        said = f"\n{shown(given['key'])}\nof {given['bucket']}\n\n{url}\n\n"
        say(where, f"{said}Whoever has this URL can read the document. It works {lasts}.\n\n")
    except OSError as exc:
        module.fail_json(msg=f"The URL cannot be shown: {exc}.")
    except Exception as exc:
        module.fail_json(msg=why_unreadable(exc, given["bucket"], given["key"]))
    run(module, Plan("signed URL", given["account"], []), clients.call)


if __name__ == "__main__":
    main()
