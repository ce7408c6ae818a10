"""Login with `twisted.cred`: checkers, a realm, hashing and the commands of an account."""

from twisted_lab.login.account_shell import TRIES, AccountShell, choose_password, refusal
from twisted_lab.login.attempt_locks import AttemptLocks
from twisted_lab.login.checkers import (
    Hashes,
    IToken,
    PasswordChecker,
    PeerPassword,
    SessionEnded,
    Token,
    TokenChecker,
    TooManyFailures,
)
from twisted_lab.login.hashing import BURST, Hashing
from twisted_lab.login.realm import Account, AccountRealm, IAccount

__all__ = [
    "BURST",
    "TRIES",
    "Account",
    "AccountRealm",
    "AccountShell",
    "AttemptLocks",
    "Hashes",
    "Hashing",
    "IAccount",
    "IToken",
    "PasswordChecker",
    "PeerPassword",
    "SessionEnded",
    "Token",
    "TokenChecker",
    "TooManyFailures",
    "choose_password",
    "refusal",
]
