// What the person wants to see: a part of a number typed into the search box, and states picked by their buttons.

export class Filter {
  states = new Set();
  #part = "";

  search(text) {
    this.#part = text.trim().replace(/\s+/g, " ").toLowerCase();
  }

  toggle(state) {
    if (!this.states.delete(state)) this.states.add(state);
  }

  /** Whether to show a vehicle: of a picked state (none picked is all), with the part in its number or uid. */
  shows(vehicle, state) {
    if (this.states.size && !this.states.has(state)) return false;
    return [vehicle.label, vehicle.uid].some((name) => name.toLowerCase().includes(this.#part));
  }
}
