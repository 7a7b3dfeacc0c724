# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open a connection and hand it to ssh: "ProxyCommand nsenter --net=... python connect.py %h %p".

ssh (with ProxyUseFdpass) takes the open socket from standard output, so nothing stands between ssh and the
host.
Standard library only and no import of patchops: it starts for each connection.
"""

import array
import socket
import sys

_CONNECT_SECONDS = 10.0


def main() -> int:
    """Connect to the host and port named in the arguments; returns the exit status."""
    host, port = sys.argv[1], int(sys.argv[2])
    try:
        connection = socket.create_connection((host, port), timeout=_CONNECT_SECONDS)
    except OSError as error:
        sys.stderr.write(f"lab host {host} port {port}: {error}\n")
        return 1
    connection.settimeout(None)
    with socket.socket(fileno=sys.stdout.fileno()) as to_ssh:
        rights = array.array("i", [connection.fileno()])
        to_ssh.sendmsg([b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        to_ssh.detach()
    return 0


if __name__ == "__main__":
    sys.exit(main())
