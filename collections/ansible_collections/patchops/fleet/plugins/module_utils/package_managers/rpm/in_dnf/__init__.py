# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dnf 4 and dnf 5 share inside the interpreter that has their bindings.

Nothing here may import more of the collection than its neighbours: rpm/bindings.py sends just these files
over.
"""
