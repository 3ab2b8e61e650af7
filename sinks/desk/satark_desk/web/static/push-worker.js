// Shows that a tip has come. The message that wakes it is empty: the words are in this script's own address.
"use strict";
const text = new URL(location).searchParams.get("text");
addEventListener("push", (event) => {
  const options = {body: text, tag: "tip", renotify: true, requireInteraction: true};
  event.waitUntil(registration.showNotification("Satark", options));
});
addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(clients.openWindow("../"));
});
