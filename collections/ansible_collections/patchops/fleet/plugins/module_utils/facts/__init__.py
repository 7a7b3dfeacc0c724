# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about a host, one topic a file: pure parsers beside the few lines that read."""
