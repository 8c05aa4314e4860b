"""What has no template in it is left as it is, and nothing else: the arguments of roles, and what filters are given."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible._internal._datatag._tags import Origin, TrustedAsTemplate
from ansible.errors import AnsibleError
from ansible.module_utils.estate.kept import memory
from ansible.module_utils.estate.origin import plainly
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import filter_loader, lookup_loader, vars_loader
from ansible.template import Templar, trust_as_template

ROOT = Path(__file__).parents[2]
vars_loader.add_directory(str(ROOT / "vars_plugins"))
filter_loader.add_directory(str(ROOT / "filter_plugins"))
lookup_loader.add_directory(str(ROOT / "lookup_plugins"))
FILES = [str(file) for file in sorted((ROOT / "inventories/common/group_vars/all").glob("*.yml"))]
SAID: dict[str, Any] = {
    "name": "shop",
    "below": trust_as_template("{{ {'of': name} }}"),
    "said": {
        "text": "plain",
        5: True,
        "list": [trust_as_template("{{ name }}s"), {"deep": [trust_as_template("{{ below }}"), 1.5, None]}],
        "fixed": {"list": ["a", {"b": 2}]},
    },
}
EXPECTED = {
    "text": "plain",
    5: True,
    "list": ["shops", {"deep": [{"of": "shop"}, 1.5, None]}],
    "fixed": {"list": ["a", {"b": 2}]},
}


def test_a_filter_has_the_vars_as_plain_data(tmp_path: Path) -> None:
    (tmp_path / "as_plain.py").write_text(
        "from ansible.module_utils.estate.origin import plain\n"
        "class FilterModule:\n"
        "    def filters(self):\n"
        "        return {'as_plain': lambda value: [repr(plain(value))]}\n"
    )
    filter_loader.add_directory(str(tmp_path))
    (found,) = Templar(DataLoader(), variables=SAID).template(trust_as_template("{{ said | as_plain }}"))
    assert found == repr(EXPECTED)


def test_the_arguments_of_roles_are_what_ansible_makes_of_them() -> None:
    loader = DataLoader()
    known = vars_loader.get("dm_vars").load_found_files(loader, {}, FILES)
    known |= SAID | {"inventory_dir": str(ROOT / "inventories/preview"), "dm_account": "main", "dm_stage": "preview"}
    templar = Templar(loader, variables=known)
    arguments = lookup_loader.get("dm_arguments", loader, templar)
    assert arguments._worked_out(SAID["said"]) == EXPECTED
    compared = 0
    for name, value in known.items():
        try:
            expected = templar.template(value)
        except AnsibleError:
            with pytest.raises(AnsibleError):
                arguments._worked_out(value)
        else:
            assert arguments._worked_out(value) == expected, name
            compared += 1
    assert compared > 50


def test_a_text_that_stands_twice_keeps_each_of_its_places(tmp_path):
    (tmp_path / "said.yml").write_text("readers:\n  - '{{ name }}:read'\n  - '{{ name }}:read'\n  - '{{ name }}'\n")
    loader = DataLoader()
    said = loader.load_from_file(str(tmp_path / "said.yml"), trusted_as_template=True)
    arguments = lookup_loader.get("dm_arguments", loader, Templar(loader, variables=SAID))
    asked: list[str] = []
    work_out = arguments._templar.template
    arguments._templar.template = lambda text: asked.append(text) or work_out(text)

    found = arguments._worked_out(said["readers"])

    assert found == ["shop:read", "shop:read", "shop"]
    assert [Origin.get_tag(one).line_num for one in found[:2]] == [2, 3]
    assert asked == ["{{ name }}:read", "{{ name }}"]
    assert not any(TrustedAsTemplate.is_tagged_on(one) for one in found)


def test_processes_of_a_run_work_the_same_out_once(tmp_path: Path) -> None:
    memory()
    told = tmp_path / "told"

    def work(said: Mapping[str, Any]) -> list[Any]:
        with told.open("a") as file:
            file.write(".")
        return [said["kinds"], said.get("users") if said["kinds"] else None]

    def asked(**said: Any) -> list[Any]:
        """What another process makes of it, and how often it was worked out so far."""
        read, write = os.pipe()
        if not (child := os.fork()):
            os.write(write, json.dumps(plainly(work, said, "buckets of a test")).encode())
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        return [*json.loads(os.read(read, 1000)), len(told.read_text())]

    class Unread(dict[str, Any]):
        def __getitem__(self, name: str) -> Any:
            assert name != "users", "nobody needs it"
            return super().__getitem__(name)

    assert asked(kinds=["a"], users=["b"]) == [["a"], ["b"], 1]
    assert asked(kinds=["a"], users=["b"]) == [["a"], ["b"], 1]
    assert asked(kinds=["a"], users=["c"]) == [["a"], ["c"], 2], "another value"
    assert asked(kinds=["a"]) == [["a"], None, 3], "a name that is not there"
    assert asked(kinds=["a"], users=["c"]) == [["a"], ["c"], 4], "a name that is there now"
    assert asked(kinds=[], users=["c"]) == [[], None, 5]
    assert asked(kinds=[], users=["what nobody looks at"]) == [[], None, 5]
    assert plainly(work, Unread(kinds=[], users=["c"]), "buckets of a test") == [[], None]
    assert plainly(work, {"kinds": [], "users": []}) == [[], None], "without a name nothing is kept"
    assert len(told.read_text()) == 6
