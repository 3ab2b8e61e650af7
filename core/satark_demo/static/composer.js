// The composer below a chat: text, attachments and voice notes.

import { CALLS } from "./bubble.js";
import { byId, get, icon, make } from "./dom.js";
import { VoiceRecorder } from "./recorder.js";
import { attachSheet, commandSheet } from "./sheets.js";
import { currentLanguage, word } from "./words.js";

export class Composer {
  samples = [];
  #phones;
  #recorder = new VoiceRecorder();

  constructor(phones) {
    this.#phones = phones;
    byId("composer").addEventListener("submit", (event) => this.#submit(event));
    byId("attach-button").addEventListener("click", () => attachSheet(this.#attachments()));
    byId("menu-button").addEventListener("click", () => commandSheet(this.#commands(), (text) => this.#phones.perform({ action: "say", text })));
    byId("mic-button").addEventListener("click", () => this.#voice());
  }

  // Hides what the medium does not support: a text message has no voice note.
  render() {
    const { medium, chat } = this.#phones;
    byId("composer").hidden = !chat || CALLS.includes(medium);
    byId("menu-button").hidden = medium !== "telegram";
    byId("mic-button").hidden = medium === "sms";
  }

  #commands() {
    const { menus } = this.#phones.chat;
    return Object.entries(menus[currentLanguage()] ?? menus[""] ?? {});
  }

  #attachments() {
    const { medium } = this.#phones;
    return {
      samples: this.samples,
      file: (file) => this.#phones.send(file),
      sample: async (name) => this.#phones.send(new File([await (await get(`/static/samples/${name}.jpg`)).blob()], `${name}.jpg`, { type: "image/jpeg" })),
      pin: medium === "sms" ? null : (pin) => this.#phones.perform({ action: "pin", pin }),
    };
  }

  #submit(event) {
    event.preventDefault();
    const text = byId("text").value.trim();
    byId("text").value = "";
    if (text) this.#phones.perform({ action: "say", text });
  }

  async #voice() {
    if (this.#recorder.recording) return this.#recorder.stop();
    const started = await this.#recorder.start((file) => { this.#showMic("mic", "record"); this.#phones.send(file, true); });
    if (started) this.#showMic("stop", "stop");
    else this.#chooseSound();
  }

  #showMic(name, key) {
    byId("mic-button").replaceChildren(icon(name));
    byId("mic-button").setAttribute("aria-label", word(key));
    byId("mic-button").classList.toggle("live", name === "stop");
  }

  #chooseSound() {
    const input = make("input", { type: "file", accept: "audio/*" });
    input.addEventListener("change", () => input.files[0] && this.#phones.send(input.files[0], true));
    input.click();
  }
}
