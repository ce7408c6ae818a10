"""The systemd units: valid, restricted, and with sockets that are served."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from tests.doubles.sockets import HAS_IPV6, NO_IPV6
from tests.processes import BIN, DEADLINE, Server, connect, receive_all
from twisted_lab.services import auth, broadcast, echo, ident, messages

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "packaging" / "systemd"
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
# systemd checks an instance instead of the template.
NAMES = sorted(unit.name.replace("@.", "@echo.") for unit in UNITS.glob("*.s*"))

ANALYZE = shutil.which("systemd-analyze") or pytest.skip(
    "there is no systemd-analyze here", allow_module_level=True
)


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units in their own folder, adapted to the twistd of this machine."""
    # Through a path without spaces.
    (tmp_path / "twistd").symlink_to(BIN / "twistd")
    for unit in UNITS.glob("*.s*"):
        text = unit.read_text().replace("/opt/netlab/bin", str(tmp_path))
        (tmp_path / unit.name).write_text(text)
    return tmp_path


def analyze(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ANALYZE, *arguments],
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINE,
    )


@pytest.mark.parametrize("name", NAMES)
def test_systemd_accepts_every_setting(name: str, units: Path) -> None:
    verified = analyze(units, "verify", f"./{name}")
    # systemd ignores and reports an unknown setting, with status 0.
    assert (verified.stdout, verified.returncode) == ("", 0)


@pytest.mark.parametrize(
    ("name", "most"),
    [
        pytest.param("netlab.service", 20, id="all"),
        pytest.param("netlab@echo.service", 12, id="one"),
    ],
)
def test_services_have_a_low_exposure_level(name: str, most: int, units: Path) -> None:
    """systemd 252 gives 13 and 6 of 100; each version asks its own questions."""
    if "--threshold" not in analyze(units, "--help").stdout:
        pytest.skip("this systemd-analyze does not look at files")
    if not (units / name).exists():
        shutil.copy(units / "netlab@.service", units / name)
    looked = analyze(units, "security", "--offline=yes", f"--threshold={most}", f"./{name}")
    assert looked.returncode == 0, looked.stdout


@pytest.mark.skipif(not HAS_IPV6, reason=NO_IPV6)
def test_a_socket_from_systemd_is_served(units: Path) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as free:
        port = free.getsockname()[1]
    unit = (units / "netlab@.service").read_text().replace("%L/netlab", ".").replace("%i", "echo")
    start = next(line for line in unit.splitlines() if line.startswith("ExecStart="))
    activate = ["systemd-socket-activate", f"--listen=[::1]:{port}", "--fdname=echo"]
    command = (*activate, "--setenv=PYTHONPATH", *start.removeprefix("ExecStart=").split())
    with Server(units, command=command) as server:
        server.wait_for("Listening on")
        with connect(port, "::1") as client:
            client.sendall(b"hello")
            client.shutdown(socket.SHUT_WR)
            assert receive_all(client) == b"hello"
        assert server.wait_for_port() == port
        assert server.stop() == 0
    assert "received 5 bytes from [::1]" in (units / "echo.log").read_text()


@pytest.mark.parametrize("kind", ["file", "abstract"])
def test_systemd_is_told_once_clients_are_served(kind: str, tmp_path: Path) -> None:
    address = {"file": f"{tmp_path}/notify", "abstract": f"@netlab-{tmp_path.name}"}[kind]
    notified = {"NOTIFY_SOCKET": address}
    service = ("netlab-echo", "--port", "0", "--interface", "127.0.0.1")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address.replace("@", "\0"))
        manager.settimeout(DEADLINE)
        with Server(tmp_path, *service, environment=notified) as server:
            assert manager.recv(100) == b"READY=1"
            connect(server.wait_for_port()).close()


@pytest.mark.parametrize("service", [echo, messages, ident, auth, broadcast])
def test_each_socket_has_the_default_port_of_its_service(service: ModuleType) -> None:
    name = service.Options.command.removeprefix("netlab-")
    unit = (UNITS / f"netlab@{name}.socket").read_text().splitlines()
    assert f"ListenStream={service.Options.default_port}" in unit
    assert f"FileDescriptorName={name}" in unit


@pytest.mark.parametrize("lines", re.findall(r"^```ini\n(.*?)^```", OPERATIONS, re.DOTALL | re.M))
def test_systemd_accepts_the_settings_of_the_page(lines: str, units: Path) -> None:
    name = "netlab@echo.service" if "%i" in lines else "netlab.service"
    (units / f"{name}.d").mkdir()
    settings = lines.replace("/opt/netlab/bin", str(units))
    (units / f"{name}.d" / "override.conf").write_text(settings)
    verified = analyze(units, "verify", f"./{name}")
    assert (verified.stdout, verified.returncode) == ("", 0)
