# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What a model was made with, for its manifest."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
import platform

PACKAGES = ('keras', 'tensorflow-cpu', 'tf2onnx', 'onnx', 'onnxruntime', 'numpy', 'opencv-python')


def versions() -> dict[str, str]:
    """Return the versions of Python and of what takes part in making a model."""
    found = {'python': platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = 'not installed under this name'
    return found
