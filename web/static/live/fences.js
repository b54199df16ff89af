// Geofences on the live map: light lines and names beneath the vehicles, to be switched off.
import { drawFeature, makeLayers } from "../geofences/shapes.js";
import { PALETTES } from "./palette.js";
import { say } from "./words.js";

const KEPT = "motorpool-fences";
const AGAIN_MS = 60_000;
const STRENGTH = 0.5;

export class Fences {
  #map;
  #url;
  #features = [];
  #isShown = localStorage.getItem(KEPT) !== "off";

  constructor(map, url) {
    this.#map = map;
    this.#url = url;
    this.#load();
    setInterval(() => document.hidden || this.#load(), AGAIN_MS);
  }

  /** Put the layers on a style that has just been loaded, below whatever comes after them. */
  attach(theme) {
    this.#map.addSource("fences", { type: "geojson", tolerance: 0.05, data: this.#collect() });
    for (const layer of makeLayers("fences", PALETTES[theme], STRENGTH)) this.#map.addLayer(layer);
    this.#show();
  }

  /** The button that shows and hides them, as a control of the map. */
  makeControl() {
    const box = document.createElement("div");
    box.className = "maplibregl-ctrl maplibregl-ctrl-group";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "fences";
    button.title = say("Show geofences");
    button.setAttribute("aria-label", button.title);
    button.setAttribute("aria-pressed", String(this.#isShown));
    button.addEventListener("click", () => {
      this.#isShown = !this.#isShown;
      localStorage.setItem(KEPT, this.#isShown ? "on" : "off");
      button.setAttribute("aria-pressed", String(this.#isShown));
      this.#show();
    });
    box.append(button);
    return { onAdd: () => box, onRemove() {} };
  }

  async #load() {
    try {
      const answer = await fetch(this.#url, { headers: { Accept: "application/geo+json" } });
      if (!answer.ok) return;
      this.#features = (await answer.json()).features.map(drawFeature);
    } catch {
      return; // the page says itself that the server is away
    }
    this.#map.getSource("fences")?.setData(this.#collect());
  }

  #collect() {
    return { type: "FeatureCollection", features: this.#features };
  }

  #show() {
    for (const { id, source } of this.#map.getStyle().layers) {
      if (source === "fences") this.#map.setLayoutProperty(id, "visibility", this.#isShown ? "visible" : "none");
    }
  }
}
