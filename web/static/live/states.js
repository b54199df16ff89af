// The buttons that count vehicles by state and filter by it. Colour, shape and word all tell the state.
import { STATES } from "./fleet.js";
import { STATE_WORDS, say } from "./words.js";

export class StateButtons {
  #buttons = new Map();

  constructor(group, onToggle) {
    for (const state of STATES) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "state";
      button.dataset.state = state;
      const mark = document.createElement("span");
      mark.className = "sign";
      const count = document.createElement("b");
      const word = document.createElement("span");
      word.textContent = state === "none" ? say("no fix") : STATE_WORDS[state];
      button.append(mark, count, word);
      button.addEventListener("click", () => onToggle(state));
      group.append(button);
      this.#buttons.set(state, { button, count });
    }
  }

  render(counts, picked) {
    for (const [state, { button, count }] of this.#buttons) {
      count.textContent = counts[state];
      button.classList.toggle("is-empty", counts[state] === 0);
      button.setAttribute("aria-pressed", String(picked.has(state)));
      button.hidden = state === "none" && !counts.none && !picked.has("none");
    }
  }
}
