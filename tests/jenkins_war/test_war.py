"""The declared plugins, configuration, jobs and Jenkinsfile in a controller: make test-jenkins JENKINS_WAR=jenkins.war.

The plugin installation manager is fetched as role jenkins fetches it, unless JENKINS_PLUGIN_MANAGER is its jar or
JENKINS_PLUGIN_DIR holds the plugins (*.jpi).
Without a war the stand-in of tests/hosts/jenkins takes its place, which tests this file rather than Jenkins, and runs
no builds.
"""

from __future__ import annotations

import base64
import hashlib
import http.cookiejar
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
import yaml
from commands.run import inventory_words

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
STAND_IN = ROOT / "tests/hosts/jenkins/stand_in/build.py"

pytestmark = pytest.mark.slow


class Controller:
    def __init__(self, url: str, api: dict):
        self.url, self.api, self.login = url, api, (api["user"], api["password"])
        self.runs_builds = bool(os.environ.get("JENKINS_WAR"))
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)

    def __call__(self, path: str, body: bytes | None = None, signed_in: bool = True, **headers: str) -> tuple[int, str]:
        if signed_in:
            login = ":".join(self.login).encode()
            headers["Authorization"] = f"Basic {base64.b64encode(login).decode()}"
        request = urllib.request.Request(f"{self.url}/{path}", body, headers)  # noqa: S310 # this machine's own
        try:
            with self.opener.open(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as exc:
            return exc.code, exc.read().decode()

    def post(self, path: str, body: bytes, kind: str = "application/x-www-form-urlencoded") -> tuple[int, str]:
        crumb = json.loads(self("crumbIssuer/api/json")[1])
        return self(path, body, **{crumb["crumbRequestField"]: crumb["crumb"], "Content-Type": kind})


def run(*command: object, **options) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def repositories(folder: Path, urls: list[str]) -> dict[str, str]:
    """The environment in which git finds at the declared URLs what a build takes: the Jenkinsfile and what it calls."""
    (folder / "bin").mkdir(parents=True)
    # The built-in node stands in for the agent.
    (folder / "Jenkinsfile").write_text(
        (ROOT / "Jenkinsfile").read_text().replace("label 'estate'", "label 'controller'")
    )
    # Builds call the commands that tests/pipeline has for its harness.
    shutil.copy(ROOT / "tests/pipeline/stubs/estate", folder / "bin/estate")
    git = ("git", "-C", folder, "-c", "user.name=nobody", "-c", "user.email=nobody@invalid.example")
    run(*git, "init", "-q", "-b", "main")
    run(*git, "add", ".")
    run(*git, "commit", "-q", "-m", "What a build takes")
    environment = {"GIT_CONFIG_COUNT": str(len(urls))}
    for number, url in enumerate(urls):
        environment |= {f"GIT_CONFIG_KEY_{number}": f"url.file://{folder}.insteadOf", f"GIT_CONFIG_VALUE_{number}": url}
    return environment


def fetched(home: Path, url: str, checksum: str) -> Path:
    """The plugin installation manager that role jenkins fetches, by the same checksum."""
    path = home / "manager.jar"
    with urllib.request.urlopen(url, timeout=120) as answer:  # noqa: S310 declared in the role
        path.write_bytes(answer.read())
    wanted = checksum.removeprefix("sha256:")
    if "://" in wanted:
        with urllib.request.urlopen(wanted, timeout=120) as answer:  # noqa: S310
            wanted = answer.read().decode().split()[0]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == wanted, (
        f"{url} is not what jenkins_plugin_manager_checksum says"
    )
    return path


def test_the_plugin_manager_is_taken_by_its_checksum_only(tmp_path):
    jar, said = tmp_path / "declared.jar", tmp_path / "declared.jar.sha256"
    jar.write_bytes(b"a jar")
    digest = hashlib.sha256(b"a jar").hexdigest()
    said.write_text(f"{digest}  declared.jar\n")

    for checksum in (digest, said.as_uri()):
        assert fetched(tmp_path, jar.as_uri(), f"sha256:{checksum}").read_bytes() == b"a jar"
    with pytest.raises(AssertionError, match="is not what jenkins_plugin_manager_checksum says"):
        fetched(tmp_path, jar.as_uri(), f"sha256:{'0' * 64}")


def test_git_finds_what_a_build_takes_at_the_declared_url(tmp_path):
    url = "git@git.example:estate.git"
    environment = {**os.environ, **repositories(tmp_path / "repository", ["https://other.example/x", url])}
    run("git", "clone", "-q", url, tmp_path / "clone", env=environment)

    assert "label 'controller'" in (tmp_path / "clone/Jenkinsfile").read_text()
    assert os.access(tmp_path / "clone/bin/estate", os.X_OK)


@pytest.fixture(scope="module")
def controller(tmp_path_factory):
    war, manager = os.environ.get("JENKINS_WAR"), os.environ.get("JENKINS_PLUGIN_MANAGER")
    if not shutil.which("java"):
        # Whoever names a war asks for its judgement, and nothing tried is none.
        (pytest.fail if war else pytest.skip)("java is missing (debian-packages.txt: groovy brings it)")
    home = tmp_path_factory.mktemp("jenkins")
    for folder in ("secrets.d", "casc.d", "home"):
        (home / folder).mkdir()
    python: dict[str, str] = {}
    if not war:
        stand_in = home / "stand_in"
        declared = yaml.safe_load((ROOT / "inventories/common/group_vars/all/jenkins_plugins.yml").read_text())
        run(sys.executable, STAND_IN, stand_in, declared["jenkins_version"])
        war, manager = str(stand_in / "jenkins.war"), str(stand_in / "jenkins-plugin-manager.jar")
        python = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}  # it needs a Python with PyYAML
    playbook = Path(sys.executable).parent / "ansible-playbook"
    run(
        playbook,
        *inventory_words("local"),
        HERE / "render.yml",
        "-e",
        f"war_home={home}",
        "-e",
        f"__jenkins_audit_log={home}/audit.log",
        cwd=ROOT,
    )
    plugins = home / "home/plugins"
    api = json.loads((home / "api").read_text())
    if given := os.environ.get("JENKINS_PLUGIN_DIR"):
        shutil.copytree(given, plugins)
    else:
        jar = manager or fetched(home, *api["manager"])
        options = (f"--war={war}", f"--plugin-file={home}/plugins.txt", f"--plugin-download-directory={plugins}")
        run("java", "-jar", jar, *options, "--latest=false", env={**os.environ, **python})
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "HARNESS": str(home),
        **repositories(home / "repository", api["repositories"]),
        **python,
        "JENKINS_HOME": str(home / "home"),
        "CASC_JENKINS_CONFIG": str(home / "casc.d"),
        "SECRETS": str(home / "secrets.d"),
    }
    command = ["java", "-Djenkins.install.runSetupWizard=false", "-jar", war]
    command += [f"--httpPort={port}", "--httpListenAddress=127.0.0.1", f"--webroot={home}/war", f"--logfile={home}/log"]
    with (
        (home / "output").open("w") as output,
        subprocess.Popen(command, env=environment, stdout=output, stderr=output) as process,
    ):
        try:
            found = Controller(f"http://127.0.0.1:{port}", api)
            wait_for(found, process, home / "output")
            yield found
        finally:
            process.terminate()


