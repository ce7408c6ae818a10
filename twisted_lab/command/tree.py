"""The options and words that can follow each place of the command line of `netlab`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, NamedTuple

from twisted_lab.accounts.__main__ import AccountsOptions
from twisted_lab.accounts.commands import WORDS as ACCOUNTS_WORDS
from twisted_lab.check.catalogue import Catalogue
from twisted_lab.check.classes.options import ClassOptions
from twisted_lab.check.options import Options as CheckOptions
from twisted_lab.client.options import ClientOptions
from twisted_lab.client.services import known_services
from twisted_lab.command.dispatch import PROGRAMS
from twisted_lab.faults.__main__ import Options as FaultsOptions
from twisted_lab.operations.control_client import WORDS, ControlOptions
from twisted_lab.process.group_options import group_options
from twisted_lab.process.plugins import makers
from twisted_lab.show.__main__ import ShowOptions
from twisted_lab.show.catalogue import DEMONSTRATIONS
from twisted_lab.text import option
from twisted_lab.text.command_line import Options
from twisted_lab.text.language import N_
from twisted_lab.text.option import Option

SHELLS = ("bash", "zsh", "fish")
# The descriptions of our plugins, word for word.
DESCRIPTIONS = (
    N_("Echo: send back all received bytes, over TCP."),
    N_("Ask for numbered messages and repeat them, over TCP."),
    N_("Send each message to all peers, over TCP."),
    N_("Greet peers by name, known by IP address, over TCP."),
    N_("Log peers in by password or token, over TCP."),
    N_("A chat room over reliable UDP, and over TCP."),
    N_("Proxies that behave like bad networks, for TCP and UDP."),
)


class Place(NamedTuple):
    """What can follow the words so far.

    Attributes:
        words: What each next word means; empty where its name says enough. One in capitals, FILE
            or FOLDER, stands for a path.
        options: The options, also ``--help``.
    """

    words: Mapping[str, str]
    options: list[Option[Any]]


def service_options() -> dict[str, Options]:
    """Return the options of each service, by its name; without those that cannot be loaded."""
    found: dict[str, Options] = {}
    for service, maker in makers().items():
        with suppress(Exception):  # a broken plugin must not stop the others
            found[service] = maker.options()
    return {name: each for name, each in found.items() if isinstance(each, Options)}


def places() -> dict[str, Place]:
    """Return what can follow, by the words before it: "" for none, then "run", "run echo"."""
    group = group_options()
    group.hidden = frozenset()  # of a service's own options, --help shows only how to find them
    help_flag = _flag("help", N_("Display this help."))
    programs = {word: program.doc for word, program in PROGRAMS.items()}
    services = {name: maker.description for name, maker in makers().items()}
    tasks = dict.fromkeys(Catalogue().tasks, "") | {"class": N_("all programs of a class")}
    return {
        "": Place(programs, [help_flag, _flag("version", N_("Display the version."))]),
        "run": _place(group, services),
        **{f"run {name}": _place(each) for name, each in service_options().items()},
        "client": _place(ClientOptions(), dict.fromkeys(known_services(), "")),
        "check": _place(CheckOptions(), tasks),
        "check class": _place(ClassOptions(), {"FOLDER": ""}),
        "show": _place(
            ShowOptions(), {name: each.question for name, each in DEMONSTRATIONS.items()}
        ),
        "faults": _place(FaultsOptions()),
        "accounts": _place(AccountsOptions(), dict.fromkeys(ACCOUNTS_WORDS, "")),
        "control": _place(ControlOptions(), dict.fromkeys(WORDS, "")),
        "completion": Place(dict.fromkeys(SHELLS, ""), [help_flag]),
    }


def _place(options: Options, words: Mapping[str, str] = MappingProxyType({})) -> Place:
    names = {name.removesuffix("=") for name in options.longOpt} - options.hidden
    return Place(
        words,
        [
            options.declared.get(name) or _flag(name, options.docs.get(name) or "")
            for name in sorted(names)
        ],
    )


def _flag(name: str, doc: str) -> Option[Any]:
    made = option.flag(doc)
    made.name = name
    return made
