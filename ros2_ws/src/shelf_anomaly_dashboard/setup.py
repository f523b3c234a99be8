# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Installs shelf_anomaly_dashboard; colcon calls it."""

from glob import glob
from os.path import isfile

from setuptools import find_packages, setup

NAME = 'shelf_anomaly_dashboard'

setup(
    name=NAME,
    version='0.1.0',
    packages=find_packages(exclude=['test', 'test.*']),
    package_data={
        NAME: [
            'py.typed',
            'templates/*',
            'templates/**/*',
            'static/*',
            'static/**/*',
            'migrations/*',
            'migrations/**/*',
        ]
    },
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{NAME}']),
        (f'share/{NAME}', ['package.xml']),
        (f'share/{NAME}/launch', sorted(glob('launch/*.launch.py'))),
        (f'share/{NAME}/config', sorted(filter(isfile, glob('config/*')))),
    ],
    # The dependencies are in package.xml (ROS) and in requirements/ (PyPI).
    install_requires=['setuptools'],
    zip_safe=False,
    maintainer='The Shelf Anomaly authors',
    maintainer_email='maintainers@shelf-anomaly.example',
    description='Keeps the alerts of the robots and shows them live on a web page.',
    license='Apache-2.0',
    python_requires='>=3.10',
    entry_points={
        'console_scripts': [
            'shelf-anomaly-dashboard = shelf_anomaly_dashboard.cli:main',
            'dashboard_node = shelf_anomaly_dashboard.ros.dashboard_node:main',
        ],
    },
)
