"""Compiles each template before Ansible forks: else each task of each host, a process, compiles all anew."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import operator
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from types import CodeType
from typing import Any

from ansible._internal._datatag._tags import Origin, VaultedValue
from ansible._internal._templating._engine import TemplateEngine, TemplateOptions
from ansible._internal._templating._jinja_bits import (
    _TEMPLATE_OVERRIDE_FIELD_NAMES,
    AnsibleEnvironment,
    _TemplateCompileContext,
    is_possibly_template,
)
from ansible._internal._templating._lazy_containers import _AnsibleLazyTemplateDict
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.callback import CallbackBase
from ansible.release import __version__
from jinja2.bccache import Bucket, FileSystemBytecodeCache
from jinja2.environment import TemplateExpression

DOCUMENTATION = """
name: dm_compile_once
type: aggregate
short_description: Compile each template once in a run, before Ansible forks
description:
  - A variable that is worked out from others is a template, and ansible-core keeps none that it has compiled.
    That was a fifth of the CPU time of a plan of the whole estate.
  - What has no syntax is not kept, and is refused where it is used, with its place.
  - Code of what the project's files say is kept from run to run, in C(build/templates), as Python keeps a module's.
    Nothing of a vault is, nor of what stands elsewhere.
  - Likewise what ansible-core wraps each variable in is made once in a process, not once for each template.
"""
ROOT = Path(__file__).resolve().parents[1]
MANY = 100  # names, so that these are the vars of a task
CONDITIONS = {"when", "that", "until", "changed_when", "failed_when"}

_CODE: dict[tuple[Any, ...], CodeType] = {}
_STORE = FileSystemBytecodeCache(str(ROOT / "build/templates"), f"{__version__}-%s.cache")
# The key and the text of the expression that is being compiled.
_asked: ContextVar[tuple[tuple[Any, ...], str] | None] = ContextVar("asked", default=None)


def _key(environment: AnsibleEnvironment, kind: str, source: str) -> tuple[Any, ...]:
    """All that decides on the code: a file may have delimiters of its own, and backslashes mean two things."""
    context = _TemplateCompileContext.current(optional=True)
    settings = (getattr(environment, name) for name in _TEMPLATE_OVERRIDE_FIELD_NAMES)
    return kind, str(source), context and context.escape_backslashes, *settings


@functools.cache
def _readable(path: str) -> bool:
    """Whether it is a file of the project that anybody may read who may read the project."""
    with contextlib.suppress(OSError):
        return Path(path).is_relative_to(ROOT) and not Path(path).read_bytes().startswith(b"$ANSIBLE_VAULT")
    return False


def _stored(environment: AnsibleEnvironment, key: tuple[Any, ...], source: str) -> Bucket | None:
    """Where code is kept from run to run, with what is there; None of what is not to be on the disk."""
    origin = Origin.get_tag(source)
    if not (origin and origin.path and _readable(origin.path)) or VaultedValue.is_tagged_on(source):
        return None
    return _STORE.get_bucket(environment, repr(key), None, source)


def _found(environment: AnsibleEnvironment, key: tuple[Any, ...], source: str) -> CodeType | None:
    if key not in _CODE and (bucket := _stored(environment, key, source)) and bucket.code:
        _CODE[key] = bucket.code
    return _CODE.get(key)


def _keep(environment: AnsibleEnvironment, key: tuple[Any, ...], source: str, code: CodeType) -> None:
    _CODE[key] = code
    if bucket := _stored(environment, key, source):
        bucket.code = code
        with contextlib.suppress(OSError):
            _STORE.set_bucket(bucket)


def keep_code() -> None:
    """Code is the same for all environments; what it is run with is each one's own."""
    with contextlib.suppress(OSError):
        Path(_STORE.directory).mkdir(mode=0o700, parents=True, exist_ok=True)
    compile_anew: Callable[..., CodeType] = AnsibleEnvironment.compile
    express_anew = AnsibleEnvironment.compile_expression

    def compiled(self: AnsibleEnvironment, source: Any, *more: Any, **words: Any) -> CodeType:
        if more or words:  # a file that another template includes
            return compile_anew(self, source, *more, **words)
        asked = (_key(self, "template", source), source) if isinstance(source, str) else _asked.get()
        if asked is None:
            return compile_anew(self, source)
        if not (code := _found(self, *asked)):
            code = compile_anew(self, source)
            _keep(self, *asked, code)
        return code

    def expressed(self: AnsibleEnvironment, source: str, undefined_to_none: bool = True) -> TemplateExpression:
        key = _key(self, "expression", source)
        if code := _found(self, key, source):
            template = self.template_class.from_code(self, code, self.make_globals(None))
            return TemplateExpression(template, undefined_to_none)
        token = _asked.set((key, source))
        try:
            return express_anew(self, source, undefined_to_none)
        finally:
            _asked.reset(token)

    AnsibleEnvironment.compile = compiled
    AnsibleEnvironment.compile_expression = expressed


def wrap_once() -> None:
    """Have the vars wrapped once in a process: for each template ansible-core wraps two hundred, and it asks for ten.

    What wraps a value holds it and nothing else, so that it may serve again as long as the vars are the same ones.
    """
    source_of = _AnsibleLazyTemplateDict._lazy_values
    last: tuple[dict[str, Any], dict[str, Any]] = {}, {}

    def lazy_values(values: Any, lazy_options: Any) -> Any:
        nonlocal last
        if type(values) is not dict or len(values) < MANY:
            return source_of(values, lazy_options)
        before, wrapped = last
        if list(before) != list(values) or not all(map(operator.is_, before.values(), values.values())):
            wrapped = dict(source_of(values, lazy_options).source)
            last = dict(values), wrapped
        return dataclasses.replace(source_of({}, lazy_options), source=wrapped)

    _AnsibleLazyTemplateDict._lazy_values = staticmethod(lazy_values)


def sources(said: Any, condition: bool = False) -> Iterator[tuple[str, bool]]:
    """(each text that is a template or a condition, whether it is a condition) of what a file of YAML says."""
    if isinstance(said, str):
        template = is_possibly_template(said)
        if template or condition:
            yield said, not template
    elif isinstance(said, dict):
        for name, value in said.items():
            yield from sources(value, name in CONDITIONS)
    elif isinstance(said, list):
        for value in said:
            yield from sources(value, condition)


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "dm_compile_once"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self._seen: set[str] = set()
        keep_code()
        wrap_once()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:  # noqa: ARG002 Ansible's signature
        """By now all that the task needs is read: a host's vars only when its first task asks for them."""
        loader: DataLoader = task.get_loader()
        if len(self._seen) == len(loader._FILE_CACHE):
            return
        engine = TemplateEngine(loader)
        for path in set(loader._FILE_CACHE) - self._seen:
            self._seen.add(path)
            for source, condition in sources(loader._FILE_CACHE[path]):
                (engine._compile_expression if condition else engine._compile_template)(source, TemplateOptions.DEFAULT)
