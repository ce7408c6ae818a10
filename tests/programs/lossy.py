"""Simulates the chat on a network that loses, duplicates and reorders a fifth of all datagrams.

    python -m tests.programs.lossy [--seeds N] [--seed N] [--members N] [--messages N]

Everything runs in one process on a simulated clock, so a failing seed fails again.
"""

from __future__ import annotations

import sys

from tests.doubles.chat_network import FIFTHS, Net
from twisted_lab.text import option
from twisted_lab.text.command_line import Options


def talk(seed: int, members: int, messages: int) -> float:
    """Let each member send `messages`; check that all members get all messages once, in one order.

    Returns:
        The simulated time in seconds.
    """
    net = Net(seed, FIFTHS)
    start = net.clock.seconds()
    people = [net.join(f"m{number}") for number in range(members)]
    net.run(lambda: all(len(member.client.room.others) == members - 1 for member in people))
    for count in range(messages):
        for member in people:
            member.client.say(f"{count}")
    total = members * messages
    net.run(lambda: all(len(member.said) >= total for member in people))
    net.run(lambda: not any(member.client.room.pending for member in people))
    heard = people[0].said
    for member in people:
        assert member.said == heard, f"seed {seed}: members received different messages"
    for number in range(members):
        own = [text for text in heard if text.startswith(f"m{number}: ")]
        expected = [f"m{number}: {count}" for count in range(messages)]
        assert own == expected, f"seed {seed}: members received {own} from m{number}"
    assert not net.log, f"seed {seed}: {net.log.messages}"
    return net.clock.seconds() - start


class LossyOptions(Options):
    """The options of a run."""

    command = "tests.programs.lossy"
    seeds = option.number("Number of seeds.", default=1)
    seed = option.number("The first seed.", default=1)
    members = option.number("Number of members.", default=50)
    messages = option.number("Number of messages of each member.", default=200)


def main() -> None:
    """Try the seeds."""
    options = LossyOptions()
    options.parseOptions(sys.argv[1:])
    worst = 0.0
    for seed in range(options.seed, options.seed + options.seeds):
        worst = max(worst, talk(seed, options.members, options.messages))
    print(f"{options.seeds} seeds, none failed; the longest took {worst:.1f} simulated seconds")


if __name__ == "__main__":
    main()
