"""A variable that nothing reads stops the run where it stands, with the nearest that something does."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.errors import AnsibleParserError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import vars_loader

ROOT = Path(__file__).parents[2]
vars_loader.add_directory(str(ROOT / "vars_plugins"))
PLUGIN = vars_loader.get("dm_vars")


def load(*files: Path) -> dict:
    return PLUGIN.load_found_files(DataLoader(), {}, [str(file) for file in files])


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("buckets_standalones", "buckets_standalone"),
        ("buckets_overides", "buckets_overrides"),
        ("access_know_roles", "access_known_roles"),
        ("access_removals_number", "access_removal_number"),
        ("buckets_router_adresses", "buckets_router_addresses"),
        ("dm_stags", "dm_stage"),
        ("ansible_conection", ""),
    ],
)
def test_a_misspelt_variable_is_an_error_with_the_nearest(tmp_path, name, near):
    file = tmp_path / "buckets.yml"
    file.write_text(f"---\n# what is declared\n{name}: {{}}\n")
    with pytest.raises(
        AnsibleParserError, match=rf"buckets.yml:3 has the variable '{name}', which no role takes.*{near}"
    ):
        load(file)


def test_everything_that_the_inventories_say_is_read_by_something():
    files = [file for part in ("group_vars", "host_vars") for file in ROOT.glob(f"inventories/*/{part}/**/*.yml")]
    assert len(files) > 15
    for file in files:
        load(file)


def test_how_to_reach_a_host_may_be_said(tmp_path):
    file = tmp_path / "main.yml"
    file.write_text("ansible_host: router.example\nansible_ssh_common_args: -v\nansible_become: true\n")
    assert load(file)["ansible_host"] == "router.example"


@pytest.mark.parametrize(
    "line",
    [
        "buckets_tags: 010",
        "buckets_tags: {a: b, days: 010}  # a month",
        "buckets_standalone: {shop: {lifecycle: [{id: a, expire_days: 012}]}}",
        "buckets_tags: [010]",
        "buckets_tags:\n  - 12:30",
    ],
)
def test_a_value_that_yaml_reads_as_another_number_is_refused_wherever_it_stands(tmp_path, line):
    file = tmp_path / "buckets.yml"
    file.write_text(f"{line}\n")
    with pytest.raises(AnsibleParserError, match=r"buckets.yml:[12]: \w+ is \S+, which YAML reads as another number"):
        load(file)


@pytest.mark.parametrize("value", ["'010'", '"12:30"', "0", "10", "arn:aws:s3:::a", "a 010", "v0.10", "[10, 0.5]"])
def test_values_that_mean_what_they_say_are_taken(tmp_path, value):
    file = tmp_path / "buckets.yml"
    file.write_text(f"# 12:30 or {{a: 010}}\nbuckets_tags: {{a: {value}}}\n")
    assert load(file)


def test_a_file_that_inventories_share_is_read_once_and_named_by_where_it_is(tmp_path, monkeypatch):
    common, stages = tmp_path / "common/group_vars", [tmp_path / "preview", tmp_path / "staging"]
    (common / "all").mkdir(parents=True)
    file = common / "all/buckets.yml"
    file.write_text("buckets_standalone: {}\n")
    for stage in stages:
        stage.mkdir()
        (stage / "group_vars").symlink_to("../common/group_vars")
    read: list[str] = []
    parse = DataLoader.load
    monkeypatch.setattr(
        DataLoader, "load", lambda self, data, *given, **words: read.append(data) or parse(self, data, *given, **words)
    )
    loader = DataLoader()
    through = [str(stage / "group_vars/all/buckets.yml") for stage in stages]
    assert [PLUGIN.load_found_files(loader, {}, [one]) for one in through] == [{"buckets_standalone": {}}] * 2
    assert len(read) == 1

    file.write_text("buckets_standalones: {}\n")
    with pytest.raises(AnsibleParserError, match=r"common/group_vars/all/buckets\.yml:1 has the variable"):
        PLUGIN.load_found_files(DataLoader(), {}, through)
