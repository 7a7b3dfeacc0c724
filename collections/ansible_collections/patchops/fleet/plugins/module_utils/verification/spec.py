# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How checks are written: one spec for the module and for the plan, which reads them first."""

TCP_OPTIONS = {
    "host": {"type": "str", "default": "127.0.0.1"},
    "port": {"type": "int", "required": True},
}
HTTP_OPTIONS = {
    "url": {"type": "str", "required": True},
    "status": {"type": "int", "default": 200},
    "contains": {"type": "str"},
    "validate_certs": {"type": "bool", "default": True},
}
CHECK_OPTIONS = {
    "unit": {"type": "str"},
    "tcp": {"type": "dict", "options": TCP_OPTIONS},
    "http": {"type": "dict", "options": HTTP_OPTIONS},
    "command": {"type": "list", "elements": "str"},
}
CHECK_ARGUMENTS = {
    "type": "list",
    "elements": "dict",
    "options": CHECK_OPTIONS,
    "required_one_of": [("unit", "tcp", "http", "command")],
    "mutually_exclusive": [("unit", "tcp", "http", "command")],
    "default": [],
}
PACKAGE_ARGUMENTS = {
    "type": "list",
    "elements": "dict",
    "options": {
        "name": {"type": "str", "required": True},
        "arch": {"type": "str", "required": True},
        "version": {"type": "str"},
    },
    "default": [],
}
