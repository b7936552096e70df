// Keys of the mapping queue. They press the buttons and follow the links that stand on the page, and decide nothing.
"use strict";

const stored = (name, fallback) => { try { return localStorage.getItem(name) ?? fallback; } catch { return fallback; } };
const store = (name, value) => { try { localStorage.setItem(name, value); } catch { /* this visit only */ } };

const rows = () => [...document.querySelectorAll("tr[data-account]")];
const current = () => document.querySelector("tr[data-account][aria-current]");
const dialog = document.getElementById("keys");

function say(text) {
  document.querySelector("[data-said]").textContent = text;
}

function stand(row, { focus = true } = {}) {
  current()?.removeAttribute("aria-current");
  row.setAttribute("aria-current", "true");
  if (!focus) return;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function move(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(current());
  // The first key goes to the row that is marked already, so that nobody is carried past it unseen.
  const step = current()?.contains(document.activeElement) ? by : 0;
  stand(all[Math.max(0, Math.min(all.length - 1, at + step))]);
}

function skip() {
  const next = document.querySelector(".pages [rel=next]");
  if (next && rows().at(-1) === current()) next.click();
  else move(1);
}

function press(key) {
  const found = current()?.querySelector(`[data-key="${key}"]`) ?? document.querySelector(`.last [data-key="${key}"]`);
  if (!found) return say(key === "a" ? "Nothing is suggested for this account." : "There is nothing to do here.");
  if (found.matches("[data-careful]")) {  // a conflict is accepted by pressing its own button
    found.focus();
    return say("Something speaks against it. Press Enter to link it all the same.");
  }
  found.click();
}

const KEYS = {
  j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1), n: skip,
  a: () => press("a"), Enter: () => press("a"), i: () => press("i"), c: () => press("c"), o: () => press("o"),
  x: () => press("x"), u: () => press("u"),
  "/": () => { const field = document.querySelector(".mapping input[type=search]"); field.focus(); field.select(); },
  "?": () => dialog.showModal(),
};
const HELD_DOWN = new Set(["j", "k", "ArrowDown", "ArrowUp"]);  // a key that decides counts once, however long it is held

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || stored("keys", "on") === "off") return;
  if (event.target.closest("input:not([type=checkbox]), select, textarea, dialog, [contenteditable]")) return;
  // Enter is pressed for many things: it accepts only where the row itself has the focus.
  if (event.key === "Enter" && event.target !== current()) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  if (!event.repeat || HELD_DOWN.has(event.key)) act();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("button[data-key='?']")) dialog.showModal();
  const all = event.target.closest("[data-choose-all]");
  if (all) {
    event.preventDefault();
    const boxes = [...document.querySelectorAll("input[name=chosen]")];
    const every = boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = !every;
    say(every ? "None is chosen." : `${boxes.length} are chosen.`);
  }
  const row = event.target.closest("tr[data-account]");
  if (row && !event.target.closest("a, button")) stand(row, { focus: false });
});

document.addEventListener("focusin", (event) => {
  const row = event.target.closest("tr[data-account]");
  if (row && row !== current()) stand(row, { focus: false });
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-keys-on]")) store("keys", event.target.checked ? "on" : "off");
});

// One press, one decision: what is sent twice would be refused the second time, and the person told of it.
for (const form of document.querySelectorAll(".mapping form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

document.querySelector("button[data-key='?']")?.removeAttribute("hidden");
document.querySelector("[data-keys-on]").checked = stored("keys", "on") !== "off";
const came = location.hash.startsWith("#account-") && document.getElementById(location.hash.slice(1));
if (came) stand(came);
else if (rows().length) stand(rows()[0], { focus: false });
