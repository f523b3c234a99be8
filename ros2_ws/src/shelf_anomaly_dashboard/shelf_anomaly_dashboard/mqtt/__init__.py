# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The only room that knows MQTT: reports in, verdicts and changes out."""
