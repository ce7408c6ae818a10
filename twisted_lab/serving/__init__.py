"""Public interface for authors of services."""

from twisted_lab.eventlog.event_file import message
from twisted_lab.eventlog.event_log import EventLog
from twisted_lab.ports.addresses import port_number
from twisted_lab.process.cannot_start import CannotStart
from twisted_lab.process.listeners import datagram_listener, listeners
from twisted_lab.process.network_service import NetworkService, Word
from twisted_lab.process.process_options import ProcessOptions
from twisted_lab.process.service_options import ServiceOptions
from twisted_lab.process.service_process import ServiceProcess
from twisted_lab.resources import Resource
from twisted_lab.serving.building import build_process, in_own_process, stream_service
from twisted_lab.serving.conversations import ConversationOptions, conversation_service
from twisted_lab.text import option
from twisted_lab.text.command_line import Options
from twisted_lab.text.prompts import ask

__all__ = [
    "CannotStart",
    "ConversationOptions",
    "EventLog",
    "NetworkService",
    "Options",
    "ProcessOptions",
    "Resource",
    "ServiceOptions",
    "ServiceProcess",
    "Word",
    "ask",
    "build_process",
    "conversation_service",
    "datagram_listener",
    "in_own_process",
    "listeners",
    "message",
    "option",
    "port_number",
    "stream_service",
]
