import errno
import socket

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.ports.addresses import (
    bind_problem,
    check_bindable,
    interface_address,
    port_number,
)

# Reserved for documentation (RFC 5737): no machine has it.
NOBODYS = "192.0.2.1"


class PortNumberTests(SynchronousTestCase):
    def test_valid_values_are_accepted(self) -> None:
        self.assertEqual([port_number(text) for text in ("0", "9090", "65535")], [0, 9090, 65535])

    def test_invalid_values_are_refused(self) -> None:
        for text in ("", "http", "65536", "-1", "+1", "1_0", "9090 ", "٣", "1e3", "9" * 5000):
            error = self.assertRaises(UsageError, port_number, text)
            self.assertEqual(str(error), f"a port is a number from 0 to 65535, not {text!r}")


class InterfaceAddressTests(SynchronousTestCase):
    def test_valid_values_are_accepted(self) -> None:
        for text in ("127.0.0.1", "0.0.0.0", "::", "::1", "fe80::1%lo"):
            self.assertEqual(interface_address(text), text)

    def test_an_ipv4_address_in_ipv6_form_is_an_ipv4_address(self) -> None:
        for text, address in (("::ffff:0.0.0.0", "0.0.0.0"), ("::ffff:7f00:1", "127.0.0.1")):
            self.assertEqual(interface_address(text), address)

    def test_invalid_values_are_refused(self) -> None:
        for text in ("", "localhost", "1.2.3", "1.2.3.256", "::g"):
            error = self.assertRaises(UsageError, interface_address, text)
            self.assertIn("127.0.0.1", str(error))
            self.assertIn(repr(text), str(error))

    def test_a_link_local_address_needs_its_interface(self) -> None:
        for text, line in (
            (
                "fe80::1",
                "fe80::1 is a link-local address: say on which interface, as in fe80::1%eth0",
            ),
            ("fe80::1%nosuch", "there is no interface nosuch for fe80::1"),
            ("2001:db8::1%lo", "there is no interface lo for 2001:db8::1"),
        ):
            self.assertEqual(str(self.assertRaises(UsageError, interface_address, text)), line)


class BindTests(SynchronousTestCase):
    def test_problems_are_explained(self) -> None:
        for number, text in (
            (errno.EADDRINUSE, "port 80 is busy"),
            (errno.EACCES, "port 80 is privileged"),
            (errno.EADDRNOTAVAIL, "192.0.2.1 is not an address of this machine"),
            (errno.EAFNOSUPPORT, "not supported"),
        ):
            error = OSError(number, "not supported")
            self.assertIn(text, bind_problem(error, NOBODYS, 80))

    def test_a_free_port_is_bindable(self) -> None:
        check_bindable("127.0.0.1", 0)

    def test_an_address_of_another_link_is_not_bindable(self) -> None:
        # The addresses of lo belong to the host, not to a link.
        error = self.assertRaises(UsageError, check_bindable, "fe80::1%lo", 0)
        self.assertEqual(str(error), "fe80::1%lo is not an address of this machine")

    def test_a_busy_port_counts_as_bindable(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as busy:
            check_bindable("127.0.0.1", busy.getsockname()[1])

    def test_another_machines_address_is_not_bindable(self) -> None:
        error = self.assertRaises(UsageError, check_bindable, NOBODYS, 0)
        self.assertEqual(str(error), "192.0.2.1 is not an address of this machine")
        self.assertRaises(UsageError, check_bindable, "2001:db8::1", 0)
