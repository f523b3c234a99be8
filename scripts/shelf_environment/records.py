# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Looks for files of installed packages that are no longer there."""

import csv
import os
from pathlib import Path


def first_lost_file(site_packages: Path) -> str | None:
    """
    Return a file that a package installed and that is gone, or None.

    Byte code is not looked at: it comes and goes.
    """
    base = str(site_packages)
    for record in sorted(site_packages.glob('*.dist-info/RECORD')):
        with open(record, newline='', encoding='utf-8') as lines:
            for row in csv.reader(lines):
                if not row or row[0].endswith('.pyc'):
                    continue
                path = os.path.join(base, row[0])
                if not os.path.lexists(path):
                    return os.path.normpath(path)
    return None
