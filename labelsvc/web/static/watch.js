// Keeps the watched part of a page as it is now: whenever the stream of events tells news, or every few seconds where
// there is no stream, the page is fetched again and that part put in its place.
"use strict";

const EVERY = 3000;
let asked = 0;
let shown = 0;
let timer = null;
let stream = null;

function watched() {
  return document.getElementById("watched");
}

function written() {
  const field = document.activeElement;
  return Boolean(field && field.form && field.value);
}

async function renew() {
  const turn = ++asked;
  const answer = await fetch(location.href, { credentials: "same-origin", redirect: "manual" });
  if (!answer.ok) {
    if (answer.type === "opaqueredirect") location.reload(); // the session is over: sign in again
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("watched");
  if (fresh && fresh.dataset.forms !== watched().dataset.forms && !written()) {
    location.reload(); // there is something else to say now than when the page was loaded
    return;
  }
  if (fresh && turn > shown && !watched().contains(document.activeElement)) {
    shown = turn;
    watched().replaceWith(fresh);
  }
  if (!watched().hasAttribute("data-watch")) stop();
}

function tell() {
  renew().catch(() => {}); // the network is away: the next event or the next turn finds it back
}

function stop() {
  if (stream) stream.close();
  clearInterval(timer);
}

function poll() {
  if (timer === null) timer = setInterval(tell, EVERY);
}

function follow(path) {
  stream = new EventSource(path);
  stream.addEventListener("job", tell);
  stream.addEventListener("end", () => {
    stream.close();
    tell();
  });
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED) poll(); // refused: as many streams are open as there may be
  });
}

if (watched() && watched().hasAttribute("data-watch")) {
  const path = watched().getAttribute("data-watch");
  if (path) follow(path);
  else poll();
  addEventListener("pagehide", stop);
}
