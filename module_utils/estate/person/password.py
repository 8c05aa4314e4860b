"""A first password: made and shown when its call is due, and kept nowhere. No Ansible, no boto3."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Mapping
from typing import Any

from ansible.module_utils.estate.plan import Action
from ansible.module_utils.estate.terminal import say

# IAM's own list of what counts as a symbol is longer; these survive being read out, typed and pasted.
_SYMBOLS = "!@#%^*_-+="
# Without letters and digits that look like each other.
_CLASSES = (
    "".join(set(string.ascii_uppercase) - set("IO")),
    "".join(set(string.ascii_lowercase) - set("lo")),
    "23456789",
    _SYMBOLS,
)


def password(policy: Mapping[str, Any], choice: Callable[[Any], Any] = secrets.choice) -> str:
    """A password that any password policy of IAM accepts: every class of characters, and never less than 20 of them.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
    """
    length = max(20, int(policy.get("MinimumPasswordLength", 0)))
    characters = [choice(kind) for kind in _CLASSES]
    characters += [choice("".join(_CLASSES)) for _ in range(length - len(characters))]
    mixed = []
    while characters:
        mixed.append(characters.pop(choice(range(len(characters)))))
    return "".join(mixed)


def sets_password(action: Action) -> bool:
    return action.method.endswith("login_profile") and action.verb != "remove"


class Shown:
    """Calls actions; a password's call gets one that was shown on the terminal before it came into force."""

    def __init__(self, call: Callable[[Action], Any], policy: Mapping[str, Any], where: str, name: str) -> None:
        self._call, self._policy, self._where, self._name = call, policy, where, name
        self.secrets: list[str] = []

    def __call__(self, action: Action) -> Any:
        if not sets_password(action):
            return self._call(action)
        self.secrets.append(password(self._policy))
        say(
            self._where,
            f"\nOne-time console password of {self._name}:\n\n    {self.secrets[-1]}\n\n"
            "It is shown this once and stored nowhere, works if this run ends without a failure,\n"
            "and must be replaced at the first sign-in.\n\n",
        )
        return self._call(action._replace(params={**action.params, "Password": self.secrets[-1]}))

    def hidden(self, said: str) -> str:
        for secret in self.secrets:
            said = said.replace(secret, "…")
        return said
