"""The vars of buckets: what may be said, where it was said, and what is wrong with its shape. Pure."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible.module_utils.estate.buckets.schema import PREFIX, TEXT, listing, mapping
from ansible.module_utils.estate.buckets.settings import SETTINGS
from ansible.module_utils.estate.buckets.settings.lifecycle import MAX
from ansible.module_utils.estate.buckets.statements import DELIVERS, GRANTS, REQUIRE
from ansible.module_utils.estate.errors import nearest


class Mistake(ValueError):
    """A mistake in the vars: the sentence, and the value that Ansible knows the origin of."""

    def __init__(self, sentence: str, culprit: object = None) -> None:
        super().__init__(sentence)
        self.culprit = culprit


# --- what may be said -------------------------------------------------------------------------------------------------

_BOOL = {"type": "boolean"}
_DAYS = {"type": "integer", "minimum": 1, "maximum": MAX}
_TEXTS = {**listing(TEXT), "uniqueItems": True}
_STATEMENT = {"type": "object", "properties": {"Sid": TEXT}, "required": ["Effect"]}
_NAMED = {"type": "object", "additionalProperties": TEXT, "minProperties": 1}
# A key that an object can have, with any number of asterisks: what policy and router both understand.
_PATTERN = {"type": "string", "pattern": r"^[^/*?{}$\\\s][^?{}$\\]*$|^\*[^?{}$\\]*$", "maxLength": 900}
_DOCUMENTS: dict[str, Any] = {
    "keys": {"type": "array", "items": _PATTERN, "minItems": 1, "uniqueItems": True},
    "tag": {**_NAMED, "maxProperties": 1},
}
SERVED = {"oneOf": [{"enum": [True, False, "legacy"]}, {**mapping(_DOCUMENTS), "minProperties": 1}]}
SETTINGS_OF_ALL: dict[str, Any] = {
    **{setting.name: setting.schema for setting in SETTINGS if setting.schema},
    **dict.fromkeys(GRANTS, _TEXTS),
    "about": TEXT,
    "region": TEXT,
    "mfa_delete": _BOOL,
    **dict.fromkeys(("expire_days", "noncurrent_days", "abort_upload_days"), _DAYS),
    **dict.fromkeys(("keep_lifecycle_rules", "keep_statements", "only_listed", "purge_tags"), _BOOL),
    "ignored_tags": {**_TEXTS, "items": {"type": "string", "minLength": 1}},
    "statements": listing(_STATEMENT),
    "require": {**_TEXTS, "items": {"enum": list(REQUIRE)}},
    "delivers": {**_TEXTS, "items": {"enum": list(DELIVERS)}},
    "leave": {**_TEXTS, "items": {"enum": [setting.name for setting in SETTINGS]}},
}
_SWITCHES = ("delete_markers", "metrics", "replication_time_control", "owner_override", "replica_modifications")
OF_THE_RULE: dict[str, Any] = {
    **dict.fromkeys((*_SWITCHES, "existing"), _BOOL),
    "name": TEXT,
    "account": TEXT,
    "prefix": PREFIX,
    "object_tags": _NAMED,
    "storage_class": TEXT,
    "priority": {"type": "integer", "minimum": 0, "maximum": MAX},
}
REPLICA = mapping({**SETTINGS_OF_ALL, **OF_THE_RULE}, "name")
BUCKET = mapping(
    {
        **SETTINGS_OF_ALL,
        "name": TEXT,
        "defaults": {"enum": [False]},
        "served": SERVED,
        "servable": _BOOL,
        "keep_replication_rules": _BOOL,
        "replica": {"oneOf": [REPLICA, {"type": "null"}]},
        "replicas": listing(REPLICA),
    }
)


def _without(*words: str) -> dict[str, Any]:
    return {**BUCKET, "properties": {word: one for word, one in BUCKET["properties"].items() if word not in words}}


SCHEMA: dict[str, dict[str, Any]] = {
    "defaults": {**_without("name", "defaults"), "required": ["versioning", "encryption", "mfa_delete"]},
    "kinds": {"type": "object", "additionalProperties": _without("defaults")},
    "overrides": {"type": "object", "additionalProperties": _without("servable", "defaults")},
    "standalone": {"type": "object", "additionalProperties": _without("name")},
    "tags": SETTINGS_OF_ALL["tags"],
    "router_addresses": _TEXTS,
}


# --- what is wrong with it --------------------------------------------------------------------------------------------

_WORDS = {
    "object": "a mapping",
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "string": "text",
    "null": "null",
}
_ALLOWED: dict[str, Callable[[Any], str]] = {
    "type": lambda types: " or ".join(_WORDS.get(one, one) for one in ([types] if isinstance(types, str) else types)),
    "enum": lambda choices: " or ".join(json.dumps(choice) for choice in choices),
    "minimum": lambda least: f"{least} or more",
    "maximum": lambda most: f"{most} or less",
    "minLength": lambda least: f"{least} character or more",
    "maxLength": lambda most: f"{most} characters or fewer",
    "minItems": lambda least: f"a list of {least} or more",
    "minProperties": lambda least: f"a mapping of {least} or more",
    "maxProperties": lambda most: f"a mapping of {most}",
    "uniqueItems": lambda _: "each item once",
    "required": lambda keys: f"a mapping with {', '.join(keys)}",
}


def key_of(mapping: Mapping[str, Any], key: str) -> object:
    """The key itself as it stands in the file, which carries its origin."""
    return next((one for one in mapping if one == key), key)


@functools.cache
def validators() -> dict[str, Any]:
    """By variable. Who forks others asks for them before: making them takes as long as what they do."""
    import jsonschema  # takes longer than all else here, and only the controller needs it

    plain = jsonschema.Draft202012Validator
    # 1.0 is an integer to JSON, and none to boto3
    types = plain.TYPE_CHECKER.redefine("integer", lambda _, one: isinstance(one, int) and not isinstance(one, bool))
    validator = jsonschema.validators.extend(plain, type_checker=types)
    return {variable: validator(schema) for variable, schema in SCHEMA.items()}


def check_shapes(declared: Mapping[str, Any]) -> None:
    """Raises Mistake for the first value that is not of the right shape."""
    from jsonschema.exceptions import best_match

    for variable in (one for one in SCHEMA if one in declared):
        value = declared[variable]
        _check_keys(f"buckets_{variable}", value)
        error = best_match(validators()[variable].iter_errors(value))
        if error is not None:
            raise mistake_of(f"buckets_{variable}", value, error)
    for kind in declared.get("overrides", ()):
        if kind not in declared["kinds"]:
            allowed = ", ".join(declared["kinds"])
            hint = nearest(str(kind), declared["kinds"])
            raise Mistake(f"buckets_overrides names the unknown kind {str(kind)!r}; allowed are {allowed}{hint}", kind)


def _check_keys(path: str, value: Any) -> None:
    """Raises Mistake for a key that YAML reads as a number, true or a date."""
    for key, part in value.items() if isinstance(value, Mapping) else ():
        if not isinstance(key, str):
            raise Mistake(f"{path} has the key {key}, which is no text; put it in quotes if it is meant", value)
        _check_keys(f"{path}.{key}", part)
    for index, part in enumerate(value if isinstance(value, list) else ()):
        _check_keys(f"{path}[{index}]", part)


def mistake_of(path: str, value: Any, error: Any) -> Mistake:
    """An error of jsonschema as a sentence about the variable."""
    at, culprit = value, value
    for step in error.absolute_path:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
        found = key_of(at, step) if isinstance(at, Mapping) else at[step]
        culprit = found if isinstance(found, (str, int, Mapping, list)) and not isinstance(found, bool) else culprit
        at = at[step]
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        unknown = next(key for key in error.instance if key not in known)
        if unknown == "servable":
            return Mistake(f"{path}.servable cannot be changed by a stage; it is said in buckets_kinds", unknown)
        hint = nearest(str(unknown), known)
        return Mistake(f"{path} has the unknown key {unknown!r}; allowed are {', '.join(sorted(known))}{hint}", unknown)
    if path.endswith(".served") or ".served." in path:
        said = 'true, false, "legacy", keys: a list of patterns such as */data/*, or tag: a name and its value'
        return Mistake(f"{path} is {error.instance!r}; allowed is {said}", culprit)
    if allowed := error.schema.get("description"):
        return Mistake(f"{path} is {str(error.instance)!r}; allowed is {allowed}", culprit)
    if error.validator in _ALLOWED:
        return Mistake(
            f"{path} is {error.instance!r}; allowed is {_ALLOWED[error.validator](error.validator_value)}", culprit
        )
    return Mistake(f"{path}: {error.message}", culprit)


# --- where it was said ------------------------------------------------------------------------------------------------


class Declared(NamedTuple):
    """A bucket as the vars declare it: its layers, the last one first to be asked."""

    name: str
    layers: Sequence[tuple[str, Mapping[str, Any]]]  # (variable, what it says): buckets_defaults first
    kind: str = ""
    source: str = ""  # of a replica

    @property
    def settings(self) -> dict[str, Any]:
        """Each setting as the last layer says it; tags add up, and null takes one away."""
        merged: dict[str, Any] = {}
        tags: dict[str, Any] = {}
        for _, layer in self.layers:
            merged |= layer
            tags |= layer.get("tags") or {}
        return {**merged, "tags": tags}

    @property
    def variable(self) -> str:
        return self.layers[-1][0]

    def where(self, *keys: str) -> tuple[str, object]:
        """(the variable that says it, the key as it stands in the file), of the first key that any layer has."""
        for key in keys:
            for variable, layer in reversed(self.layers):
                if key in layer:
                    return f"{variable}.{key}", key_of(layer, key)
        variable, layer = self.layers[-1]
        return variable, next(iter(layer), layer)

    def mistake(self, said: str, *keys: str) -> Mistake:
        variable, culprit = self.where(*keys)
        return Mistake(f"{variable}{said}", culprit)


def layers_of(*layers: tuple[str, Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    return [layer for layer in layers if layer[1]]


def marked(name: str, settings: Mapping[str, Any], keep: str) -> str:
    """A name that says whose it is, where others' entries are kept beside ours."""
    word = "Estate" if keep == "keep_statements" else "estate-"
    return f"{word}{name}" if settings.get(keep) and name else name
