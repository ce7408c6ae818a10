"""What the checker must find in the clients of this folder; ``good.py`` is the base of most."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).parent
ADDRESS = ("{host}", "{port}")  # for the checker to fill in


def python(file: str, *arguments: str) -> tuple[str, ...]:
    """Return the command of one of the Python programs."""
    return (sys.executable, file, *arguments)


# Each fails this requirement alone; what depends on it is not checked.
BROKEN = {
    "EC-1": "broken_ec_01.py",
    "EC-2": "broken_ec_02.py",
    "EC-3": "broken_ec_03.py",
    "EC-4": "broken_ec_04.py",
    "EC-5": "broken_ec_05.py",
    "EC-6": "broken_ec_06.py",
    "EC-7": "broken_ec_07.py",
    "EC-8": "broken_ec_08.py",
    "EC-9": "broken_ec_09.py",
    "EC-10": "broken_ec_10.py",
    "EC-12": "broken_ec_12.py",
    "EC-13": "broken_ec_13.py",
    "EC-14": "broken_ec_14.py",
    "EC-15": "broken_ec_15.py",
    "EC-16": "broken_ec_16.py",
    "EC-17": "broken_ec_17.py",
}

# The command, a requirement that fails, and the mistake that the hint must name. The programs are
# as short as students write them, so other requirements may fail, too.
MISTAKES = (
    (python("mistake_absolute_path.py"), "EC-1", "absolute-path"),
    (python("mistake_decoded_portions.py"), "EC-15", "decoded-portions"),
    (python("mistake_enter_traceback.py"), "EC-13", "enter-gives-traceback"),
    (python("mistake_exit_hangs.py"), "EC-7", "no-loop"),
    (python("mistake_fixed_address.py", *ADDRESS), "EC-1", "fixed-address"),
    (python("mistake_missing_module.py"), "EC-1", "missing-module"),
    (python("mistake_never_read.py"), "EC-3", "reply-never-read"),
    (python("mistake_nonsense_host.py"), "EC-14", "nonsense-ends-program"),
    (python("mistake_one_recv.py"), "EC-5", "reply-in-pieces"),
    (python("mistake_port_is_text.py"), "EC-1", "port-is-text"),
    (python("mistake_spins_at_close.py"), "EC-9", "spins"),
    (python("mistake_spins_at_end_of_input.py"), "EC-8", "spins"),
    (python("mistake_traceback_at_exit.py"), "EC-7", "uncaught-error"),
)

# What to run in a copy of this folder before a program that is not a script can start.
BUILDS = {
    "C": ("cc", "-O2", "-o", "client_c", "client.c"),
    "Go": ("go", "build", "-o", "client_go", "client.go"),
}

# The name, the command, and the executable that must be installed. None of them fails anything.
CORRECT = (
    ("good", python("good.py"), sys.executable),
    ("receiver thread", python("correct_receiver_thread.py"), sys.executable),
    ("select", python("correct_select.py", *ADDRESS), sys.executable),
    ("asyncio", python("correct_asyncio.py"), sys.executable),
    ("Twisted", python("correct_twisted.py", *ADDRESS), sys.executable),
    ("C", ("./client_c", *ADDRESS), "cc"),
    ("Go", ("./client_go", *ADDRESS), "go"),
    ("Node", ("node", "client.js"), "node"),
    ("Bash", ("bash", "client.sh", *ADDRESS), "bash"),
    ("Bash with ncat", ("bash", "client_ncat.sh"), "ncat"),
    ("bytes", python("correct_bytes.py"), sys.executable),
    ("colours", python("correct_colours.py", *ADDRESS), sys.executable),
    ("connection for each line", python("correct_connection_per_line.py"), sys.executable),
    ("default word", python("correct_default_word.py"), sys.executable),
    ("greeted", python("correct_greeted.py"), sys.executable),
    ("header", python("correct_header.py"), sys.executable),
    ("LAN address", python("correct_lan_address.py"), sys.executable),
    ("localhost", python("correct_localhost.py"), sys.executable),
    ("name first", python("correct_name_first.py"), sys.executable),
    ("no newline", python("correct_no_newline.py"), sys.executable),
    ("one line", python("correct_one_line.py"), sys.executable),
    ("password", python("correct_password.py"), sys.executable),
    ("port first", python("correct_port_first.py"), sys.executable),
    ("prompted", python("correct_prompted.py"), sys.executable),
    ("quit words", python("correct_quit_words.py"), sys.executable),
)
