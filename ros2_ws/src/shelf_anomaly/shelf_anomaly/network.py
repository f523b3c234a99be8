# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The only importer of ONNX Runtime: a picture in, code and reconstruction error per cell out."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort

from .errors import ArtefactError
from .preprocess import network_input
from .records import Float32Array, ImageArray


class Network:
    """An autoencoder in ONNX Runtime on the CPU."""

    def __init__(
        self, onnx: bytes, stride: int, *, threads: int = 2, name: str = 'network.onnx'
    ) -> None:
        """
        Load the graph from memory, so that no other file is opened.

        :param stride: pixels per cell of the output
        :param threads: threads of one inference
        :raises ArtefactError: if ONNX Runtime refuses the graph or its outputs are not code and
            error
        """
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Spinning workers would eat the core that decodes the next frame.
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        try:
            self._session = ort.InferenceSession(onnx, options, providers=['CPUExecutionProvider'])
        except Exception as error:  # noqa: BLE001  ONNX Runtime's classes have no common base
            raise ArtefactError(f'{name}: ONNX Runtime refuses it: {str(error)[:300]}') from None
        outputs = {output.name for output in self._session.get_outputs()}
        if not {'code', 'error'} <= outputs:
            raise ArtefactError(
                f'{name}: outputs {sorted(outputs)}, expected code and error; fit the model again'
            )
        self._input = self._session.get_inputs()[0].name
        self.stride = stride

    def __call__(self, image: ImageArray) -> tuple[Float32Array, Float32Array]:
        """
        Run one picture.

        :param image: shape ``(rows, cols, 3)``, uint8 BGR
        :return: code, shape ``(rows', cols', dims)``, and error, shape ``(rows', cols')``
        :raises ArtefactError: if the output is not finite
        """
        code, error = self._session.run(
            ['code', 'error'], {self._input: network_input(image, self.stride)}
        )
        if not (np.isfinite(code).all() and np.isfinite(error).all()):
            raise ArtefactError(
                'network: the output is not finite; the model is damaged, fit it again'
            )
        return code[0], error[0]
