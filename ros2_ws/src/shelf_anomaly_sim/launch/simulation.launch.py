# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A simulated robot in a simulated store; patrol.launch.py of shelf_anomaly goes beside it."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

ARGUMENTS = (
    ('seed', '4', int, 'another seed, another store; 4 is the demo store'),
    ('bays', '5', int, 'bays on one side of the aisle'),
    ('produce_bays', '1', int, 'bays that hold produce; -1 is about one in five'),
    ('patrols', '6', int, 'patrols to drive'),
    ('faults', '5', int, 'faults in a set; a set stands for two patrols'),
    ('rate', '1.0', float, 'times faster than real time'),
    ('pace', 'none', str, 'none, or status: no faster than the detector follows'),
    ('cameras', 'left', str, 'left, right or left,right'),
    ('transport', 'compressed', str, 'compressed or raw'),
    ('pictures', '', str, 'folder of product pictures; empty: the art is drawn'),
)


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments and start the robot."""
    parameters = {
        name: ParameterValue(LaunchConfiguration(name), value_type=kind)
        for name, _, kind, _ in ARGUMENTS
    }
    return LaunchDescription(
        [
            *(
                DeclareLaunchArgument(name, default_value=default, description=text)
                for name, default, _, text in ARGUMENTS
            ),
            Node(
                package='shelf_anomaly_sim',
                executable='sim_node',
                output='screen',
                parameters=[parameters],
            ),
        ]
    )
