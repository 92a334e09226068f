"""Godot's global enums, with Godot's numbers, and the function that describes an error."""

from __future__ import annotations

from operator import index

from godot_enet.core.protocol.enums import NamedIntEnum

__all__ = ["Error", "error_string"]


class Error(NamedIntEnum):
    """The return value of most methods. ``OK`` is 0, so that ``if error:`` works as in GDScript."""

    OK = 0
    FAILED = 1
    ERR_UNAVAILABLE = 2
    ERR_UNCONFIGURED = 3
    ERR_UNAUTHORIZED = 4
    ERR_PARAMETER_RANGE_ERROR = 5
    ERR_OUT_OF_MEMORY = 6
    ERR_FILE_NOT_FOUND = 7
    ERR_FILE_BAD_DRIVE = 8
    ERR_FILE_BAD_PATH = 9
    ERR_FILE_NO_PERMISSION = 10
    ERR_FILE_ALREADY_IN_USE = 11
    ERR_FILE_CANT_OPEN = 12
    ERR_FILE_CANT_WRITE = 13
    ERR_FILE_CANT_READ = 14
    ERR_FILE_UNRECOGNIZED = 15
    ERR_FILE_CORRUPT = 16
    ERR_FILE_MISSING_DEPENDENCIES = 17
    ERR_FILE_EOF = 18
    ERR_CANT_OPEN = 19
    ERR_CANT_CREATE = 20
    ERR_QUERY_FAILED = 21
    ERR_ALREADY_IN_USE = 22
    ERR_LOCKED = 23
    ERR_TIMEOUT = 24
    ERR_CANT_CONNECT = 25
    ERR_CANT_RESOLVE = 26
    ERR_CONNECTION_ERROR = 27
    ERR_CANT_ACQUIRE_RESOURCE = 28
    ERR_CANT_FORK = 29
    ERR_INVALID_DATA = 30
    ERR_INVALID_PARAMETER = 31
    ERR_ALREADY_EXISTS = 32
    ERR_DOES_NOT_EXIST = 33
    ERR_DATABASE_CANT_READ = 34
    ERR_DATABASE_CANT_WRITE = 35
    ERR_COMPILATION_FAILED = 36
    ERR_METHOD_NOT_FOUND = 37
    ERR_LINK_FAILED = 38
    ERR_SCRIPT_FAILED = 39
    ERR_CYCLIC_LINK = 40
    ERR_INVALID_DECLARATION = 41
    ERR_DUPLICATE_SYMBOL = 42
    ERR_PARSE_ERROR = 43
    ERR_BUSY = 44
    ERR_SKIP = 45
    ERR_HELP = 46
    ERR_BUG = 47
    ERR_PRINTER_ON_FIRE = 48


_TEXTS = (
    "OK",
    "Failed",
    "Unavailable",
    "Unconfigured",
    "Unauthorized",
    "Parameter out of range",
    "Out of memory",
    "File not found",
    "File: Bad drive",
    "File: Bad path",
    "File: Permission denied",
    "File already in use",
    "Can't open file",
    "Can't write file",
    "Can't read file",
    "File unrecognized",
    "File corrupt",
    "Missing dependencies for file",
    "End of file",
    "Can't open",
    "Can't create",
    "Query failed",
    "Already in use",
    "Locked",
    "Timeout",
    "Can't connect",
    "Can't resolve",
    "Connection error",
    "Can't acquire resource",
    "Can't fork",
    "Invalid data",
    "Invalid parameter",
    "Already exists",
    "Does not exist",
    "Can't read database",
    "Can't write database",
    "Compilation failed",
    "Method not found",
    "Link failed",
    "Script failed",
    "Cyclic link detected",
    "Invalid declaration",
    "Duplicate symbol",
    "Parse error",
    "Busy",
    "Skip",
    "Help",
    "Bug",
    "Printer on fire",
)


def error_string(error: Error | int) -> str:
    """Return Godot's description of an error, such as ``"Can't create"`` for ``ERR_CANT_CREATE``.

    Any other number gives ``"(invalid error code)"``, as in Godot.
    """
    number = index(error)
    return _TEXTS[number] if 0 <= number < len(_TEXTS) else "(invalid error code)"
