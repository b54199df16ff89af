// The fleet as the page knows it: every vehicle with its newest fix, told by the server, aged by the clock.

// The order of the short lists from the server; web/picture.py writes it. A delta carries those up to FIX_TIME.
const [ID, LATITUDE, LONGITUDE, SPEED_MPS, COURSE, FIX_TIME, UID, LABEL] = [0, 1, 2, 3, 4, 5, 6, 7];

export const STATES = ["online", "late", "offline", "none"];
const MOVING_MPS = 0.8;

export class Fleet {
  vehicles = new Map();
  isKnown = false;
  #thresholds = { late_after_ms: 30_000, offline_after_ms: 600_000 };
  #clockOffset = 0;

  get total() {
    return this.vehicles.size;
  }

  /** Now by the server's clock: a wall display whose own clock is wrong still shows true ages. */
  now() {
    return Date.now() + this.#clockOffset;
  }

  /** A snapshot is the whole truth. */
  takeSnapshot(message) {
    this.#clockOffset = message.server_time - Date.now();
    this.#thresholds = message.thresholds;
    this.vehicles = new Map(message.vehicles.map((row) => [row[ID], readVehicle(row)]));
    this.isKnown = true;
  }

  /** A delta only ever moves a vehicle forward in time. */
  takeDelta(message) {
    this.#clockOffset = message.server_time - Date.now();
    for (const row of message.vehicles) {
      const vehicle = this.vehicles.get(row[ID]);
      if (vehicle && (vehicle.fixTime === null || row[FIX_TIME] > vehicle.fixTime)) {
        Object.assign(vehicle, readFix(row));
      }
    }
  }

  ageOf(vehicle) {
    return vehicle.fixTime === null ? null : Math.max(0, this.now() - vehicle.fixTime);
  }

  stateOf(vehicle) {
    const age = this.ageOf(vehicle);
    if (age === null) return "none";
    if (age <= this.#thresholds.late_after_ms) return "online";
    return age <= this.#thresholds.offline_after_ms ? "late" : "offline";
  }
}

function readVehicle(row) {
  return { id: row[ID], uid: row[UID] ?? "", label: row[LABEL], ...readFix(row) };
}

function readFix(row) {
  return {
    latitude: row[LATITUDE],
    longitude: row[LONGITUDE],
    speed: row[SPEED_MPS],
    course: row[COURSE],
    fixTime: row[FIX_TIME],
    isMoving: row[SPEED_MPS] === null ? row[COURSE] !== null : row[SPEED_MPS] > MOVING_MPS,
  };
}
