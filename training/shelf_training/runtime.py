# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""TensorFlow set up once: few threads, few words, and the same numbers on every run."""

from __future__ import annotations

import contextlib
import logging
import os

DEFAULT_THREADS = 2


def prepare(seed: int, threads: int = DEFAULT_THREADS) -> None:
    """
    Make the run repeatable: seeds of Python, numpy and Keras, and deterministic operations.

    :param seed: the same seed and data give the same model
    :param threads: of TensorFlow; has no effect after its first operation in the process
    """
    quiet()
    import keras
    import tensorflow as tf

    with contextlib.suppress(RuntimeError):  # already running: an earlier call has set it
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def quiet() -> None:
    """Keep TensorFlow's start-up notes off the terminal; errors still show."""
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
    logging.getLogger('tensorflow').setLevel(logging.ERROR)
    logging.getLogger('tf2onnx').setLevel(logging.ERROR)
