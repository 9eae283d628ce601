"""Packaging of tfq_resqunn: quanvolutional residual networks for Keras."""

import os
import re
from pathlib import Path

from packaging.requirements import Requirement
from setuptools import find_packages, setup

ROOT = Path(__file__).parent
# The project's address. Whatever else names it (CITATION.cff, mkdocs.yml, the README's badges and
# the notebooks' first cells) is held to this by tests/project/test_packaging.py.
URL = "https://github.com/tfq-resqunn/tfq_resqunn"


def version() -> str:
    """Read the version as text, so that building needs none of the requirements."""
    source = (ROOT / "tfq_resqunn" / "_version.py").read_text(encoding="utf-8")
    return re.search(r'^__version__ = "([^"]+)"', source, re.MULTILINE).group(1)


def requirements() -> list[str]:
    """Read `requirements.txt`, without its comments.

    Where `TFQ_RESQUNN_WITHOUT_TFQ=1` is set, they are those of a system for which TensorFlow
    Quantum does not exist.
    """
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    stripped = (line.partition("#")[0].strip() for line in lines)
    listed = [Requirement(line) for line in stripped if line]
    if not _is_without_tfq():
        return list(map(str, listed))
    chosen = [r for r in listed if r.marker is None or r.marker.evaluate({"platform_machine": ""})]
    for requirement in chosen:
        requirement.marker = None
    return list(map(str, chosen))


def _is_without_tfq() -> bool:
    value = os.environ.get("TFQ_RESQUNN_WITHOUT_TFQ", "")
    if value not in ("", "0", "1"):
        raise SystemExit(f"TFQ_RESQUNN_WITHOUT_TFQ must be 1, 0 or empty. Received {value!r}.")
    return value == "1"


def long_description() -> str:
    """Read the README, where there is one, and make its relative links absolute.

    On PyPI there are no files beside the description. Images are loaded as they are (`raw`), files
    are shown in the repository (`blob`). The headings of a description on PyPI have no anchors, so
    links to sections lead to the README in the repository as well.
    """
    readme = ROOT / "README.md"
    if not readme.exists():
        return ""
    text = readme.read_text(encoding="utf-8")
    relative = r"(?!https?:)"
    text = re.sub(rf"(!\[[^\]]*\]\(){relative}", rf"\1{URL}/raw/main/", text)
    text = re.sub(r"(\]\()#", rf"\1{URL}/blob/main/README.md#", text)
    return re.sub(rf"(\]\(){relative}", rf"\1{URL}/blob/main/", text)


TUTORIALS = ["ipykernel", "keras-tuner", "matplotlib", "notebook"]
KERAS2 = ["tf-keras"]  # for TF_USE_LEGACY_KERAS=1
QASM = ["openqasm3[parser]>=1"]  # from_qasm: the reference parser of OpenQASM
DOCS = [
    "mkdocs>=1.6,<2",
    "mkdocs-click>=0.9",  # the reference of the command line
    "mkdocs-material>=9.5,<10",  # maintained until May 2027; its authors go on with Zensical
    "mkdocstrings[python]>=0.27",
    "nbconvert",
]
TEST = [
    "build",  # the wheel is built and tried
    "hypothesis",
    "ipykernel",
    "keras-tuner",  # searches for circuits and learning rates
    "mypy",
    "nbclient",
    "nbformat",
    "packaging",
    "pre-commit",
    "pytest",
    "pytest-cov",
    "pytest-xdist",  # runs tests on all cores
    *QASM,
    "qiskit",  # reads OpenQASM that is exported, and writes some
    "qiskit-qasm3-import",
    "ruff",
    *KERAS2,
    "setuptools>=77",  # builds without a network
    "twine",
]

setup(
    name="tfq-resqunn",
    version=version(),
    description="Trainable residual quanvolutional networks (ResQuNNs): "
    "Cirq circuits as Keras layers",
    long_description=long_description(),
    long_description_content_type="text/markdown",
    author="The tfq_resqunn authors",
    license_expression="Apache-2.0",
    license_files=["LICENSE"],
    url=URL,
    project_urls={
        "Source": URL,
        "Documentation": f"{URL}/blob/main/docs/getting_started.md",
        "Changelog": f"{URL}/blob/main/CHANGELOG.md",
        "Issues": f"{URL}/issues",
        "Paper": "https://arxiv.org/abs/2402.09146",
    },
    keywords=[
        "quanvolution",
        "quantum convolution",
        "quantum machine learning",
        "quantum neural network",
        "residual network",
        "ResQuNN",
        "Keras",
        "TensorFlow",
        "TensorFlow Quantum",
        "Cirq",
    ],
    packages=find_packages(include=["tfq_resqunn", "tfq_resqunn.*"]),
    py_modules=["resqunn"],
    package_data={"tfq_resqunn": ["py.typed", "**/README.md"]},
    python_requires=">=3.10,<3.14",
    install_requires=requirements(),
    extras_require={
        "docs": DOCS,
        "keras2": KERAS2,
        "qasm": QASM,
        "test": TEST,
        "tutorials": TUTORIALS,
    },
    entry_points={"console_scripts": ["resqunn = resqunn:main"]},
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Environment :: Console",
        "Intended Audience :: Education",
        "Intended Audience :: Science/Research",
        "Operating System :: OS Independent",
        "Operating System :: MacOS",
        "Operating System :: Microsoft :: Windows",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Scientific/Engineering :: Image Recognition",
        "Topic :: Scientific/Engineering :: Physics",
        "Typing :: Typed",
    ],
)
