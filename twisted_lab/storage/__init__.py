"""Database: file, transactions and schema versions. The tables belong to other packages."""

from twisted_lab.storage.copied_tables import CannotCopy, CopiedTable
from twisted_lab.storage.copying import copy, is_in_use
from twisted_lab.storage.database import CannotStore, Database, Store, Uncancelled, together
from twisted_lab.storage.names import is_server, shown, whole
from twisted_lab.storage.opening import open_database, open_for_reading
from twisted_lab.storage.sqlite_file import DEFAULT_FILE, Unusable
from twisted_lab.storage.tables import Migrations, Tables, Work, counted, counted_on_server, row

__all__ = [
    "DEFAULT_FILE",
    "CannotCopy",
    "CannotStore",
    "CopiedTable",
    "Database",
    "Migrations",
    "Store",
    "Tables",
    "Uncancelled",
    "Unusable",
    "Work",
    "copy",
    "counted",
    "counted_on_server",
    "is_in_use",
    "is_server",
    "open_database",
    "open_for_reading",
    "row",
    "shown",
    "together",
    "whole",
]
