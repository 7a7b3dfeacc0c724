# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps from one version of the tables to the next, applied when the database is opened."""
