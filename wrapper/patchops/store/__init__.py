# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""State of the wrapper in SQLite: hosts, runs, attempts, host results, transactions."""
