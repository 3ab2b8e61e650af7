// Files leave as soon as they are chosen, each with its progress, and the form follows when they are there. A file that
// can't be sent this way stays in the form and goes with it.

import { record } from "./recorder.js";
import { Refused, remove, send } from "./tus.js";

class Item {
  constructor(list, blob, name, type) {
    this.list = list;
    this.blob = blob;
    this.type = type;
    this.node = list.template.content.firstElementChild.cloneNode(true);
    this.node.querySelector("[data-name]").textContent = name;
    this.node.querySelector("progress").setAttribute("aria-label", name);
    this.cancelling = new AbortController();
    this.hurry = new EventTarget();
    this.part("retry").addEventListener("click", () => this.hurry.dispatchEvent(new Event("hurry")));
    this.part("cancel").addEventListener("click", () => this.cancel());
    list.node.append(this.node);
    this.done = this.run();
  }

  part(name) {
    return this.node.querySelector(`[data-${name}]`);
  }

  say(state, text = this.list.node.dataset[state]) {
    this.node.dataset.state = state;
    this.part("said").textContent = text;
    this.part("retry").hidden = state !== "waiting";
  }

  async run() {
    this.say("sending");
    const options = {
      endpoint: this.list.endpoint,
      hurry: this.hurry,
      signal: this.cancelling.signal,
      progress: (share) => {
        this.node.querySelector("progress").value = share;
        if (this.node.dataset.state !== "sending") this.say("sending");
      },
      waiting: () => this.say("waiting"),
    };
    try {
      this.where = await send(this.blob, this.type, options);
      this.node.querySelector("progress").value = 1;
      this.say("sent");
    } catch (error) {
      if (error instanceof Refused) this.say("refused", error.message);
    }
  }

  async cancel() {
    this.cancelling.abort();
    this.node.remove();
    this.list.input.focus();
    if (this.where) await remove(this.where, new AbortController().signal).catch(() => {});
  }
}

class List {
  constructor(chooser) {
    this.endpoint = chooser.dataset.uploads;
    this.node = chooser.querySelector("[data-list]");
    this.template = chooser.querySelector("template");
    this.input = chooser.querySelector("input[type=file]");
    this.items = [];
    this.input.addEventListener("change", () => this.take());
    this.input.form.addEventListener("submit", (event) => this.hold(event));
    record(chooser.querySelector("[data-recorder]"), (blob, name, type) => this.add(blob, name, type));
  }

  take() {
    for (const file of this.input.files) this.add(file, file.name, file.type);
    this.input.value = "";
  }

  add(blob, name, type) {
    if (blob.size) this.items.push(new Item(this, blob, name, type));
  }

  async hold(event) {
    const sending = this.items.filter((item) => item.node.isConnected && !["sent", "refused"].includes(item.node.dataset.state));
    if (!sending.length) return;
    event.preventDefault();
    const submitter = event.submitter;
    const note = this.node.parentElement.querySelector("[data-holding]");
    note.hidden = false;
    await Promise.all(sending.map((item) => item.done));
    note.hidden = true;
    const refused = this.items.some((item) => item.node.isConnected && item.node.dataset.state === "refused");
    if (!refused) this.input.form.requestSubmit(submitter);
  }
}

document.querySelectorAll("[data-uploads]").forEach((chooser) => new List(chooser));
