// The working of a number, opened beside the page it stands on. Each of these links works by itself without this.
"use strict";

{
  const trail = [];  // addresses shown before the one that is open
  let place = null, opener = null, open = "";

  const make = () => {
    place = document.createElement("dialog");
    place.className = "in-place";
    place.setAttribute("aria-labelledby", "in-place-title");
    document.body.append(place);
    place.addEventListener("close", () => { trail.length = 0; open = ""; place.replaceChildren(); opener?.focus(); });
    place.addEventListener("click", (event) => { if (event.target === place) place.close(); });
  };

  const show = async (address) => {
    open = address;
    place.setAttribute("aria-busy", "true");
    await htmx.ajax("GET", address, { target: place, swap: "innerHTML" });
    place.removeAttribute("aria-busy");
    if (!place.querySelector("#in-place-title")) { location.assign(address); return; }
    if (!place.open) place.showModal();
    place.scrollTop = 0;
    place.querySelector("[data-back]").hidden = !trail.length;
    place.querySelector("#in-place-title").focus();
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) place?.close();
    if (event.target.closest("[data-back]") && trail.length) show(trail.pop());
    const link = event.target.closest("a");
    const inside = link && place?.contains(link);
    const same = inside && open && link.pathname === new URL(open, location.href).pathname && !link.matches("[download], [data-whole]");
    const opens = link?.matches("a[data-number]") || same;
    if (!opens || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (!window.htmx || !HTMLDialogElement.prototype.showModal) return;
    event.preventDefault();
    if (!place) make();
    if (inside && link.matches("[data-number]")) trail.push(open);
    if (!inside) opener = link;
    show(link.getAttribute("href").replace(/#.*/, ""));
  });
}
