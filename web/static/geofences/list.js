// Beside the list: every geofence within reach, each a way to its page. Beside one geofence's page: that one.
import { FenceMap, place } from "./map.js";

const id = Number(place.dataset.id) || null;
const fences = new FenceMap();
const { map } = fences;
const layers = ["fences-fill", "fences-band", "fences-line"];

map.on("click", (event) => {
  const hit = find(event.point);
  if (hit && hit.properties.id !== id) location.assign(`${place.dataset.listUrl}/${hit.properties.id}`);
});
map.on("mousemove", (event) => (map.getCanvas().style.cursor = find(event.point) ? "pointer" : ""));

await fences.load();
fences.fit(id && fences.fences.filter(({ properties }) => properties.id === id));

function find(point) {
  const there = layers.filter((layer) => map.getLayer(layer));
  return there.length ? map.queryRenderedFeatures(point, { layers: there })[0] : undefined;
}
