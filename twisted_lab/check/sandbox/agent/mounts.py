"""The file system as checked programs see it: the system, read-only, and none of its data."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from .system_calls import (
    AT_RECURSIVE,
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_REC,
    make_read_only,
    mount,
)

WRITABLE = ("/tmp", "/var/tmp", "/dev/shm", "/run")  # noqa: S108 (mounted here, and empty)
# Folders of the system. All others at the top are hidden: submissions may be there, or other data.
_SYSTEM = (
    *("bin", "boot", "dev", "etc", "gnu", "nix", "opt"),
    *("proc", "run", "sbin", "snap", "sys", "tmp", "usr", "var"),
)
_DEVICES = ("full", "null", "random", "tty", "urandom", "zero")
_LINKS = {
    "fd": "/proc/self/fd",
    "ptmx": "pts/ptmx",
    "stdin": "fd/0",
    "stdout": "fd/1",
    "stderr": "fd/2",
}
_INODES = 10_000  # each file costs the kernel 1 kB, also an empty one


def make_all_read_only() -> None:
    """Make all mounts read-only, and mount /proc anew.

    Raises:
        OSError: This machine does not allow it.
    """
    mount("none", "/", flags=MS_REC | MS_PRIVATE)
    make_read_only("/", AT_RECURSIVE)
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)


def hide(home: str, visible: Sequence[Path], sizes: tuple[int, int]) -> None:
    """Hide homes and other data, devices and run-time files, and make temporary folders.

    Args:
        home: The home of the checker's user, which may be elsewhere than in /home.
        visible: Files and folders that stay visible in what is hidden.
        sizes: How much fits into /tmp, and into each other temporary folder, in bytes.

    Raises:
        OSError: Something cannot be mounted here.
    """
    hidden = list(dict.fromkeys([*folders_of_data(), *filter(_can_be_hidden, (home,))]))
    kept = [(name, os.open(name, os.O_PATH | os.O_NOFOLLOW)) for name in sorted(visible)]
    devices = [(device, os.open(f"/dev/{device}", os.O_PATH)) for device in _DEVICES]
    _mount_temporary("/dev", 1 << 20, 0o755)
    for device, descriptor in devices:
        _show(Path("/dev", device), descriptor)
        os.close(descriptor)
    for link, target in _LINKS.items():
        Path("/dev", link).symlink_to(target)
    for folder in ("pts", "shm"):
        Path("/dev", folder).mkdir()
    mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666")
    for path in (*WRITABLE, *hidden):
        if Path(path).is_dir() and not Path(path).is_symlink():
            mode = 0o755 if path in hidden else 0o1777
            _mount_temporary(path, sizes[path != WRITABLE[0]], mode)
    for name, descriptor in kept:
        if any(name.is_relative_to(path) for path in (*WRITABLE, *hidden)):
            _show(name, descriptor)
        os.close(descriptor)
    for path in ("/dev", *filter(os.path.ismount, hidden)):
        make_read_only(path)


def folders_of_data() -> list[str]:
    """Return the folders at the top that do not belong to the system, such as /home and /srv."""
    names = (path.name for path in Path("/").iterdir())
    return [f"/{name}" for name in names if name not in _SYSTEM and not name.startswith("lib")]


def _can_be_hidden(path: str) -> bool:
    """Whether `path` is a folder of its own: a service's home may be / or /usr/sbin."""
    parts = Path(path).parts
    return len(parts) > 1 and parts[1] not in ("bin", "etc", "lib", "proc", "sys", "usr", "dev")


def _mount_temporary(path: str, size: int, mode: int) -> None:
    options = f"size={size},nr_inodes={_INODES},mode={mode:o}"
    mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, options)


def _show(path: Path, descriptor: int) -> None:
    """Show a file or folder at its place again, which something was mounted over."""
    if path.exists() or path.is_symlink():  # a part of what is shown already
        return
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    source = f"/proc/self/fd/{descriptor}"
    if target := _link_target(descriptor):
        path.symlink_to(target)
        return
    if Path(source).is_dir():
        path.mkdir()
    else:
        path.touch()
    mount(source, str(path), flags=MS_BIND | MS_REC)


def _link_target(descriptor: int) -> str:
    try:
        return os.readlink("", dir_fd=descriptor)
    except OSError:
        return ""
