// The desks' queues: one row per tip, with its content once it is opened.

import { byId, get, make } from "./dom.js";
import { label, word } from "./words.js";

let queues = {};
const opened = new Set();

export function showDesks(desks) {
  queues = desks;
  renderDesks();
}

export function renderDesks() {
  const sections = Object.entries(queues).map(([desk, tips]) => {
    const rows = tips.map((tip) => row(desk, tip));
    const title = make("h3", {}, desk.toUpperCase(), make("span", { class: "count" }, String(tips.length)));
    return make("section", { class: "queue", "data-desk": desk, "aria-label": desk.toUpperCase() }, title, ...(rows.length ? rows : [make("p", { class: "empty" }, word("empty"))]));
  });
  // An opened tip keeps its content unless the tip has changed.
  for (const old of byId("queues").querySelectorAll("details[open]")) {
    const fresh = sections.flatMap((section) => [...section.querySelectorAll("details")]).find((one) => one.dataset.state === old.dataset.state);
    fresh?.querySelector(".content").replaceChildren(...old.querySelector(".content").childNodes);
  }
  byId("queues").replaceChildren(...sections);
}

// Renders everything again, opened tips included.
export function resetDesks() {
  byId("queues").replaceChildren();
  renderDesks();
}

function row(desk, tip) {
  const key = `${desk}/${tip.number}`;
  const content = make("div", { class: "content" });
  const files = tip.files ? `${word("files")} ${tip.files}` : "";
  const pending = tip.pending ? `${word("pending")} ${tip.pending}` : "";
  const details = make("details", { "data-state": `${key} ${JSON.stringify(tip)}`, open: opened.has(key) },
    make("summary", {},
      make("b", { class: "number" }, tip.number),
      make("span", { class: "category" }, label(tip.category, `category.${tip.category}`)),
      make("span", { class: `status ${tip.status}` }, label(tip.status, `status.${tip.status}`)),
      make("span", { class: "files" }, [files, pending].filter(Boolean).join(" · "))),
    content);
  details.addEventListener("toggle", () => {
    if (details.open) opened.add(key);
    else opened.delete(key);
    if (details.open && !content.childNodes.length) fill(content, desk, tip.number);
  });
  return details;
}

async function fill(content, desk, number) {
  try {
    const tip = await (await get(`/desks/${desk}/${number}`)).json();
    content.replaceChildren(...parts(desk, tip));
  } catch (error) {
    content.replaceChildren(make("p", { class: "trouble" }, error.message));
  }
}

function parts(desk, tip) {
  const answers = Object.entries(tip.answers).flatMap(([step, value]) =>
    [make("dt", {}, label(step, `${step}.name`)), make("dd", { dir: "auto" }, answer(step, value))]);
  const urgent = tip.priority === "normal" ? "" : make("p", { class: "priority" }, word(tip.priority));
  const excluded = tip.excluded.length ? make("p", { class: "small" }, `${word("excluded")}: ${tip.excluded.join(", ")}`) : "";
  const files = tip.files.map((file) => figure(desk, tip.number, file));
  const thread = tip.thread.map((message) => make("li", { class: message.sender }, threadMessage(message)));
  return [urgent, excluded, make("dl", {}, ...answers), make("div", { class: "figures" }, ...files),
    thread.length ? make("ol", { class: "thread" }, ...thread) : ""].filter(Boolean);
}

function answer(step, value) {
  if (Array.isArray(value)) return value.map((one) => answer(step, one)).join(", ");
  if (value && typeof value === "object") return Object.entries(value).map(([key, part]) => placePart(key, part)).filter(Boolean).join(" · ");
  return label(String(value), `${step}.${value}`, `option.${value}`, `unit.${value}`);
}

function placePart(key, part) {
  if (part == null || part === "") return "";
  return typeof part === "number" ? part.toFixed(5) : key === "text" ? part : label(part, `unit.${part}`);
}

function threadMessage(message) {
  const who = message.internal ? "internal" : message.sender === "desk" ? "to_tipster" : "from_tipster";
  const status = message.status ? `[${label(message.status, `status.${message.status}`)}] ` : "";
  return `${word(who)}: ${status}${message.text}`;
}

function figure(desk, number, file) {
  const source = `/simulator/desks/${desk}/${number}/${file.ordinal}`;
  const kind = file.mime.split("/")[0];
  const shown = file.own_voice ? make("p", { class: "small" }, word("own_voice"))
    : file.problem ? make("p", { class: "small" }, file.problem)
    : kind === "image" ? make("img", { src: source, alt: word("cleaned"), loading: "lazy" })
      : kind === "video" || kind === "audio" ? make(kind, { src: source, controls: true, "aria-label": word("cleaned") })
        : make("p", {}, make("a", { href: source }, word("cleaned")));
  const sizes = `${word("before")} ${kilo(file.bytes)}${file.clean_bytes ? ` → ${word("after")} ${kilo(file.clean_bytes)}` : ""}`;
  const metadata = kind === "image" ? `${word("inside")} ${file.metadata.join(" · ") || word("nothing")}` : "";
  return make("figure", {}, shown, make("figcaption", {}, [file.caption, sizes, metadata].filter(Boolean).join(" · ")));
}

const kilo = (bytes) => `${Math.ceil(bytes / 1000)} kB`;
