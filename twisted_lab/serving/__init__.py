"""What every service shares on its way to the network."""

from twisted_lab.asking import ask
from twisted_lab.serving.addresses import port_number
from twisted_lab.serving.conversations import ConversationOptions, conversation_service
from twisted_lab.serving.event_file import message
from twisted_lab.serving.event_log import EventLog
from twisted_lab.serving.lab import CannotStart, Lab, Resource, lab_of
from twisted_lab.serving.listening import datagram_listener, listeners
from twisted_lab.serving.options import ServiceOptions
from twisted_lab.serving.process_options import ProcessOptions
from twisted_lab.serving.service import NetworkService
from twisted_lab.serving.supervisor import stream_service
from twisted_lab.usage import Options, natural_number, one_of

__all__ = [
    "CannotStart",
    "ConversationOptions",
    "EventLog",
    "Lab",
    "NetworkService",
    "Options",
    "ProcessOptions",
    "Resource",
    "ServiceOptions",
    "ask",
    "conversation_service",
    "datagram_listener",
    "lab_of",
    "listeners",
    "message",
    "natural_number",
    "one_of",
    "port_number",
    "stream_service",
]
