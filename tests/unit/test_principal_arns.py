import pytest
from ansible.errors import AnsibleFilterError
from principal_arns import FilterModule, principal_arns

ACCOUNTS = {"main": {"id": "111111111111"}, "production": {"id": "333333333333"}}
arns = FilterModule().filters()["principal_arns"]


def test_writes_out_roles_and_accounts_and_leaves_arns_sorted_and_once():
    foreign = "arn:aws:iam::999999999999:role/elsewhere"

    written = principal_arns(["production:infrastructure", "main", foreign, "main"], ACCOUNTS)

    assert written == [
        "arn:aws:iam::111111111111:root",
        "arn:aws:iam::333333333333:role/infrastructure",
        foreign,
    ]


@pytest.mark.parametrize("principal", ["*", "prod:developers", "production:", "arn:aws:s3:::bucket", ""])
def test_refuses_anything_else_naming_the_item_and_what_is_allowed(principal):
    with pytest.raises(AnsibleFilterError, match=r"item 1: .* one of main, production"):
        arns(["main", principal], ACCOUNTS)


@pytest.mark.parametrize("principals", ["main", {"main": 1}, None])
def test_refuses_what_is_no_list(principals):
    with pytest.raises(AnsibleFilterError, match="expected a list"):
        arns(principals, ACCOUNTS)
