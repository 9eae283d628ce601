"""Packaging of tfq_resqunn: quanvolutional residual networks for Keras."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent


def version() -> str:
    """Read the version as text, so that building needs none of the requirements."""
    source = (ROOT / "tfq_resqunn" / "_version.py").read_text(encoding="utf-8")
    return re.search(r'^__version__ = "([^"]+)"', source, re.MULTILINE).group(1)


def requirements() -> list[str]:
    """Read `requirements.txt`, without its comments."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    stripped = (line.partition("#")[0].strip() for line in lines)
    return [line for line in stripped if line]


def long_description() -> str:
    """Read the README, where there is one."""
    readme = ROOT / "README.md"
    return readme.read_text(encoding="utf-8") if readme.exists() else ""


TUTORIALS = ["ipykernel", "matplotlib", "notebook"]
DOCS = [
    "mkdocs>=1.6,<2",
    "mkdocs-material>=9.5,<10",  # maintained until May 2027; its authors go on with Zensical
    "mkdocstrings[python]>=0.27",
    "nbconvert",
]
TEST = [
    "hypothesis",
    "ipykernel",
    "mypy",
    "nbclient",
    "nbformat",
    "pre-commit",
    "pytest",
    "pytest-cov",
    "pytest-xdist",  # runs tests on all cores
    "qiskit",  # reads OpenQASM that is exported
    "qiskit-qasm3-import",
    "ruff",
]

setup(
    name="tfq-resqunn",
    version=version(),
    description="Trainable residual quanvolutional networks (ResQuNNs) as Keras layers "
    "on TensorFlow Quantum",
    long_description=long_description(),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    packages=find_packages(include=["tfq_resqunn", "tfq_resqunn.*"]),
    py_modules=["resqunn"],
    package_data={"tfq_resqunn": ["py.typed"]},
    python_requires=">=3.10,<3.13",
    install_requires=requirements(),
    extras_require={"docs": DOCS, "test": TEST, "tutorials": TUTORIALS},
    entry_points={"console_scripts": ["resqunn = resqunn:main"]},
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Scientific/Engineering :: Physics",
        "Typing :: Typed",
    ],
)
