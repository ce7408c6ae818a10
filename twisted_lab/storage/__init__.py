"""Database: file, transactions and schema versions. The tables belong to other packages."""

from twisted_lab.storage.database import CannotStore, Database, Store
from twisted_lab.storage.sqlite_file import DEFAULT_FILE, Unusable, open_database, open_for_reading
from twisted_lab.storage.tables import Migrations, Tables, Work, counted, row

__all__ = [
    "DEFAULT_FILE",
    "CannotStore",
    "Database",
    "Migrations",
    "Store",
    "Tables",
    "Unusable",
    "Work",
    "counted",
    "open_database",
    "open_for_reading",
    "row",
]
