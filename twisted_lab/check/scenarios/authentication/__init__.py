"""The task ``authentication``."""

from __future__ import annotations

from twisted_lab.check.requirements.authentication import REQUIREMENTS
from twisted_lab.check.scenarios.authentication import logins, storage, tokens
from twisted_lab.check.task import Role, Task
from twisted_lab.check.trials.learn_authentication import learn_authentication

_SCENARIOS = {
    "AU-1": logins.asks_for_a_password,
    "AU-2": logins.accepts_the_right_one,
    "AU-3": logins.refuses_a_wrong_one,
    "AU-4": logins.refuses_an_unknown_name,
    "AU-5": logins.keeps_two_users_apart,
    "AU-6": storage.keeps_users_over_a_restart,
    "AU-7": storage.stores_no_plain_text,
    "AU-8": storage.salts_each_password,
    "AU-9": storage.tells_its_hash,
    "AU-10": storage.logs_no_password,
    "AU-11": logins.sends_no_password_back,
    "AU-12": logins.takes_cyrillic_letters,
    "AU-13": logins.refuses_an_empty_one,
    "AU-14": tokens.accepts_its_token,
    "AU-15": tokens.gives_each_its_own,
    "AU-16": tokens.refuses_the_token_of_another,
    "AU-17": tokens.refuses_a_changed_token,
    "AU-18": tokens.tells_how_long_it_is_valid,
    "AU-19": logins.tells_about_many_attempts,
}

# A server that runs may know the addresses from which the checker comes.
TASK = Task(
    "authentication",
    Role.SERVER,
    REQUIREMENTS,
    learn_authentication,
    _SCENARIOS,
    need_a_start=frozenset(_SCENARIOS),
)
