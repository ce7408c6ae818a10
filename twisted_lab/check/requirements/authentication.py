"""Requirements of the task ``authentication``."""

from __future__ import annotations

from twisted_lab.check.requirements import identity_mistakes as mistakes
from twisted_lab.check.requirements.requirement import Level, Requirement
from twisted_lab.text.language import N_

_TASK = N_("task 8")
_NC = "nc {host} {port}"
_TWICE = N_("nc {host} {port}; nc {host} {port}  # register, then log in")
_WRONG = N_("nc {host} {port}; nc {host} {port}  # register, then log in with a wrong password")
_TWO = N_(
    "nc {host} {port}; nc {host} {port}; nc {host} {port}"
    "  # register two users, then log in as one with the password of the other"
)
_RESTART = N_(
    "nc {host} {port}; read Enter; nc {host} {port}"
    "  # register; stop the server with Ctrl-C and start it again in its own terminal; then press "
    "Enter here, and log in"
)
_CYRILLIC = N_(
    "nc {host} {port}; nc {host} {port}  # register with a password in Cyrillic letters, log in"
)
_EMPTY = N_("nc {host} {port}; nc {host} {port}  # register with an empty password, then log in")
_TOKEN = N_(
    "nc {host} {port}; nc {host} {port}; nc {host} {port}"
    "  # register, log in and copy the token, then send it in place of the password"
)
_UNKNOWN = N_("nc {host} {port}  # log in with a name that nobody has registered")
_MANY = N_("nc {host} {port}  # give ten wrong passwords, then the right one")
_EQUAL = N_(
    "nc {host} {port}; nc {host} {port}; ls -t"
    "  # register two users with one password; then open the newest file, and compare what it "
    "holds of both"
)
_SLOW = N_(
    "nc {host} {port}; ls -t"
    "  # register; then open the newest file: a slow hash often names itself, as in scrypt or $2b$"
)
_FILES = N_("grep --recursive --text PASSWORD .  # PASSWORD: the one that you registered with")

