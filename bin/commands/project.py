"""The commands on this project itself."""

from __future__ import annotations

import shutil

from commands.estate import stop
from commands.run import args, call, need
from commands.words import ROOT, Refusal, Words, allowed


def setup(words: Words) -> int:  # noqa: ARG001 every command sets up first
    return 0


def test(words: Words) -> int:
    call(ROOT / "bin/install_packages")
    report = [f"--junitxml={words['JUNIT']}"] if words.get("JUNIT") else []
    side_by_side = ["-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder"]
    return int(call("pytest", *side_by_side, "--durations=10", *report, *args(words)) != 0)


def lint(words: Words) -> int:
    return int(call("pre-commit", "run", "--all-files", *args(words)) != 0)


def bench(words: Words) -> int:
    """One that fails does not keep the others from being measured, nor the table from being printed."""
    (ROOT / "build" / "bench.jsonl").unlink(missing_ok=True)
    benches = {file.stem.removeprefix("bench_"): file for file in sorted((ROOT / "benchmarks").glob("bench_*.py"))}
    chosen = words["ONLY"].split(",") if words.get("ONLY") else [*benches]
    for name in chosen:
        if name not in benches:
            raise Refusal(f"ONLY={name} is unknown; {allowed(name, [*benches])}")
    failed = [name for name in chosen if call("python", benches[name], *args(words)) != 0]
    call("python", ROOT / "benchmarks/noted.py", *failed)
    return int(bool(failed))


def docs(words: Words) -> int:  # noqa: ARG001
    for role in sorted((ROOT / "roles").iterdir()):
        need("aar-doc", role, "markdown", why=f"{role.name} could not be described")
    return 0


def lock(words: Words) -> int:  # noqa: ARG001
    options = ["-q", "--upgrade", "--universal", "--python-version", "3.12", "--generate-hashes", "--no-header"]
    need("uv", "pip", "compile", *options, "requirements-uv.in", "-o", "requirements-uv.lock")
    need("uv", "pip", "compile", *options, "--group", "dev", "pyproject.toml", "-o", "requirements.lock")
    return 0


def clean(words: Words) -> int:
    stop(words)
    for built in ("build", ".venv"):
        shutil.rmtree(ROOT / built, ignore_errors=True)
    return 0
