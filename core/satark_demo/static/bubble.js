// Renders one message as a chat bubble.

import { icon, make } from "./dom.js";
import { currentLanguage, word } from "./words.js";

const MARKS = [["*", "strong"], ["_", "em"], ["~", "s"]];
const MARKED = /(?<![\p{L}\p{N}])([*_~])(\S(?:[^\n]*?\S)?)\1(?![\p{L}\p{N}])/u;

// WhatsApp's own markup: *bold*, _italic_, ~struck~.
export function formatted(text) {
  const found = MARKED.exec(text);
  if (!found) return [text];
  const tag = MARKS.find(([mark]) => mark === found[1])[1];
  const before = text.slice(0, found.index);
  return [before, make(tag, {}, ...formatted(found[2])), ...formatted(text.slice(found.index + found[0].length))];
}

// The media whose messages are what is said in a call.
export const CALLS = ["voice", "whatsapp_call"];

const DEVANAGARI = /[\u0900-\u097f]/;

export function bubble(phones, message, actions) {
  const row = make("div", { class: `message ${message.mine ? "mine" : "theirs"}`, id: `m-${message.id}` });
  const body = make("div", { class: `bubble ${message.kind ?? "text"}` }, ...content(phones, message));
  body.append(foot(message));
  if (message.mine && !message.deleted && message.kind !== "call" && (actions.revoke || (phones.medium === "telegram" && (message.kind ?? "text") === "text"))) {
    const open = () => actions.menu(message);
    body.append(make("button", { type: "button", class: "menu", "aria-label": word("message_menu"), onclick: open }, icon("more")));
    body.addEventListener("contextmenu", (event) => { event.preventDefault(); open(); });
  }
  row.append(body, ...offers(message, actions));
  return row;
}

function content(phones, message) {
  if (message.deleted) return [make("p", { class: "deleted" }, word("deleted"))];
  const text = message.text ? lines(phones.medium, message.text) : [];
  const source = `/simulator${phones.path()}/files/${encodeURIComponent(message.id)}`;
  const shown = {
    image: () => make("div", {}, make("img", { src: source, alt: word("photo"), width: 240, height: 180 }), metadata(message)),
    video: () => make("video", { src: source, controls: true, "aria-label": word("photo") }),
    audio: () => make("audio", { src: source, controls: true, "aria-label": word("sound") }),
    voice: () => make("audio", { src: source, controls: true, "aria-label": word("voice") }),
    document: () => make("p", { class: "attached" }, icon("document"), message.name || word("document")),
    location: () => place(message.pin),
    keys: () => make("kbd", {}, message.text),
    spoken: () => make("p", { class: "attached" }, icon("mic"), `${word("spoke")} ${message.text} ${word("seconds")}`),
    call: () => make("p", { class: "attached" }, icon("voice"), word(`called_${message.text}`)),
  }[message.kind];
  return ["keys", "spoken", "call"].includes(message.kind) ? [shown()] : shown ? [shown(), ...text] : text;
}

// In a call each line has its own language; in a chat the text is one paragraph, on WhatsApp with its markup.
function lines(medium, text) {
  if (CALLS.includes(medium)) return text.split("\n").map((line) => make("p", { lang: DEVANAGARI.test(line) ? "hi" : "en" }, line));
  return [make("p", { dir: "auto" }, ...(medium === "whatsapp" ? formatted(text) : [text]))];
}

// The identifying metadata that the uncleaned photo holds.
function metadata(message) {
  return message.metadata ? make("p", { class: "metadata" }, `${word("inside")} ${message.metadata.join(" · ")}`) : "";
}

function place(pin) {
  const where = `${pin.latitude.toFixed(5)}, ${pin.longitude.toFixed(5)}`;
  const map = make("div", { class: "map" }, icon("pin"));
  return make("div", { class: "place" }, map, make("p", {}, pin.name || word("location"), make("br"), make("small", {}, where)));
}

function foot(message) {
  const time = new Date(message.at * 1000).toLocaleTimeString(currentLanguage(), { hour: "2-digit", minute: "2-digit" });
  const line = make("div", { class: "foot" }, message.edited ? `${word("edited")} ` : "", time);
  if (message.ticks) {
    const ticks = make("span", { class: `ticks ${message.ticks}`, role: "img", "aria-label": word(message.ticks) });
    ticks.append(message.ticks === "failed" ? "!" : icon(message.ticks === "sent" ? "tick" : "ticks"));
    line.append(ticks);
  }
  return line;
}

function offers(message, actions) {
  const button = (name, text, action) =>
    make("button", { type: "button", class: "offer", onclick: action }, icon(name), make("span", {}, text));
  if (message.call) return [button("voice", message.call.label, () => actions.ring(message.call.token))];
  if (message.asks_location) return [button("pin", word("place_ask"), actions.askPlace)];
  if (!message.offers?.length) return [];
  if (message.menu) return [button("list", message.menu, () => actions.openList(message))];
  const buttons = message.offers.map((offer) => button("reply", offer.label, () => actions.tap(message.id, offer.token)));
  return (message.rows ?? buttons.map(() => 1)).map((count) => make("div", { class: "offers" }, ...buttons.splice(0, count)));
}
