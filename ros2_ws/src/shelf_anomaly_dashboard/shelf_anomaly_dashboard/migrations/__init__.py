# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""How the database came to its present shape, step by step (Alembic)."""
