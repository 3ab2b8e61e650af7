"""Stands in for the recogniser's process: reads the same request, and behaves as the model's name says."""

import json
import os
import signal
import sys
from pathlib import Path

request = json.load(sys.stdin)
recording = Path(request["recording"])
match Path(request["model"]).name:
    case "hears":
        answer = json.dumps({"text": recording.read_text("utf-8"), "language": request["language"]})
    case "hangs":
        recording.with_name("process").write_text(str(os.getpid()))
        signal.pause()
    case "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    case "babbles":
        answer = "no reply at all"
    case fault:
        answer = json.dumps({"fault": fault})
sys.stdout.write(answer)
