// Lets a marker glide to its new place where a jump would be seen. List, ages and data never wait for it.

const GLIDE_MS = 900;
// Fewer pixels are not seen and cost a frame each all the same; more would draw a journey that nobody made.
const SHORTEST_PX = 3;
const LONGEST_PX = 300;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class Glide {
  #map;
  #journeys = new Map();

  constructor(map) {
    this.#map = map;
  }

  /** Where to draw a vehicle at this moment, [longitude, latitude]. */
  place(vehicle, now) {
    const to = [vehicle.longitude, vehicle.latitude];
    const journey = this.#journeys.get(vehicle.id);
    if (journey && journey.to[0] === to[0] && journey.to[1] === to[1]) return along(journey, now);
    const from = journey && this.#isSeen(along(journey, now), to) ? along(journey, now) : to;
    this.#journeys.set(vehicle.id, { from, to, began: now });
    return from;
  }

  /** Whether any vehicle is still under way. */
  isMoving(now) {
    return [...this.#journeys.values()].some(({ from, to, began }) => from !== to && now - began < GLIDE_MS);
  }

  #isSeen(from, to) {
    if (calm.matches || document.hidden || !this.#map.getBounds().contains(to)) return false;
    const distance = this.#map.project(from).dist(this.#map.project(to));
    return distance >= SHORTEST_PX && distance <= LONGEST_PX;
  }
}

function along({ from, to, began }, now) {
  const part = Math.min(1, (now - began) / GLIDE_MS);
  return part === 1 ? to : [from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1])];
}
