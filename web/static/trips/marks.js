// What is in the list stands on the map too, with the same sign: pointing at the one lights up the other.
import * as maplibre from "../vendor/maplibre-gl.mjs";
import { reveal } from "./map.js";

export class Marks {
  #map;
  #onLight;
  #marks = new Map();

  constructor(map, onLight = () => {}) {
    this.#map = map;
    this.#onLight = onLight;
  }

  /** Take the marks from the list as it is now. */
  read() {
    for (const { marker } of this.#marks.values()) marker.remove();
    this.#marks.clear();
    for (const row of document.querySelectorAll("[data-mark]")) this.#add(row);
  }

  get places() {
    return [...this.#marks.values()].map(({ place }) => place);
  }

  /** Light up one mark on both sides, or none. */
  light(id) {
    for (const [name, { row, marker }] of this.#marks) {
      row.closest(".happening").classList.toggle("is-lit", name === id);
      marker.getElement().classList.toggle("is-lit", name === id);
    }
    const mark = this.#marks.get(id);
    if (mark) reveal(this.#map, mark.place);
    this.#onLight(mark ? Number(mark.row.dataset.at) : null);
  }

  /** Go to one mark, in the list and on the map. */
  goTo(id) {
    const mark = this.#marks.get(id);
    if (!mark) return;
    mark.row.focus({ preventScroll: true });
    mark.row.scrollIntoView({ block: "nearest" });
    this.light(id);
    this.#map.easeTo({ center: mark.place, zoom: Math.max(this.#map.getZoom(), 15) });
  }

  #add(row) {
    const { mark: id, latitude, longitude } = row.dataset;
    const sign = row.querySelector(".mark-sign").cloneNode(true);
    const tone = [...row.closest(".happening").classList].find((name) => name.startsWith("is-") && name !== "is-lit");
    sign.classList.add("map-mark", tone);
    sign.ariaHidden = "true"; // the list says the same to whoever does not see the map
    const place = [Number(longitude), Number(latitude)];
    const marker = new maplibre.Marker({ element: sign }).setLngLat(place).addTo(this.#map);
    this.#marks.set(id, { row, marker, place });
    sign.addEventListener("mouseenter", () => this.light(id));
    sign.addEventListener("mouseleave", () => this.light(null));
    sign.addEventListener("click", () => this.goTo(id));
    row.addEventListener("mouseenter", () => this.light(id));
    row.addEventListener("mouseleave", () => this.light(null));
    row.addEventListener("focus", () => this.light(id));
    row.addEventListener("blur", () => this.light(null));
    if (row.type === "button") row.addEventListener("click", () => this.goTo(id));
  }
}
