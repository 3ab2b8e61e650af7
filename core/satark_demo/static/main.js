// Puts the page together and keeps it up to date from the server's events.

import { resetDesks, renderDesks, showDesks } from "./desks.js";
import { byId } from "./dom.js";
import { Phones } from "./phones.js";
import { renderPolice, showPolice } from "./police.js";
import { offerSteps, renderReadings, showReading, startReadings } from "./readings.js";
import { loadLabels, switchLanguage, translate, word } from "./words.js";

const phones = new Phones();

const handlers = {
  state: (event) => { phones.restore(event); showDesks(event.desks); showPolice(event.police); offerSteps(event.steps); },
  reading: showReading,
  phone: (event) => phones.add(event.phone),
  message: (event) => phones.show(event),
  typing: (event) => phones.showTyping(event),
  call: (event) => phones.showCall(event),
  cleared: (event) => phones.clear(event),
  desks: (event) => showDesks(event.desks),
  police: (event) => showPolice(event.police),
};

function listen() {
  const events = new EventSource("/simulator/events");
  events.addEventListener("message", ({ data }) => {
    byId("trouble").textContent = "";
    const event = JSON.parse(data);
    handlers[event.type](event);
  });
  events.addEventListener("error", () => { byId("trouble").textContent = word("lost"); });
}

byId("language").addEventListener("click", () => {
  switchLanguage();
  translate();
  phones.render();
  resetDesks();
  renderPolice();
  renderReadings();
});

translate();
startReadings();
await loadLabels();
renderDesks();
listen();
