// The browser's side of a call inside WhatsApp: microphone or silence, what is heard, and keys as telephone events.

const GATHERING_MS = 2000;
const UNDER_WAY = ["rings", "up"];

export class BrowserCall {
  phone = null; // the calling phone; null: there is no call
  mute = false; // the browser may not use a microphone, or has none
  #connection = null;
  #release = () => {};
  #answered = false;
  #sound = new Audio();

  // Connects nothing yet; resolves to the offer (SDP), or to null if the citizen has hung up meanwhile.
  async begin(phone) {
    this.end();
    this.phone = phone;
    this.#answered = false;
    const connection = this.#connection = new RTCPeerConnection();
    const { track, release, mute } = await voice();
    if (connection !== this.#connection) {
      release();
      return null;
    }
    this.#release = release;
    this.mute = mute;
    connection.addTrack(track);
    connection.addEventListener("track", (event) => { this.#sound.srcObject = new MediaStream([event.track]); this.#sound.play(); });
    await connection.setLocalDescription();
    await gathered(connection);
    return connection === this.#connection ? connection.localDescription.sdp : null;
  }

  // Follows the call's state; resolves to whether the service ended the call without a sound.
  async take(phone, { state, answer }) {
    if (phone !== this.phone) return false;
    const connection = this.#connection;
    if (answer && !this.#answered) {
      this.#answered = true;
      await connection.setRemoteDescription({ type: "answer", sdp: answer });
    }
    if (UNDER_WAY.includes(state)) return false;
    const silent = this.#answered && connection.connectionState !== "connected";
    this.end();
    return silent;
  }

  press(key) {
    this.#connection?.getSenders()[0]?.dtmf?.insertDTMF(key);
  }

  end() {
    this.#connection?.close();
    this.#release();
    this.#connection = this.phone = this.#sound.srcObject = null;
    this.#release = () => {};
  }
}

// The microphone's track and what releases it; where it is refused or missing, a track of silence.
async function voice() {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const [track] = stream.getTracks();
    return { track, release: () => track.stop(), mute: false };
  } catch {
    const context = new AudioContext();
    const silence = new ConstantSourceNode(context, { offset: 0 });
    const destination = context.createMediaStreamDestination();
    silence.connect(destination);
    silence.start();
    return { track: destination.stream.getTracks()[0], release: () => { context.close(); }, mute: true };
  }
}

function gathered(connection) {
  return new Promise((resolve) => {
    const look = () => connection.iceGatheringState === "complete" && resolve();
    connection.addEventListener("icegatheringstatechange", look);
    setTimeout(resolve, GATHERING_MS);
    look();
  });
}
