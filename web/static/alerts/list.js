// The list of alerts: shows what changes by itself, keeps what is ticked and unfolded, and unfolds storms.
import { hearAlerts } from "./hearing.js";

const results = () => document.getElementById("results");
const unfolded = new Set();
let ticked = [];

hearAlerts(() => {
  window.htmx.trigger("#bells", "refresh");
  // Whoever has asked for more than the first part reads on undisturbed.
  if (document.querySelectorAll("#rows > tr:not(.of-storm)").length > 100) return;
  window.htmx.ajax("GET", results().dataset.address, { target: "#results", swap: "outerHTML" });
});

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.id !== "results") return;
  ticked = [...detail.target.querySelectorAll('[name="picked"]:checked')].map((box) => box.value);
});
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target.id !== "results") return;
  tick();
  for (const button of document.querySelectorAll("[data-unfold]")) {
    if (unfolded.has(stormOf(button))) unfold(button);
  }
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-unfold]");
  if (!button) return;
  if (unfolded.delete(stormOf(button))) fold(button);
  else unfold(button);
});

const stormOf = (button) => button.closest("tr").dataset.storm;

async function unfold(button) {
  unfolded.add(stormOf(button));
  button.setAttribute("aria-expanded", "true");
  const answer = await fetch(button.dataset.unfold, { headers: { "HX-Request": "true" } });
  if (!answer.ok || !unfolded.has(stormOf(button))) return;
  const part = new DOMParser().parseFromString(await answer.text(), "text/html");
  const rows = [...part.querySelectorAll("#rows > tr")];
  for (const row of rows) row.dataset.of = stormOf(button);
  fold(button, true);
  button.closest("tr").after(...rows);
  tick();
}

function fold(button, isExpanded = false) {
  button.setAttribute("aria-expanded", String(isExpanded));
  for (const row of document.querySelectorAll(`tr[data-of="${stormOf(button)}"]`)) row.remove();
}

function tick() {
  for (const box of document.querySelectorAll('#rows [name="picked"]')) box.checked ||= ticked.includes(box.value);
  document.getElementById("bulk")?.dispatchEvent(new Event("change", { bubbles: true }));
}
