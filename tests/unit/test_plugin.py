import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

from twisted.application.service import IServiceMaker
from twisted.plugin import getPlugins
from twisted.python.reflect import namedAny
from twisted.trial.unittest import SynchronousTestCase

import twisted_lab
from twisted_lab.process.cannot_start import CannotStart

# The public names; each further name must be supported.
PUBLIC = {
    "twisted_lab.channels": [
        "LINGER_SECONDS",
        "BaseChannel",
        "Channel",
        "Connection",
        "Connections",
        "Conversation",
        "ConversationFactory",
        "FanOut",
        "IdleTimer",
        "Inbox",
        "Int32Channel",
        "MessageError",
        "Output",
        "PeerGone",
        "PeerSilent",
        "Phase",
        "Refused",
        "StreamChannel",
        "TextChannel",
        "TextHeaderChannel",
        "TurnBudget",
        "Unable",
        "cancel",
        "shut_down",
    ],
    "twisted_lab.codecs": [
        "COUNTS",
        "MAX_INCOMING",
        "MAX_MESSAGE",
        "NEWLINES",
        "FrameDecoder",
        "HeaderDecoder",
        "LineDecoder",
        "MessageError",
        "StreamDecoder",
        "TextDecoder",
        "TextHeader",
        "byte_length",
        "datagram_lines",
        "decode",
        "encode_frame",
        "encode_text",
        "framing_name",
        "header_encoder",
        "line_encoder",
        "text_header",
        "too_long",
    ],
    "twisted_lab.faults": [
        "DatagramEnd",
        "DatagramNetwork",
        "FaultyPair",
        "FaultyTransport",
        "advance",
    ],
    "twisted_lab.serving": [
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
    ],
    "twisted_lab.serving.storage": [
        "DEFAULT_FILE",
        "Migrations",
        "Store",
        "Tables",
        "counted",
        "is_server",
        "notify",
        "row",
        "shared_storage",
    ],
    "twisted_lab.testing": [
        "ChannelContract",
        "ConversationContract",
        "LivePeer",
        "MemoryStorage",
        "ScriptedChannel",
        "play",
    ],
}


class PluginTests(SynchronousTestCase):
    def test_each_service_is_found_under_its_name(self) -> None:
        makers = {
            maker.tapname: maker
            for maker in getPlugins(IServiceMaker)
            if maker.tapname.startswith("netlab")
        }
        paths = (Path(twisted_lab.__file__).parent / "services").glob("[!_]*.py")
        modules = {path.stem: namedAny(f"twisted_lab.services.{path.stem}") for path in paths}
        services = {name for name, module in modules.items() if hasattr(module, "makeService")}
        names = {f"netlab-{name}" for name in services} - {"netlab-netlab"}
        names |= {"netlab", "netlab-faults"}
        self.assertEqual(set(makers), names)
        self.assertIn("netlab-echo", names)
        for name, maker in makers.items():
            self.assertEqual(maker.options().command, name)

    def test_only_the_clients_entry_point_imports_a_reactor(self) -> None:
        package = Path(twisted_lab.__file__).parent
        modules = [
            ".".join(path.relative_to(package.parent).with_suffix("").parts)
            for path in package.rglob("*.py")
            if path.stem != "__main__" and path.parent.name != "demonstrations"  # programs
        ]
        self.assertIn("twisted_lab.services.echo", modules)
        program = (
            f"import sys, {', '.join(modules)}; print('twisted.internet.reactor' in sys.modules)"
        )
        said = subprocess.check_output([sys.executable, "-c", program], text=True)
        self.assertEqual(said.strip(), "False")

    def test_a_lack_of_memory_while_importing_is_one_line(self) -> None:
        maker = next(each for each in getPlugins(IServiceMaker) if each.tapname == "netlab-echo")
        with patch("twisted.plugins.twisted_lab_plugin.report_lack") as report_lack:
            with patch("twisted.application.service.namedAny", side_effect=MemoryError):
                end = self.assertRaises(SystemExit, lambda: maker.options)
            self.assertEqual(end.code, 1)
            # The reason is reported once.
            with patch("twisted.application.service.namedAny", side_effect=CannotStart("so")):
                self.assertRaises(CannotStart, lambda: maker.options)
        report_lack.assert_called_once_with("netlab-echo")

    def test_a_missing_module_is_not_reported_as_lack_of_memory(self) -> None:
        maker = next(each for each in getPlugins(IServiceMaker) if each.tapname == "netlab-echo")
        with patch("twisted.application.service.namedAny", side_effect=ImportError("no x")):
            self.assertRaises(ImportError, lambda: maker.options)

    def test_the_public_names_are_those_listed(self) -> None:
        for module, names in PUBLIC.items():
            self.assertEqual(namedAny(module).__all__, names)
