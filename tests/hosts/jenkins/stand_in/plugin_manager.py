"""Stands in for the plugin installation manager: "downloads" what is pinned, unless its version says missing."""

import argparse
import json
import os
import sys
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--war", required=True, type=Path)
parser.add_argument("--plugin-file", required=True, type=Path)
parser.add_argument("--plugin-download-directory", required=True, type=Path)
parser.add_argument("--latest", choices=["false"], required=True)
arguments = parser.parse_args()

assert arguments.war.is_file()
assert "HOME" in os.environ
arguments.plugin_download_directory.mkdir()
for line in arguments.plugin_file.read_text().splitlines():
    if line and not line.startswith("#"):
        name, version = line.split(":")
        if "missing" in version:
            sys.exit(f"Unable to download {name} {version}")
        target = arguments.plugin_download_directory / f"{name}.jpi"
        target.write_text(json.dumps({"shortName": name, "version": version}))
