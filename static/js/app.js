// Theme switch, table toggles, keys. Everything here only hurries along what links and forms already do.
"use strict";

const stored = (name, fallback) => { try { return localStorage.getItem(name) ?? fallback; } catch { return fallback; } };
const store = (name, value) => { try { localStorage.setItem(name, value); } catch { /* this visit only */ } };

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function sayTheme() {
  for (const button of document.querySelectorAll("[data-theme-switch]")) {
    button.setAttribute("aria-pressed", String(isDark()));
  }
}

function switchTheme() {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  store("theme", theme);
  sayTheme();
  document.dispatchEvent(new CustomEvent("theme"));
}

function toggleTable(panel) {
  const asTable = panel.classList.toggle("as-table");
  const button = panel.querySelector("[data-table]");
  button.setAttribute("aria-pressed", String(asTable));
  document.dispatchEvent(new CustomEvent("shown", { detail: panel }));
}

document.addEventListener("click", (event) => {
  const found = event.target.closest("[data-theme-switch], [data-table], [data-keys], [data-keys-off], [data-print]");
  if (!found) return;
  if (found.matches("[data-theme-switch]")) switchTheme();
  if (found.matches("[data-table]")) toggleTable(found.closest(".panel"));
  if (found.matches("[data-keys]")) document.getElementById("keys").showModal();
  if (found.matches("[data-print]")) window.print();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-keys-on]")) store("keys", event.target.checked ? "on" : "off");
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

document.addEventListener("htmx:responseError", (event) => {
  const waiting = event.target.querySelector(".waiting");
  if (waiting) waiting.textContent = "This part could not be read. Reload the page to try again; the rest still stands.";
});

// Keys. One letter acts only outside fields, and all of them can be switched off.
let leader = "";
const follow = (selector) => document.querySelector(selector)?.click();
const rows = () => [...document.querySelectorAll("tbody tr:has(a)")].filter((row) => row.offsetParent);

function moveRow(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[Math.max(0, Math.min(all.length - 1, at + by))];
  next.querySelector("a").focus();
  next.scrollIntoView({ block: "nearest" });
}

const LEADERS = { gp: "[data-go=portfolio]", gc: "[data-go=client]", gt: "[data-go=today]" };
const KEYS = {
  "/": () => document.getElementById("finder")?.focus(),
  "[": () => follow("[data-previous]"),
  "]": () => follow("[data-next]"),
  j: () => moveRow(1),
  k: () => moveRow(-1),
  e: () => (document.activeElement.matches("a[data-number]") ? document.activeElement : document.querySelector("a[data-number]"))?.click(),
  t: () => {
    const near = document.activeElement.closest(".panel")?.querySelector("[data-table]");
    (near ?? document.querySelector("[data-table]"))?.click();
  },
  "?": () => document.getElementById("keys").showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || stored("keys", "on") === "off") return;
  if (event.target.closest("input, select, textarea, dialog, [contenteditable], [role=grid]")) return;
  const pair = LEADERS[leader + event.key];
  leader = event.key === "g" ? "g" : "";
  const act = pair ? () => follow(pair) : KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

document.addEventListener("keydown", (event) => {
  if (event.target.id !== "finder") return;
  const found = [...document.querySelectorAll("#found a")];
  if (event.key === "Escape") { event.target.value = ""; document.getElementById("found").replaceChildren(); event.target.blur(); }
  if (event.key === "ArrowDown" && found.length) { event.preventDefault(); found[0].focus(); }
});

document.getElementById("found")?.addEventListener("keydown", (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  const found = [...document.querySelectorAll("#found a")];
  const next = found[found.indexOf(document.activeElement) + by];
  (next ?? document.getElementById("finder")).focus();
});

for (const box of document.querySelectorAll("[data-keys-on]")) box.checked = stored("keys", "on") !== "off";
sayTheme();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { sayTheme(); document.dispatchEvent(new CustomEvent("theme")); });
