"""An authoritative name server on loopback, fed from the zones of the embedded AWS at the moment of each question.

Answers as Route 53's do: with authority in its zone, a referral below a delegation, wildcards, an address for an alias
(192.0.2.1, whatever its target is), REFUSED outside. https://datatracker.ietf.org/doc/html/rfc1034#section-4.3.2
"""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Self

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
from ansible.module_utils.estate.dns.records import from_aws, name_of

ALIAS = "192.0.2.1"


def _both() -> tuple[socket.socket, socket.socket]:
    """A UDP and a TCP socket of one port, which somebody else may have one of."""
    while True:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        try:
            return udp, socket.create_server(("127.0.0.1", udp.getsockname()[1]))
        except OSError:
            udp.close()


class NameServer:
    """One zone's server at .address ("127.0.0.1:5301"); UDP, and TCP of the same port."""

    def __init__(self, zone: str, records: Callable[[], list[dict[str, Any]]]) -> None:
        self.zone, self.records, self.lame = name_of(zone), records, False
        self._udp, self._tcp = _both()
        self.port = self._udp.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self._threads = [threading.Thread(target=one, daemon=True) for one in (self._packets, self._streams)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._udp.close()
        self._tcp.close()

    def _packets(self) -> None:
        while True:
            try:
                packet, who = self._udp.recvfrom(4096)
                if not packet:  # closed
                    return
                threading.Thread(target=self._answer_packet, args=(packet, who), daemon=True).start()
            except OSError:
                return

    def _answer_packet(self, packet: bytes, who: Any) -> None:
        reply = self.answer(dns.message.from_wire(packet))
        try:
            wire = reply.to_wire(max_size=512)
        except dns.exception.TooBig:
            cut = dns.message.make_response(dns.message.from_wire(packet))
            cut.flags |= dns.flags.TC | dns.flags.AA
            wire = cut.to_wire()
        self._udp.sendto(wire, who)

    def _streams(self) -> None:
        while True:
            try:
                stream, _ = self._tcp.accept()
            except OSError:
                return
            with stream:
                query, _ = dns.query.receive_tcp(stream, time.time() + 2)
                dns.query.send_tcp(stream, self.answer(query))

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        reply = dns.message.make_response(query)
        question = query.question[0]
        name, kind = name_of(question.name.to_text()), dns.rdatatype.to_text(question.rdtype)
        if self.lame or not (name == self.zone or name.endswith(f".{self.zone}")):
            reply.set_rcode(dns.rcode.REFUSED)
            return reply
        sets: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for one in self.records():
            sets.setdefault((name_of(one["Name"]), one["Type"]), []).append(one)
        above = [name]
        while above[-1] != self.zone:
            above.append(above[-1].partition(".")[2])
        for cut in reversed(above[:-1]):
            if (cut, "NS") in sets:
                reply.authority += [_rrset(cut, one) for one in sets[cut, "NS"]]
                return reply
        reply.flags |= dns.flags.AA
        names = {known for known, _ in sets}
        exists = any(known == name or known.endswith(f".{name}") for known in names)
        wildcards = [f"*.{parent}" for parent in above[1:]]
        found = name if exists else next((one for one in wildcards if one in names), "")
        if not found:
            reply.set_rcode(dns.rcode.NXDOMAIN)
            return reply
        for asked in (kind, "CNAME"):
            if (found, asked) in sets:
                reply.answer.append(_rrset(name, sets[found, asked][0]))
                break
        return reply


def _rrset(name: str, one: dict[str, Any]) -> dns.rrset.RRset:
    if "AliasTarget" in one:
        return dns.rrset.from_text(name, 60, "IN", one["Type"], ALIAS if one["Type"] == "A" else "2001:db8::1")
    values = [from_aws(record["Value"]) for record in one["ResourceRecords"]]
    return dns.rrset.from_text_list(name, one["TTL"], "IN", one["Type"], values)


class Asking:
    """Asks the same questions over and over until it is left; .answers counts what came back of each."""

    def __init__(self, address: str, questions: list[tuple[str, str]]) -> None:
        host, _, port = address.partition(":")
        self._where = (host, int(port))
        self._questions = questions
        self.answers: dict[tuple[str, str], Counter[str]] = {one: Counter() for one in questions}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def _ask(self) -> None:
        while not self._over.is_set():
            for name, kind in self._questions:
                try:
                    reply = dns.query.udp(
                        dns.message.make_query(name, kind, flags=0), self._where[0], 5, self._where[1]
                    )
                    said = "answered" if reply.answer else dns.rcode.to_text(reply.rcode()) + " and no record"
                except (dns.exception.DNSException, OSError) as exc:
                    said = type(exc).__name__
                self.answers[name, kind][said] += 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
