// What people read: ages, speeds and headings in words.

const COMPASS = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"];
const dayAndMonth = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const withYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** An age in milliseconds: "now", "4 s ago", "3 min ago", "5 h ago", then the day. */
export function sayAge(age, fixTime) {
  const seconds = Math.round(age / 1000);
  if (seconds < 2) return "now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  const day = new Date(fixTime);
  return (day.getFullYear() === new Date().getFullYear() ? dayAndMonth : withYear).format(day);
}

export function sayTime(time) {
  return exact.format(new Date(time));
}

/** Metres per second as whole km/h. */
export function saySpeed(speed) {
  return speed === null ? "–" : String(Math.round(speed * 3.6));
}

export function sayCourse(course) {
  return course === null ? "" : `heading ${COMPASS[Math.round(course / 45) % 8]}`;
}
