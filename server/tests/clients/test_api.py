"""schemathesis reads /openapi.json and tries to find an answer that it does not describe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .project import Project, environment

_HERE = Path(__file__).parent
_EXAMPLES = 15
_PATIENCE_SECONDS = 170


class Described(Project):
    def test_every_answer_is_as_described(self) -> None:
        for manus_id in ("ada", "bob", "cid"):
            self.server.call(
                "register_manus", manus_id=manus_id, role="QUALITY_ENHANCER", capabilities=["python"], max_parallel=8
            )
        for number in range(1, 9):
            files = [f"src/part{number}.py"]
            self.server.call("create_task", title=f"Part {number}", description="", files_involved=files)
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(_HERE / "schemathesis.toml")]
        command += ["run", f"{self.server.url}/openapi.json", "--phases", "coverage,fuzzing"]
        # The stream of events does not end, so nothing can be said of its answer.
        command += ["--exclude-path", "/api/v1/events", "--max-examples", str(_EXAMPLES), "--seed", "1"]
        command += ["--request-timeout", "20", "--continue-on-failure", "--warnings", "off", "--no-color"]
        hooks = {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(_HERE)}
        run = subprocess.run(
            command,
            cwd=self.root,
            env=environment() | hooks,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_PATIENCE_SECONDS,
        )
        self.assertEqual(run.returncode, 0, run.stdout)
