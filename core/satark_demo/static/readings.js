// How typed words are understood: each message of a phone, and the lines of a pasted list.

import { byId, make, post } from "./dom.js";
import { currentLanguage, label, word } from "./words.js";

const MOST = 8;
let read = [];
let listed = [];

export function startReadings() {
  byId("reading-form").addEventListener("submit", readList);
}

export function offerSteps(steps) {
  const chosen = byId("reading-step").value || "what";
  byId("reading-step").replaceChildren(...steps.map((step) => make("option", { value: step, selected: step === chosen }, step)));
}

export function showReading({ reading }) {
  read = [reading, ...read].slice(0, MOST);
  renderReadings();
}

export function renderReadings() {
  byId("readings").replaceChildren(...read.map(shown));
  byId("readings-of-list").replaceChildren(...listed.map(shown));
}

async function readList(event) {
  event.preventDefault();
  const asked = { step: byId("reading-step").value, lines: byId("reading-lines").value, language: currentLanguage() };
  try {
    listed = await (await post("/readings", JSON.stringify(asked))).json();
    renderReadings();
  } catch (error) {
    byId("readings-of-list").replaceChildren(make("li", {}, error.message));
  }
}

function shown({ step, text, kind, confidence, values, marks }) {
  const chips = [chip(`${word(`kind_${kind}`)} · ${word(`sure_${confidence}`)}`, `sure ${confidence}`)];
  for (const [name, value] of Object.entries(values)) {
    const keys = [`${name}.${value}`, `category.${value}`, `unit.${value}`, `${step ?? "option"}.${value}`, `option.${value}`, `command.${value}`];
    const named = name === "topic" ? value : label(value, ...keys);
    chips.push(chip(`${word(`value_${name}`)}: ${named}`, name === "danger" ? "danger" : ""));
  }
  for (const mark of marks) chips.push(chip(word(`mark_${mark}`), "mark"));
  return make("li", {}, make("p", { class: "said" }, step ? make("code", {}, step) : "", " ", text), make("p", { class: "chips" }, ...chips));
}

function chip(text, kind) {
  return make("span", { class: `reading ${kind}` }, text);
}
