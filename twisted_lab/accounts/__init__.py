"""Accounts: names, passwords, sessions and their tables, without a reactor or a clock."""

from twisted_lab.accounts.accounts import (
    account_name,
    change_password,
    check_new_name,
    find_session,
    open_session,
    register,
    resume_session,
    revoke,
)
from twisted_lab.accounts.login_attempt import (
    MOST_AT_ONCE,
    AttemptHistory,
    LoginAttempt,
    remember_network,
)
from twisted_lab.accounts.passwords import (
    LANES,
    LONGEST_PASSWORD,
    MEMORY_MIB,
    PASSES,
    BadPassword,
    Passwords,
    check_password,
)
from twisted_lab.accounts.queries import Account, Queries
from twisted_lab.accounts.registrations import (
    MOST_ACCOUNTS,
    MOST_REGISTRATIONS,
    count_registration,
    registration_wait,
)
from twisted_lab.accounts.schema import ACCOUNT_TABLES
from twisted_lab.accounts.sessions import (
    MOST_SESSIONS,
    Lifetimes,
    Session,
    time_text,
    token_digest,
)
from twisted_lab.text.token_form import TOKEN_PREFIX, new_token
from twisted_lab.text.user_names import BadName, clean_name, name_key

__all__ = [
    "ACCOUNT_TABLES",
    "LANES",
    "LONGEST_PASSWORD",
    "MEMORY_MIB",
    "MOST_ACCOUNTS",
    "MOST_AT_ONCE",
    "MOST_REGISTRATIONS",
    "MOST_SESSIONS",
    "PASSES",
    "TOKEN_PREFIX",
    "Account",
    "AttemptHistory",
    "BadName",
    "BadPassword",
    "Lifetimes",
    "LoginAttempt",
    "Passwords",
    "Queries",
    "Session",
    "account_name",
    "change_password",
    "check_new_name",
    "check_password",
    "clean_name",
    "count_registration",
    "find_session",
    "name_key",
    "new_token",
    "open_session",
    "register",
    "registration_wait",
    "remember_network",
    "resume_session",
    "revoke",
    "time_text",
    "token_digest",
]
