// Records a voice note; where the browser can't or may not record, the caller offers a file instead.

const FORMATS = ["audio/ogg;codecs=opus", "audio/mp4", "audio/webm;codecs=opus"];

export class VoiceRecorder {
  #recorder = null;

  get recording() {
    return this.#recorder !== null;
  }

  // Starts recording; resolves to false where that is not possible.
  async start(done) {
    const mimeType = globalThis.MediaRecorder && FORMATS.find((format) => MediaRecorder.isTypeSupported(format));
    if (!mimeType || !navigator.mediaDevices) return false;
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      return false;
    }
    const chunks = [];
    this.#recorder = new MediaRecorder(stream, { mimeType });
    this.#recorder.addEventListener("dataavailable", (event) => chunks.push(event.data));
    this.#recorder.addEventListener("stop", () => {
      for (const track of stream.getTracks()) track.stop();
      this.#recorder = null;
      done(new File(chunks, "", { type: mimeType }));
    });
    this.#recorder.start();
    return true;
  }

  stop() {
    this.#recorder?.stop();
  }
}
