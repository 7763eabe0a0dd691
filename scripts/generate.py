"""Write the generated files. With --check only list those that are out of date, and fail if there are any."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from contract_page import contract_page
from decisions_page import decisions_page
from settings_page import settings_page

from local_stack.node import FRONTEND, find_npm

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = FRONTEND / "src" / "lib" / "contract"


def main(arguments: list[str]) -> int:
    is_check = "--check" in arguments
    stale = []
    for path, make in GENERATED.items():
        wanted = make()
        if path.exists() and path.read_text() == wanted:
            continue
        stale.append(str(path.relative_to(ROOT)))
        if not is_check:
            path.write_text(wanted)
    if stale:
        print(f"{'Out of date' if is_check else 'Regenerated'}: {', '.join(stale)}")
        if is_check:
            print("Run: .venv/bin/python scripts/generate.py")
    return int(is_check and bool(stale))


def output_of(module: str) -> str:
    """The output of `python -m module`."""
    command = [sys.executable, "-m", module]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def typescript(document: Path) -> str:
    """TypeScript types for an OpenAPI document."""
    npm, env = find_npm()
    with TemporaryDirectory() as folder:
        made = Path(folder) / "types.ts"
        options = ["--default-non-nullable=false", "-o", str(made)]
        command = [*npm, "exec", "--offline", "--", "openapi-typescript", str(document), *options]
        subprocess.run(command, cwd=FRONTEND, env=env, check=True, capture_output=True)
        return made.read_text()


GENERATED: dict[Path, Callable[[], str]] = {
    ROOT / "docs" / "contract.md": contract_page,
    ROOT / "docs" / "settings.md": settings_page,
    ROOT / "docs" / "decisions" / "README.md": decisions_page,
    FRONTEND / "openapi.json": lambda: output_of("chat_server.print_openapi"),
    CONTRACT / "openapi.ts": lambda: typescript(FRONTEND / "openapi.json"),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
