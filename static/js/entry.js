// The month grid: arrows and Enter move, Esc puts a cell back, a pasted block fills the cells below and to the right.
// Without this file the same form is typed into and sent.
"use strict";

const cellOf = (target) => target.closest?.("form[data-grid] td.cell > input");
const rowsOf = (form) => [...form.querySelectorAll("tr:has(td.cell)")].map((row) => [...row.querySelectorAll("td.cell > input")]);

function placeOf(input) {
  const rows = rowsOf(input.form);
  const down = rows.findIndex((row) => row.includes(input));
  return { rows, down, across: rows[down].indexOf(input) };
}

function go(input, down, across) {
  const place = placeOf(input);
  const next = place.rows[place.down + down]?.[place.across + across];
  if (!next) return false;
  next.focus();
  next.select();
  return true;
}

const atStart = (input) => input.selectionStart === 0 && (input.selectionEnd === 0 || input.selectionEnd === input.value.length);
const atEnd = (input) => input.selectionEnd === input.value.length && (input.selectionStart === input.value.length || input.selectionStart === 0);

document.addEventListener("keydown", (event) => {
  const input = cellOf(event.target);
  if (!input || event.ctrlKey || event.metaKey || event.altKey) return;
  const moved =
    (event.key === "ArrowUp" && go(input, -1, 0)) ||
    (event.key === "ArrowDown" && go(input, 1, 0)) ||
    (event.key === "ArrowLeft" && atStart(input) && go(input, 0, -1)) ||
    (event.key === "ArrowRight" && atEnd(input) && go(input, 0, 1));
  if (event.key === "Enter") {
    event.preventDefault();
    go(input, event.shiftKey ? -1 : 1, 0);
  } else if (event.key === "Escape") {
    input.value = input.dataset.was;
    input.select();
    sayUnsaved(input.form);
  } else if (moved) event.preventDefault();
});

document.addEventListener("paste", (event) => {
  const input = cellOf(event.target);
  const text = event.clipboardData?.getData("text/plain") ?? "";
  const block = text.replace(/\r?\n$/, "").split(/\r?\n/).map((line) => line.split("\t"));
  if (!input || (block.length === 1 && block[0].length === 1)) return;
  event.preventDefault();
  const place = placeOf(input);
  let filled = 0;
  block.forEach((line, down) => line.forEach((value, across) => {
    const cell = place.rows[place.down + down]?.[place.across + across];
    if (!cell || cell.readOnly) return;
    cell.value = value.trim();
    filled += 1;
  }));
  sayUnsaved(input.form, `${filled} cell${filled === 1 ? "" : "s"} filled. `);
});

const changed = (form) => [...form.querySelectorAll("td.cell > input")].filter((input) => input.value.trim() !== input.dataset.was);

function sayUnsaved(form, before = "") {
  const cells = changed(form);
  for (const input of form.querySelectorAll("td.cell > input")) input.classList.toggle("changed", cells.includes(input));
  const corrections = cells.some((input) => "collected" in input.dataset && input.value.trim() !== "");
  form.elements.note.required = corrections;
  const many = `${cells.length} cell${cells.length === 1 ? "" : "s"} not saved yet.`;
  form.querySelector("[data-unsaved]").textContent =
    before + (cells.length ? many : "") + (corrections ? " A collected value is corrected: say why in the note." : "");
}

document.addEventListener("input", (event) => { const input = cellOf(event.target); if (input) sayUnsaved(input.form); });
document.addEventListener("focusin", (event) => { cellOf(event.target)?.select(); });

document.addEventListener("reset", (event) => {
  if (!event.target.matches("form[data-grid]")) return;
  event.preventDefault();
  for (const input of event.target.querySelectorAll("td.cell > input")) input.value = input.dataset.was;
  sayUnsaved(event.target);
});

let leaving = false;
document.addEventListener("submit", () => { leaving = true; });
document.addEventListener("htmx:afterSwap", () => { leaving = false; showProblem(); });
window.addEventListener("beforeunload", (event) => {
  const form = document.querySelector("form[data-grid]");
  if (!leaving && form && changed(form).length) event.preventDefault();
});

// After saving, the first refused cell has the focus; on arrival the newest month is in sight.
function showProblem() {
  const wrong = document.querySelector("form[data-grid] [aria-invalid]");
  for (const form of document.querySelectorAll("form[data-grid]")) if (form.elements.note) sayUnsaved(form);
  wrong?.focus();
  if (!wrong) showNewest();
}

function showNewest() {
  for (const table of document.querySelectorAll("form[data-grid] .scroll")) table.scrollLeft = table.scrollWidth;
}
showProblem();
