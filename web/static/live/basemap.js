// The base map without the internet: Natural Earth's world from afar, the fleet's own places from near.
import { PALETTES } from "./palette.js";

const TEXT = ["Inter Medium"];
const MAIN = ["match", ["coalesce", ["get", "class"], ""], ["main", "arterial", "primary"], true, false];
const MIDDLE = ["match", ["coalesce", ["get", "class"], ""], ["collector", "secondary"], true, false];
const HOOD = ["==", ["coalesce", ["get", "rank"], ""], "neighbourhood"];

/** The MapLibre style of a theme; `urls` are absolute. */
export function makeStyle(theme, { vendorUrl, placesUrl, roadsUrl }) {
  const colours = PALETTES[theme];
  return {
    version: 8,
    sources: {
      land: { type: "geojson", data: `${vendorUrl}land.geojson`, attribution: "Natural Earth" },
      borders: { type: "geojson", data: `${vendorUrl}borders.geojson` },
      roads: { type: "geojson", data: roadsUrl },
      places: { type: "geojson", data: placesUrl },
    },
    layers: [...drawWorld(colours), ...drawGround(colours), ...drawStreets(colours), ...drawNames(colours)],
  };
}

// The atlas is drawn for whole countries: near its coast a town would stand in the sea. So it fades into
// plain ground before streets are to be seen.
function drawWorld(colours) {
  const fade = (near) => ["interpolate", ["linear"], ["zoom"], 7, 1, 9.5, near];
  return [
    {
      id: "ground", type: "background",
      paint: { "background-color": ["interpolate", ["linear"], ["zoom"], 7, colours.water, 9.5, colours.land] },
    },
    { id: "land", type: "fill", source: "land", paint: { "fill-color": colours.land, "fill-antialias": false } },
    {
      id: "coast", type: "line", source: "land",
      paint: { "line-color": colours.waterEdge, "line-width": 1, "line-opacity": fade(0) },
    },
    {
      id: "borders", type: "line", source: "borders",
      paint: { "line-color": colours.border, "line-width": 1, "line-dasharray": [4, 2], "line-opacity": fade(0.4) },
    },
  ];
}

function drawGround(colours) {
  const area = (layer) => ["all", ["==", ["get", "layer"], layer], ["==", ["geometry-type"], "Polygon"]];
  const edged = (layer, fill, edge) => [
    { id: layer, type: "fill", source: "places", filter: area(layer), paint: { "fill-color": fill } },
    {
      id: `${layer}-edge`, type: "line", source: "places", filter: area(layer), minzoom: 12,
      paint: { "line-color": edge, "line-width": 1 },
    },
  ];
  return [
    { id: "park", type: "fill", source: "places", filter: area("park"), paint: { "fill-color": colours.park } },
    ...edged("school", colours.school, colours.schoolEdge),
    ...edged("depot", colours.depot, colours.depotEdge),
    ...edged("water", colours.water, colours.waterEdge),
    {
      id: "stream", type: "line", source: "places",
      filter: ["all", ["==", ["get", "layer"], "water"], ["==", ["geometry-type"], "LineString"]],
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": colours.water, "line-width": widen(1.5, 6, 14) },
    },
  ];
}

function drawStreets(colours) {
  const street = ["==", ["get", "layer"], "street"];
  const wide = (extra) => [
    "interpolate", ["exponential", 1.6], ["zoom"],
    10, ["case", MAIN, 1.4 + extra / 4, MIDDLE, 0.8, 0.4],
    13, ["case", MAIN, 4 + extra, MIDDLE, 2.8 + extra, 1.6 + extra],
    16, ["case", MAIN, 14 + extra, MIDDLE, 10 + extra, 7 + extra],
    19, ["case", MAIN, 52 + extra, MIDDLE, 40 + extra, 30 + extra],
  ];
  const order = ["case", MAIN, 2, MIDDLE, 1, 0];
  const line = (id, colour, width) => ({
    id, type: "line", source: "places", filter: street,
    layout: { "line-cap": "round", "line-join": "round", "line-sort-key": order },
    paint: { "line-color": colour, "line-width": width },
  });
  return [
    {
      id: "roads", type: "line", source: "roads",
      layout: { "line-cap": "round" },
      paint: {
        "line-color": colours.road,
        "line-width": widen(0.8, 2.4, 12),
        "line-opacity": ["interpolate", ["linear"], ["get", "weight"], 0, 0.35, 6, 0.9],
      },
    },
    line("street-casing", ["case", MAIN, colours.mainCasing, colours.casing], wide(1.6)),
    line("street", ["case", MAIN, colours.main, colours.street], wide(0)),
  ];
}

function drawNames(colours) {
  const named = (layer) => ["all", ["==", ["get", "layer"], layer], ["!=", ["get", "name"], ""]];
  const label = (id, filter, minzoom, layout, colour) => ({
    id, type: "symbol", source: "places", minzoom, filter,
    layout: { "text-field": ["get", "name"], "text-font": TEXT, "text-size": 11, "text-max-width": 8, ...layout },
    paint: { "text-color": colour, "text-halo-color": colours.halo, "text-halo-width": 1.4 },
  });
  const area = (layer, minzoom, colour) => label(`${layer}-name`, named(layer), minzoom, { "text-padding": 6 }, colour);
  const along = { "symbol-placement": "line", "symbol-spacing": 320, "text-max-angle": 30 };
  return [
    {
      id: "stop", type: "circle", source: "places", minzoom: 13.5, filter: ["==", ["get", "layer"], "stop"],
      paint: {
        "circle-radius": widen(2, 4, 15), "circle-color": colours.halo,
        "circle-stroke-color": colours.stop, "circle-stroke-width": 1.4,
      },
    },
    label("stop-name", named("stop"), 15.5,
      { "text-size": 10.5, "text-anchor": "left", "text-offset": [0.9, 0], "text-justify": "left" }, colours.stopLabel),
    label("street-name", ["all", named("street"), ["!", MAIN]], 14.4, { ...along, "text-size": 10.5 }, colours.streetLabel),
    label("main-name", ["all", named("street"), MAIN], 12.8, { ...along, "text-size": 11.5 }, colours.streetLabel),
    area("water", 12, colours.waterLabel),
    area("park", 13, colours.parkLabel),
    area("school", 13, colours.schoolLabel),
    area("depot", 12.5, colours.depotLabel),
    // Always in their places, beneath the vehicles: names that come and go as buses pass make a map restless.
    label("hood-name", ["all", named("place"), HOOD], 12,
      { "text-allow-overlap": true, "text-size": widen(11.5, 14, 13), "text-letter-spacing": 0.08 }, colours.hoodLabel),
    label("place-name", ["all", named("place"), ["!", HOOD]], 4,
      { "text-allow-overlap": true, "text-size": widen(12, 18, 12), "text-letter-spacing": 0.02, "text-font": ["Inter Semibold"] }, colours.placeLabel),
  ];
}

function widen(from, to, zoom) {
  return ["interpolate", ["linear"], ["zoom"], zoom - 3, from, zoom + 2, to];
}
