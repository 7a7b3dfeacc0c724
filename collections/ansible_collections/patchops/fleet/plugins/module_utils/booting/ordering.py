# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have the host reboot."""

import subprocess

from ansible_collections.patchops.fleet.plugins.module_utils.process import run

# The answer has to leave the host before its network goes.
_DELAY_SECONDS = 1


def order_reboot() -> bool:
    """Have the host reboot in a moment; return whether somebody took the order."""
    answer = run(
        [
            "systemd-run",
            "--collect",
            "--quiet",
            f"--on-active={_DELAY_SECONDS}",
            "--timer-property=AccuracySec=100ms",
            "systemctl",
            "reboot",
        ]
    )
    if answer.rc == 0:
        return True
    try:
        # Without systemd. A session of its own: it has to outlive the login that this call came by.
        subprocess.Popen(
            ["/bin/sh", "-c", 'sleep "$0"; exec shutdown -r now', str(_DELAY_SECONDS)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
    except OSError:
        return False
    return True
