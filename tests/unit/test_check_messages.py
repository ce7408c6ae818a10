"""Length headers and dialogues: what is judged without a program, and the manifests."""

from __future__ import annotations

import os
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.checked import dialogue, length_header
from tests.checked.dialogue import manifest as dialogues
from tests.checked.length_header import manifest as length_headers
from twisted_lab.check.conversation.framings import LONGEST_REPLY, RAW, framing_of, headers
from twisted_lab.check.conversation.subclasses import parsed, socket_subclasses
from twisted_lab.check.kernel.memory import memory
from twisted_lab.check.requirements.requirement import Level
from twisted_lab.check.scenarios.dialogue import TASK as DIALOGUE
from twisted_lab.check.scenarios.length_header import TASK as LENGTH_HEADER
from twisted_lab.check.scenarios.length_header.sources import own_modules


class SubclassTests(SynchronousTestCase):
    def found(self, *sources: str) -> dict[str, bool]:
        return socket_subclasses([module for each in sources if (module := parsed(each))])

    def test_a_base_may_be_named_in_many_ways(self) -> None:
        for source in (
            "import socket\nclass Mine(socket.socket): pass",
            "import socket as s\nclass Mine(s.socket): pass",
            "from socket import socket\nclass Mine(socket): pass",
            "from socket import socket as S\nclass Mine(S): pass",
            "from socket import *\nclass Mine(socket): pass",
        ):
            self.assertEqual(self.found(source + "\nMine()"), {"Mine": True}, source)
            self.assertEqual(self.found(source), {"Mine": False}, source)

    def test_a_subclass_may_have_subclasses_in_other_modules(self) -> None:
        found = self.found(
            "import base\nclass Ours(base.Mine): pass\nOurs()",
            "import socket\nclass Mine(socket.socket): pass",
        )
        self.assertEqual(found, {"Mine": True, "Ours": True})

    def test_other_classes_do_not_count(self) -> None:
        for source in (
            "import socket\nclass Mine:\n    def __init__(self): self.s = socket.socket()",
            "import socketserver\nclass Mine(socketserver.BaseServer): pass",
            "class Mine(list[0]): pass",
        ):
            self.assertEqual(self.found(source), {}, source)

    def test_a_class_that_only_names_itself_is_not_used(self) -> None:
        source = "import socket\nclass Mine(socket.socket):\n    def new(self): return Mine()"
        self.assertEqual(self.found(source), {"Mine": False})

    def test_what_is_no_python_3_is_left_out(self) -> None:
        self.assertEqual([parsed("print 'hello'"), parsed("a\0b")], [None, None])
        self.assertIsNone(parsed("(" * 100_000))

    def test_a_program_is_its_file_and_what_it_imports(self) -> None:
        folder = Path(self.mktemp())
        (folder / "own").mkdir(parents=True)
        (folder / "server.py").write_text("import messages\nfrom own.part import x\nimport server")
        (folder / "messages.py").write_text("first = 1")
        (folder / "own" / "part.py").write_text("second = 2")
        (folder / "other.py").write_text("third = 3")
        os.mkfifo(folder / "pipe.py")  # opening it would never end
        for command, count in ((("python", "server.py"), 3), (("x", "../a.py", "pipe.py"), 0)):
            self.assertEqual(len([*own_modules(folder, command)]), count, command)


class MemoryTests(SynchronousTestCase):
    def test_memory_is_reserved_before_it_is_used(self) -> None:
        size = 50_000_000
        before = memory(os.getpid())
        with mmap(-1, size, MAP_PRIVATE | MAP_ANONYMOUS) as reserved:
            now = memory(os.getpid())
            self.assertGreaterEqual(now.reserved - before.reserved, size)
            self.assertLess(now.used - before.used, size // 2)
            reserved.write(b"x" * size)
            self.assertGreaterEqual(memory(os.getpid()).used - before.used, size * 9 // 10)


class FloodTests(SynchronousTestCase):
    def test_a_flood_of_empty_messages_is_read_in_linear_time(self) -> None:
        flood = bytes(500_000)
        messages, rest = next(headers(1)).decode(flood)
        self.assertEqual((len(messages), rest), (len(flood), b""))

    def test_no_framing_is_looked_for_in_a_flood(self) -> None:
        reply = b"0004abcd" * LONGEST_REPLY
        self.assertEqual(framing_of(reply[:LONGEST_REPLY], 4).size, 4)
        self.assertIs(framing_of(reply, 4), RAW)


class ManifestTests(SynchronousTestCase):
    """The manifests name each program of their folder, and no other."""

    def test_each_must_and_should_has_a_broken_server(self) -> None:
        for task, manifest in ((LENGTH_HEADER, length_headers), (DIALOGUE, dialogues)):
            wanted = [each.id for each in task.requirements if each.level is not Level.INFORMATION]
            self.assertEqual(list(manifest.BROKEN), wanted)
            self.assertEqual(set(task.scenarios), {each.id for each in task.requirements})

    def test_each_program_is_judged_and_says_what_it_fails(self) -> None:
        for package, manifest in ((length_header, length_headers), (dialogue, dialogues)):
            folder = Path(package.__path__[0])
            for key, name in manifest.BROKEN.items():
                self.assertTrue((folder / name).read_text().startswith(f'"""{key}: '), name)
            judged = {word for _, command, _ in manifest.CORRECT for word in command}
            judged |= {name for _, name, _ in manifest.MISTAKES}
            judged |= {*manifest.BROKEN.values()} | {each[-1] for each in manifest.BUILDS.values()}
            programs = {
                path.name for path in folder.iterdir() if path.suffix in (".py", ".c", ".js")
            }
            self.assertEqual(programs - judged, {"__init__.py", "manifest.py"})
