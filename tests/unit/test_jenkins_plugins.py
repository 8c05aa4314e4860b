"""The lock of plugins: read from what was downloaded, compared with what is wanted, and what is known against it."""

import hashlib
import zipfile
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.estate.jenkins.plugins import lock_problems, of_folder, warnings


def test_what_a_folder_has_is_read_from_the_manifests_inside(tmp_path):
    for name, version, file in [("git", "5.10.1", "git.jpi"), ("a" * 80, "1 (private-1-x)", "long.hpi")]:
        with zipfile.ZipFile(tmp_path / file, "w") as archive:
            line = f"Short-Name: {name}"
            folded = "\r\n ".join(line[at : at + 70] for at in range(0, len(line), 70))
            archive.writestr(
                "META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\r\n{folded}\r\nPlugin-Version: {version}\r\n"
            )
    (tmp_path / "git.jpi.pinned").write_text("")

    found = of_folder(tmp_path)
    assert list(found) == [f"{'a' * 80}:1", "git:5.10.1"]
    assert found["git:5.10.1"] == hashlib.sha256((tmp_path / "git.jpi").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("locked", "said"),
    [
        (["git:5.10.1", "git-client:6"], []),
        ([], ["git:5.10.1 is not in it"]),
        (["git:5.10.0"], ["git:5.10.1 is not in it"]),
        (["git:5.10.1", "git-client:6", "git-client:7"], ["git-client is in it twice"]),
        # What the plugin manager takes too, and what only looks like a line of it.
        (["git:5.10.1", "junit"], ["'junit' is no name:version"]),
        (["git:5.10.1", "junit:latest"], ["'junit:latest' is no name:version"]),
        (
            ["git:5.10.1", "junit:1:https://x.example/j"],
            ["'junit:1:https://x.example/j' is no name:version"],
        ),
        (["git:5.10.1", "# junit:1"], ["'# junit:1' is no name:version"]),
        (["git:5.10.1", "junit:1 "], ["'junit:1 ' is no name:version"]),
    ],
)
def test_a_lock_holds_each_wanted_plugin_once_at_its_version(locked, said):
    assert lock_problems(["git:5.10.1"], locked) == said


def test_a_lock_has_checksums_of_all_its_plugins_or_of_none():
    a, b = "a" * 64, "b" * 64
    assert lock_problems([], ["git:1", "junit:2"], {"git:1": a, "junit:2": b}) == []
    assert lock_problems([], ["git:1", "junit:2"], {"git:1": a, "junit:2": b.upper()}) == [
        "junit:2's checksum is no SHA256"
    ]
    assert lock_problems([], ["git:1", "junit:2"], {"git:1": a, "junit:1": b}) == [
        "junit:2 has no checksum",
        "junit:1 has a checksum and is not in it",
    ]


def test_the_declared_lock_is_that_of_the_declared_plugins():
    vars_file = Path(__file__).parents[2] / "inventories/common/group_vars/all/jenkins_plugins.yml"
    said = yaml.safe_load(vars_file.read_text())
    locked = said["jenkins_plugins_locked"]

    assert lock_problems(said["jenkins_plugins"], locked, said["jenkins_plugins_checksums"]) == []
    assert locked == sorted(locked)


CENTER = {
    "warnings": [
        {"id": "SECURITY-1", "type": "plugin", "name": "git", "message": "Hole", "url": "https://jenkins.example/1",
         "versions": [{"lastVersion": "5.2", "pattern": "5[.][012](|[.-].*)"}, {"pattern": "4[.].*"}]},
        {"id": "SECURITY-2", "type": "core", "name": "core", "message": "Hole", "url": "https://jenkins.example/2",
         "versions": [{"pattern": "2[.]580[.]1"}]},
        {"id": "SECURITY-3", "type": "plugin", "name": "junit", "message": "Every", "url": "https://jenkins.example/3",
         "versions": []},
    ]
}  # fmt: skip


@pytest.mark.parametrize(
    ("plugins", "core", "ids"),
    [
        (["git:5.2.1"], "2.580.2", ["SECURITY-1"]),
        (["git:5.20"], "2.580.2", []),
        (["git:4.0"], "2.580.1", ["SECURITY-1", "SECURITY-2"]),
        (["junit:1", "mailer:2"], "2.580.11", ["SECURITY-3"]),
        ([], "2.580.2", []),
    ],
)
def test_a_warning_holds_for_the_versions_that_it_names_and_no_other(plugins, core, ids):
    assert [said.split()[0] for said in warnings(CENTER, plugins, core)] == ids
