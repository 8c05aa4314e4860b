"""The declared plugins, configuration, jobs and Jenkinsfile in a controller: make test-jenkins JENKINS_WAR=jenkins.war.

JENKINS_PLUGIN_MANAGER is the plugin installation manager's jar; or JENKINS_PLUGIN_DIR holds the plugins (*.jpi).
Without a war the stand-in of tests/hosts/jenkins takes its place, which tests this file rather than Jenkins.
"""

from __future__ import annotations

import base64
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

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
STAND_IN = ROOT / "tests/hosts/jenkins/stand_in/build.py"

pytestmark = pytest.mark.slow


class Controller:
    def __init__(self, url: str, api: dict):
        self.url, self.api = url, api
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)

    def __call__(self, path: str, body: bytes | None = None, signed_in: bool = True, **headers: str) -> tuple[int, str]:
        if signed_in:
            login = f"{self.api['user']}:{self.api['password']}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(login).decode()}"
        request = urllib.request.Request(f"{self.url}/{path}", body, headers)  # noqa: S310 # this machine's own
        try:
            with self.opener.open(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as exc:
            return exc.code, exc.read().decode()

    def post(self, path: str, body: bytes, kind: str) -> tuple[int, str]:
        crumb = json.loads(self("crumbIssuer/api/json")[1])
        return self(path, body, **{crumb["crumbRequestField"]: crumb["crumb"], "Content-Type": kind})


def run(*command: object, **options) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.fixture(scope="module")
def controller(tmp_path_factory):
    if not shutil.which("java"):
        pytest.skip("java is missing (debian-packages.txt: groovy brings it)")
    home = tmp_path_factory.mktemp("jenkins")
    for folder in ("secrets.d", "casc.d", "home"):
        (home / folder).mkdir()
    war, manager = os.environ.get("JENKINS_WAR"), os.environ.get("JENKINS_PLUGIN_MANAGER")
    python: dict[str, str] = {}
    if not war:
        stand_in = home / "stand_in"
        run(sys.executable, STAND_IN, stand_in)
        war, manager = str(stand_in / "jenkins.war"), str(stand_in / "jenkins-plugin-manager.jar")
        python = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}  # it needs a Python with PyYAML
    playbook = Path(sys.executable).parent / "ansible-playbook"
    run(
        playbook,
        "-i",
        ROOT / "inventories/local",
        HERE / "render.yml",
        "-e",
        f"war_home={home}",
        "-e",
        f"__jenkins_audit_log={home}/audit.log",
        cwd=ROOT,
    )
    plugins = home / "home/plugins"
    if folder := os.environ.get("JENKINS_PLUGIN_DIR"):
        shutil.copytree(folder, plugins)
    elif manager:
        options = (f"--war={war}", f"--plugin-file={home}/plugins.txt", f"--plugin-download-directory={plugins}")
        run("java", "-jar", manager, *options, "--latest=false", env={**os.environ, **python})
    else:
        pytest.fail("set JENKINS_PLUGIN_MANAGER to the plugin installation manager's jar, or JENKINS_PLUGIN_DIR")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        **python,
        "JENKINS_HOME": str(home / "home"),
        "JENKINS_PORT": str(port),
        "JENKINS_LISTEN_ADDRESS": "127.0.0.1",
        "JENKINS_LOG": str(home / "log"),
        "CASC_JENKINS_CONFIG": str(home / "casc.d"),
        "SECRETS": str(home / "secrets.d"),
    }
    command = ["java", "-Djenkins.install.runSetupWizard=false", "-jar", war]
    command += [f"--httpPort={port}", "--httpListenAddress=127.0.0.1"]
    with (
        (home / "output").open("w") as output,
        subprocess.Popen(command, env=environment, stdout=output, stderr=output) as process,
    ):
        try:
            found = Controller(f"http://127.0.0.1:{port}", json.loads((home / "api").read_text()))
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


def test_every_pinned_plugin_comes_up_at_its_version(controller):
    _, answer = controller("pluginManager/api/json?tree=plugins[shortName,version,active]")
    active = {f"{p['shortName']}:{p['version']}" for p in json.loads(answer)["plugins"] if p["active"]}

    assert controller.api["plugins"]
    assert set(controller.api["plugins"]) - active == set()


def test_configuration_as_code_closes_the_controller(controller):
    assert controller("api/json", signed_in=False)[0] in {401, 403}
    assert controller("api/json")[0] == 200


def test_jenkinsfile_is_valid_to_the_controller(controller):
    body = urllib.parse.urlencode({"jenkinsfile": (ROOT / "Jenkinsfile").read_text()}).encode()
    code, answer = controller.post("pipeline-model-converter/validate", body, "application/x-www-form-urlencoded")

    assert code == 200
    assert "validated" in answer, answer


def test_every_rendered_job_is_taken(controller):
    run("make", "-s", "jobs", cwd=ROOT)
    jobs = sorted((ROOT / "build/jobs/xml").rglob("*"))
    jobs = [path for path in jobs if path.is_file()]
    assert jobs
    for job in jobs:
        name = job.parent.name if job.name == "config.xml" else job.stem
        code, answer = controller.post(f"createItem?name={name}", job.read_bytes(), "application/xml")
        assert code == 200, f"{name}: {answer[-500:]}"
    listed = {entry["name"] for entry in json.loads(controller("api/json?tree=jobs[name]")[1])["jobs"]}
    assert listed == {job.parent.name if job.name == "config.xml" else job.stem for job in jobs}
