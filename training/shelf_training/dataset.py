# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The dataset of bay views lies in the core, because a robot that is taught writes it too."""

from shelf_anomaly.dataset import (
    Dataset,
    INDEX,
    JPEG_QUALITY,
    load_dataset,
    SCHEMA,
    STORE,
    ViewEntry,
    write_index,
)

__all__ = [
    'INDEX',
    'JPEG_QUALITY',
    'SCHEMA',
    'STORE',
    'Dataset',
    'ViewEntry',
    'load_dataset',
    'write_index',
]
