// The data at rest: the rows as they are stored, and a search through every file.

import { byId, get, make, post } from "./dom.js";
import { word } from "./words.js";

let timer = 0;

export function startDataSearch() {
  byId("query").value = "";
  byId("search").addEventListener("submit", search);
  byId("rows").addEventListener("toggle", refreshRows);
}

export function suggestQuery(number) {
  if (!byId("query").value || /^9199999\d{5}$/.test(byId("query").value)) byId("query").value = number;
}

// Reads the rows again soon, if they are shown; a burst of changes causes one reading.
export function refreshRowsSoon() {
  clearTimeout(timer);
  timer = setTimeout(refreshRows, 800);
}

async function search(event) {
  event.preventDefault();
  try {
    const { found, files, bytes } = await (await post("/search", byId("query").value, "text/plain")).json();
    const values = { found, files, size: Math.ceil(bytes / 1000) };
    byId("found").textContent = word("found").replace(/\{(\w+)\}/g, (_, key) => values[key]);
    byId("found").className = found ? "bad" : "good";
  } catch (error) {
    byId("found").textContent = error.message;
  }
}

async function refreshRows() {
  if (!byId("rows").open) return;
  const tables = await (await get("/database")).json();
  byId("tables").replaceChildren(...tables.filter((table) => table.count).map(shown));
}

function shown({ table, comment, count, rows }) {
  const names = Object.keys(rows[0]);
  const head = make("tr", {}, ...names.map((name) => make("th", { scope: "col" }, name)));
  const lines = rows.map((row) => make("tr", {}, ...names.map((name) => make("td", {}, row[name]))));
  return make("div", { class: "table" },
    make("h3", {}, make("code", {}, table), ` · ${count} ${word("rows_in")}`), make("p", { class: "small", lang: "en" }, comment),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": table }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...lines))));
}
