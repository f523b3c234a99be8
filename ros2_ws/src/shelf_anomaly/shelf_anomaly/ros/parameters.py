# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The node's parameters: declared with range and description, then validated into the struct."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
import math

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.exceptions import (
    InvalidParameterTypeException,
    InvalidParameterValueException,
    ParameterUninitializedException,
)
from rclpy.node import Node
from rclpy.parameter import Parameter

from ..errors import SettingsError
from .guard import Guard
from .parameter_table import DetectorParameters, NO_MOUNT, Spec, SPECS, Value

NOT_OURS = ('use_sim_time', 'qos_overrides.', 'start_type_description_service')


def declare(node: Node, specs: Sequence[Spec] = SPECS) -> dict[str, Value]:
    """
    Declare every parameter and return the values.

    :param node: the node that gets them
    :param specs: the table
    :return: value by name
    :raises SettingsError: in one sentence, if a value has the wrong type or is out of range
    """
    values: dict[str, Value] = {}
    for spec in specs:
        default: object = list(spec.default) if isinstance(spec.default, tuple) else spec.default
        try:
            parameter = node.declare_parameter(spec.name, default, _descriptor(spec))
        except InvalidParameterTypeException as error:
            raise SettingsError(_type_sentence(spec, node)) from error
        except (InvalidParameterValueException, ParameterUninitializedException) as error:
            raise SettingsError(f'parameter {spec.name}: {error}') from error
        values[spec.name] = _plain(parameter)
    return values


def unknown_overrides(node: Node, specs: Sequence[Spec] = SPECS) -> list[str]:
    """Return the names that were set from outside and that no parameter has, sorted."""
    given: Mapping[str, object] = getattr(node, '_parameter_overrides', {})
    known = {spec.name for spec in specs}
    return sorted(name for name in given if name not in known and not name.startswith(NOT_OURS))


def validate(values: Mapping[str, Value]) -> DetectorParameters:
    """
    Check what ranges alone cannot, and build the struct.

    :param values: value by name, all of them
    :return: the struct
    :raises SettingsError: in one sentence
    """
    check_values(values, SPECS)
    named = {field.name: values[field.name] for field in fields(DetectorParameters)}
    parameters = DetectorParameters(**named)  # type: ignore[arg-type]
    if not parameters.model:
        raise SettingsError('parameter model: is empty; name the folder of a model (model:=DIR)')
    if not parameters.store:
        raise SettingsError('parameter store: is empty; name the store layout (store:=store.yaml)')
    if parameters.min_exposure >= parameters.max_exposure:
        raise SettingsError(
            f'parameter min_exposure: {parameters.min_exposure} is not below max_exposure '
            f'{parameters.max_exposure}'
        )
    mount = parameters.camera_mount
    if len(mount) != 7 or not all(map(math.isfinite, mount)):
        raise SettingsError(
            f'parameter camera_mount: {list(mount)} must be 7 finite numbers x y z qx qy qz qw'
        )
    length = math.hypot(*mount[3:])
    if mount != NO_MOUNT and not 0.9 < length < 1.1:
        raise SettingsError(
            f'parameter camera_mount: the quaternion {list(mount[3:])} has length {length:.3g}, '
            'expected 1'
        )
    return parameters


def check_values(values: Mapping[str, Value], specs: Sequence[Spec]) -> None:
    """Refuse a value outside its range or choices; :raises SettingsError: in one sentence."""
    for spec in specs:
        if spec.name not in values:
            continue
        value = values[spec.name]
        if spec.choices and value not in spec.choices:
            raise SettingsError(
                f'parameter {spec.name}: {value!r} is none of {", ".join(spec.choices)}'
            )
        if spec.low is None or spec.high is None or not isinstance(value, (int, float)):
            continue
        if not spec.low <= value <= spec.high:
            limits = f'{spec.low:g}..{spec.high:g}'
            raise SettingsError(f'parameter {spec.name}: {value} is outside {limits}')


def watch(node: Node, guard: Guard, apply: Callable[[str, Value], None]) -> None:
    """
    Let parameters be changed while the node runs: checked first, applied when all were accepted.

    :param apply: told of each change; must return at once
    """

    def check(changes: list[Parameter]) -> SetParametersResult:
        try:
            check_values({change.name: _plain(change) for change in changes}, SPECS)
        except Exception as error:  # noqa: BLE001  it would end the node, from afar
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def take(changes: list[Parameter]) -> None:
        for change in changes:
            guard.run('parameters', apply, change.name, change.value)

    node.add_on_set_parameters_callback(check)
    node.add_post_set_parameters_callback(take)


def _descriptor(spec: Spec) -> ParameterDescriptor:
    descriptor = ParameterDescriptor(description=spec.description, read_only=not spec.live)
    if spec.choices:
        descriptor.additional_constraints = 'one of ' + ', '.join(spec.choices)
    if spec.low is not None and spec.high is not None:
        if isinstance(spec.default, int):
            descriptor.integer_range = [
                IntegerRange(from_value=int(spec.low), to_value=int(spec.high))
            ]
        else:
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=spec.low, to_value=spec.high)
            ]
    return descriptor


def _plain(parameter: Parameter) -> Value:
    value = parameter.value
    if isinstance(value, (str, bool, int, float)):
        return value
    return tuple(float(number) for number in value)


def _type_sentence(spec: Spec, node: Node) -> str:
    """Say in one line what was expected; an integer for a number is the usual slip."""
    given: Mapping[str, Parameter] = getattr(node, '_parameter_overrides', {})
    value = given[spec.name].value if spec.name in given else None
    if isinstance(spec.default, float) and isinstance(value, int) and not isinstance(value, bool):
        return (
            f'parameter {spec.name}: got the integer {value}, expected a number with a decimal '
            f'point; write {value}.0'
        )
    if isinstance(spec.default, tuple):
        return (
            f'parameter {spec.name}: got {value!r}, expected a list of numbers with decimal '
            'points, e.g. [0.0, 0.0, 0.9, ...]'
        )
    wanted = type(spec.default).__name__
    return f'parameter {spec.name}: got {value!r} ({type(value).__name__}), expected {wanted}'
