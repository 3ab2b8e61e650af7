// Records a voice note, or gives way to choosing a file where the browser can't or mustn't record.

const FORMATS = ["audio/ogg;codecs=opus", "audio/mp4", "audio/webm;codecs=opus"];

export class VoiceRecorder {
  #recorder = null;

  get recording() {
    return this.#recorder !== null;
  }

  // Starts; resolves to false where that is not possible.
  async start(done) {
    const mimeType = globalThis.MediaRecorder && FORMATS.find((format) => MediaRecorder.isTypeSupported(format));
    if (!mimeType || !navigator.mediaDevices) return false;
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      return false;
    }
    const pieces = [];
    this.#recorder = new MediaRecorder(stream, { mimeType });
    this.#recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
    this.#recorder.addEventListener("stop", () => {
      for (const track of stream.getTracks()) track.stop();
      this.#recorder = null;
      done(new File(pieces, "", { type: mimeType }));
    });
    this.#recorder.start();
    return true;
  }

  stop() {
    this.#recorder?.stop();
  }
}
