# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What PatchOps keeps on a host: layout, locks, journals of transactions, the record of a reboot."""
