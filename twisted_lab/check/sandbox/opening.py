"""Opens a sandbox: as isolated as the machine allows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from twisted_lab.check.sandbox.limits import DEFAULT_LIMITS, Limits
from twisted_lab.check.sandbox.remote import NotAllowed, RemoteSandbox
from twisted_lab.check.sandbox.sandbox import Sandbox
from twisted_lab.text.language import _

# The settings that forbid namespaces to ordinary users, with the values that allow them.
_SETTINGS = (
    ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),  # Ubuntu 23.10 and later
    ("kernel.unprivileged_userns_clone", "0", "1"),  # Debian 10 and earlier, and Arch Linux
    ("user.max_user_namespaces", "0", "10000"),  # Red Hat 7
)


def open_sandbox(
    folder: Path,
    command: Sequence[str],
    limits: Limits = DEFAULT_LIMITS,
    modules: Sequence[Path] = (),
) -> Sandbox:
    """Return a sandbox with a fresh copy of a folder.

    Args:
        folder: The folder to copy: at most 1,000 files and 64 MB, without .git, .venv,
            node_modules and __pycache__.
        command: The command that is going to be started; its interpreter stays visible.
        limits: How much programs may use.
        modules: Folders that stay visible, and in which Python looks for modules.

    Raises:
        SandboxFailed: The folder cannot be copied.
    """
    try:
        return RemoteSandbox(folder, command, limits, modules, is_isolated=True)
    except NotAllowed as error:
        reason = str(error)
    sandbox = RemoteSandbox(folder, command, limits, modules, is_isolated=False)
    sandbox.lacks = (
        _not_isolated(reason, how_to_allow()),
        _("programs can read your files, use the network and end your processes"),
        _("a port may be in use by another program, and clients must be told the checker's port"),
    )
    return sandbox


def _not_isolated(reason: str, command: str) -> str:
    if not command:
        return _("programs are not isolated: {reason}", reason=reason)
    return _(
        "programs are not isolated: {reason} (to allow it: {command})",
        reason=reason,
        command=command,
    )


def how_to_allow(settings: Path = Path("/proc/sys")) -> str:
    """Return the command that allows namespaces, if a known setting forbids them; else "".

    Args:
        settings: The folder with the kernel's settings.
    """
    for name, forbidding, allowing in _SETTINGS:
        file = settings / name.replace(".", "/")
        if file.exists() and file.read_text().strip() == forbidding:
            return f"sudo sysctl -w {name}={allowing}"
    return ""
