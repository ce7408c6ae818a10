"""``netlab completion SHELL``: a script that completes words and options in a shell.

The script contains all words and options, so that a shell completes them without starting Python.
"""

from __future__ import annotations

from twisted.python.usage import UsageError

from twisted_lab.command import bash, fish, zsh
from twisted_lab.command.tree import SHELLS, places
from twisted_lab.text.command_line import Options, write_out
from twisted_lab.text.language import N_, _
from twisted_lab.text.nearest import with_nearest

SCRIPTS = dict(zip(SHELLS, (bash.script, zsh.script, fish.script), strict=True))
# The folder and the name of each script, for one user.
FILES = {
    "bash": ("~/.local/share/bash-completion/completions", "netlab"),
    "zsh": ("~/.zfunc", "_netlab"),
    "fish": ("~/.config/fish/completions", "netlab.fish"),
}


class CompletionOptions(Options):
    """The shell."""

    command = "netlab completion"
    synopsis = f"Usage: netlab completion {'|'.join(SHELLS)}"
    longdesc = N_(
        "Prints a script that completes the words and options of netlab. The commands below write "
        "it to where each shell looks for it; repeat yours after an update, or after a new plugin. "
        "bash needs its package bash-completion, or a line in ~/.bashrc that sources the file. zsh "
        "needs the folder in $fpath, before compinit in ~/.zshrc."
    )
    shell: str

    def getUsage(self, width: int | None = None) -> str:
        """See `Options.getUsage`; one command for each shell follows, to be copied."""
        commands = [
            f"{shell}: mkdir -p {folder} && netlab completion {shell} > {folder}/{file}"
            for shell, (folder, file) in FILES.items()
        ]
        return "\n".join([super().getUsage(width), *commands])

    def parseArgs(self, shell: str = "", *others: str) -> None:
        """Take the shell."""
        if not shell:
            raise UsageError(_("which shell? bash, zsh or fish"))
        if shell not in SHELLS or others:
            words = " ".join([shell, *others])
            problem = _(
                "the shell is one of {known}, not {words!r}", known=", ".join(SHELLS), words=words
            )
            raise UsageError(with_nearest(problem, words, SHELLS))
        self.shell = shell


def main() -> None:
    """Print the script for the command line's shell."""
    options = CompletionOptions()
    options.parseOptions()
    write_out(options.command, SCRIPTS[options.shell](places()))
