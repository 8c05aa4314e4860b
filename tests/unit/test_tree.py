"""What holds for every plugin, role, inventory and target of the tree."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from commands import words
from commands.run import inventory_words

pytestmark = pytest.mark.slow  # they start ansible once each

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
FILTERS = sorted(path.stem for path in (ROOT / "filter_plugins").glob("*.py"))
MODULES = sorted(path.stem for path in (ROOT / "library").glob("*.py"))
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
LOOKUPS = [path.stem for path in sorted((ROOT / "lookup_plugins").glob("*.py"))]
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))


def run(*command, **env):
    return subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(("kind", "names"), [("filter", FILTERS), ("lookup", LOOKUPS), ("module", MODULES)])
def test_ansible_doc_shows_every_plugin_with_examples(kind, names):
    done = run(BIN / "ansible-doc", "-t", kind, "--json", *names)

    assert done.returncode == 0, done.stderr
    docs = json.loads(done.stdout)
    for name in names:
        assert docs[name]["doc"]["short_description"], name
        assert docs[name]["examples"], f"{name} has no EXAMPLES"
        assert docs[name]["return"], f"{name} has no RETURN"


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_an_argument_spec(role):
    spec = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    assert spec
    for entry_point, said in spec.items():
        assert said["short_description"], entry_point
        assert (ROOT / "roles" / role / "tasks" / f"{entry_point}.yml").is_file(), f"{entry_point} has no tasks"


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.name)
def test_every_entry_point_that_a_playbook_takes_has_an_argument_spec(playbook):
    for play in yaml.safe_load(playbook.read_text()):
        for task in [*play.get("pre_tasks", []), *play.get("tasks", [])]:
            taken = task.get("ansible.builtin.import_role") or task.get("ansible.builtin.include_role")
            if taken:
                spec = yaml.safe_load((ROOT / "roles" / taken["name"] / "meta" / "argument_specs.yml").read_text())
                # Ansible validates the entry point of exactly this name, and nothing, silently, where there is none
                assert taken.get("tasks_from", "main") in spec["argument_specs"], taken


# Collections whose modules know nothing of the account that a play is about.
OTHERS = ("amazon.aws.", "community.aws.")


def tasks_of(folder, name):
    """The text of a role's file, and of those that it takes in."""
    text = (folder / name).read_text()
    taken = [word.strip("\"'") for word in re.findall(r"(?:include|import)_tasks: *(\S+)", text)]
    files = {file.name for word in taken for file in folder.glob(re.sub(r"{{.*", "*", word))} - {name}
    return "".join([text, *(tasks_of(folder, file) for file in files)])


def calls_aws_by_others(play):
    """Whether a module that is not this project's own calls AWS in it."""
    texts = [str(play)]
    for task in play["tasks"]:
        for role in filter(None, map(task.get, ("ansible.builtin.import_role", "ansible.builtin.include_role"))):
            texts.append(tasks_of(ROOT / "roles" / role["name"] / "tasks", f"{role.get('tasks_from', 'main')}.yml"))
    return any(name in text for name in OTHERS for text in texts)


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.name)
def test_a_play_whose_modules_do_not_look_at_the_account_starts_with_its_guard(playbook):
    for play in yaml.safe_load(playbook.read_text()):
        if "ansible.builtin.import_playbook" in play or not calls_aws_by_others(play):
            continue
        assert play["environment"] == "{{ dm_aws_environment }}", play["name"]
        first = [*play.get("pre_tasks", []), *play["tasks"]][0]
        assert first.get("ansible.builtin.import_role", {}).get("name") == "account_guard", play["name"]
        assert "always" in first["tags"], play["name"]


# Whose modules ask AWS for something, and see to the account by what dm_aws_environment says.
CALLERS = sorted(path.stem for path in (ROOT / "library").glob("dm_*.py") if "Clients(" in path.read_text())


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.name)
def test_a_play_whose_modules_call_aws_says_which_account_it_is_about(playbook):
    for play in yaml.safe_load(playbook.read_text()):
        tasks = play.get("tasks", ())
        roles = [
            value for task in tasks for key, value in task.items() if key.endswith(("import_role", "include_role"))
        ]
        files = [ROOT / "roles" / role["name"] / "tasks" / f"{role.get('tasks_from', 'main')}.yml" for role in roles]
        used = "".join([str(tasks), *(file.read_text() for file in files)])
        if any(
            re.search(rf"\b{name}['\"]?:", used) for name in CALLERS if name not in ("dm_account", "dm_assets_proof")
        ):
            assert "dm_aws_environment" in str(play.get("environment")), f"{playbook.name}: {play['name']}"


LEFT = [
    (playbook.name, task["ansible.builtin.import_role"])
    for playbook in PLAYBOOKS
    for play in yaml.safe_load(playbook.read_text())
    for task in play.get("tasks", ())
    if task.get("ansible.builtin.import_role", {}).get("rolespec_validate") is False
]


@pytest.mark.parametrize(("playbook", "role"), LEFT, ids=str)
def test_arguments_that_ansible_leaves_unchecked_are_checked_by_the_first_task(playbook, role):
    name, entry = role["name"], role.get("tasks_from", "main")
    if name in ("account_guard", "credentials"):  # whose tasks say as much
        return
    folder = ROOT / "roles" / name / "tasks"
    first = yaml.safe_load((folder / f"{entry}.yml").read_text())[0]
    if "ansible.builtin.import_tasks" in first:
        first = yaml.safe_load((folder / first["ansible.builtin.import_tasks"]).read_text())[0]
    words = f"'{name}'" if entry == "main" else f"'{name}', '{entry}'"
    assert f"lookup('dm_arguments', {words})" in str(first), f"{playbook} leaves {name} to {first['name']}"


