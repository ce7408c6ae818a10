"""Logging in: checkers and a realm for `twisted.cred`, and what they need."""

from twisted_lab.login.checkers import (
    MOST_AT_ONCE,
    Hashes,
    IToken,
    PasswordChecker,
    PeerPassword,
    Token,
    TokenChecker,
    TooManyFailures,
)
from twisted_lab.login.hashing import Hashing
from twisted_lab.login.realm import Account, AccountRealm, IAccount
from twisted_lab.login.turns import Turns
from twisted_lab.login.visit import TRIES, Visit, choose_password, refusal

__all__ = [
    "MOST_AT_ONCE",
    "TRIES",
    "Account",
    "AccountRealm",
    "Hashes",
    "Hashing",
    "IAccount",
    "IToken",
    "PasswordChecker",
    "PeerPassword",
    "Token",
    "TokenChecker",
    "TooManyFailures",
    "Turns",
    "Visit",
    "choose_password",
    "refusal",
]
