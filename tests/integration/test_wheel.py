"""The wheel in an empty environment, as for a user without a checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.processes import ENVIRONMENT, ROOT, Server, connect, receive

# Both tests use the wheel built by one worker of pytest-xdist.
pytestmark = pytest.mark.xdist_group("wheel")


def run(*command: str | Path, cwd: Path, typed: str = "") -> str:
    return subprocess.run(
        command,
        cwd=cwd,
        env=ENVIRONMENT,
        input=typed,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    ).stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    source = directory / "source"
    shutil.copytree(
        ROOT, source, ignore=shutil.ignore_patterns(".*", "*.mo", "__pycache__", "_trial_temp*")
    )
    # A cache of the checkout must not get in.
    (source / "twisted" / "plugins" / "dropin.cache").touch()
    run(
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "-o",
        directory,
        source,
        cwd=ROOT,
    )
    (wheel,) = directory.glob("*.whl")
    return wheel


def test_the_wheel_contains_the_right_files(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in names if name.startswith("twisted/")] == [
        "twisted/plugins/twisted_lab_plugin.py"
    ]
    assert "twisted_lab/py.typed" in names
    assert "twisted_lab/locale/ru/LC_MESSAGES/twisted_lab.mo" in names
    outside = ("twisted_lab/", "twisted/plugins/", "twisted_lab-")
    assert all(name.startswith(outside) for name in names)


@pytest.mark.long
def test_the_wheel_works_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    binaries = tmp_path / "venv" / "bin"
    pip = (binaries / "python", "-m", "pip", "--disable-pip-version-check", "--quiet")
    run(*pip, "install", "-c", ROOT / "constraints.txt", wheel, cwd=tmp_path)

    command = (str(binaries / "twistd"), "--reactor", "asyncio", "-n", "netlab-echo", "--port", "0")
    with Server(tmp_path, command=command) as server:
        with connect(server.wait_for_port()) as client:
            client.sendall(b"from a wheel")
            assert receive(client, 12) == b"from a wheel"
        assert server.stop() == 0
    assert "python -m twisted_lab.client" in run(
        binaries / "python", "-m", "twisted_lab.client", "--help", cwd=tmp_path
    )
    netlab = (str(binaries / "netlab"), "run", "--only", "echo", "--base-port", "0")
    with Server(tmp_path, command=netlab) as server:
        ours = server.wait_for(r"venv/bin/netlab client echo --port \d+")[0].split()
        assert run(*ours, "--quiet", cwd=tmp_path, typed="hello\n") == "hello\n"
        assert server.stop() == 0

    run(*pip, "uninstall", "--yes", "twisted-lab", cwd=tmp_path)
    commands = run(binaries / "twistd", "--help", cwd=tmp_path)
    assert "netlab" not in commands
    assert "portforward" in commands


def test_a_checkout_works_without_installation(tmp_path: Path) -> None:
    # -S hides the installed packages with the editable install; the path adds Twisted.
    site_packages = Path(pytest.__file__).parents[1]
    program = (
        f"import sys; sys.path += [{str(ROOT)!r}, {str(site_packages)!r}]; "
        "from twisted.scripts.twistd import run; sys.argv = ['twistd', '--help']; run()"
    )
    assert "netlab-echo" in run(sys.executable, "-S", "-c", program, cwd=tmp_path)
