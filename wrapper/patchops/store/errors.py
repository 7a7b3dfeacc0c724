# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with the state, whatever database keeps it."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

StateError = SQLAlchemyError
"""The database could not be reached or refused a statement."""
