// Uploads files as soon as they are chosen, and shows the progress of each. The form is submitted once all are uploaded.

import { connectRecorder } from "./recorder.js";
import { Refused, remove, upload } from "./tus.js";

class Upload {
  constructor(list, blob, name, type) {
    this.list = list;
    this.blob = blob;
    this.type = type;
    this.node = list.template.content.firstElementChild.cloneNode(true);
    this.node.querySelector("[data-name]").textContent = name;
    this.node.querySelector("progress").setAttribute("aria-label", name);
    this.canceller = new AbortController();
    this.retry = new EventTarget();
    this.element("retry").addEventListener("click", () => this.retry.dispatchEvent(new Event("retry")));
    this.element("cancel").addEventListener("click", () => this.cancel());
    list.node.append(this.node);
    this.done = this.run();
  }

  element(name) {
    return this.node.querySelector(`[data-${name}]`);
  }

  show(state, text = this.list.node.dataset[state]) {
    this.node.dataset.state = state;
    this.element("status").textContent = text;
    this.element("retry").hidden = state !== "waiting";
  }

  async run() {
    this.show("sending");
    const options = {
      endpoint: this.list.endpoint,
      retry: this.retry,
      signal: this.canceller.signal,
      progress: (share) => {
        this.node.querySelector("progress").value = share;
        if (this.node.dataset.state !== "sending") this.show("sending");
      },
      waiting: () => this.show("waiting"),
    };
    try {
      this.url = await upload(this.blob, this.type, options);
      this.node.querySelector("progress").value = 1;
      this.show("sent");
    } catch (error) {
      if (error instanceof Refused) this.show("refused", error.message);
    }
  }

  async cancel() {
    this.canceller.abort();
    this.node.remove();
    this.list.input.focus();
    if (this.url) await remove(this.url, new AbortController().signal).catch(() => {});
  }
}

class UploadList {
  constructor(chooser) {
    this.endpoint = chooser.dataset.uploads;
    this.node = chooser.querySelector("[data-list]");
    this.template = chooser.querySelector("template");
    this.input = chooser.querySelector("input[type=file]");
    this.items = [];
    this.input.addEventListener("change", () => this.addChosen());
    this.input.form.addEventListener("submit", (event) => this.waitForUploads(event));
    connectRecorder(chooser.querySelector("[data-recorder]"), (blob, name, type) => this.add(blob, name, type));
    this.addChosen(); // files that were chosen before this script had come over a slow line
  }

  addChosen() {
    for (const file of this.input.files) this.add(file, file.name, file.type);
    this.input.value = "";
  }

  add(blob, name, type) {
    if (!blob.size) return;
    this.items.push(new Upload(this, blob, name, type));
    for (const stay of this.input.form.querySelectorAll("[name=stay]")) stay.hidden = true; // nothing left for it to add
  }

  async waitForUploads(event) {
    const sending = this.items.filter((item) => item.node.isConnected && !["sent", "refused"].includes(item.node.dataset.state));
    if (!sending.length) return;
    event.preventDefault();
    const submitter = event.submitter;
    const note = this.node.parentElement.querySelector("[data-pending]");
    note.hidden = false;
    await Promise.all(sending.map((item) => item.done));
    note.hidden = true;
    const refused = this.items.some((item) => item.node.isConnected && item.node.dataset.state === "refused");
    if (!refused) this.input.form.requestSubmit(submitter);
  }
}

document.querySelectorAll("[data-uploads]").forEach((chooser) => new UploadList(chooser));
