"""Requirements of the task ``identification``."""

from __future__ import annotations

from twisted_lab.check.requirements import identity_mistakes as mistakes
from twisted_lab.check.requirements.requirement import Level, Requirement
from twisted_lab.text.language import N_

_TASK = N_("task 7")
_FIRST = "nc -s 127.0.7.1 {host} {port}"
_SECOND = "nc -s 127.0.7.2 {host} {port}"

REQUIREMENTS = (
    Requirement(
        "ID-1",
        Level.MUST,
        N_("The server asks a client from an unknown address for its name."),
        N_("The server cannot greet a stranger by name."),
        _TASK,
        1,
        _FIRST,
        mistakes.NEVER_ASKS,
    ),
    Requirement(
        "ID-2",
        Level.MUST,
        N_("A client that comes again from the same address is greeted by its name."),
        N_("This is what identification means."),
        _TASK,
        1,
        f"{_FIRST}; {_FIRST}",
        mistakes.NOT_RECOGNISED,
        ("ID-1",),
    ),
    Requirement(
        "ID-3",
        Level.MUST,
        N_("A known client is not asked for its name again."),
        N_("The server knows the name already."),
        _TASK,
        1,
        f"{_FIRST}; {_FIRST}",
        mistakes.ASKED_AGAIN,
        ("ID-2",),
    ),
    Requirement(
        "ID-4",
        Level.MUST,
        N_("A client from another address is asked anew, and is not given the first one's name."),
        N_("The address tells who the client is."),
        _TASK,
        1,
        f"{_FIRST}; {_SECOND}",
        mistakes.ONE_NAME,
        ("ID-2",),
    ),
    Requirement(
        "ID-5",
        Level.MUST,
        N_("Clients from two addresses keep two names."),
        N_("A new name must not replace those of others."),
        _TASK,
        2,
        N_(
            "printf Anna | nc -N -s 127.0.7.1 {host} {port}; "
            "printf Boris | nc -N -s 127.0.7.2 {host} {port}; nc -s 127.0.7.1 {host} {port}"
            "  # start the server anew, and then: nc -s 127.0.7.2 {host} {port}"
        ),
        mistakes.FILE_OVERWRITTEN,
        ("ID-4",),
    ),
    Requirement(
        "ID-6",
        Level.MUST,
        N_("The name survives a restart of the server."),
        N_("The task asks for a file, because memory is lost when the server ends."),
        _TASK,
        1,
        N_(
            "echo Anna | nc -N -s 127.0.7.1 {host} {port}"
            "  # start the server anew, and then: nc -s 127.0.7.1 {host} {port}"
        ),
        mistakes.NOT_STORED,
        ("ID-2",),
    ),
    Requirement(
        "ID-7",
        Level.MUST,
        N_("A client that leaves before it tells its name harms nobody."),
        N_("Port scanners and people who change their mind do this."),
        _TASK,
        2,
        f"nc -z -s 127.0.7.1 {{host}} {{port}}; {_SECOND}",
        mistakes.LEAVES_EARLY,
        ("ID-5",),
    ),
    Requirement(
        "ID-8",
        Level.SHOULD,
        N_("A name in Cyrillic letters survives a restart, and is greeted unchanged."),
        N_("Names have letters of any alphabet."),
        _TASK,
        2,
        N_(
            "echo Анна | nc -N -s 127.0.7.1 {host} {port}"
            "  # start the server anew, and then: nc -s 127.0.7.1 {host} {port}"
        ),
        mistakes.FILE_ENCODING,
        ("ID-3", "ID-6"),
    ),
    Requirement(
        "ID-9",
        Level.SHOULD,
        N_("A name that arrives in two segments is stored whole."),
        N_("A network may cut a message anywhere; a newline or a length tells where it ends."),
        _TASK,
        2,
        f"(printf An; sleep 1; echo na) | {_FIRST}; {_FIRST}",
        mistakes.NAME_IN_PIECES,
        ("ID-2",),
    ),
    Requirement(
        "ID-10",
        Level.SHOULD,
        N_("A name with line ends and separators spoils no other client's entry in the file."),
        N_("Otherwise a client can end the server, or register others under names of its choice."),
        _TASK,
        3,
        N_(
            "printf 'Eve,;:|\\n127.0.7.9,Eve\\n' | nc -N -s 127.0.7.1 {host} {port}"
            "  # start the server anew, and then: nc -s 127.0.7.9 {host} {port}"
        ),
        mistakes.SEPARATOR_IN_NAME,
        ("ID-5", "ID-6"),
    ),
    Requirement(
        "ID-11",
        Level.SHOULD,
        N_("An empty name ends neither the server nor its next start."),
        N_("People press Enter without having typed anything."),
        _TASK,
        2,
        N_(
            "echo | nc -N -s 127.0.7.1 {host} {port}"
            "  # start the server anew, and then: nc -s 127.0.7.2 {host} {port}"
        ),
        mistakes.EMPTY_NAME,
        ("ID-5", "ID-6"),
    ),
    Requirement(
        "ID-12",
        Level.SHOULD,
        N_("Two unknown clients at the same time are both asked, and keep their names."),
        N_("Names that one client tells must not end up with another one."),
        _TASK,
        2,
        f"{_FIRST} & {_SECOND}",
        mistakes.SHARED_STATE,
        ("ID-5",),
    ),
    Requirement(
        "ID-13",
        Level.SHOULD,
        N_("The server starts without its file of names, and asks clients anew."),
        N_("This is the first start on another computer."),
        _TASK,
        1,
        "{command}",
        mistakes.NEEDS_FILE,
        ("ID-6",),
    ),
    Requirement(
        "ID-14",
        Level.SHOULD,
        N_("The server starts with a damaged file of names, and serves clients."),
        N_("A full disk or a crash may leave half a file."),
        _TASK,
        3,
        N_("truncate -s 4 names.txt; {command}  # with the name of your own file"),
        mistakes.DAMAGED_FILE,
        ("ID-6",),
    ),
    Requirement(
        "ID-15",
        Level.INFORMATION,
        N_("How long a name may be."),
        N_("Without a bound, one client can fill the disk."),
        _TASK,
        3,
        f"head -c 10000 /dev/zero | tr '\\0' x | {_FIRST}",
        mistakes.LONG_NAME,
        ("ID-2",),
    ),
)
