from __future__ import annotations

import json
import re

import pytest
import yaml
from commands import estate, jenkins, project, run
from commands.words import ROOT, Refusal

from benchmarks import noted


def test_all_benches_end_in_one_table(tmp_path, monkeypatch):
    monkeypatch.setattr(noted, "NOTES", tmp_path / "bench.jsonl")
    noted.note("buckets: 32 unchanged", "0.31 s", beside="stock, 60.00 s", times=193.5, calls=290)
    noted.note("router: open downloads", "", memory_mb=41.4)

    assert noted.table(noted.NOTES).splitlines() == [
        "what                    figure  beside          times  calls  memory",
        "buckets: 32 unchanged   0.31 s  stock, 60.00 s  193.5  290",
        "router: open downloads                                        41 MB",
    ]


@pytest.mark.parametrize("playbook", sorted(ROOT.glob("benchmarks/*/own_*.yml")), ids=lambda path: path.parent.name)
def test_a_bench_asks_a_module_for_what_it_has(playbook):
    """Nothing else looks at these playbooks before somebody has a quiet machine and half an hour."""
    tasks = [task for play in yaml.safe_load(playbook.read_text()) for task in play.get("tasks", [])]
    asked = [(name, task[name]) for task in tasks for name in task if name.startswith("dm_")]
    assert asked or "router" in playbook.name

    for name, given in asked:
        documented = [
            yaml.safe_load(re.search(r'DOCUMENTATION = r?"""(.*?)"""', path.read_text(), re.S)[1])["options"]
            for path in (ROOT / f"library/{name}.py", ROOT / "doc_fragments/dm_estate.py")
        ]
        options = documented[0] | documented[1]
        assert given.keys() <= options.keys() | {"region", "profile"}
        assert {option for option, said in options.items() if said.get("required")} <= given.keys()


def test_a_bench_that_fails_is_named_and_keeps_no_other_from_being_measured(tmp_path, monkeypatch):
    (tmp_path / "benchmarks").mkdir()
    for name in ("one", "two", "three"):
        (tmp_path / f"benchmarks/bench_{name}.py").touch()
    called = []
    monkeypatch.setattr(project, "ROOT", tmp_path)
    monkeypatch.setattr(
        project, "call", lambda *words: called.append([str(one) for one in words[1:]]) or "two" in str(words[1])
    )

    assert project.bench({"ARGS": "--runs 1"}) == 1

    ran = [words[0].rpartition("/")[2] for words in called]
    assert ran == ["bench_one.py", "bench_three.py", "bench_two.py", "noted.py"]
    assert called[-1][1:] == ["two"]
    assert called[0][1:] == ["--runs", "1"]
    assert "two   failed" in noted.table(tmp_path / "none.jsonl", ["two"])
    with pytest.raises(Refusal, match="ONLY=thre is unknown; did you mean three"):
        project.bench({"ONLY": "thre"})


def test_the_suite_names_its_slowest_ten(monkeypatch):
    called = []
    monkeypatch.setattr(project, "call", lambda *words: called.append(words) or 0)

    assert project.test({"ARGS": "-k some"}) == 0
    assert "--durations=10" in called[-1]
    assert called[-1][-2:] == ("-k", "some")


@pytest.mark.parametrize("command", [jenkins.configure, jenkins.verify_host])
@pytest.mark.parametrize(
    ("config", "profile", "refused"),
    [
        ("", "", "no profile digitalmarketplace, by which inventories/jenkins finds the host"),
        ("[profile other]\n", "another", "no profile another,"),
        ("[profile digitalmarketplace]\nregion = eu-west-1\n", "", ""),
        ("[profile other]\n", "other", ""),
        ('[profile "a b"]\n', "a b", ""),
        ("[default]\n", "default", ""),
        ("no = section\n", "", ""),
    ],
)
def test_a_host_that_no_profile_finds_is_one_sentence(tmp_path, monkeypatch, command, config, profile, refused):
    (tmp_path / "config").write_text(config)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_PROFILE", profile)
    ran = []
    monkeypatch.setattr(jenkins, "play", lambda *words, **_: ran.append(words) or 0)
    monkeypatch.setattr(jenkins, "call", lambda *words, **_: ran.append(words) or 0)
    words = {"STAGE": "jenkins", "BUILD": str(tmp_path)}
    if refused:
        with pytest.raises(Refusal, match=refused):
            command(words)
        assert not ran
    else:
        assert command(words) == 0
        assert ran


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ({}, "JENKINS_WAR='' is no file; it is the path of a jenkins.war"),
        ({"JENKINS_WAR": "/nowhere/jenkins.war"}, "JENKINS_WAR='/nowhere/jenkins.war' is no file"),
        ({"JENKINS_WAR": __file__, "JENKINS_PLUGIN_DIR": "/nowhere"}, "JENKINS_PLUGIN_DIR='/nowhere' is not there"),
        ({"JENKINS_WAR": __file__}, ""),
    ],
)
def test_a_war_that_is_not_there_is_one_sentence_and_one_that_is_decides_by_what_it_says(monkeypatch, words, refused):
    ran = []
    monkeypatch.setattr(jenkins, "call", lambda *command, env: ran.append((command, env)) or 5)
    if refused:
        with pytest.raises(Refusal, match=re.escape(refused)):
            jenkins.test_jenkins(words)
        assert ran == []
    else:
        assert jenkins.test_jenkins(words) == 1
        assert ran == [(("pytest", "tests/jenkins_war"), {"JENKINS_WAR": __file__})]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "BASE='{path}' is no file; build/report/runs has"),
        ("{", "BASE={path} is no stored run"),
        ('{"dm_plan": {"check": true}}', "BASE={path} is no stored run"),
    ],
)
def test_an_audit_is_compared_with_a_run_or_refused(tmp_path, monkeypatch, content, said):
    path = tmp_path / "base.json"
    if content is not None:
        path.write_text(content)
    monkeypatch.setattr(estate, "play", lambda *_, **__: pytest.fail("it went on"))

    for command in (estate.audit, estate.compare):
        with pytest.raises(Refusal, match=re.escape(said.format(path=path))):
            command({"STAGE": "preview", "BASE": str(path), "RUN": str(path), "BUILD": "build"})


def test_an_audit_hands_on_what_it_is_compared_with_and_no_play_complains_of_hosts_of_other_inventories(
    tmp_path, monkeypatch
):
    path, told = tmp_path / "base.json", []
    path.write_text(json.dumps({"dm_plan": {"findings": [], "plans": {}, "started": "2026-11-26T03:00:00"}}))
    monkeypatch.setattr(run, "call", lambda *_, env, **__: told.append(env) or 1)

    assert estate.audit({"STAGE": "preview", "BASE": str(path), "BUILD": str(tmp_path)}) == 1
    assert told[0]["DM_BASE"] == str(path)
    assert told[0]["ANSIBLE_HOST_PATTERN_MISMATCH"] == "ignore", "LIMIT was looked at before"
