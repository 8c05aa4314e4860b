"""lock_plugins.py WAR MANAGER FILE [move]: writes FILE with all plugins that the wanted ones need, and their checksums.

With move every wanted plugin is taken at the newest version for that war, else at the version that FILE has.
"""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import ansible.module_utils
import yaml

ansible.module_utils.__path__.append(str(Path(__file__).resolve().parents[2] / "module_utils"))

from ansible.module_utils.estate.jenkins.plugins import of_folder


def version_of(war: str) -> str:
    with zipfile.ZipFile(war) as archive:
        for line in archive.read("META-INF/MANIFEST.MF").decode().splitlines():
            if line.startswith("Jenkins-Version: "):
                return line.partition(": ")[2].strip()
    sys.exit(f"{war} does not say which Jenkins it is")


def resolved(war: str, manager: str, wanted: list[str], move: bool) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        listed, plugins = Path(folder, "plugins.txt"), Path(folder, "plugins")
        listed.write_text("".join(f"{name}\n" for name in wanted))
        options = [f"--war={war}", f"--plugin-file={listed}", f"--plugin-download-directory={plugins}"]
        done = subprocess.run(["java", "-jar", manager, *options, f"--latest={str(move).lower()}"], check=False)
        if done.returncode:
            sys.exit("the plugin installation manager failed; nothing was written")
        return of_folder(plugins)


def main(war: str, manager: str, file: str, *how: str) -> None:
    path = Path(file)
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    move = how == ("move",)
    names = [str(plugin).partition(":")[0] for plugin in said["jenkins_plugins"]]
    locked = resolved(war, manager, names if move else [str(plugin) for plugin in said["jenkins_plugins"]], move)
    by_name = {plugin.partition(":")[0]: plugin for plugin in locked}
    if missing := [name for name in names if name not in by_name]:
        sys.exit(f"the plugin installation manager did not bring {', '.join(missing)}; nothing was written")
    comment = path.read_text(encoding="utf-8").partition("jenkins_version:")[0]
    lines = [f"{comment}jenkins_version: {version_of(war)}", "jenkins_plugins:"]
    lines += [f"  - {by_name[name]}" for name in sorted(names)]
    lines += [
        "# The whole set, with all that they need.",
        "jenkins_plugins_locked:",
        *(f"  - {plugin}" for plugin in locked),
        "# SHA-256 of each, as it came from the update centre.",
        "jenkins_plugins_checksums:",
        *(f'  "{plugin}": {checksum}' for plugin, checksum in locked.items()),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    before = set(map(str, said["jenkins_plugins_locked"]))
    for plugin in sorted(before ^ set(locked)):
        print(f"{'-' if plugin in before else '+'} {plugin}")
    print(f"{len(locked)} plugins are locked in {path}; bin/estate test-jenkins tries them")


if __name__ == "__main__":
    main(*sys.argv[1:])
