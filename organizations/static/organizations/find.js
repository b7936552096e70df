// Offers organizations while one is typed. Without it the field is searched when the form is sent.
"use strict";
for (const field of document.querySelectorAll("input[data-find]")) {
  const list = document.getElementById(field.getAttribute("list"));
  let wait = 0;
  let asked = "";
  field.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(async () => {
      const typed = field.value.trim();
      if (!typed || typed === asked) return;
      asked = typed;
      const answer = await fetch(`${list.dataset.from}?q=${encodeURIComponent(typed)}`);
      if (typed !== asked) return;
      if (!answer.ok) {
        asked = ""; // to be asked again
        return;
      }
      const { found } = await answer.json();
      list.replaceChildren(...found.map((text) => Object.assign(document.createElement("option"), { value: text })));
    }, 200);
  });
}
