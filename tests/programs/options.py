"""docs/options.md, from the declarations of all options: ``make options`` writes it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from twisted_lab.accounts.__main__ import AccountsOptions
from twisted_lab.check.classes.options import ClassOptions
from twisted_lab.check.options import Options as CheckOptions
from twisted_lab.client.options import ClientOptions
from twisted_lab.command.tree import service_options
from twisted_lab.faults.__main__ import Options as FaultsOptions
from twisted_lab.operations.control_client import ControlOptions
from twisted_lab.process.group_options import GroupOptions, group_options
from twisted_lab.process.process_options import ProcessOptions
from twisted_lab.serving import ConversationOptions, ServiceOptions
from twisted_lab.show.__main__ import ShowOptions
from twisted_lab.text.command_line import Options
from twisted_lab.text.option import Option

PAGE = Path(__file__).parents[2] / "docs" / "options.md"
_HEAD = """\
<!-- `make options` writes this page. -->
# Options

`--help` lists the options of a program. `--port 9090` and `--port=9090` mean the same, and a name
can be shortened as long as it is unique. A word in capitals stands for a value; words in small
letters with `|` between them are the possible values. Each program also has `--help` (`-h`) and
`--version`.

`netlab run SERVICE` is `twistd -n netlab-SERVICE`, and `netlab run` is `twistd -n netlab`.
`netlab client` is `python -m twisted_lab.client`, and likewise for `check`, `show`, `faults`,
`accounts` and `control`. The options are the same."""
_GROUP = """\
`netlab run` has these options, and those of the services. An option that several services have
applies to all of them. With the name of a service before it, it applies to that service only:
`--chat-idle-timeout 60`. An option of one service needs no name: `--upper`. `--port`, `--listen`
and `--ask` need the name of a service, and `--workers` is not supported."""
_OF_ALL = """\
All services have these options. [operations.md](operations.md) explains
[addresses](operations.md#addresses), [TLS](operations.md#tls), [the log](operations.md#the-log),
[the control channel](operations.md#the-control-channel) and [metrics](operations.md#metrics)."""


# Its title, an introduction, the names of its options, and the programs that have them.
Section = tuple[str, str, Iterable[str], Mapping[str, Options]]
_DEFAULT = re.compile(r" \[default(?:, )?(.*)\]$")


def page() -> str:
    """Return the text of the page."""
    services = _our_services()
    talking = {n: each for n, each in services.items() if isinstance(each, ConversationOptions)}
    lecture = {n: each for n, each in services.items() if "lecture" in each.declared}
    shared: list[Section] = [
        ("All services", _OF_ALL, ServiceOptions.declared, services),
        (
            "Services with messages",
            f"{_listed(talking)} have these options, too. "
            "[protocols.md](protocols.md#text-framing) explains them.",
            ConversationOptions.declared.keys() - ServiceOptions.declared,
            talking,
        ),
        (
            "Services of the lecture",
            f"{_listed(lecture)} have [this option](protocols.md#the-lecture---lecture).",
            ["lecture"],
            lecture,
        ),
    ]
    docs = {name: _declared(name, users).doc for _, _, names, users in shared for name in names}
    own_of_group = GroupOptions.declared.keys() - ProcessOptions.declared
    alone: list[Section] = [
        ("`netlab run`", _GROUP, own_of_group, {"netlab": group_options()}),
        *(
            (f"`netlab run {name}`", "", _own(each, docs), {name: each})
            for name, each in services.items()
        ),
        *(
            (f"`{_name(each)}`", _usage(each), names, {each.command: each})
            for each, names in (
                (FaultsOptions(), FaultsOptions.declared.keys() - services["faults"].declared),
                (ClientOptions(), ClientOptions.declared),
                (CheckOptions(), CheckOptions.declared),
                (ClassOptions(), ClassOptions.declared),
                (ShowOptions(), ShowOptions.declared),
                (AccountsOptions(), AccountsOptions.declared),
                (ControlOptions(), ControlOptions.declared),
            )
        ),
    ]
    sections = [_section(*each) for each in [*shared, *alone] if each[2]]
    return "\n\n".join([_HEAD, *sections]) + "\n"


def _our_services() -> dict[str, Options]:
    """Return the options of this project's services, by name; those that netlab runs first."""
    ours = {n: each for n, each in service_options().items() if isinstance(each, ServiceOptions)}
    return {
        name: each
        for name, each in sorted(ours.items(), key=lambda row: (not row[1].in_netlab, row[1].port))
        if type(each).__module__.startswith("twisted_lab.")
    }


def _own(options: Options, shared: Mapping[str, str]) -> set[str]:
    """Return the names of the options that only this service has, or that mean something else."""
    return {
        name
        for name, each in options.declared.items()
        if name not in options.hidden and shared.get(name) != each.doc
    }


def _name(options: Options) -> str:
    return options.command.replace("twisted_lab.", "netlab ").replace("netlab-", "netlab ")


def _usage(options: Options) -> str:
    usage = options.getSynopsis().replace("python -m twisted_lab.", "netlab ")
    return f"`{usage.removeprefix('Usage: ')}`"


def _section(title: str, text: str, names: Iterable[str], users: Mapping[str, Options]) -> str:
    rows = [_row(name, users) for name in sorted(names)]
    table = "\n".join(["| option | default | meaning |", "|---|---|---|", *rows])
    return "\n\n".join(filter(None, [f"## {title}", text, table]))


def _row(name: str, users: Mapping[str, Options]) -> str:
    each = _declared(name, users)
    given = f"`--{name}`" if each.read is None else f"`--{name} {each.metavar}`"
    short = f", `-{each.short}`" if each.short else ""
    doc = _DEFAULT.sub("", each.doc)
    default = _default(name, users)
    if without := [user for user, options in users.items() if name in options.hidden]:
        doc += f" Not with {_listed(without)}."
    texts = (re.sub(r"(?<![\w-])--[a-z][a-z-]*", r"`\g<0>`", text) for text in (default, doc))
    cells = [given + short, *texts]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _declared(name: str, users: Mapping[str, Options]) -> Option[Any]:
    return next(options.declared[name] for options in users.values() if name in options.declared)


def _default(name: str, users: Mapping[str, Options]) -> str:
    """Return the most frequent default, and then those of the services that have another one."""
    of_each = {
        user: _shown_default(name, options)
        for user, options in users.items()
        if name not in options.hidden
    }
    defaults = list(of_each.values())
    common = max(defaults, key=defaults.count)
    if defaults.count(common) == 1 and len(defaults) > 1:
        return ", ".join(f"{user} {default}" for user, default in of_each.items())
    others = (f"{user} {default}" for user, default in of_each.items() if default != common)
    return ", ".join([common, *others])


def _shown_default(name: str, options: Options) -> str:
    each = options.declared[name]
    if stated := _DEFAULT.search(each.doc):
        return stated[1].removeprefix(": ")
    value = options.defaults.get(name)
    if each.read is None or value in (None, (), ""):
        return ""
    if value == sys.executable:
        return "this Python"
    if isinstance(value, Path) and value.is_absolute():
        return f"`{value.name}` in the user's directory for state"
    text = str(value)
    return text if " " in text or text.isdigit() else f"`{text}`"


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


if __name__ == "__main__":
    PAGE.write_text(page())
