// The map beside a list: the live map's ground, in the theme's colours, with what a page draws on it.
import * as maplibre from "../vendor/maplibre-gl.mjs";
import { makeStyle } from "../live/basemap.js";

const absolute = (url) => new URL(url, location.href).href;

export const ground = document.getElementById("ground");
export const theme = () => document.documentElement.dataset.bsTheme;

/** A map that calls `draw(map, theme)` for each style that it gets: at first, and when day and night change. */
export function openMap(draw) {
  const { vendorUrl, placesUrl, roadsUrl, styleUrl } = ground.dataset;
  const urls = { vendorUrl: absolute(vendorUrl), placesUrl: absolute(placesUrl), roadsUrl: absolute(roadsUrl) };
  const style = () => styleUrl || makeStyle(theme(), urls);
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
  map.addControl(new maplibre.ScaleControl({ unit: ground.dataset.units }), "bottom-left");
  map.on("style.load", () => draw(map, theme()));
  document.addEventListener("themechange", () => map.setStyle(style(), { diff: false }));
  document.getElementById("map").map = map; // for a person at the browser's console, and for the tests
  return map;
}

/** Show all of these places, [longitude, latitude] each. */
export function fit(map, places, animate = false) {
  const bounds = new maplibre.LngLatBounds();
  for (const place of places) bounds.extend(place);
  if (bounds.isEmpty()) return;
  const { clientWidth, clientHeight } = map.getContainer();
  const padding = Math.min(56, clientWidth / 8, clientHeight / 6);
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  map.fitBounds(bounds, { padding, maxZoom: 16, animate: animate && !isCalm });
}

/** Where there is nothing to show: the fleet's own places, as far as they are drawn. */
export async function showTown(map) {
  try {
    const answer = await fetch(ground.dataset.placesUrl);
    const { features } = await answer.json();
    fit(map, features.filter(({ geometry }) => geometry.type === "Point").map(({ geometry }) => geometry.coordinates));
  } catch {
    // Without them the map shows the world.
  }
}

/** Bring a place into view where it is not. */
export function reveal(map, place) {
  if (!map.getBounds().contains(place)) map.easeTo({ center: place });
}

/** A sentence over the map, or none; with a button where there is something to do about it. */
export function tell(sentence, label = "", action = null) {
  const box = document.getElementById("map-news");
  box.hidden = sentence === null;
  box.replaceChildren(sentence ?? "");
  if (!action) return;
  const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: label });
  button.addEventListener("click", action);
  box.append(" ", button);
}
