"""Runs the coverage-guided fuzzers: ``make fuzz SECONDS=3600``.

    python -m fuzz [--seconds N]          all fuzzers, one after another
    python -m fuzz NAME [arguments of libFuzzer]

A fuzzer writes a failing input to a file, which ``python -m fuzz NAME FILE`` runs again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

NAMES = (
    *("streams.text", "streams.int32", "streams.header", "streams.proxy"),
    *("datagrams.datagram", "datagrams.packet", "datagrams.client"),
    *("words.login", "words.token", "words.option", "words.options"),
)
CORPUS = Path(__file__).parent / "corpus"
LONGEST = 2048


def one(name: str, arguments: list[str]) -> None:
    """Run one fuzzer, as long as the arguments of libFuzzer say."""
    import atheris

    module, _, function = name.partition(".")
    with atheris.instrument_imports(include=["twisted_lab"]):
        target = getattr(__import__(f"fuzz.{module}").__dict__[module], function)
    atheris.Setup([sys.argv[0], f"-max_len={LONGEST}", *arguments], target)
    atheris.Fuzz()


def all_of_them(seconds: int) -> int:
    """Run each fuzzer for its share of the time; return how many found a failure."""
    found = 0
    for name in NAMES:
        print(f"{name}: {seconds // len(NAMES)} s", flush=True)
        with tempfile.TemporaryDirectory() as new:
            command = [
                *(sys.executable, "-m", "fuzz", name, new, str(CORPUS / name)),
                *(f"-max_total_time={max(seconds // len(NAMES), 1)}", "-verbosity=0"),
                *("-print_final_stats=1", f"-artifact_prefix=found-{name}-"),
            ]
            found += subprocess.run(command, check=False).returncode != 0
    return found


def main() -> None:
    """Run one fuzzer or all."""
    if len(sys.argv) > 1 and sys.argv[1] in NAMES:
        one(sys.argv[1], sys.argv[2:])
        return
    parser = argparse.ArgumentParser(prog="python -m fuzz")
    parser.add_argument("--seconds", type=int, default=60, help="in total, for all fuzzers")
    found = all_of_them(parser.parse_args().seconds)
    print(f"{len(NAMES)} fuzzers, {found} of which found a failing input")
    raise SystemExit(found > 0)


if __name__ == "__main__":
    main()
