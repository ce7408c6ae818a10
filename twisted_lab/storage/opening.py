"""Opens a database: a file, or one on a server."""

from __future__ import annotations

from twisted_lab.storage.database import Database
from twisted_lab.storage.names import is_server, shown
from twisted_lab.storage.sqlite_file import Unusable, open_file, open_file_for_reading
from twisted_lab.storage.tables import Q, Tables
from twisted_lab.text.language import N_


def open_database(name: str, tables: Tables[Q]) -> Database[Q]:
    """Open a database, and create or upgrade its tables.

    Args:
        name: The name of a file, ``:memory:``, or ``postgresql://USER@HOST/NAME``.
        tables: The required tables.

    Raises:
        Unusable: It cannot be used; the text says why.
    """
    if is_server(name):
        try:
            from twisted_lab.storage.postgresql_server import open_server
        except ImportError as error:  # also if psycopg finds no libpq
            raise Unusable(
                N_(
                    "{name} needs psycopg: pip install 'twisted-lab[postgres]' ({error})",
                    name=shown(name),
                    error=" ".join(str(error).split()),
                )
            ) from None
        return open_server(name, tables)
    return open_file(name, tables)


def open_for_reading(name: str, tables: Tables[Q]) -> Database[Q]:
    """Open a database once more, after `open_database`, for reads.

    Raises:
        Unusable: It cannot be opened.
    """
    if is_server(name):
        from twisted_lab.storage.postgresql_server import open_server_for_reading

        return open_server_for_reading(name, tables)
    return open_file_for_reading(name, tables)
