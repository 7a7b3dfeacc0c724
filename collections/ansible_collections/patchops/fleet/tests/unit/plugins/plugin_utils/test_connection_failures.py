# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.patchops.fleet.plugins.module_utils.outcome import (
    CODES,
    REFUSED,
    UNKNOWN,
    UNREACHABLE,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.connection_failures import (
    REMEDIES,
    TRANSIENT,
    failure_code,
    failure_detail,
)

CHANGED_KEY = """\
Failed to connect to the host via ssh: @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
Host key for 10.99.0.14 has changed and you have requested strict checking.
Host key verification failed."""

VERBOSE = """\
Failed to connect to the host via ssh: OpenSSH_9.2p1 Debian-2+deb12u7
debug1: Connecting to web1 [2001:db8::1] port 22.
debug1: connect to address 2001:db8::1 port 22: Connection refused
debug1: Connecting to web1 [10.0.0.1] port 22.
debug1: Authentications that can continue: publickey
admin@web1: Permission denied (publickey)."""

DROPPED = 'Data could not be sent to remote host "10.99.0.12". Make sure this host can be reached over ssh: '

TOLD = [
    ("controller_failed", "Unable to create local directories '/home/awx/.ansible/cp'."),
    ("controller_failed", 'ControlPath "/a/b" too long for Unix domain socket'),
    ("controller_failed", "Attempting to decrypt but no vault secrets found."),
    ("host_key_changed", CHANGED_KEY),
    ("host_key_unknown", "No ED25519 host key is known for h and you have requested strict checking."),
    ("host_key_unknown", "Host Key checking is enabled and sshpass does not support this"),
    ("become_failed", "Missing sudo password"),
    ("become_failed", "Incorrect sudo password"),
    ("become_failed", "Incorrect su password"),
    ("become_failed", "admin is not in the sudoers file."),
    ("become_failed", "sudo: a password is required"),
    ("become_failed", "/bin/sh: 1: sudo: not found"),
    ("connection_timeout", "Timeout (12s) waiting for privilege escalation prompt: "),
    ("connection_timeout", "ssh: connect to host 10.0.0.1 port 22: Connection timed out"),
    ("connection_timeout", "ssh: connect to host 10.0.0.1 port 22: No route to host"),
    ("connection_timeout", DROPPED + "Connection timed out during banner exchange"),
    ("connection_refused", "ssh: connect to host 127.0.0.1 port 1: Connection refused"),
    ("connection_refused", "channel 0: open failed: connect failed: Connection refused"),
    ("python_missing", "The module interpreter '/usr/bin/python3' was not found."),
    ("python_missing", "/bin/sh: 1: /usr/bin/python3: not found"),
    (
        "python_missing",
        "/opt/python3.6: error while loading shared libraries: libpython3.6m.so.1.0\nConnection to h closed.",
    ),
    ("python_missing", "sh: /usr/bin/python3.12: No such file or directory"),
    ("python_unsupported", "ansible-core requires a minimum of Python version 3.8. Current version: 3.6.8"),
    ("python_unsupported", 'AnsiballZ_host_info.py", line 40\nSyntaxError: invalid syntax'),
    ("authentication_failed", "admin@10.99.0.15: Permission denied (publickey)."),
    ("authentication_failed", "Invalid/incorrect password: Permission denied, please try again."),
    ("authentication_failed", '"System is booting up. Unprivileged users are not permitted to log in yet."'),
    ("name_unresolved", "ssh: Could not resolve hostname nohost.invalid: Name or service not known"),
    ("unreachable", DROPPED + "kex_exchange_identification: Connection closed by remote host"),
    ("unreachable", "Connection closed by UNKNOWN port 65535"),
    ("connection_lost", DROPPED),
    ("connection_lost", "Shared connection to 10.0.0.1 closed by remote host."),
    ("connection_lost", "Connection to 10.0.0.1 closed by remote host."),
    ("connection_lost", "client_loop: send disconnect: Broken pipe"),
    ("connection_lost", "Timeout, server 10.0.0.1 not responding."),
    ("no_temporary_space", "Failed to create temporary directory. In some cases, you may have been able to"),
    ("no_temporary_space", "mkdir: cannot create directory: No space left on device"),
    ("bad_arguments", "Unsupported parameters for (patchops.fleet.host_info) module: bogus."),
    ("bad_arguments", "value of subsets must be one or more of: os, machine. Got no match for: x"),
    ("bad_arguments", "argument 'refresh' is of type <class 'str'> and we were unable to convert to bool"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "text"), TOLD)
def test_what_ssh_sudo_and_ansible_say_is_understood(code: str, text: str) -> None:
    assert failure_code(text, "default") == code


def test_what_nobody_said_before_gets_the_default() -> None:
    assert failure_code("something else", "unreachable") == "unreachable"


def test_sshs_debug_output_does_not_mislead() -> None:
    assert failure_code(VERBOSE, "unreachable") == "authentication_failed"
    assert failure_detail(VERBOSE, "authentication_failed") == "admin@web1: Permission denied (publickey)."


def test_the_line_that_tells_is_the_detail() -> None:
    assert failure_detail(CHANGED_KEY, "host_key_changed") == (
        "Host key for 10.99.0.14 has changed and you have requested strict checking."
    )


def test_ansibles_own_words_around_sshs_are_left_out() -> None:
    text = DROPPED + "ssh: Could not resolve hostname web1: Name or service not known"
    assert failure_detail(text, "name_unresolved") == (
        "ssh: Could not resolve hostname web1: Name or service not known"
    )
    assert failure_detail(DROPPED, "connection_lost") == ""


@given(st.text())
def test_no_text_of_a_host_brings_control_characters_or_great_length(text: str) -> None:
    detail = failure_detail(text, "unreachable")
    assert len(detail) <= 303
    assert detail.isprintable() or max(detail) >= "\u00a0"
    assert "\x1b" not in detail
    assert "\n" not in detail


def test_every_code_has_a_remedy_and_none_claims_a_change() -> None:
    assert {CODES[code][0] for code in REMEDIES} <= {UNREACHABLE, REFUSED, UNKNOWN}
    assert {code for code in TRANSIENT if not REMEDIES[code]} == set()


@pytest.mark.parametrize("code", ["host_key_changed", "host_key_unknown", "become_failed", "python_missing"])
def test_waiting_does_not_help_against_what_is_wrong_for_good(code: str) -> None:
    assert code not in TRANSIENT


@pytest.mark.parametrize("flood", ["server is of type ", "via ssh: \t", "value of x must be on"])
def test_a_flood_of_text_is_read_at_its_ends_alone(flood: str) -> None:
    text = f"Connection refused\n{flood * 2_000_000}\nPermission denied (publickey)"
    assert failure_code(text, "unreachable") == failure_code("Permission denied (publickey)", "unreachable")
    assert len(failure_detail(text, "authentication_failed")) <= 303
