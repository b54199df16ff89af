// The map beside a page of geofences: the live map's ground, the geofences, and where vehicles were last.
import * as maplibre from "../vendor/maplibre-gl.mjs";
import { makeStyle } from "../live/basemap.js";
import { PALETTES } from "../live/palette.js";
import { drawFeature, findBounds, makeLayers } from "./shapes.js";

const NOTHING = { type: "FeatureCollection", features: [] };

export const place = document.getElementById("fence-map");
const absolute = (url) => new URL(url, location.href).href;
const theme = () => document.documentElement.dataset.bsTheme;

/** A map of what `load` finds; `attach(map, colours)` puts the page's own layers on each style that is loaded. */
export class FenceMap {
  fences = [];
  vehicles = NOTHING;
  #attach;
  #strength;

  constructor({ attach = () => {}, strength = 1 } = {}) {
    this.#attach = attach;
    this.#strength = strength;
    this.map = new maplibre.Map({
      container: place, style: this.#style(), center: [10, 25], zoom: 1.6, maxPitch: 0, dragRotate: false,
      attributionControl: { compact: false },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
    this.map.addControl(new maplibre.ScaleControl({ unit: place.dataset.units }), "bottom-left");
    this.map.on("style.load", () => this.#draw());
    document.addEventListener("themechange", () => this.map.setStyle(this.#style(), { diff: false }));
    place.map = this.map; // for a person at the browser's console, and for the tests
  }

  /** Ask the server; resolves when what it has is drawn. */
  async load() {
    const [fences, vehicles] = await Promise.all([place.dataset.shapesUrl, place.dataset.vehiclesUrl].map(fetchFeatures));
    this.fences = fences.features.map(drawFeature);
    this.vehicles = vehicles;
    this.#fill();
  }

  /** Show these features, or all geofences, or else all vehicles. */
  fit(features) {
    const bounds = [features, this.fences, this.vehicles.features].map((some) => findBounds(some ?? [])).find(Boolean);
    if (bounds) this.map.fitBounds(bounds, { padding: Math.min(48, place.clientWidth / 10), maxZoom: 16, animate: false });
  }

  #style() {
    const { styleUrl, vendorUrl, placesUrl, roadsUrl } = place.dataset;
    const urls = { vendorUrl: absolute(vendorUrl), placesUrl: absolute(placesUrl), roadsUrl: absolute(roadsUrl) };
    return styleUrl || makeStyle(theme(), urls);
  }

  #draw() {
    const colours = PALETTES[theme()];
    for (const name of ["fences", "vehicles"]) this.map.addSource(name, { type: "geojson", data: NOTHING, tolerance: 0.05 });
    for (const layer of makeLayers("fences", colours, this.#strength)) this.map.addLayer(layer);
    this.map.addLayer({
      id: "vehicles", source: "vehicles", type: "circle",
      paint: { "circle-radius": 3.5, "circle-color": colours.online, "circle-stroke-color": colours.mark, "circle-stroke-width": 1.2 },
    });
    this.#attach(this.map, colours);
    this.#fill();
  }

  #fill() {
    this.map.getSource("fences")?.setData({ type: "FeatureCollection", features: this.shown });
    this.map.getSource("vehicles")?.setData(this.vehicles);
  }

  /** What is drawn of all geofences; the page that draws one leaves that one out. */
  get shown() {
    return this.fences;
  }
}

async function fetchFeatures(url) {
  const answer = await fetch(url, { headers: { Accept: "application/geo+json" } });
  return answer.ok ? answer.json() : NOTHING;
}
