"""The frontend's types are generated from the servers' API, so renaming a field there breaks its build."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from local_stack.node import FRONTEND, find_npm


def test_renaming_a_field_of_the_contract_breaks_the_typescript_build(tmp_path: Path) -> None:
    frontend = tmp_path / "frontend"
    frontend.mkdir()
    shutil.copytree(FRONTEND / "src", frontend / "src")
    for name in ("tsconfig.json", "package.json"):
        shutil.copy(FRONTEND / name, frontend / name)
    (frontend / "node_modules").symlink_to(FRONTEND / "node_modules")
    document = (FRONTEND / "openapi.json").read_text()
    message = json.loads(document)["components"]["schemas"]["Message"]
    assert "edited_at" in message["properties"]
    (frontend / "openapi.json").write_text(document.replace('"edited_at"', '"changed_at"'))
    npm, env = find_npm()

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*npm, "exec", "--offline", "--", *command],
            cwd=frontend,
            env=dict(env or os.environ),
            capture_output=True,
            text=True,
            check=False,
        )

    generated = run(
        "openapi-typescript",
        "openapi.json",
        "--default-non-nullable=false",
        "-o",
        "src/lib/contract/openapi.ts",
    )
    assert generated.returncode == 0, generated.stderr
    user = "src/features/messages/MessageBubble.tsx"
    # Only what this file imports, which halves the time.
    config = {"extends": "./tsconfig.json", "include": ["src/*.d.ts", user]}
    (frontend / "tsconfig.one-file.json").write_text(json.dumps(config))
    build = run("tsc", "--noEmit", "--incremental", "false", "--project", "tsconfig.one-file.json")
    assert build.returncode != 0
    broken_files = {line.split("(", 1)[0] for line in build.stdout.splitlines() if "edited_at" in line}
    assert user in broken_files, build.stdout
