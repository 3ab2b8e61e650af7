// The sheets that slide up over the chat: list rows, attachments, locations, and editing a message.

import { byId, icon, make } from "./dom.js";
import { word } from "./words.js";

const PLACES = [
  ["अस्सी घाट · Assi Ghat", 25.28918, 83.00666], ["लंका, BHU गेट · Lanka", 25.28104, 82.99902],
  ["गोदौलिया · Godowlia", 25.30998, 83.00767], ["कैंट स्टेशन · Cantt station", 25.32733, 82.98644],
  ["सारनाथ · Sarnath", 25.38081, 83.02452],
];

const sheet = () => byId("sheet");
let opener = null;

function open(title, ...children) {
  if (!sheet().open) opener = document.activeElement;
  const close = make("button", { type: "button", class: "round", "aria-label": word("close"), onclick: shut }, "✕");
  sheet().replaceChildren(make("div", { class: "sheet-head" }, close, make("h3", { id: "sheet-title" }, title)), ...children);
  sheet().setAttribute("aria-labelledby", "sheet-title");
  setInert(true);
  if (!sheet().open) sheet().show();
  (sheet().querySelector("input, textarea") ?? close).focus();
}

export function shut() {
  if (!sheet().open) return;
  sheet().close();
  setInert(false);
  if (opener?.isConnected) opener.focus();
}

function setInert(inert) {
  for (const part of byId("device").children) if (part !== sheet()) part.inert = inert;
}

// Closes the sheet, then runs the action.
const done = (action) => (...values) => { shut(); action(...values); };

function entry(name, text, action) {
  return make("button", { type: "button", class: "entry", onclick: action }, icon(name), make("span", {}, text));
}

export function listSheet(message, tap) {
  const rows = message.offers.map((offer, index) =>
    make("label", { class: "pick" },
      make("span", {}, make("b", {}, offer.label), offer.description ? make("small", {}, offer.description) : ""),
      make("input", { type: "radio", name: "row", value: offer.token, required: true, checked: index === 0 && message.offers.length === 1 })));
  const form = make("form", { class: "list" }, make("div", { class: "rows" }, ...rows),
    make("button", { type: "submit", class: "strong wide" }, word("send")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const token = new FormData(form).get("row");
    if (token) done(tap)(message.id, token);
  });
  open(message.menu, form);
}

export function attachSheet(actions) {
  const picker = (kind, accept, capture) => {
    const input = make("input", { type: "file", accept, capture, multiple: !capture, class: "hidden-file", tabindex: "-1", "aria-label": word(kind) });
    input.addEventListener("change", () => { shut(); for (const file of input.files) actions.file(file); });
    sheet().append(input);
    input.click();
  };
  const samples = actions.samples.map((name) => {
    const image = make("img", { src: `/simulator/static/samples/${name}.jpg`, alt: word(`sample_${name}`), width: 128, height: 96 });
    return make("button", { type: "button", class: "sample", onclick: done(() => actions.sample(name)) }, image);
  });
  open(word("attach"),
    make("div", { class: "grid" },
      entry("photo", word("photo"), () => picker("photo", "image/*,video/*")),
      entry("camera", word("camera"), () => picker("camera", "image/*", "environment")),
      actions.pin ? entry("document", word("document"), () => picker("document", "")) : "",
      entry("sound", word("sound"), () => picker("sound", "audio/*")),
      actions.pin ? entry("pin", word("place"), () => placeSheet(actions.pin)) : ""),
    make("p", { class: "small" }, word("sample")),
    make("div", { class: "samples" }, ...samples));
}

export function commandSheet(commands, say) {
  const entries = commands.map(([command, name]) => entry("list", `/${command} · ${name}`, done(() => say(`/${command}`))));
  open(word("menu"), make("div", { class: "entries" }, ...entries));
}

export function placeSheet(send) {
  const field = (name, key, value) => make("label", {}, word(key),
    make("input", { name, value, inputmode: name === "name" ? "text" : "decimal", required: name !== "name" }));
  const form = make("form", { class: "place-form" }, field("latitude", "latitude", "25.31760"),
    field("longitude", "longitude", "82.97390"), field("name", "name", ""),
    make("button", { type: "submit", class: "strong wide" }, word("place_ask")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = new FormData(form);
    const [latitude, longitude] = [Number(values.get("latitude")), Number(values.get("longitude"))];
    if (Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180) done(send)({ latitude, longitude, name: values.get("name") });
  });
  const presets = PLACES.map(([name, latitude, longitude]) =>
    entry("pin", name, done(() => send({ latitude, longitude, name }))));
  open(word("places"), make("div", { class: "entries" }, ...presets), form);
}

export function messageSheet(message, actions) {
  const edit = entry("document", word("edit"), () => editSheet(message, actions.edit));
  const remove = actions.revoke ? entry("stop", word("remove"), done(() => actions.revoke(message.id))) : "";
  open(word("message_menu"), make("div", { class: "entries" }, (message.kind ?? "text") === "text" ? edit : "", remove));
}

function editSheet(message, save) {
  const area = make("textarea", { rows: 3, maxlength: 4096, "aria-label": word("edit") });
  area.value = message.text;
  const form = make("form", { class: "place-form" }, area, make("button", { type: "submit", class: "strong wide" }, word("save")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (area.value.trim()) done(save)(message.id, area.value.trim());
  });
  open(word("edit"), form);
}
