"""``python -m tests.transcripts PAGE``: follow a page, in a network of its own.

The folder is empty, or a copy of the checkout if the page begins in one. Only commands in docs/
find those of `.venv` by themselves: its pages say that they do. A translation is followed as its
original is, in terminals of its language.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.processes import BIN, ROOT
from tests.transcripts.reader import Reader
from tests.transcripts.terminal import Stuck

CHECKED = ROOT / "tests" / "checked"
YOURS = {
    "homework/server.py": CHECKED / "servers" / "common.py",
    "homework/client": CHECKED / "clients" / "client.sh",
}
"""The programs of the reader that the pages speak of."""

IN_CHECKOUT = (
    "README.md",
    "examples/lecture/README.md",
    "docs/howto-add-a-service.md",
    "docs/lab.md",
    "docs/internet-protocols.md",
    "docs/teaching.md",
)

# An own network, with the loopback interface alone: all ports are free, and nothing leaves it. The
# user stays the same, since the checker treats root differently.
UP = ("sh", "-c", 'ip link set lo up && exec "$@"', "sh")
OF_ROOT = ("unshare", "--net", *UP)
OF_USER = (
    *("unshare", "--user", "--map-root-user", "--net", *UP),
    *("unshare", "--user", f"--map-user={os.getuid()}", f"--map-group={os.getgid()}"),
)
OWN_NETWORK = OF_USER if os.getuid() else OF_ROOT


def copy_environment(target: Path) -> None:
    """Make a `.venv` whose programs say that they are there, and which `make` need not install."""
    source = BIN.parent.resolve()
    (target / "bin").mkdir(parents=True)
    for entry in (*source.iterdir(), *(source / "bin").iterdir()):
        copy = target / entry.relative_to(source)
        if entry.parent != source and not entry.is_symlink():
            text = entry.read_bytes()
            copy.write_bytes(text.replace(bytes(source), bytes(target)))
            copy.chmod(entry.stat().st_mode)
        elif not copy.exists():
            copy.symlink_to(entry)
    for name in (".runtime", ".installed"):
        (target / name).unlink(missing_ok=True)
        (target / name).touch()


def original(page: str) -> str:
    """Return the page of which a page is the translation, or the page itself."""
    return page.replace(".ru.md", ".md")


def follow(page: str, folder: Path) -> None:
    """Follow a page, given by its path in the checkout."""
    code = ROOT
    if original(page) in IN_CHECKOUT:
        hidden = (".git", ".venv", ".coverage*", ".hypothesis", "_build", "_trial_temp*", "*cache*")
        ignore = shutil.ignore_patterns(*hidden)
        shutil.copytree(ROOT, folder, ignore=ignore, dirs_exist_ok=True)
        code = folder
    copy_environment(folder / ".venv")
    for name, program in YOURS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(program, folder / name)
        (folder / name).chmod(0o755)
    path = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
    environment = {
        "HOME": str(folder),
        "LANG": "ru_RU.UTF-8" if page.endswith(".ru.md") else "C.UTF-8",
        "LC_CTYPE": "C.UTF-8",  # the locale of a translation need not be installed
        "PATH": f"{folder / '.venv' / 'bin'}:{path}" if page.startswith("docs/") else path,
        "PYTHONPATH": str(code),  # .venv may be that of another checkout
        "PROMPT_TOOLKIT_NO_CPR": "1",  # this terminal does not answer where its cursor is
        "VIRTUAL_ENV_DISABLE_PROMPT": "1",
    }
    Reader(folder, environment).read((ROOT / page).read_text())


def main() -> None:
    *_, page = sys.argv
    if "NETWORK" not in os.environ:
        command = [
            *OWN_NETWORK,
            "env",
            "NETWORK=own",
            sys.executable,
            "-m",
            "tests.transcripts",
            page,
        ]
        os.execvp(command[0], command)  # noqa: S606
    with TemporaryDirectory() as folder:
        try:
            follow(page, Path(folder))
        except Stuck as problem:
            sys.exit(f"{page}, {problem}")


if __name__ == "__main__":
    main()
