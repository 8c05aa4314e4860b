from __future__ import annotations

import pytest
from ansible.module_utils.estate.review import review

from tests.support.access_world import NOW, World, trust, world


def findings(made: World, **more) -> list[tuple]:
    found = review(made.lives(), NOW, **more).findings
    return [(one["kind"], one["account"], one["subject"], one["finding"]) for one in found]


def key(active: bool = True, rotated: str = "2026-11-01T00:00:00+00:00", used: str = "2026-11-20T00:00:00+00:00"):
    return {"slot": 1, "active": active, "rotated": rotated, "used": used}


def test_nothing_wrong_is_no_finding() -> None:
    assert findings(world()) == []


@pytest.mark.parametrize(
    ("root", "said"),
    [
        ({"keys": True}, "the root user has access keys; delete them"),
        ({"mfa": False}, "the root user has no MFA device"),
        ({"password_last_used": "2026-11-20T00:00:00+00:00"}, "somebody signed in as root 3 days ago"),
    ],
)
def test_root_is_looked_at_in_every_account(root: dict, said: str) -> None:
    made = world()
    made.accounts["backups"]["credentials"]["root"] |= root

    assert findings(made) == [("root", "backups", "root", said)]


def test_where_root_is_kept_centrally_mfa_delete_is_frozen() -> None:
    made = world()
    made.accounts["production"]["buckets"] = {
        name: {"policy": None, "restricted": True, "kept": {"mfa_delete": name != "c"}} for name in "abc"
    }
    made.accounts["production"]["credentials"]["root"]["password"] = False
    assert findings(made) == []

    made.accounts["main"]["central_root"] = ["RootCredentialsManagement"]
    [(kind, account, subject, said)] = findings(made)
    assert (kind, account, subject) == ("root", "production", "root")
    assert "MFA delete and versioning of 2 buckets (a, b) cannot be changed until it is recovered" in said

    made.accounts["production"]["credentials"]["root"]["password"] = True
    assert findings(made) == []


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ([key()], []),
        ([key(rotated="2026-08-01T00:00:00+00:00")], ["access key 1 is 114 days old; make a new one (at most 90)"]),
        ([key(used="")], ["access key 1 was never used; deactivate it"]),
        ([key(used="2026-08-02T00:00:00+00:00")], ["access key 1 was last used 113 days ago; deactivate it"]),
        ([key(active=False, rotated="2020-01-01T00:00:00+00:00", used="")], []),
    ],
)
def test_keys_are_old_unused_or_fine(keys: list, said: list) -> None:
    made = world()
    made.user("bob.example", "Developers")["keys"] = keys

    assert [finding for *_, finding in findings(made)] == said


def test_people_without_mfa_without_group_and_without_a_row_in_the_report() -> None:
    made = world()
    made.group("Everyone")
    made.user("bob.example", "Everyone")["mfa"] = False
    made.user("cy.example", "Developers")
    del made.accounts["main"]["credentials"]["users"]["cy.example"]

    assert findings(made, everyone=["Everyone"]) == [
        ("no MFA", "main", "bob.example", "can sign in to the console without MFA"),
        ("no group", "main", "bob.example", "is in no group but Everyone"),
        ("report", "main", "cy.example", f"is not in the credential report yet, which AWS made at {NOW}"),
    ]


def test_grants_with_one_side_are_sentences() -> None:
    made = world()
    made.accounts["production"]["roles"][0]["trust"] = trust("*", Condition={"Bool": {"aws:x": "true"}})
    made.accounts["main"]["groups"][0]["inline"] = {}
    made.role("backups", "old", trust())

    assert [(kind, account, subject) for kind, account, subject, _ in findings(made)] == [
        ("anyone", "production", "role developers"),
        ("unreachable", "backups", "role old"),
    ]


def test_a_dangling_grant_is_a_finding_on_the_side_that_is_there() -> None:
    policy, trusted = world(), world()
    policy.accounts["production"]["roles"][0]["trust"] = trust()
    trusted.accounts["main"]["groups"][0]["inline"] = {}

    assert ("dangling", "main", "group Developers", "group Developers is given production:developers by its policy "
            "assume-roles, but the role's trust does not accept it") in findings(policy)  # fmt: skip
    assert ("dangling", "production", "role developers",
            "trusts account main of main, but no policy there gives it") in findings(trusted)  # fmt: skip
