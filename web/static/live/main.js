// The live map: what the server tells goes into the fleet, and at most once a frame onto map and list.
import * as maplibre from "../vendor/maplibre-gl.mjs";
import { AlertPanel, Alerts } from "./alerts.js";
import { makeStyle } from "./basemap.js";
import { Connection } from "./connection.js";
import { Fences } from "./fences.js";
import { Filter } from "./filter.js";
import { Fleet } from "./fleet.js";
import { describeIngest } from "./ingest.js";
import { VehicleList } from "./list.js";
import { Markers } from "./markers.js";
import { Sound } from "./sound.js";
import { StateButtons } from "./states.js";
import { say } from "./words.js";

const page = document.getElementById("live");
const at = (id) => document.getElementById(id);
const absolute = (url) => new URL(url, location.href).href;
const urls = {
  vendorUrl: absolute(page.dataset.vendorUrl),
  placesUrl: absolute(page.dataset.placesUrl),
  roadsUrl: absolute(page.dataset.roadsUrl),
};

const fleet = new Fleet();
const filter = new Filter();
const alerts = new Alerts();
let selectedId = null;
let ingest = null;
// Until a person moves the map it is kept wide enough for every vehicle that has reported.
let isTakenOver = false;
let fittedCount = 0;
let scheduled = 0;

const theme = () => document.documentElement.dataset.bsTheme;
const style = () => page.dataset.styleUrl || makeStyle(theme(), urls);
const map = new maplibre.Map({
  container: "map",
  style: style(),
  center: [10, 25],
  zoom: 1.6,
  maxPitch: 0,
  dragRotate: false,
  attributionControl: { compact: false },
});
map.touchZoomRotate.disableRotation();
map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
map.addControl({ onAdd: makeFitButton, onRemove() {} }, "top-right");
map.addControl(new maplibre.ScaleControl(), "bottom-left");

at("map").map = map; // for a person at the browser's console, and for the tests

const fences = new Fences(map, page.dataset.shapesUrl);
map.addControl(fences.makeControl(), "top-right");
const markers = new Markers(map, select);
const list = new VehicleList(at("vehicles"), select);
const states = new StateButtons(at("states"), (state) => {
  filter.toggle(state);
  schedule();
});
const alertPanel = new AlertPanel({
  box: at("alarms"), toasts: at("toasts"), kinds: JSON.parse(page.dataset.kinds), url: page.dataset.alertUrl,
});
const sound = new Sound(at("sound"));
const connection = new Connection({
  ...page.dataset,
  onSnapshot(message) {
    fleet.takeSnapshot(message);
    ingest = message.ingest;
    alerts.takeSnapshot(message.alerts);
    showWanted();
    schedule();
  },
  onAlert(message) {
    const news = alerts.takeChanges(message);
    alertPanel.announce(news);
    if (news.length) sound.play(news.some(({ severity }) => severity === "critical") ? "critical" : "warning");
    schedule();
  },
  onDelta(message) {
    fleet.takeDelta(message);
    ingest = message.ingest ?? ingest;
    schedule();
  },
});

map.on("movestart", (event) => {
  if (event.originalEvent) isTakenOver = true;
});
map.on("style.load", () => {
  fences.attach(theme());
  markers.attach(theme());
  schedule();
});
document.addEventListener("themechange", () => map.setStyle(style(), { diff: false }));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  at("account").open = false;
  select(null);
});
document.addEventListener("pointerdown", (event) => {
  if (!at("account").contains(event.target)) at("account").open = false;
});
at("search").addEventListener("input", (event) => {
  filter.search(event.target.value);
  schedule();
});
at("sheet-handle").addEventListener("click", (event) => {
  const isOpen = page.classList.toggle("is-folded") === false;
  event.currentTarget.setAttribute("aria-expanded", String(isOpen));
});
setInterval(schedule, 1000);
schedule();

function schedule() {
  scheduled ||= requestAnimationFrame(() => {
    scheduled = 0;
    render();
  });
}

function render() {
  const counts = { online: 0, late: 0, offline: 0, none: 0 };
  const shown = [];
  const alarms = alerts.byDevice();
  for (const vehicle of fleet.vehicles.values()) {
    const state = fleet.stateOf(vehicle);
    counts[state] += 1;
    if (!filter.shows(vehicle, state)) continue;
    const news = (alarms.get(vehicle.id) ?? []).map((alert) => alertPanel.sayKind(alert));
    shown.push({ vehicle, state, age: fleet.ageOf(vehicle), news });
  }
  keepAllInView();
  states.render(counts, filter.states);
  list.render(shown, selectedId);
  markers.render(shown, selectedId);
  alertPanel.render(alerts, fleet.now(), selectedId);
  if (fleet.isKnown) at("count").textContent = say("%(shown)s of %(total)s", { shown: shown.length, total: fleet.total });
  sayNothing(shown.length);
  const trouble = connection.describe();
  page.classList.toggle("is-lost", trouble !== null);
  announce(trouble ?? describeIngest(ingest));
}

function announce(news) {
  at("banner").hidden = news === null;
  if (news !== null && at("banner").textContent !== news) at("banner").textContent = news;
}

function sayNothing(shownCount) {
  at("nothing").hidden = shownCount > 0 || !fleet.isKnown;
  at("nothing").textContent = fleet.total
    ? say("No vehicle matches. Clear the search or the states picked above.")
    : say("No vehicles yet. Add a device; it appears here with its first position.");
}

function select(id) {
  selectedId = id === selectedId ? null : id;
  const vehicle = fleet.vehicles.get(selectedId);
  if (vehicle && vehicle.latitude !== null) {
    isTakenOver = true;
    map.flyTo({ center: [vehicle.longitude, vehicle.latitude], zoom: Math.max(map.getZoom(), 14.5), speed: 1.6 });
  }
  render();
  list.reveal(selectedId);
}

/** A page of records leads here with #vehicle=UID: show that vehicle, once. */
function showWanted() {
  const uid = new URLSearchParams(location.hash.slice(1)).get("vehicle");
  const vehicle = [...fleet.vehicles.values()].find((one) => one.uid === uid);
  if (!vehicle) return;
  history.replaceState(null, "", location.pathname);
  if (vehicle.id !== selectedId) select(vehicle.id);
}

/** Show every vehicle that has a fix. */
function fit(animate) {
  const bounds = new maplibre.LngLatBounds();
  for (const { longitude, latitude } of fleet.vehicles.values()) {
    if (latitude !== null) bounds.extend([longitude, latitude]);
  }
  if (!bounds.isEmpty()) map.fitBounds(bounds, { padding: Math.min(56, page.clientWidth / 12), maxZoom: 15, animate });
}

function keepAllInView() {
  const count = [...fleet.vehicles.values()].filter(({ latitude }) => latitude !== null).length;
  if (isTakenOver || count <= fittedCount) return;
  fit(fittedCount > 0);
  fittedCount = count;
}

function makeFitButton() {
  const box = document.createElement("div");
  box.className = "maplibregl-ctrl maplibregl-ctrl-group";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "fit";
  button.title = say("Show all vehicles");
  button.setAttribute("aria-label", button.title);
  button.addEventListener("click", () => fit(true));
  box.append(button);
  return box;
}
