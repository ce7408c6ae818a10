"""What netlab-ident and netlab-auth say, as the client shows it on a terminal."""

from __future__ import annotations

from twisted_lab.client.known_lines import KnownLines
from twisted_lab.text.language import N_

_PROBLEMS = [
    N_("a name has 1 to {longest} characters, not {count}"),
    N_("a name has no control or invisible characters"),
    N_("a name has at most {most} marks on a character, and none alone"),
    N_("that name has just been taken"),
    N_("that is the password that you have just sent, not a name"),
    N_("too many new names from your network; try again in {seconds} s"),
    N_("there is no room for new names; the operator of this server can make some"),
    N_("there is no room for new accounts"),
    N_(
        "{n} accounts were opened from your network within a day; try again in {hours} h, or log "
        "in with one of them"
    ),
    N_("a password is text in UTF-8"),
    N_("a password has at most {most} characters"),
    N_("a password has at least {least} characters"),
    N_("the two passwords are not the same"),
    N_("too many failures; try again in {seconds} s"),
    N_(
        "too many wrong passwords for this name from unknown networks; try again in {hours} h, or "
        "from a network where you have logged in before"
    ),
    N_("unknown command; did you mean {command}? help lists them"),
    N_("unknown command; help lists them"),
    N_("say which one: revoke ID; sessions lists them"),
    N_("you have no such session; sessions lists them"),
    N_("your session has ended; log in again"),
    N_("that session has ended: {reason}"),
    N_("newer ones were opened, and an account has at most {most}"),
    N_("nothing heard for {seconds} s"),
    N_("cannot store the data now"),
]
LOGIN = KnownLines(
    [
        N_("What's your name?"),
        N_("Name or token?"),
        N_("Password?"),
        N_("New name. Choose a password:"),
        N_("New password:"),
        N_("Repeat the password:"),
        N_("Wrong name, password or token."),
        N_("Hello, {user}"),
        N_("Welcome back, {user}"),
        N_("Goodbye, {user}"),
        N_("Token: {token}  valid until {until}"),
        N_("Revoked."),
        N_("Password changed. All other sessions are ended."),
        N_("whoami: says who you are"),
        N_("sessions [PAGE]: lists where you are logged in, 20 sessions a page"),
        N_("revoke ID: ends one of these sessions"),
        N_("passwd: changes your password, and ends all other sessions"),
        N_("logout: ends this session, and closes"),
        N_("exit: closes; your token stays good"),
        N_("help: lists this"),
        N_("error: {reason}; this is the last try"),
        N_("error: {reason}"),
    ],
    _PROBLEMS,
)