def wait_for(controller: Controller, process: subprocess.Popen, output: Path) -> None:
    end = time.monotonic() + 300
    while time.monotonic() < end:
        assert process.poll() is None, f"the controller ended: {output.read_text()[-3000:]}"
        try:
            if controller("login", signed_in=False)[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.3)
    pytest.fail(f"the controller did not come up: {output.read_text()[-3000:]}")


def test_the_war_is_of_the_declared_version(controller):
    with controller.opener.open(f"{controller.url}/login", timeout=60) as answer:
        assert answer.headers["X-Jenkins"] == controller.api["version"]


def test_every_pinned_plugin_comes_up_at_its_version_and_so_does_what_they_need(controller):
    _, answer = controller("pluginManager/api/json?tree=plugins[shortName,version,active]")
    plugins = json.loads(answer)["plugins"]
    active = {f"{plugin['shortName']}:{plugin['version']}" for plugin in plugins if plugin["active"]}

    assert controller.api["plugins"]
    assert set(controller.api["plugins"]) - active == set()
    assert [plugin["shortName"] for plugin in plugins if not plugin["active"]] == []


def test_the_lock_is_the_whole_set_that_came_up(controller):
    if not controller.runs_builds:
        pytest.skip("the stand-in's plugins are not Jenkins'")
    _, answer = controller("pluginManager/api/json?tree=plugins[shortName,version]")
    have = {f"{plugin['shortName']}:{plugin['version']}" for plugin in json.loads(answer)["plugins"]}

    assert have == set(controller.api["locked"]), "bin/estate lock-plugins writes it"


