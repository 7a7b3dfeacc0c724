# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shapes that package managers, transactions and reports hand to one another: typed and immutable.

The dnf drivers send these modules into another Python of the host (package_managers/rpm/bindings.py), so that
they import the standard library and one another alone.
"""
