"""netlab-messages, which says goodbye after exit."""

from mutant import run

from twisted_lab.services import messages

number_messages = messages.number_messages


async def polite(channel, answer):
    await number_messages(channel, answer)
    channel.say("Goodbye")


messages.number_messages = polite
run("messages")
