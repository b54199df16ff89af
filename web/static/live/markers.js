// All vehicles as one source of the map: marks, numbers, and rings round the selected one and those with alerts.
import { Glide } from "./glide.js";
import { addIcons, chooseIcon } from "./icons.js";
import { PALETTES } from "./palette.js";

const LONGEST_LABEL = 16;

export class Markers {
  #map;
  #glide;
  #shown = [];
  #selectedId = null;
  #drawn = "";
  #frame = 0;

  constructor(map, onPick) {
    this.#map = map;
    this.#glide = new Glide(map);
    map.on("click", (event) => {
      const near = [event.point.x, event.point.y];
      const box = [near.map((n) => n - 6), near.map((n) => n + 6)];
      const hit = map.getLayer("vehicles") && map.queryRenderedFeatures(box, { layers: ["vehicles"] })[0];
      onPick(hit ? hit.properties.id : null);
    });
    map.on("mouseenter", "vehicles", () => (map.getCanvas().style.cursor = "pointer"));
    map.on("mouseleave", "vehicles", () => (map.getCanvas().style.cursor = ""));
  }

  /** Put the layers on a style that has just been loaded. */
  attach(theme) {
    const colours = PALETTES[theme];
    addIcons(this.#map, colours);
    this.#map.addSource("vehicles", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
    this.#drawn = "";
    for (const layer of makeLayers(colours)) this.#map.addLayer(layer);
  }

  /** Show these vehicles, [{vehicle, state, news}], and mark the selected one. */
  render(shown, selectedId) {
    this.#shown = shown.filter(({ vehicle }) => vehicle.latitude !== null);
    this.#selectedId = selectedId;
    this.#draw();
  }

  #draw() {
    const now = performance.now();
    const features = this.#shown.map(({ vehicle, state, news }) =>
      makeFeature(vehicle, this.#glide.place(vehicle, now), state, vehicle.id === this.#selectedId, news.length > 0),
    );
    const source = this.#map.getSource("vehicles");
    const drawn = JSON.stringify(features);
    if (source && drawn !== this.#drawn) {
      this.#drawn = drawn;
      source.setData({ type: "FeatureCollection", features });
    }
    cancelAnimationFrame(this.#frame);
    if (this.#glide.isMoving(now)) this.#frame = requestAnimationFrame(() => this.#draw());
  }
}

function makeFeature(vehicle, coordinates, state, isSelected, isAlarmed) {
  const { label } = vehicle;
  return {
    type: "Feature",
    geometry: { type: "Point", coordinates },
    properties: {
      id: vehicle.id,
      label: label.length > LONGEST_LABEL ? `${label.slice(0, LONGEST_LABEL - 1)}…` : label,
      ...chooseIcon(vehicle, state),
      isStale: state === "offline",
      isSelected,
      isAlarmed,
      // Where labels collide the lowest is drawn first and wins: the selected and alarmed, then whoever is on the road.
      rank: isSelected || isAlarmed ? 0 : { online: 1, late: 2, offline: 3 }[state],
    },
  };
}

function makeLayers(colours) {
  return [
    {
      id: "alarms", type: "circle", source: "vehicles", filter: ["get", "isAlarmed"],
      paint: {
        "circle-radius": 23, "circle-color": colours.alarm, "circle-opacity": 0.12,
        "circle-stroke-color": colours.alarm, "circle-stroke-width": 3,
      },
    },
    {
      id: "selected", type: "circle", source: "vehicles", filter: ["get", "isSelected"],
      paint: {
        "circle-radius": 19, "circle-color": colours.select, "circle-opacity": 0.16,
        "circle-stroke-color": colours.select, "circle-stroke-width": 2.5,
      },
    },
    {
      id: "vehicles", type: "symbol", source: "vehicles",
      layout: {
        "icon-image": ["get", "icon"],
        "icon-size": ["interpolate", ["linear"], ["zoom"], 10, 0.6, 12, 0.8, 14, 1, 17, 1.25],
        "icon-rotate": ["get", "turn"],
        "icon-rotation-alignment": "map",
        "icon-allow-overlap": true,
                "text-field": ["get", "label"],
        "text-font": ["Inter Semibold"],
        "text-size": ["interpolate", ["linear"], ["zoom"], 10, 11, 14, 13, 17, 15],
        "text-variable-anchor": ["top", "bottom", "left", "right"],
        "text-radial-offset": ["case", ["get", "isAlarmed"], 2, ["get", "isSelected"], 1.7, 1.05],
        "text-optional": true,
        "text-padding": 1,
        "symbol-sort-key": ["get", "rank"],
      },
      paint: {
        "text-color": ["case", ["get", "isStale"], colours.staleLabel, colours.label],
        "text-halo-color": colours.halo,
        "text-halo-width": 1.8,
      },
    },
  ];
}
