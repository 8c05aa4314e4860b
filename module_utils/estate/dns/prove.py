"""Asks the servers that the world asks, whether they answer what is declared.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.resolver
from ansible.module_utils.estate.dns.plan import Delta
from ansible.module_utils.estate.dns.records import TEXT, Rrset, label_of, name_of, rdata, targets, under, values

TRIES = 3  # UDP loses packets
WORKERS = 32


class Question(NamedTuple):
    zone: str
    name: str
    kind: str
    expected: frozenset[Any] | None  # None: an alias, whose addresses are its target's to choose
    ttl: int = 0
    any_of: bool = False  # one of several sets is answered
    glue: bool = False  # the address of a name server below a delegation, which only goes along with that

    @property
    def refers(self) -> bool:
        """Whether who answers for the zone refers to others, rather than answering."""
        return self.glue or (self.kind == "NS" and self.name != self.zone)

    @property
    def subject(self) -> str:
        return label_of((self.name, self.kind, ""))


class Answer(NamedTuple):
    rcode: str
    authoritative: bool
    found: frozenset[Any] = frozenset()
    ttl: int = 0


Ask = Callable[[str, str, str], Answer]  # server, name, type


# --- asking -----------------------------------------------------------------------------------------------------------


def ask(timeout: float) -> Ask:
    def one(server: str, name: str, kind: str) -> Answer:
        host, _, port = server.partition(":") if server.count(":") == 1 else (server, "", "")
        query = dns.message.make_query(name, kind, flags=0, use_edns=0, payload=1232)
        for left in reversed(range(TRIES)):
            try:
                reply, _ = dns.query.udp_with_fallback(query, host, timeout, int(port or 53))
                return _read(reply, name_of(name), kind)
            except (dns.exception.DNSException, OSError, EOFError):
                if not left:
                    raise
        raise AssertionError("the last try raises")

    return one


def _read(reply: dns.message.Message, name: str, kind: str) -> Answer:
    """The records of that name and type, also where they refer to other servers."""
    sets = [one for one in (*reply.answer, *reply.authority, *reply.additional) if name_of(one.name.to_text()) == name]
    found: Any = next((one for one in sets if one.rdtype == dns.rdatatype.from_text(kind)), None)
    rcode, authoritative = dns.rcode.to_text(reply.rcode()), bool(reply.flags & dns.flags.AA)
    if found is None:
        return Answer(rcode, authoritative)
    return Answer(
        rcode, authoritative, frozenset(b"".join(one.strings) if kind in TEXT else one for one in found), found.ttl
    )


def addresses(names: Iterable[str]) -> dict[str, str]:
    """Where the servers of these names are; a name without an address stays one, for the asking to fail on."""
    found = {}
    for name in names:
        try:
            found[name] = str(dns.resolver.resolve(name, "A")[0])
        except (dns.exception.DNSException, OSError):
            found[name] = name
    return found


def above(zone: str) -> list[str]:
    """The name servers of whoever delegates the zone."""
    parent = dns.resolver.zone_for_name(dns.name.from_text(zone).parent())
    return [name_of(one.target.to_text()) for one in dns.resolver.resolve(parent, "NS")]


# --- what to ask ------------------------------------------------------------------------------------------------------


def questions(found: Delta) -> list[Question]:
    by_name: dict[tuple[str, str], list[Rrset]] = {}
    for (name, kind, _), rrset in found.wanted.items():
        by_name.setdefault((name, kind), []).append(rrset)
    made = []
    cuts = [name for name, kind in by_name if kind == "NS" and name != found.zone]
    for (name, kind), those in by_name.items():
        glue = kind in ("A", "AAAA") and any(under(name, cut) for cut in cuts)
        alias = any(one.get("AliasTarget") for one in those)
        meant = None if alias else frozenset(rdata(kind, value) for one in those for value in values(one))
        several = "SetIdentifier" in those[0]
        made.append(Question(found.zone, name, kind, meant, those[0].get("TTL", 0), several, glue))
    return made


def wrong(question: Question, answer: Answer) -> str:
    """Why the answer is not what is declared; "" where it is."""
    if answer.rcode != "NOERROR":
        return f"answers {answer.rcode}"
    if not (answer.authoritative or question.refers):
        return "does not answer for the zone"
    if not answer.found:
        return "has no such record"
    if question.expected is None:
        return ""
    right = answer.found <= question.expected if question.any_of else answer.found == question.expected
    if not right:
        return f"answers {told(answer.found)}"
    if question.refers or answer.ttl == question.ttl:
        return ""
    return f"answers with the ttl {answer.ttl}, not {question.ttl}"


def told(found: Iterable[Any] | None) -> str:
    if found is None:
        return "an address"
    return ", ".join(sorted(one.decode(errors="replace") if isinstance(one, bytes) else str(one) for one in found))


# --- proofs -----------------------------------------------------------------------------------------------------------


def proofs(
    deltas: Sequence[Delta],
    servers: Mapping[str, Sequence[str]],
    one: Ask,
    before: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[dict[str, Any]]:
    """Every declared record of every one of its zone's servers, and of those that the zone had before."""
    with ThreadPoolExecutor(WORKERS) as pool:
        asked = [
            (question, [(server, pool.submit(one, server, question.name, question.kind))
                        for server in (*servers.get(question.zone, ()), *(before or {}).get(question.zone, ()))])
            for found in deltas for question in questions(found)
        ]  # fmt: skip
        for question, answers in asked:
            why, seen = "" if answers else "the zone has no name servers", ""
            for server, future in answers:
                try:
                    said = wrong(question, future.result())
                    seen = seen or told(future.result().found)
                except (dns.exception.DNSException, OSError, EOFError) as exc:
                    said = f"does not answer ({str(exc).rstrip('.') or type(exc).__name__})"
                why = why or (f"{server} {said}" if said else "")
            yield _proof(question.subject, why, question.expected, [server for server, _ in answers], seen)


