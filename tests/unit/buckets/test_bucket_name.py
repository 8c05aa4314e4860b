import pytest
from ansible.errors import AnsibleFilterError
from bucket_name import FilterModule, bucket_name

name = FilterModule().filters()["bucket_name"]


def test_echoes_the_stage_as_the_environment():
    assert bucket_name("communications", "staging") == "digitalmarketplace-communications-staging-staging"


def test_takes_an_environment_of_its_own():
    assert bucket_name("logs", "preview", "blue") == "digitalmarketplace-logs-preview-blue"


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("d" * 40, "has 75 characters; allowed are 3 to 63"),
        ("Documents", "has 'D' at position 20"),
        ("a_b", "has '_' at position 21"),
        ("a..b", "has two dots side by side"),
        ("", "kind must be a string that is not empty"),
        (3, "kind must be a string"),
    ],
)
def test_says_which_rule_a_name_breaks(kind, rule):
    with pytest.raises(AnsibleFilterError, match=rule):
        name(kind, "preview")


@pytest.mark.parametrize("prefix", ["xn--a", "sthree-a", "-a"])
def test_refuses_what_s3_reserves(prefix):
    with pytest.raises(AnsibleFilterError):
        name("documents", "preview", prefix=prefix)
