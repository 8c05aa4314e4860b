#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_http_checks
short_description: Ask many URLs at once and say which did not answer as they should
description:
  - Sends one GET for each check, all at the same time, and compares status and content. Changes nothing. Redirects are
    not followed, and nothing is asked twice.
author: [Digital Marketplace developers]
options:
  checks:
    description: What to ask, and what should come back.
    type: list
    elements: dict
    required: true
    suboptions:
      url:
        description: What to ask.
        type: str
        required: true
      headers:
        description: Headers to send.
        type: dict
        default: {}
      status:
        description: Statuses that are right.
        type: list
        elements: int
        required: true
      content:
        description: The exact content that is right. Leave out to accept any.
        type: str
      repeat:
        description: How often the content stands in the answer.
        type: int
        default: 1
      without:
        description: What must not be in the content.
        type: str
  ca_path:
    description: CA certificates that https is verified with; the system's where left out.
    type: path
  timeout:
    description: Seconds to wait for each answer.
    type: int
    default: 10
attributes:
  check_mode:
    support: full
    description: Only reads.
"""
EXAMPLES = r"""
- name: Check that the router is up
  dm_http_checks:
    checks:
      - {url: "http://127.0.0.1/_health", status: [200]}
"""
RETURN = r"""
wrong:
  description: A sentence for each wrong answer.
  returned: always
  type: list
  elements: str
"""

import concurrent.futures
import http.client
import ssl
import urllib.parse

from ansible.module_utils.basic import AnsibleModule


def ask(check: dict, context: ssl.SSLContext, timeout: int) -> str | None:
    """None where the answer is right, else a sentence."""
    url = urllib.parse.urlsplit(check["url"])
    port = url.port or (443 if url.scheme == "https" else 80)
    connection: http.client.HTTPConnection
    if url.scheme == "https":
        connection = http.client.HTTPSConnection(url.hostname or "", port, timeout=timeout, context=context)
    else:
        connection = http.client.HTTPConnection(url.hostname or "", port, timeout=timeout)
    try:
        connection.request("GET", url.path + (f"?{url.query}" if url.query else ""), headers=check["headers"])
        answer = connection.getresponse()
        content = answer.read(1_000_000).decode(errors="replace")
        missing = answer.length  # http.client counts down from the length that was promised
    except (OSError, http.client.HTTPException) as exc:
        return f"{check['url']} does not answer: {exc}"
    finally:
        connection.close()
    if answer.status not in check["status"]:
        return f"{check['url']} answers {answer.status}, wanted is {' or '.join(map(str, check['status']))}"
    wanted = None if check["content"] is None else check["content"] * check["repeat"]
    if missing and len(content) < 1_000_000 and (wanted is None or wanted.startswith(content)):
        return f"{check['url']} breaks off after {len(content)} bytes, {missing} before its end"
    if wanted not in (None, content):
        return f"{check['url']} answers with another content than wanted"
    if check["without"] and check["without"] in content:
        return f"{check['url']} answers with what must stay private"
    return None


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "checks": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "url": {"type": "str", "required": True},
                    "headers": {"type": "dict", "default": {}},
                    "status": {"type": "list", "elements": "int", "required": True},
                    "content": {"type": "str"},
                    "repeat": {"type": "int", "default": 1},
                    "without": {"type": "str"},
                },
            },
            "ca_path": {"type": "path"},
            "timeout": {"type": "int", "default": 10},
        },
        supports_check_mode=True,
    )
    checks, timeout = module.params["checks"], module.params["timeout"]
    context = ssl.create_default_context(cafile=module.params["ca_path"])
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        said = list(pool.map(lambda check: ask(check, context, timeout), checks))
    wrong = [sentence for sentence in said if sentence]
    if wrong:
        module.fail_json(msg="; ".join(wrong) + ".", wrong=wrong)
    module.exit_json(changed=False, wrong=wrong)


if __name__ == "__main__":
    main()
