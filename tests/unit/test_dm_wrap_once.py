"""What wraps each variable for a template is made once, and a template still sees the vars as they are by then."""

from __future__ import annotations

from typing import Any

import dm_compile_once
import pytest
from ansible._internal._templating._lazy_containers import _AnsibleLazyTemplateDict
from ansible.template import Templar, trust_as_template
from dm_compile_once import MANY

MANY_VARS: dict[str, Any] = {f"name{number}": f"value {number}" for number in range(MANY)}
ASKED = trust_as_template("{{ worked_out }} {{ first }} {{ second }}")


@pytest.fixture
def wrapped(monkeypatch):
    """The names of the vars that have been wrapped so far, as often as they were."""
    made: list[str] = []
    source_of = _AnsibleLazyTemplateDict._lazy_values

    def counting(values: Any, lazy_options: Any) -> Any:
        made.extend(name for name in values if name in MANY_VARS)
        return source_of(values, lazy_options)

    monkeypatch.setattr(_AnsibleLazyTemplateDict, "_lazy_values", staticmethod(counting))
    dm_compile_once.wrap_once()
    return made


def vars_of(**more: Any) -> dict[str, Any]:
    return MANY_VARS | {"worked_out": trust_as_template("{{ first }}!"), "first": "a", "second": "b"} | more


def test_vars_are_wrapped_once(wrapped):
    templar = Templar(variables=vars_of())
    for _ in range(20):
        assert templar.template(ASKED) == "a! a b"
    assert sorted(wrapped) == sorted(MANY_VARS)


@pytest.mark.usefixtures("wrapped")
def test_another_value_or_another_order_is_seen():
    known = vars_of()
    templar = Templar(variables=known)
    assert templar.template(ASKED) == "a! a b"

    known["first"] = trust_as_template("{{ second }}")
    assert templar.template(ASKED) == "b! b b"

    known["first"] = "a"
    assert templar.template(ASKED) == "a! a b"
    known |= {"second": known.pop("first"), "first": known.pop("second")}
    assert templar.template(ASKED) == "b! b a"


@pytest.mark.usefixtures("wrapped")
def test_what_one_template_has_worked_out_is_worked_out_anew_for_the_next():
    numbers = iter(range(9))
    templar = Templar(variables=vars_of(worked_out=trust_as_template("{{ count_up() }}")))
    templar._engine.environment.globals["count_up"] = lambda: next(numbers)
    assert [templar.template(ASKED) for _ in range(2)] == ["0 a b", "1 a b"]
