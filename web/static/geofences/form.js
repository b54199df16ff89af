// Beside the form of a geofence: the map to draw on, kept in step with the fields. Without it, the fields are enough.
import { readPlaces, writePlaces } from "./coordinates.js";
import { Drawing } from "./drawing.js";
import { FenceMap, place } from "./map.js";
import { makeLayers } from "./shapes.js";

const METRES = { metric: 1, imperial: 0.3048 };
const metresPerUnit = METRES[place.dataset.units];
const id = Number(place.dataset.id) || null;
const at = (name) => document.getElementById(name);
const [shape, radius, geometry, colour] = ["shape", "radius_m", "geometry", "colour"].map(at);
const bar = at("drawing-bar");
const tools = Object.fromEntries([...bar.querySelectorAll("[data-tool]")].map((tool) => [tool.dataset.tool, tool]));

let drawing = null;

/** The page's geofences, without the one that is drawn here. */
class Others extends FenceMap {
  get shown() {
    return this.fences.filter(({ properties }) => properties.id !== id || drawing?.isReadable === false);
  }
}

const fences = new Others({
  strength: 0.55,
  attach(map, colours) {
    map.addSource("drawing", { type: "geojson", tolerance: 0.05, data: { type: "FeatureCollection", features: drawing?.list() ?? [] } });
    for (const layer of makeLayers("drawing", colours)) map.addLayer(layer);
  },
});

drawing = new Drawing(fences.map, (isChanged) => {
  if (isChanged) {
    geometry.value = writePlaces(drawing.places);
    if (drawing.radius !== null) radius.value = String(Math.round((drawing.radius / metresPerUnit) * 100) / 100);
  }
  show();
});

shape.addEventListener("change", () => {
  const places = readPlaces(geometry.value) ?? [];
  if (shape.value === "circle" && places.length > 1) geometry.value = writePlaces([findMiddle(places)]);
  read();
});
for (const field of [radius, geometry, colour]) field.addEventListener("input", read);
for (const [name, tool] of Object.entries(tools)) tool.addEventListener("click", () => drawing[name]());
tools.remove.addEventListener("click", () => fences.map.getCanvas().focus());
document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select")) return;
  if (event.key === "Escape") drawing.finish();
  else if (event.key === "z" && (event.ctrlKey || event.metaKey)) drawing.undo();
  else return;
  event.preventDefault();
});
place.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target === fences.map.getCanvas()) drawing.finish();
});

bar.hidden = false;
read();
await fences.load();
fences.fit(drawing.isReadable ? drawing.list() : fences.fences.filter(({ properties }) => properties.id === id));

/** Take what the fields say. */
function read() {
  const metres = Number(radius.value.replace(",", ".")) * metresPerUnit;
  drawing.take({
    shape: shape.value,
    places: readPlaces(geometry.value),
    radius: metres > 0 ? metres : shape.value === "corridor" ? 50 : null,
    colour: colour.value,
  });
  show();
}

function show() {
  const isCircle = drawing.shape === "circle";
  radius.closest(".mb-3").hidden = drawing.shape === "polygon";
  at("drawing-hint").textContent = drawing.describe();
  tools.undo.disabled = !drawing.canUndo;
  tools.remove.hidden = isCircle;
  tools.remove.disabled = drawing.selected === null;
  tools.finish.hidden = isCircle || !drawing.isDrawing;
  tools.finish.disabled = !drawing.isEnough;
  tools.restart.disabled = drawing.isReadable && !drawing.places.length;
  fences.map.getCanvas().classList.toggle("is-drawing", drawing.isDrawing);
}

function findMiddle(places) {
  const mean = (axis) => places.reduce((sum, one) => sum + one[axis], 0) / places.length;
  return [mean(0), mean(1)];
}
