"""Which groups' members the policy Membership lets Jenkins keep: the group_vars as they are, with another matrix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

VARS = Path(__file__).parents[3] / "inventories/common/group_vars/all/access.yml"
GROUP = "arn:aws:iam::111111111111:group"


def membership(groups: dict[str, Any]) -> dict[str, list[str]]:
    """Groups by what may be done to them."""
    loader = DataLoader()
    given = loader.load_from_file(str(VARS), trusted_as_template=True)
    given |= {"access_groups": groups, "dm_accounts": {"main": {"id": "111111111111"}}, "dm_account": "main"}
    made = Templar(loader, variables=given).template(trust_as_template("{{ access_policies.Membership.Statement }}"))
    return {one["Sid"]: sorted(one["Resource"]) for one in made if one["Sid"] in ("Join", "Leave")}


def test_what_is_said_to_be_false_is_false() -> None:
    said = {
        "Everyone": {"everyone": True},
        "Some": {"everyone": False, "protected": False},
        "Admins": {"protected": True},
    }
    assert membership(said) == {"Join": [f"{GROUP}/Everyone", f"{GROUP}/Some"], "Leave": [f"{GROUP}/Some"]}


def test_groups_are_named_with_their_paths() -> None:
    groups = {
        "Admins": {"path": "/people/", "protected": True},
        "Everyone": {"path": "/people/", "everyone": True},
        "Some": {"path": "/people/all/"},
        "NotEveryone": {},
    }
    assert membership(groups) == {
        "Join": [f"{GROUP}/NotEveryone", f"{GROUP}/people/Everyone", f"{GROUP}/people/all/Some"],
        "Leave": [f"{GROUP}/NotEveryone", f"{GROUP}/people/all/Some"],
    }


def test_every_group_of_everybodys_is_left_by_nobody() -> None:
    groups = {"A.ll": {"everyone": True}, "Axll": {}, "Everyone": {"path": "/p/", "everyone": True}}
    assert membership(groups)["Leave"] == [f"{GROUP}/Axll"]
    assert membership({"Some": {}}) == {"Join": [f"{GROUP}/Some"], "Leave": [f"{GROUP}/Some"]}
