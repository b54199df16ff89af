// The trips of a list on the map: where each began and ended, and the way of those that there are few of, or of
// the one that is pointed at.
import { PALETTES } from "../live/palette.js";
import { fit, openMap, showTown, theme } from "./map.js";
import { readTrack } from "./track.js";

const MOST_DRAWN = 30;
const AT_ONCE = 3;
const EMPTY = { type: "FeatureCollection", features: [] };

const tracks = new Map();
let trips = [];
let lit = null;
let reading = 0;
const map = openMap(draw);

read();
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.closest?.("#results, #more")) read();
});

/** Take the trips from the list as it is now. */
function read() {
  const known = new Set(trips.map(({ row }) => row));
  trips = [...document.querySelectorAll(".trip")].map((row) => ({
    row,
    url: row.dataset.track,
    start: row.dataset.start.split(" ").map(Number),
    end: row.dataset.end.split(" ").map(Number),
  }));
  for (const trip of trips) if (!known.has(trip.row)) listen(trip);
  reading += 1;
  show();
  fit(map, trips.flatMap(({ start, end }) => [start, end]), known.size > 0);
  if (!trips.length) showTown(map);
  if (trips.length <= MOST_DRAWN) loadAll(reading);
}

function listen(trip) {
  const link = trip.row.querySelector("a");
  trip.row.addEventListener("mouseenter", () => light(trip));
  trip.row.addEventListener("mouseleave", () => light(null));
  link.addEventListener("focus", () => light(trip));
  link.addEventListener("blur", () => light(null));
}

async function light(trip) {
  lit = trip;
  for (const one of trips) one.row.classList.toggle("is-lit", one === trip);
  show();
  if (trip && !tracks.has(trip.url)) {
    await load(trip);
    if (lit === trip) show();
  }
}

async function loadAll(number) {
  const waiting = trips.filter(({ url }) => !tracks.has(url));
  const work = async () => {
    while (waiting.length && number === reading) {
      await load(waiting.shift());
      show();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

// A way that cannot be loaded is not drawn; where it began and ended is to be seen all the same.
async function load({ url }) {
  try {
    const answer = await fetch(url);
    if (answer.ok) tracks.set(url, readTrack(await answer.json()).map(({ place }) => place));
  } catch {
    tracks.delete(url);
  }
}

function show() {
  const source = map.getSource("trips");
  if (!source) return;
  const features = trips.flatMap((trip) => {
    const isLit = trip === lit;
    const way = tracks.get(trip.url) ?? [];
    const ends = [["start", trip.start], ["end", trip.end]].map(([role, place]) => make("Point", place, { role, isLit }));
    return way.length > 1 && (isLit || trips.length <= MOST_DRAWN) ? [make("LineString", way, { isLit }), ...ends] : ends;
  });
  source.setData({ type: "FeatureCollection", features });
}

function make(type, coordinates, properties) {
  return { type: "Feature", geometry: { type, coordinates }, properties };
}

function draw(on) {
  const colours = PALETTES[theme()];
  on.addSource("trips", { type: "geojson", data: EMPTY });
  const line = (id, filter, paint) =>
    on.addLayer({
      id, type: "line", source: "trips", filter: ["all", ["==", ["geometry-type"], "LineString"], filter],
      layout: { "line-cap": "round", "line-join": "round" }, paint,
    });
  line("ways", ["!", ["get", "isLit"]], { "line-color": colours.select, "line-width": 3, "line-opacity": 0.5 });
  line("way-halo", ["get", "isLit"], { "line-color": colours.halo, "line-width": 9 });
  line("way", ["get", "isLit"], { "line-color": colours.select, "line-width": 5 });
  const isEnd = ["==", ["get", "role"], "end"];
  on.addLayer({
    id: "ends", type: "circle", source: "trips", filter: ["==", ["geometry-type"], "Point"],
    layout: { "circle-sort-key": ["case", ["get", "isLit"], 1, 0] },
    paint: {
      "circle-radius": ["case", ["get", "isLit"], 8, isEnd, 5.5, 4],
      "circle-color": ["case", isEnd, colours.select, colours.halo],
      "circle-stroke-color": ["case", isEnd, colours.halo, colours.select],
      "circle-stroke-width": 2,
    },
  });
  show();
}
