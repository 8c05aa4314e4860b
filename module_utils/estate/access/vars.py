"""The vars of access: what is wrong with their shape, and with policies that AWS would refuse. Pure."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible.module_utils.estate.buckets.vars import Mistake, key_of, mistake_of
from ansible.module_utils.estate.policy import as_list
from ansible.module_utils.estate.policy_check import action_mistakes, statement_mistakes

_TEXT = {"type": "string", "minLength": 1}
_BOOL = {"type": "boolean"}
_TEXTS = {"type": "array", "items": _TEXT}


def _several(one: Mapping[str, Any], least: int = 1) -> dict[str, Any]:
    """One or a list. Not oneOf, which writes all of what it was given out for each form that it is not."""
    return {"if": {"type": "array"}, "then": {"items": one, "minItems": least}, "else": one}


_VALUES = _several({"type": ["string", "number", "boolean"]}, least=0)
_SOME = _several(_TEXT)
_STATEMENT = {
    "type": "object",
    "properties": {
        "Sid": {"type": "string"},
        **dict.fromkeys(("Action", "NotAction", "Resource", "NotResource"), _SOME),
        "Condition": {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": _VALUES}},
    },
    "required": ["Effect"],
}
_DOCUMENT = {
    "type": "object",
    "properties": {
        "Version": {"enum": ["2012-10-17", "2008-10-17"]},
        "Id": {"type": "string"},
        "Statement": _several(_STATEMENT),
    },
    "required": ["Statement"],
    "additionalProperties": False,
}


def _form(pattern: str, said: str, length: int = 2048) -> dict[str, Any]:
    return {"type": "string", "pattern": rf"\A({pattern})\Z", "maxLength": length, "description": said}


_POLICY = _form(r"(?!arn:).+|arn:aws:iam::(aws|\d{12}):policy/[!-~]+", "a name of access_policies, or a policy's ARN")
_PATH = _form(r"/([!-~]+/)?", "/, or text that begins and ends with / (at most 512 characters without spaces)", 512)
_A_SERVICE = r"[a-z0-9-]+(\.[a-z0-9-]+)+"
_KEY = _form(
    r"(?![aA][wW][sS]:)[\w\s.:/=+@-]+", "a tag of at most 128 letters, digits, spaces and _.:/=+-@, not aws:", 128
)
_TAG = _form(r"[\w\s.:/=+@-]*", "at most 256 letters, digits, spaces and _.:/=+-@", 256)
_HOLDER: dict[str, Any] = {
    "about": {"type": "string"},
    "assume": {"type": "object", "additionalProperties": _TEXTS},
    "policies": {"type": "array", "items": _POLICY},
    "inline": {"type": "object", "additionalProperties": _DOCUMENT},
    "path": _PATH,
}
GROUP: dict[str, Any] = {**_HOLDER, "members": _TEXT, "protected": _BOOL, "everyone": _BOOL}
ROLE: dict[str, Any] = {
    **_HOLDER,
    "service": _form(_A_SERVICE, "a service of AWS's, such as ec2.amazonaws.com"),
    "instance_profile": _BOOL,
    "trust": _DOCUMENT,
    "boundary": _POLICY,
    "max_session": {"type": "integer", "minimum": 3600, "maximum": 43200, "description": "3600 to 43200 seconds"},
    "tags": {
        "type": "object",
        "propertyNames": _KEY,
        "maxProperties": 50,
        "additionalProperties": {"anyOf": [_TAG, {"type": ["number", "boolean"]}], "description": _TAG["description"]},
    },
}
_KNOWN = {"name": _TEXT, **dict.fromkeys(("accounts", "trusts", "actions", "policies"), _TEXTS)}


def _object(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


_ROLES = {"type": "object", "additionalProperties": _object(ROLE)}
SCHEMA: dict[str, dict[str, Any]] = {
    "groups": {"type": "object", "additionalProperties": _object(GROUP, "members")},
    "roles": {"type": "object", "additionalProperties": _ROLES},
    "policies": {"type": "object", "additionalProperties": _DOCUMENT},
    "known": {"type": "array", "items": _object(_KNOWN, "name", "accounts")},
}
_CALLED = {"known": "access_known_roles"}


@functools.cache
def _validator(part: str) -> Any:
    import jsonschema  # takes longer than all else here, and only the controller needs it

    return jsonschema.Draft202012Validator(SCHEMA[part])


def wrong(matrix: Mapping[str, Any], names: bool = False) -> Mistake | None:
    """The first mistake, with the value that Ansible knows the origin of. names: of actions, too."""
    from jsonschema.exceptions import best_match

    for part in SCHEMA:
        name, value = _CALLED.get(part, f"access_{part}"), matrix.get(part, [] if part == "known" else {})
        if (error := best_match(_validator(part).iter_errors(value))) is not None:
            return mistake_of(name, value, error)
    return next(_refused(matrix, names), None)


def _refused(matrix: Mapping[str, Any], names: bool) -> Iterator[Mistake]:
    """What AWS would refuse of policies, which say no principals, and of trusts, which say no resources."""
    for where, holder, document in _documents(matrix):
        several = isinstance(document["Statement"], list | tuple)
        for index, statement in enumerate(as_list(document["Statement"])):
            at = f"{where}.Statement[{index}]" if several else f"{where}.Statement"
            if where.endswith(".trust") == bool({"Resource", "NotResource"} & {*statement}):
                said = "a trust has none" if where.endswith(".trust") else "a policy needs one"
                yield Mistake(f"{at}: Resource: {said}", holder)
            for said in statement_mistakes(statement, names, valued=False):
                yield Mistake(f"{at}{said}", holder)
            for said in _principals(statement) if where.endswith(".trust") else ():
                yield Mistake(f"{at}{said}", holder)
    for index, known in enumerate(matrix.get("known", []) if names else ()):
        for action in known.get("actions", ()):
            for said in action_mistakes(action):
                yield Mistake(f"{_CALLED['known']}[{index}]{said}", known)


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
_IAM = r"arn:aws:iam::\d{12}:"
_PRINCIPALS = {
    "AWS": (
        rf"\*|\d{{12}}|A(ID|RO)A[A-Z0-9]+|{_IAM}(root|(user|role)/[^*?\s]+)"
        r"|arn:aws:sts::\d{12}:(assumed-role/[^*?/\s]+|federated-user)/[^*?/\s]+",
        "an account's id in quotes, or the ARN of an account, user, role or session without wildcards",
    ),
    "Service": (_A_SERVICE, "a service of AWS's, such as ec2.amazonaws.com"),
    "Federated": (rf"{_A_SERVICE}|{_IAM}(saml|oidc)-provider/\S+", "the ARN of a provider, or its domain"),
}


def _principals(statement: Mapping[str, Any]) -> Iterator[str]:
    given = statement.get("Principal", statement.get("NotPrincipal"))
    if given == "*":
        return
    if not isinstance(given, Mapping) or not given:
        yield f": Principal is {given!r}; allowed is a mapping with {', '.join(_PRINCIPALS)}"
        return
    for kind, names in given.items():
        form, said = _PRINCIPALS.get(kind, ("", ""))
        if not form:
            yield f": Principal has {kind!r}; allowed are {', '.join(_PRINCIPALS)}"
        for name in as_list(names) or [None]:
            if form and not (isinstance(name, str) and re.fullmatch(form, name)):
                yield f": Principal {kind} is {name!r}; allowed is {said}"


def _documents(matrix: Mapping[str, Any]) -> Iterator[tuple[str, object, Mapping[str, Any]]]:
    """(where, the key that carries the origin, document)"""
    for name, document in matrix["policies"].items():
        yield f"access_policies.{name}", key_of(matrix["policies"], name), document
    holders = [(f"access_groups.{name}", one) for name, one in matrix["groups"].items()]
    holders += [
        (f"access_roles.{n}.{account}", one) for n, role in matrix["roles"].items() for account, one in role.items()
    ]
    for where, one in holders:
        for name, document in one.get("inline", {}).items():
            yield f"{where}.inline.{name}", key_of(one["inline"], name), document
        if "trust" in one:
            yield f"{where}.trust", key_of(one, "trust"), one["trust"]


def culprit(matrix: Mapping[str, Any], said: str) -> object:
    """What a sentence that begins with a variable is about: the key as it stands in the file; None where it is none."""
    variable, _, rest = said.split(" ", 1)[0].rstrip(":").partition(".")
    at: Any = {_CALLED.get(part, f"access_{part}"): matrix.get(part) for part in SCHEMA}.get(variable)
    found: object = None
    while isinstance(at, Mapping):
        keys = [key for key in at if rest == str(key) or rest.startswith(f"{key}.")]
        if not keys:
            break
        found = max(keys, key=lambda key: len(str(key)))
        at, rest = at[found], rest[len(str(found)) + 1 :]
    return found
