"""Logging in: checkers and a realm for `twisted.cred`, and what they need."""

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
from twisted_lab.login.turns import Turns
from twisted_lab.login.visit import TRIES, Visit, choose_password, refusal

__all__ = [
    "BURST",
    "TRIES",
    "Account",
    "AccountRealm",
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
    "Turns",
    "Visit",
    "choose_password",
    "refusal",
]
