"""Real dumps: made by pg_dump of a scratch database, packed and encrypted as the nightly job does."""

from __future__ import annotations

import gzip
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible.module_utils.estate.dumps.scratch import DATABASE, scratch

SQL = """
CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL);
INSERT INTO users (name) SELECT 'user ' || n FROM generate_series(1, 500) n;
CREATE TABLE audit_events (id serial PRIMARY KEY, user_id int REFERENCES users, created_at timestamp, data json);
INSERT INTO audit_events (user_id, created_at, data)
  SELECT 1 + n % 500, timezone('utc', now()) - n * interval '1 minute', '{"a": "b\\\\c"}'
  FROM generate_series(30, 1000) n;
INSERT INTO audit_events (created_at) VALUES ('2099-01-01');
CREATE TABLE "Odd name" (x text);
INSERT INTO "Odd name" VALUES (E'\\r' || 'estrict me'), (E'tab\\t'), (NULL);
"""


class Maker:
    def __init__(self, folder: Path) -> None:
        self.home = folder / "gnupg"
        self.home.mkdir(mode=0o700)
        self.key = self._key("backups@marketplace.example")

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "GNUPGHOME": str(self.home)}

    def _gpg(self, *words: str, given: bytes = b"") -> bytes:
        command = ["gpg", "--batch", "--quiet", "--trust-model", "always", *words]
        return subprocess.run(command, env=self.env, input=given, capture_output=True, check=True).stdout

    def _key(self, name: str) -> str:
        self._gpg("--passphrase", "", "--quick-gen-key", name, "rsa2048", "encr", "never")
        listed = self._gpg("--list-keys", "--with-colons", name).decode()
        return next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))

    def encrypted(self, data: bytes, to: str = "backups@marketplace.example") -> bytes:
        return self._gpg("-r", to, "--encrypt", given=data)

    def other_key(self) -> str:
        """A key that is not held any more when this returns."""
        key = self._key("somebody@else.example")
        self._gpg("--yes", "--delete-secret-keys", key)
        return key

    def close(self) -> None:
        subprocess.run(["gpgconf", "--kill", "all"], env=self.env, check=False)


def dumped(folder: Path, sql: str = SQL) -> bytes:
    """What pg_dump says of a database that this SQL made."""
    with scratch(str(folder)) as server:
        words = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", DATABASE]
        made = server.start(server.command("psql", *words), stdin=subprocess.PIPE)
        made.communicate(sql.encode())
        assert made.returncode == 0
        words = ["--no-acl", "--no-owner", "--clean", "--if-exists", DATABASE]
        said, _ = server.start(server.command("pg_dump", *words), stdout=subprocess.PIPE).communicate()
        return said


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Maker]:
    folder = tmp_path_factory.mktemp("dumps")
    made = Maker(folder)
    yield made
    made.close()


@pytest.fixture(scope="module")
def within() -> Iterator[Path]:
    """Room for scratch servers, where nobody can pass through as pytest's own directories let nobody."""
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="room-") as made:
        Path(made).chmod(0o711)
        yield Path(made)


@pytest.fixture(scope="module")
def plain(within: Path) -> bytes:
    return dumped(within)


def packed(sql: bytes) -> bytes:
    return gzip.compress(sql)
