// How the daemons do that store positions: what a dispatcher should know when the map is true but not of now.
import { say } from "./words.js";

const LATE_AFTER_S = 10;
const LONGEST_TOLD_S = 86_400;

/** What to tell, or null while all is well or nothing is known. */
export function describeIngest(ingest) {
  if (ingest?.is_reporting === false) return say("No daemon is storing positions");
  if (!ingest || ingest.behind_s <= LATE_AFTER_S) return null;
  return say("Positions are arriving %(late)s; the system is catching up", { late: sayLateness(ingest.behind_s) });
}

// A recording of last year that is replayed is late by a year, which helps nobody to know.
function sayLateness(seconds) {
  if (seconds < 120) return say("%(count)s s late", { count: Math.round(seconds) });
  if (seconds < 7200) return say("%(count)s min late", { count: Math.round(seconds / 60) });
  return seconds < LONGEST_TOLD_S ? say("%(count)s h late", { count: Math.round(seconds / 3600) }) : say("late");
}
