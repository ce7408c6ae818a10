"""What is right or wrong with each server of this folder. Commands are started in a copy of it."""

from __future__ import annotations

BROKEN = {
    f"ES-{number}": f"broken_es_{number:02}.py" for number in range(1, 28) if number != 25
}
"""The server that fails one MUST or SHOULD alone, by its id; requirements that need it aside."""

MISTAKES = (
    ("absolute-path", "mistake_absolute_path.py", "ES-1"),
    ("decoded-portions", "mistake_decoded_portions.py", "ES-9"),
    ("missing-module", "mistake_missing_module.py", "ES-1"),
    ("one-client-only", "mistake_one_client.py", "ES-11"),
    ("one-recv-one-message", "mistake_one_recv.py", "ES-4"),
    ("port-is-text", "mistake_port_is_text.py", "ES-1"),
    ("reset-ends-server", "mistake_reset.py", "ES-12"),
    ("spins", "mistake_spins.py", "ES-24"),
)
"""Mistakes in the style of students: its name, the server, an id that fails; others may fail, too."""

BUILDS = {
    "cc": ("cc", "-O1", "-o", "echo_c", "echo.c"),
    "go": ("go", "build", "-o", "echo_go", "echo.go"),
}
"""How to build the programs that need it, in the folder, by the executable that is needed."""

CORRECT = (
    ("sequential", ("python", "sequential.py"), "python"),
    ("threads", ("python", "common.py"), "python"),
    ("select", ("python", "loop_select.py"), "python"),
    ("epoll", ("python", "loop_epoll.py"), "python"),
    ("asyncio", ("python", "loop_asyncio.py"), "python"),
    ("Twisted", ("python", "loop_twisted.py"), "python"),
    ("C", ("./echo_c",), "cc"),
    ("Go", ("./echo_go",), "go"),
    ("Node", ("node", "echo.js"), "node"),
    ("Bash with ncat", ("bash", "echo.sh"), "ncat"),
    ("processes", ("python", "processes.py"), "python"),
    ("socketserver", ("python", "server_class.py"), "python"),
    ("a program for each client", ("python", "program_for_each.py"), "python"),
    ("greeting", ("python", "greeting.py"), "python"),
    ("login with name", ("python", "login_name.py"), "python"),
    ("login with password", ("python", "login_password.py"), "python"),
    ("upper case", ("python", "answer_upper.py"), "python"),
    ("upper case of bytes", ("python", "answer_upper_bytes.py"), "python"),
    ("coloured", ("python", "answer_coloured.py"), "python"),
    ("prefix", ("python", "answer_prefix.py"), "python"),
    ("header of 10 characters", ("python", "header.py", "decimal"), "python"),
    ("header of 4 digits", ("python", "header.py", "zeros"), "python"),
    ("header of 4 bytes", ("python", "header.py", "binary"), "python"),
    ("one message for each connection", ("python", "one_message.py"), "python"),
    ("message until a pause", ("python", "until_pause.py"), "python"),
    ("quits at exit", ("python", "quit_word.py", "exit"), "python"),
    ("quits at close", ("python", "quit_word.py", "close"), "python"),
    ("quits at q", ("python", "quit_word.py", "q"), "python"),
    ("quits at /exit", ("python", "quit_word.py", "/exit"), "python"),
    ("quits at stop", ("python", "quit_word.py", "stop"), "python"),
    ("chat", ("python", "chat.py"), "python"),
    ("operator", ("python", "operator_types.py"), "python"),
    ("asks between clients", ("python", "asks_between.py"), "python"),
    ("IPv6 only", ("python", "ipv6_only.py"), "python"),
    ("UDP", ("python", "udp.py"), "python"),
    ("Unicode console", ("python", "unicode_console.py"), "python"),
    ("port is an argument", ("python", "port_argument.py", "{port}"), "python"),
    ("config.json", ("python", "config.py"), "python"),
    ("data file", ("python", "data_file.py"), "python"),
    ("password of the operator", ("python", "operator_password.py"), "python"),
    ("any port", ("python", "any_port.py"), "python"),
    ("polls", ("python", "polls.py"), "python"),
    ("slow", ("python", "slow.py"), "python"),
    ("quiet console", ("python", "quiet_console.py"), "python"),
)
"""Servers that must not fail: a name, the command, and the executable that it needs."""

NO_ECHO = frozenset({"chat", "operator", "UDP"})
"""Those that are no echo by design: ES-2 is not offered."""
