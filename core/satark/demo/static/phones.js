// The phones: tabs, chats, and what a citizen does with them.

import { bubble } from "./bubble.js";
import { byId, get, icon, make, post } from "./dom.js";
import { VoiceRecorder } from "./recorder.js";
import { attachSheet, listSheet, messageSheet, placeSheet, shut } from "./sheets.js";
import { word } from "./words.js";

export class Phones {
  #phones = new Map();
  #current = "1";
  #samples = [];
  #recorder = new VoiceRecorder();
  #changed;

  constructor(changed) {
    this.#changed = changed;
    byId("composer").addEventListener("submit", (event) => this.#submit(event));
    byId("attach-button").addEventListener("click", () => attachSheet(this.#attachments()));
    byId("mic-button").addEventListener("click", () => this.#voice());
    byId("device").addEventListener("keydown", (event) => event.key === "Escape" && shut());
  }

  get current() {
    return this.#phones.get(this.#current);
  }

  restore(state) {
    byId("real").hidden = state.simulated;
    byId("device").hidden = byId("tabs").hidden = !state.simulated;
    this.#samples = state.samples;
    this.#phones = new Map(state.phones.map((phone) => [phone.id, phone]));
    this.render();
  }

  add(phone) {
    this.#phones.set(phone.id, phone);
    this.#tabs();
  }

  take({ phone, bubble: message }) {
    const { bubbles } = this.#phones.get(phone);
    const known = bubbles.findIndex((one) => one.id === message.id);
    if (known < 0) bubbles.push(message);
    else bubbles[known] = message;
    if (phone !== this.#current) return;
    const shown = bubble(phone, message, this.#actions());
    const old = byId(`m-${message.id}`);
    if (old) old.replaceWith(shown);
    else byId("log").append(shown);
    byId("log").querySelector(".begin")?.remove();
    if (!old) this.#scroll();
    this.#changed();
  }

  type({ phone, typing }) {
    this.#phones.get(phone).typing = typing;
    if (phone === this.#current) this.#presence();
  }

  render() {
    if (!this.current) return;
    this.#tabs();
    const bubbles = this.current.bubbles.map((message) => bubble(this.#current, message, this.#actions()));
    byId("log").replaceChildren(...bubbles);
    if (!bubbles.length) {
      const hi = () => this.#act({ act: "say", text: "Hi" });
      byId("log").append(make("button", { type: "button", class: "begin", onclick: hi }, word("begin")));
    }
    this.#presence();
    this.#scroll();
    this.#changed();
  }

  #tabs() {
    const tab = ({ id }) => {
      const choose = () => { shut(); this.#current = id; this.render(); byId(`phone-${id}`).focus(); };
      return make("button", { type: "button", id: `phone-${id}`, "aria-pressed": String(id === this.#current), onclick: choose },
        `${word("phone")} ${id}`);
    };
    const more = () => this.#try(post("/phones"));
    byId("tabs").replaceChildren(...[...this.#phones.values()].map(tab),
      make("button", { type: "button", "aria-label": word("new_phone"), title: word("new_phone"), onclick: more }, "+"));
  }

  #presence() {
    byId("presence").textContent = word(this.current.typing ? "typing" : "online");
    byId("log").querySelector(".dots")?.remove();
    if (this.current.typing) byId("log").append(make("div", { class: "dots", "aria-hidden": "true" }, make("i"), make("i"), make("i")));
    this.#scroll();
  }

  #scroll() {
    byId("log").scrollTop = byId("log").scrollHeight;
  }

  #actions() {
    return {
      tap: (message, token) => this.#act({ act: "tap", message, token }),
      openList: (message) => listSheet(message, this.#actions().tap),
      askPlace: () => placeSheet((pin) => this.#act({ act: "pin", pin })),
      edit: (message, text) => this.#act({ act: "edit", message, text }),
      revoke: (message) => this.#act({ act: "revoke", message }),
      menu: (message) => messageSheet(message, this.#actions()),
    };
  }

  #attachments() {
    return {
      samples: this.#samples,
      file: (file) => this.#send(file),
      sample: async (name) => this.#send(new File([await (await get(`/samples/${name}`)).blob()], `${name}.jpg`, { type: "image/jpeg" })),
      pin: (pin) => this.#act({ act: "pin", pin }),
    };
  }

  #submit(event) {
    event.preventDefault();
    const text = byId("text").value.trim();
    byId("text").value = "";
    if (text) this.#act({ act: "say", text });
  }

  async #voice() {
    if (this.#recorder.recording) return this.#recorder.stop();
    const started = await this.#recorder.start((file) => { this.#micShows("mic", "record"); this.#send(file, true); });
    if (started) this.#micShows("stop", "stop");
    else this.#chooseSound();
  }

  #micShows(name, key) {
    byId("mic-button").replaceChildren(icon(name));
    byId("mic-button").setAttribute("aria-label", word(key));
    byId("mic-button").classList.toggle("live", name === "stop");
  }

  #chooseSound() {
    const input = make("input", { type: "file", accept: "audio/*" });
    input.addEventListener("change", () => input.files[0] && this.#send(input.files[0], true));
    input.click();
  }

  #act(act) {
    this.#try(post(`/phones/${this.#current}`, JSON.stringify({ ...act, twice: byId("twice").checked })));
  }

  #send(file, voice = false) {
    const query = new URLSearchParams({ name: file.name });
    if (voice) query.set("voice", "");
    if (byId("twice").checked) query.set("twice", "");
    this.#try(post(`/phones/${this.#current}/files?${query}`, file, file.type || "application/octet-stream"));
  }

  async #try(request) {
    byId("trouble").textContent = "";
    try {
      await request;
    } catch (error) {
      byId("trouble").textContent = error.message;
    }
  }
}
