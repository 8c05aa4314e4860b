"""build.py FOLDER [VERSION…]: a signed apt repository with the stand-ins, and the plugin manager's jar, as real ones.

Needs java (to compile one class), dpkg-deb and gpg. The key is thrown away.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
VERSIONS = ("2.541.3", "2.580.1", "2.580.2")
# As jenkinsci/packaging, deb/build/debian/jenkins.postinst: a user only where there is none, three directories of the
# package's own, the war's with all that is in it. deb-systemd-* is what debhelper puts in its place.
POSTINST = """#!/bin/sh
set -e
[ "$1" = configure ] || exit 0
getent group jenkins >/dev/null || groupadd --system jenkins
id jenkins >/dev/null 2>&1 ||
  useradd --system --home-dir /var/lib/jenkins --no-create-home --gid jenkins --shell /bin/bash jenkins
chown jenkins:jenkins /var/lib/jenkins /var/log/jenkins
chmod u+rwx /var/lib/jenkins /var/log/jenkins
chown -R jenkins:jenkins /var/cache/jenkins
chmod -R 750 /var/cache/jenkins
deb-systemd-helper enable jenkins.service >/dev/null
systemctl daemon-reload
deb-systemd-invoke restart jenkins.service
"""
# As jenkinsci/packaging, systemd/jenkins.sh, infer_jenkins_opts: what the unit says reaches Jenkins as options alone.
LAUNCHER = """#!/bin/sh
options=""
[ -z "$JENKINS_WEBROOT" ] || options="$options --webroot=$JENKINS_WEBROOT"
[ -z "$JENKINS_LOG" ] || options="$options --logfile=$JENKINS_LOG"
[ -z "$JENKINS_PORT" ] || options="$options --httpPort=$JENKINS_PORT"
[ -z "$JENKINS_LISTEN_ADDRESS" ] || options="$options --httpListenAddress=$JENKINS_LISTEN_ADDRESS"
unset JENKINS_WEBROOT JENKINS_LOG JENKINS_PORT JENKINS_LISTEN_ADDRESS
exec java $JAVA_OPTS -jar /usr/share/java/jenkins.war $options
"""
AGENT = """#!/usr/bin/python3
import json, pathlib, signal
for path in pathlib.Path("/opt/aws/amazon-cloudwatch-agent/etc/amazon-cloudwatch-agent.d").glob("*"):
    json.loads(path.read_text())
