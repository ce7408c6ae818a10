"""The licences in docs/dependencies.md are those of the packages."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError

from twisted.trial.unittest import SynchronousTestCase

from tests.programs.licences import PAGE, TABLES, licence, pinned, stated_in, tables


class LicencesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.page = PAGE.read_text()
        self.stated = stated_in(self.page)

    def test_the_page_has_all_packages(self) -> None:
        self.assertEqual(sorted(self.stated), sorted(pinned()), "run `make licences`")

    def test_licences_are_those_of_the_installed_packages(self) -> None:
        different = {}
        for package, stated in self.stated.items():
            try:
                if (found := licence(package)) != stated:
                    different[package] = found
            except PackageNotFoundError:  # not all are installed for these tests
                pass
        self.assertEqual(different, {}, "run `make licences`")

    def test_packages_are_in_the_right_table(self) -> None:
        ordered = {package: self.stated[package] for package in pinned()}
        self.assertEqual(TABLES.findall(self.page), [tables(ordered)], "run `make licences`")
