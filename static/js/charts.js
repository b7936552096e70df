// Draws the figures a page carries as JSON. The bundle is fetched only where a page has a chart.
"use strict";

const CONFIG = { displayModeBar: false, responsive: true, showSendToCloud: false, plotlyServerURL: "", staticPlot: false };
let bundle;

function loadBundle() {
  bundle ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = document.body.dataset.plotly;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("The chart library could not be loaded."));
    document.head.append(script);
  });
  return bundle;
}

// Figures name their colours as CSS variables, so that one figure serves both themes.
function inTheme(value, probe) {
  if (typeof value === "string" && value.startsWith("var(")) {
    probe.style.color = value;
    return getComputedStyle(probe).color;
  }
  if (Array.isArray(value)) return value.map((each) => inTheme(each, probe));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, inTheme(each, probe)]));
  }
  return value;
}

function themed(layout, place) {
  const ticks = Math.max(3, Math.floor(place.clientWidth / 95));
  const axis = { gridcolor: "var(--line)", linecolor: "var(--line-strong)", zerolinecolor: "var(--line-strong)", tickcolor: "var(--line)" };
  return {
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: "var(--ink-soft)" },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    hoverlabel: { bgcolor: "var(--panel-raised)", bordercolor: "var(--line-strong)", font: { color: "var(--ink)" } },
    ...layout,
    xaxis: { ...axis, ...layout.xaxis, ...(layout.xaxis?.dtick ? {} : { nticks: ticks }) },
    yaxis: { ...axis, ...layout.yaxis },
  };
}

async function draw(place) {
  const source = document.getElementById(place.dataset.chart);
  if (!source || !place.offsetParent) return;
  const plotly = await loadBundle();
  const probe = document.createElement("i");
  probe.hidden = true;
  place.after(probe);
  const figure = JSON.parse(source.textContent);
  const ready = inTheme({ data: figure.data, layout: themed(figure.layout ?? {}, place) }, probe);
  probe.remove();
  await plotly.react(place, ready.data, ready.layout, CONFIG);
  place.dataset.drawn = "yes";
}

function drawAll(within = document) {
  for (const place of within.querySelectorAll("[data-chart]")) {
    draw(place).catch((error) => { place.textContent = `${error.message} The table behind the chart has every value.`; });
  }
}

document.addEventListener("theme", () => drawAll());
document.addEventListener("shown", (event) => drawAll(event.detail));
document.addEventListener("htmx:afterSettle", (event) => drawAll(event.target));
drawAll();
