"""The checker's sandbox: what programs cannot do there, and what the checker sees of them.

Each program would do little harm even without a sandbox: a bomb has at most 50 processes, and the
files to destroy are decoys.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from twisted.internet.testing import MemoryReactorClock

from tests.processes import ROOT
from tests.programs.sandboxed import PYTHON, Result, plain_sandbox, read_until, run, wait
from twisted_lab.check.sandbox.agent.mounts import WRITABLE, folders_of_data
from twisted_lab.check.sandbox.agent.processes import descendants
from twisted_lab.check.sandbox.dialled import dialled
from twisted_lab.check.sandbox.limits import DEFAULT_LIMITS, Limits
from twisted_lab.check.sandbox.opening import open_sandbox
from twisted_lab.check.sandbox.sandbox import Sandbox, SandboxFailed
from twisted_lab.check.subjects.datagram_listener import DatagramListener

MB = 1 << 20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "program"
    made.mkdir()
    (made / "data.txt").write_text("7\n")
    return made


@pytest.fixture(scope="session")
def _namespaces() -> None:
    """Skip a test if this machine does not allow namespaces."""
    command = [shutil.which("unshare") or "false", "-Urmn", "true"]
    if subprocess.run(command, check=False).returncode:
        pytest.skip("this machine does not allow namespaces")


@pytest.fixture
def sandbox(_namespaces: None, folder: Path) -> Iterator[Sandbox]:
    with closing(open_sandbox(folder, PYTHON)) as opened:
        assert opened.lacks == ()
        yield opened


@pytest.mark.usefixtures("_namespaces")
def test_modules_stay_visible(tmp_path: Path, folder: Path) -> None:
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "told.py").write_text("print('visible')")
    with closing(open_sandbox(folder, PYTHON, modules=[modules])) as opened:
        child = opened.start((PYTHON[0], "-S", "-c", "import told"))
        assert read_until(child, "visible").strip() == "visible"
        os.close(child.terminal)


ATTACK = """
import ctypes, os, shutil, signal, socket, sys
home, writable, port = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
def attempt(name, action, *arguments):
    try:
        print(name, action(*arguments))
    except OSError as error:
        print(name, "refused")
shutil.rmtree(home, ignore_errors=True)
attempt("home", os.listdir, home)
attempt("shadow", lambda: open("/etc/shadow").read(9))
attempt("write", lambda: open(writable, "r+"))
attempt("device", lambda: open("/dev/kmsg").read(1))
attempt("agent", lambda: open("/proc/1/mem").read(1))
attempt("network", socket.create_connection, ("127.0.0.1", int(port)))
print("trace", libc.ptrace(16, 1, 0, 0))
print("namespace", libc.unshare(0x10000000))
print("mount", libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None))
attempt("virtual machine", socket.socket, 40, 1)
attempt("memory", os.memfd_create, "")
print("keys", libc.syscall({"x86_64": 250, "aarch64": 219}[os.uname().machine], 0, -3, 0))
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
    for target in (os.getppid(), 1, -1):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            if number == signal.SIGKILL or target != -1:
                os.kill(target, number)
        except OSError:
            pass
fields = dict(line.split(":", 1) for line in open("/proc/self/status"))
open("result.txt", "w").write(fields["CapEff"].strip() + fields["NoNewPrivs"].strip())
print("<end>")
"""
HARMLESS = """home []
shadow refused
write refused
device refused
agent refused
network refused
trace -1
namespace -1
mount -1
virtual machine refused
memory refused
keys -1
<end>
"""


def shown_folder() -> Path:
    """Return a folder that the sandbox does not hide, and that a script's first line can name."""
    hidden = (*WRITABLE, *folders_of_data(), str(Path.home()))
    for folder in (ROOT, Path("/srv"), Path("/opt")):
        is_hidden = any(folder.is_relative_to(each) for each in hidden)
        if not is_hidden and " " not in str(folder) and os.access(folder, os.W_OK):
            return folder
    pytest.skip("no folder that the sandbox shows can be written")


