import sys
from unittest.mock import patch

from twisted.trial.unittest import SynchronousTestCase

from twisted_lab.storage import Tables, Unusable, open_database, shown


class ShownTests(SynchronousTestCase):
    def test_a_name_is_shown_without_passwords(self) -> None:
        for name, expected in (
            ("netlab.sqlite3", "netlab.sqlite3"),
            ("postgresql:///lab", "postgresql:///lab"),
            ("postgresql://anna@db:5433/lab", "postgresql://anna@db:5433/lab"),
            ("postgresql://db:5433,db2:5433/lab", "postgresql://db:5433,db2:5433/lab"),
            ("postgresql://anna:secret@db/lab", "postgresql://anna@db/lab"),
            ("postgresql://anna:se@cr/et@db/lab", "postgresql://anna@db/lab"),
            ("postgres://:secret@db/lab", "postgres://...@db/lab"),
            ("postgresql:///lab?password=secret&a=b", "postgresql:///lab?password=...&a=b"),
            ("postgresql:///lab?sslpassword=secret", "postgresql:///lab?sslpassword=..."),
        ):
            self.assertEqual(shown(name), expected)


class DriverTests(SynchronousTestCase):
    def test_a_missing_driver_is_named(self) -> None:
        missing = {"psycopg": None, "twisted_lab.storage.postgresql_server": None}
        with patch.dict(sys.modules, missing):
            address = "postgresql://anna:secret@db/lab"
            error = self.assertRaises(Unusable, open_database, address, Tables(id, []))
        self.assertIn(
            "postgresql://anna@db/lab needs psycopg: pip install 'twisted-lab[postgres]'",
            str(error),
        )
