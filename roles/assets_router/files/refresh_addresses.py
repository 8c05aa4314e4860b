#!/usr/bin/env python3
"""Keeps the addresses of S3 fresh for an nginx that looks names up only when it starts (older than 1.27.3).

S3 answers each look-up with a few of many addresses, so a new answer alone is no reason to reload. An address stays in
use as long as it was seen within --good-for seconds; only when one was not, or too few are in use, is the file written
anew.

refresh_addresses.py --directory DIR --state FILE [--good-for SECONDS] [--reload COMMAND] HOST ...
Prints "changed" or "unchanged". A look-up that fails changes nothing; a reload that fails is tried again.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path

FEW, MANY = 4, 8


def choose(current: list[str], seen: dict[str, float], now: float, good_for: float) -> list[str]:
    """The addresses to use: those in use that are still seen, filled up with the latest where they are too few."""
    known = [
        address for address, at in sorted(seen.items(), key=lambda item: (-item[1], item[0])) if now - at <= good_for
    ]
    kept = [address for address in current if address in known]
    if kept and kept == current and len(kept) >= min(FEW, len(known)):
        return current
    return sorted([*kept, *(address for address in known if address not in kept)][:MANY]) or current


def look_up(host: str) -> list[str]:
    found = socket.getaddrinfo(host, 443, socket.AF_INET, socket.SOCK_STREAM)
    return sorted({str(entry[4][0]) for entry in found})


def read_file(path: Path) -> list[str]:
    text = path.read_text(errors="replace") if path.exists() else ""
    return re.findall(r"(?m)^server ([0-9.]+):443\b", text)


def read_state(path: Path, now: float) -> dict[str, dict[str, float]]:
    """Which address of a host was seen when; nothing where the file is missing, cut short or not of this program.

    What was seen later than now was seen by a clock that was ahead.
    """
    try:
        return {
            str(host): {str(ipaddress.IPv4Address(address)): min(now, float(at)) for address, at in seen.items()}
            for host, seen in json.loads(path.read_text()).items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as exc:
        print(f"{path} is not what was written there, and is begun anew: {exc}", file=sys.stderr)
        return {}


def write(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(text)
    os.replace(draft, path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--good-for", type=float, default=3600)
    parser.add_argument("--reload", default="")
    parser.add_argument("hosts", nargs="+")
    words = parser.parse_args()
    now, changed, missing = time.time(), False, []
    state = read_state(words.state, now)
    for host in words.hosts:
        seen = state.setdefault(host, {})
        try:
            seen.update(dict.fromkeys(look_up(host), now))
        except OSError as exc:
            print(f"{host}: {exc}", file=sys.stderr)
        path = words.directory / f"{host}.conf"
        current = read_file(path)
        # without a word from DNS nothing expires: a look-up that fails must not empty the list
        wanted = choose(current, seen, max(seen.values(), default=now), words.good_for)
        if not wanted:
            missing.append(host)
        elif wanted != current:
            write(path, "".join(f"server {address}:443 max_fails=3 fail_timeout=10s;\n" for address in wanted))
            changed = True
        state[host] = {address: at for address, at in seen.items() if now - at <= words.good_for or address in wanted}
    write(words.state, json.dumps(state))
    print("changed" if changed else "unchanged")
    due = words.state.with_name("reload-due")  # outlives a reload that failed
    if changed:
        due.touch()
    if words.reload and due.exists():
        subprocess.run(shlex.split(words.reload), check=True)
        due.unlink()
    if missing:
        print(f"no address is known of {', '.join(missing)}", file=sys.stderr)
    return int(bool(missing))


if __name__ == "__main__":
    sys.exit(main())
