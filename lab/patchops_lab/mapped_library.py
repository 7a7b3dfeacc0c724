# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A library of the lab, and a service that executes it: what has to be restarted after its update."""

_SERVICE = """\
import mmap, time
with open("/{library}", "rb") as file:
    code = mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_EXEC)
while True:
    time.sleep(60)
"""


def content(version: str) -> str:
    """What is in the library, another one in each version."""
    return f"{version}\n" * 1000


def service(library: str) -> str:
    """The Python program that executes a library (a path without its leading slash) until it is ended."""
    return _SERVICE.format(library=library)
