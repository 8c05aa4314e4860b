#!/usr/bin/python
from __future__ import annotations

DOCUMENTATION = r"""
module: dm_router_info
short_description: Read what an assets router's host has, and which configuration it runs
description:
  - Everything that the role assets_router decides by, in one call. Changes nothing.
author: [Digital Marketplace developers]
options:
  nginx:
    description: Path of the nginx binary.
    type: path
    required: true
  modules_dir:
    description: Where dynamic modules of nginx are.
    type: path
    required: true
  config_path:
    description: Where the configuration is.
    type: path
    required: true
  password_path:
    description: Where the frontend's password is.
    type: path
    required: true
  socket:
    description: The router's own socket.
    type: path
    required: true
  domain:
    description: A host name that it answers to.
    type: str
    required: true
  health_path:
    description: Its health check.
    type: str
    required: true
attributes:
  check_mode:
    support: full
    description: Only reads.
"""
EXAMPLES = r"""
- name: Read what the router has and runs
  dm_router_info:
    nginx: /usr/sbin/nginx
    modules_dir: /usr/lib/nginx/modules
    config_path: /etc/nginx/nginx.conf
    password_path: /etc/assets_router/frontend_authorization.conf
    socket: /var/lib/assets_router/own.sock
    domain: assets.preview.example
    health_path: /_health
"""
RETURN = r"""
nginx:
  description: What nginx says of its version and modules; empty where it is not there.
  returned: success
  type: str
headers_more:
  description: Whether the module headers-more is there as a file.
  returned: success
  type: bool
configuration:
  description: C(sha256), C(mode) and C(written) of the configuration; empty where there is none.
  returned: success
  type: dict
password:
  description: The same of the file with the frontend's password.
  returned: success
  type: dict
release:
  description: Which configuration answers; empty where none does.
  returned: success
  type: str
name_servers:
  description: The host's own, as nginx takes them.
  returned: success
  type: list
  elements: str
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.estate.assets.router import compiled, file_state, name_servers, release

PATHS = ("nginx", "modules_dir", "config_path", "password_path", "socket")


def main() -> None:
    # Not made from the documentation: a host that is new has nothing that reads YAML.
    spec = {
        name: {"type": "path" if name in PATHS else "str", "required": True, "no_log": False}
        for name in (*PATHS, "domain", "health_path")
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    given = module.params
    module.exit_json(
        changed=False,
        nginx=compiled(given["nginx"]),
        headers_more=(Path(given["modules_dir"]) / "ngx_http_headers_more_filter_module.so").exists(),
        configuration=file_state(Path(given["config_path"])),
        password=file_state(Path(given["password_path"])),
        release=release(given["socket"], given["domain"], given["health_path"]),
        name_servers=name_servers(Path("/etc/resolv.conf")),
    )


if __name__ == "__main__":
    main()
