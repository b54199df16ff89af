// The line of a trip: where it led, coloured by how fast; a dashed line where nothing is known in between.
import { speedUnit } from "../live/words.js";

const LONGEST_PAUSE_MS = 120_000;
const LONGEST_LEAP_M = 400;
const LEAST_TOP_MPS = 22;
const METRES_PER_DEGREE = 111_320;
// Slow to fast; light and dark ground carry all five, and so does an eye that knows no red or green.
const COLOURS = ["#3457c9", "#0f95b5", "#3fae5a", "#f0a202", "#d6331f"];

/** The points of a track that came as GeoJSON: {place, at, speed}; an unknown speed is the way over the time. */
export function readTrack({ features: [feature] }) {
  const { times, speeds } = feature.properties;
  if (!times.length) return [];
  const points = times.map((at, n) => ({ at, place: feature.geometry.coordinates[n], speed: speeds[n] }));
  points.forEach((point, n) => {
    const before = points[Math.max(0, n - 1)];
    const seconds = (point.at - before.at) / 1000;
    point.speed ??= seconds > 0 ? measure(before.place, point.place) / seconds : 0;
  });
  return points;
}

/**
 * The top of the scale in m/s: a round number of the reader's unit that no point exceeds, and no less than a
 * country road's, so that a slow trip is not drawn as if it had been fast.
 */
export function findTop(points) {
  const fastest = points.reduce((most, { speed }) => Math.max(most, speed), LEAST_TOP_MPS);
  return (Math.ceil((fastest * speedUnit.perMps) / 10) * 10) / speedUnit.perMps;
}

/** Put a track on the map. */
export function drawTrack(map, points, topSpeed, halo) {
  const features = points.slice(1).map((point, n) => makePiece(points[n], point));
  // Without a tolerance: the map would leave out pieces that are shorter.
  map.addSource("track", { type: "geojson", tolerance: 0, data: { type: "FeatureCollection", features } });
  const line = (id, isGap, layout, paint) =>
    map.addLayer({ id, type: "line", source: "track", filter: ["==", ["get", "isGap"], isGap], layout, paint });
  const round = { "line-cap": "round", "line-join": "round" };
  const width = (extra) => ["interpolate", ["linear"], ["zoom"], 9, 2.5 + extra, 14, 5 + extra, 18, 9 + extra];
  line("track-halo", false, round, { "line-color": halo, "line-width": width(3) });
  line("track-gap", true, {}, { "line-color": "#7c8794", "line-width": 2.5, "line-dasharray": [1.5, 1.5] });
  line("track", false, round, {
    "line-color": ["interpolate", ["linear"], ["get", "speed"], ...COLOURS.flatMap((c, n) => [(topSpeed * n) / 4, c])],
    "line-width": width(0),
  });
}

/** The point at a moment, or the nearest in time. */
export function findPoint(points, at) {
  let [low, high] = [0, points.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle].at <= at) low = middle;
    else high = middle;
  }
  return at - points[low].at <= points[high].at - at ? low : high;
}

/** The point nearest to a place. */
export function findNearest(points, place) {
  let best = 0;
  points.forEach((point, n) => {
    if (measure(point.place, place) < measure(points[best].place, place)) best = n;
  });
  return best;
}

function makePiece(from, to) {
  const isGap = to.at - from.at > LONGEST_PAUSE_MS && measure(from.place, to.place) > LONGEST_LEAP_M;
  return {
    type: "Feature",
    geometry: { type: "LineString", coordinates: [from.place, to.place] },
    properties: { speed: (from.speed + to.speed) / 2, isGap },
  };
}

function measure([longitude, latitude], [otherLongitude, otherLatitude]) {
  const east = (otherLongitude - longitude) * Math.cos((latitude * Math.PI) / 180);
  return Math.hypot(east, otherLatitude - latitude) * METRES_PER_DEGREE;
}
