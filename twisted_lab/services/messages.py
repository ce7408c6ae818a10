"""netlab-messages: numbered requests for messages, which are repeated in upper case."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count

from twisted_lab.channels import Channel
from twisted_lab.defaults import DEFAULTS
from twisted_lab.services.lecture import LectureOptions, answer_with_bytes
from twisted_lab.serving import (
    NetworkService,
    ServiceProcess,
    conversation_service,
    in_own_process,
)
from twisted_lab.text.exit_word import EXIT


def repeat_in_upper_case(text: str) -> str:
    """Repeat a message in upper case."""
    return f"Your message: {text.upper()}"


async def number_messages(
    channel: Channel, answer: Callable[[str], str] = repeat_in_upper_case
) -> None:
    """Ask for messages by number and answer each, until one is ``exit``."""
    for number in count(1):
        channel.say(f"Message {number}:")
        text = await channel.hear()
        if text == EXIT:
            return
        channel.say(answer(text))


class Options(LectureOptions):
    """Options of netlab-messages."""

    command = "netlab-messages"
    default_port = DEFAULTS["messages"].port
    has_secrets = False
    default_framing = DEFAULTS["messages"].framing


def build(process: ServiceProcess, options: Options) -> NetworkService:
    """Build the service that `options` describe."""
    answer = answer_with_bytes if options.lecture else repeat_in_upper_case
    return conversation_service(process, options, partial(number_messages, answer=answer))


makeService = in_own_process(build)
