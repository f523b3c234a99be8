# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What holds unless something else is chosen; imports nothing, as command lines start with it."""

FALSE_ALARMS_PER_AISLE_PATROL = 1.0