@pytest.fixture
def decoys() -> Iterator[list[str]]:
    """A home with a file, a file that all users may write, and a port at which the test listens."""
    with (
        TemporaryDirectory(dir=shown_folder(), prefix=".decoys-") as name,
        socket.create_server(("127.0.0.1", 0)) as server,
    ):
        home, writable = Path(name, "home"), Path(name, "writable")
        home.mkdir()
        (home / "diary.txt").write_text("mine")
        writable.write_text("before")
        for path, mode in ((home.parent, 0o755), (home, 0o777), (writable, 0o666)):
            path.chmod(mode)
        server.setblocking(False)
        yield [str(home), str(writable), str(server.getsockname()[1])]
        with pytest.raises(BlockingIOError):
            server.accept()
        assert (home / "diary.txt").read_text() == "mine"
        assert writable.read_text() == "before"


def check_harmless(result: Result) -> None:
    assert (result.output, result.status) == (HARMLESS, 0)
    assert result.files == {"result.txt": "0" * 16 + "1"}
    assert not [*result.incidents, *result.lacks]


@pytest.mark.usefixtures("_namespaces")
def test_an_attack_reaches_nothing(
    decoys: list[str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setenv("HOME", decoys[0])
    check_harmless(run(ATTACK, *decoys, folder=folder))


@pytest.mark.usefixtures("_namespaces")
def test_data_outside_of_homes_is_hidden(folder: Path) -> None:
    # Another submission may be there, which a program could copy.
    if not any(ROOT.is_relative_to(each) for each in folders_of_data()):
        pytest.skip("this project is in a folder of the system")
    result = run("import os, sys\nprint(os.listdir(sys.argv[1]))", str(ROOT), folder=folder)
    assert "pyproject.toml" not in result.output, result.output


def python_for_all() -> str | None:
    """Return an interpreter of this version that any user may start."""
    name = f"/usr/bin/python3.{sys.version_info.minor}"
    return name if os.geteuid() == 0 and Path(name).exists() and shutil.which("setpriv") else None


def run_as_ordinary(source: str, *arguments: str, home: str) -> Result:
    """Run a program in a sandbox that an ordinary user opens."""
    packages = Path(pytest.__file__).parent.parent
    ended = subprocess.run(
        [
            *("setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"),
            *(str(python_for_all()), "-B", "-m", "tests.programs.sandboxed", *arguments),
        ],
        input=source,
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{packages}", "HOME": home, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not ended.stderr
    return Result(**json.loads(ended.stdout))


needs_ordinary_user = pytest.mark.skipif(
    not python_for_all(), reason="needs root, setpriv and the system's Python"
)


@needs_ordinary_user
@pytest.mark.usefixtures("_namespaces")
def test_an_attack_reaches_nothing_of_an_ordinary_user(decoys: list[str]) -> None:
    check_harmless(run_as_ordinary(ATTACK, "-", *decoys, home=decoys[0]))


@needs_ordinary_user
def test_without_namespaces_the_agent_cannot_be_read() -> None:
    source = "import os\nopen(f'/proc/{os.getppid()}/mem', 'r+b')"
    result = run_as_ordinary(source, "--plain", "-", home="/")
    assert "PermissionError" in result.output


@pytest.mark.usefixtures("_namespaces")
@pytest.mark.parametrize(
    ("source", "status", "incident"),
    [
        (
            "import os, time\n"
            "for _ in range(50):\n"
            "    try:\n"
            "        if not os.fork(): time.sleep(60)\n"
            "    except OSError:\n"
            "        break\n"
            "time.sleep(60)",
            -signal.SIGKILL,
            "it had 20 processes and threads at once, and was ended",
        ),
        (
            "import time\nheld = [b'x' * 1_000_000 for _ in range(60)]\ntime.sleep(60)",
            -signal.SIGKILL,
            "its processes used more than 40 MB of memory, and were ended",
        ),
        (
            "import mmap, time\n"
            "shared = mmap.mmap(-1, 60 << 20)\n"
            "for _ in range(60): shared.write(bytes(1 << 20))\n"
            "time.sleep(60)",
            -signal.SIGKILL,
            "its processes used more than 40 MB of memory, and were ended",
        ),
        (
            "import ctypes; raise SystemExit(1 + ctypes.CDLL(None).shmget(0, 100 << 20, 0o1600))",
            0,
            "",
        ),
        (
            "import ctypes; made = [ctypes.CDLL(None).semget(0, 250, 0o1600) for _ in range(20)]\n"
            "raise SystemExit(made.count(-1))",
            4,
            "",
        ),
        ("held = bytearray(100 << 20)", 1, ""),
        (
            "import os, signal\nos.kill(0, signal.SIGXCPU)",
            -signal.SIGXCPU,
            "it used more than 60 s of CPU time, and was ended",
        ),
        ("open('big', 'wb').truncate(100 << 30)", 1, ""),
        (
            "open('big', 'wb', 0).write(bytes(2 << 20))",
            0,
            "its file 'big' reached the limit of 1 MB",
        ),
        (
            "for number in range(20): open(f'{number}', 'wb', 0).write(bytes(1 << 19))",
            1,
            "it filled /tmp, which has 4 MB",
        ),
        (
            "for number in range(20_000): open(f'/run/{number}', 'w')",
            1,
            "it filled /run, which has 0 MB",
        ),
        (
            "import os\n"
            "if not os.fork():\n"
            "    os.setsid()\n"
            "    for number in range(3): os.close(number)\n"
            "    os.kill(os.getpid(), 19)\n"
            "os.waitid(os.P_ALL, 0, os.WSTOPPED)\n",
            0,
            "it left processes behind: 'python3'",
        ),
    ],
)
def test_limits(source: str, status: int, incident: str) -> None:
    limits = Limits(tasks=20, memory=40 * MB, file=MB, disk=4 * MB)
    result = run(source, limits=limits)
    assert result.status == status, result
    found = [line.replace(Path(PYTHON[0]).resolve().name, "python3") for line in result.incidents]
    assert found == ([incident] if incident else [])


def marked() -> list[str]:
    """Return the processes whose arguments contain this test's mark."""
    names = (path / "cmdline" for path in Path("/proc").iterdir() if path.name.isdecimal())
    found = []
    for name in names:
        with suppress(OSError):
            found += [name.parent.name] * (
                b"outlive-" + str(os.getpid()).encode() in name.read_bytes()
            )
    return found


OUTLIVE = """
import os, signal, sys, time
if not os.fork():
    os.setsid()
    if os.fork():
        os._exit(0)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
print("<end>", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("is_plain", [False, True])
def test_no_process_outlives_its_sandbox(folder: Path, is_plain: bool) -> None:
    opening = plain_sandbox if is_plain else open_sandbox
    sandbox = opening(folder, PYTHON, DEFAULT_LIMITS)
    child = sandbox.start([*PYTHON, OUTLIVE, f"outlive-{os.getpid()}"])
    output = ""
    while output.count("<end>") < 2:
        output += read_until(child, "<end>")
    assert len(marked()) == 2
    child.send_signal(signal.SIGTERM)
    assert child.status() is None
    sandbox.close()
    sandbox.close()
    os.close(child.terminal)
    assert not marked()


def test_a_sandbox_ends_with_its_checker(folder: Path) -> None:
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from tests.programs.sandboxed import PYTHON, open_sandbox\n"
        "sandbox = open_sandbox(Path(sys.argv[1]), PYTHON)\n"
        "child = sandbox.start([*PYTHON, 'import time; time.sleep(60)', sys.argv[2]])\n"
        "print(flush=True)\n"
        "time.sleep(60)\n"
    )
    mark = f"outlive-{os.getpid()}"
    checker = subprocess.Popen(
        [sys.executable, "-c", program, str(folder), mark], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert checker.stdout
    with checker:
        assert checker.stdout.readline() == b"\n"
        processes = [os.pidfd_open(int(pid)) for pid in marked()]
        assert len(processes) == 2
        checker.kill()
    for process in processes:
        assert select.select([process], [], [], 10)[0]
        os.close(process)


@pytest.mark.parametrize("is_plain", [False, True])
def test_only_plain_new_files_come_back(folder: Path, is_plain: bool) -> None:
    (folder / "outside").symlink_to("/etc/passwd")
    (folder / ".venv").mkdir()
    (folder / ".venv" / "x").touch()
    source = """
import os
print(sorted(os.listdir(".")), open("data.txt").read())
open("log.txt", "w").write("new")
open("data.txt", "a").write("8")
os.mkdir("inner")
open("inner/\\n\\udcff", "w").write("odd")
os.mkfifo("pipe")
os.symlink("/etc/passwd", "link")
os.symlink("/etc", "folder")
for _ in range(100):
    os.mkdir("deep")
    os.chdir("deep")
"""
    result = run(source, folder=folder, is_plain=is_plain)
    assert result.output == "['data.txt', 'outside'] 7\n\n"
    assert result.files == {"log.txt": "new", "data.txt": "7\n8", "inner/\n\udcff": "odd"}
    assert (folder / "data.txt").read_text() == "7\n"


def test_nothing_is_left_of_what_a_program_forbids_and_nests(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    source = """
import os
for _ in range(2000):
    os.mkdir("deep")
    os.chdir("deep")
os.chmod("/proc/self/cwd/..", 0)
"""
    with closing(plain_sandbox(folder, PYTHON, DEFAULT_LIMITS)) as sandbox:
        child = sandbox.start([*PYTHON, source])
        assert wait(child) == 0
        os.close(child.terminal)
        [base] = tmp_path.glob("twisted-lab-check-*")
    assert not base.exists()


def test_a_moved_or_forbidden_folder_is_found(sandbox: Sandbox) -> None:
    for source in ("os.rename('/tmp/work', '/tmp/x')", "os.chmod('/tmp/x', 0)"):
        child = sandbox.start([*PYTHON, f"import os; open('log', 'w'); {source}"])
        assert wait(child) == 0
        os.close(child.terminal)
        assert sandbox.incidents() == ()
    assert set(sandbox.files()) <= {"log"}


@pytest.mark.parametrize(("family", "host"), [("INET", "10.38.165.12"), ("INET6", "::1")])
def test_dialled_ports_lead_to_the_listener(sandbox: Sandbox, family: str, host: str) -> None:
    dial = f"import socket; s = socket.socket(socket.AF_{family}); s.connect(('{host}', 9090)); "
    for _ in range(2):
        with closing(sandbox.listener()) as listener:
            child = sandbox.start([*PYTHON, dial + "print(s.recv(5))"])
            assert select.select([listener], [], [], 10)[0]
            connection, _ = listener.accept()
            with connection:
                assert dialled(connection) == (host, 9090)
                connection.send(b"hello")
            assert read_until(child, "<end>") == "b'hello'\n"
            assert wait(child) == 0
            os.close(child.terminal)
    child = sandbox.start([*PYTHON, dial])
    assert "ConnectionRefusedError" in read_until(child, "<end>")
    os.close(child.terminal)


SERVE = """
import socket
server = socket.create_server(("", 80))
print("listening")
connection, _ = server.accept()
connection.sendall(b"hello")
"""


SENDS = """
import socket, sys
ends = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
for port, text in ((53, b"a question for a name"), (5005, b"text")):
    ends.sendto(text, (sys.argv[1], port))
data, (host, port, *_) = ends.recvfrom(100)
print(data, host, port)
"""


@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.7", "::1", "2001:db8::7"])
def test_datagrams_lead_to_the_listener_but_those_to_name_servers(
    sandbox: Sandbox, host: str
) -> None:
    listening = sandbox.listener(socket.SOCK_DGRAM)
    with closing(DatagramListener(MemoryReactorClock(), listening, lambda: None)) as listener:
        child = sandbox.start([*PYTHON, SENDS, host])
        assert select.select([listener], [], [], 10)[0]
        listener.doRead()
        listener.peers[0].write(listener.received().upper())
        assert read_until(child, "<end>") == f"b'TEXT' {host} 5005\n"
        assert wait(child) == 0
        os.close(child.terminal)


def test_the_checker_reaches_a_server_and_sees_what_it_waits_for(sandbox: Sandbox) -> None:
    child = sandbox.start([*PYTHON, SERVE])
    assert read_until(child, "listening") == "listening\n"
    with sandbox.listener(), sandbox.make_socket(socket.AF_INET, socket.SOCK_STREAM) as client:
        assert Path(f"/proc/{child.pid}/net/tcp").read_text().count(":0050 ") == 1
        while not (call := Path(f"/proc/{child.pid}/syscall").read_text()).startswith(
            ("43 ", "288 ")
        ):
            assert call == "running\n"
        client.setblocking(True)
        client.settimeout(10)
        client.connect(("10.0.0.1", 80))
        assert client.recv(5) == b"hello"
    assert wait(child) == 0
    os.close(child.terminal)


def test_programs_run_on_a_terminal_and_are_interrupted(sandbox: Sandbox) -> None:
    source = (
        "import os, signal; signal.signal(2, signal.SIG_DFL); "
        "print(os.get_terminal_size(), open('/dev/tty').isatty(), dict(os.environ)); input('? ')"
    )
    child = sandbox.start([*PYTHON, source])
    output = read_until(child, "? ")
    assert "columns=80, lines=24) True" in output
    names = set(json.loads(output.partition("{")[2].partition("}")[0].replace("'", '"').join("{}")))
    assert names == {"PATH", "HOME", "LANG", "TERM", "USER"}
    os.write(child.terminal, b"\x03")
    assert wait(child) == -signal.SIGINT
    child.send_signal(signal.SIGINT)
    os.close(child.terminal)


def test_a_hidden_home_shows_what_the_command_needs(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TemporaryDirectory(dir=shown_folder(), prefix=".decoys-") as home:
        Path(home).chmod(0o755)
        tool = Path(home, ".tools", "bin", "tool")
        tool.parent.mkdir(parents=True)
        tool.write_text("#!/bin/sh\nls -A1 $(dirname $0) $(dirname $0)/../..\n")
        tool.chmod(0o755)
        Path(home, "diary.txt").touch()
        Path(home, "link").symlink_to(".tools")
        named = Path(home, "link", "bin")
        monkeypatch.setenv("HOME", home)
        monkeypatch.setenv("PATH", f"{named}:{os.environ['PATH']}")
        with closing(open_sandbox(folder, ["tool"])) as sandbox:
            child = sandbox.start(["tool"])
            shown = read_until(child, "<end>").split("\n")
            os.close(child.terminal)
    assert shown == [f"{named}:", "tool", "", f"{named}/../..:", ".tools", "link", ""]


def test_what_cannot_be_done_is_said_in_one_line(folder: Path, sandbox: Sandbox) -> None:
    with pytest.raises(SandboxFailed, match=r"^cannot start pyton: No such file or directory$"):
        sandbox.start(["pyton"])
    with pytest.raises(SandboxFailed, match=r"^/no: No such file or directory$"):
        open_sandbox(Path("/no"), PYTHON)
    with (folder / "large").open("wb") as file:
        file.truncate(65 * MB)
    with pytest.raises(
        SandboxFailed, match=r"^the folder .* has more than 64 MB, .* of their own$"
    ):
        open_sandbox(folder, PYTHON)


@pytest.mark.usefixtures("_namespaces")
def test_where_isolation_is_not_possible_programs_still_run() -> None:
    # As in a container that has no user but root.
    command = [shutil.which("unshare") or "", "-Ur", sys.executable, "-m"]
    ended = subprocess.run(
        [*command, "tests.programs.sandboxed", "-"],
        input="print('hello')",
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not ended.stderr
    result = Result(**json.loads(ended.stdout))
    reason = "programs are not isolated: root has no other user here to run programs as"
    assert (result.output, result.status, result.lacks[0]) == ("hello\n", 0, reason)


@pytest.mark.usefixtures("_namespaces")
def test_no_folder_turns_isolation_off(folder: Path) -> None:
    (folder / "run.sh").write_bytes(b"#!/bin/\0 \xff")
    (folder / "run.sh").chmod(0o755)
    with closing(open_sandbox(folder, ["./run.sh"])) as sandbox:
        assert sandbox.lacks == ()
    (folder / "large").write_bytes(bytes(2 * MB))
    with pytest.raises(SandboxFailed, match="No space left on device"):
        open_sandbox(folder, PYTHON, Limits(disk=MB))


def test_without_namespaces_a_listener_has_a_free_port(folder: Path) -> None:
    with (
        closing(plain_sandbox(folder, PYTHON, DEFAULT_LIMITS)) as sandbox,
        closing(sandbox.listener()) as listener,
    ):
        host, port = listener.getsockname()
        assert host == "127.0.0.1"
        with socket.create_connection((host, port)):
            connection, _ = listener.accept()
            with connection:
                assert dialled(connection) == (host, port)


def test_a_sandbox_opens_after_a_program_has_ended_the_process_that_makes_them(
    folder: Path,
) -> None:
    open_sandbox(folder, PYTHON).close()
    for pid in descendants(os.getpid()):
        if b"fork_agents" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)
    assert run("print(7)").output.split() == ["7"]
