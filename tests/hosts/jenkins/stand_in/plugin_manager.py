"""Stands in for the plugin installation manager: "downloads" what is listed and what that needs.

Not kinder than it: a version that says missing is not there, a plugin without a version is the newest one, and what a
plugin needs comes at the lowest version that it asks for, or with --latest=true at the newest.
"""

import argparse
import os
import sys
import zipfile
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--war", required=True, type=Path)
parser.add_argument("--plugin-file", required=True, type=Path)
parser.add_argument("--plugin-download-directory", required=True, type=Path)
parser.add_argument("--latest", choices=["false", "true"], required=True)
arguments = parser.parse_args()

assert arguments.war.is_file()
assert "HOME" in os.environ
arguments.plugin_download_directory.mkdir()
NEEDS = {
    "git": ["git-client:1.0", "credentials:1.0"],
    "audit-trail": ["credentials:1.1"],
    "git-client": ["credentials:1.0"],
}
wanted: dict[str, str] = {}


def want(plugin: str) -> None:
    name, _, version = plugin.partition(":")
    version = version or "9.0"
    if "missing" in version:
        sys.exit(f"Unable to download {name} {version}")
    if version <= wanted.get(name, ""):
        return
    wanted[name] = version
    for need in NEEDS.get(name, []):
        want(need.partition(":")[0] if arguments.latest == "true" else need)


for line in arguments.plugin_file.read_text().splitlines():
    if line and not line.startswith("#"):
        want(line)
for name, version in wanted.items():
    with zipfile.ZipFile(arguments.plugin_download_directory / f"{name}.jpi", "w") as archive:
        said = f"Manifest-Version: 1.0\nShort-Name: {name}\nPlugin-Version: {version}\n"
        archive.writestr(zipfile.ZipInfo("META-INF/MANIFEST.MF"), said)  # the same bytes each time, as a release is
