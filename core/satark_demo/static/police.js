// The police system: the received events, the newest first, and the answers that it can send.

import { byId, icon, make, post } from "./dom.js";
import { label, word } from "./words.js";

const ANSWERS = ["ASSIGNED", "ACTED"];

let police = { state: "simulated", events: [] };
const opened = new Set();

export function showPolice(shown) {
  police = shown;
  renderPolice();
}

export function renderPolice() {
  const cards = police.events.map(card);
  const none = word(police.state === "simulated" ? "police_none" : `police_${police.state}`);
  byId("police").replaceChildren(...(cards.length ? cards : [make("p", { class: "empty" }, none)]));
}

function card({ event, answered }, at) {
  const { data } = event;
  const place = [data.station, data.district].filter(Boolean).map((unit) => label(unit, `unit.${unit}`)).join(", ");
  const raw = make("details", { open: opened.has(event.id) },
    make("summary", {}, word("event")), make("pre", { class: "raw", tabindex: "0", lang: "en" }, JSON.stringify(event, null, 2)));
  raw.addEventListener("toggle", () => opened[raw.open ? "add" : "delete"](event.id));
  const newest = police.events.findIndex((one) => one.event.subject === event.subject) === at;
  return make("article", { class: "event", "data-id": event.id },
    make("h3", {}, make("b", { class: "number" }, event.subject), make("span", { class: "signed" }, icon("tick"), word("signed"))),
    make("p", {}, label(data.category, `category.${data.category}`), data.revision > 1 || event.sequence > 1 ? ` · ${word("update")}` : ""),
    make("p", { class: "small" }, [place, data.received].filter(Boolean).join(" · ")),
    raw,
    newest ? answers(event.subject, answered) : "");
}

function answers(number, answered) {
  const trouble = make("p", { class: "trouble", role: "alert" });
  const buttons = ANSWERS.map((status) => make("button", {
    type: "button", class: "plain", "aria-pressed": String(status === answered), "data-answer": `${number}/${status}`,
    onclick: () => post(`/police/${number}/${status}`, "").catch((error) => { trouble.textContent = error.message; }),
  }, label(status, `status.${status}`)));
  return make("div", { class: "answers" }, make("span", { class: "small" }, word("answer")), ...buttons, trouble);
}
