// What people read: ages, speeds and headings in words, in their language, time zone and units.

const page = document.querySelector("[data-words]");
const translations = JSON.parse(page.dataset.words);
const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const timeZone = page.dataset.timeZone;
export const dates = (options) => new Intl.DateTimeFormat(language, { timeZone, ...options });
const dayAndMonth = dates({ day: "numeric", month: "short" });
const withYear = dates({ day: "numeric", month: "short", year: "numeric" });
const exact = dates({ dateStyle: "medium", timeStyle: "medium" });
const SPEED_UNITS = { metric: { name: "km/h", perMps: 3.6 }, imperial: { name: "mph", perMps: 3600 / 1609.344 } };
export const speedUnit = SPEED_UNITS[page.dataset.units];

/** A sentence of ours in the reader's language; the values go where %(name)s stands. */
export function say(sentence, values = {}) {
  return (translations[sentence] ?? sentence).replace(/%\((\w+)\)s/g, (_, name) => values[name]);
}

const COMPASS = [say("N"), say("NE"), say("E"), say("SE"), say("S"), say("SW"), say("W"), say("NW")];
export const STATE_WORDS = { online: say("online"), late: say("late"), offline: say("offline"), none: say("no fix yet") };

/** An age in milliseconds: "now", "4 s ago", "3 min ago", "5 h ago", then the day. */
export function sayAge(age, fixTime) {
  const seconds = Math.round(age / 1000);
  if (seconds < 2) return say("now");
  if (seconds < 60) return say("%(count)s s ago", { count: seconds });
  if (seconds < 3600) return say("%(count)s min ago", { count: Math.floor(seconds / 60) });
  if (seconds < 86_400) return say("%(count)s h ago", { count: Math.floor(seconds / 3600) });
  const day = new Date(fixTime);
  return (day.getFullYear() === new Date().getFullYear() ? dayAndMonth : withYear).format(day);
}

export function sayTime(time) {
  return exact.format(new Date(time));
}

/** Metres per second as a whole number of the reader's unit. */
export function saySpeed(speed) {
  return speed === null ? "–" : String(Math.round(speed * speedUnit.perMps));
}

export const speedUnitName = speedUnit.name;

export function sayCourse(course) {
  return course === null ? "" : say("heading %(compass)s", { compass: COMPASS[Math.round(course / 45) % 8] });
}
