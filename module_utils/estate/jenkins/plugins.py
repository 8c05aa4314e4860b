"""Which plugins a folder has, whether a lock is theirs, and what is known against them. Pure but for archives."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_PLUGIN = re.compile(r"[\w-]+:[0-9][\w.-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def of_folder(folder: str | Path) -> dict[str, str]:
    """SHA-256 by name:version of each plugin in a folder, from the manifest inside, sorted."""
    found = {}
    for path in Path(folder).glob("*.[jh]pi"):
        with zipfile.ZipFile(path) as archive:
            # A long line goes on with a blank in the next one.
            manifest = archive.read("META-INF/MANIFEST.MF").decode().replace("\r\n", "\n").replace("\n ", "")
        said = dict(line.split(": ", 1) for line in manifest.splitlines() if ": " in line)
        plugin = f"{said['Short-Name']}:{said['Plugin-Version'].split()[0]}"
        found[plugin] = hashlib.sha256(path.read_bytes()).hexdigest()
    return dict(sorted(found.items()))


def lock_problems(
    wanted: Iterable[str], locked: Iterable[str], checksums: Mapping[str, str] | None = None
) -> list[str]:
    """Why the lock is not one of these plugins: each at its version, every name once, and a checksum of all or none."""
    locked = list(locked)
    # The plugin manager takes more (the newest, a URL, an incremental build), of which none is a lock.
    said = [f"'{plugin}' is no name:version" for plugin in locked if not _PLUGIN.fullmatch(plugin)]
    locks = dict(plugin.partition(":")[::2] for plugin in locked)
    said += [
        f"{plugin} is not in it" for plugin in wanted if locks.get(plugin.partition(":")[0]) != plugin.partition(":")[2]
    ]
    names = [plugin.partition(":")[0] for plugin in locked]
    said += [f"{name} is in it twice" for name in sorted({name for name in names if names.count(name) > 1})]
    if checksums:
        said += [f"{plugin} has no checksum" for plugin in locked if plugin not in checksums]
        said += [f"{plugin} has a checksum and is not in it" for plugin in checksums if plugin not in locked]
        said += [f"{plugin}'s checksum is no SHA256" for plugin, sha in checksums.items() if not _SHA256.fullmatch(sha)]
    return said


def warnings(update_center: Mapping[str, Any], plugins: Iterable[str], core: str) -> list[str]:
    """What the update centre's JSON says against these plugins and this Jenkins, one sentence each.

    A warning fits where a pattern of its versions is the whole version, as UpdateSite.Warning.isRelevant has it.
    """
    versions = dict(plugin.partition(":")[::2] for plugin in plugins)
    said = []
    for warning in update_center.get("warnings", []):
        version = core if warning["type"] == "core" else versions.get(warning["name"])
        if version is None:
            continue
        patterns = [entry["pattern"] for entry in warning.get("versions", [])]
        if not patterns or any(re.fullmatch(pattern, version) for pattern in patterns):
            name = "jenkins" if warning["type"] == "core" else warning["name"]
            said.append(f"{warning['id']} {name}:{version} ({warning['message']}; {warning['url']})")
    return sorted(said)


# Role jenkins runs this file on the host, which has nothing but a Python.
if __name__ == "__main__":
    print(json.dumps(of_folder(sys.argv[1])))