def test_the_guard_stands_where_jenkins_host_is_made():
    guarded = {path.name for path in PLAYBOOKS if "account_guard" in path.read_text()}
    assert guarded == {"provision_jenkins.yml", "restore_jenkins.yml"}


@pytest.mark.parametrize("inventory", words.inventories())
def test_every_inventory_works_alone(inventory):
    done = run(BIN / "ansible-inventory", "-i", f"inventories/{inventory}", "--list")

    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    hosts = json.loads(done.stdout)["_meta"]["hostvars"]
    assert hosts
    assert all(values["dm_account"] in values["dm_accounts"] for values in hosts.values())


def listed(*inventory):
    done = run(BIN / "ansible-inventory", *inventory, "--list", LOCAL_AWS_STATE="/nowhere/local_aws")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["_meta"]["hostvars"]


def test_the_embedded_aws_has_every_host_and_its_own_vars_over_theirs():
    everywhere = listed(*inventory_words("local"))
    assert everywhere == listed(), "ansible.cfg's inventory, for what is typed by hand, lacks one or has another order"
    real = listed(*inventory_words("every"))

    assert everywhere.keys() == real.keys()
    assert all(values["dm_aws_overlay"] == {} for values in real.values())
    for host, values in everywhere.items():
        assert values["dm_aws_overlay"]["AWS_EC2_METADATA_DISABLED"] == "true", host
        assert values["buckets_router_addresses"] == ["127.0.0.1/32"], "a stage's own host_vars say another"
        assert values["ansible_connection"] == "local"


# What a new stage takes besides its folder; each failure names the file (CONTRIBUTING, "Add a stage").
@pytest.mark.parametrize("stage", words.inventories("stages"))
def test_a_stage_has_all_that_belongs_to_one(stage):
    folder = ROOT / "inventories" / stage
    hosts = yaml.safe_load((folder / "hosts.yml").read_text())
    assert [*hosts["stages"]["hosts"]] == [stage], f"inventories/{stage}/hosts.yml: the host is called like the folder"
    routers = [*hosts["assets_routers"]["hosts"]]
    assert routers == [f"assets-router-{stage}"], f"inventories/{stage}/hosts.yml: its router"
    found = listed("-i", f"inventories/{stage}")
    assert found[stage].get("dm_stage") == stage, f"inventories/{stage}/host_vars/{stage}/main.yml: dm_stage"
    assert found[stage].get("dm_account") in found[stage]["dm_accounts"], "its main.yml: dm_account"
    router = f"inventories/{stage}/host_vars/{routers[0]}"
    assert (ROOT / router / "stage").resolve() == folder / "host_vars" / stage, f"{router}/stage: a link to ../{stage}"
    assert found[routers[0]].get("dm_stage") == stage, f"{router}/stage: the vars of its stage"
    assert (ROOT / f"credentials.example/vars/{stage}.yml").is_file(), f"credentials.example/vars/{stage}.yml"


def test_nothing_that_tells_of_a_machine_is_committed():
    files = run("git", "ls-files", "-z").stdout.split("\0")
    homes = re.compile(r"/(root|home/\w+|work|Users/\w+)/")
    for name in filter(None, files):
        path = ROOT / name
        if path.is_file() and not path.is_symlink() and path.suffix not in {".png", ".lock"}:
            found = homes.search(path.read_text(encoding="utf-8", errors="ignore"))
            assert not found or path == Path(__file__), f"{name}: {found}"


def test_every_room_is_a_package_since_ansible_packs_no_other_into_a_module():
    rooms = [path for path in (ROOT / "module_utils" / "estate").rglob("*") if path.is_dir() and path.name[0] != "_"]
    assert rooms
    assert [room for room in rooms if not (room / "__init__.py").is_file()] == []


def test_the_stages_are_the_inventories_that_are_there():
    shown = run(
        BIN / "ansible", "-i", "inventories/accounts", "production-account", "-m", "debug", "-a", "var=dm_stages"
    )

    stages = sorted(path.parent.name for path in (ROOT / "inventories").glob("*/hosts.yml"))
    assert re.findall(r"- (\w+)$", shown.stdout, re.M) == [name for name in stages if name != "accounts"], shown.stdout


def test_no_two_test_files_have_one_name():
    """They are no packages: pytest cannot tell two of one name apart, and runs neither where it meets both."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py") if "node_modules" not in path.parts]

    assert sorted(names) == sorted(set(names))


def test_every_scenario_of_hosts_is_a_test_in_a_file_of_its_own():
    hosts = ROOT / "tests" / "hosts"

    scenarios = {file.parent.name for file in hosts.glob("*/molecule.yml")}
    files = [name for name in os.listdir(hosts) if name.startswith("test_")]
    run_by = {name: re.findall(r'hosts\.holds\("(\w+)"\)', (hosts / name).read_text()) for name in files}
    assert scenarios
    assert run_by == {f"test_{name}_hosts.py": [name] for name in scenarios}
