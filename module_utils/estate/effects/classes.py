"""The finitely many classes that patterns can tell apart: one string for each set of patterns that a string can match.

All patterns are followed at once, character by character, as one automaton whose state is the bits of a number. Two
strings that end in the same state are alike to every pattern, so that one of them stands for all. Exact; no library of
patterns or solver is asked (z3's regular expressions take "any character" for fewer than there are).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache, reduce

from ansible.module_utils.estate.evaluator.patterns import NEVER, resource_like
from ansible.module_utils.estate.evaluator.patterns import plain as as_text

TOO_MANY = 20_000  # states; no policies of people come near, and what does is not proved
MANY = 8  # patterns of one list, of which every combination may be a class
OTHER = "\ue010"  # a character that no pattern has


class Undecided(Exception):
    """What cannot be decided exactly, in words; never taken for safe."""


def _steps(pattern: str, arn: bool) -> list[tuple[str, bool]]:
    """(character, "*" or "?" as themselves; whether a wildcard stops at a colon) of each place of a pattern."""
    if arn and pattern != "*":
        pattern = ":".join([*pattern.split(":", 5), *["*"] * 6][:6]) if pattern.startswith("arn:") else pattern
    colons = 0
    steps: list[tuple[str, bool]] = []
    for char in pattern:
        colons += char == ":"
        wild = (char, arn and pattern.startswith("arn:") and colons < 5)
        if not (char == "*" and steps and steps[-1] == wild):
            steps.append(wild)
    return steps


TEXT, ARN, ANY_CASE = "text", "arn", "any case"  # how a pattern matches


def representatives(patterns: Iterable[str], how: str = TEXT) -> tuple[str, ...]:
    """A string for each set of patterns that some string matches, the empty set too."""
    return together((pattern, how) for pattern in patterns)


def together(patterns: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The same of patterns that match in different ways, each (pattern, how).

    No string has two beginnings, so that each service's patterns are followed by themselves.
    """
    made = {one for one in patterns if NEVER not in one[0]}
    rooms: dict[str, set[tuple[str, str]]] = {}
    for one in made:
        rooms.setdefault(_room(one[0]), set()).add(one)
    wide = rooms.pop("", set())
    if len(rooms) > 1:
        each = {room: _together(own | wide) for room, own in rooms.items()}
        # What stands for what no room has must not by chance be in one.
        if not any(_room(text) in rooms and _room(text) != room for room, found in each.items() for text in found):
            return tuple(dict.fromkeys(text for found in each.values() for text in found))
    return _together(made)


def beginning(head: str, patterns: Iterable[str]) -> tuple[str, ...]:
    """The same of ARNs that begin with some text, all that is in a bucket: what tells others apart is not followed."""
    return _representatives(tuple(sorted((one, ARN) for one in patterns if NEVER not in one)), head)


def of_lists(lists: Iterable[tuple[str, ...]], patterns: set[str]) -> tuple[str, ...]:
    """The same of ARNs' patterns, of which some only ever stand together in lists, and meet no other: one of each.

    Whichever of those a string matches, each list means it or does not; they are not followed in every combination.
    """
    stand: dict[str, set[int]] = {}
    for place, listed in enumerate(dict.fromkeys(lists)):
        for one in listed:
            stand.setdefault(one, set()).add(place)
    alike: dict[frozenset[int], set[str]] = {}
    for one, places in stand.items():
        if one in patterns and one.count(":") >= 5 and "${" not in one:
            alike.setdefault(frozenset(places), set()).add(one)
    apart = {
        one
        for group in alike.values()
        if len(group) > MANY
        and not any(overlap(one, other) for one in group for other in patterns - group if other != "*")
        for one in group
    }
    found = representatives(patterns - apart, ARN)
    if any(resource_like(one, text) for one in apart for text in found):
        return representatives(patterns, ARN)
    return *found, *(one.replace("*", OTHER).replace("?", OTHER) for one in sorted(apart))


_BEGINNING = re.compile(r"arn:[^:*?]*:[^:*?]*:|(?!arn:)[^:*?]*:")


def _room(pattern: str) -> str:
    """The service that a pattern of actions or ARNs begins with; "" where a wildcard may be any."""
    found = _BEGINNING.match(pattern.lower())
    return found[0] if found else ""


