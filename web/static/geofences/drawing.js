// One outline that is being drawn: what the clicks and handles on the map make of it.
import { say } from "../live/words.js";
import { Handles } from "./handles.js";
import { drawFeature, goFrom, measure } from "./shapes.js";

const NEEDED = { circle: 1, polygon: 3, corridor: 2 };
const NEAR = 10;
const FIRST_RADIUS = 60;
const EAST = Math.PI / 2;
// A map full of buttons helps nobody: what has more corners is edited as text.
const MOST_HANDLES = 200;
const MOST_MIDDLES = 60;

export class Drawing {
  shape;
  places = [];
  radius = null;
  colour = "#206bc4";
  isReadable = true;
  selected = null;
  #isDone = false;
  #past = [];
  #cursor = null;
  #map;
  #handles;
  #onChange;

  constructor(map, onChange) {
    this.#map = map;
    this.#handles = new Handles(map);
    this.#onChange = onChange;
    map.doubleClickZoom.disable();
    map.on("click", (event) => this.#click(event));
    map.on("mousemove", (event) => this.#follow(event.lngLat.toArray()));
    map.getCanvas().addEventListener("mouseleave", () => this.#follow(null));
  }

  /** What was typed or chosen beside the map; `places` is null where we cannot read it. */
  take({ shape, places, radius, colour }) {
    Object.assign(this, { shape, radius, colour, isReadable: places !== null, places: places ?? [] });
    this.#isDone = this.isEnough;
    this.selected = null;
    this.render();
  }

  get isEnough() {
    return this.places.length >= NEEDED[this.shape];
  }

  get isDrawing() {
    return this.isReadable && !this.#isDone;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  undo() {
    const before = this.#past.pop();
    if (!before) return;
    Object.assign(this, before.outline);
    this.#isDone = before.isDone;
    this.selected = null;
    this.#tell();
  }

  /** No more corners; what is too little for an outline goes. */
  finish() {
    if (!this.isDrawing) return;
    if (this.isEnough) this.#isDone = true;
    else this.places = [];
    this.#tell();
  }

  restart() {
    this.#remember();
    this.places = [];
    this.isReadable = true;
    this.#isDone = false;
    this.#tell();
  }

  remove(index = this.selected) {
    if (index === null || this.shape === "circle") return;
    this.#remember();
    this.places = this.places.filter((_, other) => other !== index);
    this.#isDone = this.#isDone && this.isEnough;
    this.selected = null;
    this.#tell();
  }

  render() {
    this.paint();
    this.#handles.show(this.places.length > MOST_HANDLES ? [] : [...this.#listCorners(), ...this.#listMiddles()]);
  }

  /** Draw it, without its handles. */
  paint() {
    this.#map.getSource("drawing")?.setData({ type: "FeatureCollection", features: this.list() });
  }

  /** What is drawn of it. */
  list() {
    const properties = { shape: this.shape, radius_m: this.radius, colour: this.colour, name: "" };
    const hint = this.isDrawing && this.#cursor && this.shape !== "circle" ? [this.#cursor] : [];
    const places = [...this.places, ...hint];
    if (places.length < NEEDED[this.shape]) return places.length > 1 ? [makeLine(places, properties)] : [];
    if (this.shape === "circle") return [draw("Point", places[0], properties)];
    if (this.shape === "corridor") return [draw("LineString", places, properties)];
    return [draw("Polygon", [[...places, places[0]]], properties)];
  }

  describe() {
    if (!this.isReadable) return say("What is written cannot be drawn here. It stays as it is until you draw anew.");
    if (this.shape === "circle") {
      return this.places.length ? say("Drag the centre or the edge.") : say("Click the centre.");
    }
    if (!this.isDrawing) return say("Drag a point to move it, a small one to add it.");
    if (!this.places.length) return say("Click the first point.");
    if (!this.isEnough) return say("Click the next point.");
    return say("Click the next point, or the last one again to finish.");
  }

  #click({ lngLat, point }) {
    if (!this.isDrawing) return;
    const last = this.places.at(-1);
    const beside = last && this.#map.project(last);
    if (beside && Math.hypot(beside.x - point.x, beside.y - point.y) < NEAR) return this.finish();
    this.#remember();
    this.places = [...this.places, lngLat.toArray()];
    if (this.shape === "circle") {
      this.radius ??= Math.round(measure(lngLat.toArray(), this.#map.unproject([point.x + FIRST_RADIUS, point.y]).toArray()));
      this.#isDone = true;
    }
    this.#tell();
  }

  #follow(place) {
    this.#cursor = place;
    if (this.isDrawing && this.places.length) this.paint();
  }

  #listCorners() {
    const corners = this.places.map((at, index) => ({
      at,
      kind: index === this.selected ? "selected" : "corner",
      label: this.shape === "circle" ? say("Centre") : say("Point %(number)s", { number: index + 1 }),
      onDrag: (place) => this.#move(index, place),
      onDrop: (place) => this.#drop(() => (this.places = this.places.with(index, place))),
      onClick: () => this.#pick(index),
      onRemove: () => this.remove(index),
    }));
    if (this.shape !== "circle" || !this.places.length) return corners;
    const reach = (place) => Math.max(5, Math.round(measure(this.places[0], place)));
    const edge = {
      at: goFrom(this.places[0], this.radius, EAST), kind: "corner", label: say("Edge"),
      onDrag: (place) => this.#preview(() => (this.radius = reach(place))),
      onDrop: (place) => this.#drop(() => (this.radius = reach(place))),
    };
    return [...corners, edge];
  }

  #listMiddles() {
    if (this.shape === "circle" || this.isDrawing || this.places.length > MOST_MIDDLES) return [];
    const ends = this.shape === "polygon" ? [...this.places, this.places[0]] : this.places;
    return ends.slice(1).map((end, index) => ({
      at: [(end[0] + ends[index][0]) / 2, (end[1] + ends[index][1]) / 2],
      kind: "middle",
      label: say("Add a point after point %(number)s", { number: index + 1 }),
      onDrag: (place) => this.#preview(() => (this.places = this.places.toSpliced(index + 1, 0, place))),
      onDrop: (place) => this.#drop(() => (this.places = this.places.toSpliced(index + 1, 0, place))),
    }));
  }

  #move(index, place) {
    this.#preview(() => (this.places = this.places.with(index, place)));
  }

  /** Show what a change would make, and take it back. */
  #preview(change) {
    const { places, radius } = this;
    change();
    this.paint();
    Object.assign(this, { places, radius });
  }

  #drop(change) {
    this.#remember();
    change();
    this.#tell();
  }

  #pick(index) {
    const isEnd = index === this.places.length - 1 || (this.shape === "polygon" && index === 0);
    if (this.isDrawing && isEnd && this.isEnough) return this.finish();
    this.selected = this.selected === index ? null : index;
    this.render();
    this.#handles.focus(index);
    this.#onChange(false);
  }

  #remember() {
    const { places, radius, isReadable } = this;
    this.#past.push({ outline: { places, radius, isReadable }, isDone: this.#isDone });
  }

  #tell() {
    this.render();
    this.#onChange(true);
  }
}

const draw = (type, coordinates, properties) => drawFeature({ type: "Feature", geometry: { type, coordinates }, properties });
const makeLine = (places, properties) => ({
  type: "Feature", properties: { ...properties, width: 0 }, geometry: { type: "LineString", coordinates: places },
});
