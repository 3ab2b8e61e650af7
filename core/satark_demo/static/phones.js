// The phones: which phone and medium is shown, the server's events about them, and the citizen's actions.

import { bubble, CALLS } from "./bubble.js";
import { BrowserCall } from "./call.js";
import { Composer } from "./composer.js";
import { byId, icon, make, post } from "./dom.js";
import { Keypad } from "./keypad.js";
import { listSheet, messageSheet, placeSheet, shut } from "./sheets.js";
import { word } from "./words.js";

const MEDIA = ["whatsapp", "telegram", "sms", "voice"];

export class Phones {
  #phones = new Map();
  #phone = "1";
  #medium = "whatsapp";
  browserCall = new BrowserCall();
  #composer = new Composer(this);
  #keypad = new Keypad(this);

  constructor() {
    byId("device").addEventListener("keydown", (event) => event.key === "Escape" && shut());
    byId("call-inside").addEventListener("click", () => this.browserCall.phone === this.#phone ? this.open("whatsapp_call") : this.ring());
    addEventListener("pagehide", () => this.browserCall.phone && this.hangUp());
  }

  // The shown phone, its medium, and that medium's chat; there is no chat where the provider is a real one.
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
    for (const { id, chats } of state.phones) this.#follow(id, chats.whatsapp_call?.call);
  }

  add(phone) {
    this.#phones.set(phone.id, phone);
    this.#tabs();
  }

