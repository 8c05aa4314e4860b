"""Configuration as code: what reaches Jenkins otherwise than it was written, and what stands twice. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.estate.errors import nearest

# The files that the role makes itself, beside those of the vars.
OWN = ("AGENT_KEY",)
_ENVIRONMENT = ("HOME", "JENKINS_HOME")  # of the service, which Jenkins reads by name as well
_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
# A secret inside another lookup: there Jenkins takes ":-" in the secret for the beginning of a default.
_NESTED = re.compile(r"\$\{\w+:\$\{(?!SECRETS\})(\w+)")
# What is read by a name, and what by its file; ^${ is text, and ":-" says what to take where there is none.
_READ = re.compile(r"(?<!\^)\$\{(?!SECRETS\})(\w+)\}|\$\{SECRETS\}/([\w.-]+)")
_BLANKS = "".join(map(chr, range(33)))  # as Java's trim() has them


def password_file(user: str) -> str:
    """The secret's name of a user's password: PASSWORD_ADA_EXAMPLE of ada.example."""
    return "PASSWORD_" + re.sub("[^A-Z0-9]", "_", user.upper())


def problems(
    passwords: Mapping[str, Any], secrets: Mapping[str, Any], people: Iterable[str], configuration: Any
) -> list[str]:
    """A sentence for each secret that Jenkins would read otherwise than it was written. Never says a secret.

    Jenkins trims what it reads from a file (DockerSecretSource.reveal), replaces ${...} in it again, by nothing where
    the name is unknown, and keeps no escape (SecretSourceResolver.resolve).
    """
    said: list[str] = []
    for user, password in passwords.items():
        said += _wrong(f"passwords[{user}]", password, final_newline=False)
        if isinstance(password, str) and len(password) < 12:
            said.append(f"passwords[{user}] has less than 12 characters")
    said += [f"passwords lacks {user}, who may sign in" for user in sorted(set(people) - passwords.keys())]
    for name, secret in secrets.items():
        said += _wrong(f"secrets[{name}]", secret, final_newline=True)
        if not _NAME.fullmatch(str(name)):
            said.append(f"secrets[{name}]: a name is capital letters, digits and _")
        if str(name) in OWN or str(name).startswith("PASSWORD_"):
            said.append(f"secrets[{name}]: that name is taken by the role's own (PASSWORD_…, {', '.join(OWN)})")
    files: dict[str, list[str]] = {}
    for user in passwords:
        files.setdefault(password_file(str(user)), []).append(str(user))
    said += [
        f"passwords: {' and '.join(users)} would share one file, {name}" for name, users in files.items() if users[1:]
    ]
    said += [
        f"${{…:${{{name}}}}}: write ${{readFileBase64:${{SECRETS}}/{name}}}, which takes the secret as it is"
        for text in _texts(configuration)
        for name in _NESTED.findall(text)
    ]
    known = {*secrets, *map(password_file, map(str, passwords)), *OWN, *_ENVIRONMENT}
    # Jenkins takes an empty text for a name that it does not know.
    said += [
        f"${{{name}}} is read, and secrets has no {name}{nearest(name, map(str, known))}"
        for name in dict.fromkeys("".join(found) for text in _texts(configuration) for found in _READ.findall(text))
        if name not in known
    ]
    return said


def _wrong(where: str, value: Any, *, final_newline: bool) -> Iterable[str]:
    if not isinstance(value, str):
        yield f"{where} is not text but {type(value).__name__}: put it in quotes"
        return
    # A block of YAML ends with a newline, which Jenkins trims; the SSH credentials put it back behind a key.
    inner = value.removesuffix("\n") if final_newline else value
    if not inner.strip(_BLANKS):
        yield f"{where} is empty"
    elif inner != inner.strip(_BLANKS):
        yield f"{where} begins or ends with a blank, which Jenkins cuts off"
    if "${" in value:
        yield f"{where} holds ${{, which Jenkins would replace: choose another secret"


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)


def merged(own: Mapping[str, Any], declared: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    """Both as Jenkins reads them from two files: maps merge, lists join, and what stands twice is an error.

    So does JCasC by default (ErrorOnConflictMergeStrategy.merge).
    """
    result = dict(own)
    for key, value in declared.items():
        there = result.get(key)
        if isinstance(there, Mapping) and isinstance(value, Mapping):
            result[key] = merged(there, value, f"{where}{key}.")
        elif isinstance(there, list) and isinstance(value, list):
            result[key] = there + value
        elif key in result:
            raise ValueError(f"jenkins_configuration sets {where}{key}, which the role writes itself: leave it out")
        else:
            result[key] = value
    return result
