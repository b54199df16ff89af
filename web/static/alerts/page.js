// One alert: its events on a map, and what others do with it as they do it.
import * as maplibre from "../vendor/maplibre-gl.mjs";
import { makeStyle } from "../live/basemap.js";
import { PALETTES } from "../live/palette.js";
import { hearAlerts } from "./hearing.js";

const box = document.getElementById("event-map");
const page = document.getElementById("alert");
const events = JSON.parse(box.dataset.events);
const theme = () => document.documentElement.dataset.bsTheme;
const absolute = (url) => new URL(url, location.href).href;

hearAlerts((ids) => {
  window.htmx.trigger("#bells", "refresh");
  if (ids === null || ids.has(Number(page.dataset.alert))) window.htmx.trigger(page, "changed");
});

if (events.length) showMap();

function showMap() {
  const urls = {
    vendorUrl: absolute(box.dataset.vendorUrl),
    placesUrl: absolute(box.dataset.placesUrl),
    roadsUrl: absolute(box.dataset.roadsUrl),
  };
  const style = () => box.dataset.styleUrl || makeStyle(theme(), urls);
  const map = new maplibre.Map({
    container: box, style: style(), bounds: boundsOf(events[0]), fitBoundsOptions: { padding: 48, maxZoom: 16 },
    maxPitch: 0, dragRotate: false, attributionControl: { compact: false },
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibre.ScaleControl(), "bottom-left");
  box.map = map; // for the tests
  let chosen = events[0].at;
  map.on("style.load", () => {
    map.addSource("events", { type: "geojson", data: describe(chosen) });
    for (const layer of makeLayers(PALETTES[theme()])) map.addLayer(layer);
  });
  document.addEventListener("themechange", () => map.setStyle(style(), { diff: false }));
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-event]");
    const event = button && events.find(({ at }) => at === button.dataset.event);
    if (!event) return;
    chosen = event.at;
    map.getSource("events")?.setData(describe(chosen));
    map.fitBounds(boundsOf(event), { padding: 48, maxZoom: 16 });
  });
}

function boundsOf({ place, track }) {
  const bounds = new maplibre.LngLatBounds();
  for (const point of [place, ...track]) bounds.extend(point);
  return bounds;
}

function describe(chosen) {
  const feature = (type, coordinates, role, at) => ({
    type: "Feature", geometry: { type, coordinates }, properties: { role, isChosen: at === chosen },
  });
  return {
    type: "FeatureCollection",
    features: events.flatMap(({ at, place, track }) => [
      ...(track.length > 1 ? [feature("LineString", track, "track", at)] : []),
      ...track.map((point) => feature("Point", point, "fix", at)),
      feature("Point", place, "place", at),
    ]),
  };
}

function makeLayers(colours) {
  const role = (name) => ["==", ["get", "role"], name];
  const faded = ["case", ["get", "isChosen"], 1, 0.35];
  return [
    {
      id: "track", type: "line", source: "events", filter: role("track"), layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": colours.alarm, "line-width": 4, "line-opacity": faded },
    },
    {
      id: "fix", type: "circle", source: "events", filter: role("fix"),
      paint: {
        "circle-radius": 3.5, "circle-color": colours.halo, "circle-stroke-color": colours.alarm,
        "circle-stroke-width": 2, "circle-opacity": faded, "circle-stroke-opacity": faded,
      },
    },
    {
      id: "place", type: "circle", source: "events", filter: role("place"),
      paint: {
        "circle-radius": 9, "circle-color": colours.alarm, "circle-stroke-color": colours.halo,
        "circle-stroke-width": 3, "circle-opacity": faded, "circle-stroke-opacity": faded,
      },
    },
  ];
}
