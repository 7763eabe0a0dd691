"""The page's types come from the servers: a field that is changed there breaks its build."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from local_stack.node import FRONTEND, find_npm


def test_changing_a_field_of_the_contract_breaks_the_typescript_build(tmp_path: Path) -> None:
    page = tmp_path / "frontend"
    page.mkdir()
    shutil.copytree(FRONTEND / "src", page / "src")
    for name in ("tsconfig.json", "package.json"):
        shutil.copy(FRONTEND / name, page / name)
    (page / "node_modules").symlink_to(FRONTEND / "node_modules")
    document = (FRONTEND / "openapi.json").read_text()
    message = json.loads(document)["components"]["schemas"]["Message"]
    assert "edited_at" in message["properties"]
    (page / "openapi.json").write_text(document.replace('"edited_at"', '"changed_at"'))
    npm, env = find_npm()

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*npm, "exec", "--offline", "--", *command],
            cwd=page,
            env=dict(env or os.environ),
            capture_output=True,
            text=True,
            check=False,
        )

    made = run(
        "openapi-typescript",
        "openapi.json",
        "--default-non-nullable=false",
        "-o",
        "src/lib/contract/openapi.ts",
    )
    assert made.returncode == 0, made.stderr
    built = run("tsc", "--noEmit")
    assert built.returncode != 0
    broken = {line.split("(", 1)[0] for line in built.stdout.splitlines() if "edited_at" in line}
    assert "src/features/messages/MessageRow.tsx" in broken, built.stdout
