// The keypad of a call. By phone: keys, a recording after the beep, and silence. Inside WhatsApp: keys, at any time.

import { CALLS } from "./bubble.js";
import { byId, get, icon, make } from "./dom.js";
import { VoiceRecorder } from "./recorder.js";
import { word } from "./words.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const NAMES = { "*": "star", "#": "hash" };

export class Keypad {
  #phones;
  #recorder = new VoiceRecorder();
  #typed = "";
  #hangUpAfterRecording = false;

  constructor(phones) {
    this.#phones = phones;
    byId("device").addEventListener("keydown", (event) => this.#typedKey(event));
  }

  get #call() {
    const call = (CALLS.includes(this.#phones.medium) && this.#phones.chat?.call) || { up: false, keys: 0, beep: false };
    return this.#isInside ? { ...call, up: call.state === "up" } : call;
  }

  get #isInside() {
    return this.#phones.medium === "whatsapp_call";
  }

  status() {
    const { up, keys, beep, state, sent } = this.#call;
    const { phone, mute } = this.#phones.browserCall;
    if (this.#isInside && !up) return word(phone === this.#phones.current.id && state !== "rings" ? "inside_asks" : `inside_${sent && state === "over" ? "sent" : state}`);
    if (this.#isInside && mute && beep) return word("inside_mute");
    return word(this.#recorder.recording ? "call_recording" : !up ? "call_none" : keys > 1 ? "call_code" : beep ? (keys ? "call_beep" : "call_record") : keys ? "call_keys" : "call_up");
  }

  render() {
    const shown = CALLS.includes(this.#phones.medium) && this.#phones.chat;
    byId("keypad").hidden = !shown;
    if (!shown) return;
    const focused = byId("keypad").contains(document.activeElement) ? document.activeElement.id : "";
    const { up, keys } = this.#call;
    if (keys < 2) this.#typed = "";
    const buttons = KEYS.map((key) => make("button", { type: "button", class: "key", id: `key-${NAMES[key] ?? key}`, disabled: this.#recorder.recording ? key !== "#" : this.#isInside ? !up : !keys,
      "aria-label": NAMES[key] ? word(NAMES[key]) : key, onclick: () => this.#press(key) }, key));
    byId("keypad").replaceChildren(make("output", { class: "typed", "aria-live": "polite", hidden: keys < 2 }, this.#typed),
      make("div", { class: "keys" }, ...buttons), make("div", { class: "call-buttons" }, ...(this.#isInside ? this.#insideButtons() : up ? this.#callButtons() : [this.#dialButton()])));
    // The pressed key may be gone now: keep the keyboard's focus inside the call.
    if (focused) (byId(focused)?.disabled === false ? byId(focused) : byId("log")).focus({ preventScroll: true });
  }

  #dialButton() {
    return make("button", { type: "button", id: "call", class: "call-button dial", onclick: () => this.#isInside ? this.#phones.ring() : this.#phones.perform({ action: "dial" }) }, icon("voice"), word("call"));
  }

  #insideButtons() {
    const button = (id, name, act) =>
      make("button", { type: "button", id: `call-${id}`, class: `call-button ${id}`, onclick: act }, icon(name), word(id.replace("-", "_")));
    const isUnderWay = this.#phones.browserCall.phone === this.#phones.current.id;
    return isUnderWay ? [button("hang-up", "hang-up", () => this.#phones.hangUp())]
      : [button("to-chat", "whatsapp", () => this.#phones.open("whatsapp")), this.#dialButton()];
  }

  #callButtons() {
    const { beep } = this.#call;
    const speaking = this.#recorder.recording;
    const button = (id, name, act, off, key = id.replace("-", "_")) =>
      make("button", { type: "button", id: `call-${id}`, class: `call-button ${id}`, disabled: off, onclick: act }, icon(name), word(key));
    return [
      button("speak", speaking ? "stop" : "mic", () => this.#speak(), !beep, speaking ? "spoken" : "speak"),
      button("clip", "sound", () => this.#clip(), !beep || speaking),
      button("silence", "more", () => this.#phones.perform({ action: "press", keys: "" }), speaking),
      button("hang-up", "hang-up", () => this.#hangUp(), false),
    ];
  }

  // One key is an answer; a receipt code is many keys, ended by the hash key.
  #press(key) {
    const { keys } = this.#call;
    if (this.#isInside) return this.#pressInside(key);
    if (this.#recorder.recording) return key === "#" ? this.#recorder.stop() : undefined;
    if (!keys) return;
    if (keys > 1) {
      this.#typed += key;
      if (key !== "#" && this.#typed.length < keys) return this.render();
    }
    this.#phones.perform({ action: "press", keys: keys > 1 ? this.#typed : key });
    this.#typed = "";
  }

  // The service counts the keys itself.
  #pressInside(key) {
    this.#phones.browserCall.press(key);
    if (this.#call.keys < 2) return;
    this.#typed += key;
    this.render();
  }

  #typedKey(event) {
    if (!CALLS.includes(this.#phones.medium) || event.ctrlKey || event.metaKey || event.altKey || !KEYS.includes(event.key)) return;
    event.preventDefault();
    this.#press(event.key);
  }

  async #speak() {
    if (this.#recorder.recording) return this.#recorder.stop();
    const started = await this.#recorder.start(async (file) => {
      const hangUp = this.#hangUpAfterRecording;
      this.#hangUpAfterRecording = false;
      await this.#phones.send(file, true);
      if (hangUp) this.#hangUp();
    });
    if (!started) return this.#clip();
    this.#phones.showCall({ phone: this.#phones.current.id, medium: "voice", call: this.#call });
  }

  // Hanging up during a recording sends the recording first.
  #hangUp() {
    this.#hangUpAfterRecording = this.#recorder.recording;
    if (this.#hangUpAfterRecording) return this.#recorder.stop();
    this.#phones.perform({ action: "hang_up" });
  }

  async #clip() {
    const sound = await (await get("/static/samples/spoken.wav")).blob();
    this.#phones.send(new File([sound], "", { type: "audio/wav" }), true);
  }
}
