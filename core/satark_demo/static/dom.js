// Makes elements and calls the simulator's HTTP interface.

export const byId = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null && child !== ""));
  return element;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#${name}`);
  svg.append(use);
  return svg;
}

export async function get(path) {
  const answer = await fetch(`/simulator${path}`);
  if (!answer.ok) throw new Error(await answer.text());
  return answer;
}

export async function post(path, body, type = "application/json", keepalive = false) {
  const headers = { "Content-Type": type };
  const answer = await fetch(`/simulator${path}`, { method: "POST", headers, body, keepalive });
  if (!answer.ok) throw new Error(await answer.text());
  return answer;
}
