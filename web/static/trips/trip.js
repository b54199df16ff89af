// One trip: its track on the map, its speed over time, and its timeline; pointing at one lights up the others.
import * as maplibre from "../vendor/maplibre-gl.mjs";
import { PALETTES } from "../live/palette.js";
import { say, saySpeed, speedUnitName } from "../live/words.js";
import { Marks } from "./marks.js";
import { fit, ground, openMap, tell, theme } from "./map.js";
import { Profile } from "./profile.js";
import { drawTrack, findNearest, findPoint, findTop, readTrack } from "./track.js";

let points = [];
let isStyled = false;
let profile = null;
const map = openMap(draw);
const here = new maplibre.Marker({ element: Object.assign(document.createElement("div"), { className: "here-dot" }) });
const marks = new Marks(map, (at) => profile?.show(at === null || !isUnderWay(at) ? null : findPoint(points, at)));

marks.read();
fit(map, marks.places);
load();
document.addEventListener("themechange", () => profile?.draw());
map.on("mousemove", "track", ({ lngLat }) => profile.show(findNearest(points, [lngLat.lng, lngLat.lat])));
map.on("mouseleave", "track", () => profile.show(null));
addEventListener("hashchange", goToWanted);

async function load() {
  tell(say("Loading the track…"));
  try {
    const answer = await fetch(ground.dataset.trackUrl);
    if (!answer.ok) throw new Error(String(answer.status));
    points = readTrack(await answer.json());
  } catch {
    return tell(say("The track could not be loaded."), say("Try again"), load);
  }
  tell(points.length ? null : say("The positions of this trip are no longer stored."));
  ground.classList.toggle("has-track", points.length > 1);
  if (points.length > 1) {
    if (isStyled) draw(map);
    profile = new Profile(points, point);
    map.resize(); // the chart has taken some of its room
    fit(map, [...points.map(({ place }) => place), ...marks.places]);
    saySpeeds(findTop(points));
  }
  goToWanted();
}

// The style and the track come in either order, and the style again with day and night.
function draw(on) {
  isStyled = true;
  if (points.length > 1) drawTrack(on, points, findTop(points), PALETTES[theme()].halo);
}

function point(to) {
  if (to) here.setLngLat(to.place).addTo(map);
  else here.remove();
}

function isUnderWay(at) {
  return points.length > 1 && at >= points[0].at && at <= points.at(-1).at;
}

function saySpeeds(top) {
  const scale = document.getElementById("scale");
  for (const part of scale.querySelectorAll("[data-part]")) {
    const share = Number(part.dataset.part);
    part.textContent = share === 1 ? `${saySpeed(top)} ${speedUnitName}` : saySpeed(top * share);
  }
}

/** A list of events leads here with the event's name behind the #. */
function goToWanted() {
  if (location.hash) marks.goTo(decodeURIComponent(location.hash.slice(1)));
}
