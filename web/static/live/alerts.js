// The alerts that wait for somebody: kept as the server tells them, listed in the panel, and announced when new.
import { say, sayAge } from "./words.js";

const RANKS = { critical: 0, warning: 1, info: 2 };
const MOST_TOASTS = 3;
const MOST_LISTED = 50;

export class Alerts {
  #open = new Map();
  #newestId = null;
  total = 0;

  /** All that is open, as far as it is told. */
  takeSnapshot(told) {
    this.#open = new Map((told?.open ?? []).map((alert) => [alert.id, alert]));
    this.total = told?.total ?? 0;
    this.#newestId ??= Math.max(0, ...this.#open.keys());
  }

  /** What changed; those that are new and worth a word. */
  takeChanges({ alerts, total }) {
    const news = alerts.filter(
      ({ id, standing, severity }) => standing === "open" && severity !== "info" && id > (this.#newestId ?? Infinity),
    );
    for (const alert of alerts) {
      if (alert.standing === "open") this.#open.set(alert.id, alert);
      else this.#open.delete(alert.id);
      if (this.#newestId !== null) this.#newestId = Math.max(this.#newestId, alert.id);
    }
    this.total = total;
    return news;
  }

  /** The worst first, then the newest. */
  list() {
    return [...this.#open.values()].sort((a, b) => RANKS[a.severity] - RANKS[b.severity] || b.id - a.id);
  }

  /** The alerts of each device that has any, by its id. */
  byDevice() {
    return Map.groupBy(this.list(), (alert) => alert.device_id);
  }
}

export class AlertPanel {
  #box;
  #count;
  #list;
  #toasts;
  #kinds;
  #url;
  #drawn = "";

  constructor({ box, toasts, kinds, url }) {
    this.#box = box;
    this.#count = box.querySelector("[data-count]");
    this.#list = box.querySelector("ul");
    this.#toasts = toasts;
    this.#kinds = kinds;
    this.#url = url;
    toasts.addEventListener("click", (event) => event.target.closest("[data-close-toast]")?.parentElement.remove());
  }

  sayKind({ kind }) {
    return this.#kinds[kind] ?? kind;
  }

  render(alerts, now, selectedId) {
    this.#box.hidden = alerts.total === 0;
    this.#count.textContent = say("Open alerts: %(count)s", { count: alerts.total });
    const listed = foldStorms(alerts.list());
    this.#box.dataset.worst = listed[0]?.severity ?? "info";
    const shown = listed.slice(0, MOST_LISTED).map((alert) => ({
      alert, age: sayAge(Math.max(0, now - alert.raised_ms), alert.raised_ms), isHere: alert.device_id === selectedId,
    }));
    const drawn = JSON.stringify(shown);
    if (drawn === this.#drawn || this.#list.contains(document.activeElement)) return;
    this.#drawn = drawn;
    this.#list.replaceChildren(...shown.map((one) => this.#makeRow(one)));
  }

  /** Tell of new alerts in a corner of the map, each with the way to it. */
  announce(news) {
    for (const alert of news.slice(0, MOST_TOASTS)) {
      const card = make("div", `toast-card severity-edge-${alert.severity}`);
      const close = make("button", "quiet", "×");
      close.type = "button";
      close.dataset.closeToast = "";
      close.setAttribute("aria-label", say("Close"));
      card.append(this.#makeLink(alert), close);
      this.#toasts.append(card);
    }
    while (this.#toasts.children.length > MOST_TOASTS) this.#toasts.firstElementChild.remove();
  }

  #makeRow({ alert, age, isHere }) {
    const item = make("li", `alarm severity-edge-${alert.severity}${isHere ? " is-here" : ""}`);
    item.append(this.#makeLink(alert), make("span", "alarm-age", age));
    return item;
  }

  #makeLink(alert) {
    const link = make("a", "");
    const isStorm = alert.count > 1;
    link.href = this.#url.replace(/\/0$/, isStorm ? `?storm_id=${alert.storm_id}` : `/${alert.id}`);
    const who = isStorm ? say("%(count)s vehicles", alert) : alert.label;
    link.append(make("b", "", who), ` ${this.sayKind(alert)}`);
    return link;
  }
}

/** The alerts of one storm as the first of them, with how many they are. */
function foldStorms(listed) {
  const storms = new Map();
  return listed.map((alert) => ({ ...alert, count: 1 })).filter((alert) => {
    const first = alert.storm_id && storms.get(alert.storm_id);
    if (first) first.count += 1;
    else if (alert.storm_id) storms.set(alert.storm_id, alert);
    return !first;
  });
}

function make(tag, className, text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}
