"""A template of a role, worked out on the vars as they are."""

from __future__ import annotations

from typing import Any

from ansible.plugins.lookup import LookupBase
from ansible.template import trust_as_template

DOCUMENTATION = r"""
name: dm_template
short_description: Work out a template of a role without copying the vars first
description:
  - As P(ansible.builtin.template#lookup), which gives each template a copy of all vars of the host. That took half of
    the time of the routers' configuration, which is worked out for each router in each run.
  - So a template has no variables of its own, such as C(ansible_managed) and C(template_path).
options:
  _terms:
    description: Names of files in the role's C(templates).
    type: list
    elements: str
    required: true
"""
EXAMPLES = r"""
- name: Keep the configuration
  ansible.builtin.copy:
    content: "{{ lookup('dm_template', 'assets.j2') }}"
    dest: "{{ assets_router_config_path }}"
    mode: "0640"
"""
RETURN = r"""
_raw:
  description: what each template makes of the vars.
  type: list
  elements: str
"""


class LookupModule(LookupBase):
    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **_: Any) -> list[str]:
        paths = [self.find_file_in_search_path(variables, "templates", name) for name in terms]
        texts = [trust_as_template(self._loader.get_text_file_contents(path)) for path in paths]
        return [self._templar.template(text, escape_backslashes=False) for text in texts]
