"""netlab-messages: numbered requests for messages, which are repeated in upper case."""

from __future__ import annotations

from itertools import count

from twisted_lab.channels import Channel
from twisted_lab.defaults import DEFAULTS
from twisted_lab.services import lecture
from twisted_lab.services.lecture import LectureOptions
from twisted_lab.serving import (
    NetworkService,
    ServiceProcess,
    conversation_service,
    in_own_process,
)
from twisted_lab.text.exit_word import EXIT


async def number_messages(channel: Channel) -> None:
    """Ask for messages by number and repeat each in upper case, until one is ``exit``."""
    for number in count(1):
        channel.say(f"Message {number}:")
        text = await channel.hear()
        if text == EXIT:
            return
        channel.say(f"Your message: {text.upper()}")


class Options(LectureOptions):
    """Options of netlab-messages."""

    command = "netlab-messages"
    default_port = DEFAULTS["messages"].port
    has_secrets = False
    default_framing = DEFAULTS["messages"].framing


def build(process: ServiceProcess, options: Options) -> NetworkService:
    """Build the service that `options` describe."""
    converse = lecture.number_messages if options.lecture else number_messages
    return conversation_service(process, options, converse)


makeService = in_own_process(build)
