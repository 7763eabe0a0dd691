"""Installs JMeter in build/jmeter: Maven lays out its jars as the pom says."""

import shutil
from pathlib import Path

from local_stack import maven_jars
from local_stack.build_lock import BUILD

HOME = BUILD / "jmeter"
POM = Path(__file__).with_name("pom.xml")
MAIN_CLASS = "org.apache.jmeter.NewDriver"
TOOLS = {"java": "openjdk-17-jre-headless", "mvn": "maven"}


class MissingTool(Exception):
    """A program is missing on this machine. The text names the command that installs it."""


def require_tools() -> None:
    """Raises MissingTool if Java is missing, or Maven before the first run."""
    missing = [package for program, package in TOOLS.items() if shutil.which(program) is None]
    if shutil.which("java") is not None and maven_jars.is_complete(HOME, POM):
        return
    if missing:
        raise MissingTool(
            f"JMeter needs Java and Maven. Get them with: apt-get install -y {' '.join(missing)}"
            " (macOS: brew install openjdk@17 maven)"
        )


def install() -> None:
    """Copy the jars once, and again when the pom changes. Raises MissingTool, CalledProcessError."""
    require_tools()
    maven_jars.ensure_complete(HOME, POM, lambda: maven_jars.run_maven(POM, "process-resources"))


def java_command(max_heap_mb: int = 1024) -> list[str]:
    """The command that starts JMeter, without its options. 700 threads need small stacks, not a large heap."""
    return [
        "java",
        f"-Xmx{max_heap_mb}m",
        "-Xss320k",
        "-XX:+UseSerialGC",
        f"-Djava.util.prefs.userRoot={HOME}",
        f"-Djmeter.home={HOME}",
        "-cp",
        f"{HOME}/lib/*:{HOME}/lib/ext/*",
        MAIN_CLASS,
    ]