REQUIREMENTS = (
    Requirement(
        "AU-1",
        Level.MUST,
        N_("The server asks for a password."),
        N_("A name or an address alone proves nothing."),
        _TASK,
        1,
        _NC,
        mistakes.NO_PASSWORD,
    ),
    Requirement(
        "AU-2",
        Level.MUST,
        N_("The right password is accepted."),
        N_("A user who has registered must be let in."),
        _TASK,
        1,
        _TWICE,
        mistakes.RIGHT_REFUSED,
        ("AU-1",),
    ),
    Requirement(
        "AU-3",
        Level.MUST,
        N_("A wrong password is refused, and the client is not served."),
        N_("A server that says no and goes on as usual has not refused anybody."),
        _TASK,
        1,
        _WRONG,
        mistakes.WRONG_ACCEPTED,
        ("AU-2",),
    ),
    Requirement(
        "AU-4",
        Level.MUST,
        N_("A name that is not registered is not let in."),
        N_("Otherwise nobody needs a password."),
        _TASK,
        1,
        _UNKNOWN,
        mistakes.UNKNOWN_ACCEPTED,
        ("AU-3",),
    ),
    Requirement(
        "AU-5",
        Level.MUST,
        N_("Two users have two passwords: the one of the other user is refused."),
        N_("A password belongs to one user."),
        _TASK,
        2,
        _TWO,
        mistakes.ACCOUNTS_MIXED,
        ("AU-3",),
    ),
    Requirement(
        "AU-6",
        Level.MUST,
        N_("After a restart, the right password is accepted and a wrong one refused."),
        N_("Memory is lost when the server ends."),
        _TASK,
        1,
        _RESTART,
        mistakes.PASSWORD_LOST,
        ("AU-3",),
    ),
    Requirement(
        "AU-7",
        Level.MUST,
        N_("No file of the server holds the password as plain text."),
        N_("Files are copied, lost and stolen, and people use one password for many services."),
        _TASK,
        2,
        _FILES,
        mistakes.PLAIN_TEXT,
        ("AU-2",),
    ),
    Requirement(
        "AU-8",
        Level.SHOULD,
        N_("Each password is stored with a salt of its own: equal passwords look different."),
        N_("Lists of the hashes of common passwords are public."),
        _TASK,
        3,
        _EQUAL,
        mistakes.NO_SALT,
        ("AU-7",),
    ),
    Requirement(
        "AU-9",
        Level.INFORMATION,
        N_("Whether the hash is a slow one: scrypt, bcrypt, Argon2 or PBKDF2."),
        N_("It makes guesses expensive for those who have stolen the file."),
        _TASK,
        3,
        _SLOW,
        mistakes.FAST_HASH,
        ("AU-7",),
    ),
    Requirement(
        "AU-10",
        Level.SHOULD,
        N_("The password stands neither in the log nor on the console."),
        N_("Logs are read by more people than files of passwords."),
        _TASK,
        2,
        N_("grep PASSWORD *.log *.txt  # PASSWORD: the one that you registered with"),
        mistakes.PASSWORD_LOGGED,
        ("AU-2",),
    ),
    Requirement(
        "AU-11",
        Level.SHOULD,
        N_("The server does not send the password back."),
        N_("It would stand on the screen of the client."),
        _TASK,
        1,
        _TWICE,
        mistakes.PASSWORD_ECHOED,
        ("AU-2",),
    ),
    Requirement(
        "AU-12",
        Level.SHOULD,
        N_("A password in Cyrillic letters works, and another one does not."),
        N_("People choose passwords in their own language."),
        _TASK,
        2,
        _CYRILLIC,
        mistakes.PASSWORD_ENCODING,
        ("AU-3",),
    ),
    Requirement(
        "AU-13",
        Level.SHOULD,
        N_("Nobody gets an account with an empty password."),
        N_("People press Enter without having typed anything, and anybody can guess it."),
        _TASK,
        2,
        _EMPTY,
        mistakes.EMPTY_PASSWORD,
        ("AU-3", "AU-4"),
    ),
    Requirement(
        "AU-14",
        Level.SHOULD,
        N_("The token that the server gives out works in place of the password."),
        N_("So the password is sent once, as with the cookies of a web site."),
        _TASK,
        3,
        _TOKEN,
        mistakes.TOKEN_UNUSED,
        ("AU-3",),
    ),
    Requirement(
        "AU-15",
        Level.SHOULD,
        N_("Two users, and two logins of one user, get different tokens."),
        N_("A token that can be computed or is the same for all protects nothing."),
        _TASK,
        3,
        _TOKEN,
        mistakes.TOKEN_REPEATED,
        ("AU-14",),
    ),
    Requirement(
        "AU-16",
        Level.SHOULD,
        N_("The token of one user does not let another one in."),
        N_("A token belongs to one user, as a password does."),
        _TASK,
        3,
        _TOKEN,
        mistakes.TOKEN_OF_OTHERS,
        ("AU-14", "AU-15"),
    ),
    Requirement(
        "AU-17",
        Level.SHOULD,
        N_("A token that was changed is refused."),
        N_("Otherwise it can be guessed."),
        _TASK,
        3,
        _TOKEN,
        mistakes.TOKEN_UNCHECKED,
        ("AU-14",),
    ),
    Requirement(
        "AU-18",
        Level.INFORMATION,
        N_("Whether a token is valid after a restart of the server."),
        N_("A token that was stolen should not be valid for ever."),
        _TASK,
        3,
        _TOKEN,
        mistakes.TOKEN_FOR_EVER,
        ("AU-14",),
    ),
    Requirement(
        "AU-19",
        Level.INFORMATION,
        N_("What happens after ten wrong passwords."),
        N_("A program can try thousands of passwords in a minute unless the server slows it down."),
        _TASK,
        3,
        _MANY,
        mistakes.NO_BRAKE,
        ("AU-3",),
    ),
)
