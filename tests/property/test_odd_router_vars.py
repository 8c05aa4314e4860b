"""Any odd value anywhere in what the router is made from is taken or refused in a sentence: never a traceback."""

from __future__ import annotations

import copy
import functools
from typing import Any

import yaml
from ansible.errors import AnsibleFilterError
from asset_routes import FilterModule as Routes
from asset_settings import FilterModule as Settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.property.test_odd_access_vars import ODD, paths

ROUTES = Routes().filters()["asset_routes"]
SETTINGS = Settings().filters()["asset_settings"]


@functools.cache
def sound() -> dict[str, Any]:
    kinds = yaml.safe_load((ROOT / "inventories/common/group_vars/all/buckets.yml").read_text())["buckets_kinds"]
    said = yaml.safe_load((ROOT / "credentials.example/vars/preview.yml").read_text())
    legacy = [{"prefix": "/g-cloud-7/", "kind": "g7-draft-documents"}]
    defaults = yaml.safe_load((ROOT / "roles/assets_router/defaults/main.yml").read_text())
    plain = {name: value for name, value in defaults.items() if "{{" not in str(value)}
    return {
        "kinds": kinds,
        "urls": {name: url for name, url in said.items() if name.endswith("_s3_url")},
        "legacy": legacy,
        "overrides": {"documents": {"served": True}},
        "settings": {**plain, "assets_router_domains": ["assets.preview.example"]},
    }


# The mappings of settings and URLs themselves are put together by the role.
PLACES = [path for path in paths(sound()) if path and path not in (("settings",), ("urls",))]


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(PLACES), ODD)
def test_an_odd_value_is_taken_or_refused_in_a_sentence(path: tuple[Any, ...], value: Any) -> None:
    made = copy.deepcopy(sound())
    at: Any = made
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    try:
        SETTINGS(made["settings"])
        ROUTES(made["kinds"], made["urls"], stage="preview", legacy=made["legacy"], overrides=made["overrides"])
    except AnsibleFilterError as exc:
        said = str(exc)
        assert "object has no" not in said, said
        assert "not the shape" not in said, said
        assert "\n" not in said.strip(), said