def test_configuration_as_code_closes_the_controller(controller):
    assert controller("api/json", signed_in=False)[0] in {401, 403}
    assert controller("api/json")[0] == 200


@pytest.fixture
def builder(controller):
    found = Controller(controller.url, controller.api)
    found.login = tuple(controller.api["builder"])
    return found


def test_jenkinsfile_is_valid_to_the_controller(controller):
    body = urllib.parse.urlencode({"jenkinsfile": (ROOT / "Jenkinsfile").read_text()}).encode()
    code, answer = controller.post("pipeline-model-converter/validate", body)

    assert code == 200
    assert "validated" in answer, answer


@pytest.fixture(scope="module")
def push(controller, tmp_path_factory):
    """make update-jobs, with the jobs enabled; returns what it said."""
    folder = tmp_path_factory.mktemp("jobs")
    variables = {
        "jenkins_jobs_url": f"{controller.url}/",
        "jenkins_jobs_directory": str(folder),
        "jenkins_jobs_enabled": True,
    }
    # render.yml took the example's passwords.
    example = {"DM_CREDENTIALS_REPO": str(ROOT / "credentials.example")}
    environment = {**os.environ, **example, "DM_PLAN_FILE": str(folder.with_suffix(".json"))}

    def run_playbook() -> str:
        found = [word for path in sorted(ROOT.glob("inventories/*/hosts.yml")) for word in ("-i", path.parent)]
        playbook = (Path(sys.executable).parent / "ansible-playbook", *found, "playbooks/update_jobs.yml")
        return run(*playbook, "-e", json.dumps(variables), cwd=ROOT, env=environment)

    return run_playbook


@pytest.fixture(scope="module")
def pushed(push) -> str:
    return push()


def test_every_rendered_job_is_taken_and_a_second_push_finds_nothing_to_change(controller, push, pushed):
    jobs = [entry["name"] for entry in json.loads(controller("api/json?tree=jobs[name]")[1])["jobs"]]

    assert "plan-preview" in jobs
    assert f"localhost: {len(jobs)} added" in pushed
    assert "localhost: 0 added, 0 changed, 0 removed" in push()


@pytest.mark.usefixtures("pushed")
def test_a_job_of_the_jenkinsfile_runs(controller):
    if not controller.runs_builds:
        pytest.skip("the stand-in runs no builds: make test-jenkins JENKINS_WAR=… does")
    assert controller.post("job/plan-preview/buildWithParameters", b"STAGE=preview&ACTION=plan")[0] == 201
    build: dict = {}
    end = time.monotonic() + 600
    while build.get("building", True) and time.monotonic() < end:
        time.sleep(1)
        code, answer = controller("job/plan-preview/lastBuild/api/json?tree=building,result,artifacts[relativePath]")
        build = json.loads(answer) if code == 200 else {}
    console = controller("job/plan-preview/lastBuild/consoleText")[1]

    assert build.get("result") == "UNSTABLE", console[-5000:]  # the stand-in of tests/pipeline plans a change
    assert "build/plan-preview.json" in {artifact["relativePath"] for artifact in build["artifacts"]}
    assert controller("job/plan-preview/lastBuild/Plan/")[0] == 200
    assert not [secret for secret in controller.api["secrets"] if secret in console]


@pytest.mark.usefixtures("pushed")
def test_who_may_build_can_neither_replace_the_jenkinsfile_nor_change_a_job(controller, builder):
    """Each would do away with approval, and with what a job's name says."""
    before = controller("job/plan-preview/config.xml")[1]
    replayed = urllib.parse.urlencode({"json": json.dumps({"mainScript": "echo 'mine'"})}).encode()

    assert builder("job/plan-preview/api/json")[0] == 200
    assert builder.post("job/plan-preview/1/replay/run", replayed)[0] == 403
    for path in ("job/plan-preview/config.xml", "createItem?name=mine"):
        assert builder.post(path, before.replace("plan", "x").encode(), "application/xml")[0] == 403
    assert builder.post("scriptText", b"script=println(1)")[0] == 403
    assert controller("job/plan-preview/config.xml")[1] == before
