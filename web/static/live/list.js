// The list beside the map. Rows are made once and changed where they differ; each is one button, and the
// arrow keys walk them. Everything a device may have called itself goes in as text, never as markup.
import { STATE_WORDS, say, sayAge, sayCourse, saySpeed, sayTime, speedUnitName } from "./words.js";

const byLabel = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

export class VehicleList {
  #list;
  #rows = new Map();
  #order = "";

  constructor(list, onPick) {
    this.#list = list;
    list.addEventListener("click", (event) => {
      const row = event.target.closest("li");
      if (row) onPick(Number(row.dataset.id));
    });
    list.addEventListener("keydown", (event) => this.#walk(event));
  }

  /** Show these vehicles, [{vehicle, state, age, news}], and mark the selected one. */
  render(shown, selectedId) {
    this.#arrange(shown);
    for (const { vehicle, state, age, news } of shown) {
      this.#fill(this.#rows.get(vehicle.id), vehicle, state, age, news, vehicle.id === selectedId);
    }
  }

  reveal(id) {
    this.#rows.get(id)?.item.scrollIntoView({ block: "nearest" });
  }

  #arrange(shown) {
    shown.sort((a, b) => byLabel.compare(a.vehicle.label, b.vehicle.label) || a.vehicle.id - b.vehicle.id);
    const order = shown.map(({ vehicle }) => vehicle.id).join();
    if (order === this.#order) return;
    this.#order = order;
    const focused = this.#list.contains(document.activeElement) ? document.activeElement : null;
    const rows = new Map(shown.map(({ vehicle }) => [vehicle.id, this.#rows.get(vehicle.id) ?? makeRow(vehicle.id)]));
    this.#rows = rows;
    this.#list.replaceChildren(...[...rows.values()].map((row) => row.item));
    focused?.focus();
    this.#setTabStop(focused?.closest("li") ?? this.#list.firstElementChild);
  }

  #fill(row, vehicle, state, age, news, isSelected) {
    const { item, button, label, speed, unit, word, more } = row;
    setData(item, "uid", vehicle.uid);
    setData(item, "state", state);
    setData(item, "lat", vehicle.latitude ?? "");
    setData(item, "lon", vehicle.longitude ?? "");
    setData(item, "fixTime", vehicle.fixTime ?? "");
    setText(label, vehicle.label);
    if (button.title !== vehicle.label) button.title = vehicle.label;
    const isCurrent = state === "online" || state === "late";
    setText(speed, isCurrent ? saySpeed(vehicle.speed) : "");
    unit.hidden = !isCurrent || vehicle.speed === null;
    const told = age === null ? STATE_WORDS[state] : `${STATE_WORDS[state]} · ${sayAge(age, vehicle.fixTime)}`;
    setText(word, [told, ...news].join(" · "));
    item.classList.toggle("is-alarmed", news.length > 0);
    item.classList.toggle("is-selected", isSelected);
    button.setAttribute("aria-pressed", String(isSelected));
    more.hidden = !isSelected;
    if (isSelected) setText(more, describe(vehicle));
  }

  #walk(event) {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const next = step && event.target.closest("li")?.[step];
    if (!next) return;
    event.preventDefault();
    this.#setTabStop(next);
    next.firstElementChild.focus();
  }

  // One Tab reaches the list and the next one leaves it, however long it is.
  #setTabStop(item) {
    for (const button of this.#list.querySelectorAll('button[tabindex="0"]')) button.tabIndex = -1;
    if (item) item.firstElementChild.tabIndex = 0;
  }
}

function makeRow(id) {
  const make = (tag, className, parent) => {
    const element = document.createElement(tag);
    element.className = className;
    parent?.append(element);
    return element;
  };
  const item = make("li", "vehicle");
  item.dataset.id = id;
  const button = make("button", "vehicle-row", item);
  button.type = "button";
  button.tabIndex = -1;
  make("span", "sign", button);
  const label = make("bdi", "label", button);
  const pace = make("span", "pace", button);
  const speed = make("span", "speed", pace);
  const unit = make("span", "unit", pace);
  unit.textContent = ` ${speedUnitName}`;
  const word = make("span", "word", button);
  const more = make("span", "more", button);
  return { item, button, label, speed, unit, word, more };
}

function describe(vehicle) {
  if (vehicle.fixTime === null) return vehicle.uid ? say("tracker %(uid)s", vehicle) : say("no tracker");
  const place = `${vehicle.latitude.toFixed(5)}, ${vehicle.longitude.toFixed(5)}`;
  const tracker = vehicle.uid === vehicle.label ? "" : say("tracker %(uid)s", vehicle);
  return [sayCourse(vehicle.course), place, sayTime(vehicle.fixTime), tracker].filter(Boolean).join("\n");
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function setData(element, name, value) {
  if (element.dataset[name] !== String(value)) element.dataset[name] = value;
}