def delegated(zone: str, wanted: Iterable[str], parents: Sequence[str], one: Ask, who: str) -> dict[str, Any]:
    """Whether those above the zone refer to its name servers, and to no other."""
    question = Question(f"parent of {zone}", zone, "NS", frozenset(rdata("NS", name) for name in wanted))
    why = "" if parents else f"nobody knows the name servers above {zone}"
    for server in parents:
        try:
            said = wrong(question, one(server, zone, "NS"))
        except (dns.exception.DNSException, OSError, EOFError) as exc:
            said = f"does not answer ({exc})"
        why = why or (f"{server} {said}: have {who} delegate it to {', '.join(sorted(wanted))}" if said else "")
    return _proof(f"delegation of {zone.rstrip('.')}", why, question.expected, parents)


def dangling(deltas: Iterable[Delta], zones: Iterable[str], resolve: Callable[[str], Any]) -> Iterator[dict[str, Any]]:
    """Targets outside our zones that no longer exist: whoever makes them anew gets the name."""
    pointing: dict[str, list[str]] = {}
    for found in deltas:
        for key, rrset in found.wanted.items():
            for target in targets(rrset) if key[1] in ("CNAME", "MX", "SRV") else ():
                if not any(under(target, zone) for zone in zones):
                    pointing.setdefault(target, []).append(label_of(key))
    with ThreadPoolExecutor(WORKERS) as pool:
        found_out = {target: pool.submit(resolve, target) for target in pointing}
        for target, future in found_out.items():
            if isinstance(future.exception(), dns.resolver.NXDOMAIN):
                yield _proof(
                    f"target {target}", f"there is no such name, and {', '.join(pointing[target])} points to it"
                )


def _proof(
    subject: str, why: str, expected: Iterable[Any] | None = (), asked: Iterable[str] = (), seen: str = ""
) -> dict[str, Any]:
    return {
        "subject": subject,
        "verdict": "failed" if why else "proved",
        "why": why,
        "expected": told(expected),
        "seen": seen,
        "servers": list(asked),
    }
