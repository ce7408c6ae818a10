"""The verdicts that servers of this folder deserve. Commands are started in a copy of it."""

from __future__ import annotations

import sys

BROKEN = {f"ES-{number}": f"broken_es_{number:02}.py" for number in range(1, 28) if number != 25}
"""The server that fails one MUST or SHOULD alone, by its id; requirements that need it aside."""

WEAK = frozenset({"ES-27"})
"""Those of them that are weak, not failed: the log is there, but late."""

MISTAKES = (
    ("absolute-path", "mistake_absolute_path.py", "ES-1"),
    ("accept-again", "mistake_accept_again.py", "ES-3"),
    ("accept-pair", "mistake_accept_pair.py", "ES-2"),
    ("decoded-portions", "mistake_decoded_portions.py", "ES-9"),
    ("log-replaced", "mistake_log_replaced.py", "ES-26"),
    ("end-ends-all", "mistake_end_ends_all.py", "ES-13"),
    ("missing-module", "mistake_missing_module.py", "ES-1"),
    ("module-called", "mistake_module_called.py", "ES-1"),
    ("not-listening", "mistake_not_listening.py", "ES-1"),
    ("one-client-only", "mistake_one_client.py", "ES-11"),
    ("one-recv-one-message", "mistake_one_recv.py", "ES-4"),
    ("port-is-text", "mistake_port_is_text.py", "ES-1"),
    ("port-is-text", "mistake_port_unless_enter.py", "ES-20"),
    ("port-too-large", "mistake_port_too_large.py", "ES-22"),
    ("reset-ends-server", "mistake_reset.py", "ES-12"),
    ("returns-repr", "mistake_returns_repr.py", "ES-2"),
    ("send-ends-server", "mistake_send_reset.py", "ES-12"),
    ("end-not-tested", "mistake_reports_end.py", "ES-19"),
    ("text-not-encoded", "mistake_not_encoded.py", "ES-2"),
    ("threads-live-on", "mistake_threads_live_on.py", "ES-23"),
    ("closed-socket", "mistake_closed_socket.py", "ES-11"),
    ("shared-state", "mistake_shared_state.py", "ES-14"),
    ("spins", "mistake_never_leaves.py", "ES-11"),
    ("spins", "mistake_spins.py", "ES-24"),
    ("no-events", "mistake_two_in_one.py", "ES-19"),
    ("spins", "mistake_spins_sequential.py", "ES-11"),
)
"""Mistakes as students make them: name, server, an id that fails; others may fail, too."""

BUILDS = {
    "cc": ("cc", "-O1", "-o", "echo_c", "echo.c"),
    "go": ("go", "build", "-o", "echo_go", "echo.go"),
}
"""How to build the programs that need it, in the folder, by the executable that is needed."""

CORRECT = (
    ("sequential", (sys.executable, "sequential.py"), sys.executable),
    ("threads", (sys.executable, "common.py"), sys.executable),
    ("select", (sys.executable, "loop_select.py"), sys.executable),
    ("epoll", (sys.executable, "loop_epoll.py"), sys.executable),
    ("asyncio", (sys.executable, "loop_asyncio.py"), sys.executable),
    ("Twisted", (sys.executable, "loop_twisted.py"), sys.executable),
    ("C", ("./echo_c",), "cc"),
    ("Go", ("./echo_go",), "go"),
    ("Node", ("node", "echo.js"), "node"),
    ("Bash with ncat", ("bash", "echo.sh"), "ncat"),
    ("processes", (sys.executable, "processes.py"), sys.executable),
    ("socketserver", (sys.executable, "server_class.py"), sys.executable),
    ("a program for each client", (sys.executable, "program_for_each.py"), sys.executable),
    ("greeting", (sys.executable, "greeting.py"), sys.executable),
    ("login with name", (sys.executable, "login_name.py"), sys.executable),
    ("login with password", (sys.executable, "login_password.py"), sys.executable),
    ("upper case", (sys.executable, "answer_upper.py"), sys.executable),
    ("upper case of bytes", (sys.executable, "answer_upper_bytes.py"), sys.executable),
    ("coloured", (sys.executable, "answer_coloured.py"), sys.executable),
    ("prefix", (sys.executable, "answer_prefix.py"), sys.executable),
    ("header of 10 characters", (sys.executable, "header.py", "decimal"), sys.executable),
    ("header of 4 digits", (sys.executable, "header.py", "zeros"), sys.executable),
    ("header of 4 bytes", (sys.executable, "header.py", "binary"), sys.executable),
    ("header before text", (sys.executable, "header.py", "binary", "text"), sys.executable),
    ("header in a segment of its own", (sys.executable, "header_apart.py"), sys.executable),
    ("one message for each connection", (sys.executable, "one_message.py"), sys.executable),
    ("message until the end", (sys.executable, "until_end.py"), sys.executable),
    ("message until a pause", (sys.executable, "until_pause.py"), sys.executable),
    ("quits at exit", (sys.executable, "quit_word.py", "exit"), sys.executable),
    ("quits at close", (sys.executable, "quit_word.py", "close"), sys.executable),
    ("quits at q", (sys.executable, "quit_word.py", "q"), sys.executable),
    ("quits at /exit", (sys.executable, "quit_word.py", "/exit"), sys.executable),
    ("quits at stop", (sys.executable, "quit_word.py", "stop"), sys.executable),
    ("chat", (sys.executable, "chat.py"), sys.executable),
    ("daytime", (sys.executable, "daytime.py"), sys.executable),
    ("commands in lines", (sys.executable, "commands.py"), sys.executable),
    ("operator", (sys.executable, "operator_types.py"), sys.executable),
    ("name, then operator", (sys.executable, "operator_types.py", "name"), sys.executable),
    (
        "name, then shows texts",
        (sys.executable, "operator_types.py", "name", "shows"),
        sys.executable,
    ),
    ("name in a line", (sys.executable, "name_in_a_line.py"), sys.executable),
    ("asks between clients", (sys.executable, "asks_between.py"), sys.executable),
    ("IPv6 only", (sys.executable, "ipv6_only.py"), sys.executable),
    ("UDP", (sys.executable, "udp.py"), sys.executable),
    ("Unicode console", (sys.executable, "unicode_console.py"), sys.executable),
    ("port is an argument", (sys.executable, "port_argument.py", "{port}"), sys.executable),
    ("config.json", (sys.executable, "config.py"), sys.executable),
    ("data file", (sys.executable, "data_file.py"), sys.executable),
    ("password of the operator", (sys.executable, "operator_password.py"), sys.executable),
    ("any port", (sys.executable, "any_port.py"), sys.executable),
    ("polls", (sys.executable, "polls.py"), sys.executable),
    ("slow", (sys.executable, "slow.py"), sys.executable),
    ("quiet console", (sys.executable, "quiet_console.py"), sys.executable),
)
"""Servers that must not fail: a name, the command, and the executable that it needs."""

NO_ECHO = frozenset(
    {
        "chat",
        "commands in lines",
        "daytime",
        "name in a line",
        "name, then operator",
        "name, then shows texts",
        "operator",
        "UDP",
    }
)
"""Those that are no echo by design: ES-2 is not offered."""

LACKS = {"Bash with ncat": frozenset({"ES-10"})}
"""Known failures of correct servers: ncat closes a connection at the client's FIN."""
