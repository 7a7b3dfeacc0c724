# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations by name."""

from ansible_collections.patchops.fleet.plugins.module_utils.operations import Operation

OPERATIONS = ("host_info", "reboot", "transaction", "transaction_info", "verify")


def find(name: str) -> Operation:
    """Return one of OPERATIONS; what the others import is not compiled on the host."""
    if name == "host_info":
        from ansible_collections.patchops.fleet.plugins.module_utils.operations import host_info

        return host_info.OPERATION
    if name == "reboot":
        from ansible_collections.patchops.fleet.plugins.module_utils.operations import reboot

        return reboot.OPERATION
    if name == "transaction":
        from ansible_collections.patchops.fleet.plugins.module_utils.operations import transaction

        return transaction.OPERATION
    if name == "transaction_info":
        from ansible_collections.patchops.fleet.plugins.module_utils.operations import transaction_info

        return transaction_info.OPERATION
    from ansible_collections.patchops.fleet.plugins.module_utils.operations import verify

    return verify.OPERATION
