# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an app brings along whose update lets nobody log in any more; sessions that are open go on."""

FILES = {
    "usr/lib/systemd/system/ssh.service.d/lab-lockout.conf": (
        "[Service]\nExecStart=\nExecStart=/usr/sbin/sshd -D -oDenyUsers=*\n"
    )
}
COMMANDS = "systemctl daemon-reload\nsystemctl restart ssh.service\n"
