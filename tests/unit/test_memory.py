"""Lack of memory at the start."""

import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

PROGRAM = """
import resource, sys
from twisted_lab.memory import hook_for, lacks_memory
hook_for("a.program")
for error in (MemoryError(), RuntimeError("class AEAD")):
    print(lacks_memory(error))
[used] = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmSize")]
resource.setrlimit(resource.RLIMIT_AS, (int(used) * 1024 + 10**7, resource.RLIM_INFINITY))
print(lacks_memory(RuntimeError("class AEAD")))
raise RuntimeError("class AEAD")
"""


class MemoryTests(SynchronousTestCase):
    def test_each_error_for_lack_of_memory_is_one_line(self) -> None:
        end = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
        self.assertEqual(end.stdout.split(), ["True", "False", "True"])
        self.assertEqual(end.stderr, "a.program: too little memory to start\n")
        self.assertEqual(end.returncode, 1)
