"""Programs that `go install` builds once, in build/league."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from load_tests.jmeter.installation import MissingTool
from local_stack.build_lock import BUILD, build_lock

HOME = BUILD / "league"


@dataclass(frozen=True)
class GoProgram:
    """`program` is the name of the file, `go` the oldest version of Go that builds it."""

    name: str
    program: str
    package: str
    version: str
    go: str

    @property
    def path(self) -> Path:
        return HOME / f"{self.program}-{self.version}" / self.program

    def why_absent(self) -> str | None:
        """Why it cannot run here, as a sentence for the table."""
        if self.path.exists():
            return None
        if shutil.which("go") is None:
            return f"{self.name} needs Go {self.go} or newer: install it from go.dev/dl, then repeat this command"
        return f"{self.name} was not built; `python -m load_tests.league --build` builds it"

    def require(self) -> Path:
        """Raises MissingTool."""
        if reason := self.why_absent():
            raise MissingTool(f"{reason}.")
        return self.path

    def build(self) -> str | None:
        """Build it unless it is there. Returns why it could not be built, as a sentence; the log is in build/league."""
        if self.path.exists() or shutil.which("go") is None:
            return self.why_absent()
        with build_lock("league"):
            return self.why_absent() if self.path.exists() else self._build()

    def _build(self) -> str | None:
        print(f"Building {self.name} {self.version} with Go. This takes up to 10 minutes, once.", flush=True)
        log, unfinished = HOME / f"{self.program}.log", HOME / f"{self.program}.new"
        unfinished.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            built = subprocess.run(
                ["go", "install", f"{self.package}@{self.version}"],
                env={**os.environ, "GOBIN": str(unfinished)},
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if built.returncode:
            lines = log.read_text(errors="replace").strip().splitlines()
            return f"Go could not build {self.name}: {lines[-1].strip() if lines else 'it printed nothing'}"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        (unfinished / self.program).rename(self.path)
        unfinished.rmdir()
        return None


CENTRIFUGO = GoProgram("Centrifugo", "centrifugo", "github.com/centrifugal/centrifugo/v6", "v6.9.1", "1.26")
