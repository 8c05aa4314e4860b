"""CloudWatch Logs' filter patterns: terms, JSON and fields between spaces. Pure.

compiled(pattern)(message) is True where a metric filter would count the event. A property that is not there, or that is
an object or a list, fits no comparison, = nor !=; numbers fit numbers only, as they do in JSON.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import functools
import json
import operator
import re
from collections.abc import Callable
from typing import Any

Matcher = Callable[[str], bool]
Test = Callable[[Any], bool]
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<op>&&|\|\||\(|\)|!=|<=|>=|=|<|>)
    | (?P<selector>\$(?:\.[\w-]+|\.?\[(?:\d+|"[^"]+"|'[^']+')\])+)
    | (?P<quoted>"(?:[^"\\]|\\.)*")
    | (?P<regex>%[^%]+%)
    | (?P<word>[^\s()&|=!<>"]+)
    )""",
    re.VERBOSE,
)
_STEP = re.compile(r"\.([\w-]+)|\.?\[(?:(\d+)|[\"']([^\"']+)[\"'])\]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip
MISSING = object()


class PatternError(ValueError):
    """AWS would answer InvalidParameterException."""


@functools.cache
def compiled(pattern: str) -> Matcher:
    text = pattern.strip()
    if not text:
        return lambda _: True
    try:
        if text[0] not in "{[":
            return _terms(text)
        if len(re.findall("%[^%]+%", text)) > 2:
            raise PatternError("more than two regular expressions; AWS takes two")
        return _json(text) if text[0] == "{" else _fields(text)
    except re.error as exc:
        raise PatternError(f"no regular expression: {exc}") from None


# --- terms ------------------------------------------------------------------------------------------------------------


def _terms(text: str) -> Matcher:
    """All that stand alone, none with a minus, one of those with a question mark."""
    found = re.findall(r'([?-]?)(?:"((?:[^"\\]|\\.)*)"|%([^%]+)%|(\S+))', text)
    tests: dict[str, list[Callable[[str], Any]]] = {"": [], "-": [], "?": []}
    for sign, quoted, regex, word in found:
        term = quoted.replace('\\"', '"') or word
        if not quoted and not regex and re.search(r"[^\w]", word):
            raise PatternError(f"{word} must stand in double quotes, since not all of it is letters, digits and _")
        tests[sign].append(re.compile(regex or re.escape(term)).search)
    # An alternative beside a term that must be there changes nothing.
    either = tests["?"] if not tests[""] else []
    return lambda said: (
        all(test(said) for test in tests[""])
        and not any(test(said) for test in tests["-"])
        and (not either or any(test(said) for test in either))
    )


# --- JSON -------------------------------------------------------------------------------------------------------------


def _json(text: str) -> Matcher:
    if not text.endswith("}"):
        raise PatternError("a JSON pattern ends with }")
    parser = _Parser(text[1:-1])
    test = parser.either()
    parser.end()

    def matches(message: str) -> bool:
        try:
            event = json.loads(message)
        except ValueError:
            return False
        return isinstance(event, (dict, list)) and test(event)

    return matches


class _Parser:
    """Of what stands between the braces: && binds closer than ||."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text.rstrip()):
            found = _TOKEN.match(text, at)
            if not found:
                raise PatternError(f"what is {text[at:].strip()[:20]!r}")
            self.tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            at = found.end()
        self.at = 0

    def end(self) -> None:
        if self.at < len(self.tokens):
            raise PatternError(f"nothing is expected before {self.tokens[self.at][1]!r}")

    def take(self, *wanted: str) -> str:
        if self.at < len(self.tokens) and self.tokens[self.at][1] in wanted:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return ""

    def next(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise PatternError("it ends in the middle")
        self.at += 1
        return self.tokens[self.at - 1]

    def either(self) -> Test:
        tests = [self.both()]
        while self.take("||"):
            tests.append(self.both())
        return lambda event: any(test(event) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self.take("&&"):
            tests.append(self.one())
        return lambda event: all(test(event) for test in tests)

    def one(self) -> Test:
        if self.take("("):
            test = self.either()
            if not self.take(")"):
                raise PatternError("a ) is missing")
            return test
        kind, selector = self.next()
        if kind != "selector":
            raise PatternError(f"a property such as $.name is expected, not {selector!r}")
        _, sign = self.next()
        if sign in ("IS", "NOT"):
            return self.named(selector, f"{sign} {self.next()[1]}")
        if sign not in ("=", "!=", *_ORDER):
            raise PatternError(f"{sign!r} is no comparison; allowed are =, !=, <, >, <=, >=, IS, NOT EXISTS")
        kind, value = self.next()
        if kind in ("op", "selector"):
            raise PatternError(f"{sign} is followed by {value!r}; a value is expected")
        test = _compared(sign, value, kind)
        return lambda event: test(_at(event, selector))

    @staticmethod
    def named(selector: str, words: str) -> Test:
        wanted = {"IS NULL": None, "IS TRUE": True, "IS FALSE": False, "NOT EXISTS": MISSING}
        if words not in wanted:
            raise PatternError(f"{words} is unknown; allowed are {', '.join(wanted)}")
        return lambda event: _at(event, selector) is wanted[words]


@functools.cache
def _steps(selector: str) -> tuple[str | int, ...]:
    return tuple(int(index) if index else name or key for name, index, key in _STEP.findall(selector))


def _at(event: Any, selector: str) -> Any:
    for step in _steps(selector):
        if isinstance(step, int):
            event = event[step] if isinstance(event, list) and step < len(event) else MISSING
        else:
            event = event.get(step, MISSING) if isinstance(event, dict) else MISSING
    return event


def _compared(sign: str, value: str, kind: str) -> Test:
    number = float(value) if kind == "word" and _NUMBER.fullmatch(value) else None
    if sign in _ORDER:
        if number is None:
            raise PatternError(f"{sign} compares numbers, and {value} is none")
        limit, order = number, _ORDER[sign]
        return lambda found: _is_number(found) and order(found, limit)
    fits = _fits(json.loads(value) if kind == "quoted" else value, kind)

    def equal(found: Any) -> bool:
        if _is_number(found):
            return found == number if number is not None else fits(json.dumps(found))
        return fits(found)

    return lambda found: (isinstance(found, str) or _is_number(found)) and equal(found) == (sign == "=")


def _is_number(found: Any) -> bool:
    return isinstance(found, (int, float)) and not isinstance(found, bool)


def _fits(value: str, kind: str) -> Callable[[str], bool]:
    """A star at either end is any text; one in the middle is a star."""
    if kind == "regex":
        search = re.compile(value[1:-1]).search
        return lambda found: bool(search(found))
    start, stop = value.startswith("*"), value.endswith("*") and len(value) > 1
    bare = value[1 if start else 0 : -1 if stop else None]
    if start and stop:
        return lambda found: bare in found
    if start:
        return lambda found: found.endswith(bare)
    if stop:
        return lambda found: found.startswith(bare)
    return lambda found: found == bare


# --- fields between spaces --------------------------------------------------------------------------------------------


def _fields(text: str) -> Matcher:
    if not text.endswith("]"):
        raise PatternError("a pattern of fields ends with ]")
    names = [part.strip() for part in text[1:-1].split(",")]
    names = names[:-1] if names and not names[-1] else names
    if names.count("...") > 1:
        raise PatternError("... may stand once")
    tests = [_field(name) for name in names if name != "..."]
    gap = names.index("...") if "..." in names else None

    def matches(message: str) -> bool:
        found = ["".join(said) for said in re.findall(r'"([^"]*)"|\[([^\]]*)\]|(\S+)', message)]
        if gap is not None and len(found) > len(tests):
            del found[gap : gap + len(found) - len(tests)]
        return len(found) == len(tests) and all(test(said) for test, said in zip(tests, found, strict=True))

    return matches


def _field(text: str) -> Callable[[str], bool]:
    if not re.search(r"[=<>]", text):
        return lambda _: True
    alternatives = [[_condition(part) for part in either.split("&&")] for either in text.split("||")]
    return lambda found: any(all(test(found) for test in tests) for tests in alternatives)


def _condition(text: str) -> Callable[[str], bool]:
    found = re.fullmatch(r"\s*[\w$]+\s*(!=|<=|>=|=|<|>)\s*(.+?)\s*", text)
    if not found:
        raise PatternError(f"{text.strip()!r} is no condition on a field")
    sign, value = found[1], found[2]
    number = float(value) if _NUMBER.fullmatch(value) else None
    if sign in _ORDER:
        if number is None:
            raise PatternError(f"{sign} compares numbers, and {value} is none")
        limit, order = number, _ORDER[sign]
        return lambda said: bool(_NUMBER.fullmatch(said)) and order(float(said), limit)
    fits = _fits(value.strip('"'), "regex" if value.startswith("%") else "word")

    def equal(said: str) -> bool:
        return fits(said) or (number is not None and bool(_NUMBER.fullmatch(said)) and float(said) == number)

    return equal if sign == "=" else lambda said: not equal(said)
