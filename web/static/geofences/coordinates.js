// Places as people write them, and back: a latitude and a longitude on each line, or GeoJSON.
const LINE = /^([+-]?\d+(?:\.\d+)?)\s*(?:[,;]\s*|\s+)([+-]?\d+(?:\.\d+)?)$/;

/** The places of a text, [longitude, latitude] each; null where it is not for us to read. */
export function readPlaces(text) {
  const trimmed = text.trim();
  if (trimmed.startsWith("{")) return readGeoJson(trimmed);
  const places = [];
  for (const line of trimmed.split("\n").map((one) => one.trim()).filter(Boolean)) {
    const read = LINE.exec(line);
    if (!read || Math.abs(Number(read[1])) > 90 || Math.abs(Number(read[2])) > 360) return null;
    places.push([Number(read[2]), Number(read[1])]);
  }
  return places;
}

export function writePlaces(places) {
  return places.map(([lon, lat]) => `${write(lat)}, ${write(lon)}`).join("\n");
}

const write = (degrees) => String(Math.round(degrees * 1e6) / 1e6);

function readGeoJson(text) {
  try {
    const found = JSON.parse(text);
    const { type, coordinates } = found.geometry ?? found;
    if (type === "Point") return [coordinates.slice(0, 2)];
    // A ring with holes is left as it is written: what is drawn here has none.
    const line = type === "Polygon" && coordinates.length === 1 ? coordinates[0].slice(0, -1) : coordinates;
    return ["Polygon", "LineString"].includes(type) && line.every(([lon, lat]) => Number.isFinite(lon + lat))
      ? line.map(([lon, lat]) => [lon, lat])
      : null;
  } catch {
    return null;
  }
}
