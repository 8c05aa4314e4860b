"""Code of a template is kept from run to run, but of nothing that is secret or stands elsewhere."""

from __future__ import annotations

import dm_compile_once
import pytest
from ansible._internal._datatag._tags import Origin, VaultedValue
from ansible._internal._templating._jinja_bits import AnsibleEnvironment
from dm_compile_once import FileSystemBytecodeCache

KEY = ("template", "{{ number }}", None)
CODE = compile("1", "<template>", "eval")


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(dm_compile_once, "ROOT", tmp_path / "project")
    monkeypatch.setattr(dm_compile_once, "_STORE", FileSystemBytecodeCache(str(tmp_path), "%s.cache"))
    (tmp_path / "project").mkdir()
    dm_compile_once._readable.cache_clear()

    def found_again(source: str) -> bool:
        monkeypatch.setattr(dm_compile_once, "_CODE", {})
        dm_compile_once._keep(AnsibleEnvironment(), KEY, source, CODE)
        monkeypatch.setattr(dm_compile_once, "_CODE", {})
        return dm_compile_once._found(AnsibleEnvironment(), KEY, source) == CODE

    yield tmp_path, found_again
    dm_compile_once._readable.cache_clear()


def said_in(path, text="number: 3") -> str:
    path.write_text(text)
    return Origin(path=str(path)).tag("{{ number }}")


def test_what_a_file_of_the_project_says_is_found_by_the_next_run(project):
    folder, found_again = project

    assert found_again(said_in(folder / "project/vars.yml"))
    assert list(folder.glob("*.cache"))


def test_nothing_of_a_vault_or_of_another_place_is_stored(project):
    folder, found_again = project

    assert not found_again(said_in(folder / "project/secret.yml", "$ANSIBLE_VAULT;1.1;AES256\n61"))
    assert not found_again(VaultedValue(ciphertext="61").tag(said_in(folder / "project/vars.yml")))
    assert not found_again(said_in(folder / "elsewhere.yml"))
    assert not found_again("{{ number }}")
    assert not list(folder.glob("*.cache"))


def test_a_store_that_cannot_be_written_hinders_nothing(project, monkeypatch):
    folder, found_again = project
    monkeypatch.setattr(dm_compile_once, "_STORE", FileSystemBytecodeCache(str(folder / "none"), "%s.cache"))

    assert not found_again(said_in(folder / "project/vars.yml"))
