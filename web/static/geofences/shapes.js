// Geofences as a map draws them: a circle is a ring of many corners, a corridor a line as wide as it is in metres.

const EARTH_M = 6_371_008.8;
const AROUND_M = 40_075_016.686;
const TILE = 512;
const DEEPEST = 24;
const RADIANS = Math.PI / 180;

/** Metres between two places, [longitude, latitude] each. */
export function measure([lonA, latA], [lonB, latB]) {
  const half = (a, b) => Math.sin(((b - a) * RADIANS) / 2) ** 2;
  const part = half(latA, latB) + Math.cos(latA * RADIANS) * Math.cos(latB * RADIANS) * half(lonA, lonB);
  return 2 * EARTH_M * Math.asin(Math.sqrt(Math.min(part, 1)));
}

/** The place so many metres away from another, in this direction (radians from north, to the right). */
export function goFrom([lon, lat], metres, direction) {
  const far = metres / EARTH_M;
  const start = lat * RADIANS;
  const end = Math.asin(Math.sin(start) * Math.cos(far) + Math.cos(start) * Math.sin(far) * Math.cos(direction));
  const turn = Math.atan2(
    Math.sin(direction) * Math.sin(far) * Math.cos(start),
    Math.cos(far) - Math.sin(start) * Math.sin(end),
  );
  return [lon + turn / RADIANS, end / RADIANS];
}

/** The corners of a circle. */
export function ringAround(centre, radius, corners = 96) {
  return Array.from({ length: corners + 1 }, (_, n) => goFrom(centre, radius, (2 * Math.PI * (n % corners)) / corners));
}

/** What is drawn of a geofence as the server tells it. */
export function drawFeature({ geometry, properties }) {
  const { shape, radius_m: radius } = properties;
  if (shape === "circle") {
    return { type: "Feature", properties, geometry: { type: "Polygon", coordinates: [ringAround(geometry.coordinates, radius)] } };
  }
  const width = shape === "corridor" ? measureInPixels(2 * radius, geometry.coordinates[0][1]) : 0;
  return { type: "Feature", properties: { ...properties, width }, geometry };
}

/** The outermost places of what is drawn: [west, south, east, north]; null of nothing. */
export function findBounds(features) {
  const places = features.flatMap(({ geometry }) => flatten(geometry.coordinates));
  if (!places.length) return null;
  const lons = places.map(([lon]) => lon);
  const lats = places.map(([, lat]) => lat);
  return [lons, lats].flatMap((all) => [all.reduce((a, b) => Math.min(a, b))]).concat(
    [lons, lats].map((all) => all.reduce((a, b) => Math.max(a, b))),
  );
}

/** The layers over a source of such features; `strength` from 0 to 1. */
export function makeLayers(source, colours, strength = 1) {
  const isArea = ["==", ["geometry-type"], "Polygon"];
  const isLine = ["==", ["geometry-type"], "LineString"];
  return [
    {
      id: `${source}-fill`, source, type: "fill", filter: isArea,
      paint: { "fill-color": ["get", "colour"], "fill-opacity": 0.14 * strength },
    },
    {
      id: `${source}-band`, source, type: "line", filter: isLine,
      layout: { "line-cap": "round", "line-join": "round" },
      paint: {
        "line-color": ["get", "colour"], "line-opacity": 0.18 * strength,
        "line-width": ["interpolate", ["exponential", 2], ["zoom"], 0, ["get", "width"], DEEPEST, ["*", ["get", "width"], 2 ** DEEPEST]],
      },
    },
    {
      id: `${source}-line`, source, type: "line", layout: { "line-join": "round" },
      paint: { "line-color": ["get", "colour"], "line-width": 1 + strength, "line-opacity": 0.45 + 0.5 * strength },
    },
    {
      id: `${source}-name`, source, type: "symbol", minzoom: 9,
      layout: {
        "text-field": ["get", "name"], "text-font": ["Inter Medium"], "text-size": 11.5, "text-max-width": 9,
        "symbol-placement": "point", "text-optional": true, "text-padding": 4,
      },
      paint: { "text-color": colours.label, "text-halo-color": colours.halo, "text-halo-width": 1.4 },
    },
  ];
}

/** So many metres at this latitude as pixels of the widest view; each level of zoom doubles them. */
function measureInPixels(metres, latitude) {
  return (metres * TILE) / (AROUND_M * Math.cos(latitude * RADIANS));
}

function flatten(coordinates) {
  return typeof coordinates[0] === "number" ? [coordinates] : coordinates.flatMap(flatten);
}
