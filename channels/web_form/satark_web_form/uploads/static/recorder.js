// Records a voice message. The microphone is requested when the button is pressed, and released at the end.

const TYPES = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
const MAX_SECONDS = 600;

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

function startRecording(stream, type, ended) {
  const recorder = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: 32_000 });
  const parts = [];
  recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
  recorder.addEventListener("stop", () => {
    stream.getTracks().forEach((track) => track.stop());
    ended(new Blob(parts));
  });
  recorder.start(1000);
  return recorder;
}

/** Connect the buttons of a recorder; calls `onRecorded(blob, name, type)` with each recording. */
export function connectRecorder(box, onRecorded) {
  const type = globalThis.MediaRecorder && TYPES.find((one) => MediaRecorder.isTypeSupported(one));
  if (!box || !type || !navigator.mediaDevices?.getUserMedia) return;
  const [start, stop] = ["start", "stop"].map((name) => box.querySelector(`[data-${name}]`));
  const time = box.querySelector("[data-time]");
  const failed = box.querySelector("[data-failed]");
  let recorder;
  let timer;

  const show = (running) => {
    start.hidden = running;
    stop.hidden = !running;
    (running ? stop : start).focus();
  };
  const ended = (blob) => {
    clearInterval(timer);
    time.textContent = "";
    show(false);
    onRecorded(blob, box.dataset.name, `voice/${type.split(/[/;]/)[1]}`);
  };
  const tick = (began) => () => {
    const seconds = Math.round((performance.now() - began) / 1000);
    time.textContent = clock(seconds);
    if (seconds >= MAX_SECONDS) recorder.stop();
  };

  start.addEventListener("click", async () => {
    failed.hidden = true;
    try {
      recorder = startRecording(await navigator.mediaDevices.getUserMedia({ audio: true }), type, ended);
    } catch {
      failed.hidden = false;
      return;
    }
    time.textContent = clock(0);
    timer = setInterval(tick(performance.now()), 500);
    show(true);
  });
  stop.addEventListener("click", () => recorder.stop());
  box.hidden = false;
}
