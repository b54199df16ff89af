// How the daemons do that store positions: what a dispatcher should know when the map is true but not of now.

const LATE_AFTER_S = 10;
const LONGEST_TOLD_S = 86_400;

/** What to tell, or null while all is well or nothing is known. */
export function describeIngest(ingest) {
  if (ingest?.is_reporting === false) return "No daemon is storing positions";
  if (!ingest || ingest.behind_s <= LATE_AFTER_S) return null;
  return `Positions are arriving ${sayLateness(ingest.behind_s)}; the system is catching up`;
}

// A recording of last year that is replayed is late by a year, which helps nobody to know.
function sayLateness(seconds) {
  if (seconds < 120) return `${Math.round(seconds)} s late`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min late`;
  return seconds < LONGEST_TOLD_S ? `${Math.round(seconds / 3600)} h late` : "late";
}
