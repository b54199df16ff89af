// What the person wants to see: words typed into the search box, and states picked by their buttons.

export class Filter {
  states = new Set();
  #words = [];

  search(text) {
    this.#words = text.toLowerCase().split(/\s+/).filter(Boolean);
  }

  toggle(state) {
    if (!this.states.delete(state)) this.states.add(state);
  }

  /** Whether to show a vehicle: of a picked state (none picked is all), with every word in number or uid. */
  shows(vehicle, state) {
    if (this.states.size && !this.states.has(state)) return false;
    if (!this.#words.length) return true;
    const text = `${vehicle.label} ${vehicle.uid}`.toLowerCase();
    return this.#words.every((word) => text.includes(word));
  }
}
