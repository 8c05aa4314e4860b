"""A plan knows the code that made it, down to what nobody has committed yet."""

import subprocess

from ansible.module_utils.estate.commits import commit, commits


def git(folder, *words):
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@invalid.example")
    done = subprocess.run(["git", "-C", folder, *who, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_every_change_makes_another_and_taking_it_back_makes_the_same(tmp_path):
    assert commit(tmp_path) == ""
    assert commit(tmp_path / "nowhere") == ""
    git(tmp_path, "init", "-q")
    (tmp_path / "vars.yml").write_text("a: 1\n")
    (tmp_path / ".gitignore").write_text("build/\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    clean = commit(tmp_path)
    assert clean == git(tmp_path, "rev-parse", "HEAD")

    seen = {clean}
    for name, text in [("vars.yml", "a: 2\n"), ("vars.yml", "a: 3\n"), ("more.yml", "b: 1\n"), ("more.yml", "b: 2\n")]:
        (tmp_path / name).write_text(text)
        assert commit(tmp_path).startswith(f"{clean}+")
        seen.add(commit(tmp_path))
    assert len(seen) == 5

    (tmp_path / "more.yml").unlink()
    (tmp_path / "vars.yml").write_text("a: 1\n")
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "plan.json").write_text("{}")
    assert commit(tmp_path) == clean


def test_both_repositories_are_named(tmp_path):
    assert commits(tmp_path, "") == {"estate": "", "credentials": ""}
