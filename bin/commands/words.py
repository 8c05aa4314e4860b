"""What a person may say to a command, and what there is of it: stages, hosts, tags. A typo is refused with the list."""

from __future__ import annotations

import difflib
import fnmatch
import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INVENTORIES = ROOT / "inventories"
PLAYBOOKS = ROOT / "playbooks"
_PATHS = {"BASE", "BUILD", "PLAN", "RUN", "JUNIT", "JENKINS_WAR", "JENKINS_PLUGIN_MANAGER", "JENKINS_PLUGIN_DIR"}


Words = dict[str, str]  # what was said: STAGE, LIMIT, …


class Refusal(Exception):
    """Why a command is not carried out, in one sentence."""


def inventories(group: str = "") -> list[str]:
    """Those with hosts of their own, or with hosts of that group; accounts first, since stages build on them."""
    found = [path.parent.name for path in INVENTORIES.glob("*/hosts.yml") if group in _keys(path)]
    return sorted(found, key=lambda name: (name != "accounts", name))


def _keys(path: Path) -> set[str]:
    """The groups and hosts of an inventory's file, and "" (tests compare with what Ansible reads)."""
    keys = re.findall(r"^ *([\w.-]+):", path.read_text(encoding="utf-8"), re.M)
    return {"", *keys} - {"hosts", "children", "vars"}


def hosts(stage_inventories: list[str]) -> set[str]:
    """What LIMIT may name: hosts and groups."""
    files = [path for name in stage_inventories for path in (INVENTORIES / name).glob("*.yml")]
    return {key for path in files for key in _keys(path)} - {""}


def _hosts(path: Path) -> set[str]:
    """What stands right below "hosts:"; what is deeper are a host's own vars."""
    found, depth, own = set(), -1, -1
    for indent, key in re.findall(r"^( *)([\w.-]+):", path.read_text(encoding="utf-8"), re.M):
        if len(indent) <= depth:
            depth = own = -1
        if key == "hosts":
            depth = len(indent)
        elif depth >= 0 and own in (-1, len(indent)):
            own = len(indent)
            found.add(key)
    return found


def check_hosts(used: list[str]) -> None:
    """A copied inventory that still names another stage's hosts would change that stage's estate by its own vars."""
    for name in set(inventories("stages")).intersection(used):
        for host in sorted(_hosts(INVENTORIES / name / "hosts.yml")):
            if host != name and not host.endswith(f"-{name}"):
                raise Refusal(f"inventories/{name}/hosts.yml names {host}; hosts of that stage are called {name} or "
                              f"…-{name} (CONTRIBUTING.md, Add a stage, says what a copy needs)")  # fmt: skip


def tags(*playbooks: str) -> list[str]:
    """Every tag of these playbooks, of what they import and of the roles that they take."""
    return sorted({tag for name in playbooks for tag in _tags(PLAYBOOKS / f"{name}.yml")} - {"always", "never"})


def _tags(path: Path) -> set[str]:
    text = path.read_text(encoding="utf-8")
    found = {tag.strip() for line in re.findall(r"^ *tags: \[(.*)\]", text, re.M) for tag in line.split(",")}
    for imported in re.findall(r"import_playbook: (\S+)", text):
        found |= _tags(path.with_name(imported))
    for role, entry in re.findall(r"(?:import|include)_role:\n +name: (\S+)(?:\n +tasks_from: (\S+))?", text):
        found |= _tags(ROOT / "roles" / role / "tasks" / f"{entry or 'main'}.yml")
    return found


def parse(said: list[str], known: tuple[str, ...]) -> Words:
    """["STAGE=preview"] as a mapping; files are meant as seen from where the caller is."""
    given: Words = {}
    for word in said:
        name, equals, value = word.partition("=")
        if not equals or name not in known:
            raise Refusal(f"{word} is not understood; {allowed(name, known) if known else 'it takes no words'}")
        given[name] = _path(value) if name in _PATHS and value else value
    return given


def _path(said: str) -> str:
    """As seen from the project's directory, where commands work, and short in what is printed."""
    path = Path(os.path.abspath(said))
    return str(path.relative_to(ROOT) if ROOT in path.parents else path)


def allowed(said: str, known: list[str] | tuple[str, ...]) -> str:
    near = difflib.get_close_matches(said, known, 1, 0.5)
    meant = f"did you mean {near[0]}? " if near else ""
    return f"{meant}allowed are {', '.join(known)}"


def check_tags(said: str, known: list[str]) -> None:
    for tag in filter(None, said.split(",")):
        if tag not in (*known, "all", "tagged", "untagged"):
            raise Refusal(f"TAGS={tag} is unknown; {allowed(tag, known) if known else 'it has no tags'}")


def check_limit(said: str, known: list[str]) -> None:
    """Each part must match: what Ansible does not know it leaves out with a warning, as if there was nothing to do."""
    for part in filter(None, re.split(r"[,:](?![^\[]*\])", said)):
        pattern = re.sub(r"\[[-:\d]+\]$", "", part.strip().lstrip("!&"))
        if pattern[:1] == "@" or pattern == "all":
            continue
        expression = pattern[1:] if pattern[:1] == "~" else fnmatch.translate(pattern)
        if not any(re.match(expression, name) for name in known):
            raise Refusal(f"LIMIT={part} matches no host; {allowed(pattern, known)}")
