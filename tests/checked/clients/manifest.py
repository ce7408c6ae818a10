"""The verdicts that clients of this folder deserve. Commands are started in a copy of it."""

from __future__ import annotations

import sys

ADDRESS = ("{host}", "{port}")
"""Arguments, which the checker replaces."""


def python(file: str, *arguments: str) -> tuple[str, ...]:
    """Return the command of one of the Python programs."""
    return (sys.executable, file, *arguments)


BROKEN = {
    f"EC-{number}": f"broken_ec_{number:02}.py" for number in (*range(1, 11), *range(12, 18), 19)
}
"""The client that fails one MUST or SHOULD alone, by its id; requirements that need it aside."""

MISTAKES = (
    ("absolute-path", python("mistake_absolute_path.py"), "EC-1"),
    ("connection-lost", python("mistake_spins_at_close.py"), "EC-9"),
    ("decoded-portions", python("mistake_decoded_portions.py"), "EC-19"),
    ("enter-gives-traceback", python("mistake_enter_traceback.py"), "EC-13"),
    ("exit-does-not-end", python("mistake_exit_hangs.py"), "EC-7"),
    ("exit-not-recognised", python("mistake_exit_newline.py"), "EC-7"),
    ("fixed-address", python("mistake_fixed_address.py", *ADDRESS), "EC-1"),
    ("last-piece", python("mistake_last_piece.py"), "EC-4"),
    ("missing-module", python("mistake_missing_module.py"), "EC-1"),
    ("empty-line", python("mistake_empty_line.py"), "EC-6"),
    ("port-is-text", python("mistake_port_is_text.py"), "EC-1"),
    ("port-is-text", python("mistake_port_unless_enter.py"), "EC-12"),
    ("port-too-large", python("mistake_port_too_large.py"), "EC-14"),
    ("reply-in-pieces", python("mistake_one_recv.py"), "EC-5"),
    ("reply-in-pieces", python("mistake_ten_bytes.py"), "EC-3"),
    ("reply-never-read", python("mistake_never_read.py"), "EC-3"),
    ("shows-bytes", python("mistake_shows_bytes.py"), "EC-15"),
    ("spins", python("mistake_spins_at_end_of_input.py"), "EC-8"),
    ("text-not-encoded", python("mistake_text_sent.py"), "EC-2"),
    ("unknown-host", python("mistake_nonsense_host.py"), "EC-14"),
    ("waits-for-more", python("mistake_until_newline.py"), "EC-3"),
    ("address-is-a-pair", python("mistake_two_arguments.py"), "EC-1"),
    ("client-listens", python("mistake_listens.py"), "EC-1"),
    ("closed-too-early", python("mistake_closed_early.py"), "EC-3"),
    ("closed-too-early", python("mistake_traceback_at_exit.py"), "EC-7"),
    ("connection-lost", python("mistake_silent_at_close.py"), "EC-9"),
    ("counts-letters", python("mistake_counts_letters.py"), "EC-19"),
    ("counts-letters", python("mistake_receives_letters.py"), "EC-15"),
    ("datagram-socket", python("mistake_datagrams.py"), "EC-1"),
    ("non-blocking", python("mistake_non_blocking.py"), "EC-3"),
    ("not-in-a-thread", python("mistake_no_thread.py"), "EC-2"),
    ("other-encoding", python("mistake_other_encoding.py"), "EC-15"),
    ("receives-first", python("mistake_receives_first.py"), "EC-2"),
    ("bytes-in-text", python("mistake_sends_repr.py"), "EC-15"),
    ("waits-for-input", python("mistake_reads_to_the_end.py"), "EC-2"),
)
"""Mistakes of students: a name, the command, an id that fails; others may fail, too."""

BUILDS = {
    "cc": ("cc", "-O1", "-o", "client_c", "client.c"),
    "go": ("go", "build", "-o", "client_go", "client.go"),
}
"""How to build the programs that need it, in the folder, by the executable that is needed."""

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
    ("half-close", python("correct_half_close.py"), sys.executable),
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
    ("without its arguments", python("correct_select.py"), sys.executable),
    ("UDP", python("correct_udp.py"), sys.executable),
)
"""Clients that must not fail: a name, the command, and the executable that it needs."""
