// The dial pad of a call: keys, a voice after the beep, and silence.

import { byId, get, icon, make } from "./dom.js";
import { VoiceRecorder } from "./recorder.js";
import { word } from "./words.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const NAMES = { "*": "star", "#": "hash" };

export class Pad {
  #phones;
  #recorder = new VoiceRecorder();
  #typed = "";
  #leaving = false;

  constructor(phones) {
    this.#phones = phones;
    byId("device").addEventListener("keydown", (event) => this.#typedKey(event));
  }

  get #line() {
    return (this.#phones.medium === "voice" && this.#phones.chat?.line) || { on: false, keys: 0, beep: false };
  }

  status() {
    const { on, keys, beep } = this.#line;
    return word(this.#recorder.recording ? "line_recording" : !on ? "line_off" : keys > 1 ? "line_code" : beep ? (keys ? "line_beep" : "line_record") : keys ? "line_keys" : "line_on");
  }

  render() {
    const shown = this.#phones.medium === "voice" && this.#phones.chat;
    byId("pad").hidden = !shown;
    if (!shown) return;
    const focused = byId("pad").contains(document.activeElement) ? document.activeElement.id : "";
    const { on, keys } = this.#line;
    if (keys < 2) this.#typed = "";
    const buttons = KEYS.map((key) => make("button", { type: "button", class: "key", id: `key-${NAMES[key] ?? key}`, disabled: this.#recorder.recording ? key !== "#" : !keys,
      "aria-label": NAMES[key] ? word(NAMES[key]) : key, onclick: () => this.#press(key) }, key));
    byId("pad").replaceChildren(make("output", { class: "typed", "aria-live": "polite", hidden: keys < 2 }, this.#typed),
      make("div", { class: "keys" }, ...buttons), make("div", { class: "ways" }, ...(on ? this.#ways() : [this.#call()])));
    // A key that was pressed may be gone now; whoever works by keys stays in the call.
    if (focused) (byId(focused)?.disabled === false ? byId(focused) : byId("log")).focus({ preventScroll: true });
  }

  #call() {
    return make("button", { type: "button", id: "call", class: "way call", onclick: () => this.#phones.act({ act: "dial" }) }, icon("voice"), word("call"));
  }

  #ways() {
    const { beep } = this.#line;
    const speaking = this.#recorder.recording;
    const way = (id, name, act, off, key = id.replace("-", "_")) =>
      make("button", { type: "button", id: `way-${id}`, class: `way ${id}`, disabled: off, onclick: act }, icon(name), word(key));
    return [
      way("speak", speaking ? "stop" : "mic", () => this.#speak(), !beep, speaking ? "spoken" : "speak"),
      way("clip", "sound", () => this.#clip(), !beep || speaking),
      way("silence", "more", () => this.#phones.act({ act: "press", keys: "" }), speaking),
      way("hang-up", "hang-up", () => this.#hangUp(), false),
    ];
  }

  // One key is an answer; a receipt's code is many, ended by the hash key.
  #press(key) {
    const { keys } = this.#line;
    if (this.#recorder.recording) return key === "#" ? this.#recorder.stop() : undefined;
    if (!keys) return;
    if (keys > 1) {
      this.#typed += key;
      if (key !== "#" && this.#typed.length < keys) return this.render();
    }
    this.#phones.act({ act: "press", keys: keys > 1 ? this.#typed : key });
    this.#typed = "";
  }

  #typedKey(event) {
    if (this.#phones.medium !== "voice" || event.ctrlKey || event.metaKey || event.altKey || !KEYS.includes(event.key)) return;
    event.preventDefault();
    this.#press(event.key);
  }

  async #speak() {
    if (this.#recorder.recording) return this.#recorder.stop();
    const started = await this.#recorder.start(async (file) => {
      const hangUp = this.#leaving;
      this.#leaving = false;
      await this.#phones.send(file, true);
      if (hangUp) this.#hangUp();
    });
    if (!started) return this.#clip();
    this.#phones.line({ phone: this.#phones.current.id, medium: "voice", line: this.#line });
  }

  // Who hangs up while speaking has said what they said.
  #hangUp() {
    this.#leaving = this.#recorder.recording;
    if (this.#leaving) return this.#recorder.stop();
    this.#phones.act({ act: "hang_up" });
  }

  async #clip() {
    const sound = await (await get("/samples/spoken")).blob();
    this.#phones.send(new File([sound], "", { type: "audio/wav" }), true);
  }
}
