// What a drawing is held by: a button on the map for each corner, to be dragged, pushed with the arrow keys, or removed.
import * as maplibre from "../vendor/maplibre-gl.mjs";

const STEP = 4;
const FAR_STEP = 24;
const PUSHES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Handles {
  #map;
  #markers = [];

  constructor(map) {
    this.#map = map;
  }

  /** Show these, [{at, label, kind, onDrag, onDrop, onClick, onRemove}], in place of the ones before. */
  show(wanted) {
    const focused = this.#markers.findIndex((marker) => marker.getElement() === document.activeElement);
    for (const marker of this.#markers) marker.remove();
    this.#markers = wanted.map((one) => this.#make(one));
    if (focused >= 0) this.focus(Math.min(focused, wanted.length - 1));
  }

  focus(index) {
    this.#markers[index]?.getElement().focus({ preventScroll: true });
  }

  #make({ at, label, kind, onDrag, onDrop, onClick, onRemove }) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = `handle is-${kind}`;
    button.setAttribute("aria-label", label);
    button.title = label;
    const marker = new maplibre.Marker({ element: button, draggable: true }).setLngLat(at).addTo(this.#map);
    marker.on("drag", () => onDrag(marker.getLngLat().toArray()));
    marker.on("dragend", () => onDrop(marker.getLngLat().toArray()));
    button.addEventListener("click", (event) => {
      event.stopPropagation(); // the map would take it for a click on the ground
      onClick?.();
    });
    button.addEventListener("keydown", (event) => {
      const push = PUSHES[event.key];
      if (push) {
        const step = event.shiftKey ? FAR_STEP : STEP;
        const { x, y } = this.#map.project(marker.getLngLat());
        onDrop(this.#map.unproject([x + push[0] * step, y + push[1] * step]).toArray());
      } else if (onRemove && (event.key === "Delete" || event.key === "Backspace")) onRemove();
      else return;
      event.preventDefault();
      event.stopPropagation(); // the map would move, too
    });
    return marker;
  }
}
