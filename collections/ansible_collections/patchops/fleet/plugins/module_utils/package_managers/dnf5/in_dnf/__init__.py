# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs in the interpreter that has libdnf5's bindings, which need not be the one that runs the module.

Nothing here may import more of the collection than its neighbours and rpm/in_dnf: rpm/bindings.py sends just
these files over.
"""
