// The phones: which one and which medium is shown, what the server tells of them, and what a citizen does.

import { bubble } from "./bubble.js";
import { Composer } from "./composer.js";
import { byId, icon, make, post } from "./dom.js";
import { Pad } from "./pad.js";
import { listSheet, messageSheet, placeSheet, shut } from "./sheets.js";
import { word } from "./words.js";

const MEDIA = ["whatsapp", "telegram", "sms", "voice"];

export class Phones {
  #phones = new Map();
  #phone = "1";
  #medium = "whatsapp";
  #changed;
  #composer = new Composer(this);
  #pad = new Pad(this);

  constructor(changed) {
    this.#changed = changed;
    byId("device").addEventListener("keydown", (event) => event.key === "Escape" && shut());
  }

  // The phone that is shown, the medium on it, and its chat; without a chat the medium is a real one here.
  get current() {
    return this.#phones.get(this.#phone);
  }

  get medium() {
    return this.#medium;
  }

  get chat() {
    return this.current?.chats[this.#medium];
  }

  restore(state) {
    this.#composer.samples = state.samples;
    this.#phones = new Map(state.phones.map((phone) => [phone.id, phone]));
    this.render();
  }

  add(phone) {
    this.#phones.set(phone.id, phone);
    this.#tabs();
  }

  take({ phone, medium, bubble: message }) {
    const { bubbles } = this.#phones.get(phone).chats[medium];
    const known = bubbles.findIndex((one) => one.id === message.id);
    if (known < 0) bubbles.push(message);
    else bubbles[known] = message;
    if (phone !== this.#phone || medium !== this.#medium) return;
    const shown = bubble(this, message, this.#actions());
    const old = byId(`m-${message.id}`);
    if (old) old.replaceWith(shown);
    else byId("log").append(shown);
    byId("log").querySelector(".begin")?.remove();
    if (!old) this.#scroll();
    this.#changed();
  }

  type({ phone, medium, typing }) {
    this.#phones.get(phone).chats[medium].typing = typing;
    if (phone === this.#phone && medium === this.#medium) this.#presence();
  }

  // A call: how it stands, or that another one begins.
  line({ phone, medium, line }) {
    this.#phones.get(phone).chats[medium].line = line;
    if (phone === this.#phone && medium === this.#medium) this.#presence();
  }

  clear({ phone, medium }) {
    this.#phones.get(phone).chats[medium].bubbles.length = 0;
    if (phone === this.#phone && medium === this.#medium) byId("log").replaceChildren();
  }

  render() {
    if (!this.current) return;
    this.#tabs();
    this.#dock();
    byId("device").dataset.medium = this.#medium;
    byId("real").hidden = Boolean(this.chat);
    byId("real").textContent = word(`real_${this.#medium}`);
    byId("verified-mark").toggleAttribute("hidden", this.#medium !== "whatsapp");
    byId("twice-switch").hidden = !this.chat || this.#medium === "voice";
    byId("log").hidden = !this.chat;
    this.#composer.render();
    this.#log();
    this.#presence();
    this.#changed();
  }

  act(act) {
    this.try(post(this.path(), JSON.stringify({ ...act, twice: byId("twice").checked })));
  }

  send(file, voice = false) {
    const query = new URLSearchParams({ name: file.name });
    if (voice) query.set("voice", "");
    if (byId("twice").checked) query.set("twice", "");
    return this.try(post(`${this.path()}/files?${query}`, file, file.type || "application/octet-stream"));
  }

  path() {
    return `/phones/${this.#phone}/${this.#medium}`;
  }

  async try(request) {
    byId("trouble").textContent = "";
    try {
      await request;
    } catch (error) {
      byId("trouble").textContent = error.message;
    }
  }

  #log() {
    const bubbles = (this.chat?.bubbles ?? []).map((message) => bubble(this, message, this.#actions()));
    byId("log").replaceChildren(...bubbles);
    if (this.chat && !bubbles.length && this.#medium !== "voice") {
      const text = this.#medium === "telegram" ? "/start" : "Hi";
      const begin = () => this.act({ act: "say", text });
      byId("log").append(make("button", { type: "button", class: "begin", onclick: begin }, word(`begin_${this.#medium}`)));
    }
    this.#scroll();
  }

  #tabs() {
    const tab = ({ id }) => {
      const choose = () => { this.#show(id, this.#medium); byId(`phone-${id}`).focus(); };
      return make("button", { type: "button", id: `phone-${id}`, "aria-pressed": String(id === this.#phone), onclick: choose },
        `${word("phone")} ${id}`);
    };
    const more = () => this.try(post("/phones"));
    byId("tabs").replaceChildren(...[...this.#phones.values()].map(tab),
      make("button", { type: "button", "aria-label": word("new_phone"), title: word("new_phone"), onclick: more }, "+"));
  }

  #dock() {
    const button = (medium) => {
      const choose = () => { this.#show(this.#phone, medium); byId(`medium-${medium}`).focus(); };
      return make("button", { type: "button", id: `medium-${medium}`, "aria-pressed": String(medium === this.#medium), onclick: choose },
        icon(medium), make("span", {}, word(`medium_${medium}`)));
    };
    byId("dock").setAttribute("aria-label", word("media"));
    byId("dock").replaceChildren(...MEDIA.map(button));
  }

  #show(phone, medium) {
    shut();
    this.#phone = phone;
    this.#medium = medium;
    this.render();
  }

  #presence() {
    this.#pad.render();
    byId("presence").textContent = !this.chat ? "" : this.#medium === "voice" ? this.#pad.status() : word(this.chat.typing ? "typing" : `online_${this.#medium}`);
    byId("log").querySelector(".dots")?.remove();
    if (this.chat?.typing) byId("log").append(make("div", { class: "dots", "aria-hidden": "true" }, make("i"), make("i"), make("i")));
    this.#scroll();
  }

  #scroll() {
    byId("log").scrollTop = byId("log").scrollHeight;
  }

  #actions() {
    return {
      tap: (message, token) => this.act({ act: "tap", message, token }),
      openList: (message) => listSheet(message, this.#actions().tap),
      askPlace: () => placeSheet((pin) => this.act({ act: "pin", pin })),
      edit: (message, text) => this.act({ act: "edit", message, text }),
      revoke: this.#medium === "whatsapp" ? (message) => this.act({ act: "revoke", message }) : null,
      menu: (message) => messageSheet(message, this.#actions()),
    };
  }
}
