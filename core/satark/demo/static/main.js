// Puts the page together and keeps it up to date from the server's events.

import { forgetOpened, renderDesks, showDesks } from "./desks.js";
import { byId } from "./dom.js";
import { Phones } from "./phones.js";
import { renderPolice, showPolice } from "./police.js";
import { refreshSoon, suggestNeedle, watchThief } from "./thief.js";
import { loadLabels, switchLanguage, translate, word } from "./words.js";

const phones = new Phones(() => {
  suggestNeedle(phones.current.number);
  refreshSoon();
});

const takes = {
  state: (event) => { phones.restore(event); showDesks(event.desks); showPolice(event.police); },
  phone: (event) => phones.add(event.phone),
  bubble: (event) => phones.take(event),
  typing: (event) => phones.type(event),
  line: (event) => phones.line(event),
  cleared: (event) => phones.clear(event),
  desks: (event) => { showDesks(event.desks); refreshSoon(); },
  police: (event) => showPolice(event.police),
};

function listen() {
  const events = new EventSource("/simulator/events");
  events.addEventListener("message", ({ data }) => {
    byId("trouble").textContent = "";
    const event = JSON.parse(data);
    takes[event.what](event);
  });
  events.addEventListener("error", () => { byId("trouble").textContent = word("lost"); });
}

byId("language").addEventListener("click", () => {
  switchLanguage();
  translate();
  phones.render();
  forgetOpened();
  renderPolice();
});

translate();
watchThief(() => "");
await loadLabels();
renderDesks();
listen();
