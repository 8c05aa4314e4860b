"""Secrets arrive in Jenkins as they were written, or are refused; its two files join as Jenkins joins them."""

import sys
from pathlib import Path

import pytest
from ansible.module_utils.estate.jenkins.casc import merged, password_file, problems
from hypothesis import given, settings
from hypothesis import strategies as st

GOOD = {"ada.example": "invented-password"}


def test_what_the_example_declares_is_taken():
    assert problems(GOOD, {"KEY": "-----BEGIN KEY-----\nabc\n-----END KEY-----\n"}, ["ada.example"], {}) == []


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("with ${HOME} in it", "holds ${"),
        ("^${HOME}", "holds ${"),
        (" blank before", "begins or ends with a blank"),
        ("blank after ", "begins or ends with a blank"),
        ("two newlines\n\n", "begins or ends with a blank"),
        ("tab after\t", "begins or ends with a blank"),
        ("return before the newline\r\n", "begins or ends with a blank"),
        ("\x01control", "begins or ends with a blank"),
        ("", "is empty"),
        ("\n", "is empty"),
        (123456789012, "is not text but int"),
        (None, "is not text but NoneType"),
        (True, "is not text but bool"),
    ],
)
def test_a_secret_that_would_arrive_otherwise_is_named_and_never_shown(secret, said):
    (problem,) = problems(GOOD, {"MAIL": secret}, [], {})

    assert problem.startswith("secrets[MAIL] ")
    assert said in problem
    assert len(str(secret).strip()) < 5 or str(secret) not in problem


def test_a_password_ends_where_it_ends():
    assert problems({"ada": "invented-password\n"}, {}, [], {}) == [
        "passwords[ada] begins or ends with a blank, which Jenkins cuts off"
    ]
    assert problems({"ada": "short"}, {}, [], {}) == ["passwords[ada] has less than 12 characters"]
    assert problems({}, {}, ["ada"], {}) == ["passwords lacks ada, who may sign in"]


def test_two_users_never_share_a_file_and_nothing_takes_the_roles_own():
    both = {"ada.example": "invented-password", "ada-example": "another-password"}

    assert problems(both, {}, [], {}) == [
        "passwords: ada.example and ada-example would share one file, PASSWORD_ADA_EXAMPLE"
    ]
    for name in ("PASSWORD_ADA_EXAMPLE", "AGENT_KEY"):
        assert "taken by the role's own" in problems(GOOD, {name: "text"}, [], {})[0]
    for name in ("../x", "lower", "A-B", "A\n"):
        assert any("capital letters" in said for said in problems(GOOD, {name: "text"}, [], {}))


def test_a_secret_inside_a_lookup_is_refused_since_its_text_would_be_read():
    nested = [{"file": {"secretBytes": "${base64:${VAULT}}"}}]

    assert problems({}, {"VAULT": "text"}, [], nested) == [
        "${…:${VAULT}}: write ${readFileBase64:${SECRETS}/VAULT}, which takes the secret as it is"
    ]
    assert problems({}, {"VAULT": "text"}, [], [{"file": {"secretBytes": "${readFileBase64:${SECRETS}/VAULT}"}}]) == []


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("${SMTP_PASSWRD}", ["${SMTP_PASSWRD} is read, and secrets has no SMTP_PASSWRD; did you mean SMTP_PASSWORD?"]),
        ("${readFileBase64:${SECRETS}/KEY}", ["${KEY} is read, and secrets has no KEY"]),
        (
            "${smtp_password}",
            ["${smtp_password} is read, and secrets has no smtp_password; did you mean SMTP_PASSWORD?"],
        ),
        ("${SMTP_PASSWORD} of ${PASSWORD_ADA_EXAMPLE}, ${AGENT_KEY}", []),
        ("^${KEY}", []),
        ("${KEY:-none}", []),
        ("$KEY {KEY} $${}", []),
    ],
)
def test_a_secret_that_is_read_and_not_there_would_be_empty(written, said):
    assert problems(GOOD, {"SMTP_PASSWORD": "text"}, [], [{"a": ["b", {"c": written}]}]) == said


@pytest.fixture(scope="module")
def stand_in():
    """The stand-in's way of reading, which follows SecretSourceResolver and DockerSecretSource."""
    import os

    path = Path(__file__).parents[1] / "hosts/jenkins/stand_in/jenkins.py"
    source = path.read_text().removesuffix("\n\nmain()\n")
    module = type(sys)("stand_in")
    os.environ.setdefault("JENKINS_HOME", "/nonexistent")
    exec(compile(source, str(path), "exec"), module.__dict__)  # noqa: S102 our own file, short of its last line
    return module


@settings(deadline=None)
@given(secret=st.text("ab${}^:- \n\t", min_size=1, max_size=12))
def test_what_is_not_refused_arrives_as_it_was_written(secret, stand_in, tmp_path_factory):
    folder = tmp_path_factory.mktemp("secrets")
    refused = problems({}, {"MAIL": secret}, [], {})
    (folder / "MAIL").write_text(secret)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRETS", str(folder))
        arrived = stand_in.resolve_text("${MAIL}")
        exact = stand_in.resolve_text("${readFileBase64:${SECRETS}/MAIL}")

    assert refused or arrived == secret.removesuffix("\n")
    assert exact == __import__("base64").b64encode(secret.encode()).decode()


def test_maps_merge_lists_join_and_a_scalar_twice_is_refused():
    own = {"jenkins": {"mode": "EXCLUSIVE", "nodes": [1]}}

    assert merged(own, {"jenkins": {"nodes": [2], "quietPeriod": 5}, "tool": {}}) == {
        "jenkins": {"mode": "EXCLUSIVE", "nodes": [1, 2], "quietPeriod": 5},
        "tool": {},
    }
    assert own == {"jenkins": {"mode": "EXCLUSIVE", "nodes": [1]}}
    with pytest.raises(ValueError, match=r"jenkins_configuration sets jenkins\.mode, which the role writes itself"):
        merged(own, {"jenkins": {"mode": "NORMAL"}})


def test_a_password_has_a_file_of_its_own():
    assert password_file("ada.example") == "PASSWORD_ADA_EXAMPLE"