signal.pause()
"""
AGENT_UNIT = """[Service]
ExecStart=/opt/aws/amazon-cloudwatch-agent/bin/start-amazon-cloudwatch-agent
[Install]
WantedBy=multi-user.target
"""
# As the update centre's JSON has them: one of an older version, one that the scenario accepts.
WARNINGS = [
    {"id": identity, "type": "plugin", "name": name, "message": "Something", "url": "https://jenkins.example/",
     "versions": [{"lastVersion": "x", "pattern": pattern}]}
    for identity, name, pattern in [("SECURITY-1", "git", "4[.].*"), ("SECURITY-2", "credentials", "1[.]1(|[.-].*)"),
                                    ("SECURITY-3", "git", "5[.]11([.].*)?")]
]  # fmt: skip
SSM_UNIT = """[Service]
ExecStart=/bin/sleep infinity
[Install]
WantedBy=multi-user.target
"""


def run(*command: object, **options) -> str:
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, **options).stdout


def jar(path: Path, classes: Path, script: str, version: str = "") -> None:
    said = f"Jenkins-Version: {version}\n" if version else ""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\nMain-Class: StandIn\n{said}\n")
        archive.write(classes / "StandIn.class", "StandIn.class")
        archive.writestr("stand_in.py", script)


def package(
    folder: Path,
    name: str,
    version: str,
    depends: str,
    files: dict[str, tuple[str | Path, int]],
    directories: tuple[str, ...] = (),
) -> Path:
    """files is {path on the host: (content, or a file that has it, and its mode)}."""
    with tempfile.TemporaryDirectory() as work:
        control = (
            f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: nobody <nobody@invalid.example>\n"
        )
        control += f"Depends: {depends}\nDescription: stand-in for {name} in tests\n"
        for path, (content, mode) in {**files, "DEBIAN/control": (control, 0o644)}.items():
            target = Path(work, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                shutil.copy(content, target)
            else:
                target.write_text(content)
            target.chmod(mode)
        for directory in directories:
            Path(work, directory).mkdir(parents=True)
        os.chmod(work, 0o755)  # noqa: S103 # the package's own root folder
        deb = folder / f"{name}_{version}_all.deb"
        run("dpkg-deb", "--root-owner-group", "-Znone", "--build", work, deb)
    return deb


def index(folder: Path) -> None:
    """Packages and InRelease of a flat repository."""
    stanzas = []
    for deb in sorted(folder.glob("jenkins_*.deb")):
        data = deb.read_bytes()
        stanzas.append(
            run("dpkg-deb", "--field", deb)
            + f"Filename: {folder.name}/{deb.name}\nSize: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n"
        )
    packages = "\n".join(stanzas).encode()
    (folder / "Packages").write_bytes(packages)
    release = f"Origin: stand-in\nSuite: binary\nDate: {run('date', '-Ru').strip()}\nSHA256:\n"
    release += f" {hashlib.sha256(packages).hexdigest()} {len(packages)} Packages\n"
    (folder / "InRelease").write_text(sign(release, folder.parent / "key.asc", folder.parent / "fingerprint"))
    sign(release, folder.parent / "other.asc", folder.parent / "other")  # somebody else's


def sign(text: str, key: Path, fingerprint: Path) -> str:
    """The text signed by a new key, which is written down and thrown away."""
    with tempfile.TemporaryDirectory() as home:
        gpg = ("gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", "")
        run(*gpg, "--quick-generate-key", "stand-in <nobody@invalid.example>", "ed25519", "sign", "1d")
        signed = run(*gpg, "--clearsign", input=text)
        key.write_text(run(*gpg, "--armor", "--export"))
        colons = run(*gpg, "--with-colons", "--list-keys").splitlines()
        fingerprint.write_text(next(line.split(":")[9] for line in colons if line.startswith("fpr:")))
        run("gpgconf", "--homedir", home, "--kill", "gpg-agent")
    return signed


def main(root: Path, versions: Sequence[str]) -> None:
    shutil.rmtree(root, ignore_errors=True)
    binary = root / "binary"
    binary.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as classes:
        # The compiler is part of every Java of Debian's, only its command is not.
        compiler = ("java", "-m", "jdk.compiler/com.sun.tools.javac.Main", "--release", "17")
        run(*compiler, "-d", classes, HERE / "StandIn.java")
        for version in versions:
            war = Path(classes, "jenkins.war")
            jar(war, Path(classes), (HERE / "jenkins.py").read_text().replace("@VERSION@", version), version)
            files: dict[str, tuple[str | Path, int]] = {
                "usr/bin/jenkins": (LAUNCHER, 0o755),
                "usr/share/java/jenkins.war": (war, 0o644),
                "lib/systemd/system/jenkins.service": (HERE / "jenkins.service", 0o644),
                "DEBIAN/postinst": (POSTINST, 0o755),
            }
            shutil.copy(war, root / "jenkins.war")
            # jenkinsci/packaging, deb/build/debian/jenkins.dirs
            owned = ("var/lib/jenkins", "var/log/jenkins", "var/cache/jenkins")
            package(binary, "jenkins", version, "python3, python3-yaml", files, owned)
        jar(root / "jenkins-plugin-manager.jar", Path(classes), (HERE / "plugin_manager.py").read_text())
    (root / "update-center.json").write_text(json.dumps({"warnings": WARNINGS}))
    manager = root / "jenkins-plugin-manager.jar"
    Path(f"{manager}.sha256").write_text(hashlib.sha256(manager.read_bytes()).hexdigest())
    ssm = {"lib/systemd/system/amazon-ssm-agent.service": (SSM_UNIT, 0o644)}
    package(root, "amazon-ssm-agent", "1.0", "systemd", ssm)
    agent = "opt/aws/amazon-cloudwatch-agent/bin/start-amazon-cloudwatch-agent"
    unit = "lib/systemd/system/amazon-cloudwatch-agent.service"
    package(root, "amazon-cloudwatch-agent", "1.0", "python3", {agent: (AGENT, 0o755), unit: (AGENT_UNIT, 0o644)})
    for deb in root.glob("*.deb"):
        Path(f"{deb}.sha256").write_text(hashlib.sha256(deb.read_bytes()).hexdigest())
    index(binary)


main(Path(sys.argv[1]), sys.argv[2:] or VERSIONS)
