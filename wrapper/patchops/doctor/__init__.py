# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is this set-up fit to patch with? Looks at the controller and at each host, and says what to do."""
