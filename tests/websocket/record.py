"""Records what real servers do in each case: ``python record.py OUTPUT SERVER COMMAND...``.

``python record.py cases.json cases`` writes the cases themselves, ``python record.py A compare B``
shows where two recordings differ.

``{port}`` and ``{directory}``, where ``app.py`` is, are replaced in the command. The recording
holds, for each case, the bytes that came after each of the client's steps, whether the server then
closed, what the app saw, and the log.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any, Final

from cases import EOF, all_cases

QUIET: Final = float(os.environ.get("WEBSOCKET_QUIET", "0.12"))
"""Seconds without a byte after which a server is thought to be done with a step."""
HERE: Final = Path(__file__).parent


def latin1(data: bytes) -> str:
    """Bytes as JSON can hold them."""
    return data.decode("latin-1")


def read(client: socket.socket) -> tuple[bytes, str]:
    """Reads until nothing comes, and says how the connection is: open, closed or reset."""
    received = b""
    client.settimeout(QUIET)
    while True:
        try:
            data = client.recv(1 << 20)
        except TimeoutError:
            return received, "open"
        except ConnectionError:
            return received, "reset"
        if not data:
            return received, "closed"
        received += data


def play(port: int, steps: list[bytes]) -> list[list[str]]:
    """Plays one case."""
    answers: list[list[str]] = []
    with socket.create_connection(("127.0.0.1", port)) as client:
        for step in steps:
            try:
                if step == EOF:
                    client.shutdown(socket.SHUT_WR)
                else:
                    client.sendall(step)
            except OSError:
                pass
            data, state = read(client)
            answers.append([latin1(data), state])
            if state != "open":
                break
    return answers


def noted(port: int, name: str) -> Any:
    """What the app has noted, once it has ended."""
    for _ in range(20):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/notes?{name}") as response:
            notes = json.load(response)
        if not notes or notes[-1] == ["end"]:
            break
        time.sleep(QUIET)
    return notes


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Returns when the server accepts."""
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"the server ended with {process.returncode}")


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def normal(text: str) -> str:
    """Without what differs from run to run."""
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)
    text = re.sub(r"(?i)(date: )\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", r"\1DATE", text)
    text = re.sub(r"\[\d\d/\w{3}/\d{4}:[\d:]{8}\]", "[TIME]", text)
    text = re.sub(r"\[\d{4}-\d\d-\d\d [\d:]{8} \+0000\] \[\d+\]", "[TIME] [PID]", text)
    text = re.sub(r"0x[0-9a-f]{8,}", "0xADDRESS", text)
    text = re.sub(r"/\S*/site-packages/", "", text)
    return re.sub(r'"127\.0\.0\.1", \d+\]', '"127.0.0.1", "PORT"]', text)


def log_lines(text: str) -> list[str]:
    """Log lines; of a traceback only that there is one, and its last line."""
    lines: list[str] = []
    inside = False
    for line in normal(text).splitlines():
        if line.lstrip().startswith(("Traceback (", "+ Exception Group Traceback")):
            inside = True
            lines.append("Traceback")
        elif inside and not re.match(r"\w[\w.]*(Error|Exception|Disconnected)\b", line):
            inside = not line.startswith(("INFO:", "ERROR:", "WARNING:", "[2"))
            if not inside:
                lines.append(line)
        elif line:
            inside = False
            lines.append(line)
    return lines


def record(server: str, command: list[str], only: str) -> dict[str, Any]:
    """Starts the server, plays every case, stops it."""
    cases = {name: case for name, case in all_cases().items() if name.startswith(only)}
    directory = Path(tempfile.mkdtemp())
    log = directory.with_suffix(".log")
    scripts = {name: app for name, (app, _) in cases.items()}
    (directory / "scripts.json").write_text(json.dumps(scripts))
    shutil.copy(HERE / "app.py", directory)
    port = free_port()
    environment = {
        **os.environ,
        "WEBSOCKET_QUIET": str(QUIET),
        "PYTHONUNBUFFERED": "1",
    }
    words = [
        word.replace("{port}", str(port)).replace("{directory}", str(directory)) for word in command
    ]
    # cargo needs to be where it is; the others find the app in their directory.
    place = None if "{directory}" in " ".join(command) else directory
    results: dict[str, Any] = {}
    with log.open("wb") as output:
        process = subprocess.Popen(words, env=environment, stdout=output, stderr=output, cwd=place)
        wait_for(port, process)
        time.sleep(QUIET)
        for name, (_, steps) in cases.items():
            begun = log.stat().st_size
            answers = play(port, steps)
            time.sleep(QUIET / 2)
            said = log.read_bytes()[begun:].decode("utf-8", "replace")
            results[name] = {"answers": answers, "log": log_lines(said), "app": noted(port, name)}
        process.terminate()
        process.wait()
    for result in results.values():
        result["answers"] = [[normal(data), state] for data, state in result["answers"]]
    return json.loads(normal(json.dumps(results)))  # type: ignore[no-any-return]


def shown(value: Any) -> str:
    """JSON with one case a line."""
    rows = [f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in value.items()]
    return "{\n" + ",\n".join(rows) + "\n}\n"


def write_cases(output: str) -> None:
    """Writes scripts and steps, for tests in other languages."""
    cases = {
        name: {"app": app, "steps": [latin1(step) for step in steps]}
        for name, (app, steps) in all_cases().items()
    }
    Path(output).write_text(shown(cases))


def compare(recorded: str, ours: str) -> None:
    """Prints where two recordings differ."""
    expected, found = (json.loads(Path(path).read_text()) for path in (recorded, ours))
    different = [name for name in found if found[name] != expected[name]]
    for name in different:
        for part in ("answers", "log", "app"):
            if (was := expected[name][part]) != (is_ := found[name][part]):
                print(f"{name} {part}\n  expected {was}\n  found    {is_}")
    print(f"{len(found) - len(different)} alike, {len(different)} different")


def main() -> None:
    """See the module's text."""
    output, server, *command = sys.argv[1:]
    if server == "cases":
        write_cases(output)
        return
    only = os.environ.get("ONLY", "")
    if server == "compare":
        compare(output, command[0])
        return
    results = record(server, command, only)
    Path(output).write_text(shown(results))
    print(f"{output}: {len(results)} cases of {server}")


if __name__ == "__main__":
    main()