def _together(made: set[tuple[str, str]]) -> tuple[str, ...]:
    plain = {one for one in made if _is_plain(*one)}
    hard = made - plain
    # What means nothing that a pattern with a wildcard within means is told apart by its beginning alone.
    near = {one for one in plain if any(overlap(one[0], other[0]) for other in hard)}
    found = _representatives(tuple(sorted(hard | near)))
    beside = [one[0] for one in plain - near]
    if any(text.startswith(p[:-1]) if p.endswith("*") else text == p for text in found for p in beside):
        return _representatives(tuple(sorted(made)))
    heads = [pattern.removesuffix("*") for pattern, _ in plain]
    return tuple(
        dict.fromkeys([*found, OTHER, *(as_text(one) for one in heads), *(f"{as_text(one)}{OTHER}" for one in heads)])
    )


def _is_plain(pattern: str, how: str) -> bool:
    """Whether a pattern is one name, or all that begin with some text."""
    head = pattern.removesuffix("*")
    ends_late = how != ARN or pattern == "*" or head.count(":") >= 5
    return how != ANY_CASE and ends_late and not {"*", "?"} & {*head}


@lru_cache(maxsize=5_000)
def _representatives(patterns: tuple[tuple[str, str], ...], head: str = "") -> tuple[str, ...]:
    advance: dict[str, int] = {}
    forms: dict[int, tuple[str, ...]] = {}  # what the place of a bit waits for
    stay_any = stay_no_colon = any_one = any_no_colon = start = finals = stars = literals = 0
    place = 0
    for pattern, how in patterns:
        start |= 1 << place
        for char, no_colon in _steps(pattern, how == ARN):
            bit = 1 << place
            if char == "*":
                stars |= bit
                stay_any, stay_no_colon = (
                    (stay_any, stay_no_colon | bit) if no_colon else (stay_any | bit, stay_no_colon)
                )
            elif char == "?":
                any_one, any_no_colon = (any_one, any_no_colon | bit) if no_colon else (any_one | bit, any_no_colon)
            else:
                real = as_text(char)
                forms[bit] = tuple({real, real.lower(), real.upper()}) if how == ANY_CASE else (real,)
                literals |= bit
                for form in forms[bit]:
                    advance[form] = advance.get(form, 0) | bit
            place += 1
        finals |= 1 << place
        place += 1

    def closed(state: int) -> int:
        while (more := state | (state & stars) << 1) != state:
            state = more
        return state

    def following(state: int) -> dict[str, None]:
        """The characters that lead on from a state in different ways: all others lead where OTHER does."""
        waiting, found = state & literals, {OTHER: None, ":": None}
        while waiting:
            bit = waiting & -waiting
            waiting ^= bit
            found |= dict.fromkeys(forms[bit])
        return found

    def after(state: int, char: str) -> int:
        colon = char == ":"
        on = advance.get(char, 0) | any_one | (0 if colon else any_no_colon)
        stay = stay_any | (0 if colon else stay_no_colon)
        return closed((state & on) << 1 | (state & stay))

    first = reduce(after, head, closed(start))
    seen, queue, found = {first}, [(first, head)], {first & finals: head}
    while queue:
        reached_now = []
        for state, text in queue:
            for char in following(state):
                reached = after(state, char)
                if reached not in seen:
                    seen.add(reached)
                    reached_now.append((reached, text + char))
                    found.setdefault(reached & finals, text + char)
        if len(seen) > TOO_MANY:
            raise Undecided(f"{len(patterns)} patterns tell more than {TOO_MANY} kinds of names apart")
        queue = reached_now
    return tuple(found.values())


@lru_cache(maxsize=100_000)
def head_of(pattern: str) -> str:
    """What stands before the first wildcard."""
    return re.split(r"[*?]", pattern, maxsplit=1)[0]


@lru_cache(maxsize=100_000)
def overlap(one: str, other: str) -> bool:
    """Whether some string matches both patterns; wildcards may cross colons, so that it errs towards yes."""
    head, other_head = head_of(one), head_of(other)
    if not (head.startswith(other_head) or other_head.startswith(head)):
        return False
    if head == one and other_head == other:  # without wildcards
        return one == other
    places = {(0, 0)}
    seen = set(places)
    while places:
        i, j = places.pop()
        if i == len(one) and j == len(other):
            return True
        a, b = one[i : i + 1], other[j : j + 1]
        following = []
        if a == "*":
            following += [(i + 1, j), (i, j + 1)] if b else [(i + 1, j)]
        if b == "*":
            following += [(i, j + 1), (i + 1, j)] if a else [(i, j + 1)]
        if a and b and "*" not in (a, b) and (a == b or "?" in (a, b)):
            following.append((i + 1, j + 1))
        for place in following:
            if place not in seen:
                seen.add(place)
                places.add(place)
    return False
