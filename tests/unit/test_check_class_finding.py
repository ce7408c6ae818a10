"""Finding a submission's programs."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.check.classes.finding import Found, find, unbuilt
from twisted_lab.check.classes.sources import Source
from twisted_lab.check.task import Role

SERVER = "import socket\ns = socket.socket()\ns.bind(('', 9090))\ns.listen(1)\ns.accept()\n"
CLIENT = "import socket\ns = socket.socket()\ns.connect(('localhost', 9090))\n"
DATAGRAM = "from socket import *\ns = socket(AF_INET, SOCK_DGRAM)\ns.bind(('', 1))\ns.recvfrom(9)\n"
# The files of a submission, and those that are checked as its server and its client.
SUBMISSIONS: tuple[tuple[dict[str, str], list[str], list[str]], ...] = (
    ({"server.py": SERVER, "client.py": CLIENT}, ["server.py"], ["client.py"]),
    ({"сервер.py": SERVER, "клиент.py": CLIENT}, ["сервер.py"], ["клиент.py"]),
    ({"lab1.py": SERVER, "lab1_2.py": CLIENT}, ["lab1.py"], ["lab1_2.py"]),  # by the code alone
    ({"a/b/serv.py": SERVER, "a/b/cli.py": CLIENT}, ["a/b/serv.py"], ["a/b/cli.py"]),
    ({"server.py": "import my\nmy.serve()\n", "my.py": "x = 1"}, ["server.py"], []),  # by its name
    ({"server.py": CLIENT}, ["server.py"], []),  # nothing else is a server
    ({"server.py": CLIENT, "other.py": SERVER}, ["other.py"], []),
    ({"both.py": SERVER + CLIENT}, ["both.py"], ["both.py"]),
    # A comment, a string and a README call nothing.
    ({"notes.py": "# bind() listen() accept()\nx = 'connect()'\n", "README.md": SERVER}, [], []),
    ({"w.py": "import my_server\nmy_server.run()\n", "my_server.py": SERVER}, ["my_server.py"], []),
    ({"server.py": SERVER, "server_copy.py": SERVER + "\n \n"}, ["server.py"], []),
    (
        {"tests/test_server.py": SERVER + "#", "run.py": SERVER},
        ["run.py", "tests/test_server.py"],
        [],
    ),
    # Python 2, an error of syntax, and tabs that do not fit.
    ({"a.py": "print 'x'\n" + SERVER, "b.py": "def (:\n\t x\n" + CLIENT}, ["a.py"], ["b.py"]),
    (
        {"s.js": "require('net').createServer(f).listen(1)", "c.js": "net.createConnection(1)"},
        ["s.js"],
        ["c.js"],
    ),
    ({"a.sh": "ncat -kl 9090 -c cat", "b.sh": "exec 3<>/dev/tcp/$1/$2"}, ["a.sh"], ["b.sh"]),
    ({"server.c": "/* x */ bind(s); listen(s, 1); accept(s);"}, [], []),
    ({"x": "#!/usr/bin/env python3\n" + SERVER, "y": CLIENT}, ["x"], []),
    ({"asyn.py": "import asyncio\nasyncio.start_server(f, '', 1)"}, ["asyn.py"], []),
    ({"tcp.py": SERVER, "datagram.py": DATAGRAM}, ["tcp.py", "datagram.py"], []),
    ({"server.py": SERVER, "auth_server.py": SERVER + "x"}, ["server.py", "auth_server.py"], []),
    ({f"s{n}.py": SERVER + str(n) for n in range(9)}, ["s0.py", "s1.py", "s2.py"], []),
)


def files(found: list[Found]) -> list[str]:
    return list(dict.fromkeys(each.file for each in found))


def sources(texts: dict[str, str]) -> list[Source]:
    return [Source(path, text) for path, text in texts.items()]


class FindTests(SynchronousTestCase):
    def test_the_server_and_the_client_are_found(self) -> None:
        for texts, servers, clients in SUBMISSIONS:
            with self.subTest(texts=list(texts)):
                for role, expected in ((Role.SERVER, servers), (Role.CLIENT, clients)):
                    found = find(sources(texts), role, f"echo-{role.value}", ("authentication",))
                    self.assertEqual(files(found), expected)

    def test_the_name_of_the_task_decides_between_equals(self) -> None:
        texts = {"server.py": SERVER, "auth_server.py": SERVER + "x"}
        found = find(sources(texts), Role.SERVER, "authentication", ("echo-server",))
        self.assertEqual(files(found), ["auth_server.py", "server.py"])

    def test_a_readme_decides_between_equals(self) -> None:
        texts = {"a.py": SERVER, "b.py": SERVER + "x", "README.txt": "$ python b.py"}
        found = find(sources(texts), Role.SERVER, "echo-server", ())
        self.assertEqual(files(found), ["b.py", "a.py"])
        self.assertIn("The README names it.", found[0].why)

    def test_udp_is_preferred_where_the_task_wants_it(self) -> None:
        texts = {"a.py": SERVER, "b.py": DATAGRAM}
        found = find(sources(texts), Role.SERVER, "udp-chat", ())
        self.assertEqual(files(found)[0], "b.py")

    def test_the_reasons_are_sentences(self) -> None:
        [found] = find(sources({"server.py": SERVER}), Role.SERVER, "echo-server", ())
        self.assertEqual(found.why, "It calls accept, bind, listen. Its name says so.")

    def test_a_source_that_has_to_be_built_is_named(self) -> None:
        texts = sources({"src/server.c": "bind(s); listen(s, 1); accept(s);", "a.c": "x"})
        self.assertEqual(unbuilt(texts, Role.SERVER, "echo-server"), "src/server.c")
        self.assertEqual(unbuilt(texts, Role.CLIENT, "echo-client"), "")


class CommandTests(SynchronousTestCase):
    def commands(self, source: Source, role: Role = Role.CLIENT) -> list[tuple[str, ...]]:
        return [each.command for each in find([source], role, f"echo-{role.value}", ())]

    def test_interpreters_follow_from_the_first_line_and_the_suffix(self) -> None:
        for path, first, is_executable, expected in (
            ("client.py", "", False, ("{python}", "./client.py")),
            ("client.py", "#!/usr/bin/env python2.7\n", False, ("python2.7", "./client.py")),
            ("client.py", "#!/home/anna/bin/python3\n", False, ("{python}", "./client.py")),
            ("client", "#!/bin/bash\n", False, ("bash", "./client")),
            ("client", "#!/usr/bin/env -S node\n", False, ("node", "./client")),
            ("client.js", "", True, ("node", "./client.js")),
            ("client", "\x7fELF\0", True, ("./client",)),
        ):
            source = Source(path, f"{first}\nconnect()", is_executable)
            self.assertEqual(self.commands(source), [expected], path)

    def test_nothing_else_can_be_started(self) -> None:
        for path, first in (
            ("client", ""),
            ("client", "\x7fELF"),
            ("client", "#!/bin/a;b"),
            ("client.c", ""),
        ):
            self.assertEqual(self.commands(Source(path, f"{first}\nconnect()")), [])

    def test_arguments_are_given_to_programs_that_read_them_and_left_out_as_second_choice(
        self,
    ) -> None:
        for text, expected in (
            ("sys.argv[1]", ("{host}", "{port}")),
            (
                "p.add_argument('port'); p.add_argument('host'); ArgumentParser",
                ("{port}", "{host}"),
            ),
            ("ArgumentParser(); add_argument('-p', '--port')", ("--port", "{port}")),
        ):
            source = Source("client.py", CLIENT + text)
            start = ("{python}", "./client.py")
            self.assertEqual(self.commands(source), [start + expected, start])
        source = Source("server.py", SERVER + "port = int(sys.argv[1])")
        self.assertEqual(self.commands(source, Role.SERVER)[0][2:], ("{port}",))

    def test_hostile_texts_take_no_time(self) -> None:
        # A test of minutes, or a crash, if a pattern went back and forth, or anything recursed.
        for text in (
            '"""' * 90_000,
            "/*" * 130_000,
            "(" * 260_000,
            "'\\" * 130_000,
            "argv," * 50_000,
            "a" * 260_000,
        ):
            for path in ("server.py", "server.c", "server.js"):
                source = Source(path, text)
                find([source], Role.SERVER, "echo-server", ())
                unbuilt([source], Role.SERVER, "echo-server")
