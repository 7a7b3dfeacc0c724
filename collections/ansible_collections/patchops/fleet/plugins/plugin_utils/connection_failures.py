# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell from what Ansible and ssh print why a host could not be asked.

Pure: text in, code out. The texts are those of OpenSSH, sudo, su and ansible-core 2.16 to 2.21.
"""

from __future__ import annotations

import re

# The order matters: ssh prints "Host key verification failed" after the banner about a changed key as well,
# and "Permission denied" names a login only with the list of methods behind it.
_PATTERNS = {
    code: re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for code, pattern in (
        (
            "controller_failed",
            r"unable to create local directories|too long for unix domain socket|"
            r"must install the sshpass program|no vault secrets (were )?found|decryption failed",
        ),
        (
            "host_key_changed",
            r"REMOTE HOST IDENTIFICATION HAS CHANGED|host key for .* has changed|BadHostKey",
        ),
        (
            "host_key_unknown",
            r"host key verification failed|no .* host key is known|authenticity of host|"
            r"host key checking is enabled and sshpass|host's fingerprint",
        ),
        (
            "become_failed",
            r"(incorrect|missing) \S+ password|not in the sudoers file|"
            r"sudo: (a password is required|a terminal is required|sorry|no tty|\d+ incorrect)|"
            r"sorry, try again|"
            r"is not allowed to (execute|run sudo)|may not run sudo|su: authentication failure|"
            r"\b(sudo|su|doas|dzdo|pbrun|pfexec|run0)\S*: (not found|command not found|no such file)|"
            r"doas: (authentication failed|operation not permitted)",
        ),
        (
            "python_missing",
            r"python[^:]*: error while loading shared libraries|"
            r"module interpreter .* was not found|no python interpreters? (was |were )?found|"
            r"python[0-9.]*: (not found|no such file or directory|command not found|inaccessible)",
        ),
        (
            "python_unsupported",
            r"requires a minimum of python|unsupported python (interpreter|version)|"
            r"future feature annotations is not defined|AnsiballZ_\w+\.py\", line[\s\S]*SyntaxError",
        ),
        (
            "authentication_failed",
            r"permission denied \(|permission denied, please|invalid/incorrect (username/)?password|"
            r"too many authentication failures|authentication failed|no supported authentication methods|"
            r"system is booting up|pam_nologin",
        ),
        ("name_unresolved", r"could not resolve hostname|name or service not known|name resolution"),
        ("connection_refused", r"connection refused"),
        (
            "connection_timeout",
            # A link that was cut shows first where Ansible waits for sudo's question.
            r"waiting for privilege escalation prompt|"
            r"(connection|operation) timed out|timed out during banner exchange|"
            r"connect to host \S+ port \d+: (no route to host|network is unreachable)|no route to host",
        ),
        # ssh gave up before it was logged in; what follows speaks of sessions that broke.
        ("unreachable", r"mm_receive_fd|kex_exchange_identification|connection closed by .* port \d+"),
        (
            "connection_lost",
            r"connection (reset|to \S+ closed)|closed by remote host|broken pipe|mux_client|"
            # ssh said nothing: the shared connection that it used was there and went away.
            r"server .* not responding|(over|via) ssh:\s*$",
        ),
        (
            "no_temporary_space",
            r"failed to create temporary directory|no space left on device|read-only file system|"
            r"failed to resolve remote temporary directory|disk quota exceeded",
        ),
        (
            "bad_arguments",
            r"unsupported parameters for|missing required arguments|parameters are mutually exclusive|"
            r"value of \S+ must be one (or more )?of|argument '\S+' is of type|missing parameter|"
            r"is of type .* and we were unable to convert",
        ),
    )
}

REMEDIES = {
    "unreachable": "Try ssh to the host by hand with the same user and key.",
    "connection_refused": "Start sshd on the host, or correct ansible_host and ansible_port.",
    "connection_timeout": "Check that the host is up and reachable, and that sudo answers at once.",
    "connection_lost": "Run the same command again: it asks the host what became of the first.",
    "name_unresolved": "Correct the name or set ansible_host in the inventory.",
    "host_key_changed": (
        "Find out why the key changed. When the host was rebuilt on purpose, remove its old key with "
        "ssh-keygen -R and accept the new one."
    ),
    "host_key_unknown": "Verify the host's key and add it to known_hosts.",
    "authentication_failed": "Check ansible_user and its key or password, and that the account may log in.",
    "become_failed": (
        "Check the become password and that the user may become root on the host. Where its sudo wants a "
        "tty, set ansible_pipelining: false for it."
    ),
    "python_missing": "Install Python 3 on the host or set ansible_python_interpreter.",
    "python_unsupported": "Install a newer Python on the host or use an ansible-core that supports it.",
    "controller_failed": (
        "Correct it on the controller: its Ansible directories must be writable (ANSIBLE_HOME, "
        "ansible_control_path_dir), and sshpass and vault passwords be there where they are used."
    ),
    "no_temporary_space": "Free space in the login user's home on the host or set ansible_remote_tmp.",
    "bad_arguments": "Correct the arguments of the task.",
    "module_crashed": "Run it again with -vvv and report the traceback.",
}

# A host that is booting answers in these ways before it lets anybody in.
TRANSIENT = frozenset(
    {
        "unreachable",
        "connection_refused",
        "connection_timeout",
        "connection_lost",
        "name_unresolved",
        "authentication_failed",
        "no_temporary_space",
    }
)

_DEBUG_LINE = re.compile(r"^\s*(debug[1-3]:|OpenSSH_|escalation succeeded)")
_CONTROL = re.compile(r"[^\x20-\x7e\u00a0-\U0010ffff]+")
# What Ansible puts before ssh's own words.
_PREFIX = re.compile(
    r"^(Failed to connect to the host via \w+|Data could not be sent to remote host .*? over ssh):\s*"
)
_LONGEST_DETAIL = 300
_LONGEST_END = 20_000


def failure_code(text: str, default: str) -> str:
    """Return the outcome code that `text` speaks of, or `default`."""
    plain = "\n".join(_telling_lines(text))
    return next((code for code, pattern in _PATTERNS.items() if pattern.search(plain)), default)


def failure_detail(text: str, code: str) -> str:
    """Return the line of `text` that speaks of `code`, else its end, printable: `text` is untrusted."""
    lines = [_PREFIX.sub("", line) for line in _telling_lines(text)]
    pattern = _PATTERNS.get(code)
    told = [line for line in lines if pattern is not None and pattern.search(line)]
    plain = " ".join(_CONTROL.sub(" ", " ".join(told[-1:] or lines)).split())
    return plain if len(plain) <= _LONGEST_DETAIL else "..." + plain[-_LONGEST_DETAIL:]


def _telling_lines(text: str) -> list[str]:
    # At -vvv the error carries ssh's whole debug output, which speaks of refusals that didn't matter.
    return [line for line in _ends(text).splitlines() if line.strip() and not _DEBUG_LINE.match(line)]


def _ends(text: str) -> str:
    """Return the beginning and the end of a text: the patterns take long where a host prints without end."""
    return text if len(text) <= 2 * _LONGEST_END else f"{text[:_LONGEST_END]}\n{text[-_LONGEST_END:]}"
