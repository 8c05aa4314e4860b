"""The four accounts as AWS hands them over: a user with a key in main, a role to assume in each, nothing else."""

from __future__ import annotations

import json
import secrets
import string
from pathlib import Path
from typing import NamedTuple

import yaml

from local_aws.state import ROOT, write_private

_DECLARED = ROOT / "inventories" / "common" / "group_vars" / "all" / "accounts.yml"
# By name, (id, alias): those that the inventory declares.
ACCOUNTS: dict[str, tuple[str, str]] = {
    name: (account["id"], account["alias"])
    for name, account in yaml.safe_load(_DECLARED.read_text(encoding="utf-8"))["dm_accounts"].items()
}
MAIN = ACCOUNTS["main"][0]
USER = "bootstrap"
ROLE = "OrganizationAccountAccessRole"
SESSION = "local"
LETTERS, BASE32 = string.ascii_letters + string.digits, string.ascii_uppercase + "234567"
REGION = "eu-west-1"


class Key(NamedTuple):
    access_key: str
    secret: str
    token: str = ""


def random_text(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


class Keys:
    """Made once per server and kept by a reset, so that what clients hold stays good."""

    def __init__(self) -> None:
        self.user = self._make("AKIA")
        # Root's keys: nobody's in the real thing, here the documented way for tests to act as root.
        self.root = {account: self._make("AKIA") for account, _ in ACCOUNTS.values()}
        # A session of each account's bootstrap role that need not be asked for.
        self.session = {account: self._make("ASIA")._replace(token=random_text(LETTERS, 64)) for account in self.root}

    @staticmethod
    def _make(prefix: str) -> Key:
        return Key(prefix + random_text(BASE32, 16), random_text(LETTERS, 40))


def write_profiles(state: Path, keys: Keys, url: str, ca: Path) -> None:
    """aws_config and aws_credentials, as a person would keep them: a key for main, roles for the rest, root's keys.

    An SDK puts the account before s3control's host, which no name server knows: what stands before the @ takes it.
    keys.json holds root's keys and sessions of the roles, for tests.
    """
    common = f"region = {REGION}\nendpoint_url = {url}\nca_bundle = {ca}\nservices = local\n"
    source = ACCOUNTS["main"][1]
    sections = [f"[services local]\ns3_control =\n  endpoint_url = {url.replace('//', '//account@')}\n"]
    for account, alias in ACCOUNTS.values():
        role = f"role_arn = arn:aws:iam::{account}:role/{ROLE}\nsource_profile = {source}\n"
        sections.append(f"[profile {alias}]\n{common}{'' if account == MAIN else role}")
        sections.append(f"[profile {alias}-root]\n{common}")
    write_private(state / "aws_config", "\n".join(sections))
    roots = {f"{alias}-root": keys.root[account] for account, alias in ACCOUNTS.values()}
    held = "\n".join(
        f"[{name}]\naws_access_key_id = {key.access_key}\naws_secret_access_key = {key.secret}\n"
        for name, key in {source: keys.user, **roots}.items()
    )
    write_private(state / "aws_credentials", held)
    write_private(state / "keys.json", json.dumps({"user": keys.user, "root": keys.root, "session": keys.session}))
