"""A small HTTP server that answers as Jenkins' API does where dm_jenkins_jobs asks, and records what it was asked."""

from __future__ import annotations

import base64
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

USER, PASSWORD, CRUMB = "automation", "invented-password", "a-crumb"


LEGACY = ("disableSubmodules", "recursiveSubmodules", "remotePoll", "reference", "gitConfigName", "gitConfigEmail")
CONCURRENT = "org.jenkinsci.plugins.workflow.job.properties.DisableConcurrentBuildsJobProperty"
TRACKED = "org.jenkinsci.plugins.pipeline.modeldefinition.actions."


def as_saved(config: str) -> str:
    """A job's file as Jenkins writes it back, after a first run: XML 1.1, versions of plugins, what nobody declared.

    GitSCM's old fields are transient: read, turned into extensions where they are set (an empty name is set, too),
    never written (GitSCMBackwardCompatibility.readBackExtensionsFromLegacy).
    """
    job = ElementTree.fromstring(re.sub(r"^<\?xml[^>]*\?>", "", config))
    for scm in job.iter("scm"):
        extensions = scm.find("extensions")
        if extensions is not None and scm.find("gitConfigName") is not None:
            ElementTree.SubElement(extensions, "hudson.plugins.git.extensions.impl.UserIdentity")
        for child in [child for child in scm if child.tag in LEGACY]:
            scm.remove(child)
    for element in job.iter():
        if "." in element.tag:
            element.set("plugin", "some-plugin@1.2.3")
    properties = job.find("properties")
    if properties is not None:
        properties.insert(0, ElementTree.Element("jenkins.model.BuildDiscarderProperty"))
        for found in properties.iter(
            "org.jenkinsci.plugins.workflow.job.properties.DisableConcurrentBuildsJobProperty"
        ):
            ElementTree.SubElement(found, "abortPrevious").text = "false"
    actions = job.find("actions")
    if actions is None:
        actions = ElementTree.SubElement(job, "actions")
    ElementTree.SubElement(actions, f"{TRACKED}DeclarativeJobAction")
    tracker = ElementTree.SubElement(actions, f"{TRACKED}DeclarativeJobPropertyTrackerAction")
    ElementTree.SubElement(tracker, "options")
    for choices in job.iter("choices"):
        choices.attrib.clear()
        array = choices.find("a")
        choices[:] = [*array] if array is not None else [*choices]
    return "<?xml version='1.1' encoding='UTF-8'?>\n" + ElementTree.tostring(job, encoding="unicode")


class FakeJenkins:
    def __init__(self) -> None:
        self.jobs: dict[str, str] = {}  # name → config.xml as saved
        self.writes: list[tuple[str, str]] = []  # path and job of each POST that was carried out
        self.reads = 0
        self.refused: set[str] = set()  # jobs that cannot be created
        jenkins = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def answer(self, status: int, body: str = "", kind: str = "application/json") -> None:
                content = body.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("X-Jenkins", "2.0")
                self.end_headers()
                self.wfile.write(content)

            def allowed(self) -> bool:
                sent = self.headers.get("Authorization", "").removeprefix("Basic ")
                if base64.b64decode(sent).decode() == f"{USER}:{PASSWORD}":
                    return True
                self.answer(401, "<html>Unauthorized</html>", "text/html")
                return False

            def do_GET(self) -> None:
                if not self.allowed():
                    return
                jenkins.reads += 1
                url = urlsplit(self.path)
                job = re.fullmatch(r"/job/([^/]+)/(config\.xml|api/json)", unquote(url.path))
                if url.path == "/crumbIssuer/api/json":
                    self.answer(200, json.dumps({"crumbRequestField": "Jenkins-Crumb", "crumb": CRUMB}))
                elif url.path == "/api/json":
                    assert parse_qs(url.query) == {"tree": ["jobs[name,description]"]}
                    self.answer(200, json.dumps({"jobs": [jenkins.listed(name) for name in jenkins.jobs]}))
                elif job and job[1] in jenkins.jobs:
                    config = job[2] == "config.xml"
                    self.answer(200, jenkins.jobs[job[1]] if config else json.dumps({"name": job[1]}))
                else:
                    self.answer(404)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                if not self.allowed():
                    return
                if self.headers.get("Jenkins-Crumb") != CRUMB:
                    self.answer(403, "No valid crumb was included in the request")
                    return
                url = urlsplit(self.path)
                job = re.fullmatch(r"/job/([^/]+)/(config\.xml|doDelete)", unquote(url.path))
                name = job[1] if job else parse_qs(url.query)["name"][0]
                if name in jenkins.refused:
                    self.answer(500, "Oops")
                    return
                if job is None:
                    assert url.path == "/createItem"
                    assert name not in jenkins.jobs
                else:
                    assert name in jenkins.jobs
                if job and job[2] == "doDelete":
                    del jenkins.jobs[name]
                else:
                    jenkins.jobs[name] = as_saved(body)
                jenkins.writes.append((url.path.rsplit("/", 1)[1], name))
                self.answer(200)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def listed(self, name: str) -> dict[str, str | None]:
        job = ElementTree.fromstring(self.jobs[name].split("?>", 1)[1])
        return {"name": name, "description": job.findtext("description")}

    def __enter__(self) -> FakeJenkins:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
