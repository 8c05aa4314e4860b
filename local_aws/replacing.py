"""How a patch takes the place of something of moto's: @replaces(IAMBackend) above a function of the same name.

Nothing happens until patches.apply() comes to the module that says so, so that a patch can be left out.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])
_known: dict[str, list[tuple[Any, str, Callable[[Any], Any]]]] = {}  # module → owner, name, original → replacement


def replaces(owner: Any, *names: str) -> Callable[[Function], Function]:
    """The function stands in for the owner's (a class's or module's) of its own name, or of these names."""

    def register(function: Function) -> Function:
        _add(function, owner, names, lambda _: function)
        return function

    return register


def extends(owner: Any, *names: str) -> Callable[[Function], Function]:
    """Like replaces, and is given what stood there before as its first argument."""

    def register(function: Function) -> Function:
        def patched(original: Any) -> Any:
            @functools.wraps(function)
            def call(*args: Any, **words: Any) -> Any:
                return function(original, *args, **words)

            return call

        _add(function, owner, names, patched)
        return function

    return register


def _add(function: Callable[..., Any], owner: Any, names: tuple[str, ...], made: Callable[[Any], Any]) -> None:
    for name in names or (function.__name__,):
        _known.setdefault(function.__module__, []).append((owner, name, made))


def apply(module: str) -> None:
    for owner, name, made in _known.get(module, []):
        original = vars(owner).get(name) or getattr(owner, name, None)
        if isinstance(inspect.getattr_static(owner, name, None), staticmethod):
            setattr(owner, name, staticmethod(made(original)))
        elif isinstance(original, property):
            setattr(owner, name, property(made(original.fget)))
        else:
            setattr(owner, name, made(original))