  show({ phone, medium, message }) {
    const { messages } = this.#phones.get(phone).chats[medium];
    const known = messages.findIndex((one) => one.id === message.id);
    if (known < 0) messages.push(message);
    else messages[known] = message;
    if (phone !== this.#phone || medium !== this.#medium) return;
    const shown = bubble(this, message, this.#actions());
    const old = byId(`m-${message.id}`);
    if (old) old.replaceWith(shown);
    else byId("log").append(shown);
    byId("log").querySelector(".begin")?.remove();
    if (!old) this.#scroll();
  }

  showTyping({ phone, medium, typing }) {
    this.#phones.get(phone).chats[medium].typing = typing;
    if (phone === this.#phone && medium === this.#medium) this.#presence();
  }

  // The state of a call; `clear` removes an earlier call's messages.
  showCall({ phone, medium, call }) {
    this.#phones.get(phone).chats[medium].call = call;
    if (medium === "whatsapp_call") this.#follow(phone, call);
    if (phone === this.#phone && medium === this.#medium) this.#presence();
  }

  // Calls inside WhatsApp; `payload` is what the tapped button sends back.
  async ring(payload = "") {
    const phone = this.#phone;
    const { missing } = this.current.chats.whatsapp_call.call;
    const warn = () => { byId("trouble").textContent = missing && word(`missing_${missing}`); };
    if (missing === "aiortc") return warn();
    if (this.browserCall.phone) this.hangUp();
    this.clear({ phone, medium: "whatsapp_call" }); // what was said in an earlier call, a code perhaps
    const offering = this.browserCall.begin(phone);
    this.open("whatsapp_call");
    const offer = await offering;
    if (!offer) return;
    if (await this.#inCall(phone, { action: "dial", offer, payload })) warn();
    else this.browserCall.end();
    this.#presence();
  }

  hangUp() {
    this.#inCall(this.browserCall.phone, { action: "hang_up" });
    this.browserCall.end();
    this.#presence();
  }

  async #follow(phone, call) {
    if (await this.browserCall.take(phone, call)) byId("trouble").textContent = word("inside_unheard");
    this.#presence();
  }

  // Kept alive: a page that is left hangs up.
  #inCall(phone, action) {
    return this.try(post(`/phones/${phone}/whatsapp_call`, JSON.stringify(action), "application/json", true));
  }

  clear({ phone, medium }) {
    this.#phones.get(phone).chats[medium].messages.length = 0;
    if (phone === this.#phone && medium === this.#medium) byId("log").replaceChildren();
  }

  render() {
    if (!this.current) return;
    this.#tabs();
    this.#dock();
    byId("device").dataset.medium = this.#medium;
    byId("real").hidden = Boolean(this.chat);
    byId("real").textContent = word(`real_${this.#medium}`);
    byId("verified-mark").toggleAttribute("hidden", !this.#medium.startsWith("whatsapp"));
    byId("call-inside").hidden = !this.chat || this.#medium !== "whatsapp";
    byId("twice-switch").hidden = !this.chat || CALLS.includes(this.#medium);
    byId("log").hidden = !this.chat;
    // What is heard is not read out a second time.
    byId("log").ariaLive = this.#medium === "whatsapp_call" ? "off" : "polite";
    this.#composer.render();
    this.#log();
    this.#presence();
  }

  perform(action) {
    this.try(post(this.path(), JSON.stringify({ ...action, twice: byId("twice").checked })));
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

  // Resolves to whether the request was accepted.
  async try(request) {
    byId("trouble").textContent = "";
    try {
      await request;
      return true;
    } catch (error) {
      byId("trouble").textContent = error.message;
      return false;
    }
  }

  #log() {
    const bubbles = (this.chat?.messages ?? []).map((message) => bubble(this, message, this.#actions()));
    byId("log").replaceChildren(...bubbles);
    if (this.chat && !bubbles.length && !CALLS.includes(this.#medium)) {
      const text = this.#medium === "telegram" ? "/start" : "Hi";
      const begin = () => this.perform({ action: "say", text });
      byId("log").append(make("button", { type: "button", class: "begin", onclick: begin }, word(`begin_${this.#medium}`)));
    }
    this.#scroll();
  }

  #tabs() {
    const tab = ({ id }) => {
      const choose = () => { this.#select(id, this.#medium); byId(`phone-${id}`).focus(); };
      return make("button", { type: "button", id: `phone-${id}`, "aria-pressed": String(id === this.#phone), onclick: choose },
        `${word("phone")} ${id}`);
    };
    const more = () => this.try(post("/phones"));
    byId("tabs").replaceChildren(...[...this.#phones.values()].map(tab),
      make("button", { type: "button", "aria-label": word("new_phone"), title: word("new_phone"), onclick: more }, "+"));
  }

  #dock() {
    const button = (medium) => {
      const choose = () => { this.#select(this.#phone, medium); byId(`medium-${medium}`).focus(); };
      return make("button", { type: "button", id: `medium-${medium}`, "aria-pressed": String(this.#medium.startsWith(medium)), onclick: choose },
        icon(medium), make("span", {}, word(`medium_${medium}`)));
    };
    byId("dock").setAttribute("aria-label", word("media"));
    byId("dock").replaceChildren(...MEDIA.map(button));
  }

  open(medium) {
    this.#select(this.#phone, medium);
    byId("log").focus({ preventScroll: true });
  }

  #select(phone, medium) {
    shut();
    this.#phone = phone;
    this.#medium = medium;
    this.render();
  }

  #presence() {
    this.#keypad.render();
    byId("presence").textContent = !this.chat ? "" : CALLS.includes(this.#medium) ? this.#keypad.status() : word(this.chat.typing ? "typing" : `online_${this.#medium}`);
    byId("log").querySelector(".dots")?.remove();
    if (this.chat?.typing) byId("log").append(make("div", { class: "dots", "aria-hidden": "true" }, make("i"), make("i"), make("i")));
    this.#scroll();
  }

  // To the newest message; in a call to the beginning of what is being said.
  #scroll() {
    const log = byId("log");
    const said = CALLS.includes(this.#medium) && [...log.querySelectorAll(".theirs")].at(-1);
    log.scrollTop = said ? said.offsetTop - log.offsetTop : log.scrollHeight;
  }

  #actions() {
    return {
      tap: (message_id, token) => this.perform({ action: "tap", message_id, token }),
      ring: (payload) => this.ring(payload),
      openList: (message) => listSheet(message, this.#actions().tap),
      askPlace: () => placeSheet((pin) => this.perform({ action: "pin", pin })),
      edit: (message_id, text) => this.perform({ action: "edit", message_id, text }),
      revoke: this.#medium === "whatsapp" ? (message_id) => this.perform({ action: "revoke", message_id }) : null,
      menu: (message) => messageSheet(message, this.#actions()),
    };
  }
}
