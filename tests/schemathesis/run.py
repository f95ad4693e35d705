"""Starts the platform that is named first, lets schemathesis fuzz it by its OpenAPI document, and ends it.

The exit code is that of schemathesis. The platform is new for each run, so that a seed repeats it.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = "conformance/spec/openapi.json"
CONFIGURATION = "tests/schemathesis/schemathesis.toml"


def address(platform: subprocess.Popen) -> str:
    """What the platform prints when it listens."""
    for line in platform.stdout:
        for word in line.split():
            if word.startswith("http://"):
                return word.rstrip("/.,")
    raise SystemExit("the platform ended before it listened")


def enrolment_code(url: str) -> str:
    wish = json.dumps({"divisions": ["340700"]}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{url}/sandbox/enrolment-codes", data=wish), timeout=10) as answer:
        return json.load(answer)["code"]


def main() -> int:
    binary = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as data:
        listen = [str(binary), "--listen", "127.0.0.1:0", "--data", data, "--sandbox"]
        platform = subprocess.Popen(listen, stdout=subprocess.PIPE, text=True)
        try:
            url = address(platform)
            hooks = str(ROOT / "tests/schemathesis/hooks.py")
            environment = {
                **os.environ, "TONGQIAO_URL": url, "TONGQIAO_CODE": enrolment_code(url), "SCHEMATHESIS_HOOKS": hooks,
            }
            words = ["--config-file", str(ROOT / CONFIGURATION), "run", str(ROOT / DOCUMENT), "--url", url]
            # Beside the interpreter that runs this, so that both see the same packages.
            program = pathlib.Path(sys.executable).with_name("schemathesis")
            return subprocess.run([str(program), *words], cwd=data, env=environment, check=False).returncode
        finally:
            platform.kill()
            platform.wait()


if __name__ == "__main__":
    sys.exit(main())
